"""Training on a tiny encoder made here: it learns, goes on after a stop, and exports what it learned."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from classify.codebook import FLAGS, STANCES, TOPICS
from classify.corpus import held_out, load_corpus
from classify.labelled import Labelled
from classify.manifest import MANIFEST, NGRAMS, TOKENIZER, WEIGHTS, Manifest
from classify.stance import Stance
from classify.target import TARGETS, Target
from classify.training.recipe import Recipe
from flows.mistake import Mistake

torch = pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("scipy", reason="training needs the train extra")
pytest.importorskip("onnx", reason="training needs the train extra")

from classify.training.examples import (  # noqa: E402
    STORIES,
    Split,
    split_labelled,
    split_passages,
)
from classify.training.fit import Epoch, rate  # noqa: E402
from classify.training.losses import loss_of  # noqa: E402
from classify.training.swaps import with_gaps  # noqa: E402
from classify.training.tokens import (  # noqa: E402
    ADDRESSED,
    IGNORED,
    batch_of,
    shuffled,
    targets_of,
    tokenised,
)
from flows.training.model_folder import load_checkpoint  # noqa: E402
from flows.training.training_run import LAST, Trained, device_of, train  # noqa: E402

WORDS = "welcome deport visa refugees border crossing newcomers the a them all please now work stay"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
RECIPE = Recipe(
    epochs=6,
    batch=8,
    encoder_rate=2e-3,
    head_rate=2e-3,
    frozen_layers=0,
    words_dropped=0.0,
    averaged=1,
    patience=6,
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT encoder of two layers that nobody trained, with a vocabulary of a few words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("base")
    specials = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = [*specials, *WORDS.split(), *LETTERS, *(f"##{each}" for each in LETTERS), "難", "я"]
    vocabulary = {token: place for place, token in enumerate(tokens)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens([each for each in specials if each != "[unused1]"])
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 3), ("[SEP]", 4)]
    )
    tokenizer.save(str(folder / TOKENIZER))
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=192,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def texts(count: int, seed: int = 1) -> list[Labelled]:
    """`welcome` supports and `deport` opposes; `visa` is regular, `refugees` asylum."""
    rng = random.Random(seed)
    made = []
    for n in range(count):
        verb, thing = rng.choice(["welcome", "deport"]), rng.choice(["visa", "refugees"])
        stance = Stance.SUPPORT if verb == "welcome" else Stance.OPPOSE
        target = "regular" if thing == "visa" else "asylum"
        words = [verb, thing, *rng.choices("the a them all please now".split(), k=rng.randrange(6))]
        rng.shuffle(words)
        made.append(
            Labelled(
                id=f"{seed}-{n}",
                text=" ".join(words),
                stances={
                    each.name: stance if each.name == target else Stance.NOT_ADDRESSED
                    for each in TARGETS
                },
                topics=("legal_pathways",) if thing == "visa" else ("protection",),
                flags=("dehumanising",) if stance is Stance.OPPOSE else (),
            )
        )
    return made


def learnable(count: int = 300) -> Split:
    split = split_labelled(texts(count))
    return msgspec.structs.replace(split, held_out=tuple(texts(60, seed=2)))


def run(
    base: Path, folder: Path, split: Split | None = None, recipe: Recipe = RECIPE
) -> Iterator[Any]:
    return train(
        split or learnable(),
        recipe,
        base=base,
        folder=folder,
        device="cpu",
        name="tiny-1",
        trained_on="made-up texts",
    )


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    folder = tmp_path_factory.mktemp("trained")
    return folder, list(run(base, folder))


def test_it_learns_what_the_labels_say(trained: tuple[Path, list[Any]]) -> None:
    _, events = trained

    done = events[-1]
    assert isinstance(done, Trained)
    assert done.held_out is not None
    # Which target is harder to learn here than which side: nobody taught this encoder to read
    # descriptions. Saying "not addressed" to all would give a stance of 0.
    assert done.held_out.stance > 0.85


def test_the_loss_falls(trained: tuple[Path, list[Any]]) -> None:
    losses = [event.loss for event in trained[1] if isinstance(event, Epoch)]

    assert losses[-1] < losses[0] / 2


def test_the_folder_holds_a_manifest_over_its_files(trained: tuple[Path, list[Any]]) -> None:
    folder, _ = trained
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)

    assert manifest.name == "tiny-1"
    assert manifest.trained_on == "made-up texts"
    assert (manifest.topics, manifest.flags) == (TOPICS, FLAGS)
    files = {WEIGHTS, "model.safetensors", "config.json", TOKENIZER, NGRAMS}
    assert set(manifest.sha256) == files
    for name, digest in manifest.sha256.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_confusion_counts_every_held_out_text_once_per_target(
    trained: tuple[Path, list[Any]],
) -> None:
    manifest = msgspec.json.decode((trained[0] / MANIFEST).read_bytes(), type=Manifest)

    assert set(manifest.confusion) == {target.name for target in TARGETS}
    for counts in manifest.confusion.values():
        assert np.array(counts).shape == (len(STANCES), len(STANCES))
        assert np.array(counts).sum() == 60


SHORT = msgspec.structs.replace(RECIPE, epochs=3, patience=3)


@pytest.fixture(scope="module")
def shortly_trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three epochs over few texts: enough to tell weights apart."""
    folder = tmp_path_factory.mktemp("shortly-trained")
    list(run(base, folder, learnable(60), SHORT))
    return folder


