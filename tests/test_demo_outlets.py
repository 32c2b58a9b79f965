"""The simulated outlets, read over HTTP as the demo reads them."""

from __future__ import annotations

import threading
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import feedparser
import httpx
import msgspec
import pytest

from classify.corpus import held_out, load_corpus
from flows.demo.outlets import USUAL, Outlets
from flows.demo.scenario import simulate, sources
from flows.demo.world import FeedFormat, Item, Nature, World

END = date(2026, 9, 30)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(filter(held_out, load_corpus()), seed=7, end_day=END)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.fixture
def start(world: World) -> datetime:
    return midnight(world.truth.burst_day)


@pytest.fixture
def outlets(world: World, start: datetime) -> Iterator[Outlets]:
    with Outlets(world, now=start) as running:
        yield running


def feed_url(world: World, outlets: Outlets, name: str) -> str:
    return next(s.url for s in sources(world, outlets.base_url) if s.name == name)


def ids_in(answer: httpx.Response) -> list[str]:
    if "json" in answer.headers["Content-Type"]:
        document: dict[str, Any] = msgspec.json.decode(answer.content)
        return [entry["id"] for entry in document["items"]]
    parsed = feedparser.parse(answer.content)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return [entry.get("id") or entry["link"] for entry in parsed.entries]


def ids_of(world: World, outlets: Outlets, items: list[Item], name: str) -> list[str]:
    feed = next(outlet.feed for outlet in world.outlets if outlet.name == name)
    if feed is FeedFormat.RDF:  # RSS 1.0 has no guid
        return [outlets.base_url + item.path for item in items]
    return [item.guid for item in items]


def test_every_feed_holds_all_that_has_appeared_newest_first(
    world: World, outlets: Outlets, start: datetime
) -> None:
    with httpx.Client() as client:
        for source in sources(world, outlets.base_url):
            answer = client.get(source.url)
            assert answer.status_code == 200
            published = world.published(source.name, start)
            assert len(published) > 100
            assert ids_in(answer) == ids_of(world, outlets, published[::-1], source.name)


def test_the_outlets_between_them_serve_four_formats(world: World) -> None:
    assert {outlet.feed for outlet in world.outlets} == set(FeedFormat)
    assert sum(outlet.feed is FeedFormat.JSON for outlet in world.outlets) == 1
    assert sum(outlet.feed is FeedFormat.RDF for outlet in world.outlets) == 1


@pytest.mark.parametrize(
    "name",
    ["sim-alder-courier", "sim-alderland-wire", "sim-alderland-gazette-of-record"],
)
def test_text_date_and_language_arrive_as_they_were_written(
    world: World, outlets: Outlets, start: datetime, name: str
) -> None:
    parsed = feedparser.parse(httpx.get(feed_url(world, outlets, name)).content)
    published = world.published(name, start)[::-1]
    for entry, item in zip(parsed.entries, published, strict=True):
        shown = entry.get("content", [{"value": entry.get("summary", "")}])[0]["value"]
        assert _unescaped(shown) == item.text
        assert entry.get("title", "") == item.title
        assert entry["link"] == outlets.base_url + item.path
        if "published_parsed" in entry or "updated_parsed" in entry:
            moment = entry.get("published_parsed") or entry["updated_parsed"]
            assert datetime.fromtimestamp(timegm(moment), UTC) == item.published_at


def _unescaped(html: str) -> str:
    import html as entities

    return entities.unescape(html.removeprefix("<p>").removesuffix("</p>"))


def test_items_in_another_language_say_so_in_every_format(world: World) -> None:
    with Outlets(world, now=midnight(END + DAY)) as outlets:
        for name in ("sim-alder-courier", "sim-alderland-wire", "sim-chirp-alderland"):
            item = next(
                item
                for item in world.published(name, outlets.now)
                if item.nature is Nature.OTHER_LANGUAGE
            )
            body = httpx.get(feed_url(world, outlets, name)).text
            assert any(
                mark in body
                for mark in (
                    f"<dc:language>{item.language}</dc:language>",
                    f'<entry xml:lang="{item.language}">',
                    f'"language":"{item.language}"',
                )
            )


