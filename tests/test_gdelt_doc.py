"""Answers of GDELT's search: golden files in tests/data/gdelt_doc, in the shape that the search gives."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.document import Document, Kind
from ingest.gdelt_doc import MOST_RECORDS, DocAnswer, DocRefused, parse_doc
from ingest.gdelt_doc_window import (
    LONGEST_WAIT,
    OVERLAP,
    REACH,
    SHORTEST,
    DocState,
    Window,
    cursor_of,
    state_of,
    with_work,
    within_reach,
)
from ingest.gdelt_timeline import Bucket, absent_value, parse_timeline
from ingest.source import Source
from ingest.source_options import GdeltDocOptions, SourceType
from tests.local_gdelt import DOC

NOW = datetime(2026, 11, 23, 18, 20, tzinfo=UTC)
ADDRESS = "https://api.example/api/v2/doc/doc"
SOURCE = Source(
    name="visas",
    url=ADDRESS,
    outlet="GDELT",
    kind=Kind.NEWS,
    society="unknown",
    language="und",
    type=SourceType.GDELT_DOC,
    options=GdeltDocOptions(query='"seasonal visas"'),
)


def article(number: int, **fields: object) -> dict[str, object]:
    return {
        "url": f"https://courier.example/n/{number}",
        "title": f"Visas for pickers {number}",
        "seendate": "20261123T181500Z",
        "domain": "courier.example",
        "language": "English",
        "sourcecountry": "United Kingdom",
    } | fields


def read(body: bytes, source: Source = SOURCE) -> DocAnswer:
    return parse_doc(body, source=source, address=ADDRESS, fetched_at=NOW)


def documents(answer: DocAnswer) -> list[Document]:
    return [arrival.document for arrival in answer.documents]


def refused(body: bytes) -> DocRefused:
    with pytest.raises(DocRefused) as error:
        read(body)
    assert "\n" not in str(error.value)
    return error.value


def day(number: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, minute, tzinfo=UTC)


def test_articles_become_documents() -> None:
    answer = read((DOC / "artlist.json").read_bytes())
    visas, temporeros, policy, strange = documents(answer)
    assert visas.title == "Growers ask for more picking visas , at last"
    assert (visas.outlet, visas.url) == ("courier.example", "https://courier.example/n/0")
    assert (visas.text, visas.author_key, visas.society) == ("", "", "unknown")
    assert visas.published_at == day(23, 18, 15)
    assert (temporeros.language, temporeros.outlet) == ("es", "diario.example")
    assert (policy.language, policy.published_at) == ("zh", day(23, 17, 15))
    assert (strange.language, strange.title) == ("und", 'A language that nobody knows & a "title"')
    assert answer.articles == 8
    assert not answer.full
    assert not answer.empty


def test_articles_that_can_never_be_documents_are_dead_letters() -> None:
    answer = read((DOC / "artlist.json").read_bytes())
    assert [letter.reason for letter in answer.dead] == [
        "neither title nor text",
        "the address 'javascript:alert(1)' is none",
        "the date 'yesterday' cannot be read",
    ]
    assert [letter.place for letter in answer.dead] == [
        f"{ADDRESS} article {number}" for number in (5, 6, 7)
    ]


def test_origins_are_of_the_source_and_the_address_whatever_the_title() -> None:
    one = read(msgspec.json.encode({"articles": [article(1), article(2)]}))
    two = read(msgspec.json.encode({"articles": [article(2, title="Edited"), article(1)]}))
    assert {a.origin for a in one.documents} == {a.origin for a in two.documents}
    assert all(a.origin.startswith("gdelt-doc:visas/") for a in one.documents)


def test_a_source_that_names_its_society_and_language_gives_them() -> None:
    source = msgspec.structs.replace(SOURCE, society="GB", language="en")
    body = msgspec.json.encode({"articles": [article(1, language="")]})
    (document,) = documents(read(body, source))
    assert (document.society, document.language) == ("GB", "en")


def test_stray_backslashes_and_line_ends_in_titles_are_read() -> None:
    (document,) = documents(read((DOC / "artlist_broken.json").read_bytes()))
    assert document.title == 'Visas \\d or "leave" now'


def test_half_a_surrogate_pair_is_the_fault_of_one_title() -> None:
    answer = read(
        b'{"articles":[{"url":"https://a.example/1","title":"x \\ud800","seendate":"20261123T181500Z"},'
        b'{"url":"https://a.example/2","title":"Visas","seendate":"20261123T181500Z"}]}'
    )
    assert [document.title for document in documents(answer)] == ["x \ufffd", "Visas"]
    (letter,) = read(b'{"articles":[{"url":"\\ud800","title":"x"}]}').dead
    assert letter.reason == "the address '\\ud800' is none"


def test_an_empty_object_is_an_answer() -> None:
    answer = read(b"{}")
    assert (answer.articles, answer.empty, answer.full) == (0, True, False)
    assert not read(b'{"articles":[]}').empty


def test_as_many_articles_as_the_search_gives_may_not_be_all() -> None:
    articles = [article(number % 200) for number in range(MOST_RECORDS)]
    assert read(msgspec.json.encode({"articles": articles})).full
    assert not read(msgspec.json.encode({"articles": articles[1:]})).full


@pytest.mark.parametrize(
    ("text", "query", "often"),
    [
        ("Timespan is too short.", False, False),
        ("Your query was too short or too long.", True, False),
        ("The specified phrase is too short.", True, False),
        ("Invalid/Unsupported Country.", True, False),
        ("Queries containing OR'd terms must be surrounded by ().", True, False),
        ("Parentheses may only be used around OR'd statements.", True, False),
        ("Invalid query start date.", False, False),
        (
            "Please limit requests to one every 5 seconds or contact us for larger queries.",
            False,
            True,
        ),
        ("An internal error occurred.", False, False),
        ("", False, False),
    ],
)
def test_a_refusal_in_plain_text_says_whose_fault_it_is(
    text: str, query: bool, often: bool
) -> None:
    error = refused(f"\n {text}\n".encode())
    assert text in str(error)
    assert (error.about_the_query, error.too_often) == (query, often)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "nothing"),
        (b"\xff\xfe\x00", "refuses"),
        (b"<!DOCTYPE html><html>Bad gateway</html>", "a web page instead of JSON"),
        (b"[1, 2]", "another shape"),
        (b'{"articles": [bad', "broken"),
        (b'{"articles": {"url": 1}}', "no list"),
        (b'{"a":' * 100_000, "broken"),
        (b'{"a":' + b"9" * 100_000 + b"}", "broken"),
    ],
)
def test_what_is_no_answer_is_refused(body: bytes, says: str) -> None:
    error = refused(body)
    assert says in str(error)
    assert not error.about_the_query
    assert not error.too_often


def test_a_long_answer_takes_a_short_time() -> None:
    started = time.monotonic()
    refused(b'{"x' + b"\\" * 5_000_000)
    refused(b"<" * 5_000_000)
    read(msgspec.json.encode({"articles": [article(n, title="<" * 30_000) for n in range(250)]}))
    assert time.monotonic() - started < 40


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    b'{"articles":[',
                    b"]}",
                    b'"url":"https://a.example/1"',
                    b'"title":"V"',
                    b"{",
                    b"}",
                    b'"seendate":"20261123T181500Z"',
                    b",",
                    b"\\",
                    b'"',
                    b"\\ud800",
                    b"null",
                    b"1e999",
                ]
            ),
            st.binary(max_size=8),
        )
    )
)
def test_whatever_comes_is_read_or_refused(pieces: list[bytes]) -> None:
    for body in (b"".join(pieces), b'{"articles":[{' + b"".join(pieces) + b"}]}"):
        try:
            answer = read(body)
            assert len(answer.documents) + len(answer.dead) <= answer.articles
        except DocRefused as error:
            assert str(error)
        try:
            parse_timeline(body)
        except DocRefused as error:
            assert str(error)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(
        ["20261123T181500Z", "00010101000000", "99991231235959", 10**400, "day", "15m", "9999week"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["date", "value", "norm", "url", "title"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(_JSON, _JSON, _JSON)
def test_whatever_shape_the_json_has_it_is_read_or_refused(a: object, b: object, c: object) -> None:
    shapes = [
        {"articles": a},
        {"articles": [{"url": "https://a.example/", "title": a, "seendate": b, "language": c}]},
        {"timeline": a, "query_details": b},
        {"timeline": [{"series": a, "data": b}], "query_details": {"date_resolution": c}},
        {"timeline": [{"series": "x", "data": [{"date": a, "value": 1}, {"date": b, "value": 2}]}]},
    ]
    for shape in shapes:
        body = json.dumps(shape).encode()
        for parse in (read, parse_timeline):
            try:
                parse(body)
            except DocRefused as error:
                assert str(error)


def test_a_count_that_is_left_out_is_zero() -> None:
    (series,) = parse_timeline((DOC / "timeline_count.json").read_bytes())
    assert (series.name, series.step) == ("Article Count", timedelta(days=1))
    assert series.buckets == (
        Bucket(day(18), 4, 9000),
        Bucket(day(19), 0, None),
        Bucket(day(20), 7, 9001),
        Bucket(day(21), 0, 9002),
    )


def test_a_tone_that_is_left_out_is_none_because_nobody_spoke() -> None:
    (series,) = parse_timeline((DOC / "timeline_tone.json").read_bytes())
    assert [bucket.value for bucket in series.buckets] == [-1.5, None, None, 0.25]
    assert series.step == timedelta(minutes=15)
    assert [absent_value(n) for n in ("Average Tone", "Volume Intensity", "Article Count")] == [
        None,
        0,
        0,
    ]


def test_a_timeline_is_filled_to_the_ends_that_were_asked_for() -> None:
    body = (DOC / "timeline_count.json").read_bytes()
    (series,) = parse_timeline(body, first=day(16, 7), last=day(22, 1))
    assert [bucket.begin for bucket in series.buckets] == [day(n) for n in range(17, 23)]
    assert [bucket.value for bucket in series.buckets] == [0, 4, 0, 7, 0, 0]
    (series,) = parse_timeline(body, first=day(19), last=day(20))
    assert [bucket.value for bucket in series.buckets] == [0, 7]
    assert parse_timeline(b"{}") == ()
    empty = b'{"query_details":{"date_resolution":"day"},"timeline":[{"series":"Average Tone","data":[]}]}'
    (series,) = parse_timeline(empty)
    assert series.buckets == ()
    (series,) = parse_timeline(empty, first=day(1), last=day(2))
    assert series.buckets == (Bucket(day(1), None), Bucket(day(2), None))


def test_a_timeline_without_a_known_resolution_has_the_step_of_its_dates() -> None:
    body = msgspec.json.encode(
        {
            "timeline": [
                {
                    "series": "Volume Intensity",
                    "data": [
                        {"date": "20261123T180000Z", "value": 0.5},
                        {"date": "20261123170000", "value": 0.25},
                        {"date": "20261123T200000Z", "value": 1},
                    ],
                }
            ]
        }
    )
    (series,) = parse_timeline(body)
    assert series.step == timedelta(hours=1)
    assert [bucket.value for bucket in series.buckets] == [0.25, 0.5, 0, 1]


def test_a_timeline_made_to_be_endless_is_refused() -> None:
    body = b"""{"query_details":{"date_resolution":"15m"},"timeline":[{"series":"x","data":[
        {"date":"00010101000000","value":1},{"date":"99991231235959","value":1}]}]}"""
    with pytest.raises(DocRefused, match="too long"):
        parse_timeline(body)


def test_a_window_is_halved_until_its_halves_are_too_short_to_ask_for() -> None:
    windows = [Window(NOW - REACH, NOW)]
    depth = 0
    while halves := windows[0].halves():
        assert halves[0].begin == windows[0].begin
        assert halves[0].end == halves[1].begin
        assert halves[1].end == windows[0].end
        windows[:1] = halves
        depth += 1
    assert SHORTEST <= windows[0].end - windows[0].begin < 2 * SHORTEST
    assert depth < 12
    state = DocState(NOW, tuple(windows), 99)
    assert len(cursor_of(state)) < 4096
    assert state_of(cursor_of(state)) == state


def test_the_next_window_begins_before_the_last_one_ended() -> None:
    assert with_work(DocState(), NOW).windows == (Window(NOW - OVERLAP, NOW),)
    until = NOW - timedelta(minutes=15)
    assert with_work(DocState(until), NOW).windows == (Window(until - OVERLAP, NOW),)
    # A clock that went back: the window is never too short.
    assert with_work(DocState(NOW + timedelta(days=1)), NOW).windows == (
        Window(NOW - OVERLAP, NOW),
    )


def test_what_is_out_of_reach_is_told() -> None:
    earliest, old = NOW - REACH, NOW - REACH - timedelta(days=5)
    state, lost = within_reach(DocState(old, (Window(old, NOW),)), NOW)
    assert state.windows == (Window(earliest, NOW),)
    assert lost == Window(old, earliest)
    state, lost = within_reach(DocState(old, (Window(old, old + SHORTEST),)), NOW)
    assert (state.windows, lost) == ((), Window(old, old + SHORTEST))
    assert within_reach(DocState(NOW), NOW) == (DocState(NOW), None)


def test_the_wait_doubles_up_to_its_limit() -> None:
    waits = [DocState(refusals=n).wait for n in (1, 2, 3, 50, 10**9)]
    assert waits == [timedelta(minutes=m) for m in (5, 10, 20)] + [LONGEST_WAIT] * 2


@pytest.mark.parametrize(
    "cursor", ["x", "[]", '{"until":7}', '{"until":"2026-11-23T18:20:00"}', '{"windows":[[1]]}']
)
def test_a_cursor_that_is_not_ours_is_like_none(cursor: str) -> None:
    assert state_of(cursor) == DocState()
