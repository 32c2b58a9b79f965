"""One training run: from labelled text to a model folder, with a checkpoint after every epoch.

base encoder (or a model that is gone on from) -> fit (checkpoints/last.pt and epoch-N.pt each epoch) -> the mean of the last epochs
             -> weights of words beside it (ngrams.npz) -> calibrate on development and tuning text
             -> confusion on held-out text -> model.onnx, 8-bit where that costs next to nothing -> model.json

Started again on the same folder it goes on after the last finished epoch.
"""

from __future__ import annotations

import ctypes
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from tokenizers import Tokenizer

from classify.agreement import confusion_counts
from classify.calibration import label_probability, stance_probabilities
from classify.codebook import FLAGS, STANCES, TOPICS
from classify.manifest import OTHER, Calibration, Manifest
from classify.ngram_sides import NgramSides, word_pieces
from classify.target import TARGETS
from classify.training.calibrate import (
    Sides,
    best_threshold,
    calibration_of_sides,
    fit_sides,
    found_more,
    temperature_of_label,
)
from classify.training.examples import STORIES, Split
from classify.training.fit import Epoch, Scores, Step, fit, logits, scores_of
from classify.training.network import QueryAttentionNetwork
from classify.training.ngram_fit import OPPOSE, SUPPORT, fit_ngrams
from classify.training.recipe import Recipe
from classify.training.swaps import with_gaps, with_swaps
from classify.training.tokens import IGNORED, Tokenised, targets_of, tokenised
from flows.mistake import Mistake
from flows.training.base_model import start_network
from flows.training.kept_weights import take_weights
from flows.training.model_folder import (
    export_onnx,
    quantise,
    save_checkpoint,
    write_manifest,
)

LAST = "last.pt"

INT8_MAY_COST = 0.005
"""Stance macro-F1 that the 8-bit form may lose against the 32-bit one, and still be shipped."""


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """What a run made."""

    folder: Path
    development: Scores
    held_out: Scores | None
    """Of the 32-bit network; None where nothing was held out."""
    quantised: bool
    """Whether model.onnx holds 8-bit weights."""


def train(
    split: Split,
    recipe: Recipe,
    *,
    base: Path,
    folder: Path,
    device: str,
    name: str,
    trained_on: str,
    start: Path | None = None,
) -> Iterator[Step | Epoch | Trained]:
    """Fit, calibrate and export into `folder`; yields progress, and last what was made. `start`: the folder of a model
    to go on from, on the same base.

    Raises Mistake where `folder` holds a run of another recipe or of other texts.
    """
    _keep_memory()
    torch.manual_seed(recipe.seed)
    network, tokenizer = start_network(base, recipe.dropout)
    if start is not None:
        take_weights(network, tokenizer, start)
    begun_with = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.to(torch.device(device))
    # An encoder knows no more places than it was pretrained with.
    places = int(network.encoder.config.max_position_embeddings)
    recipe = msgspec.structs.replace(recipe, max_tokens=min(recipe.max_tokens, places))
    tokenizer.enable_truncation(recipe.max_tokens)
    texts = (*split.train, *split.development, *split.held_out, *split.tuning)
    targets = targets_of(texts)
    parts = {
        part: tokenised(getattr(split, part), targets, lambda text: tokenizer.encode(text).ids)
        for part in ("train", "development", "held_out", "tuning")
    }
    descriptions = [tokenizer.encode(target.description).ids for target in targets]
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    mark = _mark(split, recipe, begun_with if start is not None else {})
    done = _load(checkpoints / LAST, mark)

    def vary(place: int, rng: random.Random) -> list[int]:
        ids: list[int] = tokenizer.encode(with_swaps(split.train[place].text, rng)).ids
        return with_gaps(ids, recipe.words_dropped, rng)

    for event in fit(
        network, parts["train"], parts["development"], descriptions, recipe, vary, done
    ):
        if isinstance(event, Epoch):
            kept = {"mark": mark, "network": event.state["network"], "best": event.best}
            _save(checkpoints / _name_of(event.epoch), kept)
            _save(checkpoints / LAST, {"mark": mark, **event.state})
        yield event
    fitted = _averaged(checkpoints, recipe, mark)
    if start is not None:
        fitted = {
            name: torch.lerp(tensor, begun_with[name], recipe.kept_of_start)
            if tensor.is_floating_point()
            else tensor
            for name, tensor in fitted.items()
        }
    network.load_state_dict(fitted)
    network.to("cpu").eval()
    tokenizer.no_truncation()
    plain = [
        row
        for row, each in zip(parts["train"], split.train, strict=True)
        if not each.id.startswith(STORIES)
    ]
    sources = [each.source for each in split.tuning]
    yield _finish(
        network, tokenizer, parts, plain, sources, descriptions, folder, recipe, name, trained_on
    )


