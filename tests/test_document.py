"""Records, ids, canonical addresses and dead letters."""

from __future__ import annotations

import time
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.canonical_url import canonical_url
from ingest.dead_letter import (
    MAX_PAYLOAD_CHARACTERS,
    dead_letter,
    decode_dead_letter,
    encode_dead_letter,
)
from ingest.document import (
    MAX_TEXT_BYTES,
    Document,
    InvalidDocument,
    Kind,
    as_utc,
    clean,
    decode_document,
    document_id,
    encode_document,
    story_of,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def a_document(**changes: Any) -> Document:
    fields: dict[str, Any] = {
        "id": "0" * 32,
        "source": "courier",
        "outlet": "Harbour Courier",
        "kind": Kind.NEWS,
        "society": "GB",
        "language": "en-GB",
        "url": "https://courier.example/1",
        "title": "Council backs visas",
        "text": "The council voted.",
        "published_at": datetime(2026, 11, 20, 9, tzinfo=UTC),
        "fetched_at": NOW,
    }
    return Document(**(fields | changes))


def test_a_document_survives_the_bus_unchanged() -> None:
    document = a_document(text="Zeilen\nund \u201eZeichen\u201c \U0001f600", story="ab" * 8)
    assert decode_document(encode_document(document)) == document


def test_the_day_is_the_utc_day_of_publication() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert a_document(published_at=as_utc(late)).day.isoformat() == "2026-11-21"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": " "}, "id is empty"),
        ({"outlet": ""}, "outlet is empty"),
        ({"title": "", "text": " \n"}, "neither title nor text"),
        ({"text": "a\x00b"}, "text contains a NUL byte"),
        ({"title": "a\ud800b"}, "title is not valid Unicode"),
        ({"text": "x" * (MAX_TEXT_BYTES + 1)}, "text has 500,001 bytes; the limit is 500,000"),
        ({"url": "https://x.example/" + "y" * 2048}, "url is longer than 2,048 bytes"),
        ({"society": "Great Britain"}, "is not an ISO 3166-1 alpha-2 code"),
        ({"language": "english, mostly"}, "is not a BCP 47 tag"),
        ({"published_at": datetime(1999, 12, 31, tzinfo=UTC)}, "1999-12-31 is before 2000"),
        ({"published_at": NOW + timedelta(days=1, minutes=1)}, "is over a day in the future"),
        ({"published_at": datetime(2026, 11, 20)}, "published_at is not in UTC"),  # noqa: DTZ001
        (
            {"fetched_at": NOW.astimezone(timezone(timedelta(hours=1)))},
            "fetched_at is not in UTC",
        ),
    ],
)
def test_what_cannot_be_a_document_says_why(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidDocument, match=reason):
        a_document(**changes)


def test_the_limits_themselves_are_allowed() -> None:
    assert a_document(text="x" * MAX_TEXT_BYTES).text
    assert a_document(published_at=NOW + timedelta(days=1)).day
    assert a_document(published_at=datetime(2000, 1, 1, tzinfo=UTC)).day


@pytest.mark.parametrize(
    "value",
    [b"", b"{}", b"[]", b"\xff", b"nul\x00", b'{"id": 1}', encode_document(a_document())[:-9]],
)
def test_bytes_that_are_no_document_are_refused_with_one_kind_of_error(value: bytes) -> None:
    with pytest.raises(InvalidDocument, match="not a document"):
        decode_document(value)


def test_a_decoded_document_is_validated_like_a_new_one() -> None:
    value = encode_document(a_document()).replace(b'"GB"', b'"Albion"')
    with pytest.raises(InvalidDocument, match="Albion"):
        decode_document(value)


@pytest.mark.parametrize(
    "url",
    [
        "https://courier.example/news/visas",
        "http://courier.example/news/visas",
        "HTTPS://Courier.Example:443/news/visas/",
        " https://courier.example./news/visas#comments ",
        "https://courier.example/news/visas?utm_source=rss&fbclid=1",
        "https://someone:secret@courier.example/news/visas",
    ],
)
def test_two_links_to_one_article_are_one_address(url: str) -> None:
    assert canonical_url(url) == "https://courier.example/news/visas"


