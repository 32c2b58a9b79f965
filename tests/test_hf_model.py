"""Models of textual entailment over transformers: from a folder, from a hub, and those that cannot be used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from classify.classifier import Assessment, Classifier, ModelError, load_classifier
from classify.hypotheses import Hypotheses
from classify.stance import NOT_ADDRESSED, Stance
from classify.target import Target
from flows.settings import model_environment
from tests.fixtures_command import Place
from tests.local_hub import COMMIT, local_hub
from tests.tiny_nli import LABELS, make_tiny_nli

torch = pytest.importorskip("torch", reason="other models need the models extra")
pytest.importorskip("transformers", reason="other models need the models extra")

from classify.hf_model import load_hf_classifier  # noqa: E402
from classify.hf_runner import Runner, device_of  # noqa: E402

VISAS, REFUGEES = Target("visas", "visas"), Target("refugees", "refugees.")
CPU = torch.device("cpu")
HYPOTHESES = '[target.regular]\naddressed = "This text is about visas."\nsupport = "This text is in favour of visas."\noppose = "This text is against visas."\nneutral = "This text informs about visas without taking a side."\n'  # fmt: skip


@pytest.fixture(scope="module")
def nli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is only read."""
    return make_tiny_nli(tmp_path_factory.mktemp("models") / "tiny-nli")


@pytest.fixture
def copied(nli: Path, tmp_path: Path) -> Path:
    return shutil.copytree(nli, tmp_path / "copied")


@pytest.fixture(scope="module")
def classifier(nli: Path) -> Classifier:
    return load_hf_classifier(str(nli), device="cpu")


def numbers(assessment: Assessment) -> list[float]:
    """Relevance, then the four probabilities per target."""
    stances = [msgspec.structs.astuple(p) for p in assessment.stances.values()]
    return [assessment.relevance, *(part for p in stances for part in p)]


# -- Judging -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "visas", "refugees"),
    [
        ("the visas welcome", Stance.SUPPORT, Stance.NOT_ADDRESSED),
        ("today visas stop", Stance.OPPOSE, Stance.NOT_ADDRESSED),
        ("the visas report", Stance.NEUTRAL, Stance.NOT_ADDRESSED),
        ("today refugees good", Stance.NOT_ADDRESSED, Stance.SUPPORT),
        ("the refugees bad", Stance.NOT_ADDRESSED, Stance.OPPOSE),
        ("the harbours good", Stance.NOT_ADDRESSED, Stance.NOT_ADDRESSED),
    ],
)
def test_a_target_given_in_words_is_judged_by_what_the_text_entails(
    classifier: Classifier, text: str, visas: Stance, refugees: Stance
) -> None:
    (assessment,) = classifier.assess([text], [VISAS, REFUGEES])
    found = {name: p.stance for name, p in assessment.stances.items()}
    assert found == {"visas": visas, "refugees": refugees}
    assert (assessment.relevance >= 0.5) is (set(found.values()) != {Stance.NOT_ADDRESSED})
    assert (assessment.topics, assessment.conflates, assessment.dehumanising) == ((), False, False)


@pytest.mark.parametrize("text", ["", "\n", "😀 👍🏽", "2026", "\ud83d\ud83d"])
def test_a_text_without_a_letter_addresses_nothing(classifier: Classifier, text: str) -> None:
    (assessment,) = classifier.assess([text], [VISAS])
    assert (assessment.relevance, dict(assessment.stances)) == (0.0, {"visas": NOT_ADDRESSED})


@pytest.mark.parametrize(
    "text",
    [
        "visas welcome " * 70_000,
        "x" * 1_000_000,
        "[SEP] visas [PAD] welcome",
        "мир 難民 سلام visas",
    ],
)
def test_any_text_gets_probabilities(classifier: Classifier, text: str) -> None:
    (assessment,) = classifier.assess([text], [VISAS, REFUGEES])
    for p in assessment.stances.values():
        assert sum(msgspec.structs.astuple(p)) == pytest.approx(1.0)


def test_the_tokenizers_own_marks_are_not_read(classifier: Classifier) -> None:
    texts = ["the visas welcome", "the visas [SEP] welcome", "the [MASK]visas welcome[SEP][PAD]"]
    assert {a.stances["visas"].stance for a in classifier.assess(texts, [VISAS])} == {
        Stance.SUPPORT
    }


