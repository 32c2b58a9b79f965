"""Server-sent events, however the stream is cut into pieces."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sse import EventParser, ServerEvent, parse_events

STREAM = (Path(__file__).parent / "data/mastodon/stream.txt").read_bytes()


def test_a_stream_gives_its_events_and_no_heartbeats() -> None:
    names = [event.name for event in parse_events(STREAM)]
    assert names == ["update", "status.update", "notification", "filters_changed", "delete"]
    assert parse_events(STREAM)[-1].data == b"115600000000000001"


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        # What the standard says of names, lines, spaces and line ends.
        (b"data: a\n\n", [("message", b"a")]),
        (b"data:a\r\ndata: b\r\n\r\n", [("message", b"a\nb")]),
        (b"event:x\rdata\r\r", [("x", b"")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("message", b"a")]),
        (b"data:  two spaces\n\n", [("message", b" two spaces")]),
        (b"event: only a name\n\ndata: next\n\n", [("message", b"next")]),
        (b"id: 1\nretry: 5\nfoo\ndata: a\n\n", [("message", b"a")]),
        (b": a\n: b\n\n\n\n", []),
        (b"data: without an end\n", []),
        (b"", []),
    ],
)
def test_the_letter_of_the_standard(stream: bytes, events: list[tuple[str, bytes]]) -> None:
    assert [(event.name, event.data) for event in parse_events(stream)] == events


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
@settings(max_examples=50, deadline=None)
def test_it_does_not_matter_where_the_pieces_are_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    for stream in (STREAM, STREAM.replace(b"\n", b"\r\n")[: len(STREAM)]):
        parser = EventParser()
        found: list[ServerEvent] = []
        for start, end in pairwise(places):
            found += parser.feed(stream[start:end])
        assert tuple(found) == parse_events(stream)


def test_what_is_cut_off_is_known_to_be_unfinished() -> None:
    parser = EventParser()
    parser.feed(b"event: update\ndata: {}\n\n:thump\n\n")
    assert not parser.unfinished
    for piece in (b"ev", b"ent: update\n", b'data: {"id"'):
        parser.feed(piece)
        assert parser.unfinished


def test_an_event_without_end_takes_no_memory_and_the_next_one_is_read() -> None:
    parser = EventParser(max_event_bytes=1_000)
    for _ in range(5_000):
        assert parser.feed(b"data: " + b"x" * 900) == []
    assert len(parser._line) + sum(map(len, parser._data)) < 2_000
    assert parser.feed(b"\ndata: still the same\n\nevent: delete\ndata: 7\n\n") == [
        ServerEvent("delete", b"7")
    ]
    assert parser.dropped == 1


def test_many_comments_are_no_long_event() -> None:
    parser = EventParser(max_event_bytes=1_000)
    for _ in range(1_000):
        parser.feed(b":thump\n")
    assert parser.feed(b"data: a\n\n") == [ServerEvent("message", b"a")]
    assert parser.dropped == 0


@given(st.binary(max_size=400) | st.text("event:data \n\r", max_size=200).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_parsed(data: bytes) -> None:
    for event in parse_events(data):
        assert event.name
        assert b"\n\n" not in event.data or b"data" in data
