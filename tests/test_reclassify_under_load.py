"""Judging again while others score, count, estimate and read: every day is what one model said of it, old or new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from classify.classifier import Assessment
from classify.target import Target
from flows.erasing import erase
from flows.reclassifying import Selection, _fitting, _groups, _spread, count_unjudged, reclassify
from flows.scoring import score_batch
from flows.settings import Settings
from flows.watching import estimate_counted_days
from flows.wiring import Edges, edges
from ingest.bus import DOCUMENTS, ORIGIN, Message
from ingest.document import Document, encode_document
from storage import daily_counts, ledger, removals
from storage.database import Database, Result, Row
from tests.judged_documents import DAY, NOW, TOPIC, document
from tests.second_model import SecondModel

DAYS = tuple(DAY - timedelta(days=n) for n in range(4))
EACH = 8
"""Documents of a society and day: two societies, so that a day takes several batches."""

BATCH = 5


def stance(text: str, otherwise: str) -> str:
    """What has just arrived is neutral for every model; of the rest the old one says support, the new one oppose."""
    return "neutral" if "arrived" in text else otherwise


OLD = SecondModel("old-1", decide=lambda text: stance(text, "support"))
NEW = SecondModel("new-1", decide=lambda text: stance(text, "oppose"))


def stored() -> list[Document]:
    return [
        msgspec.structs.replace(
            document(n, day=day, outlet=f"Outlet {n % 3}", society=society),
            id=f"{n * 7919 % 2**32:08x}" * 4,
            text=f"The work visa scheme was debated ({n}).",
        )
        for n, (day, society) in enumerate(
            (day, society) for day in DAYS for society in ("XA", "XB") for _ in range(EACH)
        )
    ]


def score(opened: Edges, *batch: Document) -> None:
    """As the worker does with what it polled."""
    messages = [
        Message(
            topic=DOCUMENTS,
            partition=0,
            offset=0,
            key=one.id,
            value=encode_document(one),
            headers={ORIGIN: f"feed:courier/{one.id}/{one.edited_at or ''}"},
        )
        for one in batch
    ]
    score_batch(opened, messages, now=NOW)


class Interrupted:
    """Calls `between` after each write, unless that writes itself."""

    def __init__(self, database: Database, between: Callable[[], None]) -> None:
        self._database = database
        self._between = between
        self.url = database.url

    def version(self) -> tuple[int, ...]:
        return self._database.version()

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        self._database.execute(sql, parameters)
        self._between()

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        return self._database.query(sql, parameters)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        self._database.insert(table, columns, rows)
        self._between()

    def close(self) -> None:
        self._database.close()


class InterruptedModel(msgspec.Struct, frozen=True):
    """The new model, which lets others work while it judges."""

    between: Callable[[], None]
    model: str = NEW.model
    languages: frozenset[str] = frozenset()

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        self.between()
        return NEW.assess(texts, targets)


def interrupted(opened: Edges, between: Callable[[], None]) -> Edges:
    database: Any = Interrupted(opened.database, between)
    return msgspec.structs.replace(
        opened,
        database=database,
        classifier=InterruptedModel(between),
        settings=opened.settings.model_copy(update={"batch_size": BATCH}),
    )


@contextmanager
def scored_by_the_old_model(settings: Settings) -> Iterator[Edges]:
    """From now on everybody has the new one."""
    with edges(settings, create=True, sources=[]) as opened:
        score(msgspec.structs.replace(opened, classifier=OLD), *stored())
        estimate_counted_days(opened)
        yield msgspec.structs.replace(opened, classifier=NEW)


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes."""
    with scored_by_the_old_model(settings.model_copy(update={"model": "lexicon"})) as opened:
        yield opened


@pytest.fixture
def embedded(embedded_settings: Settings) -> Iterator[Edges]:
    """SQLite and chdb only."""
    with scored_by_the_old_model(
        embedded_settings.model_copy(update={"model": "lexicon"})
    ) as opened:
        yield opened


JUDGED = (
    "SELECT society, day, countIf(stance = 'support'), countIf(stance = 'oppose')"
    f" FROM judgements FINAL WHERE target = '{TOPIC}' AND stance != 'neutral' GROUP BY society, day"
)
COUNTED = (
    "SELECT society, day, sum(support), sum(oppose) FROM daily_counts FINAL"
    f" WHERE target = '{TOPIC}' GROUP BY society, day"
)
PUBLISHED = f"SELECT society, day, support, oppose FROM points FINAL WHERE target = '{TOPIC}'"


def days_by_model(opened: Edges, sql: str) -> dict[str, int]:
    """How many (society, day) are the old model's, and the new one's. Each is whole, and of one of them."""
    found = {"old": 0, "new": 0}
    for society, day, supporting, opposing in opened.database.query(sql).rows:
        assert (supporting, opposing) in ((EACH, 0), (0, EACH)), (society, day, sql)
        found["old" if supporting else "new"] += 1
    assert sum(found.values()) == 2 * len(DAYS)
    return found