def test_two_runs_with_one_seed_make_the_same_weights(
    base: Path, shortly_trained: Path, tmp_path: Path
) -> None:
    list(run(base, tmp_path, learnable(60), SHORT))

    again, _ = load_checkpoint(tmp_path)
    first, _ = load_checkpoint(shortly_trained)
    ours = dict(again.named_parameters())
    assert all(torch.equal(value, ours[name]) for name, value in first.named_parameters())


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(
    base: Path, shortly_trained: Path, tmp_path: Path
) -> None:
    for event in run(base, tmp_path, learnable(60), SHORT):
        if isinstance(event, Epoch) and event.epoch == 1:
            break  # as a kill between two epochs would
    events = list(run(base, tmp_path, learnable(60), SHORT))

    assert [event.epoch for event in events if isinstance(event, Epoch)] == [2, 3]
    again, _ = load_checkpoint(tmp_path)
    first, _ = load_checkpoint(shortly_trained)
    ours = dict(again.named_parameters())
    assert all(torch.equal(value, ours[name]) for name, value in first.named_parameters())


def test_another_recipe_on_the_same_folder_is_refused(
    base: Path, trained: tuple[Path, list[Any]]
) -> None:
    with pytest.raises(Mistake, match="another recipe or of other texts"):
        next(run(base, trained[0], recipe=msgspec.structs.replace(RECIPE, seed=2)))


def test_it_stops_when_development_text_gets_no_better(base: Path, tmp_path: Path) -> None:
    patient = msgspec.structs.replace(RECIPE, epochs=40, patience=2)

    events = list(run(base, tmp_path, recipe=patient))

    epochs = [event for event in events if isinstance(event, Epoch)]
    assert len(epochs) < 40
    assert not any(event.best for event in epochs[-2:])
    assert (tmp_path / "checkpoints" / LAST).exists()


def test_the_weights_are_the_mean_of_the_best_epoch_and_of_those_before(
    base: Path, tmp_path: Path
) -> None:
    events = list(run(base, tmp_path, recipe=msgspec.structs.replace(RECIPE, averaged=2)))

    best = max(event.epoch for event in events if isinstance(event, Epoch) and event.best)
    assert best > 1
    saved = [
        torch.load(tmp_path / "checkpoints" / f"epoch-{n}.pt", weights_only=True)["network"]
        for n in (best - 1, best)
    ]
    kept = load_checkpoint(tmp_path)[0].state_dict()
    moved = [name for name in kept if not torch.equal(saved[0][name], saved[1][name])]
    assert any(name.startswith("encoder.encoder.layer.1.") for name in moved)
    for name in kept:
        assert torch.allclose(kept[name], (saved[0][name] + saved[1][name]) / 2, atol=1e-6), name


def test_frozen_layers_stay_as_they_were_pretrained(base: Path, tmp_path: Path) -> None:
    from flows.training.base_model import start_network

    list(run(base, tmp_path, recipe=msgspec.structs.replace(RECIPE, epochs=1, frozen_layers=1)))

    before, after = (
        start_network(base, 0.0)[0].state_dict(),
        load_checkpoint(tmp_path)[0].state_dict(),
    )
    same = {name for name in before if torch.equal(before[name], after[name])}
    layers = {name.split(".")[3] for name in same if name.startswith("encoder.encoder.layer.")}
    assert layers == {"0"}
    assert {name for name in before if name.startswith("encoder.embeddings.")} <= same


def test_gaps_leave_the_special_tokens_and_the_rest_in_order() -> None:
    ids = list(range(1_000))
    kept = with_gaps(ids, 0.1, random.Random(5))

    assert kept[0] == 0
    assert kept[-1] == 999
    assert kept == sorted(set(kept))
    assert 850 < len(kept) < 950
    assert with_gaps(ids, 0.0, random.Random(5)) == ids


