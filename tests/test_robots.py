"""robots.txt: what a host asks is done, and where nobody can say, nothing is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.fetch import Fetcher
from ingest.robots import KEPT, LONGEST_DELAY, READ_BYTES, Robots, parse_robots
from tests.local_site import HERE, Site, local_site

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def site() -> Iterator[Site]:
    with local_site() as opened:
        yield opened


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(pause=0, total=5, allowed_hosts=HERE) as one:
        yield one


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /private/\nAllow: /private/news", "/private/news/1", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: barometer\nDisallow: /x", "/a", True),
        ("User-agent: *\nAllow: /\n\nUser-agent: Barometer\nDisallow: /a", "/a", False),
        ("User-agent: barometric\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("<html><body>Not here</body></html>", "/a", True),
        ("\ufeffUser-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
    ],
)
def test_rules_are_read_as_the_standard_says(text: str, path: str, allowed: bool) -> None:
    assert parse_robots(text.encode()).allow(f"https://news.example{path}") is allowed


@pytest.mark.parametrize(
    ("written", "delay"), [("7", 7.0), ("9999", LONGEST_DELAY), ("nan", 0), ("-3", 0), ("soon", 0)]
)
def test_a_delay_is_honoured_up_to_a_bound(written: str, delay: float) -> None:
    assert parse_robots(f"User-agent: *\nCrawl-delay: {written}".encode()).delay == delay


def test_a_very_long_file_is_read_in_part_and_no_half_line_forbids_everything() -> None:
    line = b"User-agent: *\nDisallow: /private\n"
    filler = b"# " + b"x" * (READ_BYTES - len(line) - len("Disallow: /") - 3) + b"\n"
    rules = parse_robots(line + filler + b"Disallow: /sport/results\n")
    assert rules.allow("https://news.example/a")
    assert not rules.allow("https://news.example/private/a")


def test_hostile_rules_take_no_time() -> None:
    started = time.monotonic()
    for line in (
        b"Disallow: /" + b"*a" * 900,
        b"Disallow: /" + b"*" * 2000,
        b"Allow: /$",
        b"User-agent: x",
    ):
        rules = parse_robots(b"User-agent: *\n" + (line + b"\n") * (READ_BYTES // len(line)))
        rules.allow("https://news.example/" + "a" * 2000)
    assert time.monotonic() - started < 20


def test_the_file_is_asked_for_once_a_day(site: Site, fetcher: Fetcher) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private")
    robots = Robots()
    for path in ("/a", "/private", "/b"):
        assert robots.rules(site.url(path), fetcher, NOW).allow(site.url(path)) is (
            path != "/private"
        )
    assert site.asked == ["/robots.txt"]
    robots.rules(site.url(), fetcher, NOW + KEPT)
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    ("status", "allowed"), [(404, True), (403, True), (401, True), (429, False), (500, False), (503, False)]
)  # fmt: skip
def test_what_is_not_there_allows_and_what_is_broken_forbids_for_now(
    site: Site, fetcher: Fetcher, status: int, allowed: bool
) -> None:
    site.put("/robots.txt", "", status)
    robots = Robots()
    assert robots.rules(site.url(), fetcher, NOW).allow(site.url("/a")) is allowed
    site.put("/robots.txt", "")
    later = NOW + timedelta(hours=1)
    assert robots.rules(site.url(), fetcher, later).allow(site.url("/a"))


def test_a_host_that_cannot_be_reached_forbids_for_now(fetcher: Fetcher) -> None:
    assert (
        not Robots()
        .rules("http://no-such-host.invalid/a", fetcher, NOW)
        .allow("http://no-such-host.invalid/a")
    )


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: f"User-agent: *\n{text}".encode())
)
def test_no_file_is_too_odd(data: bytes) -> None:
    rules = parse_robots(data)
    assert rules.allow("https://news.example/a?b=c") in (True, False)
    assert 0 <= rules.delay <= LONGEST_DELAY
