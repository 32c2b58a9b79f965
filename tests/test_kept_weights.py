"""Training that goes on from a model: the weights come out of a folder as they went in, and a share of them is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from classify.manifest import CHECKPOINT, TOKENIZER, WEIGHTS
from classify.training.recipe import Recipe
from flows.mistake import Mistake

torch = pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("onnx", reason="training needs the train extra")

from classify.training.fit import Epoch  # noqa: E402
from flows.training.kept_weights import exported_weights  # noqa: E402
from flows.training.model_folder import load_checkpoint  # noqa: E402
from flows.training.training_run import train  # noqa: E402
from tests.test_training import RECIPE, base, learnable, run, trained  # noqa: E402

__all__ = ["base", "trained"]
"""Fixtures of the neighbour."""


def going_on(base: Path, folder: Path, recipe: Recipe, start: Path) -> Iterator[Any]:
    return train(
        learnable(),
        recipe,
        base=base,
        folder=folder,
        device="cpu",
        name="tiny-2",
        trained_on="made-up texts",
        start=start,
    )


def test_the_weights_of_the_exported_form_are_those_that_were_exported(
    trained: tuple[Path, list[Any]], base: Path
) -> None:
    network, _ = load_checkpoint(trained[0])
    found = exported_weights(trained[0] / WEIGHTS)
    assert found.keys() == network.state_dict().keys()
    for name, tensor in network.state_dict().items():
        step = tensor.abs().max() / 127
        assert torch.allclose(found[name], tensor, atol=float(step)), name


@pytest.mark.parametrize("form", ["checkpoint", "exported"])
def test_training_goes_on_from_a_model_and_keeps_a_share_of_it(
    trained: tuple[Path, list[Any]], base: Path, tmp_path: Path, form: str
) -> None:
    begun = tmp_path / "begun"
    shutil.copytree(trained[0], begun, ignore=shutil.ignore_patterns("checkpoints"))
    if form == "exported":
        (begun / CHECKPOINT).unlink()
    recipe = msgspec.structs.replace(RECIPE, epochs=1)
    all_kept = msgspec.structs.replace(recipe, kept_of_start=1.0)
    *_, done = going_on(base, tmp_path / "kept", all_kept, begun)
    before, after = (
        load_checkpoint(trained[0])[0].state_dict(),
        load_checkpoint(done.folder)[0].state_dict(),
    )
    for name, tensor in before.items():
        assert torch.allclose(after[name], tensor, atol=float(tensor.abs().max() / 127)), name
    first, *_ = (
        event
        for event in going_on(base, tmp_path / "on", recipe, begun)
        if isinstance(event, Epoch)
    )
    fresh, *_ = (
        event for event in run(base, tmp_path / "fresh", recipe=recipe) if isinstance(event, Epoch)
    )
    assert first.loss < fresh.loss


def test_a_folder_without_a_fitting_model_is_no_start(
    trained: tuple[Path, list[Any]], base: Path, tmp_path: Path
) -> None:
    with pytest.raises(Mistake, match="holds no model to go on from"):
        next(going_on(base, tmp_path / "a", RECIPE, tmp_path))
    other = tmp_path / "other"
    shutil.copytree(trained[0], other)
    words = json.loads((other / TOKENIZER).read_text("utf-8"))
    words["model"]["vocab"]["welcome"] = words["model"]["vocab"].pop("them")
    (other / TOKENIZER).write_text(json.dumps(words), "utf-8")
    with pytest.raises(Mistake, match="another vocabulary"):
        next(going_on(base, tmp_path / "b", RECIPE, other))
