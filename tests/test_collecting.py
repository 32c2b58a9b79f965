"""Collecting: sources that are due are read over real HTTP; one that fails leaves a row and stops nobody."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from flows import collecting
from flows.collecting import CollectReport, collect, due, next_state
from flows.reading_sources import Answer
from flows.scoring import drain
from flows.settings import Settings
from flows.wiring import GROUP, Edges, edges
from ingest import feed_reader
from ingest.bus import DEAD_LETTERS, DOCUMENTS, BusUnavailable
from ingest.document import Kind
from ingest.failure_score import FailureKind
from ingest.feed import parse_feed
from ingest.feed_entry import MAX_ENTRIES
from ingest.fetch import Fetched, Fetcher
from ingest.reading import Memory, Reading
from ingest.source import Source
from storage import ledger, source_runs
from storage.database import DatabaseUnavailable
from storage.source_runs import NEVER, SourceRun, SourceState
from tests.services import free_port

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DATED = "Fri, 20 Nov 2026 10:00:00 GMT"


def item(number: int, *, date: str = DATED) -> str:
    """An entry of a feed."""
    return (
        f"<item><title>Work visas, part {number}</title><link>https://courier.example/{number}</link>"
        f"<description>We should welcome more seasonal workers, number {number}.</description>"
        f"<pubDate>{date}</pubDate></item>"
    )


def rss(*items: str) -> bytes:
    channel = f"<title>Courier</title><link>https://courier.example/</link>{''.join(items)}"
    return f'<rss version="2.0"><channel>{channel}</channel></rss>'.encode()


class Outlets(ThreadingHTTPServer):
    """Answers each path with (status, headers, body) as `pages` says; remembers what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.pages: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.held = threading.Event()
        """Set at the end; what waits for it does not answer in time."""

    def source(self, name: str, **values: Any) -> Source:
        """A source that is read from the path of its name."""
        return Source(
            **{
                "name": name,
                "url": f"http://127.0.0.1:{self.server_address[1]}/{name}",
                "outlet": name.title(),
                "kind": Kind.NEWS,
                "society": "XA",
                "language": "en",
                **values,
            }
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gives up is part of these tests."""


class Page(BaseHTTPRequestHandler):
    server: Outlets

    def do_GET(self) -> None:
        name = self.path.strip("/")
        self.server.asked.append((name, dict(self.headers.items())))
        status, headers, body = self.server.pages.get(name, (404, {}, b"no such page"))
        if status == 0:
            self.server.held.wait(30)
            return
        if "ETag" in headers and headers["ETag"] == self.headers.get("If-None-Match"):
            status, body = 304, b""
        self.send_response(status)
        for field, value in headers.items():
            self.send_header(field, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def outlets() -> Iterator[Outlets]:
    server = Outlets()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.held.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def opened(embedded_settings: Settings) -> Iterator[Edges]:
    """Open edges without sources; see `reading`."""
    settings = embedded_settings.model_copy(update={"host_pause": 0.0})
    with edges(settings, create=True, sources=[]) as opened:
        yield opened


def reading(opened: Edges, *sources: Source, fetcher: Fetcher | None = None) -> Edges:
    """The same edges with these sources."""
    return msgspec.structs.replace(opened, sources=sources, fetcher=fetcher or opened.fetcher)


def waiting(opened: Edges) -> int:
    return opened.bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)


def the_run(report: CollectReport) -> SourceRun:
    (run,) = report.runs
    return run


def counts(run: SourceRun) -> tuple[int, int, int, int]:
    assert run.entries == run.new + run.known + run.dead
    return run.entries, run.new, run.known, run.dead


# When a source is due


def test_a_source_is_due_once_its_minutes_have_passed(outlets: Outlets, opened: Edges) -> None:
    quick, slow = outlets.source("quick"), outlets.source("slow", poll_minutes=60)
    off = outlets.source("off", enabled=False)
    outlets.pages |= {name: (200, {}, rss(item(1))) for name in ("quick", "slow", "off")}
    mine = reading(opened, quick, slow, off)

    def names(minutes: float) -> list[str]:
        report = collect(mine, now=NOW + timedelta(minutes=minutes))
        return [run.source for run in report.runs]

    assert names(0) == ["quick", "slow"]
    assert names(14.9) == []
    assert names(15) == ["quick"]
    assert names(29) == []
    assert names(60) == ["quick", "slow"]
    assert [name for name, _ in outlets.asked].count("off") == 0


def test_a_source_that_is_named_is_read_due_or_not(outlets: Outlets, opened: Edges) -> None:
    outlets.pages |= {name: (200, {}, rss(item(1))) for name in ("quick", "slow")}
    mine = reading(opened, outlets.source("quick"), outlets.source("slow"))
    collect(mine, now=NOW)
    again = collect(mine, now=NOW + timedelta(minutes=1), only=["slow"])
    assert [run.source for run in again.runs] == ["slow"]


def test_due_looks_at_nothing_but_the_list_the_states_and_the_time(outlets: Outlets) -> None:
    fresh, late, early = (outlets.source(name) for name in ("fresh", "late", "early"))
    states = {
        "late": SourceState(source="late", next_due_at=NOW),
        "early": SourceState(source="early", next_due_at=NOW + timedelta(seconds=1)),
    }
    assert due([late, early, fresh], states, NOW) == [late, fresh]


def failed(**values: Any) -> Answer:
    return Answer(fault="it is not there", failure=FailureKind.HARD, **values)


def test_a_failing_source_is_asked_half_as_often_each_time_down_to_once_a_day(
    outlets: Outlets,
) -> None:
    source, state, now = outlets.source("courier"), SourceState(source="courier", etag="e"), NOW
    waits = []
    for _ in range(10):
        state = next_state(source, state, failed(), now)
        waits.append((state.next_due_at - now) / timedelta(minutes=1))
        now = state.next_due_at
    assert waits == [30, 60, 120, 240, 480, 960, 1440, 1440, 1440, 1440]
    assert (state.failures, state.etag, state.last_success_at) == (10, "e", None)
    back = next_state(source, state, answer(), now)
    assert back.next_due_at == now + timedelta(minutes=15)
    assert (back.failures, back.last_success_at) == (0, now)


def test_a_failing_source_is_never_asked_more_often_than_a_working_one(outlets: Outlets) -> None:
    weekly = outlets.source("weekly", poll_minutes=7 * 24 * 60)
    state = next_state(weekly, SourceState(source="weekly"), failed(), NOW)
    assert state.next_due_at == NOW + timedelta(days=7)


def test_a_server_that_asks_for_a_longer_pause_gets_it(outlets: Outlets) -> None:
    source, state = outlets.source("courier"), SourceState(source="courier")

    def wait(asked: timedelta) -> timedelta:
        return next_state(source, state, failed(retry_after=asked), NOW).next_due_at - NOW

    assert wait(timedelta(hours=5)) == timedelta(hours=5)
    assert wait(timedelta(days=3)) == timedelta(days=3)
    assert wait(timedelta(seconds=5)) == timedelta(minutes=30)


def answer(**values: Any) -> Answer:
    """A good answer of a source."""
    return Answer(reading=Reading(**values), http_status=200)


def test_what_is_remembered_is_what_the_reader_says(outlets: Outlets) -> None:
    source = outlets.source("courier")
    state = SourceState(source="courier", etag="old", cursor="7", failures=3, failure_score=2.5)
    after = next_state(source, state, answer(memory=Memory(etag="new", cursor="9")), NOW)
    assert after == SourceState(
        source="courier",
        etag="new",
        cursor="9",
        next_due_at=NOW + timedelta(minutes=15),
        last_success_at=NOW,
    )
    failed_at = next_state(source, state, failed(), NOW)
    assert (failed_at.etag, failed_at.cursor, failed_at.failures) == ("old", "7", 4)


def test_a_source_with_more_to_read_is_due_at_once_unless_it_asks_for_a_pause(
    outlets: Outlets,
) -> None:
    source, state = outlets.source("courier"), SourceState(source="courier")
    pause = timedelta(seconds=30)
    assert next_state(source, state, answer(more=True), NOW).next_due_at == NOW
    waits = Answer(reading=Reading(more=True), retry_after=pause)
    assert next_state(source, state, waits, NOW).next_due_at == NOW + pause


@pytest.mark.parametrize(
    ("kind", "minutes"),
    [("hard", [30, 60, 120]), ("soft", [21, 30, 42]), ("temporary", [18, 21, 25])],
)
def test_a_failure_that_will_pass_is_waited_for_less_long(
    outlets: Outlets, kind: str, minutes: list[int]
) -> None:
    source, state, now = outlets.source("courier"), SourceState(source="courier"), NOW
    for wanted in minutes:
        state = next_state(source, state, Answer(fault="no", failure=FailureKind(kind)), now)
        assert round((state.next_due_at - now) / timedelta(minutes=1)) == wanted
        now = state.next_due_at


# What a reading brings


def test_new_known_and_dead_entries_add_up_and_known_ones_are_not_published_again(
    outlets: Outlets, opened: Edges
) -> None:
    mine = reading(opened, outlets.source("courier"))
    outlets.pages["courier"] = (200, {}, rss(item(1), item(2), item(3, date="last Tuesday")))
    first = collect(mine, now=NOW)
    assert counts(the_run(first)) == (3, 2, 0, 1)
    assert str(first) == "1 sources: 2 new, 0 known, 1 dead, 0 sources failed"
    assert waiting(opened) == 3
    drain(opened, clock=lambda: NOW)

    outlets.pages["courier"] = (
        200,
        {},
        rss(item(4), item(1), item(2), item(3, date="last Tuesday")),
    )
    second = collect(mine, now=NOW + timedelta(hours=1))
    assert counts(the_run(second)) == (4, 1, 3, 0)
    assert waiting(opened) == 1
    drain(opened, clock=lambda: NOW)
    totals = {word.value: n for word, n in ledger.totals(opened.database).items() if n}
    assert totals == {"judged": 3, "dead": 1}
    assert source_runs.runs_since(opened.database, NOW) == [*first.runs, *second.runs]


def test_a_feed_that_did_not_change_costs_no_body_and_keeps_its_mark(
    outlets: Outlets, opened: Edges
) -> None:
    mine = reading(opened, outlets.source("courier"))
    outlets.pages["courier"] = (200, {"ETag": '"v1"'}, rss(item(1)))
    for hours in range(3):
        collect(mine, now=NOW + timedelta(hours=hours))
    runs = source_runs.runs_since(opened.database, NOW)
    assert [run.outcome for run in runs] == ["ok", "unchanged", "unchanged"]
    assert [run.http_status for run in runs] == [200, 304, 304]
    assert counts(runs[1]) == (0, 0, 0, 0)
    assert [headers.get("If-None-Match") for _, headers in outlets.asked] == [None, '"v1"', '"v1"']
    assert source_runs.states(opened.database)["courier"].etag == '"v1"'


def test_entries_that_were_not_read_and_a_new_address_are_noted_in_the_run(
    outlets: Outlets, opened: Edges
) -> None:
    many = [item(number) for number in range(MAX_ENTRIES + 7)]
    outlets.pages["courier"] = (200, {}, rss(*many))
    outlets.pages["herald"] = (301, {"Location": "/courier"}, b"")
    mine = reading(opened, outlets.source("courier"), outlets.source("herald"))
    courier, herald = collect(mine, now=NOW).runs
    assert counts(courier) == (MAX_ENTRIES, MAX_ENTRIES, 0, 0)
    assert courier.error == "7 entries more than are read of one feed were left"
    assert (courier.outcome, herald.outcome) == ("ok", "ok")
    assert herald.error.endswith("/courier for good; change sources.toml")
    assert source_runs.runs_since(opened.database, NOW) == [courier, herald]


# Sources that fail


def test_one_failing_source_leaves_a_row_saying_why_and_the_others_are_read(
    outlets: Outlets, opened: Edges
) -> None:
    closed = f"http://reader:secret@127.0.0.1:{free_port()}/feed"
    sources = [
        outlets.source("gone"),
        outlets.source("page"),
        outlets.source("refused", url=closed),
        outlets.source("slow"),
        outlets.source("busy"),
        outlets.source("works"),
    ]
    outlets.pages |= {
        "page": (
            200,
            {"Content-Type": "text/html"},
            b"<!doctype html><html><body>Hi</body></html>",
        ),
        "slow": (0, {}, b""),
        "busy": (429, {"Retry-After": "86400"}, b""),
        "works": (200, {}, rss(item(1))),
    }
    with Fetcher(pause=0, read=0.3, total=2, allowed_hosts=frozenset({"127.0.0.1"})) as hasty:
        report = collect(reading(opened, *sources, fetcher=hasty), now=NOW)
    assert report.new == 1
    rows = {run.source: run for run in source_runs.runs_since(opened.database, NOW)}
    assert {name: run.outcome for name, run in rows.items()} == {
        **dict.fromkeys(("gone", "page", "refused", "slow", "busy"), "failed"),
        "works": "ok",
    }
    assert {run.source for run in report.failed} == set(rows) - {"works"}
    port = outlets.server_address[1]
    assert rows["gone"].error == f"http://127.0.0.1:{port}/gone is not there (404)"
    assert rows["page"].error.startswith(f"http://127.0.0.1:{port}/page: it ")
    assert "HTML" in rows["page"].error
    assert "cannot be reached" in rows["refused"].error and "secret" not in rows["refused"].error
    assert "in time" in rows["slow"].error
    assert {name: run.http_status for name, run in rows.items()} == {
        "gone": 404,
        "page": 200,
        "refused": 0,
        "slow": 0,
        "busy": 429,
        "works": 200,
    }
    states = source_runs.states(opened.database)
    assert states["busy"].next_due_at == NOW + timedelta(days=1)
    assert states["gone"].next_due_at == NOW + timedelta(minutes=30)
    assert states["works"].next_due_at == NOW + timedelta(minutes=15)
    assert all(states[name].failures == 1 for name in rows if name != "works")


def test_a_fault_of_ours_in_one_source_is_said_and_stops_nobody(
    outlets: Outlets,
    opened: Edges,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"http://reader:secret@127.0.0.1:{outlets.server_address[1]}/odd"
    outlets.pages |= {name: (200, {}, rss(item(1))) for name in ("odd", "works")}

    def stumble(body: bytes, *, source: Source, **values: Any) -> Any:
        if source.name == "odd":
            raise RecursionError("too deep\nand a lone \ud800 surrogate")
        return parse_feed(body, source=source, **values)

    monkeypatch.setattr(feed_reader, "parse_feed", stumble)
    mine = reading(opened, outlets.source("odd", url=url), outlets.source("works"))
    with caplog.at_level(logging.DEBUG, "barometer.collect"):
        odd, works = collect(mine, now=NOW).runs
    assert (works.outcome, works.new) == ("ok", 1)
    assert (odd.outcome, odd.failure) == ("failed", "hard")
    assert odd.error == (
        f"http://127.0.0.1:{outlets.server_address[1]}/odd: reading it failed in an unforeseen way"
        " (RecursionError: too deep and a lone \\ud800 surrogate); please report it"
    )
    assert source_runs.runs_since(opened.database, NOW) == [odd, works]
    (record,) = [one for one in caplog.records if one.name == "barometer.collect"]
    assert record.levelno == logging.DEBUG and record.exc_info is not None
    assert source_runs.states(opened.database)["odd"].failures == 1


# Crashes


def test_a_crash_after_publishing_only_reads_the_feed_again(
    outlets: Outlets, opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlets.pages["courier"] = (200, {"ETag": '"v1"'}, rss(item(1), item(2, date="never")))
    mine = reading(opened, outlets.source("courier"))

    def crash(*arguments: object) -> None:
        raise DatabaseUnavailable("the server went away")

    with monkeypatch.context() as patch:
        patch.setattr(source_runs, "store_runs", crash)
        with pytest.raises(DatabaseUnavailable):
            collect(mine, now=NOW)
    assert waiting(opened) == 2
    assert source_runs.states(opened.database) == {}
    run = the_run(collect(mine, now=NOW + timedelta(minutes=1)))
    assert counts(run) == (2, 1, 0, 1)  # nothing of it was in the ledger yet
    drain(opened, clock=lambda: NOW)
    totals = {word.value: n for word, n in ledger.totals(opened.database).items() if n}
    assert totals == {"judged": 1, "dead": 1}


def test_a_bus_that_is_away_ends_the_round_without_asking_those_in_the_queue(
    outlets: Outlets, opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"s{number}" for number in range(40)]
    outlets.pages |= dict.fromkeys(names, (200, {}, rss(item(1))))
    real = opened.fetcher.fetch

    class Slow:
        def fetch(self, url: str, **marks: Any) -> Fetched:
            # The first is answered at once, the others while the round is ending.
            if not url.endswith("/s0"):
                ended.wait(10)
            return real(url, **marks)

    ended = threading.Event()

    def away(*arguments: object) -> None:
        ended.set()
        raise BusUnavailable("the bus cannot be reached")

    monkeypatch.setattr(collecting, "publish", away)
    slow: Any = Slow()
    mine = reading(opened, *(outlets.source(name) for name in names), fetcher=slow)
    with pytest.raises(BusUnavailable):
        collect(mine, now=NOW)
    assert 1 <= len(outlets.asked) < 20
    assert source_runs.states(opened.database) == {}


def test_what_was_never_read_has_no_past(outlets: Outlets, opened: Edges) -> None:
    outlets.pages["courier"] = (200, {}, rss())
    seen: list[SourceRun] = []
    run = the_run(
        collect(reading(opened, outlets.source("courier")), now=NOW, progress=seen.append)
    )
    assert (run.outcome, counts(run), seen) == ("ok", (0, 0, 0, 0), [run])
    state = source_runs.states(opened.database)["courier"]
    assert state.last_success_at == NOW and state.next_due_at > NEVER


def test_a_clock_that_ran_ahead_does_not_silence_a_source() -> None:
    source = Source(
        name="s", url="https://s.example/", outlet="S", kind=Kind.NEWS, society="GB", language="en"
    )
    ahead = SourceState(source="s", next_due_at=NOW + timedelta(days=400))
    soon = SourceState(source="s", next_due_at=NOW + timedelta(days=7))
    assert due([source], {"s": ahead}, NOW) == [source]
    assert due([source], {"s": soon}, NOW) == []
