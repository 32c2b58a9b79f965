"""Listening to a stream after catching up: what comes, what is deleted, and streams that break."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ingest.mastodon_stream import stream_urls
from tests.local_mastodon import Handler, LocalMastodon, local_mastodon
from tests.test_mastodon_reader import World, texts

STREAM = "/api/v1/streaming/hashtag"


@pytest.fixture
def instance() -> Iterator[LocalMastodon]:
    with local_mastodon() as local:
        yield local


def listener(instance: LocalMastodon, **options: Any) -> World:
    return World(instance, **({"streaming": True, "token": "TOKEN", "listen_seconds": 1} | options))


def event(name: str, data: Any) -> bytes:
    return (
        f"event: {name}\ndata: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()
    )


def live(instance: LocalMastodon, text: str, **over: Any) -> dict[str, Any]:
    """A status that the stream brings, and that the timeline does not show yet."""
    return instance.statuses.pop(instance.write(text, **over))


def test_a_reading_catches_up_and_then_listens_until_its_time_is_up(
    instance: LocalMastodon,
) -> None:
    instance.write("before")
    instance.stream = [b":thump\n\n", event("update", live(instance, "live")), b":thump\n\n"]
    started = time.monotonic()
    reading = listener(instance).read()
    assert 0.9 < time.monotonic() - started < 15
    assert texts(reading) == ["before", "live"]
    assert reading.notes == ()
    assert instance.asked[-1] == f"{STREAM}?tag=migration"
    assert instance.tokens[-1] == "Bearer s3cret-token"


def test_what_came_by_the_stream_is_not_taken_again_by_the_next_catching_up(
    instance: LocalMastodon,
) -> None:
    status = live(instance, "live")
    instance.stream = [event("update", status)]
    world = listener(instance)
    assert texts(world.read()) == ["live"]
    instance.statuses[status["id"]] = status
    instance.stream = []
    assert world.read().unchanged


def test_deletes_and_edits_fold_into_what_was_read(instance: LocalMastodon) -> None:
    caught = instance.write("caught")
    written, edited = live(instance, "written"), live(instance, "edited")
    closed = live(instance, "closed")
    instance.stream = [
        event("update", written) + event("update", edited) + event("update", closed),
        event("status.update", edited | {"content": "<p>better</p>", "edited_at": "2026-11-22T11:00:00Z"}),
        event("status.update", closed | {"visibility": "unlisted", "edited_at": "2026-11-22T11:00:00Z"}),
        event("delete", written["id"]) + event("delete", caught) + event("delete", "12345"),
        event("notification", {"id": "1"}) + event("filters_changed", "undefined"),
    ]  # fmt: skip
    reading = listener(instance).read()
    assert texts(reading) == ["better"]
    assert len(reading.removed) == 3
    assert not {each.document.id for each in reading.documents} & set(reading.removed)


def test_a_stream_that_closes_in_mid_message_keeps_what_was_complete_and_says_so(
    instance: LocalMastodon,
) -> None:
    instance.stream = [
        event("update", live(instance, "whole")),
        event("update", live(instance, "cut"))[:-40],
    ]
    instance.stream_ends = True
    reading = listener(instance, listen_seconds=20).read()
    assert texts(reading) == ["whole"]
    assert "in the midst of a message; what was complete is kept" in reading.notes[0]


def test_a_token_that_is_no_users_is_said_and_the_catch_up_kept(instance: LocalMastodon) -> None:
    instance.write("before")
    instance.faults[STREAM] = [lambda handler: handler.json(401, {"error": "Missing scope"})]
    reading = listener(instance).read()
    assert texts(reading) == ["before"]
    assert "the token in TOKEN must be a user's" in reading.notes[0]
    assert "s3cret" not in reading.notes[0]


def test_several_hashtags_are_listened_to_in_turn(instance: LocalMastodon) -> None:
    listener(instance, hashtags=("migration", "asylum"), listen_seconds=2, local=True).read()
    asked = [path for path in instance.asked if "streaming" in path]
    assert asked == [f"{STREAM}/local?tag=migration", f"{STREAM}/local?tag=asylum"]


def test_the_stream_is_where_the_instance_says(instance: LocalMastodon) -> None:
    with local_mastodon() as other:
        instance.instance = {
            "configuration": {"urls": {"streaming": other.url.replace("http", "ws")}}
        }
        other.stream = [event("update", live(other, "on migration"))]
        reading = listener(instance, hashtags=(), local=True).read()
        assert other.asked == ["/api/v1/streaming/public/local"]
        assert texts(reading) == ["on migration"]


def test_a_stream_of_everything_is_sieved(instance: LocalMastodon) -> None:
    instance.stream = [
        event("update", live(instance, "my cat")),
        event("update", live(instance, "migration")),
    ]
    reading = listener(instance, hashtags=()).read()
    assert (texts(reading), reading.passed_over) == (["migration"], 1)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda h: h.json(503, {}), "answered 503"),
        (lambda h: h.body(200, b"<html>", "text/html"), "instead of a stream of events"),
        (lambda h: h.body(302, b"", "text/plain", Location="http://127.0.0.1:1/"), "answered 302"),
        (lambda h: h.body(200, b"", "text/event-stream", Content_Encoding="gzip"), "compresses"),
        (lambda h: h.body(200, b"", "text/event-stream"), "closed its stream"),
        (lambda h: h.connection.shutdown(2), "broke off"),
    ],
)
def test_a_stream_that_does_not_work_is_a_note(
    instance: LocalMastodon, fault: Any, says: str
) -> None:
    instance.write("before")
    instance.faults[STREAM] = [fault]
    reading = listener(instance).read()
    assert texts(reading) == ["before"]
    assert says in reading.notes[0]


def test_a_stream_in_a_private_network_is_not_opened(instance: LocalMastodon) -> None:
    with local_mastodon() as other:
        inside = other.url.replace("http://127.0.0.1", "wss://localhost")
        instance.instance = {"configuration": {"urls": {"streaming": inside}}}
        reading = listener(instance).read()
        assert other.asked == []
    assert "this machine itself" in reading.notes[0]


def test_a_flood_and_a_message_without_end_have_an_end(
    instance: LocalMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.mastodon_stream.MAX_EVENTS", 5)
    instance.stream = [event("update", live(instance, f"post {n}")) for n in range(9)]
    reading = listener(instance, listen_seconds=20).read()
    assert 5 <= len(reading.documents) <= 9
    assert "more than 5 events" in reading.notes[0]
    monkeypatch.setattr("ingest.mastodon_stream.MAX_BYTES", 100_000)
    instance.stream = [b"data: " + b"x" * 50_000] * 9
    assert listener(instance, listen_seconds=20).read().notes == ()


def slow(handler: Handler) -> None:
    """Headers at last, a byte now and then."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    handler.close_connection = True
    while not handler.server.local.stopping.wait(0.05):
        handler.wfile.write(b":")
        handler.wfile.flush()


def test_a_stream_that_drips_is_left_in_time(instance: LocalMastodon) -> None:
    instance.faults[STREAM] = [slow]
    started = time.monotonic()
    listener(instance).read()
    assert time.monotonic() - started < 30


def test_the_addresses_of_streams() -> None:
    assert stream_urls("https://s.example", (), local=False) == [
        "https://s.example/api/v1/streaming/public"
    ]
    assert stream_urls("https://s.example", ("ä b",), local=True) == [
        "https://s.example/api/v1/streaming/hashtag/local?tag=%C3%A4+b"
    ]
