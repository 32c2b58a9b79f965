"""What labels of a document are taken to say, and what a week's labels say of a target.

    several labels of one document -> one stance where they agree, most say so or somebody settled it; a tie stays open
                                   -> a score, the mean of them all, tie or not

An estimate takes the mean, so that nothing is left out of it; a matrix and its checks need one stance and leave ties out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from alerts.gold_sample import Drawn
from alerts.prediction_powered import GoldFigure, Labels, net_support
from classify.gold_label import GoldLabel
from classify.stance import Probabilities, Stance

_SCORE = {Stance.SUPPORT: 1.0, Stance.OPPOSE: -1.0}


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What people say of one document and target together."""

    stance: Stance | None
    """None where as many say one thing as another."""
    score: float
    """Mean of +1 support, -1 oppose, else 0."""
    addressed: float
    """Share of those who say that the target is addressed."""


class GoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled document of a sample, as one target sees it."""

    week: str
    society: str
    target: str
    stratum: str
    weight: float
    """Documents that it stands for: those of its stratum over the labelled ones of it."""
    settled: Settled
    p: Probabilities
    """Of the judgement that counts now."""


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """All judged documents of a society's week, as one target sees them."""

    documents: int
    score: float
    """Sum of P(support) - P(oppose)."""
    addressed: float
    """Sum of 1 - P(not addressed)."""


def settle(labels: Iterable[GoldLabel]) -> dict[tuple[str, str], Settled]:
    """By document and target."""
    said: dict[tuple[str, str], list[Stance]] = {}
    decided: dict[tuple[str, str], Stance] = {}
    for one in sorted(labels, key=lambda each: (each.labelled_at, each.annotator)):
        for target, stance in one.stances.items():
            if one.decides:
                decided[one.document_id, target] = stance
            said.setdefault((one.document_id, target), []).append(stance)
    return {
        key: _settled([decided[key]] if key in decided else stances)
        for key, stances in said.items()
    }


def _settled(stances: Sequence[Stance]) -> Settled:
    (first, most), *others = Counter(stances).most_common()
    tie = bool(others) and others[0][1] == most
    return Settled(
        stance=None if tie else first,
        score=sum(_SCORE.get(stance, 0.0) for stance in stances) / len(stances),
        addressed=sum(stance is not Stance.NOT_ADDRESSED for stance in stances) / len(stances),
    )


def rows_of_week(
    week: str,
    sample: Sequence[Drawn],
    settled: Mapping[tuple[str, str], Settled],
    judged: Mapping[tuple[str, str], Probabilities],
) -> list[GoldRow]:
    """The labelled documents of a sample, a row for each target that is labelled and judged."""
    found = []
    targets = sorted({target for _, target in settled})
    for target in targets:
        known = [
            one
            for one in sample
            if (one.document_id, target) in settled and (one.document_id, target) in judged
        ]
        labelled = Counter(one.stratum for one in known)
        found += [
            GoldRow(
                week=week,
                society=one.society,
                target=target,
                stratum=one.stratum,
                weight=one.population / labelled[one.stratum],
                settled=settled[one.document_id, target],
                p=judged[one.document_id, target],
            )
            for one in known
        ]
    return found


def gold_figure(
    rows: Sequence[GoldRow], sample: Sequence[Drawn], total: Total
) -> GoldFigure | None:
    """Net support of one society, week and target from its labelled documents and all that was judged. Documents that came
    after the draw are taken to be like the others. None where labels are too few.
    """
    if not rows:
        return None
    (society,) = {row.society for row in rows}
    population = {one.stratum: one.population for one in sample if one.society == society}
    scale = sum(population.values()) / max(total.documents, 1)
    return net_support(
        Labels(
            stratum=[row.stratum for row in rows],
            score=[row.settled.score for row in rows],
            addressed=[row.settled.addressed for row in rows],
            judged_score=[row.p.support - row.p.oppose for row in rows],
            judged_addressed=[1 - row.p.not_addressed for row in rows],
            population=population,
            total_score=total.score * scale,
            total_addressed=total.addressed * scale,
        )
    )
