"""Messages of Jetstream to documents, without a network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.document import encode_document
from ingest.jetstream import POSTS, Event, Unreadable, Version, microseconds, parse_message
from ingest.jetstream_cursor import (
    Position,
    decode_position,
    encode_position,
    gap_after,
    starts,
    subscription,
)
from ingest.jetstream_fold import parse_jetstream
from ingest.reading import Reading
from ingest.source_options import JetstreamOptions
from tests.hostile_text import HOSTILE
from tests.local_jetstream import as_v1, as_v2
from tests.stream_posts import ANN, BEN, about_migration, author_key, post, stream_source

DATA = Path(__file__).parent / "data" / "jetstream"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
THEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def read(data: bytes, version: Version = Version.V2, **options: Any) -> Reading:
    source = stream_source(**options)
    assert isinstance(source.options, JetstreamOptions)
    return parse_jetstream(
        data,
        version=version,
        source=source,
        options=source.options,
        is_relevant=about_migration,
        author_key=author_key,
        now=NOW,
    )


def commit(
    record: dict[str, Any] | None,
    *,
    did: str = ANN,
    rkey: str = "3lbone",
    operation: str = "create",
    seq: int = 1,
    at: datetime = THEN,
    collection: str = POSTS,
) -> dict[str, Any]:
    own = {"operation": operation, "collection": collection, "rkey": rkey, "record": record}
    return {"seq": seq, "us": microseconds(at), "did": did, "kind": "commit"} | own


def account(did: str, **state: Any) -> dict[str, Any]:
    return {"seq": 99, "us": microseconds(THEN), "did": did, "kind": "account", "account": state}


def lines(*events: dict[str, Any], version: Version = Version.V2) -> bytes:
    shape = as_v2 if version is Version.V2 else as_v1
    return b"\n".join(json.dumps(shape(event)).encode() for event in events)


def test_the_sample_of_v2_gives_what_it_says() -> None:
    reading = read((DATA / "v2.jsonl").read_bytes())
    first, second = (arrival.document for arrival in reading.documents)
    assert first.text == "Our town should take in more refugees.\nThere is room, and there is work."
    assert (first.title, first.language, first.url, first.outlet) == ("", "en", "", "Bluesky")
    assert first.published_at == datetime(2026, 11, 20, 9, 29, 58, 120_000, tzinfo=UTC)
    assert (second.title, second.language) == ("Council votes on asylum centre", "en-GB")
    assert second.published_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert len(reading.removed) == 1
    assert reading.passed_over == 1  # the goal
    assert [letter.reason.partition(":")[0] for letter in reading.dead] == ["the record is no post"]
    assert reading.notes == ("1 repositories were out of step (#sync)",)


def test_the_sample_of_v1_gives_the_same_documents() -> None:
    v1 = read((DATA / "v1.jsonl").read_bytes(), Version.V1)
    v2 = read((DATA / "v2.jsonl").read_bytes())
    assert v1.documents[0] == v2.documents[0]
    assert v1.removed == v2.removed


def test_no_name_of_an_author_is_in_what_is_kept() -> None:
    reading = read(
        (DATA / "v2.jsonl").read_bytes() + b"\n" + lines(commit({"text": ANN + "\ud800"}))
    )
    kept = b"".join(encode_document(arrival.document) for arrival in reading.documents)
    assert b"did:" not in kept
    for letter in reading.dead:
        assert "did:plc" not in letter.payload + letter.reason + letter.place + letter.origin
    assert reading.dead[-1].payload.count("did:…")


@pytest.mark.parametrize("version", list(Version))
def test_an_edit_is_the_document_again_with_the_new_text(version: Version) -> None:
    one = commit(post("Refugees out"), seq=1)
    two = commit(post("Refugees in"), seq=2, operation="update")
    before = read(lines(one, version=version), version)
    after = read(lines(one, two, version=version), version)
    assert [arrival.document.text for arrival in after.documents] == ["Refugees in"]
    assert after.documents[0].document.id == before.documents[0].document.id
    assert after.documents[0].origin == before.documents[0].origin
    assert (after.removed, after.passed_over) == ((), 1)


def test_a_deleted_post_is_removed_and_not_kept() -> None:
    one = commit(post())
    reading = read(lines(one, commit(None, operation="delete", seq=2)))
    assert reading.documents == ()
    assert reading.removed == (read(lines(one)).documents[0].document.id,)


def test_a_post_that_is_made_again_is_not_removed() -> None:
    reading = read(
        lines(commit(None, operation="delete"), commit(post("Refugees, once more"), seq=2))
    )
    assert (len(reading.documents), reading.removed) == (1, ())


def test_an_edit_after_which_a_post_is_not_ours_removes_it() -> None:
    hidden = post(labels={"values": [{"val": "!no-unauthenticated"}]})
    for edited in (post("Lovely weather"), hidden):
        reading = read(lines(commit(edited, operation="update")))
        assert (len(reading.documents), len(reading.removed), reading.passed_over) == (0, 1, 1)


@pytest.mark.parametrize("status", ["deleted", "takendown", "suspended", "deactivated"])
def test_a_closed_account_takes_its_posts_with_it(status: str) -> None:
    posts = [commit(post(), rkey="3lba"), commit(post(), rkey="3lbb"), commit(post(), did=BEN)]
    reading = read(lines(*posts, account(ANN, active=False, status=status)))
    assert [arrival.document.author_key[:10] for arrival in reading.documents] == ["key-of-ben"]
    assert len(reading.removed) == 2
    # whatever it said before goes, too: its keys of the months whose text is still stored
    assert len(reading.removed_authors) == 4
    assert all(key.startswith("key-of-ann") for key in reading.removed_authors)


@pytest.mark.parametrize(
    "state", [{"active": True}, {"active": False, "status": "desynchronized"}, {}]
)
def test_an_account_that_is_only_out_of_step_keeps_its_posts(state: dict[str, Any]) -> None:
    reading = read(lines(commit(post()), account(ANN, **state)))
    assert (len(reading.documents), reading.removed) == (1, ())


@pytest.mark.parametrize(
    ("record", "options", "kept"),
    [
        (post(), {}, True),
        (post("What a goal!"), {}, False),
        (post(""), {}, False),  # a picture
        (post(labels={"values": [{"val": "!no-unauthenticated"}]}), {}, False),
        (post(labels={"values": [{"val": "bot"}]}), {}, False),
        (post(labels={"values": [{"val": "bot"}]}), {"keep_bots": True}, True),
        (post(labels={"values": [{"val": "porn"}, {"val": "nudity"}]}), {}, True),
        (post(langs=["de"]), {"languages": ("en",)}, False),
        (post(langs=["de", "en-US"]), {"languages": ("en",)}, True),
        (post(langs=[]), {"languages": ("en",)}, False),
        (post(langs=None), {"languages": ()}, True),
        (post(reply={"root": {}, "parent": {}}), {}, True),
        (post("", embed={"external": {"title": "On refugees"}}), {}, True),
        (post("Hm", embed={"media": {"external": {"title": "On refugees"}}}), {}, True),
        (post("Hm", embed={"record": {"uri": "at://…", "cid": "…"}}), {}, False),
    ],
)
def test_what_is_ours(record: dict[str, Any], options: dict[str, Any], kept: bool) -> None:
    reading = read(lines(commit(record)), **options)
    assert (len(reading.documents), reading.passed_over) == ((1, 0) if kept else (0, 1))
    assert reading.dead == ()


def test_the_language_is_the_wanted_one_among_those_named() -> None:
    document = read(lines(commit(post(langs=["de", "en-US"]))), languages=("en",)).documents[0]
    assert document.document.language == "en-US"
    nothing = read(lines(commit(post(langs=["no language at all"])))).documents[0]
    assert nothing.document.language == "en"


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (THEN - timedelta(hours=3), True),
        (THEN - timedelta(hours=25), False),
        (THEN + timedelta(seconds=1), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (None, False),
    ],
)
def test_a_post_says_when_it_was_written_and_is_believed_for_a_day(
    said: datetime | None, counts: bool
) -> None:
    written = said.isoformat() if said else "long ago"
    document = read(lines(commit(post(createdAt=written)))).documents[0].document
    assert document.published_at == (said if counts else THEN)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (commit({"text": 7}), "the record is no post"),
        (commit({}), "the record is no post"),
        (commit(None), "the record is no post"),
        (commit(post("refugee " * 400)), "longer than 3,000 bytes"),
        (commit(post("a refugee\x00")), "NUL"),
        (commit(post(), did="somebody"), "no valid id"),
        (commit(post(), rkey="a/b"), "no valid key"),
        (commit(post(), operation="fold"), "'fold' is not known"),
    ],
)
def test_a_post_that_cannot_be_read_is_a_dead_letter(event: dict[str, Any], reason: str) -> None:
    first, again = read(lines(event)), read(lines(event))
    assert reason in first.dead[0].reason
    assert first.dead == again.dead
    assert (first.documents, first.passed_over) == ((), 0)


def test_what_is_no_message_is_a_dead_letter_and_the_rest_is_read() -> None:
    reading = read(b"\n".join([b"{", b"\xff\xfe", b"[" * 5_000, b"7", lines(commit(post()))]))
    assert (len(reading.documents), len(reading.dead)) == (1, 4)


def test_kinds_that_are_not_known_are_counted() -> None:
    odd = {"seq": 5, "us": microseconds(THEN), "did": ANN}
    reading = read(lines(odd | {"kind": "party"}, odd | {"kind": "p\n\x00x"}, commit(post())))
    assert reading.notes == ("2 events were of unknown kinds: p?x, party",)
    assert len(reading.documents) == 1


def test_other_collections_are_passed_over() -> None:
    reading = read(lines(commit({"text": "refugee"}, collection="app.example.note")))
    assert (reading.documents, reading.dead, reading.passed_over) == ((), (), 1)


@pytest.mark.parametrize("time_us", [0, -1, 10**18, 2**63, 2**80])
def test_an_event_of_a_time_that_cannot_be_moves_no_cursor(time_us: int) -> None:
    event = commit(post()) | {"us": time_us}
    message = parse_message(json.dumps(as_v1(event)).encode(), Version.V1, NOW)
    assert isinstance(message, Unreadable)


@pytest.mark.parametrize("seq", [-1, 10**15, 2**70])
def test_a_sequence_number_that_would_be_read_as_a_time_moves_no_cursor(seq: int) -> None:
    message = parse_message(lines(commit(post(), seq=seq)), Version.V2, NOW)
    assert isinstance(message, Unreadable)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_a_document_or_a_dead_letter(text: str) -> None:
    record = post(text + " refugees", embed={"external": {"title": text}})
    reading = read(lines(commit(record), commit(record, rkey="3lbtwo", operation="update")))
    assert len(reading.documents) + len(reading.dead) == 2


# -- Cursors ---------------------------------------------------------------------------------------

V1, V2 = "wss://one.example/subscribe", "wss://one.example"


def test_a_first_reading_has_no_cursor() -> None:
    (start,) = starts(Position(), V2)
    assert "cursor" not in subscription(V2, start)


def test_the_questions_are_in_the_words_of_each_version() -> None:
    (start,) = starts(Position(), V2)
    v1, v2 = subscription(V1, start), subscription(V2, start)
    assert v2.startswith(
        "wss://one.example/xrpc/network.bsky.jetstream.subscribeEvents"
        "?kinds=commit&kinds=account&collections=app.bsky.feed.post&"
    )
    assert v1.startswith("wss://one.example/subscribe?wantedCollections=app.bsky.feed.post&")


def test_the_same_instance_goes_on_at_its_own_position_another_by_time() -> None:
    at = microseconds(THEN)
    known = Position(instance="one.example v2", position=9001, time_us=at)
    cursors = [start.cursor for start in starts(known, V2)]
    assert cursors == [9001, at - 30_000_000, None]
    for other in (V1, "wss://two.example"):
        assert starts(known, other)[0].cursor == at - 30_000_000


def test_a_cursor_is_small_and_one_that_is_not_ours_begins_anew() -> None:
    known = Position(instance="one.example v2", position=9001, time_us=microseconds(THEN))
    assert decode_position(encode_position(known)) == known
    assert len(encode_position(Position(instance="x" * 300, position=2**62, time_us=2**62))) < 500
    for odd in (
        "",
        "{",
        "[]",
        '{"time_us":1e300}',
        '{"time_us":99}',
        "\ud800",
        f'{{"time_us":{2**70}}}',
    ):
        assert decode_position(odd) == Position()


@pytest.mark.parametrize(
    ("silent", "told", "lost"),
    [(2, False, False), (2, True, True), (3_600, False, True), (-20, True, False)],
)
def test_a_hole_is_known_by_the_first_event(silent: int, told: bool, lost: bool) -> None:
    known = Position(instance="one.example v1", position=1, time_us=microseconds(THEN))
    at = THEN + timedelta(seconds=silent)
    event = parse_message(lines(commit(post(), at=at)), Version.V2, NOW)
    assert isinstance(event, Event)
    gap = gap_after(starts(known, V1)[0], event, told=told)
    assert (gap is not None) == lost
    if gap:
        assert (gap.since, gap.until) == (THEN, at)


# -- Fuzzing; a long run calls fuzz_one ------------------------------------------------------------


def fuzz_one(data: bytes) -> None:
    """Whatever comes: no exception, and every line accounted for."""
    for version in Version:
        reading = read(data, version)
        for arrival in reading.documents:
            encode_document(arrival.document)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_field = st.sampled_from(
    "seq us did kind operation collection rkey record account time commit text langs labels embed".split()
)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.dictionaries(_field, _json, max_size=4), st.data())
def test_no_bytes_crash_the_parser(raw: bytes, odd: dict[str, Any], data: st.DataObject) -> None:
    record = post() | data.draw(st.dictionaries(_field, _json, max_size=3))
    event = commit(record)
    for shape in (as_v1, as_v2):
        message = shape(event)
        inner = message.get("payload", message.get("commit"))
        assert isinstance(inner, dict)
        inner.update(odd)
        good = json.dumps(message).encode()
        cut = data.draw(st.integers(0, len(good)))
        fuzz_one(b"\n".join([raw, good, good[:cut] + raw[:5] + good[cut:]]))