@pytest.mark.parametrize("description", ["\ud83d", "[SEP]" * 50, "visas " * 5_000, ""])
def test_no_description_of_a_target_stops_the_judging(
    classifier: Classifier, description: str
) -> None:
    (assessment,) = classifier.assess(["the visas welcome"], [Target("own", description)])
    assert sum(msgspec.structs.astuple(assessment.stances["own"])) == pytest.approx(1.0)


def test_a_judgement_does_not_depend_on_what_is_judged_beside_it(classifier: Classifier) -> None:
    texts = [
        f"{'the people today ' * (i % 7)}visas {'welcome' if i % 2 else 'stop'}" for i in range(50)
    ]
    together = classifier.assess(texts, [VISAS])
    for text, assessment in zip(texts, together, strict=True):
        alone = classifier.assess([text], [VISAS])[0]
        assert numbers(assessment) == pytest.approx(numbers(alone), abs=1e-5)


def test_a_gpu_judges_as_the_cpu_does(nli: Path, classifier: Classifier) -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU here")
    texts = ["the visas welcome", "today visas stop", "the refugees report"]
    on_gpu = load_hf_classifier(str(nli), device="cuda").assess(texts, [VISAS, REFUGEES])
    for ours, theirs in zip(on_gpu, classifier.assess(texts, [VISAS, REFUGEES]), strict=True):
        assert numbers(ours) == pytest.approx(numbers(theirs), abs=0.02)  # 16 bits


@pytest.mark.parametrize(
    ("family", "given"),
    [
        ("Bart", {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "eos_token_id": 3}),
        ("DebertaV2", {"hidden_size": 16, "num_hidden_layers": 1, "relative_attention": True}),
        ("DistilBert", {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 16}),
        ("Roberta", {"hidden_size": 16, "num_hidden_layers": 1, "type_vocab_size": 2}),
    ],
)
def test_other_families_read_long_texts_and_their_own_marks(
    copied: Path, family: str, given: dict[str, Any]
) -> None:
    """BART counts the marks in its input, RoBERTa begins its positions at 2."""
    import transformers

    config = getattr(transformers, f"{family}Config")(
        vocab_size=len(json.loads((copied / "tokenizer.json").read_bytes())["model"]["vocab"]),
        max_position_embeddings=40,
        num_attention_heads=2,
        intermediate_size=16,
        pad_token_id=0,
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
        **given,
    )
    getattr(transformers, f"{family}ForSequenceClassification")(config).save_pretrained(copied)
    classifier = load_hf_classifier(str(copied), device="cpu")
    texts = ["visas [SEP] welcome [SEP]", "visas", "visas stop " * 500, "[CLS][PAD] visas good"]
    for assessment in classifier.assess(texts, [VISAS, REFUGEES]):
        for p in assessment.stances.values():
            assert sum(msgspec.structs.astuple(p)) == pytest.approx(1.0)
            assert p != NOT_ADDRESSED


# -- Names and versions --------------------------------------------------------------------------------


def test_the_name_of_a_folders_model_changes_with_its_weights_and_its_hypotheses(
    copied: Path, classifier: Classifier
) -> None:
    given = {"visas": Hypotheses(support="This text is good.")}
    same = load_hf_classifier(str(copied), device="cpu")
    asked_otherwise = load_hf_classifier(str(copied), device="cpu", hypotheses=given)
    _change_weights(copied, lambda name, weights: weights * 1.01)
    trained_otherwise = load_hf_classifier(str(copied), device="cpu")
    assert same.model.partition("@")[0] == "copied"
    assert same.model.partition("@")[2] == classifier.model.partition("@")[2]
    assert len({same.model, asked_otherwise.model, trained_otherwise.model}) == 3


def test_languages_are_any_unless_they_are_named(nli: Path, classifier: Classifier) -> None:
    assert classifier.languages == frozenset()
    assert load_hf_classifier(str(nli), languages=("en", "de")).languages == {"en", "de"}


# -- What cannot be used -------------------------------------------------------------------------------


def _change_config(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_bytes())
        (folder / "config.json").write_text(json.dumps(config | values))

    return change


def _change_weights(folder: Path, changed: Callable[[str, Any], Any]) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    weights = {name: changed(name, each) for name, each in load_file(path).items()}
    save_file(
        {name: each for name, each in weights.items() if each is not None},
        path,
        metadata={"format": "pt"},
    )


