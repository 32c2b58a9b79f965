"""docs/cookbook.md: every query runs on both databases, and the answer below it has the columns that the query gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from benchmarks.cookbook import COOKBOOK, SHOWN_ROWS, answer, questions, with_answers
from flows.settings import Settings
from flows.watching import watch
from flows.wiring import Edges, edges
from storage.database import Result
from tests.judged_documents import a_day, judged, store
from tests.people import People

PAGE = COOKBOOK.read_text("utf-8")

SUNDAY = date(2026, 11, 15)


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Six weeks of two series of XB, once for each kind of database."""
    with edges(settings, create=True, sources=[]) as opened:
        batch = [
            judged(one.document, "oppose" if number < 15 else "support", irregular="oppose")
            for number in range(42)
            for one in a_day(SUNDAY - timedelta(days=number), 2, 2, society="XB")
        ]
        store(opened.database, *batch)
        watch(
            msgspec.structs.replace(opened, channels=(People(),)),
            now=datetime(2026, 11, 16, 1, tzinfo=UTC),
        )
        yield opened


def test_every_query_of_the_cookbook_runs_and_gives_the_columns_of_its_answer(
    opened: Edges,
) -> None:
    assert len(questions(PAGE)) >= 25
    for one in questions(PAGE):
        result = opened.database.query(one.sql)
        assert list(result.columns) == one.columns, one.sql
    given = [opened.database.query(one.sql).rows for one in questions(PAGE)[:4]]
    assert all(given), "the queries look for what is there"


def test_every_question_has_a_query_an_answer_and_a_sentence_on_how_to_read_it() -> None:
    parts = re.split(r"^## (\d+)\. .+\?$", PAGE, flags=re.MULTILINE)
    numbers, texts = parts[1::2], parts[2::2]
    assert numbers == [str(n) for n in range(1, len(questions(PAGE)) + 1)]
    for text in texts:
        (reading,) = re.findall(r"```\n\n([^`\n].*|`.*)\n$", text.rstrip() + "\n")
        assert len(reading.split()) >= 8
    assert "**Everything shown is simulated**" in parts[0]


def test_answers_are_written_below_their_queries() -> None:
    page = "## 1. A?\n\n```sql\nSELECT 1\n```\n\n```text\nold\n```\n\nRead it.\n"
    result = Result(
        ("n", "text", "share"), ("UInt8", "String", "Float64"), [(7, "a\nb", None), (12, "c", 0.5)]
    )
    written = with_answers(page, lambda sql: result)
    assert "```text\n n  text  share\n 7  a b       -\n12  c      0.50\n```\n\nRead it." in written
    many = Result(("n",), ("UInt8",), [(n,) for n in range(SHOWN_ROWS + 3)])
    assert answer(many).endswith("… 3 more rows\n")
