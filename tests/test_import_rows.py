"""JSON Lines and CSV to documents: every row is a document or a dead letter, and none stops the file."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.arrival import Arrival
from ingest.bounded_lines import MAX_LINE_BYTES
from ingest.csv_rows import MAX_RECORD_LINES
from ingest.dead_letter import DeadLetter
from ingest.document import Document, Kind
from ingest.field_mapping import (
    FieldMapping,
    ImportRefused,
    mapping_from_pairs,
    parse_field_mapping,
)
from ingest.import_rows import Format, format_of, read_rows

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROW: dict[str, Any] = {
    "source_id": "courier",
    "doc_id": "c-1",
    "url": "https://courier.example/1",
    "title": "Council backs visas",
    "text": "The council voted.",
    "lang": "en-GB",
    "published_at": "2026-11-20T10:00:00+01:00",
    "fetched_at": "2026-11-20T12:00:00Z",
    "author_key": "9f86d081884c7d65",
    "outlet": "Harbour Courier",
    "society": "GB",
    "kind": "news",
}
LABELLED = Path(__file__).resolve().parents[2] / "shared" / "data" / "real"
LABELLED_MAPPING = mapping_from_pairs(
    ["doc_id=id", "outlet=source"],
    ["lang=en", "published_at=2026-01-01T00:00:00Z", "society=unknown", "kind=forum"],
)


def rows_of(
    content: bytes,
    form: Format = "jsonl",
    mapping: FieldMapping | None = None,
    name: str | None = None,
) -> list[Arrival | DeadLetter]:
    return list(
        read_rows(
            io.BytesIO(content),
            name=name or f"posts.{form}",
            run="r1",
            read_at=NOW,
            mapping=mapping or FieldMapping(),
            form=form,
        )
    )


def jsonl(*rows: dict[str, Any]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def csv_of(rows: Iterable[dict[str, Any]], **style: Any) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROW), **style)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def documents(rows: Iterable[Arrival | DeadLetter]) -> list[Document]:
    return [row.document for row in rows if isinstance(row, Arrival)]


def dead(rows: Iterable[Arrival | DeadLetter]) -> list[DeadLetter]:
    return [row for row in rows if isinstance(row, DeadLetter)]


def only_document(**changes: Any) -> Document:
    (document,) = documents(rows_of(jsonl(ROW | changes)))
    return document


def reason(**changes: Any) -> str:
    (letter,) = dead(rows_of(jsonl(ROW | changes)))
    return letter.reason


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_row_becomes_a_document(form: Format) -> None:
    content = jsonl(ROW) if form == "jsonl" else csv_of([ROW])
    (arrival,) = rows_of(content, form)
    assert isinstance(arrival, Arrival)
    assert arrival.origin == ("import:r1/1" if form == "jsonl" else "import:r1/2")
    document = arrival.document
    assert document.source == "courier"
    assert document.outlet == "Harbour Courier"
    assert document.kind is Kind.NEWS
    assert (document.society, document.language) == ("GB", "en-GB")
    assert document.published_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert document.fetched_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert document.author_key == "9f86d081884c7d65"
    assert document.story


def test_a_file_gives_the_same_documents_as_json_lines_and_as_csv() -> None:
    awkward = ROW | {
        "doc_id": "c-2",
        "url": "",
        "title": 'Says "yes", twice',
        "text": "First line,\nsecond “line”\r\n\r\nand a last one",
    }
    as_jsonl = documents(rows_of(jsonl(ROW, awkward)))
    for style in ({}, {"quoting": csv.QUOTE_ALL}, {"lineterminator": "\n"}):
        assert documents(rows_of(csv_of([ROW, awkward], **style), "csv")) == as_jsonl


def test_what_may_be_missing_has_a_default() -> None:
    (document,) = documents(
        rows_of(jsonl({"text": "Short.", "outlet": "Forum", "published_at": "2026-11-20"}))
    )
    assert document.source == "import:posts.jsonl"
    assert (document.society, document.language, document.kind) == ("unknown", "und", Kind.NEWS)
    assert document.published_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert document.fetched_at == NOW
    assert (document.title, document.url, document.author_key) == ("", "", "")


def test_null_and_empty_mean_missing() -> None:
    assert only_document(url=None, lang="", society=None, kind="").language == "und"
    assert reason(outlet=None) == "outlet is missing"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20t10:00:00.250-05:00", datetime(2026, 11, 20, 15, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-20 10:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20 10:00:00 -02:00", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_times_are_utc_from_the_start(written: str, moment: datetime) -> None:
    assert only_document(published_at=written).published_at == moment


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": "", "text": None}, "title and text are both missing"),
        ({"published_at": None}, "published_at is missing"),
        ({"outlet": "  "}, "outlet is missing"),
        ({"published_at": "yesterday"}, "published_at: 'yesterday' is not a time like"),
        ({"published_at": "2026-02-30"}, "published_at: '2026-02-30' is not a time"),
        ({"published_at": "20.11.2026"}, "published_at: '20.11.2026' is not a time"),
        ({"published_at": "0001-01-01T00:00:00+14:00"}, "is not a time"),
        ({"published_at": 1795168800}, "published_at is a number instead of text"),
        ({"published_at": "1999-12-31"}, "before 2000"),
        ({"published_at": "2037-01-01", "fetched_at": None}, "over a day in the future"),
        ({"published_at": "2037-01-01", "fetched_at": "2037-01-01"}, "over a day in the future"),
        ({"fetched_at": "now"}, "fetched_at: 'now' is not a time"),
        ({"text": "x" * 1_000_000}, "text has 1,000,000 bytes; the limit is 500,000"),
        ({"title": "x" * 1_000_000}, "title is longer than 2,048 bytes"),
        ({"doc_id": "x" * 1_000_000}, "doc_id is longer than 2,048 bytes"),
        ({"text": "a\x00b"}, "NUL byte"),
        ({"title": ["a"]}, "title is a list instead of text"),
        ({"text": {"a": 1}}, "text is an object instead of text"),
        ({"lang": True}, "lang is true or false instead of text"),
        ({"lang": "English"}, "is not a BCP 47 tag"),
        (
            {"society": "UK"},
            "society 'UK' is not an ISO 3166-1 alpha-2 code or 'unknown'; GB is one",
        ),
        ({"society": "Germany"}, "is not an ISO 3166-1 alpha-2 code"),
        ({"kind": "blog"}, "kind 'blog' is not one of news, social, forum, official"),
    ],
)
def test_a_bad_row_goes_to_the_dead_letters_with_its_reason(
    changes: dict[str, Any], says: str
) -> None:
    assert says in reason(**changes)


def test_a_bad_row_goes_to_the_dead_letters_with_its_line_and_the_file_goes_on() -> None:
    lines = [
        jsonl(ROW),
        b"\n",
        b"   \r\n",
        b'{"text": "cut off in the mid\n',
        b"[1, 2]\n",
        b'"text"\n',
        b"null\n",
        b'{"text": "caf\xe9"}\n',
        b'{"text": "nul \x00"}\n',
        b"[" * 100_000 + b"\n",
        jsonl(ROW | {"doc_id": "c-2", "url": ""}),
        b'{"text": "cut off at the end of the file", "outl',
    ]
    rows = rows_of(b"".join(lines))
    assert [d.title for d in documents(rows)] == ["Council backs visas"] * 2
    assert [(letter.place, letter.reason.split(":")[0]) for letter in dead(rows)] == [
        ("posts.jsonl line 4", "broken JSON"),
        ("posts.jsonl line 5", "the line is a list instead of an object"),
        ("posts.jsonl line 6", "the line is text instead of an object"),
        ("posts.jsonl line 7", "the line is null instead of an object"),
        ("posts.jsonl line 8", "invalid UTF-8"),
        ("posts.jsonl line 9", "the line contains a NUL byte"),
        ("posts.jsonl line 10", "broken JSON"),
        ("posts.jsonl line 12", "broken JSON"),
    ]
    assert [letter.origin for letter in dead(rows)][:2] == ["import:r1/4", "import:r1/5"]
    assert dead(rows)[4].payload == '{"text": "caf\\xe9"}'


def test_a_byte_order_mark_and_windows_line_ends_are_taken() -> None:
    assert len(documents(rows_of(b"\xef\xbb\xbf" + jsonl(ROW).replace(b"\n", b"\r\n")))) == 1
    assert len(documents(rows_of(b"\xef\xbb\xbf" + csv_of([ROW]), "csv"))) == 1


def test_ids_follow_the_address_then_the_own_id_then_the_words() -> None:
    same_address = only_document(doc_id="other", url="http://courier.example/1/?utm_source=x")
    assert same_address.id == only_document().id
    by_own_id = only_document(url="")
    assert by_own_id.id == only_document(url="", text="Corrected.").id
    assert by_own_id.id != only_document(url="", source_id="else").id
    assert only_document(url="", doc_id=7).id == only_document(url="", doc_id="7").id
    by_words = only_document(url="", doc_id=None)
    assert by_words.id == only_document(url="", doc_id="", fetched_at=None).id
    assert by_words.id != only_document(url="", doc_id="", text="Other words.").id
    assert by_words.id != only_document(url="", doc_id="", published_at="2026-11-21").id


def test_a_name_does_not_get_in_as_an_author_key() -> None:
    assert only_document(author_key="Wilma Reporter").author_key == ""
    assert only_document(author_key="wilma@courier.example").author_key == ""
    assert only_document(author_key="AB" * 16).author_key == "AB" * 16


def test_codes_are_taken_in_either_case() -> None:
    document = only_document(society="gb", lang="pt_BR", kind="Social")
    assert (document.society, document.language, document.kind) == ("GB", "pt-BR", Kind.SOCIAL)
    assert only_document(society="Unknown").society == "unknown"


def test_a_line_that_is_too_long_is_dead_and_costs_no_memory() -> None:
    class Endless:
        """Thirty megabytes without a newline, then two good rows."""

        def __init__(self) -> None:
            self.left = 30 * 2**20
            self.rest = io.BytesIO(b"\n" + jsonl(ROW, ROW))

        def readline(self, size: int = -1, /) -> bytes:
            if self.left > 0:
                piece = min(size, self.left)
                self.left -= piece
                return b"x" * piece
            return self.rest.readline(size)

    tracemalloc.start()
    try:
        rows = list(read_rows(Endless(), name="posts.jsonl", run="r1", read_at=NOW))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [letter.reason for letter in dead(rows)] == [
        f"the line is longer than {MAX_LINE_BYTES:,} bytes"
    ]
    assert [row.origin for row in rows] == ["import:r1/1", "import:r1/2", "import:r1/3"]
    assert peak < 4 * MAX_LINE_BYTES


def test_a_file_is_read_as_it_comes() -> None:
    class Counted(io.BytesIO):
        lines = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.lines += 1
            return super().readline(size)

    for form, content in (("jsonl", jsonl(*[ROW] * 50)), ("csv", csv_of([ROW] * 50))):
        stream = Counted(content)
        rows = read_rows(stream, name=f"posts.{form}", run="r1", read_at=NOW)
        next(rows)
        assert stream.lines < 5


def test_a_csv_row_with_the_wrong_number_of_cells_is_dead() -> None:
    content = b"outlet,published_at,text\nA,2026-11-20,one\nA,2026-11-20\nA,2026-11-20,t,x\n"
    rows = rows_of(content, "csv")
    assert len(documents(rows)) == 1
    assert [(letter.place, letter.reason) for letter in dead(rows)] == [
        ("posts.csv line 3", "the row has 2 cells, the header 3"),
        ("posts.csv line 4", "the row has 4 cells, the header 3"),
    ]


HEADER = b"outlet,published_at,text\n"


def test_a_quote_that_never_closes_costs_its_own_line_only() -> None:
    good = [f"A,2026-11-20,text {n}\n".encode() for n in range(40)]
    content = HEADER + b"".join(good[:20]) + b'A,2026-11-20,"open\n' + b"".join(good[20:])
    rows = rows_of(content, "csv")
    assert [d.text for d in documents(rows)] == [f"text {n}" for n in range(40)]
    (letter,) = dead(rows)
    assert letter.place == "posts.csv line 22"
    assert letter.reason == "a quote is opened on this line and not closed"
    assert letter.payload == 'A,2026-11-20,"open'


def test_a_quote_that_closes_far_below_does_not_swallow_what_lies_between() -> None:
    content = (
        HEADER
        + b'A,2026-11-20,"open\n'
        + b"A,2026-11-20,between\n" * 5
        + b'A,2026-11-20,"quoted, and fine"\n'
    )
    rows = rows_of(content, "csv")
    assert [d.text for d in documents(rows)] == ["between"] * 5 + ["quoted, and fine"]
    assert [letter.place for letter in dead(rows)] == ["posts.csv line 2"]


def test_the_search_for_a_closing_quote_has_an_end() -> None:
    content = HEADER + b'A,2026-11-20,"open\n' + b"A,2026-11-20,x\n" * (MAX_RECORD_LINES + 5)
    rows = rows_of(content + b'A,2026-11-20,"y"\n', "csv")
    assert len(documents(rows)) == MAX_RECORD_LINES + 6
    assert len(dead(rows)) == 1


def test_a_quote_inside_a_cell_is_a_sign_like_any_other() -> None:
    rows = rows_of(HEADER + b'A,2026-11-20,a 5" pipe\n', "csv")
    assert [d.text for d in documents(rows)] == ['a 5" pipe']


def test_bad_bytes_in_a_csv_cell_are_dead_with_the_cell() -> None:
    rows = rows_of(
        HEADER + b"A,2026-11-20,caf\xe9\nA,2026-11-20,nul\x00\n\nA,2026-11-20,fine\n", "csv"
    )
    assert [d.text for d in documents(rows)] == ["fine"]
    assert [(letter.place, letter.reason) for letter in dead(rows)] == [
        ("posts.csv line 2", "invalid UTF-8 in cell 3"),
        ("posts.csv line 3", "cell 3 contains a NUL byte"),
    ]


def test_a_large_csv_cell_is_judged_by_our_limits() -> None:
    rows = rows_of(
        HEADER
        + b"A,2026-11-20,"
        + b"x" * 500_000
        + b"\nA,2026-11-20,"
        + b"x" * 1_000_000
        + b"\nA,2026-11-20,"
        + b"x" * (MAX_LINE_BYTES + 1)
        + b"\nA,2026-11-20,fine\n",
        "csv",
    )
    assert [len(d.text) for d in documents(rows)] == [500_000, 4]
    assert [letter.reason for letter in dead(rows)] == [
        "text has 1,000,000 bytes; the limit is 500,000",
        f"the line is longer than {MAX_LINE_BYTES:,} bytes",
    ]


@pytest.mark.parametrize(
    ("content", "form", "says"),
    [
        (b"", "jsonl", "posts.jsonl is empty"),
        (b"\n \n", "jsonl", "posts.jsonl is empty"),
        (b"", "csv", "posts.csv is empty"),
        (b"\xef\xbb\xbf\r\n", "csv", "posts.csv is empty"),
        (b"[\n{}\n]\n", "jsonl", "is a JSON array; write one object a line"),
        (b"outlet,text,text\n", "csv", "line 1: the header names 'text' twice"),
        (b"outlet, text,text\n", "csv", "the header names 'text' twice"),
        (b"outlet;published_at;text\n", "csv", "separated by semicolons; use commas"),
        (b"outlet\tpublished_at\ttext\n", "csv", "separated by tabs"),
        (b'outlet,published_at,"text\n', "csv", "the header cannot be read"),
        (b"outlet,published_at,te\xffxt\n", "csv", "the header cannot be read: invalid UTF-8"),
        (b"outlet,text\n", "csv", "no column 'published_at'; name the right one with --field"),
        (b"published_at,text\n", "csv", "no column 'outlet'"),
        (b"outlet,published_at,body\n", "csv", "no column 'title' or 'text'"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_whole(
    content: bytes, form: Format, says: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        rows_of(content, form)
    assert says in str(refused.value)


def test_a_csv_file_with_a_header_only_has_no_rows() -> None:
    assert rows_of(HEADER, "csv") == []


def test_the_name_says_the_format_unless_told_otherwise() -> None:
    assert format_of("a.JSONL") == format_of("a.ndjson") == format_of("a.json") == "jsonl"
    assert format_of("a.b.CSV") == "csv"
    with pytest.raises(ImportRefused, match=r"posts.xlsx is neither .jsonl nor .csv"):
        format_of("posts.xlsx")


def test_foreign_fields_are_mapped_and_constants_set() -> None:
    mapping = mapping_from_pairs(
        ["doc_id=id", "outlet=site"], ["lang=en", "published_at=2026-01-01"]
    )
    foreign = {"id": 5, "site": "Forum", "text": "Hello.", "lang": "xx", "label": "support"}
    (document,) = documents(rows_of(jsonl(foreign), mapping=mapping))
    assert (document.outlet, document.language) == ("Forum", "en")
    assert document.published_at == datetime(2026, 1, 1, tzinfo=UTC)
    (letter,) = dead(rows_of(jsonl(foreign | {"site": None}), mapping=mapping))
    assert letter.reason == "site is missing"


def test_a_dead_row_can_be_mended_and_read_again_without_its_mapping() -> None:
    mapping = mapping_from_pairs(["outlet=site"], ["society=GB"])
    content = b"site,published_at,text\nForum,soon,Hello\n"
    (letter,) = dead(rows_of(content, "csv", mapping))
    mended = letter.payload.replace("soon", "2026-11-20").encode()
    (document,) = documents(rows_of(mended))
    assert (document.outlet, document.society, document.text) == ("Forum", "GB", "Hello")


@pytest.mark.parametrize(
    ("fields", "constants", "says"),
    [
        (["docid=id"], [], "'docid' is not a field (did you mean 'doc_id'?); the fields are"),
        ([], ["colour=red"], "'colour' is not a field; the fields are source_id, doc_id, url"),
        (["doc_id"], [], "--field 'doc_id' is not of the form NAME=VALUE"),
        ([], ["lang="], "--set 'lang=' is not of the form NAME=VALUE"),
        (["doc_id=a", "doc_id=b"], [], "--field names 'doc_id' twice"),
        (["lang=l"], ["lang=en"], "'lang' is both mapped to a field and set to a value"),
        ([], ["outlet=\udcff"], "characters that cannot be printed"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(
    fields: list[str], constants: list[str], says: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        mapping_from_pairs(fields, constants)
    assert says in str(refused.value)


def test_a_mapping_comes_from_a_toml_file_too() -> None:
    text = '[fields]\ndoc_id = "id"\n[set]\nlang = "en"\n'
    assert parse_field_mapping(text, "m.toml") == FieldMapping({"doc_id": "id"}, {"lang": "en"})
    for broken, says in (
        ("[fields", "m.toml is not TOML"),
        ("[field]\n", "m.toml: 'field' has no place here"),
        ("[set]\nlang = 1\n", "m.toml: [set] lang is not text in quotes"),
        ('[set]\nlanguage = "en"\n', "m.toml: 'language' is not a field (did you mean 'lang'?)"),
    ):
        with pytest.raises(ImportRefused) as refused:
            parse_field_mapping(broken, "m.toml")
        assert says in str(refused.value)


def test_every_row_of_the_labelled_files_is_a_document_or_a_dead_letter() -> None:
    files = sorted(LABELLED.glob("*.jsonl"))
    if not files:
        pytest.skip("the labelled files (../shared/data/real) are not beside this checkout")
    for file in files:
        with file.open("rb") as lines:
            wanted = sum(1 for line in lines if line.strip())
        with file.open("rb") as stream:
            rows = list(
                read_rows(stream, name=file.name, run="r1", read_at=NOW, mapping=LABELLED_MAPPING)
            )
        assert len(documents(rows)) + len(dead(rows)) == wanted
        assert len({row.origin for row in rows}) == wanted
        assert Counter(letter.reason for letter in dead(rows)) == {}
        assert {d.language for d in documents(rows)} == {"en"}


BAD_BYTES = st.binary(max_size=300) | st.lists(
    st.sampled_from(
        [b'"', b",", b"\n", b"\r", b"\r\n", b"\x00", b"\xff", b"a", b"{}", b"[", b"\xef\xbb\xbf"]
    ),
    max_size=60,
).map(b"".join)


@settings(max_examples=500, deadline=None)
@given(BAD_BYTES)
def test_arbitrary_bytes_as_json_lines_are_rows_that_add_up(content: bytes) -> None:
    try:
        rows = rows_of(content)
    except ImportRefused:
        return
    body = content.removeprefix(b"\xef\xbb\xbf")
    assert len(rows) == sum(1 for line in body.split(b"\n") if line.strip())
    assert len({row.origin for row in rows}) == len(rows)


@settings(max_examples=500, deadline=None)
@given(BAD_BYTES)
def test_arbitrary_bytes_as_csv_lose_no_line(content: bytes) -> None:
    rows = rows_of(HEADER + content, "csv")
    origins = [int(row.origin.rpartition("/")[2]) for row in rows]
    assert origins == sorted(set(origins))
    written = sum(letter.payload.count("\n") + 1 for letter in dead(rows))
    lines = sum(1 for line in content.split(b"\n") if line.strip())
    assert len(documents(rows)) <= lines <= len(documents(rows)) * 60 + written


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "text": st.text(
                    st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20
                ).filter(lambda text: bool(text.strip())),
                "title": st.text(st.sampled_from('a,"\n é'), max_size=5),
            }
        ),
        max_size=5,
    )
)
def test_whatever_was_quoted_comes_out_of_csv_as_out_of_json(texts: list[dict[str, str]]) -> None:
    rows = [ROW | {"url": "", "doc_id": str(n)} | row for n, row in enumerate(texts)]
    from_csv = rows_of(csv_of(rows, quoting=csv.QUOTE_ALL), "csv")
    from_json = rows_of(jsonl(*rows)) if rows else []
    assert documents(from_csv) == documents(from_json)
    assert len(from_csv) == len(from_json) == len(rows)


def test_the_documented_mapping_of_the_labelled_files_is_the_tested_one() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "import.md").read_text(encoding="utf-8")
    for option, pairs in (("--field", LABELLED_MAPPING.fields), ("--set", LABELLED_MAPPING.set)):
        for ours, value in pairs.items():
            assert f"{option} {ours}={value}" in guide