def _cut_weights(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def _remove(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            _change_config(id2label={"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}),
            "is called entailment (it has LABEL_0, LABEL_1, LABEL_2)",
        ),
        (
            _change_config(architectures=["BertForMaskedLM"]),
            "is no sequence classifier (BertForMaskedLM)",
        ),
        (_change_config(architectures=None), "is no sequence classifier (bert)"),
        (_change_config(model_type="brand-new"), "cannot be loaded"),
        (_change_config(hidden_size=64), "cannot be loaded"),
        (
            lambda folder: _change_weights(folder, lambda n, w: None if "classifier" in n else w),
            "lack classifier.bias (2 parts of a BertForSequenceClassification in all)",
        ),
        (lambda folder: _change_weights(folder, lambda n, w: w * float("nan")), "give no figures"),
        (_cut_weights, "are damaged or incomplete"),
        (_remove("model.safetensors"), "cannot be loaded"),
        (_remove("tokenizer.json", "tokenizer_config.json"), "is missing or another model's"),
        (_remove("config.json"), "holds no model: neither model.json nor config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be loaded"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "cannot be loaded"),
    ],
)
def test_a_folder_with_another_or_a_damaged_model_is_refused_in_one_sentence(
    copied: Path, change: Callable[[Path], None], says: str
) -> None:
    change(copied)
    with pytest.raises(ModelError) as refused:
        load_hf_classifier(str(copied), device="cpu")
    assert says in str(refused.value)
    assert str(copied) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_code_that_comes_with_a_model_is_never_run(copied: Path) -> None:
    (copied / "own.py").write_text("raise SystemExit('it ran')\n")
    own = {name: f"own.{name}" for name in ("AutoConfig", "AutoModelForSequenceClassification")}
    _change_config(model_type="own", auto_map=own)(copied)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_hf_classifier(str(copied), device="cpu")


def test_a_file_is_no_model(nli: Path) -> None:
    with pytest.raises(ModelError, match="is a file; BAROMETER_MODEL names the folder"):
        load_classifier(str(nli / "config.json"))


# -- Devices -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_is_not_there_is_refused(nli: Path, name: str) -> None:
    if torch.cuda.is_available() and name != "cuda:7":
        pytest.skip("it is there")
    with pytest.raises(ModelError, match=f"BAROMETER_DEVICE is '{name}', but torch finds"):
        load_hf_classifier(str(nli), device=name)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "tpu", ""])
def test_a_device_of_no_kind_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="it is auto, cpu, cuda or cuda:N"):
        device_of(name)


def test_a_batch_that_is_too_large_is_halved_until_it_fits() -> None:
    sizes = []

    def forward(rows: Sequence[int]) -> Sequence[Any]:
        sizes.append(len(rows))
        if len(rows) > 3:
            raise torch.OutOfMemoryError("too little memory")
        return (torch.tensor([[row, 2.0 * row] for row in rows]),)

    rows = [5, 3, 9, 1, 7, 2, 8, 4, 6, 0]
    (doubled,) = Runner("tiny", torch.nn.Linear(1, 1), CPU)(rows, rows, forward)
    assert doubled.tolist() == [[row, 2.0 * row] for row in rows]
    assert max(sizes) == 10 and min(sizes) <= 3


def test_a_row_that_is_too_large_alone_is_told_with_the_remedy() -> None:
    def forward(rows: Sequence[int]) -> Sequence[Any]:
        raise torch.OutOfMemoryError("too little memory")

    with pytest.raises(
        ModelError, match=r"too little memory free for tiny; .*BAROMETER_DEVICE=cpu"
    ):
        Runner("tiny", torch.nn.Linear(1, 1), CPU)([1, 2], [1, 1], forward)


def test_what_leaves_the_range_of_16_bits_is_computed_in_32() -> None:
    module = torch.nn.Linear(1, 1, bias=False)
    module.weight.data.fill_(300.0)
    runner = Runner("tiny", module, CPU, half=True)
    seen = []

    def forward(rows: Sequence[float]) -> Sequence[Any]:
        seen.append(module.weight.dtype)
        return (module(torch.tensor([[row] for row in rows], dtype=module.weight.dtype)),)

    (large,) = runner([300.0], [1], forward)
    (small,) = runner([2.0], [1], forward)
    assert (large.tolist(), small.tolist()) == ([[90_000.0]], [[600.0]])
    assert seen == [torch.float16, torch.float32, torch.float16]


# -- The hub -------------------------------------------------------------------------------------------

