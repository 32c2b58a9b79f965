"""Posts that are remembered in a cursor, and what one reading gathers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.arrival import Arrival
from ingest.document import Document, Kind, document_id
from ingest.gathered_posts import GatheredPosts, Post
from ingest.remembered_posts import (
    MAX_CURSOR_BYTES,
    MOST,
    Remembered,
    from_cursor,
    newest,
    to_cursor,
)

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def remembered(number: int, *, mark: str = "", day: date = TODAY) -> Remembered:
    id = str(115_600_000_000_000_000 + number)
    return Remembered(id, document_id(source="s", own_id=id, url=""), mark, day)


def test_a_cursor_keeps_what_it_was_given() -> None:
    posts = [remembered(2, mark="a1b2c3"), remembered(1, day=TODAY - timedelta(days=3))]
    assert from_cursor(to_cursor({"k": "17"}, posts, TODAY)) == ({"k": "17"}, tuple(posts))


def test_the_newest_posts_of_a_week_are_kept_newest_first() -> None:
    posts = [remembered(n) for n in range(100)] + [
        remembered(500, day=TODAY - timedelta(days=8)),
        remembered(7, mark="edited"),
    ]
    kept = newest(posts, TODAY)
    assert len(kept) == MOST
    assert [int(post.post_id) for post in kept] == sorted(
        (int(post.post_id) for post in kept), reverse=True
    )
    assert kept[0] == remembered(99)


def test_a_post_counts_as_it_was_said_last() -> None:
    assert newest([remembered(7), remembered(7, mark="edited")], TODAY) == (
        remembered(7, mark="edited"),
    )


def test_a_longer_id_is_a_newer_one() -> None:
    old, new = (Remembered(id, "0" * 32, "", TODAY) for id in ("zzz", "1000"))
    assert newest([old, new], TODAY) == (new, old)


def test_a_cursor_stays_within_its_limit_and_drops_the_oldest_posts() -> None:
    since = {f"{n:08x}": "115600000000000000" for n in range(90)}
    cursor = to_cursor(since, [remembered(n, mark="abcdef") for n in range(60)], TODAY)
    assert len(cursor.encode()) <= MAX_CURSOR_BYTES
    assert from_cursor(cursor)[0] == since
    assert from_cursor(cursor)[1][0] == remembered(59, mark="abcdef")


@pytest.mark.parametrize(
    "cursor",
    ["", "{}", "[]", "not json", '{"since": 3}', '{"posts": ["a|b"]}', '{"posts": ["a|!!|c|9"]}', "[" * 9_999],
)  # fmt: skip
def test_what_cannot_be_read_is_not_remembered(cursor: str) -> None:
    assert from_cursor(cursor) == ({}, ())


@given(st.text(max_size=60) | st.text('{"posts":[|]}1a', max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_cursor(text: str) -> None:
    from_cursor(text)
    from_cursor(f'{{"posts": ["{text}"]}}')


def post(number: int, text: str = "words", mark: str = "") -> Post:
    id = remembered(number).post_id
    document = Document(
        id=remembered(number).document_id, source="s", outlet="o", kind=Kind.SOCIAL, society="XA",
        language="en", url="", title="", text=text, published_at=NOW, fetched_at=NOW,
    )  # fmt: skip
    return Post(post_id=id, mark=mark, what=Arrival(f"x:{id}", document))


def closed(number: int) -> Post:
    return Post(post_id=remembered(number).post_id, mark="", what=None)


def test_a_post_that_was_read_before_comes_again_only_when_it_was_edited() -> None:
    gathered = GatheredPosts([remembered(1), remembered(2)])
    gathered.take(post(1))
    gathered.take(post(2, "other words", mark="e"))
    reading = gathered.reading("c")
    assert [each.document.text for each in reading.documents] == ["other words"]
    assert reading.removed == ()


def test_what_is_written_and_deleted_in_one_reading_is_removed_and_no_document() -> None:
    gathered = GatheredPosts([])
    gathered.take(post(1))
    gathered.remove(remembered(1).post_id)
    gathered.remove("9999")
    reading = gathered.reading("c")
    assert (reading.documents, reading.removed) == ((), (remembered(1).document_id,))
    assert gathered.remembered == ()


def test_a_post_that_is_closed_to_us_since_is_removed_and_a_strange_one_passed_over() -> None:
    gathered = GatheredPosts([remembered(1)])
    gathered.take(closed(1))
    gathered.take(closed(2))
    reading = gathered.reading("c")
    assert (reading.removed, reading.passed_over) == ((remembered(1).document_id,), 1)


def test_a_post_that_opens_again_is_a_document_again() -> None:
    gathered = GatheredPosts([remembered(1)])
    gathered.take(closed(1))
    gathered.take(post(1))
    reading = gathered.reading("c")
    assert (len(reading.documents), reading.removed) == (1, ())


def test_nothing_is_nothing_new() -> None:
    assert GatheredPosts([]).reading("c").unchanged
    noted = GatheredPosts([])
    noted.notes += ["a", "a"]
    assert noted.reading("c").notes == ("a",)
    assert not noted.reading("c").unchanged
