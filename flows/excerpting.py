"""Excerpts for alerts and digests: of a handful of documents, the sentence that carries the stance.

series and days -> the clearest documents -> their text -> evidence, in one call of the classifier
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from alerts.excerpt import Excerpt
from classify.evidence import Claim, find_evidence
from classify.judge import text_of
from classify.stance import Stance
from flows.wiring import Edges
from ingest.document import Document
from storage import stored_documents

SHOWN = {Stance.OPPOSE: 2, Stance.SUPPORT: 1}
"""Excerpts of a series by stance, in this order; an alert tells of a fall, so what opposes comes first."""

READ = 3
"""Documents looked at for each stance; some have no text any more, or no sentence that says it."""


class Period(msgspec.Struct, frozen=True):
    """One series on some days, both included."""

    society: str
    target: str
    first: date
    last: date


def find_excerpts(edges: Edges, periods: Sequence[Period]) -> dict[Period, tuple[Excerpt, ...]]:
    """Excerpts of each period that has any. The text of documents is read and judged sentence by sentence."""
    targets = {target.name: target for target in edges.targets}
    found: list[tuple[Period, Stance, Document]] = []
    for period in periods:
        if period.target not in targets:
            continue  # the settings had it when its documents were judged
        ids = stored_documents.clearest(
            edges.database, period.society, period.target, period.first, period.last, each=READ
        )
        documents, _ = stored_documents.documents_of(
            edges.database, list(ids), period.first, period.last
        )
        by_id = {document.id: document for document in documents}
        found += [(period, stance, by_id[key]) for key, stance in ids.items() if key in by_id]
    evidence = find_evidence(
        [
            Claim(text=text_of(document), target=targets[period.target], stance=stance)
            for period, stance, document in found
        ],
        edges.classifier,
    )
    excerpts: dict[Period, list[Excerpt]] = {}
    for (period, stance, document), said in zip(found, evidence, strict=True):
        if said is not None:
            excerpts.setdefault(period, []).append(
                Excerpt(
                    outlet=document.outlet,
                    day=document.day,
                    url=document.url,
                    stance=stance,
                    sentence=said.sentence,
                )
            )
    return {period: _shown(all_of_it) for period, all_of_it in excerpts.items()}


def _shown(excerpts: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
    return tuple(
        one
        for stance, most in SHOWN.items()
        for one in [each for each in excerpts if each.stance is stance][:most]
    )