def test_what_tells_articles_apart_stays_in_the_address() -> None:
    assert canonical_url("https://x.example/a?id=2&a=1") == "https://x.example/a?a=1&id=2"
    assert canonical_url("https://x.example:8443/A") == "https://x.example:8443/A"
    assert canonical_url("http://[2001:db8::1]:8080/a") == "https://[2001:db8::1]:8080/a"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mailto:a@x.example",
        "file:///etc/hosts",
        "//x.example/a",
        "http://x:99999/",
        "http://[/",
    ],
)
def test_what_is_no_web_address_has_no_canonical_form(url: str) -> None:
    assert canonical_url(url) == ""


@given(st.text(alphabet="aB/?&=:;#%@[].+ \t\ud800\u00e90", max_size=30))
def test_a_canonical_address_is_its_own_canonical_form(rest: str) -> None:
    address = canonical_url("http://" + rest)
    assert canonical_url(address) == address


def test_an_id_follows_the_address_and_not_the_source() -> None:
    one = document_id(source="a", own_id="1", url="https://x.example/p?utm_medium=feed")
    assert one == document_id(source="b", own_id="2", url="http://x.example/p/")
    assert len(one) == 32


def test_without_an_address_an_id_follows_the_source_and_its_own_id() -> None:
    one = document_id(source="a", own_id="1", url="")
    assert one == document_id(source="a", own_id="1", url="mailto:x@y.example")
    assert one != document_id(source="b", own_id="1", url="")
    assert one != document_id(source="a", own_id="2", url="")


def test_a_story_is_shared_by_the_same_words() -> None:
    assert story_of("Title one", "Caf\u00e9 opens \u2013 at last!") == story_of(
        "Title two", "CAFE  opens, at\nlast"
    )
    assert story_of("Title one", "") != story_of("Title two", "")


def test_clean_takes_control_characters_and_leaves_what_a_validator_must_see() -> None:
    assert clean(" a\x07b\tc\nd\x7f\x00e ") == "a b\tc\nd \x00e"


def test_a_naive_time_is_utc_and_an_aware_one_is_moved() -> None:
    naive = datetime(2026, 1, 1, 12)  # noqa: DTZ001
    assert as_utc(naive) == datetime(2026, 1, 1, 12, tzinfo=UTC)
    aware = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert as_utc(aware) == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert as_utc(aware).utcoffset() == timedelta(0)


def test_a_dead_letter_keeps_its_payload_printable_and_bounded() -> None:
    letter = dead_letter(
        origin="import:r/1",
        source="s",
        place="f line 1",
        reason="x",
        payload=b"\xff\x00a" + b"b" * MAX_PAYLOAD_CHARACTERS,
        read_at=NOW,
    )
    assert letter.payload.startswith("\\xff\\x00ab")
    assert len(letter.payload) == MAX_PAYLOAD_CHARACTERS
    assert letter.truncated
    assert decode_dead_letter(encode_dead_letter(letter)) == letter


@given(st.binary(max_size=200))
def test_any_payload_can_be_written_and_read_back(payload: bytes) -> None:
    letter = dead_letter(
        origin="o", source="s", place="p", reason="r", payload=payload, read_at=NOW
    )
    assert decode_dead_letter(encode_dead_letter(letter)) == letter


def test_a_text_of_marks_alone_takes_no_more_time_than_any_other() -> None:
    """Normalising puts a run of marks in order: half a megabyte of them took nine minutes."""
    marks = [chr(c) for c in range(0x300, 0x370) if unicodedata.combining(chr(c)) and c != 0x345]
    start = time.perf_counter()
    plain = story_of("", "word " * 100_000)
    usual = time.perf_counter() - start
    start = time.perf_counter()
    assert story_of("", "word " * 100_000 + "".join(marks) * 2_000) == plain
    assert time.perf_counter() - start < 50 * max(usual, 0.02)


def test_letters_that_only_marks_tell_apart_make_one_story() -> None:
    assert story_of("", "\u1fb3 \u0130 \ufb01") == story_of("", "\u03b1\u0345 I\u0307 FI")