def device_of(named: str) -> str:
    """The device to train on; `auto` is a GPU where there is one. Raises Mistake for one that is not there."""
    if named == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=named)
    except (RuntimeError, AssertionError) as error:
        raise Mistake(f"--device {named} is not there: {str(error).splitlines()[0]}") from error
    return named


def _finish(
    network: QueryAttentionNetwork,
    tokenizer: Tokenizer,
    parts: dict[str, list[Tokenised]],
    plain: Sequence[Tokenised],
    sources: Sequence[str],
    descriptions: list[list[int]],
    folder: Path,
    recipe: Recipe,
    name: str,
    trained_on: str,
) -> Trained:
    development, others = parts["development"], parts["tuning"]
    special = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    ngrams = fit_ngrams(plain, word_pieces(tokenizer.get_vocab(), special))
    sides = _sides(network, ngrams, others, sources, descriptions)
    if sides is not None:
        ngrams = NgramSides(ngrams.keys, ngrams.weights * sides.worth, ngrams.is_word)
    save_checkpoint(folder, network, tokenizer, ngrams)

    def with_words(given: Any, rows: Sequence[Tokenised]) -> Any:
        return ngrams.added(given, [row.ids for row in rows], STANCES)

    stances, document = logits(network, development, descriptions)
    stances = with_words(stances, development)
    manifest = _manifest(stances, document, development, sides, recipe, name, trained_on)
    reported = parts["held_out"] or development
    judged = with_words(logits(network, reported, descriptions)[0], reported)
    float_form = export_onnx(folder, network)
    int8_form = quantise(float_form, folder)
    before = scores_of(judged, reported)
    int8_judged = with_words(onnx_logits(int8_form, reported, descriptions), reported)
    quantised = before.stance - scores_of(int8_judged, reported).stance <= INT8_MAY_COST
    if quantised:
        float_form.unlink()
        judged = int8_judged
    else:
        float_form.replace(int8_form)
    manifest = msgspec.structs.replace(manifest, confusion=_confusion(judged, reported, manifest))
    write_manifest(folder, manifest)
    return Trained(
        folder=folder,
        development=scores_of(stances, development),
        held_out=before if parts["held_out"] else None,
        quantised=quantised,
    )


