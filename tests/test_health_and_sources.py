"""`barometer health`, `sources list`, `sources check` and `collect` against good and bad neighbours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import msgspec
import pytest

from alerts.delivery import ChannelState
from alerts.incident import Incident, Status
from flows import steps
from flows.checking import check_health, check_sources
from flows.metrics_server import metrics_server
from flows.settings import Settings, load_settings
from flows.surroundings import surroundings_of
from flows.wiring import edges, open_fetcher
from ingest.document import Kind
from ingest.source import Source
from storage.deliveries import store_state as store_channel_state
from storage.incidents import store_incidents
from storage.source_runs import SourceState, store_state
from tests.clickhouse_service import free_port
from tests.fixtures_command import SECRET, Place

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Courier</title>
<item><guid>1</guid><title>More seasonal workers are welcome on the farms</title>
<pubDate>Thu, 19 Nov 2026 09:00:00 GMT</pubDate></item>
<item><guid>2</guid><title>Harvest</title><pubDate>the other day</pubDate></item>
</channel></rss>"""

PAGE = b"<!DOCTYPE html><html><body>Please enable cookies.</body></html>"

PAGES = {"/feed": FEED, "/page": PAGE, "/page2": PAGE, "/empty": b"", "/quiet": FEED.split(b"<item>")[0] + b"</channel></rss>"}  # fmt: skip


class Neighbours(BaseHTTPRequestHandler):
    """Answers what PAGES says, and 404 otherwise; remembers what was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = PAGES.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Where the neighbours are."""
    found = ThreadingHTTPServer(("127.0.0.1", 0), Neighbours)
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{found.server_address[1]}"
    found.shutdown()
    thread.join()
    found.server_close()


def listed(place: Place, **urls: str) -> None:
    """A sources.toml with these sources."""
    place.write(
        "sources.toml",
        "".join(
            f'[[source]]\nname = "{name}"\nurl = "{url}"\noutlet = "Harbour {name.title()}"\n'
            'kind = "news"\nsociety = "GB"\nlanguage = "en"\n'
            for name, url in urls.items()
        ),
    )
    place.set("BAROMETER_SOURCES", "sources.toml")


def states(out: str) -> dict[str, str]:
    """First column -> second column of a table."""
    rows = [line.split() for line in out.splitlines()[2:]]
    return {row[0]: row[1] for row in rows if len(row) > 1}


@pytest.fixture
def neighbours(reading: Place, server: str) -> Place:
    """A migrated place with one good source and all kinds of bad ones."""
    listed(
        reading,
        good=f"{server}/feed",
        quiet=f"{server}/quiet",
        page=f"{server}/page",
        gone=f"{server}/gone",
        empty=f"{server}/empty",
        away=f"http://127.0.0.1:{free_port()}/feed",
        secret=f"http://me:{SECRET}@127.0.0.1:{server.rpartition(':')[2]}/page2",
    )
    return reading


# -- Sources ---------------------------------------------------------------------------------------


def test_each_source_is_told_apart_and_one_that_is_down_is_a_failure(neighbours: Place) -> None:
    said = neighbours.run("sources", "check")
    assert (said.status, said.err) == (1, "")
    assert states(said.out) == {
        **dict.fromkeys(("good", "quiet"), "up"),
        **dict.fromkeys(("page", "gone", "empty", "away", "secret"), "down"),
    }
    assert "1 documents, newest 2026-11-19 09:00; 1 bad entries" in said.out
    assert "no entries" in said.out
    assert "/page: it is an HTML page instead of a feed" in said.out
    assert "/gone is not there (404)" in said.out
    assert "cannot be reached" in said.out
    assert SECRET not in said.out
    assert neighbours.untouched()


def test_good_sources_are_a_success(neighbours: Place) -> None:
    said = neighbours.run("sources", "check", "good", "quiet")
    assert said.status == 0
    assert states(said.out) == {"good": "up", "quiet": "up"}


def test_a_check_that_is_stopped_does_not_ask_the_rest(server: str) -> None:
    sources = [
        Source(
            name=f"s{n}",
            url=f"{server}/feed?{n}",
            outlet="o",
            kind=Kind.NEWS,
            society="GB",
            language="en",
        )
        for n in range(200)
    ]

    def stop(check: object) -> None:
        raise KeyboardInterrupt

    Neighbours.asked.clear()
    settings = Settings(host_pause=0.2, allowed_hosts="127.0.0.1", author_secret="of a test")
    with open_fetcher(settings) as fetcher, pytest.raises(KeyboardInterrupt):
        check_sources(
            # More than half a minute, if it asked them all.
            sources,
            surroundings_of(settings, fetcher),
            now=datetime.now(UTC),
            progress=stop,
        )
    assert len(Neighbours.asked) < 50


