"""From labelled texts to tensors: one tokenisation, batches of like length, labels in the heads' order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
import torch
from torch import Tensor

from classify.codebook import FLAGS, STANCES, TOPICS
from classify.labelled import Labelled
from classify.stance import Stance
from classify.target import TARGETS, Target

IGNORED = -100
"""The class index that torch's cross entropy passes over."""

UNLABELLED = float("nan")

ADDRESSED = len(STANCES) - 1
"""Stances below this index are of an addressed target."""

SORTED_TOGETHER = 25
"""Batches whose texts are sorted by length together: little padding, and still a random order."""

Tokenise = Callable[[str], list[int]]
"""A text's token ids, special tokens included, cut to the longest input."""


class Tokenised(msgspec.Struct, frozen=True):
    """One labelled text, ready for a batch."""

    ids: list[int]
    stances: list[int]
    """By codebook target; IGNORED where not labelled."""
    shared: list[int]
    """The one stance of all addressed targets, for the targets that are not; else IGNORED."""
    document: list[float]
    """Relevance, topics, flags; UNLABELLED where not labelled."""
    own: dict[int, int]
    """Of the text's own targets: index of the description -> stance."""


class Batch(msgspec.Struct, frozen=True):
    """Tensors of B texts, padded to the longest of them (L tokens), asked about T targets."""

    asked: list[int]
    """Indices of the T descriptions: the codebook's, then the texts' own."""
    input_ids: Tensor
    attention_mask: Tensor
    stances: Tensor
    shared: Tensor
    document: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        tensors = (getattr(self, name) for name in self.__struct_fields__[1:])
        return Batch(self.asked, *(tensor.to(device) for tensor in tensors))


def targets_of(labelled: Iterable[Labelled]) -> tuple[Target, ...]:
    """The codebook's four, then every own target of the texts, each description once."""
    own = {target.description: target for each in labelled for target in each.own_targets}
    return (*TARGETS, *own.values())


def tokenised(
    labelled: Sequence[Labelled], targets: Sequence[Target], tokenise: Tokenise
) -> list[Tokenised]:
    """One each, in order; `targets` are those of targets_of."""
    places = {target.description: place for place, target in enumerate(targets)}
    return [_tokenised(each, places, tokenise(each.text)) for each in labelled]


def padded(rows: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask, (B, L) of int64."""
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
    return ids, mask


def batch_of(rows: Sequence[Tokenised]) -> Batch:
    """The tensors of `rows`."""
    ids, mask = padded([row.ids for row in rows])
    own = sorted({place for row in rows for place in row.own})
    return Batch(
        asked=[*range(len(TARGETS)), *own],
        input_ids=ids,
        attention_mask=mask,
        stances=torch.tensor(
            [[*row.stances, *(row.own.get(place, IGNORED) for place in own)] for row in rows]
        ),
        shared=torch.tensor([[*row.shared, *(IGNORED for _ in own)] for row in rows]),
        document=torch.tensor([row.document for row in rows]),
    )


def shuffled(rows: Sequence[Tokenised], size: int, rng: random.Random) -> list[list[int]]:
    """Indices of the batches of one epoch."""
    order = list(range(len(rows)))
    rng.shuffle(order)
    together = size * SORTED_TOGETHER
    batches = [
        chunk[start : start + size]
        for chunk in _sorted_chunks(order, rows, together)
        for start in range(0, len(chunk), size)
    ]
    rng.shuffle(batches)
    return batches


def _sorted_chunks(order: list[int], rows: Sequence[Tokenised], size: int) -> Iterator[list[int]]:
    for start in range(0, len(order), size):
        yield sorted(order[start : start + size], key=lambda i: len(rows[i].ids))


def _tokenised(labelled: Labelled, places: Mapping[str, int], ids: list[int]) -> Tokenised:
    stances = [
        STANCES.index(labelled.stances[target.name]) if target.name in labelled.stances else IGNORED
        for target in TARGETS
    ]
    addressed = {stance for stance in stances if 0 <= stance < ADDRESSED}
    only = addressed.pop() if len(addressed) == 1 else IGNORED
    return Tokenised(
        ids,
        stances,
        [only if stance == ADDRESSED else IGNORED for stance in stances],
        _document(labelled),
        {
            places[target.description]: STANCES.index(labelled.stances[target.name])
            for target in labelled.own_targets
        },
    )


def _document(labelled: Labelled) -> list[float]:
    relevant = labelled.relevant
    return [
        UNLABELLED if relevant is None else float(relevant),
        *_given(TOPICS, labelled.topics),
        *_given(FLAGS, labelled.flags),
    ]


def _given(names: Sequence[str], given: Sequence[str] | None) -> list[float]:
    return [UNLABELLED if given is None else float(name in given) for name in names]


assert STANCES[ADDRESSED] is Stance.NOT_ADDRESSED
