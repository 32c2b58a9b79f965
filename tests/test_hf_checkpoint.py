"""A checkpoint of ours over torch: it judges as its exported form does, and refuses what is no checkpoint."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from classify.classifier import Assessment, Classifier, ModelError, load_classifier
from classify.manifest import CHECKPOINT, CONFIG, MANIFEST, TOKENIZER, WEIGHTS
from classify.stance import NOT_ADDRESSED
from classify.target import TARGETS, Target
from tests.tiny_checkpoint import make_tiny_checkpoint, tiny_manifest

torch = pytest.importorskip("torch", reason="checkpoints need the models extra")
pytest.importorskip("transformers", reason="checkpoints need the models extra")

from classify.hf_model import load_hf_classifier  # noqa: E402
from flows.training.model_folder import export_onnx, load_checkpoint, write_manifest  # noqa: E402

ASKED = (*TARGETS, Target("harbour", "the harbour is nice"), Target("regular", "the people"))

LONG = "The harbour is nice. " * 30 + "Refugees welcome. " + "People go. " * 50

TEXTS = (
    "Visas welcome.",
    "Stop refugees, the people go",
    "the",
    LONG,
    "welcome " * 23,
    "Stop [SEP] visas [CLS] [PAD]",
    "half a pair \ud83d stop",
    "мир вашему дому, 難民 welcome",
    "😀 visas 😀",
    "a" * 1_000_000,
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def copied(checkpoint: Path, tmp_path: Path) -> Path:
    return shutil.copytree(checkpoint, tmp_path / "copied")


@pytest.fixture(scope="module")
def classifier(checkpoint: Path) -> Classifier:
    return load_hf_classifier(str(checkpoint), device="cpu")


def numbers(assessment: Assessment) -> list[float]:
    """Relevance, then the four probabilities per target."""
    stances = [msgspec.structs.astuple(p) for p in assessment.stances.values()]
    return [assessment.relevance, *(part for p in stances for part in p)]


def test_a_checkpoint_and_its_export_judge_alike(copied: Path, classifier: Classifier) -> None:
    pytest.importorskip("onnx", reason="an export needs the train extra")
    network, _ = load_checkpoint(copied)
    export_onnx(copied, network).rename(copied / WEIGHTS)
    write_manifest(copied, tiny_manifest())
    exported = load_classifier(str(copied), device="cpu")
    assert type(exported) is not type(classifier)
    assert (exported.model, exported.languages) == (classifier.model, classifier.languages)
    asked = ASKED[:5]
    pairs = list(zip(classifier.assess(TEXTS, asked), exported.assess(TEXTS, asked), strict=True))
    for ours, theirs in pairs:
        assert numbers(ours) == pytest.approx(numbers(theirs), abs=1e-4)
        assert ours.stances.keys() == theirs.stances.keys()
        assert (ours.topics, ours.conflates, ours.dehumanising) == (
            theirs.topics,
            theirs.conflates,
            theirs.dehumanising,
        )
    # Otherwise equal answers would prove nothing.
    assert len({ours.topics for ours, _ in pairs}) > 1
    assert len({p.stance for ours, _ in pairs for p in ours.stances.values()}) > 1


def test_a_judgement_does_not_depend_on_what_is_judged_beside_it(classifier: Classifier) -> None:
    together = classifier.assess(TEXTS * 3, TARGETS)
    for text, assessment in zip(TEXTS * 3, together, strict=True):
        alone = classifier.assess([text], TARGETS)[0]
        assert numbers(assessment) == pytest.approx(numbers(alone), abs=1e-5)


def test_a_target_of_ones_own_is_asked_in_its_own_words(classifier: Classifier) -> None:
    harbour = Target("harbour", "the harbour is nice")
    people = Target("harbour", "the people go")
    answers = [
        classifier.assess([LONG], [each])[0].stances["harbour"] for each in (harbour, people)
    ]
    assert answers[0] != answers[1]


@pytest.mark.parametrize("text", ["", " \n", "😀😀😀", "12 %", "\ud83d"])
def test_a_text_without_a_letter_says_nothing(classifier: Classifier, text: str) -> None:
    (assessment,) = classifier.assess([text], TARGETS)
    assert assessment.relevance == 0.0
    assert set(assessment.stances.values()) == {NOT_ADDRESSED}


def test_nothing_asked_is_answered_with_nothing(classifier: Classifier) -> None:
    assert classifier.assess([], TARGETS) == []
    assert classifier.assess(["visas"], [])[0].stances == {}


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_a_folder_without_an_export_is_judged_from_its_checkpoint(
    checkpoint: Path, classifier: Classifier, device: str
) -> None:
    if device == "auto" and torch.cuda.is_available():
        pytest.skip("auto is the GPU here")
    found = load_classifier(str(checkpoint), device=device)
    assert type(found) is type(classifier)
    assert found.assess(TEXTS, ASKED[:5]) == classifier.assess(TEXTS, ASKED[:5])


def test_a_gpu_judges_as_the_cpu_does(checkpoint: Path, classifier: Classifier) -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU here")
    on_gpu = load_hf_classifier(str(checkpoint), device="cuda").assess(TEXTS, TARGETS)
    for ours, theirs in zip(on_gpu, classifier.assess(TEXTS, TARGETS), strict=True):
        assert numbers(ours) == pytest.approx(numbers(theirs), abs=0.05)  # 16 bits


# -- What is no checkpoint -------------------------------------------------------------------------


def _change_config(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / CONFIG).read_bytes())
        (folder / CONFIG).write_text(json.dumps(config | values))

    return change


def _add_token(folder: Path) -> None:
    tokenizer = json.loads((folder / TOKENIZER).read_bytes())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["newest"] = len(vocabulary)
    (folder / TOKENIZER).write_text(json.dumps(tokenizer))


def _cut_weights(folder: Path) -> None:
    content = (folder / CHECKPOINT).read_bytes()
    (folder / CHECKPOINT).write_bytes(content[: len(content) // 2])


def _no_numbers(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / CHECKPOINT)
    save_file({name: each * float("nan") for name, each in weights.items()}, folder / CHECKPOINT)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_cut_weights, "holds no checkpoint of `barometer train`"),
        (_no_numbers, "no numbers"),
        (_change_config(model_type="roberta"), "is of a 'roberta', not of a 'bert'"),
        (
            _change_config(hidden_size=32),
            "model.safetensors is of another network than config.json",
        ),
        (_change_config(num_hidden_layers=3), "(encoder.encoder.layer.2.attention"),
        (_change_config(hidden_size="wide"), "holds no checkpoint of `barometer train`"),
        (_change_config(max_position_embeddings=9), "asks for 24"),
        (_add_token, "tokenizer.json has 18 tokens"),
        (lambda folder: (folder / CONFIG).write_text("[1]"), "holds no checkpoint"),
        (lambda folder: (folder / CONFIG).write_bytes(b"\xff{"), "holds no checkpoint"),
        (lambda folder: (folder / TOKENIZER).write_text("{}"), "tokenizer"),
        (lambda folder: (folder / CHECKPOINT).unlink(), "has no sha256 of model.safetensors"),
        (lambda folder: (folder / TOKENIZER).unlink(), "tokenizer.json"),
    ],
)
def test_a_folder_that_does_not_fit_together_is_refused_in_one_sentence(
    copied: Path, change: Callable[[Path], None], says: str
) -> None:
    change(copied)
    write_manifest(copied, tiny_manifest())
    with pytest.raises(ModelError) as refused:
        load_hf_classifier(str(copied), device="cpu")
    assert says in str(refused.value)
    assert str(copied) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("name", [CHECKPOINT, CONFIG, TOKENIZER])
def test_a_file_that_changed_since_it_was_made_is_refused_by_name(copied: Path, name: str) -> None:
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(bytes(content))
    with pytest.raises(ModelError, match=name):
        load_hf_classifier(str(copied), device="cpu")


def test_a_manifest_of_another_version_is_refused(copied: Path) -> None:
    (copied / MANIFEST).write_text('{"format": 2}')
    with pytest.raises(ModelError, match=MANIFEST):
        load_hf_classifier(str(copied), device="cpu")


def test_an_exported_form_alone_is_not_for_a_gpu(copied: Path) -> None:
    (copied / CHECKPOINT).rename(copied / WEIGHTS)
    with pytest.raises(ModelError, match=r"and no model\.safetensors; set BAROMETER_DEVICE=cpu\."):
        load_hf_classifier(str(copied))