def test_the_list_shows_what_is_set_and_no_password(neighbours: Place) -> None:
    said = neighbours.run("sources", "list")
    assert (said.status, said.err) == (0, "")
    assert SECRET not in said.out
    assert "Harbour Good" in said.out
    assert said.out.splitlines()[-1] == "7 sources over 1 societies."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "sources.toml has no [[source]]"),
        (b"[[source", "sources.toml is not TOML"),
        (b"\xff", "sources.toml"),
        (b'[[source]]\nname = "a"\n', "source 'a' has no url"),
    ],
)
def test_a_list_that_cannot_be_used_is_the_users_mistake(
    reading: Place, content: bytes, says: str
) -> None:
    reading.write("sources.toml", content)
    reading.set("BAROMETER_SOURCES", "sources.toml")
    for command in (["sources", "list"], ["sources", "check"], ["collect"]):
        said = reading.run(*command)
        assert said.status == 2
        assert says in said.sentence


def test_collecting_names_what_failed_and_takes_the_rest(migrated: Place, server: str) -> None:
    listed(
        migrated,
        good=f"{server}/feed",
        page=f"http://me:{SECRET}@127.0.0.1:{server.rpartition(':')[2]}/page",
        away=f"http://127.0.0.1:{free_port()}/feed",
    )
    said = migrated.run("collect")
    assert "3 sources: 1 new, 0 known, 1 dead, 2 sources failed" in said.out
    assert [line.split(":")[0] for line in said.err.splitlines()] == ["page", "away"]
    assert SECRET not in said.err + said.out
    assert migrated.run("score").status == 0
    assert sum(migrated.totals().values()) == 2
    assert set(migrated.rows("SELECT source, outcome FROM source_runs FINAL")) == {
        ("good", "ok"),
        ("page", "failed"),
        ("away", "failed"),
    }
    assert SECRET not in str(migrated.rows("SELECT error FROM source_runs FINAL"))
    again = migrated.run("collect", "--source", "good")
    assert "1 sources: 0 new, 2 known" in again.out


# -- Health ----------------------------------------------------------------------------------------


def test_health_is_a_row_for_each_part(reading: Place) -> None:
    said = reading.run("health")
    assert (said.status, said.err) == (0, "")
    found = states(said.out)
    assert {found[part] for part in ("bus", "database", "model", "sources")} == {"up"}
    assert "nothing judged yet" in said.out
    assert "0 rows read = 0 judged + 0 off topic" in said.out


def test_health_names_the_sources_that_are_silent(migrated: Place) -> None:
    """Worth knowing, and no fault: the others are read."""
    listed(migrated, **{name: f"http://{name}.example/feed" for name in ("a", "b", "c", "d", "e")})
    now = datetime.now(UTC)
    read = {"a": timedelta(days=2), "b": timedelta(hours=3), "d": timedelta(minutes=1)}
    with edges(load_settings()) as found:
        for name, ago in read.items():
            store_state(found.database, SourceState(source=name, last_success_at=now - ago))
        store_state(found.database, SourceState(source="c", failures=2))
    (row,) = (check for check in check_health(load_settings(), now=now) if check.part == "sources")
    assert (row.state, row.detail) == ("note", "5 enabled; 3 silent: a, b, c")
    assert migrated.run("health").status == 0


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("BUS_URL", f"redis://me:{SECRET}@h", "bus"),
        ("BUS_URL", f"sqlite://me:{SECRET}@h/x", "bus"),
        ("DATABASE_URL", f"clickhouse://me:{SECRET}@127.0.0.1:1/x", "database"),
        ("DATABASE_URL", f"chdb://me:{SECRET}@h/x", "database"),
        ("MODEL", "gpt", "model"),
        ("SOURCES", "nowhere.toml", "sources"),
    ],
)
def test_one_part_that_is_down_is_a_failure_and_the_others_are_still_told(
    reading: Place, name: str, value: str, part: str
) -> None:
    reading.set(f"BAROMETER_{name}", value)
    said = reading.run("health")
    assert (said.status, said.err) == (1, "")
    found = states(said.out)
    assert found[part] == "down"
    others = {"bus", "database", "model", "sources"} - {part}
    assert {found[other] for other in others} == {"up"}
    assert SECRET not in said.out


def test_health_before_migrate_says_what_to_do(place: Place) -> None:
    said = place.run("health")
    assert said.status == 1
    assert "`barometer migrate`" in said.out