def test_a_feed_without_news_answers_304_to_its_own_etag(world: World, outlets: Outlets) -> None:
    url = feed_url(world, outlets, "sim-alder-courier")
    first = httpx.get(url)
    again = httpx.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    by_date = httpx.get(url, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert by_date.status_code == 304
    assert outlets.requests == {200: 1, 304: 2}


def test_an_unreadable_date_is_as_good_as_none(world: World, outlets: Outlets) -> None:
    url = feed_url(world, outlets, "sim-alder-courier")
    assert httpx.get(url, headers={"If-Modified-Since": "yesterday"}).status_code == 200


def test_after_advancing_the_feed_is_new_and_has_the_new_items(
    world: World, outlets: Outlets, start: datetime
) -> None:
    url = feed_url(world, outlets, "sim-alder-courier")
    first = httpx.get(url)
    outlets.advance(start + DAY)
    second = httpx.get(
        url,
        headers={
            "If-None-Match": first.headers["ETag"],
            "If-Modified-Since": first.headers["Last-Modified"],
        },
    )
    assert second.status_code == 200
    before = set(ids_in(first))
    new = [i for i in ids_in(second) if i not in before]
    assert new == [
        item.guid
        for item in world.published("sim-alder-courier", start + DAY)[::-1]
        if item.appears_at > start
    ]
    assert len(new) > 5


def test_time_does_not_go_back(outlets: Outlets, start: datetime) -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        outlets.advance(start - DAY)


def test_one_outlet_is_down_for_two_days_and_comes_back_with_what_it_missed(
    world: World, outlets: Outlets
) -> None:
    (outlet,) = [outlet for outlet in world.outlets if outlet.down_from is not None]
    url = feed_url(world, outlets, outlet.name)
    assert outlet.down_from is not None
    assert outlet.down_until == outlet.down_from + 2 * DAY
    assert outlet.down_from > midnight(world.truth.fall_day)
    statuses = []
    for hours in (-1, 1, 25, 47, 49):
        outlets.advance(outlet.down_from + timedelta(hours=hours))
        statuses.append(httpx.get(url).status_code)
    assert statuses == [200, 503, 503, 503, 200]
    missed = [
        item
        for item in world.published(outlet.name, outlets.now)
        if outlet.down_from <= item.appears_at < outlet.down_until
    ]
    assert missed
    assert {item.guid for item in missed} <= set(ids_in(httpx.get(url)))


def test_one_outlet_compresses_for_those_who_take_it(world: World, outlets: Outlets) -> None:
    (outlet,) = [outlet for outlet in world.outlets if outlet.gzip]
    url = feed_url(world, outlets, outlet.name)
    packed = httpx.get(url)
    plain = httpx.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content


def test_an_ordinary_feed_still_holds_what_an_outage_kept_from_its_readers(world: World) -> None:
    for outlet in world.outlets:
        for day in range(45 - 3):
            first = midnight(world.truth.first_day) + day * DAY
            held = [
                i for i in world.published(outlet.name, first + 3 * DAY) if i.appears_at > first
            ]
            assert len(held) <= USUAL


def test_the_number_of_entries_can_be_limited(world: World, start: datetime) -> None:
    with Outlets(world, now=start, newest=20) as outlets:
        answer = httpx.get(feed_url(world, outlets, "sim-alder-courier"))
        outlets.advance(start + DAY, newest=30)
        later = httpx.get(feed_url(world, outlets, "sim-alder-courier"))
    newest = world.published("sim-alder-courier", start)[::-1][:20]
    assert ids_in(answer) == [item.guid for item in newest]
    assert len(ids_in(later)) == 30


def test_an_article_page_shows_its_text_and_says_that_it_is_simulated(
    world: World, outlets: Outlets, start: datetime
) -> None:
    item = next(i for i in world.published("sim-alder-courier", start) if i.text)
    answer = httpx.get(outlets.base_url + item.path + "?utm_source=mail")
    assert answer.status_code == 200
    assert "Simulated for the demo of Barometer" in answer.text
    assert item.text.split()[-1].rstrip(".") in answer.text


def test_what_has_not_appeared_yet_and_what_does_not_exist_is_not_found(
    world: World, outlets: Outlets
) -> None:
    later = world.published("sim-alder-courier", midnight(END + DAY))[-1]
    for path in (later.path, "/sim-alder-courier/x", "/nobody/feed.xml", "/sim-alder-courier/1/2"):
        assert httpx.get(outlets.base_url + path).status_code == 404


def test_the_first_page_lists_the_feeds(world: World, outlets: Outlets) -> None:
    text = httpx.get(outlets.base_url).text
    assert all(outlet.feed_path in text for outlet in world.outlets)


def test_head_gives_headers_only(world: World, outlets: Outlets) -> None:
    answer = httpx.head(feed_url(world, outlets, "sim-alder-courier"))
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) > 1000
    assert answer.content == b""


def test_stopping_leaves_no_thread_no_port_and_no_output(
    world: World, start: datetime, capfd: pytest.CaptureFixture[str]
) -> None:
    before = set(threading.enumerate())
    outlets = Outlets(world, now=start)
    with pytest.raises(RuntimeError, match="not started"):
        _ = outlets.base_url
    with outlets:
        outlets.start()  # a second start changes nothing
        url = feed_url(world, outlets, "sim-alder-courier")
        with httpx.Client() as client:
            assert client.get(url).status_code == 200
            assert client.get(url).status_code == 200
    outlets.stop()  # nor does a second stop
    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    assert capfd.readouterr() == ("", "")
