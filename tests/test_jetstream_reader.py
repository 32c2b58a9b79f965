"""The reader of Jetstream against an instance on 127.0.0.1 that replays, forgets, refuses and breaks off."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.frames import Frame, Opcode
from websockets.sync.server import ServerConnection

from ingest.fetch import Fetcher, FetchFailed
from ingest.guarded_network import NOBODY
from ingest.jetstream import microseconds
from ingest.jetstream_cursor import MAX_MESSAGE_BYTES, Position, decode_position, encode_position
from ingest.jetstream_reader import JetstreamReader
from ingest.jetstream_socket import public_socket
from ingest.reading import Memory, Reading
from tests.certificates import server_context, trusting
from tests.local_jetstream import LocalJetstream, as_v2, error_frame, info, local_jetstream
from tests.services import free_port
from tests.stream_posts import ANN, BEN, CLO, HERE, post, stream_source, surroundings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def sky() -> Iterator[LocalJetstream]:
    with local_jetstream() as instance:
        yield instance


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(pause=0) as one:
        yield one


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def fill(sky: LocalJetstream, seconds_ago: list[float]) -> None:
    """A post for each, called after when it was made."""
    for each in seconds_ago:
        sky.commit(ago(each), ANN, f"3lb{each:g}", post(f"Refugees, {each:g}"))


def read(
    fetcher: Fetcher,
    url: str,
    cursor: str = "",
    *,
    quiet: float = 0.4,
    now: datetime = NOW,
    **more: Any,
) -> Reading:
    reader = JetstreamReader(
        quiet=quiet,
        opening=more.pop("opening", 20.0),
        max_events=more.pop("max_events", 10_000),
        context=more.pop("context", None),
    )
    around = surroundings(fetcher, allowed_hosts=more.pop("allowed_hosts", HERE))
    return reader.read(stream_source(url, **more), Memory(cursor=cursor), around, now)


def texts(reading: Reading) -> list[str]:
    return [arrival.document.text.removeprefix("Refugees, ") for arrival in reading.documents]


def since(seconds_ago: float, instance: str = "", position: int = 0) -> str:
    return encode_position(
        Position(instance=instance, position=position, time_us=microseconds(ago(seconds_ago)))
    )


def urls(sky: LocalJetstream) -> list[str]:
    return [sky.v1, sky.v2]


def test_a_first_reading_listens_to_what_is_said_now(sky: LocalJetstream, fetcher: Fetcher) -> None:
    fill(sky, [100, 0])
    sky.events[-1]["live"] = True
    reading = read(fetcher, sky.v2, listen_seconds=1)
    assert "cursor" not in sky.asked[0]
    assert (texts(reading), reading.more) == (["0"], False)
    assert decode_position(reading.memory.cursor).position == 2


def test_a_first_reading_in_which_nothing_is_said_begins_there_the_next_time(
    sky: LocalJetstream, fetcher: Fetcher
) -> None:
    first = read(fetcher, sky.v2, listen_seconds=1)
    assert first.documents == ()
    fill(sky, [-5])
    assert texts(read(fetcher, sky.v2, first.memory.cursor, now=ago(-10))) == ["-5"]


@pytest.mark.parametrize("which", [0, 1], ids=["v1", "v2"])
def test_a_reading_goes_on_where_the_last_one_ended(
    sky: LocalJetstream, fetcher: Fetcher, which: int
) -> None:
    url = urls(sky)[which]
    fill(sky, [90, 80, 70])
    one = read(fetcher, url, since(100))
    assert (texts(one), one.more, one.gap) == (["90", "80", "70"], False, None)
    fill(sky, [60, 50])
    two = read(fetcher, url, one.memory.cursor)
    # v1 may have more events in the microsecond of the last one, and sends that again.
    assert texts(two) == [["70", "60", "50"], ["60", "50"]][which]
    assert (two.gap, two.notes) == (None, ())


@pytest.mark.parametrize("which", [0, 1], ids=["v1", "v2"])
def test_it_ends_when_it_has_caught_up(sky: LocalJetstream, fetcher: Fetcher, which: int) -> None:
    fill(sky, [20, 10, 0, -10])
    reading = read(fetcher, urls(sky)[which], since(30), quiet=20)
    assert (texts(reading), reading.more) == (["20", "10", "0"], False)


@pytest.mark.parametrize("which", [0, 1], ids=["v1", "v2"])
def test_a_long_stretch_is_read_in_bounded_pieces(
    sky: LocalJetstream, fetcher: Fetcher, which: int
) -> None:
    fill(sky, [float(n) for n in range(50, 0, -1)])
    cursor, found, more = since(60), set[str](), True
    for _ in range(20):
        reading = read(fetcher, urls(sky)[which], cursor, max_events=7)
        found |= set(texts(reading))
        cursor, more = reading.memory.cursor, reading.more
        assert len(reading.documents) <= 7
        if not more:
            break
    assert (len(found), more) == (50, False)


def test_a_reading_takes_no_longer_than_it_may(sky: LocalJetstream, fetcher: Fetcher) -> None:
    def drip(connection: ServerConnection) -> None:
        for n in range(200):
            event = as_v2(
                {
                    "seq": 10 + n,
                    "us": microseconds(ago(50)),
                    "did": ANN,
                    "kind": "account",
                    "account": {},
                }
            )
            connection.send(json.dumps(event))
            time.sleep(0.1)

    fill(sky, [55])
    sky.after = drip
    began = time.monotonic()
    reading = read(fetcher, sky.v2, since(60), listen_seconds=1, quiet=5)
    assert time.monotonic() - began < 15
    assert (texts(reading), reading.more) == (["55"], True)


def test_closed_accounts_are_asked_for_and_folded(sky: LocalJetstream, fetcher: Fetcher) -> None:
    for url in urls(sky):
        sky.events.clear()
        fill(sky, [50])
        sky.commit(ago(40), BEN, "3lbben", post())
        sky.commit(ago(35), CLO, "3lbgone", None, "delete")
        sky.account(ago(30), ANN, active=False, status="deleted")
        sky.other(ago(29), ANN, "identity")
        reading = read(fetcher, url, since(60))
        assert [one.document.author_key[:10] for one in reading.documents] == ["key-of-ben"]
        assert len(reading.removed) == 2


# -- Switching instances ---------------------------------------------------------------------------


def test_another_address_is_tried_and_begun_by_time(sky: LocalJetstream, fetcher: Fetcher) -> None:
    fill(sky, [90, 80, 70])
    dead = f"ws://127.0.0.1:{free_port()}"
    for url in urls(sky):
        cursor = since(75, "gone.example v2", 123_456_789)
        reading = read(fetcher, dead, cursor, fallback=(url,))
        assert texts(reading) == ["90", "80", "70"]  # with a margin: clocks differ
        assert "cannot be reached" in reading.notes[0]
        assert reading.gap is None


def test_an_instance_that_breaks_off_at_once_is_passed_by(
    sky: LocalJetstream, fetcher: Fetcher
) -> None:
    fill(sky, [50])
    with local_jetstream() as other:
        other.after = lambda connection: connection.close(1011, "out of order")
        reading = read(fetcher, other.v2, since(60), fallback=(sky.v1,))
    assert texts(reading) == ["50"]
    assert reading.notes[0].endswith("the stream was closed with code 1011: out of order")


def test_when_none_answers_the_failure_names_all(fetcher: Fetcher) -> None:
    one, two = (f"ws://127.0.0.1:{free_port()}" for _ in range(2))
    with pytest.raises(FetchFailed) as failed:
        read(fetcher, one, fallback=(two,))
    assert one in failed.value.reason
    assert two in failed.value.reason
    assert not failed.value.permanent


# -- Cursors that are too old ----------------------------------------------------------------------


def test_v1_moves_an_old_cursor_silently_and_the_hole_is_known(
    sky: LocalJetstream, fetcher: Fetcher
) -> None:
    fill(sky, [200_000, 100_000, 50])
    sky.kept_since_us = microseconds(ago(36 * 3_600))
    reading = read(fetcher, sky.v1, since(250_000))
    assert texts(reading) == ["100000", "50"]
    assert reading.gap is not None
    assert (reading.gap.since, reading.gap.until) == (ago(250_000), ago(100_000))


def test_v2_refuses_an_old_cursor_and_the_oldest_is_read(
    sky: LocalJetstream, fetcher: Fetcher
) -> None:
    fill(sky, [200_000, 100_000, 50])
    sky.kept_since_us = microseconds(ago(36 * 3_600))
    cursor = since(200_000, f"127.0.0.1:{sky.port} v2", 1)
    reading = read(fetcher, sky.v2, cursor)
    assert sky.asked[0]["cursor"] == ["1"]
    assert texts(reading) == ["100000", "50"]
    assert reading.gap is not None
    assert (reading.gap.since, reading.gap.until) == (ago(200_000), ago(100_000))


def test_v2_may_say_so_in_a_frame(sky: LocalJetstream, fetcher: Fetcher) -> None:
    def refuse_then_send(connection: ServerConnection) -> None:
        if sky.asked[-1]["cursor"] == ["7"]:
            error_frame("CursorTooOld", "the floor is 9")(connection)
        else:
            connection.send(json.dumps(as_v2(kept | {"seq": 9})))

    fill(sky, [500])
    kept = sky.events.pop()
    sky.after = refuse_then_send
    reading = read(fetcher, sky.v2, since(900, f"127.0.0.1:{sky.port} v2", 7))
    assert texts(reading) == ["500"]
    assert reading.gap is not None
    assert reading.gap.since == ago(900)


def test_an_archive_that_began_anew_is_begun_by_time(sky: LocalJetstream, fetcher: Fetcher) -> None:
    fill(sky, [50, 40])
    reading = read(fetcher, sky.v2, since(55, f"127.0.0.1:{sky.port} v2", 9_000_000))
    assert texts(reading) == ["50", "40"]
    assert reading.gap is None
    assert decode_position(reading.memory.cursor).position == 2


def test_what_the_instance_says_is_noted(sky: LocalJetstream, fetcher: Fetcher) -> None:
    fill(sky, [50])
    sky.after = lambda connection: info(connection, "Maintenance", "back\nsoon")
    assert "says Maintenance back soon" in read(fetcher, sky.v2, since(60)).notes[0]


# -- Breaking off ----------------------------------------------------------------------------------


def mid_message(connection: ServerConnection) -> None:
    """Half a message, then the socket is gone."""
    frame = Frame(Opcode.TEXT, b'{"$type": "message", "payload"').serialize(mask=False)
    connection.socket.sendall(frame[:-5])
    connection.socket.shutdown(socket.SHUT_RDWR)


def unfinished(connection: ServerConnection) -> None:
    """A message whose end never comes."""
    frame = Frame(Opcode.TEXT, b'{"$type":', fin=False).serialize(mask=False)
    connection.socket.sendall(frame)


def no_utf8_close(connection: ServerConnection) -> None:
    connection.socket.sendall(Frame(Opcode.CLOSE, b"\x03\xe8\xff\xfe").serialize(mask=False))


BROKEN: list[tuple[Any, str]] = [
    (mid_message, "broke off"),
    (no_utf8_close, "given up"),
    (lambda connection: connection.close(1001, "going away"), "code 1001: going away"),
    (lambda connection: connection.send("x" * (MAX_MESSAGE_BYTES + 1)), "given up"),
]
ERROR_FRAMES: list[tuple[Any, str]] = [
    (error_frame("ConsumerTooSlow", "reconnect with cursor=3"), "ConsumerTooSlow reconnect"),
    (error_frame("InternalError", ""), "it says InternalError"),
]


@pytest.mark.parametrize(
    ("which", "ending", "said"),
    [(which, *how) for which in (0, 1) for how in BROKEN + (ERROR_FRAMES if which else [])],
)
def test_what_was_read_before_a_stream_ended_is_kept(
    sky: LocalJetstream, fetcher: Fetcher, which: int, ending: Any, said: str
) -> None:
    fill(sky, [90, 80])
    sky.after = ending
    one = read(fetcher, urls(sky)[which], since(100))
    assert texts(one) == ["90", "80"]
    assert one.more
    assert said in one.notes[0]
    assert "\n" not in one.notes[0]
    fill(sky, [70])
    sky.after = lambda connection: None
    two = read(fetcher, urls(sky)[which], one.memory.cursor)
    assert "70" in texts(two)
    assert "90" not in texts(two)


def test_a_message_without_end_is_not_waited_for(sky: LocalJetstream, fetcher: Fetcher) -> None:
    fill(sky, [90])
    sky.after = unfinished
    began = time.monotonic()
    assert texts(read(fetcher, sky.v2, since(100))) == ["90"]
    assert time.monotonic() - began < 15


def test_a_broken_message_is_dead_and_the_next_is_read(
    sky: LocalJetstream, fetcher: Fetcher
) -> None:
    def odd(connection: ServerConnection) -> None:
        connection.send("{")
        connection.send(b"\xff\x00")
        event = {"seq": 9, "us": microseconds(ago(10)), "did": ANN, "kind": "party"}
        connection.send(json.dumps(as_v2(event)))

    fill(sky, [90])
    sky.after = odd
    reading = read(fetcher, sky.v2, since(100))
    assert (len(reading.documents), len(reading.dead)) == (1, 2)
    assert decode_position(reading.memory.cursor).position == 9


# -- Refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "said", "permanent"),
    [
        (
            400,
            '{"error":"InvalidRequest","message":"unknown kind"}',
            "InvalidRequest unknown",
            True,
        ),
        (400, "wantedCollections: bad", "(400): wantedCollections: bad", True),
        (404, "<html>not here</html>", "(404)", True),
        (429, "", "(429)", False),
        (503, '{"error":"ServiceUnavailable"}', "ServiceUnavailable", False),
        (200, "<html>hello</html>", "(200)", True),
    ],
)
def test_a_refusal_is_told_in_its_own_words(
    sky: LocalJetstream, fetcher: Fetcher, status: int, body: str, said: str, permanent: bool
) -> None:
    sky.refuses = (status, body, {"Retry-After": "90"})
    with pytest.raises(FetchFailed) as failed:
        read(fetcher, sky.v2)
    assert said in failed.value.reason
    assert "<" not in failed.value.reason
    assert (failed.value.permanent, failed.value.http_status) == (permanent, status)
    assert failed.value.retry_after == timedelta(seconds=90)


def test_a_redirect_is_not_followed(sky: LocalJetstream, fetcher: Fetcher) -> None:
    with local_jetstream() as other:
        sky.refuses = (302, "", {"Location": other.v2})
        with pytest.raises(FetchFailed, match="not followed") as failed:
            read(fetcher, sky.v2)
        assert other.asked == []
    assert failed.value.permanent


def test_words_of_v1_are_refused_by_v2(sky: LocalJetstream, fetcher: Fetcher) -> None:
    """An address that ends in /subscribe is asked in the words of v1, any other in those of v2."""
    read(fetcher, sky.v1, since(1))
    read(fetcher, f"ws://127.0.0.1:{sky.port}", since(1))
    assert sky.paths == ["/subscribe", "/xrpc/network.bsky.jetstream.subscribeEvents"]
    assert "wantedCollections" in sky.asked[0]
    assert "wantedCollections" not in sky.asked[1]
    assert sky.headers[0]["user-agent"].startswith("Barometer/")
    assert "sec-websocket-extensions" not in sky.headers[0]


def test_a_peer_that_never_greets_is_given_up(fetcher: Fetcher) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        began = time.monotonic()
        with pytest.raises(FetchFailed, match="in time"):
            read(fetcher, f"ws://127.0.0.1:{server.getsockname()[1]}", opening=0.5)
        assert time.monotonic() - began < 60


def test_a_stream_may_be_silent_for_longer_than_its_opening_took(sky: LocalJetstream) -> None:
    """What is left on the socket would break off a quiet stream that is not encrypted: the library doesn't take it off."""
    with closing(public_socket("127.0.0.1", sky.port, HERE, "sky", seconds=5.0)) as opened:
        assert opened.gettimeout() is None