def test_the_age_of_the_figures_and_a_clock_that_is_wrong(
    migrated: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated.write(
        "rows.jsonl",
        b'{"outlet": "o", "published_at": "2026-11-19", "lang": "en", "society": "GB",'
        b' "text": "More seasonal workers are welcome on work visas."}\n',
    )
    assert migrated.run("import", "rows.jsonl").status == 0
    now = datetime.now(UTC)
    detail = {check.part: check.detail for check in check_health(load_settings(), now=now)}
    assert detail["lag"].startswith("age of the newest judgement: 0:00:")
    assert detail["ledger"].startswith("1 rows read = 1 judged")
    later = check_health(load_settings(), now=now + timedelta(days=2))
    assert "age of the newest judgement: 2 days, 0:00:" in later[2].detail
    with monkeypatch.context() as wrong:
        wrong.setattr(steps, "now_utc", lambda: now - timedelta(days=400))
        said = migrated.run("health")
    assert said.status == 0
    assert "in the future: check the clocks" in " ".join(said.out.split())


def test_health_as_json_is_for_programs_and_ready_asks_the_edges_alone(reading: Place) -> None:
    said = reading.run("health", "--ready", "--json")
    assert (said.status, said.err) == (0, "")
    found = json.loads(said.out)
    assert found["ok"] is True
    assert {check["part"]: check["state"] for check in found["checks"]} == {
        **dict.fromkeys(("bus", "database", "model", "channels"), "up"),
        "prefect": "note",
    }
    reading.set("BAROMETER_CHANNELS", "nowhere.toml")
    reading.set("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    broken = reading.run("health", "--ready", "--json")
    states_now = {c["part"]: c["state"] for c in json.loads(broken.out)["checks"]}
    assert (broken.status, json.loads(broken.out)["ok"]) == (1, False)
    assert (states_now["channels"], states_now["prefect"], states_now["bus"]) == (
        "down",
        "down",
        "up",
    )
    assert "ask one" in reading.run("health", "--ready", "--live").sentence


def test_an_edge_that_hangs_is_down_in_time_and_the_others_are_told(
    reading: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr("flows.checking.open_bus", lambda settings: over.wait(60))
    try:
        checks = check_health(load_settings(), now=datetime.now(UTC), seconds=5)
    finally:
        over.set()
    found = {check.part: check for check in checks}
    assert (found["bus"].state, found["bus"].detail) == ("down", "it did not answer in 5 seconds")
    assert found["database"].state == "up"


def test_a_channel_that_is_switched_off_is_a_part_that_is_down(migrated: Place) -> None:
    with edges(load_settings(), sources=[]) as found:
        off = ChannelState(channel="press", failures=5, disabled_at=datetime.now(UTC), error="no")
        store_channel_state(found.database, off)
    said = migrated.run("health")
    assert said.status == 1
    assert states(said.out)["channels"] == "down"
    assert "barometer channels enable press" in " ".join(said.out.split())


def test_whether_a_process_is_alive_is_asked_at_its_metrics_port(migrated: Place) -> None:
    assert "set BAROMETER_METRICS_PORT" in migrated.run("health", "--live").sentence
    port = free_port()
    migrated.set("BAROMETER_METRICS_PORT", str(port))
    assert migrated.run("health", "--live").status == 1
    with metrics_server(load_settings(), "score", model="m", sources=(), channels=()):
        said = migrated.run("health", "--live")
    assert said.status == 0
    assert states(said.out) == {"process": "up"}


# -- Incidents -------------------------------------------------------------------------------------


def test_no_incident_is_said(reading: Place) -> None:
    for status in ("open", "resolved", "all"):
        said = reading.run("incidents", "list", "--status", status)
        assert (said.status, said.out, said.err) == (0, "No incidents.\n", "")


def test_incidents_are_listed_with_their_figures(migrated: Place) -> None:
    opened_at = datetime(2026, 11, 7, 1, tzinfo=UTC)
    fall = Incident(
        id="XB-regular-2026-11-06",
        society="XB",
        target="regular",
        status=Status.OPEN,
        drop_day=date(2026, 10, 31),
        detected_on=date(2026, 11, 6),
        opened_at=opened_at,
        resolved_at=None,
        baseline=20.7,
        net_support=-8.3,
        change=-29.0,
        lower=-46.9,
        upper=-11.1,
        reason="it fell",
    )
    over = msgspec.structs.replace(
        fall, id="XA", society="XA", status=Status.RESOLVED, resolved_at=opened_at
    )
    with edges(load_settings(), sources=[]) as found:
        store_incidents(found.database, [fall, over])
    migrated.set("COLUMNS", "120")
    (line,) = migrated.run("incidents", "list", "--status", "open").out.splitlines()[2:]
    assert line.split(maxsplit=6) == [
        *("XB-regular-2026-11-06", "open", "alert", "2026-10-31", "+21", "-8"),
        "-29 (-47 to -11)",
    ]
    assert len(migrated.run("incidents", "list").out.splitlines()) == 4