def test_a_share_of_the_stories_is_learned_from_and_all_else() -> None:
    every, some = split_passages(load_corpus()), split_passages(load_corpus(), 0.4)
    stories = [each for each in every.train if each.id.startswith(STORIES)]
    left = {each.id for each in every.train} - {each.id for each in some.train}

    assert left <= {each.id for each in stories}
    assert len(stories) * 0.55 < len(left) < len(stories) * 0.65
    assert some.development == every.development
    assert some.held_out == every.held_out


def test_the_vocabulary_keeps_english_and_drops_the_rest(trained: tuple[Path, list[Any]]) -> None:
    vocabulary = json.loads((trained[0] / TOKENIZER).read_text())["model"]["vocab"]

    assert "welcome" in vocabulary
    assert not {"難", "я", "[unused1]"} & set(vocabulary)
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))


def test_texts_are_cut_to_what_the_encoder_was_made_for(trained: tuple[Path, list[Any]]) -> None:
    manifest = msgspec.json.decode((trained[0] / MANIFEST).read_bytes(), type=Manifest)

    assert manifest.max_tokens == 192


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="holds no BERT encoder"):
        next(run(tmp_path, tmp_path / "out"))


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(Mistake, match="--device cuda:77 is not there"):
        device_of("cuda:77")


def test_own_targets_are_asked_in_their_batch_only() -> None:
    own = Target("raids", "immigration raids")
    plain, asking = texts(2)
    asking = msgspec.structs.replace(
        asking, stances={"raids": Stance.OPPOSE}, own_targets=(own,), topics=None, flags=None
    )
    targets = targets_of([plain, asking])
    rows = tokenised([plain, asking], targets, lambda text: [1, 2])

    alone, both = batch_of(rows[:1]), batch_of(rows)

    assert targets[-1] == own
    assert alone.asked == [0, 1, 2, 3]
    assert both.asked == [0, 1, 2, 3, 4]
    assert both.stances.tolist()[0][4] == IGNORED
    assert both.stances.tolist()[1] == [IGNORED] * 4 + [STANCES.index(Stance.OPPOSE)]
    assert torch.isnan(both.document[1, 1:]).all()


def test_a_text_whose_marks_agree_says_what_it_would_say_of_the_rest() -> None:
    agreeing = texts(1)[0]
    mixed = msgspec.structs.replace(
        agreeing,
        stances={**agreeing.stances, "regular": Stance.SUPPORT, "asylum": Stance.OPPOSE},
    )
    rows = tokenised([agreeing, mixed], TARGETS, lambda text: [1, 2])

    (stance,) = {each for each in rows[0].stances if each != ADDRESSED}
    assert sorted(rows[0].shared) == sorted([IGNORED, stance, stance, stance])
    assert rows[1].shared == [IGNORED] * 4


def test_unlabelled_cells_do_not_move_the_loss() -> None:
    row = tokenised(texts(1), TARGETS, lambda text: [1, 2])[0]
    bare = type(row)(row.ids, [IGNORED] * 4, [IGNORED] * 4, [float("nan")] * len(row.document), {})
    stances, document = torch.randn(1, 4, 4), torch.randn(1, len(row.document))

    assert float(loss_of(stances, document, batch_of([bare]), RECIPE)) == 0.0
    assert float(loss_of(stances, document, batch_of([row]), RECIPE)) > 0.0


def test_an_epoch_visits_every_text_once_in_batches_of_like_length() -> None:
    rows = tokenised(texts(101), TARGETS, lambda text: list(range(len(text))))

    order = shuffled(rows, 8, random.Random(1))

    assert sorted(index for batch in order for index in batch) == list(range(101))
    spread = [
        max(lengths) - min(lengths) for lengths in ([len(rows[i].ids) for i in b] for b in order)
    ]
    assert float(np.mean(spread)) < 8


def test_the_rate_rises_then_falls_and_never_stops() -> None:
    rates = [rate(step, 100, Recipe(warm_up=0.1)) for step in range(101)]

    assert rates[0] < rates[9] == pytest.approx(1.0)
    assert all(a >= b for a, b in pairwise(rates[10:]))
    assert rates[-1] > 0


def test_no_held_out_passage_is_learned_from_and_no_group_is_torn() -> None:
    split = split_passages(load_corpus())

    kept = {passage.id for passage in load_corpus() if held_out(passage)}
    assert {each.id for each in split.held_out} == kept
    sides = [
        {each.group for each in part} for part in (split.train, split.development, split.held_out)
    ]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    assert 0.04 < len(split.development) / len(split.train) < 0.15
