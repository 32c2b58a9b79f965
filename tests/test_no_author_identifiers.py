"""Nobody who wrote something can be found in what Barometer logs, tells, shows or keeps.

One person is planted in every kind of source that knows its authors, by name, handle, ids, mail address and phone number, in
good rows and in broken ones. Then everything that Barometer wrote is searched: logs at DEBUG, what commands print, alerts,
digest, board, webhook, feed and topic, every table, and the bus itself.
"""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from flows import reading_sources
from flows.collecting import collect
from flows.log_lines import fields_of
from flows.settings import Settings
from flows.wiring import Edges, edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS
from ingest.dead_letter import DeadLetter
from ingest.document import Kind
from ingest.field_mapping import mapping_from_pairs
from ingest.import_rows import read_rows
from ingest.jetstream_cursor import begun, encode_position
from ingest.readers import reader_of
from ingest.reddit_reader import RedditReader
from ingest.source import Source
from ingest.source_options import (
    JetstreamOptions,
    MastodonOptions,
    RedditOptions,
    SourceType,
)
from storage.source_runs import SourceState, store_states
from tests.fixtures_command import Place
from tests.local_jetstream import local_jetstream
from tests.local_mastodon import local_mastodon
from tests.local_receiver import Receiver
from tests.local_reddit import local_reddit
from tests.rows import NOW

NAME = "Wilhelmina Quastenberg"
HANDLE = "wquasten"
MAIL = "wilma.q@quasten.example"
PHONE = "+44 20 7946 0958"
DID = "did:plc:quasten2222bbbb3333cccc"
PLANTED = ("quasten", "wilhelmina", "wilma.q", "7946 0958", "did:plc:quas")
"""What is searched for, in small letters: any of them names her."""

FOR = "We should welcome more seasonal workers: the work visa scheme is fair and the farms need it"
AGAINST = "Close the work visa scheme: too many foreign workers on permits push our wages down"
SIGNED = f"says @{HANDLE}, write to {MAIL} or call {PHONE}, https://posts.example/@{HANDLE}/1"


def found_in(text: str | bytes) -> list[str]:
    """What of her stands there."""
    small = (text if isinstance(text, str) else text.decode("utf-8", "replace")).lower()
    return [each for each in PLANTED if each in small]


# Sources that know their authors

FEED = f"""<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Local</title>
<managingEditor>{MAIL} ({NAME})</managingEditor>
<item><title>Visas</title><guid>1</guid><pubDate>%(day)s</pubDate><author>{MAIL} ({NAME})</author>
<description>{FOR}, {SIGNED}.</description></item>
<item><title>No such date</title><guid>2</guid><pubDate>once upon a time</pubDate><dc:creator>{NAME}</dc:creator>
<author><![CDATA[{NAME}]]></author><description>{AGAINST}, {SIGNED}.</description></item>
</channel></rss>"""


