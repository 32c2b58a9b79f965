"""What a model reads of a text that is longer than its input.

text -> sentences -> the title and the lead
                  -> sentences with gate hits, those with most hits first
                  -> what stands beside them, then the lead again
     -> the tokens of these, in the order of the text, within the budget

A comment or an article says what it is about at its beginning, but what it says about migration may
come pages later. Plain truncation never sees that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from classify.gate import gate_hits
from classify.sentences import sentence_spans

LEAD_SHARE = 0.25
"""Of the budget, for the title and the lead before anything else."""

Span = tuple[int, int]


def kept_tokens(
    text: str, offsets: Sequence[Span], budget: int, *, truncate: bool = False
) -> list[int]:
    """Indices of the tokens to read, in order, `budget` at most.

    `offsets` are the tokens' first and last character (exclusive), special tokens left out.
    `truncate` takes the first tokens instead, to compare.
    """
    budget = min(max(budget, 0), len(offsets))
    if budget == len(offsets) or truncate:
        return list(range(budget))
    sentences = _token_spans(offsets, sentence_spans(text))
    hits = _hits_by_sentence(offsets, sentences, gate_hits(text))
    kept: set[int] = set()
    lead = range(round(LEAD_SHARE * budget))
    for tokens in (lead, *(range(*sentences[place]) for place in _by_weight(hits))):
        kept.update([token for token in tokens if token not in kept][: budget - len(kept)])
        if len(kept) == budget:
            return sorted(kept)
    # No hits, or little around them: the lead goes on.
    rest = [token for token in range(len(offsets)) if token not in kept]
    return sorted((*kept, *rest[: budget - len(kept)]))


def _by_weight(hits: Sequence[int]) -> Iterator[int]:
    """Sentences with hits, most hits first, then their neighbours; of equals the earlier one."""
    ranked = sorted((place for place, n in enumerate(hits) if n), key=lambda place: -hits[place])
    yield from ranked
    for place in ranked:
        yield from (near for near in (place + 1, place - 1) if 0 <= near < len(hits))


def _token_spans(offsets: Sequence[Span], sentences: Sequence[Span]) -> list[Span]:
    """First and last token (exclusive) of each sentence; what stands between goes with the one before."""
    starts = [start for start, _ in offsets]
    firsts = [0, *(bisect_right(starts, start - 1) for start, _ in sentences[1:]), len(offsets)]
    return [(a, b) for a, b in pairwise(firsts) if a < b]


def _hits_by_sentence(
    offsets: Sequence[Span], sentences: Sequence[Span], hits: Sequence[Span]
) -> list[int]:
    """How many hits begin in each sentence."""
    firsts = [offsets[a][0] for a, _ in sentences]
    counts = [0] * len(sentences)
    for start, _ in hits:
        counts[max(bisect_right(firsts, start) - 1, 0)] += 1
    return counts
