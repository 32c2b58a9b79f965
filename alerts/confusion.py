"""The known errors of a classifier, and the scores of judged documents that undo them.

    M[i][j] = P(judged j | true i)        a = M^-1 c,  c = (1, 0, -1)        net support = mean of a[judged]

(adjusted count: Forman 2005, 2008; Bella et al. 2010). Because a is linear, every figure below it is a weighted
mean of scores. It assumes that classes are confused now as they were in the labelled text, whatever their
shares now are; it does not mend a classifier that has become worse.

Everywhere the order is support, neutral, oppose: rows are true, columns are judged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from classify.manifest import Manifest
from classify.stance import Stance

ORDER = (Stance.SUPPORT, Stance.NEUTRAL, Stance.OPPOSE)

NET = (1.0, 0.0, -1.0)
"""What a document of each stance adds to net support, in ORDER."""

MIN_SINGULAR = 0.3
"""Below it a level is refused: the correction would multiply noise by more than three."""

SHAPES = (
    'write {"support": {"support": n, "neutral": n, "oppose": n}, "neutral": {…}, "oppose": {…}}, the outer '
    "key the true stance, or [[n, n, n], [n, n, n], [n, n, n]], a row per true and a column per judged "
    "stance in the order support, neutral, oppose"
)

_WITH_NOT_ADDRESSED = (*ORDER, Stance.NOT_ADDRESSED)

Triple = tuple[float, float, float]


class Confusion(msgspec.Struct, frozen=True):
    """Counts of labelled documents, true x judged, in ORDER; without counts nothing is corrected."""

    counts: tuple[tuple[int, int, int], ...] = ()

    @property
    def corrects(self) -> bool:
        """False of NONE."""
        return bool(self.counts)


NONE = Confusion()
"""Every judgement is taken to be true."""


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What a confusion matrix does to a figure."""

    scores: Triple
    """a, by judged stance in ORDER; NET without correction and where `refusal` says why there is none."""
    inverse: tuple[Triple, Triple, Triple]
    """M^-1: shares of judged stances (a row vector) times it are shares of true stances."""
    noise: Triple
    """By true stance: variance of the score of one such document, from the mistakes of the classifier
    alone. Jeffreys' half a document is added to every cell: a row without a mistake is not without error."""
    labelled: Triple
    """By true stance: labelled documents; infinite without correction."""
    smallest_singular_value: float
    """Of M; 1 without correction."""
    refusal: str
    """Empty where the correction can be used; else one sentence that names the remedy."""


def confusion_from_counts(rows: Sequence[Sequence[Any]]) -> Confusion:
    """`rows`: 3 x 3 in ORDER, or 4 x 4 with not_addressed last, whose row and column are dropped.

    What is left describes text that addresses the target and is judged to. Raises ValueError naming the
    cell and what to write unless all are whole numbers of at least 0.
    """
    size = len(rows)
    if size not in (3, 4) or any(not _is_row(row) or len(row) != size for row in rows):
        raise ValueError(f"a confusion matrix has three rows of three counts; {SHAPES}")
    support, neutral, oppose = (
        (_count(row[0], i, ORDER[0]), _count(row[1], i, ORDER[1]), _count(row[2], i, ORDER[2]))
        for i, row in zip(ORDER, rows[:3], strict=True)
    )
    return Confusion((support, neutral, oppose))