LOADS = """
import json, sys
from classify.classifier import ModelError, load_classifier
for name in sys.argv[1:]:
    try:
        print(json.dumps([name, load_classifier(name, device="cpu").model]))
    except ModelError as error:
        print(json.dumps([name, str(error)]))
"""


def load_in_a_process(names: Sequence[str], hub: str, home: Path, **more: str) -> Mapping[str, str]:
    """What loading each of `names` gives, its model or the sentence; the hub's address is read at import."""
    environment = {
        **os.environ,
        **model_environment(),
        "HF_ENDPOINT": hub,
        "HF_HOME": str(home),
        "NO_PROXY": "127.0.0.1",
        **more,
    }
    done = subprocess.run(
        [sys.executable, "-c", LOADS, *names],
        env=environment,
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return dict(json.loads(line) for line in done.stdout.splitlines())


def test_a_model_of_the_hub_is_fetched_once_and_named_by_its_commit(
    nli: Path, tmp_path: Path
) -> None:
    with local_hub(nli, "tiny/nli", ("main", "v2")) as hub:
        found = load_in_a_process(
            ["tiny/nli", "tiny/nli@v2", "tiny/nli@v9", "closed/nli", "broken/nli", "nobody/nli"],
            hub,
            tmp_path,
        )
    named = f"tiny/nli@{COMMIT[:12]}+zero-shot-1"
    assert (found["tiny/nli"], found["tiny/nli@v2"]) == (named, named)
    assert "tiny/nli has no revision 'v9'" in found["tiny/nli@v9"]
    assert "closed/nli is gated: ask for access" in found["closed/nli"]
    assert "did not hand over broken/nli; try again later" in found["broken/nli"]
    assert "neither a folder nobody/nli here nor a public model" in found["nobody/nli"]

    # The hub is gone; what was fetched stays usable, and nothing else is.
    after = load_in_a_process(["tiny/nli@v2", "other/nli", "bad name!"], hub, tmp_path)
    assert after["tiny/nli@v2"] == named
    assert (
        "other/nli is not on this machine and the Hugging Face hub cannot be" in after["other/nli"]
    )
    assert "'bad name!' is neither a folder nor a name on the Hugging" in after["bad name!"]
    off = load_in_a_process(["tiny/nli", "other/nli"], hub, tmp_path, HF_HUB_OFFLINE="1")
    assert off["tiny/nli"] == named
    assert "other/nli is not on this machine" in off["other/nli"]


# -- Settings ------------------------------------------------------------------------------------------


def test_barometer_classify_asks_the_model_and_the_hypotheses_of_the_settings(
    place: Place, nli: Path
) -> None:
    place.set("BAROMETER_MODEL", str(nli))
    place.set("BAROMETER_DEVICE", "cpu")
    place.set("BAROMETER_HYPOTHESES", place.write("h.toml", HYPOTHESES))
    place.set("BAROMETER_MODEL_LANGUAGES", "en, fr")
    lines = [
        {"id": 1, "text": "the visas welcome", "language": "en", "targets": ["regular"]},
        {"id": 2, "text": "the visas welcome", "language": "de", "targets": ["regular"]},
        {"id": 3, "text": "today visas stop", "language": "fr-CA", "targets": ["regular"]},
    ]
    place.write("lines.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    said = place.run("classify", "lines.jsonl")
    assert (said.status, said.err) == (0, "")
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert [(answer["relevant"], answer["judgements"][0]["stance"]) for answer in answers] == [
        (True, "support"),
        (False, "not_addressed"),
        (True, "oppose"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DEVICE", "gpu", "BAROMETER_DEVICE cannot be used: use auto, cpu, cuda or cuda:N"),
        ("MODEL_LANGUAGES", "english", "BAROMETER_MODEL_LANGUAGES cannot be used: use codes"),
        ("HYPOTHESES", "nowhere.toml", "nowhere.toml that BAROMETER_HYPOTHESES names: No such"),
        ("HYPOTHESES", "bad.toml", "bad.toml: [target.regular] sets 'suport'"),
    ],
)
def test_a_wrong_setting_of_a_model_is_the_users_mistake(
    place: Place, nli: Path, name: str, value: str, says: str
) -> None:
    place.write("bad.toml", '[target.regular]\nsuport = "x"\n')
    place.write("lines.jsonl", "")
    place.set("BAROMETER_MODEL", str(nli))
    place.set(f"BAROMETER_{name}", value)
    said = place.run("classify", "lines.jsonl")
    assert said.status == 2
    assert says in said.sentence
