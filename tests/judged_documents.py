"""Documents whose judgement is chosen by the test, and a batch of them stored as the scoring worker does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import msgspec

from classify.disposition import Disposition
from classify.judge import Judged
from classify.judgement import Judgement, Reading
from classify.stance import Probabilities
from ingest.document import Document, Kind
from storage import daily_counts, documents
from storage.daily_counts import Cell
from storage.database import Database, next_version

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 17)
TOPIC = "regular"

OUTLETS = ("Courier", "Herald", "Post", "Echo")

SURE = {
    "support": Probabilities(0.7, 0.1, 0.1, 0.1),
    "neutral": Probabilities(0.1, 0.7, 0.1, 0.1),
    "oppose": Probabilities(0.1, 0.1, 0.7, 0.1),
    "not_addressed": Probabilities(0.1, 0.1, 0.1, 0.7),
}


def document(
    number: int,
    *,
    day: date = DAY,
    outlet: str = "Courier",
    society: str = "XA",
    story: str = "",
) -> Document:
    """A document whose words do not matter here."""
    published_at = datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC)
    return Document(
        id=f"{number:032x}",
        source="courier",
        outlet=outlet,
        kind=Kind.NEWS,
        society=society,
        language="en",
        url=f"https://courier.example/{number}",
        title=f"Work visas, part {number}",
        text="The scheme was debated again; Zürich’s farms “need” it.",
        published_at=published_at,
        fetched_at=max(NOW, published_at),
        author_key=f"k{number}",
        story=story or f"story-{number}",
    )


def judged(one: Document, stance: str = "support", *, model: str = "m1", **others: str) -> Judged:
    """The document judged for the target `regular`, and for others by name."""
    return Judged(
        document=one,
        disposition=Disposition.JUDGED,
        reading=Reading(
            document_id=one.id,
            relevance=0.9,
            topics=("legal_pathways", "welfare_labour"),
            conflates=True,
            dehumanising=False,
            model=model,
        ),
        judgements=tuple(
            Judgement(document_id=one.id, target=target, p=SURE[name], model=model)
            for target, name in {TOPIC: stance, **others}.items()
        ),
    )


def store(database: Database, *batch: Judged, recount: bool = True) -> None:
    """Store as the scoring worker does."""
    origins = {one.document.id: f"feed:courier/{one.document.id}" for one in batch}
    documents.store_judged(database, batch, origins, next_version())
    if recount:
        daily_counts.recount(database, cells_of(batch))


def cells_of(batch: Sequence[Judged]) -> set[Cell]:
    """The (society, day) cells that a batch touches."""
    return {(one.document.society, one.document.day) for one in batch}


PLAINLY = {
    "support": "We need more work visas. Skilled workers who come legally make this country better.",
    "oppose": "No more work visas. Legal immigration takes our jobs and must be cut.",
}
"""Words that carry the stance."""


def a_day(
    day: date,
    supporting: int,
    opposing: int,
    *,
    society: str = "XA",
    first_number: int | None = None,
) -> Iterator[Judged]:
    """A day of four outlets: of each, so many documents for and against `regular`, and any judge would say so."""
    number = day.toordinal() * 1_000 if first_number is None else first_number
    for outlet in OUTLETS:
        for stance, count in (("support", supporting), ("oppose", opposing)):
            for _ in range(count):
                plain = document(number, day=day, outlet=outlet, society=society)
                yield judged(msgspec.structs.replace(plain, text=PLAINLY[stance]), stance)
                number += 1