def test_a_peer_that_is_no_websocket_is_given_up(fetcher: Fetcher) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def hello() -> None:
            peer, _ = server.accept()
            peer.sendall(b"SSH-2.0-example\r\n")
            peer.close()

        threading.Thread(target=hello, daemon=True).start()
        with pytest.raises(FetchFailed, match="does not speak WebSocket"):
            read(fetcher, f"ws://127.0.0.1:{server.getsockname()[1]}")


def test_a_peer_that_only_pings_and_never_reads_is_given_up(
    sky: LocalJetstream, fetcher: Fetcher
) -> None:
    def flood(connection: ServerConnection) -> None:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=False) * 500
        connection.protocol_mutex.acquire()  # the server's own thread reads no more
        for _ in range(400):
            connection.socket.sendall(ping)

    fill(sky, [90])
    sky.after = flood
    began = time.monotonic()
    reading = read(fetcher, sky.v2, since(100), listen_seconds=2)
    assert texts(reading) == ["90"]
    assert time.monotonic() - began < 60


# -- Where it connects to --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"],
)
def test_a_private_address_is_not_connected_to(fetcher: Fetcher, host: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        url = f"ws://{host}:{server.getsockname()[1]}"
        with pytest.raises(FetchFailed) as failed:
            read(fetcher, url, allowed_hosts=NOBODY)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert failed.value.permanent or "cannot be reached" in failed.value.reason


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    sky: LocalJetstream, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads to a public address once and to a private one the second time gets no second time."""
    looked_up: list[str] = []
    tried: list[Any] = []

    def look_up(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        looked_up.append(host)
        address = "93.184.215.14" if len(looked_up) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(opened: socket.socket, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError("no network in tests")

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    monkeypatch.setattr("ingest.jetstream_socket.socket.socket.connect", connect)
    with pytest.raises(FetchFailed, match="cannot be reached"):
        read(fetcher, f"ws://rebinding.example:{sky.port}", allowed_hosts=NOBODY)
    assert tried == [("93.184.215.14", sky.port)]
    with pytest.raises(FetchFailed, match="this machine itself"):
        read(fetcher, f"ws://rebinding.example:{sky.port}", allowed_hosts=NOBODY)
    assert (len(tried), sky.asked) == (1, [])


def test_a_host_that_the_settings_name_may_be_private(
    sky: LocalJetstream, fetcher: Fetcher
) -> None:
    fill(sky, [50])
    reading = read(fetcher, sky.v2, since(60), allowed_hosts=HERE)
    assert texts(reading) == ["50"]


@pytest.mark.parametrize(
    "url", ["https://one.example", "file:///etc/passwd", "ws://", "ws://[", "ws://a:99999"]
)
def test_an_address_that_is_none_is_refused(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(FetchFailed) as failed:
        read(fetcher, url)
    assert failed.value.permanent


def test_a_secure_stream_is_checked_by_its_name(tmp_path: Path, fetcher: Fetcher) -> None:
    with local_jetstream(server_context(tmp_path, "localhost")) as sky:
        fill(sky, [50])
        assert texts(read(fetcher, sky.v2, since(60), context=trusting(tmp_path))) == ["50"]
        with pytest.raises(FetchFailed, match="certificate"):
            read(fetcher, sky.v2, since(60))
