"""`barometer train`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from importlib.resources import as_file
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.mistake import Mistake

if TYPE_CHECKING:
    from classify.labelled import Labelled
    from classify.training.examples import Split
    from flows.training.training_run import Trained

DEFAULT_NAME = "barometer-minilm-3"


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), default=Path("var/model"), show_default=True, help="Folder of checkpoints and of the model.")  # fmt: skip
@click.option("--base", type=click.Path(path_type=Path), help="Folder of another BERT encoder than MiniLM-L6.")  # fmt: skip
@click.option("--start", type=click.Path(path_type=Path), help="Go on from the model in this folder (bundled: the one that ships).")  # fmt: skip
@click.option("--keep", type=click.FloatRange(0, 1), help="With --start: share of its weights in the mean that is kept; 0 unless given.")  # fmt: skip
@click.option("--name", default=DEFAULT_NAME, show_default=True, help="Name and version, kept with every judgement.")  # fmt: skip
@click.option("--tune", multiple=True, type=click.Path(path_type=Path), help="Labelled JSONL to calibrate on, too; no weight learns from it.")  # fmt: skip
@click.option("--epochs", type=click.IntRange(1, 200), help="Passes over the texts at most.")
@click.option("--seed", type=int, help="Another order and another start of the heads.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 …; auto takes a GPU where there is one.")  # fmt: skip
@click.option("--corpus/--no-corpus", default=True, help="Learn from the sample corpus too (default).")  # fmt: skip
def command(
    files: tuple[Path, ...],
    output: Path,
    base: Path | None,
    start: Path | None,
    keep: float | None,
    name: str,
    tune: tuple[Path, ...],
    epochs: int | None,
    seed: int | None,
    device: str,
    corpus: bool,
) -> None:
    """Train the transformer on the sample corpus and on labelled JSONL FILES; export it to a folder.

    \b
    pip install 'barometer[train]'
    barometer train
    barometer train ours.jsonl --output var/ours --name ours-1
    BAROMETER_MODEL=var/ours barometer classify texts.jsonl

    Started again on the same folder, it goes on after the last finished epoch. `barometer evaluate`
    tells how good the result is; docs/model-card.md how the shipped one was made.
    """
    try:
        from classify.training.recipe import Recipe
        from flows.training.base_model import packaged_base
        from flows.training.training_run import device_of, train
    except ImportError as error:
        raise Mistake(
            f"Training needs more than a plain install has ({error.name} is missing): "
            "pip install 'barometer[train]'."
        ) from error
    if keep is not None and start is None:
        raise Mistake(
            "--keep needs --start: it is a share of the weights that training starts from."
        )
    chosen: dict[str, Any] = {"epochs": epochs, "seed": seed, "kept_of_start": keep}
    recipe = Recipe(**{name: value for name, value in chosen.items() if value is not None})
    split = _split(files, tune, corpus, recipe.stories)
    device = device_of(device)
    click.echo(
        f"{len(split.train):,} texts to learn from, {len(split.development):,} that steer, "
        f"{len(split.held_out):,} held out; on {device}.",
        err=True,
    )
    with ExitStack() as stack:
        if start is not None and str(start) == "bundled":
            start = stack.enter_context(as_file(resources("classify").joinpath("bundled")))
        events = train(
            split,
            recipe,
            base=base or packaged_base(),
            folder=output,
            device=device,
            name=name,
            trained_on=_trained_on(files, corpus),
            start=start,
        )
        _tell(_watched(events))


def _split(files: Sequence[Path], tune: Sequence[Path], corpus: bool, stories: float) -> Split:
    import msgspec

    from classify.corpus import load_corpus
    from classify.target import TARGETS
    from classify.training.examples import (
        joined,
        split_labelled,
        split_own_targets,
        split_passages,
    )
    from flows.labelled_files import read_labelled_file

    labelled: list[Labelled] = [each for file in files for each in read_labelled_file(file)]
    tuning = tuple(each for file in tune for each in read_labelled_file(file))
    ours = msgspec.structs.replace(split_labelled(labelled), tuning=tuning)
    if not corpus:
        codebook = {target.name for target in TARGETS}
        if not ours.train or not any(codebook & set(each.stances) for each in ours.development):
            raise Mistake(
                "Too few texts are labelled for a target of the codebook; give more, or leave out "
                "--no-corpus."
            )
        return ours
    return joined(split_passages(load_corpus(), stories), split_own_targets(), ours)


def _trained_on(files: Sequence[Path], corpus: bool) -> str:
    sources = ["the sample corpus of the project"] if corpus else []
    return " and ".join([*sources, *(file.name for file in files)])


def _watched(events: Any) -> Trained:
    from classify.training.fit import Epoch, Step
    from flows.display import progress_bar

    done: Any = None
    with progress_bar("Training", None) as bar:
        for event in events:
            if isinstance(event, Step):
                bar.total(event.steps)
                bar.show(event.step, f"Epoch {event.epoch}, loss {event.loss:.2f}")
            elif isinstance(event, Epoch):
                click.echo(
                    f"epoch {event.epoch}: loss {event.loss:.3f}, on development text "
                    f"addressed {event.scores.addressed:.3f}, stance {event.scores.stance:.3f}"
                    f"{' (best)' if event.best else ''}",
                    err=True,
                )
            else:
                done = event
    trained: Trained = done
    return trained


def _tell(trained: Trained) -> None:
    form = "8-bit" if trained.quantised else "32-bit"
    size = (trained.folder / "model.onnx").stat().st_size / 1e6
    click.echo(f"{trained.folder}: model.onnx, {form}, {size:.1f} MB.")
    if trained.held_out is not None:
        click.echo(
            f"On held-out text: addressed-or-not accuracy {trained.held_out.addressed:.3f}, stance "
            f"macro-F1 {trained.held_out.stance:.3f}. More: barometer evaluate."
        )