def test_each_day_is_of_one_model_whenever_it_is_read(opened: Edges) -> None:
    seen: list[tuple[int, ...]] = []
    arrived: list[Document] = []
    busy = False

    def between() -> None:
        nonlocal busy
        if busy:
            return
        busy = True
        turn = len(seen)
        if turn % 3 == 1:  # documents arrive on all of these days, and are judged by the new model
            batch = [
                msgspec.structs.replace(
                    document(10_000 + 10 * turn + n, day=day, society="XA"),
                    text=f"The work visa scheme: arrived in turn {turn}.",
                )
                for n, day in enumerate(DAYS)
            ]
            score(opened, *batch)
            arrived.extend(batch)
        if turn % 3 == 2:
            estimate_counted_days(opened)
        seen.append(
            tuple(days_by_model(opened, sql)["new"] for sql in (JUDGED, COUNTED, PUBLISHED))
        )
        busy = False

    report = reclassify(interrupted(opened, between), Selection())
    assert report.judged == 2 * len(DAYS) * EACH
    assert report.batches > len(DAYS) < len(seen)
    # It was seen under way, not only before and after; and nothing that was new became old again.
    assert len({judged for judged, _, _ in seen}) == len(DAYS) + 1
    assert any(0 < published < 2 * len(DAYS) for *_, published in seen)
    for earlier, later in pairwise(seen):
        assert all(a <= b for a, b in zip(earlier, later, strict=True))

    assert days_by_model(opened, PUBLISHED) == {"old": 0, "new": 2 * len(DAYS)}
    ((neutral,),) = opened.database.query(
        f"SELECT sum(neutral) FROM daily_counts FINAL WHERE target = '{TOPIC}'"
    ).rows
    assert neutral == len(arrived) > 0
    cells = {(society, day) for day in DAYS for society in ("XA", "XB")}
    assert daily_counts.miscounted(opened.database, cells) == []
    assert sum(ledger.totals(opened.database).values()) == len(stored()) + len(arrived)
    assert count_unjudged(opened, Selection()) == []


def test_an_edition_that_comes_while_its_day_is_judged_again_stays(embedded: Edges) -> None:
    one = stored()[0]
    edition = msgspec.structs.replace(
        one, text="The work visa scheme: arrived anew.", edited_at=NOW
    )
    waiting = [edition]

    def between() -> None:
        if waiting:
            score(embedded, waiting.pop())

    reclassify(interrupted(embedded, between), Selection())
    ((word, model),) = embedded.database.query(
        f"SELECT stance, model FROM judgements FINAL WHERE document_id = '{one.id}' AND target = '{TOPIC}'"
    ).rows
    assert (word, model) == ("neutral", NEW.model)
    counted = {
        (society, day): (opposing, supporting)
        for society, day, supporting, opposing in embedded.database.query(COUNTED).rows
    }
    assert counted.pop((one.society, one.day)) == (EACH - 1, 0)
    assert set(counted.values()) == {(EACH, 0)}


def test_what_is_forgotten_while_its_day_is_judged_again_does_not_come_back(
    embedded: Edges,
) -> None:
    gone = stored()[0]
    waiting = [gone.id]

    def between() -> None:
        if waiting:
            removals.remove(embedded.database, gone.source, [waiting.pop()], NOW)
            erase(embedded, now=NOW)

    reclassify(interrupted(embedded, between), Selection())
    for table, column in (
        ("documents", "id"),
        ("readings", "document_id"),
        ("judgements", "document_id"),
    ):
        rows = embedded.database.query(
            f"SELECT {column} FROM {table} WHERE {column} = '{gone.id}'"
        ).rows
        assert rows == []
    ((counted,),) = embedded.database.query(
        f"SELECT sum(support + oppose) FROM daily_counts FINAL WHERE target = '{TOPIC}'"
    ).rows
    assert counted == len(stored())


def test_a_limit_leaves_no_day_half_judged(embedded: Edges) -> None:
    again = msgspec.structs.replace(
        embedded, settings=embedded.settings.model_copy(update={"batch_size": BATCH})
    )
    report = reclassify(again, Selection(limit=3))
    assert report.read == 2 * EACH  # the whole day that was begun
    assert days_by_model(embedded, PUBLISHED) == {"old": 6, "new": 2}
    assert days_by_model(embedded, JUDGED) == {"old": 6, "new": 2}
    assert (
        reclassify(again, Selection(limit=40)).read == 4 * EACH
    )  # two days; a third would be too many
    assert reclassify(again, Selection()).read == 2 * EACH


# The order of days


def day(number: int) -> date:
    return date(2026, 11, number)


def test_days_are_taken_together_up_to_the_size_of_a_batch() -> None:
    days = [(day(1), 3), (day(2), 2), (day(3), 9), (day(4), 1)]
    assert _groups(days, 5) == [days[:2], days[2:3], days[3:]]
    assert _groups([], 5) == []
    assert _fitting(days, 100) == (days, [])
    assert _fitting(days, 4) == (days[:1], days[1:])
    assert _fitting(days, 1) == (days[:1], days[1:])


@pytest.mark.parametrize("number", [1, 2, 7, 30, 31])
def test_days_that_are_done_lie_evenly_over_the_month(number: int) -> None:
    order = [group[0][0].day for group in _spread([[(day(n), 1)] for n in range(1, number)])]
    assert sorted(order) == list(range(1, number))
    for done in range(1, number):
        half = sum(one <= number / 2 for one in order[:done])
        assert abs(half - (done - half)) <= 2