def onnx_logits(
    path: Path, rows: Sequence[Tokenised], descriptions: Sequence[list[int]]
) -> np.ndarray[Any, Any]:
    """Stance logits (N, T, 4) of the exported form, a text at a time."""
    import onnxruntime

    from classify.onnx_model import session_options

    session = onnxruntime.InferenceSession(
        str(path), sess_options=session_options(), providers=["CPUExecutionProvider"]
    )
    nothing = np.zeros((1, session.get_inputs()[2].shape[1]), dtype=np.float32)

    def run(ids: list[int], queries: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
        row = np.array([ids], dtype=np.int64)
        given = {"input_ids": row, "attention_mask": np.ones_like(row), "queries": queries}
        return list(session.run(None, given))

    asked = descriptions[: len(TARGETS)]
    queries = np.concatenate([run(ids, nothing)[2] for ids in asked])
    return np.concatenate([run(row.ids, queries)[0] for row in rows])


def _manifest(
    stances: np.ndarray[Any, Any],
    document: np.ndarray[Any, Any],
    rows: Sequence[Tokenised],
    sides: Sides | None,
    recipe: Recipe,
    name: str,
    trained_on: str,
) -> Manifest:
    labels = np.array([row.stances for row in rows])
    outputs = np.array([row.document for row in rows])
    heads = {
        target.name: _labelled(stances[:, index], labels[:, index])
        for index, target in enumerate(TARGETS)
    }
    heads[OTHER] = _labelled(stances.reshape(-1, len(STANCES)), labels.reshape(-1))
    by_target = {
        head: found_more(*given, calibration_of_sides(*given, sides))
        for head, given in heads.items()
    }
    by_output: dict[str, Calibration] = {}
    thresholds: dict[str, float] = {}
    for index, output in enumerate(("relevance", *TOPICS, *FLAGS)):
        given = ~np.isnan(outputs[:, index])
        column, wanted = document[given, index], outputs[given, index]
        by_output[output] = temperature_of_label(column, wanted)
        if index:
            thresholds[output] = best_threshold(
                label_probability(column, by_output[output]), wanted
            )
    return Manifest(
        format=2,
        name=name,
        languages=("en",),
        max_tokens=recipe.max_tokens,
        stances=tuple(stance.value for stance in STANCES),
        topics=TOPICS,
        flags=FLAGS,
        stance_calibration=by_target,
        document_calibration=by_output,
        thresholds=thresholds,
        confusion={},
        trained_on=trained_on,
        sha256={},
    )


def _sides(
    network: QueryAttentionNetwork,
    ngrams: NgramSides,
    rows: Sequence[Tokenised],
    sources: Sequence[str],
    descriptions: Sequence[list[int]],
) -> Sides | None:
    """What the tuning texts `rows`, each of one of `sources`, say of network and words."""
    if not rows:
        return None
    labels = np.array([row.stances for row in rows])
    texts, targets = np.nonzero((labels == SUPPORT) | (labels == OPPOSE))
    chosen = logits(network, rows, descriptions)[0][texts, targets].astype(np.float64)
    return fit_sides(
        chosen[:, SUPPORT] - chosen[:, OPPOSE],
        np.array([ngrams.lean(rows[text].ids) for text in texts.tolist()]),
        labels[texts, targets] == SUPPORT,
        [sources[text] for text in texts.tolist()],
    )


def _labelled(
    logits: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    given = labels != IGNORED
    return logits[given], labels[given]


def _confusion(
    stances: np.ndarray[Any, Any], rows: Sequence[Tokenised], manifest: Manifest
) -> dict[str, tuple[tuple[int, ...], ...]]:
    labels = np.array([row.stances for row in rows])
    counts = {}
    for index, target in enumerate(TARGETS):
        given = labels[:, index] != IGNORED
        calibration = manifest.stance_calibration[target.name]
        p = stance_probabilities(stances[given, index], calibration, STANCES)
        table = confusion_counts(labels[given, index], p.argmax(axis=-1), len(STANCES))
        counts[target.name] = tuple(tuple(int(n) for n in row) for row in table)
    return counts


def _mark(split: Split, recipe: Recipe, begun_with: Mapping[str, torch.Tensor]) -> str:
    """What must be the same for a run to go on: the recipe, the texts that decide the weights, and the model that it
    went on from.
    """
    from hashlib import sha256

    texts = [split.train, split.development]
    mark = sha256(msgspec.json.encode([recipe, texts]))
    for name in sorted(begun_with):
        mark.update(begun_with[name].numpy().tobytes())
    return mark.hexdigest()


def _name_of(epoch: int) -> str:
    return f"epoch-{epoch}.pt"


def _averaged(checkpoints: Path, recipe: Recipe, mark: str) -> dict[str, torch.Tensor]:
    """The mean of the weights of the best epoch and of the epochs before it, `recipe.averaged` in all."""
    saved = {n: _load(checkpoints / _name_of(n), mark) for n in range(1, recipe.epochs + 1)}
    best = max(n for n, each in saved.items() if each is not None and each["best"])
    chosen = [saved[n]["network"] for n in range(max(1, best - recipe.averaged + 1), best + 1)]
    return {
        name: torch.stack([each[name].float() for each in chosen]).mean(dim=0).to(first.dtype)
        for name, first in chosen[0].items()
    }


def _save(path: Path, content: Any) -> None:
    # A run that is killed in the middle of this keeps the checkpoint before.
    partial = path.with_suffix(".part")
    torch.save(content, partial)
    partial.replace(path)


def _load(path: Path, mark: str) -> Any:
    if not path.exists():
        return None
    saved = torch.load(path, map_location="cpu", weights_only=True)
    if saved["mark"] != mark:
        raise Mistake(
            f"{path.parent.parent} holds a run of another recipe or of other texts; name another "
            "folder with --output, or remove it."
        )
    return saved


def _keep_memory() -> None:
    """Let freed tensors stay with the process: giving them back and taking them anew halves the speed.

    The two options of glibc's mallopt: no mapping of its own for large blocks, and no trimming.
    """
    if os.name == "posix":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(-3, 1 << 30)
            mallopt(-1, (1 << 31) - 1)