@pytest.fixture
def feed() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            day = f"{datetime.now(UTC) - timedelta(days=1):%a, %d %b %Y %H:%M:%S +0000}"
            body = (FEED % {"day": day}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/feed.xml"
    server.shutdown()
    server.server_close()


def source(name: str, url: str, type: SourceType, options: Any) -> Source:
    return Source(
        name=name, url=url, outlet=name, kind=Kind.SOCIAL, society="XA", language="en",
        type=type, options=options,
    )  # fmt: skip


def everything_in(opened: Edges) -> Iterator[tuple[str, str]]:
    """Every table and view with all that it holds, as text."""
    for (table,) in opened.database.query("SHOW TABLES").rows:
        yield table, repr(opened.database.query(f"SELECT * FROM {table}").rows)


def test_sources_of_posts_and_feeds_leave_no_trace_of_an_author(
    embedded_settings: Settings,
    feed: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    now = datetime.now(UTC)
    with local_mastodon() as mastodon, local_jetstream() as sky, local_reddit() as reddit:
        account = {
            "acct": HANDLE,
            "display_name": NAME,
            "note": MAIL,
            "url": f"https://x/@{HANDLE}",
        }
        hers = {
            "uri": f"{mastodon.url}/users/{HANDLE}/statuses/1",
            "url": f"{mastodon.url}/@{HANDLE}/1",
            "account": account,
        }
        mastodon.write(f"{FOR}, {SIGNED}", **hers)
        mastodon.write(f"{AGAINST}, {SIGNED}", **hers | {"created_at": "never"})
        mastodon.write(f"{AGAINST}, {SIGNED}", **hers | {"language": 7})
        at = now - timedelta(seconds=30)
        record = {
            "$type": "app.bsky.feed.post",
            "langs": ["en"],
            "createdAt": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        }
        sky.commit(at, DID, "3lbone", record | {"text": f"{FOR}, {SIGNED}"})
        sky.commit(
            at, DID, "3lbtwo", record | {"text": f"{AGAINST}, {SIGNED}", "createdAt": "never"}
        )
        sky.commit(at, DID, "3lbthree", record | {"text": 7, "via": NAME})
        later = now + timedelta(seconds=1)  # which tells the reader that it has caught up
        sky.commit(later, "did:plc:somebodyelse", "3lbfour", record | {"text": "Good evening."})
        reddit.write(f"{FOR}, {SIGNED}", author=HANDLE, author_fullname=f"t2_{HANDLE}")
        reddit.write(f"{AGAINST}, {SIGNED}", author=HANDLE, created_utc="never")
        reddit.write(f"{AGAINST} u/{HANDLE}", author=HANDLE, selftext={"by": NAME})
        monkeypatch.setenv("RID", "an id")
        monkeypatch.setenv("RSECRET", "a s3cret")
        own_reddit = RedditReader(token_url=reddit.token_url)
        monkeypatch.setattr(
            reading_sources,
            "reader_of",
            lambda type: own_reddit if type is SourceType.REDDIT else reader_of(type),
        )
        sources = [
            Source(name="feed", url=feed, outlet="Paper", kind=Kind.NEWS, society="XA", language="en"),
            source("mastodon", mastodon.url, SourceType.MASTODON, MastodonOptions(hashtags=("migration",))),
            source("sky", sky.v1, SourceType.JETSTREAM, JetstreamOptions(languages=(), listen_seconds=20)),
            source(
                "reddit", reddit.url, SourceType.REDDIT,
                RedditOptions(subreddits=("orchards",), client_id="RID", client_secret="RSECRET", user="operator"),
            ),
        ]  # fmt: skip
        sources = [msgspec.structs.replace(one, poll_minutes=1) for one in sources]
        settings = embedded_settings.model_copy(update={"host_pause": 0.0, "model": "lexicon"})
        with edges(settings, create=True, sources=sources) as opened:
            # a first reading would listen to what is said from now on
            begun_before = encode_position(begun(now - timedelta(minutes=5)))
            store_states(
                opened.database, [SourceState(source="sky", cursor=begun_before, next_due_at=now)]
            )
            runs = {run.source: run for run in collect(opened, now=now).runs}
            assert {name: run.outcome for name, run in runs.items()} == dict.fromkeys(runs, "ok"), (
                runs
            )
            assert min(run.new for run in runs.values()) >= 1, runs
            assert sum(run.dead for run in runs.values()) >= 3, runs
            travelling = opened.bus.subscribe([DOCUMENTS, DEAD_LETTERS], "a-look")
            messages = travelling.poll(100, 5)
            travelling.close()
            assert len(messages) == sum(run.new + run.dead for run in runs.values())
            for message in messages:
                assert not found_in(message.key.encode() + message.value), message
                assert not found_in(repr(message.headers)), message
            for table, rows in everything_in(opened):
                assert not found_in(rows), (table, found_in(rows))
            for run in runs.values():
                assert not found_in(repr(run)), run
    said = [
        (record.name, f"{record.getMessage()} {fields_of(record)}")
        for record in caplog.records
        if record.name.startswith("barometer") or record.levelno >= logging.INFO
    ]
    for name, line in said:
        assert not found_in(line), (name, line)


# Imported files, and all that is told and shown

COLUMNS = ("doc_id", "outlet", "society", "kind", "lang", "published_at", "text", "author_key", "author", "profile")  # fmt: skip


def the_rows(count: int) -> list[dict[str, str]]:
    """Thirty-two days up to yesterday, in the last four of which what four outlets say turns around."""
    today = datetime.now(UTC).date()
    found = []
    for n in range(count):
        day = today - timedelta(days=1 + n // 20)
        fell = (today - day).days <= 4
        supports = n % 10 < (1 if fell else 7)
        found.append(
            {
                "doc_id": str(n),
                "outlet": f"Outlet {n % 4}",
                "society": "XA",
                "kind": "news" if n % 2 else "social",
                "lang": "en",
                "published_at": f"{day}T09:30:00Z",
                "text": f"{FOR if supports else AGAINST} ({n}), {SIGNED}",
                "author_key": f"{n:016x}",
                "author": NAME,
                "profile": f"https://posts.example/users/{HANDLE}",
            }
        )
    return found


def as_csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def broken_rows() -> str:
    """Rows that are no documents, each in a way of its own; she stands in all of them."""
    good = the_rows(1)[0]
    rows = [
        good | {"published_at": "soon"},
        good | {"author_key": NAME, "outlet": ""},
        good | {"lang": "English, as she speaks it"},
    ]
    text = as_csv(rows)
    line = ",".join(good.values())
    return (
        text
        + f"{line},one more\n"  # a cell too many
        + f"9,Outlet,XA,social,en,2026-11-20,Visas,,{NAME}\n"  # one too few
        + f'9,Outlet,XA,social,en,2026-11-20,"Visas" and,ab12cd34,{NAME},{HANDLE}\n'  # a quote in the middle
        + f'9,Outlet,XA,social,en,2026-11-20,"open,ab12cd34,{NAME},{HANDLE}\n'
    )


def broken_lines() -> str:
    good = the_rows(1)[0]
    return "\n".join(
        [
            json.dumps(good | {"published_at": "soon", "writer": {"name": NAME}, "by": NAME}),
            json.dumps(good | {"author_key": NAME, "outlet": None, "bio": f"I am {NAME}"}),
            json.dumps(good | {"text": ["a"]})[:-1],
            json.dumps({"outlet": "x", "user": {"screen_name": HANDLE, "full_name": NAME}})[:-1],
        ]
    )


def test_what_is_told_shown_and_kept_of_imported_files_names_no_author(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hook = Receiver()
    Thread(target=hook.serve_forever, daemon=True).start()
    place.set("BAROMETER_MODEL", "lexicon")
    place.set("BAROMETER_LOG_LEVEL", "DEBUG")
    place.set("BAROMETER_CHANNELS", str(place.folder / "channels.toml"))
    place.write(
        "channels.toml",
        "".join(
            f'[[channels]]\nname = "{name}"\nurl = "{url}"\n'
            for name, url in {
                "log": f"log:///{place.folder}/alerts.log",
                "feed": f"atom:///{place.folder}/alerts.atom",
                "topic": "topic://barometer.incidents.v1",
                "hook": f"{hook.url()}?allow_private=1&secret=whsec_{'c2VjcmV0' * 6}",
            }.items()
        ),
    )
    place.write("rows.csv", as_csv(the_rows(32 * 20)))
    place.write("broken.csv", broken_rows())
    place.write("broken.jsonl", broken_lines())
    commands = (
        ["migrate"],
        ["import", "rows.csv", "broken.csv", "broken.jsonl"],
        ["watch"],
        ["digest", "--week", _week_before()],
        ["board", "--output", "board"],
        ["incidents", "list"],
        ["health"],
        ["monitor"],
        ["sources", "list"],
        ["channels", "list"],
        ["dead-letters", "list", "--payload"],
        ["sql", "SELECT * FROM dead_letters"],
        ["import", "no-such-file.csv"],
    )
    for command in commands:
        said = place.run(*command)
        assert not found_in(said.out + said.err), (command, said)
        assert said.status == (2 if "no-such-file.csv" in command else 0), (command, said)
    hook.shutdown()
    hook.server_close()
    told = (place.folder / "alerts.log").read_text()
    assert "Support for regular migration fell" in told
    assert "work visa scheme" in told, "it is quoted, and she is not in the quotation"
    assert "[handle]" in told
    ways = [request.body for request in hook.received]
    assert ways, "the webhook was told"
    with edges(_settings(), sources=[]) as opened:
        assert opened.database.query("SELECT count() FROM dead_letters").rows == [(11,)]
        topic = opened.bus.subscribe(["barometer.incidents.v1"], "a-look")
        ways += [message.value for message in topic.poll(100, 5)]
        topic.close()
        assert len(ways) > len(hook.received), "the topic was told"
        for table, rows in everything_in(opened):
            assert not found_in(rows), (table, found_in(rows))
    for way in ways:
        assert not found_in(way), way
    ours = {"rows.csv", "broken.csv", "broken.jsonl"}
    for path in place.folder.rglob("*"):
        if path.is_file() and path.name not in ours and "clickhouse" not in path.parts:
            assert not found_in(path.read_bytes()), path
    for record in caplog.records:
        assert not found_in(f"{record.getMessage()} {fields_of(record)}"), record


def _week_before() -> str:
    year, week, _ = (datetime.now(UTC).date() - timedelta(days=7)).isocalendar()
    return f"{year}-W{week:02}"


def _settings() -> Settings:
    from flows.settings import load_settings

    return load_settings()


def dead(content: str, name: str = "posts.csv", **options: object) -> list[DeadLetter]:
    rows = read_rows(
        io.BytesIO(content.encode()),
        name=name,
        run="r1",
        read_at=NOW,
        **options,  # type: ignore[arg-type]
    )
    return [row for row in rows if isinstance(row, DeadLetter)]


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ("A,2026-11-20,Hello", "A,2026-11-20,Hello"),
        (f"A,2026-11-20,{NAME},Hello,more", "A,2026-11-20,[name],[name],more"),
        (f"A,{NAME},Hello", "A,[name],[name]"),
        (f'A,2026-11-20,"{NAME}" x,Hello', "[not kept: its columns cannot be told apart, and not all of them are read]"),
    ],
)  # fmt: skip
def test_a_csv_row_that_cannot_be_taken_apart_is_kept_without_what_is_not_read(
    row: str, kept: str
) -> None:
    header = "outlet,published_at,author,text" if NAME in row else "outlet,published_at,text,kind"
    (letter,) = dead(f"{header}\n{row}\n")
    assert letter.payload == kept


def test_an_authors_key_that_is_one_stays_and_a_name_in_its_place_does_not() -> None:
    header = "outlet,published_at,text,author_key\n"
    (hashed,) = dead(f"{header}A,soon,Hello,9f86d081884c7d65\n")
    (named,) = dead(f"{header}A,soon,Hello,{NAME}\n")
    assert json.loads(hashed.payload)["author_key"] == "9f86d081884c7d65"
    assert "author_key" not in json.loads(named.payload)
    mapping = mapping_from_pairs(["author_key=user"])
    (mapped,) = dead(f"outlet,published_at,text,user\nA,soon,Hello,{NAME}\n", mapping=mapping)
    assert not found_in(mapped.payload)


def test_a_json_line_keeps_what_would_have_been_read() -> None:
    line = {"outlet": "A", "text": "Hello", "published_at": "soon"}
    (plain,) = dead(json.dumps(line), "posts.jsonl")
    assert plain.payload == json.dumps(line)
    (more,) = dead(json.dumps(line | {"poster": NAME, "bio": NAME, "likes": 3}), "posts.jsonl")
    assert json.loads(more.payload) == line


def test_nothing_of_the_tests_own_is_searched_for_in_vain() -> None:
    """She would be found where she stands."""
    assert set(found_in(f"{NAME} {HANDLE} {MAIL} {PHONE} {DID}")) == set(PLANTED)
    assert found_in(Path(__file__).read_bytes())