def confusion_from_json(text: str | bytes) -> Confusion:
    """A matrix in one of SHAPES; a judged stance that a row leaves out was judged 0 times.

    `not_addressed` may be there and is dropped. Raises ValueError that says what to write.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is no JSON ({error}); {SHAPES}") from error
    if isinstance(value, list):
        return confusion_from_counts(value)
    if not isinstance(value, Mapping):
        raise ValueError(f"a confusion matrix has three rows of three counts; {SHAPES}")
    for row in (value, *value.values()):
        if not isinstance(row, Mapping):
            raise ValueError(f"every true stance needs its counts by judged stance; {SHAPES}")
        for name in row:
            if name not in _WITH_NOT_ADDRESSED:
                raise ValueError(f"{str(name)[:40]!r} is no stance; {SHAPES}")
    missing = [each.value for each in ORDER if each not in value]
    if missing:
        raise ValueError(f"the true stance {missing[0]!r} has no row; {SHAPES}")
    return confusion_from_counts([[value[i].get(j, 0) for j in ORDER] for i in ORDER])


def confusion_of_manifest(manifest: Manifest, target: str) -> Confusion:
    """The shipped matrix of a codebook target; of a target of one's own, those of all targets together.

    The row and the column of not_addressed are dropped: how much of the corpus does not address the target
    is the corpus's affair and not known from labelled text, so the figure is about documents that are judged
    to address it. NONE for a manifest that has no matrix.
    """
    own = manifest.confusion.get(target)
    matrices = [own] if own is not None else list(manifest.confusion.values())
    if not matrices:
        return NONE
    place = [manifest.stances.index(stance) for stance in ORDER]
    return confusion_from_counts(
        [[sum(matrix[i][j] for matrix in matrices) for j in place] for i in place]
    )


@lru_cache(maxsize=1024)
def correction(confusion: Confusion) -> Correction:
    """What `confusion` does; never raises: a matrix that cannot be used has a `refusal`.

        V_M = sum_i p_i^2 noise_i / labelled_i         p = true shares = judged shares x M^-1

    is the variance that the matrix's own labelled documents leave in a corrected figure (delta method on
    a = M^-1 c with multinomial rows).
    """
    if not confusion.corrects:
        return _uncorrected("")
    import numpy as np

    counts = np.array(confusion.counts, dtype=np.float64)
    labelled = counts.sum(axis=1)
    for stance, row in zip(ORDER, labelled, strict=True):
        if row == 0:
            return _uncorrected(
                f"the confusion matrix has no labelled document whose true stance is {stance.value}; "
                "label some, or correct with another matrix or none",
                smallest=0.0,
            )
    shares = counts / labelled[:, None]
    smallest = float(np.linalg.svd(shares, compute_uv=False)[-1])
    if smallest < MIN_SINGULAR:
        return _uncorrected(
            f"the confusion matrix hardly tells stances apart (smallest singular value {smallest:.2f}, "
            f"needed {MIN_SINGULAR}); correct with a better classifier's matrix or none",
            smallest=smallest,
        )
    inverse = np.linalg.inv(shares)
    scores = inverse @ np.array(NET)
    smooth = (counts + 0.5) / (labelled + 1.5)[:, None]
    noise = smooth @ scores**2 - (smooth @ scores) ** 2
    return Correction(
        scores=tuple(scores.tolist()),
        inverse=tuple(tuple(row) for row in inverse.tolist()),  # type: ignore[arg-type]
        noise=tuple(noise.tolist()),
        labelled=tuple(labelled.tolist()),
        smallest_singular_value=smallest,
        refusal="",
    )


def _uncorrected(refusal: str, *, smallest: float = 1.0) -> Correction:
    endless = float("inf")
    return Correction(
        scores=NET,
        inverse=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
        noise=(0.0, 0.0, 0.0),
        labelled=(endless, endless, endless),
        smallest_singular_value=smallest,
        refusal=refusal,
    )


def _is_row(row: object) -> bool:
    return isinstance(row, Sequence) and not isinstance(row, str | bytes)


def _count(value: object, true: Stance, judged: Stance) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    whole = whole or (isinstance(value, float) and value.is_integer())
    if not whole or not 0 <= value < 1e15:  # type: ignore[operator]
        raise ValueError(
            f"the count of documents truly {true.value} and judged {judged.value} is {str(value)[:40]}; "
            "write how many labelled documents there were, a whole number of at least 0, no share"
        )
    return int(value)  # type: ignore[call-overload,no-any-return]
