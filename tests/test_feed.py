"""Feeds to documents: golden files in tests/feeds, in the shapes that the formats document."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.charset import to_text
from ingest.document import Document, Kind
from ingest.feed import FeedReading, NotAFeed, parse_feed
from ingest.import_rows import read_rows
from ingest.plain_text import MAX_MARKUP_CHARACTERS, plain_text
from ingest.source import Source

FEEDS = Path(__file__).parent / "feeds"
ADDRESS = "https://courier.example/rss"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOURCE = Source(
    name="courier",
    url=ADDRESS,
    outlet="Harbour Courier",
    kind=Kind.NEWS,
    society="GB",
    language="en",
)


def read(body: bytes, content_type: str = "") -> FeedReading:
    return parse_feed(
        body,
        content_type=content_type,
        source=SOURCE,
        address=ADDRESS,
        fetched_at=NOW,
    )


def golden(name: str, content_type: str = "") -> FeedReading:
    return read((FEEDS / name).read_bytes(), content_type)


def documents(reading: FeedReading) -> list[Document]:
    return [arrival.document for arrival in reading.documents]


def rss(*items: str) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>T</title>'
    return (head + "".join(f"<item>{item}</item>" for item in items) + "</channel></rss>").encode()


def test_rss_2_becomes_documents() -> None:
    reading = golden("rss2.xml", "application/rss+xml; charset=utf-8")
    visas, ferry, column = documents(reading)
    assert reading.dead == ()
    origins = [arrival.origin for arrival in reading.documents]
    assert len(set(origins)) == 3
    assert all(origin.startswith("feed:courier/") for origin in origins)
    assert visas.title == "Council backs seasonal picking visas"
    assert visas.text == (
        "The council voted 21 to 4 for more seasonal visas.\n"
        "Growers\u2019 leaders said \u201cat last\u201d."
    )
    assert visas.published_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert visas.fetched_at == NOW
    assert visas.language == "en-gb"
    assert ferry.url == "https://courier.example/news/ferry"
    assert ferry.text == "Fewer boats\nSame fares"
    assert column.url == ""
    assert len({visas.id, ferry.id, column.id}) == 3
    assert visas.story
    assert visas.story != ferry.story


def test_no_author_leaves_a_feed() -> None:
    for name in ("rss2.xml", "atom.xml", "rss1.rdf", "feed.json"):
        reading = golden(name)
        written = msgspec.json.encode(documents(reading)).decode()
        assert all(document.author_key == "" for document in documents(reading))
        for person in ("Wilma", "Somebody", "A. Writer", "Someone"):
            assert person not in written


def test_an_entry_cannot_change_its_outlet_kind_or_society() -> None:
    for name in ("rss2.xml", "atom.xml", "rss1.rdf", "feed.json"):
        for document in documents(golden(name)):
            assert (document.source, document.outlet) == ("courier", "Harbour Courier")
            assert (document.kind, document.society) == (Kind.NEWS, "GB")


def test_atom_becomes_documents_from_html_xhtml_and_text() -> None:
    nurses, petition, wages = documents(golden("atom.xml", "application/atom+xml"))
    assert nurses.title == "Nurses from abroad keep wards open"
    assert nurses.text == "Half of the new nurses trained abroad.\nThe hospital wants more."
    assert nurses.url == "https://valley.example/health/nurses"
    assert nurses.published_at == datetime(2026, 11, 20, 6, 15, tzinfo=UTC)
    assert petition.text == "Deux mille signatures.\nLa mairie r\u00e9pondra."
    assert petition.language == "fr"
    assert petition.published_at == datetime(2026, 11, 19, 10, tzinfo=UTC)
    assert wages.title == "Wages: if demand < supply, who pays?"
    assert wages.text == "A look at x < y, without markup."


def test_rdf_becomes_documents() -> None:
    island, boats = documents(golden("rss1.rdf", "text/xml"))
    assert island.title == "Island asks for family visas"
    assert island.published_at == datetime(2026, 11, 20, 1, tzinfo=UTC)
    assert boats.published_at == datetime(2026, 11, 16, tzinfo=UTC)
    assert boats.url == "https://island.example/b"


def test_json_feed_becomes_documents_and_dead_letters() -> None:
    reading = golden("feed.json", "application/feed+json")
    permits, note, relative = documents(reading)
    assert permits.text == "Permits in ten days.\nEmployers cheer."
    assert permits.published_at == datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert permits.language == "en-US"
    assert (note.title, note.text) == ("", "A short note without a title: 3 < 5.")
    assert (note.language, note.url) == ("es", "")
    assert relative.url == "https://courier.example/notes/relative"
    assert relative.text == "Only a summary."
    assert [letter.reason for letter in reading.dead] == [
        "title is a list instead of text",
        "the item is text instead of an object",
    ]
    assert '"not","text"' in reading.dead[0].payload


def test_markup_in_a_title_goes_and_plain_signs_stay() -> None:
    shops, fair = documents(golden("html_in_title.xml"))
    assert shops.title == "Shops & caf\u00e9s seek staff from abroad"
    assert shops.text == "Jobs & visas."
    assert fair.title == 'Is 3 < 5 & "fair"?'


def test_dates_are_utc_and_those_that_cannot_be_right_are_dead() -> None:
    reading = golden("naive_dates.xml")
    ten = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert {d.title: d.published_at for d in documents(reading)} == {
        "Naive ISO time": ten,
        "Naive time with a space": ten,
        "RFC 822 without zone": ten,
        "A zone that RFC 822 does not name": datetime(2026, 7, 20, 10, tzinfo=UTC),
        "No date at all": NOW,
        "Readable second date": ten,
    }
    assert [(letter.place, letter.reason) for letter in reading.dead] == [
        (f"{ADDRESS} entry 6", "the date 'the day before yesterday' cannot be read"),
        (f"{ADDRESS} entry 7", "published_at 1990-01-01 is before 2000"),
        (f"{ADDRESS} entry 8", "published_at 2037-11-20T10:00Z is over a day in the future"),
    ]


def test_entries_without_an_address_of_their_own_stay_apart() -> None:
    reading = golden("missing_guid.xml")
    assert len({document.id for document in documents(reading)}) == 3
    assert [letter.reason for letter in reading.dead] == ["neither title nor text"]


def test_reading_a_feed_again_gives_the_same_ids_and_origins() -> None:
    for name in ("rss2.xml", "atom.xml", "rss1.rdf", "feed.json", "missing_guid.xml"):
        body = (FEEDS / name).read_bytes()
        first, again = read(body), read(body)
        assert [d.id for d in documents(first)] == [d.id for d in documents(again)]
        assert [a.origin for a in first.documents] == [a.origin for a in again.documents]
        assert len({a.origin for a in first.documents}) == len(first.documents)


def test_an_edited_entry_is_the_same_row_and_another_link_to_its_page_is_another_row() -> None:
    entry = "<title>Visa rules</title><description>{}</description><link>https://courier.example/v{}</link><guid>v</guid>"
    first = read(rss(entry.format("First words.", ""))).documents[0]
    edited = read(rss(entry.format("Second thoughts.", ""))).documents[0]
    tracked = read(rss(entry.format("First words.", "?utm_source=mail"))).documents[0]
    assert edited.origin == first.origin
    assert tracked.origin != first.origin
    assert tracked.document.id == first.document.id


def test_the_same_bad_entry_has_one_origin_over_all_polls_and_two_bad_ones_have_two() -> None:
    bad = "<link>https://courier.example/x</link><pubDate>never</pubDate><title>Bad</title>"
    other = bad.replace("/x", "/y")
    first = read(rss(bad)).dead
    later = read(rss("<title>New</title>", bad, other, bad)).dead
    assert first[0].origin.startswith("feed:courier/dead/")
    assert later[0].origin == first[0].origin
    assert len({letter.origin for letter in later}) == 3


def test_a_dead_entry_can_be_mended_and_imported() -> None:
    letter = golden("naive_dates.xml").dead[0]
    mended = letter.payload.replace("the day before yesterday", "2026-11-21")
    rows = read_rows(
        BytesIO(mended.encode()), name="mended.jsonl", run="r9", read_at=NOW, form="jsonl"
    )
    (arrival,) = rows
    assert hasattr(arrival, "document")
    assert arrival.document.source == "courier"
    assert arrival.document.outlet == "Harbour Courier"
    assert arrival.document.published_at == datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("wrong_charset.xml", ""),
        ("wrong_charset.xml", "text/xml; charset=utf-8"),
        ("wrong_charset_utf8.xml", "application/rss+xml"),
        ("windows_1252.xml", ""),
        ("windows_1252.xml", "text/xml; charset=no-such-charset"),
        ("utf_16.xml", "application/xml"),
    ],
)
def test_a_charset_is_found_whatever_was_declared(name: str, content_type: str) -> None:
    (document,) = documents(golden(name, content_type))
    assert (
        document.title
        == "\u00dcber die Br\u00fccke \u2013 \u201cGrenzg\u00e4nger\u201d erz\u00e4hlen"
    )
    assert document.text == "R\u00e9sum\u00e9: l\u2019\u00e9t\u00e9 \u00e0 Z\u00fcrich."


def test_declared_charsets_beyond_utf_8_are_read() -> None:
    assert (
        to_text("\u79fb\u6c11".encode("shift_jis"), "text/xml; charset=Shift_JIS") == "\u79fb\u6c11"
    )
    assert (
        to_text("\u79fb\u6c11".encode("iso2022_jp"), "text/xml; charset=iso-2022-jp")
        == "\u79fb\u6c11"
    )
    declared = '<?xml version="1.0" encoding="gb2312"?>\u79fb\u6c11\u653f\u7b56'
    assert to_text(declared.encode("gb18030")) == declared
    assert to_text(b'<?xml version="1.0" encoding="utf-16"?><a/>').endswith("<a/>")
    assert to_text(b"\xef\xbb\xbfabc") == "abc"


@pytest.mark.parametrize("codec", ["punycode", "idna", "unicode_escape", "utf-7", "rot13"])
def test_a_codec_that_is_no_charset_is_not_used(codec: str) -> None:
    assert to_text(b"a-\\u0041+AGE-\xe9", f"text/xml; charset={codec}") == "a-\\u0041+AGE-\u00e9"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("page.html", "it is an HTML page instead of a feed"),
        ("empty.xml", "it is empty"),
        ("truncated_early.xml", "it is broken or cut off before the first entry"),
    ],
)
def test_what_is_no_feed_says_what_it_is(name: str, reason: str) -> None:
    with pytest.raises(NotAFeed) as refused:
        golden(name)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b" \n\t ", "it is empty"),
        (b"Service unavailable", "there is no <rss>, <feed> or <rdf:RDF> element"),
        (b"<html><body>Not here</body></html>", "it is an HTML page"),
        (b'{"error": "gone"}', "no JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "no JSON Feed"),
        (b'{"version": ', "it is broken JSON"),
        (b"[" * 100_000, "it is broken JSON"),
        (b"[1, 2]", "no JSON Feed"),
        (b"<rss><channel>" + b"<a>" * 300_001, "it has more than 300,000 tags"),
    ],
)
def test_other_bytes_that_are_no_feed_are_refused(body: bytes, reason: str) -> None:
    with pytest.raises(NotAFeed, match=reason):
        read(body)


def test_a_feed_without_entries_is_a_feed() -> None:
    assert read(rss()) == FeedReading((), ())


def test_of_a_cut_off_feed_the_whole_entries_count_and_the_half_one_is_dead() -> None:
    reading = golden("truncated.xml")
    assert [document.title for document in documents(reading)] == ["Whole entry"]
    assert [letter.reason for letter in reading.dead] == ["the feed is cut off inside this entry"]


def test_broken_xml_with_usable_entries_is_used() -> None:
    body = rss(
        "<title>Fish & chips</title><link>https://courier.example/a?x=1&y=2</link>",
        "<title>After <b>the fault</title><description>Still &nbsp; here &#999999999;</description>",
    )
    first, second = documents(read(body))
    assert first.title == "Fish & chips"
    assert first.url == "https://courier.example/a?x=1&y=2"
    assert second.title == "After the fault"
    assert second.text.startswith("Still")


def test_entities_do_not_expand() -> None:
    tracemalloc.start()
    try:
        reading = golden("billion_laughs.xml")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 2**20
    assert all("haha" not in document.text for document in documents(reading))


def test_entities_do_not_expand_where_a_comment_hides_their_declaration() -> None:
    bomb = (FEEDS / "billion_laughs.xml").read_text(encoding="utf-8")
    for hidden in (
        bomb.replace("<!DOCTYPE", "<!-- <rss > --><!DOCTYPE"),
        bomb.replace("<!DOCTYPE", "<!-- <a --><!DOCTYPE"),
    ):
        body = hidden.encode()
        assert all(len(document.text) < 100 for document in documents(read(body)))
        wide = hidden.replace('"1.0"', '"1.0" encoding="utf-16"').encode("utf-16")
        assert all(len(document.text) < 100 for document in documents(read(wide)))


def test_entities_never_read_a_file() -> None:
    body = (
        '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
        "<rss><channel><item><title>x &f; y</title></item></channel></rss>"
    )
    (document,) = documents(read(body.encode()))
    assert document.title == "x &f; y"


def test_a_body_that_is_a_file_name_is_not_opened() -> None:
    with pytest.raises(NotAFeed):
        read(str(FEEDS / "rss2.xml").encode())


def test_a_nul_byte_and_an_entry_that_is_too_large_are_dead_and_the_rest_lives() -> None:
    long = "word " * 110_000
    reading = read(
        rss(
            "<title>Nul \x00 byte</title>",
            f"<title>Long</title><description>{long}</description>",
            f"<title>Longer</title><description><![CDATA[{'<p>x' * 600_000}]]></description>",
            "<title>Fine</title>",
        )
    )
    assert [document.title for document in documents(reading)] == ["Fine"]
    assert [letter.reason for letter in reading.dead] == [
        "title contains a NUL byte",
        "text has 549,999 bytes; the limit is 500,000",
        f"the markup has 2,400,000 characters; the limit is {MAX_MARKUP_CHARACTERS:,}",
    ]
    assert reading.dead[1].truncated


def test_at_most_two_thousand_entries_are_read_and_the_others_counted() -> None:
    items = [
        f"<title>Entry {n}</title><guid>https://courier.example/{n}</guid>" for n in range(2_003)
    ]
    items[5] += "<description><![CDATA[<item >]]></description>"
    reading = read(rss(*items))
    assert (len(reading.documents), reading.dead, reading.unread) == (2_000, (), 3)
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": str(n), "content_text": f"note {n}"} for n in range(2_001)],
    }
    reading = read(msgspec.json.encode(feed))
    assert (len(reading.documents), reading.unread) == (2_000, 1)


def test_a_language_that_is_none_falls_back_to_the_source() -> None:
    for said in ("", "und", "english (uk)", "x"):
        body = rss("<title>T</title>").replace(
            b"<title>T</title><item>", f"<language>{said}</language><item>".encode()
        )
        (document,) = documents(read(body))
        assert document.language == "en"
    body = rss("<title>T</title>").replace(b"<item>", b"<language>pt_BR</language><item>")
    assert documents(read(body))[0].language == "pt-BR"


def test_plain_text_is_what_a_reader_would_see() -> None:
    assert (
        plain_text("<p>One <b>two</b>&nbsp;three</p><p>Four\nfive</p>")
        == "One two three\nFour five"
    )
    assert plain_text("a<br/>b<script>c</script><style>d{}</style><!-- e -->f") == "a\nbf"
    assert plain_text("3 &lt; 5 &amp;amp; 6") == "3 < 5 &amp; 6"
    assert plain_text("<a href='x' onclick='y()'>link</a> text") == "link text"
    assert plain_text("no markup\n\n at all ") == "no markup\nat all"


def test_deeply_nested_markup_takes_no_time() -> None:
    assert plain_text("<div><a>" * 60_000 + "deep") == "deep"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_a_feed_or_no_feed(body: bytes) -> None:
    assert_reading_or_refusal(body)


TOKENS = st.sampled_from(
    "<rss> <channel> <item> </item> <entry> </entry> <title> </title> <link> <guid> <pubDate> "
    "<dc:date> <content:encoded> <content type='xhtml'> <source> </source> <category> <image> "
    "<textinput> <svg> </svg> <media:group> <itunes:author> <author> <![CDATA[ ]]> <!-- --> <? ?> "
    "&amp; &#0; &#xD800; &#99999999; &x; & < > ' \" \x00 \x0b \ufffe text 2026-11-20 <feed "
    "xmlns='http://www.w3.org/2005/Atom'> <rdf:RDF > href='//[' xml:base='http://[' "
    "xml:lang='' type='html' mode='base64' <georss:point> <gml:pos> <psc:chapters> <psc:chapter "
    "start='1' <enclosure url='x'> <media:content> <media:thumbnail> <cc:license>".split(" ")
)


@settings(max_examples=400, deadline=None)
@given(st.lists(TOKENS, max_size=40))
def test_pieces_of_feeds_in_any_order_are_a_feed_or_no_feed(tokens: list[str]) -> None:
    assert_reading_or_refusal(("<rss>" + "".join(tokens)).encode())
    assert_reading_or_refusal(
        ("<feed xmlns='http://www.w3.org/2005/Atom'>" + " ".join(tokens)).encode()
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
NAMES = (
    "id url title content_html content_text summary date_published date_modified language".split()
)


@settings(max_examples=300, deadline=None)
@given(st.lists(JSON | st.dictionaries(st.sampled_from(NAMES), JSON), max_size=4), JSON)
def test_any_json_items_are_documents_or_dead(items: list[object], language: object) -> None:
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": items, "language": language}
    reading = read(msgspec.json.encode(feed))
    assert len(reading.documents) + len(reading.dead) == len(items)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["rss2.xml", "atom.xml", "rss1.rdf", "feed.json", "utf_16.xml"]),
    st.lists(st.tuples(st.integers(0, 4_000), st.binary(max_size=3)), max_size=4),
)
def test_damaged_feeds_are_feeds_or_no_feeds(name: str, damage: list[tuple[int, bytes]]) -> None:
    body = bytearray((FEEDS / name).read_bytes())
    for number, replacement in damage:
        place = number % len(body)
        body[place : place + 2] = replacement
    assert_reading_or_refusal(bytes(body))


def assert_reading_or_refusal(body: bytes) -> None:
    try:
        reading = read(body)
    except NotAFeed as refused:
        assert str(refused).startswith("it ")
        return
    origins = [a.origin for a in reading.documents] + [letter.origin for letter in reading.dead]
    assert len(origins) == len(set(origins))
    for document in documents(reading):
        assert document.published_at <= NOW + timedelta(days=1)
