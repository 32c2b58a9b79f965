"""Media Cloud's stories to documents, and its reader against a service on 127.0.0.1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.document import Kind, encode_document
from ingest.fetch import Fetcher, FetchFailed
from ingest.mediacloud import MAX_STORIES, NotStories, Page, parse_stories
from ingest.mediacloud_reader import MediaCloudReader
from ingest.mediacloud_search import Progress, after, decode_progress, encode_progress
from ingest.reading import Memory, Reading
from ingest.source import Source
from ingest.source_options import MediaCloudOptions, SourceType
from tests.hostile_text import HOSTILE
from tests.local_mediacloud import LocalMediaCloud, local_mediacloud, refusal
from tests.stream_posts import surroundings

DATA = Path(__file__).parent / "data" / "mediacloud"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def cloud_source(url: str = "https://search.example", **options: Any) -> Source:
    chosen: dict[str, Any] = {
        "query": "refugees OR asylum",
        "collections": (34412234, 38379429),
        "token": "CLOUD_TOKEN",
    } | options
    return Source(
        name="cloud",
        url=url,
        outlet="Media Cloud",
        kind=Kind.NEWS,
        society="unknown",
        language="und",
        type=SourceType.MEDIACLOUD,
        options=MediaCloudOptions(**chosen),
    )


def parse(body: bytes) -> Page:
    return parse_stories(body, source=cloud_source(), address="https://search.example", read_at=NOW)


def answer(*stories: Any, token: str | None = None) -> bytes:
    return json.dumps({"stories": stories, "pagination_token": token}).encode()


def story(**over: Any) -> dict[str, Any]:
    return {
        "id": "a1",
        "title": "On refugees",
        "url": "https://courier.example/1",
        "language": "en",
        "media_name": "courier.example",
        "publish_date": "2026-11-19",
        "indexed_date": "2026-11-20T03:00:00",
    } | over


# -- Stories ---------------------------------------------------------------------------------------


def test_the_sample_gives_what_it_says() -> None:
    page = parse((DATA / "story_list.json").read_bytes())
    first, second, third = (arrival.document for arrival in page.documents)
    assert (first.outlet, first.language, first.text) == ("courier.example", "en", "")
    assert first.published_at == datetime(2026, 11, 19, 12, tzinfo=UTC)  # the day is all they know
    assert second.title == "Stadtrat & Land streiten über Flüchtlinge"
    assert second.published_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)  # found before midday
    assert third.published_at == datetime(2026, 11, 20, 9, 0, 0, 500_000, tzinfo=UTC)
    assert (third.language, third.url) == ("und", "https://herald.example/visas?utm_source=x")
    assert [letter.reason for letter in page.dead] == ["neither title nor text"]
    assert page.dead[0].place == "https://search.example story 4"
    assert page.token.startswith("MjAy")
    assert page.last_indexed == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_the_same_story_is_the_same_row_and_the_same_document_as_its_page() -> None:
    one, two = parse(answer(story())), parse(answer(story(title="On refugees, again")))
    assert one.documents[0].origin == two.documents[0].origin
    assert one.documents[0].document.id == two.documents[0].document.id
    assert len(parse(answer(story(), story())).documents) == 1


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"title": ""}, "neither title nor text"),
        ({"title": 7}, "it is no story"),
        ({"publish_date": "last week"}, "date cannot be read"),
        ({"publish_date": "2027-01-01"}, "in the future"),
        ({"publish_date": "1899-01-01"}, "before 2000"),
        ({"publish_date": None, "indexed_date": None}, "neither publish_date nor indexed_date"),
        ({"title": "long " * 1_000}, "longer than 2,048 bytes"),
    ],
)
def test_a_story_that_can_be_no_document_is_a_dead_letter(
    over: dict[str, Any], reason: str
) -> None:
    page = parse(answer(story(**over), story(id="b2", url="https://courier.example/2")))
    assert reason in page.dead[0].reason
    assert len(page.documents) == 1


def test_a_story_without_a_usable_address_is_known_by_its_id() -> None:
    page = parse(answer(story(url="javascript:alert(1)"), story(id="b2", url=None)))
    assert [arrival.document.url for arrival in page.documents] == ["", ""]
    assert len({arrival.document.id for arrival in page.documents}) == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>welcome</html>", "it sent a page"),
        (b"", "no JSON"),
        (b"[]", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (
            b'{"status":"error","note":"You have used up your quota - 4000 hits per week"}',
            "used up",
        ),
        (b"{}", "it refuses: nothing"),
        (b'{"stories": 7}', "no JSON that is known"),
    ],
)
def test_what_is_no_list_of_stories_is_told(body: bytes, said: str) -> None:
    with pytest.raises(NotStories, match=said):
        parse(body)


def test_more_stories_than_are_read_are_counted() -> None:
    page = parse(answer(*[story(id=str(n)) for n in range(MAX_STORIES + 5)], token="next"))
    assert (len(page.documents), page.unread) == (MAX_STORIES, 5)
    assert after(Progress(), page).token == ""  # the token would skip them


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_a_document_or_a_dead_letter(text: str) -> None:
    page = parse(answer(story(title=f"{text} refugees"), story(id="2", media_name=text, url=text)))
    assert len(page.documents) + len(page.dead) == 2
    for arrival in page.documents:
        assert "<script" not in arrival.document.title + arrival.document.outlet
        encode_document(arrival.document)


def test_a_time_that_cannot_be_does_not_move_the_cursor() -> None:
    page = parse(answer(story(indexed_date="9999-12-31T23:59:59"), story(id="2")))
    assert page.last_indexed == datetime(2026, 11, 20, 3, tzinfo=UTC)


# -- The reader ------------------------------------------------------------------------------------


@pytest.fixture
def cloud() -> Iterator[LocalMediaCloud]:
    with local_mediacloud() as service:
        yield service


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(pause=0, allowed_hosts=frozenset({"127.0.0.1"})) as one:
        yield one


def read(
    cloud: LocalMediaCloud,
    fetcher: Fetcher,
    cursor: str = "",
    *,
    now: datetime = NOW,
    **options: Any,
) -> Reading:
    around = surroundings(fetcher, secret={"CLOUD_TOKEN": cloud.token}.get)  # type: ignore[arg-type]
    reader = MediaCloudReader(apart=timedelta(0))
    return reader.read(cloud_source(cloud.url, **options), Memory(cursor=cursor), around, now)


def failure(cloud: LocalMediaCloud, fetcher: Fetcher, cursor: str = "") -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        read(cloud, fetcher, cursor)
    assert cloud.token not in failed.value.reason
    assert "\n" not in failed.value.reason
    return failed.value


def titles(reading: Reading) -> list[str]:
    return [arrival.document.title for arrival in reading.documents]


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def test_it_asks_as_the_service_wants_to_be_asked(cloud: LocalMediaCloud, fetcher: Fetcher) -> None:
    assert read(cloud, fetcher).documents == ()
    assert cloud.asked == [
        {
            "q": "(refugees OR asylum) AND indexed_date:[2026-11-19T12:00:00 TO *]",
            "start": "2026-10-20",
            "end": "2026-11-21",
            "platform": "onlinenews-mediacloud",
            "cs": "34412234,38379429",
            "page_size": "1000",
            "sort_order": "asc",
        }
    ]


def test_a_first_reading_begins_a_day_ago_and_later_ones_go_on(
    cloud: LocalMediaCloud, fetcher: Fetcher
) -> None:
    for hours in (30, 20, 10):
        cloud.find(hours_ago(hours), f"{hours} hours ago")
    one = read(cloud, fetcher)
    assert (titles(one), one.more) == (["20 hours ago", "10 hours ago"], False)
    cloud.find(hours_ago(10.1), "found with the last, seen later")
    cloud.find(hours_ago(1), "old news, found today", "2026-11-05")
    cloud.find(hours_ago(1), "far too old news", "2020-01-01")
    two = read(cloud, fetcher, one.memory.cursor)
    assert titles(two) == [
        "found with the last, seen later",
        "10 hours ago",
        "old news, found today",
    ]
    three = read(cloud, fetcher, two.memory.cursor)
    assert titles(three) == ["old news, found today"]
    assert (three.more, three.retry_after) == (False, None)


def test_pages_are_read_one_a_reading_with_a_pause(
    cloud: LocalMediaCloud, fetcher: Fetcher
) -> None:
    for n in range(25):
        cloud.find(hours_ago(20) + timedelta(minutes=n // 5), f"story {n}")
    cloud.page_size = 10
    cursor, found, readings = "", list[str](), 0
    while True:
        reading = read(cloud, fetcher, cursor)
        found += titles(reading)
        cursor, readings = reading.memory.cursor, readings + 1
        assert len(cursor.encode()) < 4_096
        if not reading.more:
            break
        assert reading.retry_after is not None
    assert found == [f"story {n}" for n in range(25)]
    assert (readings, len(cloud.asked)) == (3, 3)


def test_a_last_page_that_is_full_ends_all_the_same(
    cloud: LocalMediaCloud, fetcher: Fetcher
) -> None:
    for n in range(4):
        cloud.find(hours_ago(20), f"story {n}")
    cloud.page_size = 2
    one = read(cloud, fetcher)
    two = read(cloud, fetcher, one.memory.cursor)
    three = read(cloud, fetcher, two.memory.cursor)
    assert [one.more, two.more, three.more] == [True, True, False]
    assert titles(three) == []


def test_a_token_that_is_no_longer_understood_is_replaced_by_the_time(
    cloud: LocalMediaCloud, fetcher: Fetcher
) -> None:
    for n in range(4):
        cloud.find(hours_ago(20 - n), f"story {n}")
    cloud.page_size = 2
    one = read(cloud, fetcher)
    cloud.faults = [refusal(400, "bad token")]
    cloud.page_size = 1_000
    two = read(cloud, fetcher, one.memory.cursor)
    assert titles(two) == ["story 1", "story 2", "story 3"]


def test_two_requests_are_half_a_minute_apart(cloud: LocalMediaCloud) -> None:
    asked: list[float] = []

    class Watched(Fetcher):
        def fetch(self, url: str, **more: Any) -> Any:
            asked.append(more["apart"])
            return super().fetch(url, **more | {"apart": 0})

    with Watched(pause=0, allowed_hosts=frozenset({"127.0.0.1"})) as fetcher:
        around = surroundings(fetcher, secret=lambda name: cloud.token)
        MediaCloudReader().read(cloud_source(cloud.url), Memory(), around, NOW)
    assert asked == [30.0]


def test_a_back_fill_reads_days_whenever_they_were_found(
    cloud: LocalMediaCloud, fetcher: Fetcher
) -> None:
    for n in range(5):
        cloud.find(hours_ago(5), f"of the {n + 1}th", f"2026-09-0{n + 1}")
    cloud.page_size = 2
    around = surroundings(fetcher, secret=lambda name: cloud.token)
    reader, memory, found = MediaCloudReader(apart=timedelta(0)), Memory(), list[str]()
    first, last = datetime(2026, 9, 2, tzinfo=UTC), datetime(2026, 9, 4, tzinfo=UTC)
    for _ in range(5):
        reading = reader.back_fill(cloud_source(cloud.url), first, last, memory, around, NOW)
        found, memory = found + titles(reading), reading.memory
        if not reading.more:
            break
    assert found == ["of the 2th", "of the 3th", "of the 4th"]
    assert "indexed_date" not in cloud.asked[0]["q"]


@pytest.mark.parametrize(
    ("fault", "said", "wait", "permanent"),
    [
        (refusal(400, "You have used up your quota"), "weekly quota", timedelta(hours=1), False),
        (refusal(401), "does not accept the token in CLOUD_TOKEN", None, True),
        (refusal(403), "does not accept the token in CLOUD_TOKEN", None, True),
        (refusal(429), "two requests a minute", timedelta(minutes=1), False),
        (refusal(429, Retry_After="600"), "two requests a minute", timedelta(minutes=10), False),
        (refusal(502), "502", None, False),
        (refusal(200, "You have used up your quota"), "used up", timedelta(hours=1), False),
        (lambda handler: handler.answer(200, b"<html>"), "sent a page", timedelta(hours=1), False),
        (lambda handler: handler.close_connection, "", None, False),
    ],
)
def test_a_failure_is_told_in_the_terms_of_the_service(
    cloud: LocalMediaCloud, fetcher: Fetcher, fault: Any, said: str, wait: Any, permanent: bool
) -> None:
    cloud.faults = [fault]
    failed = failure(cloud, fetcher)
    assert said in failed.reason
    assert cloud.url in failed.reason
    assert (failed.retry_after, failed.permanent) == (wait, permanent)


def test_without_a_token_or_collections_nothing_is_asked(
    cloud: LocalMediaCloud, fetcher: Fetcher
) -> None:
    for token, said in (("", "set CLOUD_TOKEN"), ("ключ", "no token"), ("a\r\nb: c", "no token")):
        cloud.token = token
        with pytest.raises(FetchFailed, match=said) as failed:
            read(cloud, fetcher)
        assert failed.value.permanent
    with pytest.raises(FetchFailed, match="no collections"):
        read(cloud, fetcher, collections=())
    assert cloud.asked == []


def test_a_cursor_that_is_not_ours_begins_anew(cloud: LocalMediaCloud, fetcher: Fetcher) -> None:
    for odd in ("{", "[]", '{"since":7}', '{"since":"0001-01-01T00:00:00Z"}', "\ud800"):
        assert decode_progress(odd) is None
        read(cloud, fetcher, odd)
    known = Progress(since=NOW, token="t" * 2_000, last=NOW)
    assert decode_progress(encode_progress(known)) == known


# -- Fuzzing; a long run calls fuzz_one ------------------------------------------------------------


def fuzz_one(data: bytes) -> None:
    """Whatever comes: a page, or a reason."""
    try:
        page = parse(data)
    except NotStories:
        return
    for arrival in page.documents:
        encode_document(arrival.document)
    progress = after(Progress(since=NOW), page)
    assert decode_progress(encode_progress(progress)) == progress


_value = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
_field = st.sampled_from("id title url language media_name publish_date indexed_date".split())


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200),
    st.lists(st.dictionaries(_field, _value), max_size=3),
    st.text(max_size=9) | st.none(),
    st.data(),
)
def test_no_bytes_crash_the_parser(
    raw: bytes, odd: list[dict[str, Any]], token: str | None, data: st.DataObject
) -> None:
    good = answer(story(), *odd, *(story(**each) for each in odd), token=token)
    cut = data.draw(st.integers(0, len(good)))
    for body in (raw, good, good[:cut] + raw[:5] + good[cut:]):
        fuzz_one(body)
