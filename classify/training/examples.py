"""The three parts of labelled text: what is learned from, what steers, what is only reported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from importlib.resources import files

import msgspec

from classify.corpus import HELD_OUT_SHARE, Passage, held_out
from classify.labelled import BadLabel, Labelled, labelled_passage, read_labelled

DEVELOPMENT_SHARE = 0.08
"""Share of the training side that early stopping and calibration look at."""

STORIES = ("claims_and_proposals", "forum_replies", "newspaper_comments", "raw_forum_")
"""Files of the sample corpus, by the beginning of the name, that tell more than they argue.

A word count over them tells the sides of real comments worse than one over the plain files, and
joined to these makes it worse (docs/model-card.md), so only a share of them is learned from.
"""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of one group are in one part."""

    train: tuple[Labelled, ...]
    development: tuple[Labelled, ...]
    held_out: tuple[Labelled, ...]
    """Looked at once, to report."""
    tuning: tuple[Labelled, ...] = ()
    """Of other sources: no weight is learned from them, the calibration is."""


def split_passages(passages: Iterable[Passage], stories: float = 1.0) -> Split:
    """By the passages' own ids, so that a passage never changes sides when others are added.

    `stories` is the share of STORIES that is learned from.
    """
    passages = tuple(passages)
    learned = [labelled_passage(passage) for passage in passages if not held_out(passage)]
    kept = tuple(labelled_passage(passage) for passage in passages if held_out(passage))
    parts = split_labelled(learned)
    train = tuple(
        each
        for each in parts.train
        if not each.id.startswith(STORIES) or _share_of(f"story {each.id}") < stories
    )
    return Split(train=train, development=parts.development, held_out=kept)


def split_own_targets() -> Split:
    """Texts of ours with targets in other words than the codebook's, so that a model learns to read
    a description. A fifth is held out, text by text.
    """
    lines = files("classify.training").joinpath("own_targets.jsonl").read_bytes().splitlines()
    learned: list[Labelled] = []
    kept: list[Labelled] = []
    for each in read_labelled(lines):
        if isinstance(each, BadLabel):
            raise ValueError(f"own_targets.jsonl, line {each.line}: {each.error}")
        aside = _share_of(f"held out {each.group}") < HELD_OUT_SHARE
        (kept if aside else learned).append(msgspec.structs.replace(each, source="own_targets"))
    parts = split_labelled(learned)
    return Split(train=parts.train, development=parts.development, held_out=tuple(kept))


def joined(*splits: Split) -> Split:
    """Part by part."""
    return Split(
        train=tuple(each for split in splits for each in split.train),
        development=tuple(each for split in splits for each in split.development),
        held_out=tuple(each for split in splits for each in split.held_out),
        tuning=tuple(each for split in splits for each in split.tuning),
    )


def split_labelled(labelled: Sequence[Labelled]) -> Split:
    """The same for a user's own texts; nothing is held out of them."""
    return Split(
        train=tuple(each for each in labelled if not _is_development(each)),
        development=tuple(each for each in labelled if _is_development(each)),
        held_out=(),
    )


def _is_development(labelled: Labelled) -> bool:
    return _share_of(f"development {labelled.group or labelled.id}") < DEVELOPMENT_SHARE


def _share_of(key: str) -> float:
    """A number from 0 to 1 that only `key` decides."""
    return hashlib.sha256(key.encode()).digest()[0] / 256
