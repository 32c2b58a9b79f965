"""GKG files to documents: golden files in tests/data/gdelt_gkg, in the shape of the codebook."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ingest.document import Document, Kind
from ingest.fips_countries import iso_of_fips, iso_of_name
from ingest.gdelt_gkg import MAX_DEAD, MAX_LINES, GkgReading, parse_gkg
from ingest.gdelt_gkg_zip import GkgRefused
from ingest.gdelt_languages import language_of_code, language_of_name
from ingest.gdelt_places import countries
from ingest.gdelt_themes import about_migration, themes_of, wanted
from ingest.iso_3166 import society_fault
from ingest.source import Source
from ingest.source_options import GkgOptions, SourceType
from tests.local_gdelt import GKG, row, zipped

NOW = datetime(2026, 11, 23, 18, 20, tzinfo=UTC)
ADDRESS = "http://data.example/gdeltv2/20261123181500.gkg.csv.zip"
SOURCE = Source(
    name="gdelt",
    url="http://data.example/gdeltv2/",
    outlet="GDELT",
    kind=Kind.NEWS,
    society="unknown",
    language="und",
    type=SourceType.GDELT_GKG,
    options=GkgOptions(),
)


def read(body: bytes, *themes: str) -> GkgReading:
    return parse_gkg(body, source=SOURCE, address=ADDRESS, fetched_at=NOW, themes=themes)


def rows(*content: bytes) -> GkgReading:
    return read(zipped(b"\n".join(content), method=zipfile.ZIP_STORED))


def documents(reading: GkgReading) -> list[Document]:
    return [arrival.document for arrival in reading.documents]


def refused(body: bytes) -> str:
    with pytest.raises(GkgRefused) as error:
        read(body)
    return str(error.value)


def test_records_about_migration_become_documents() -> None:
    reading = read(zipped((GKG / "20261123181500.gkg.csv").read_bytes()))
    visas, cafe, untitled, clock = documents(reading)
    assert visas.title == 'Growers ask for more picking visas \u2013 "at last" & in time'
    assert visas.text == ""
    assert visas.outlet == "courier.example"
    assert visas.url == "https://www.courier.example/2026/11/visas-for-pickers"
    assert visas.published_at == datetime(2026, 11, 23, 17, 40, tzinfo=UTC)
    assert (visas.society, visas.language, visas.author_key) == ("unknown", "en", "")
    assert cafe.title == "Caf\xe9 owner speaks of newcomers"
    assert untitled.title == "town welcomes seasonal workers"
    assert clock.published_at == datetime(2026, 11, 23, 18, 15, tzinfo=UTC)
    # Sport, a broadcast, the word fear alone, and an address for the second time.
    assert reading.passed_over == 4


def test_what_can_never_be_a_document_is_a_dead_letter_without_names_of_authors() -> None:
    reading = read(zipped((GKG / "20261123181500.gkg.csv").read_bytes()))
    assert [letter.reason for letter in reading.dead] == [
        "the record has 28 instead of 27 fields",
        "no title, and no words in its address",  # its last field was broken in two …
        "the record has 1 instead of 27 fields",  # … and this is the rest
        "no title, and no words in its address",
        "neither title nor address",
    ]
    assert all(letter.place.startswith(f"{ADDRESS} line ") for letter in reading.dead)
    assert not any(
        "Specimen" in letter.payload or "Alex" in letter.payload for letter in reading.dead
    )


def test_a_translated_text_is_in_the_language_that_it_was_published_in() -> None:
    reading = read(zipped((GKG / "20261123181500.translation.gkg.csv").read_bytes()))
    assert [(each.language, each.title) for each in documents(reading)] == [
        ("es", "El pueblo recibe a los temporeros"),
        ("zh", "\u79fb\u6c11\u65b0\u653f\u7b56"),
        ("und", "?"),
    ]


def test_origins_and_ids_are_the_same_on_every_reading_and_say_nothing_of_the_row_number() -> None:
    one, two = row(1, url="https://a.example/1"), row(2, url="https://a.example/2")
    first, again = rows(one, two), rows(two, b"", one)
    assert {a.origin: a.document.id for a in first.documents} == {
        a.origin: a.document.id for a in again.documents
    }
    assert all(a.origin.startswith("gdelt-gkg:gdelt/") for a in first.documents)
    broken = rows(b"x\ty").dead + rows(one, b"x\ty").dead
    assert len({letter.origin for letter in broken}) == 1


def test_a_chosen_theme_takes_the_place_of_those_of_migration() -> None:
    body = zipped(row(1, themes="WB_1_HARBOURS;", v2_themes="WB_1_HARBOURS,9;") + b"\n" + row(2))
    assert [
        len(read(body, *themes).documents) for themes in [(), ("wb_1_harbours",), ("WB_*",)]
    ] == [
        1,
        1,
        1,
    ]
    assert read(body, "WB_*").passed_over == 1
    assert not read(body, "WB_1").documents


@pytest.mark.parametrize(
    ("theme", "about"),
    [
        ("IMMIGRATION", True),
        ("REFUGEES", True),
        ("SOC_MASSMIGRATION", True),
        ("SOC_FORCEDRELOCATION", True),
        ("UNREST_CLOSINGBORDER", True),
        ("WB_2836_MIGRATION_POLICIES_AND_JOBS", True),
        ("WB_2837_IMMIGRATION", True),
        ("WB_2844_EMIGRATION", True),
        ("DISCRIMINATION_IMMIGRATION_XENOPHOBIA", True),
        ("HUMAN_RIGHTS_ABUSES_FORCED_MIGRATION", True),
        ("EPU_CATS_MIGRATION_FEAR_MIGRATION", True),
        ("TAX_FNCACT_REFUGEE", True),
        ("TAX_AIDGROUPS_INTERNATIONAL_ORGANIZATION_FOR_MIGRATION", True),
        ("EPU_CATS_MIGRATION_FEAR_FEAR", False),
        ("WB_2838_RURAL_TO_URBAN_MIGRATION", False),
        ("CRISISLEX_T09_DISPLACEDRELOCATEDEVACUATED", False),
        ("DISPLACED", False),
        ("TAX_WORLDBIRDS_IMMIGRATIONS", False),
        ("", False),
    ],
)
def test_a_theme_of_migration_is_known_by_its_words(theme: str, about: bool) -> None:
    assert about_migration(theme) is about


def test_themes_are_read_from_both_columns() -> None:
    assert themes_of("A;B;", "B,12;C,900") == {"A", "B", "C"}
    assert themes_of("", "") == frozenset()
    assert not wanted([], [])


@pytest.mark.parametrize(
    ("extras", "hour"),
    [
        ("", 18),
        ("<PAGE_PRECISEPUBTIMESTAMP>20261123120000</PAGE_PRECISEPUBTIMESTAMP>", 12),
        (
            "<PAGE_PRECISEPUBTIMESTAMP>20261123190000</PAGE_PRECISEPUBTIMESTAMP>",
            19,
        ),  # a clock ahead
        (
            "<PAGE_PRECISEPUBTIMESTAMP>20261123200000</PAGE_PRECISEPUBTIMESTAMP>",
            18,
        ),  # in the future
        ("<PAGE_PRECISEPUBTIMESTAMP>20261340120000</PAGE_PRECISEPUBTIMESTAMP>", 18),  # no such day
        ("<PAGE_PRECISEPUBTIMESTAMP>19700101000000</PAGE_PRECISEPUBTIMESTAMP>", 18),
    ],
)
def test_the_page_says_when_it_was_published_where_that_can_be(extras: str, hour: int) -> None:
    (document,) = documents(rows(row(1, extras=f"{extras}<PAGE_TITLE>Visas</PAGE_TITLE>")))
    assert (document.published_at.hour, document.published_at.day) == (hour, 23)


def test_countries_of_the_places_with_how_often_each_is_named() -> None:
    line = (GKG / "20261123181500.gkg.csv").read_bytes().split(b"\n")[0].split(b"\t")[10].decode()
    assert list(countries(line).items()) == [("GB", 2), ("NO", 1)]
    # FIPS is not ISO: AU is Austria, AS Australia, SZ Switzerland.
    found = countries("1#x#AU#AU##0#0#AU#1;1#x#AS#AS##0#0#AS#2;1#x#SZ#SZ##0#0#SZ#3")
    assert list(found) == ["AT", "AU", "CH"]
    assert countries("") == countries("x;##;1#Sea#OS#OS##0#0#OS#4") == {}


def test_every_country_of_fips_is_one_of_iso() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    found = [iso for a in letters for b in letters if (iso := iso_of_fips(a + b))]
    assert len(found) > 250
    assert not any(society_fault(iso) for iso in found)
    assert [iso_of_fips(code) for code in ("gm", "UK", "KS", "RB", "XX", "")] == [
        "DE",
        "GB",
        "KR",
        "RS",
        "",
        "",
    ]


def test_names_of_countries_and_languages() -> None:
    names = ["United Kingdom", "Trinidad And Tobago", "Cote d'Ivoire", "Turkey", "Atlantis", ""]
    assert [iso_of_name(name) for name in names] == ["GB", "TT", "CI", "TR", "", ""]
    codes = ["spa", "ZHO", "hbs", "srp", "x", "toolong", "de"]
    assert [language_of_code(code) for code in codes] == [
        "es",
        "zh",
        "sh",
        "sr",
        "und",
        "und",
        "de",
    ]
    spoken = ["English", "NorwegianNynorsk", "Chinese", "Dolphin"]
    assert [language_of_name(name) for name in spoken] == ["en", "nn", "zh", "und"]


def patched(body: bytes, change: Callable[[bytearray, int, int], None]) -> bytes:
    """The zip with something changed, given where its central and its local entry are."""
    changed = bytearray(body)
    change(changed, body.rindex(b"PK\x01\x02"), body.index(b"PK\x03\x04"))
    return bytes(changed)


def encrypted(zip_bytes: bytearray, central: int, local: int) -> None:
    zip_bytes[central + 8] |= 1
    zip_bytes[local + 6] |= 1


def claims_little(zip_bytes: bytearray, central: int, local: int) -> None:
    zip_bytes[central + 24 : central + 28] = struct.pack("<I", 1000)


def claims_much(zip_bytes: bytearray, central: int, local: int) -> None:
    zip_bytes[central + 24 : central + 28] = struct.pack("<I", 2**31)


def two_files() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", b"x")
        archive.writestr("b.csv", b"x")
    return packed.getvalue()


def many_files() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(2000):
            archive.writestr(f"{number}.csv", b"")
    return packed.getvalue()


def squeezed(method: int) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("a.csv", row(1))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is not a zip"),
        (b"<html>Bad gateway</html>", "is not a zip"),
        (zipped(row(1))[:60], "damaged zip"),
        (zipped(b"".join(row(n) + b"\n" for n in range(99)))[:-300], "damaged zip"),
        (two_files(), "2 files in it instead of one"),
        (many_files(), "more than one file in it"),
        (zipped(zipped(row(1))), "a zip in a zip"),
        (zipped(zipped(row(1)), "a.csv.zip"), "holds no CSV"),
        (squeezed(zipfile.ZIP_BZIP2), "compressed in an unknown way"),
        (squeezed(zipfile.ZIP_LZMA), "compressed in an unknown way"),
        (patched(zipped(row(1)), encrypted), "is encrypted"),
        (patched(zipped(row(1) * 50), claims_little), "damaged zip"),
        (patched(zipped(row(1)), claims_much), "unfolds to 2.05e+03 MiB"),
        (zipped(b"x\n" * (MAX_DEAD + 1)), f"more than {MAX_DEAD:,} records that cannot be read"),
        (zipped(b"\n" * (MAX_LINES + 1)), f"more than {MAX_LINES:,} lines"),
    ],
    ids=range(15),
)
def test_what_is_no_gkg_file_is_refused_with_one_clause(body: bytes, says: str) -> None:
    reason = refused(body)
    assert says in reason
    assert "\n" not in reason


@pytest.mark.parametrize("claim", [None, claims_little])
@pytest.mark.parametrize("content", [b"\x00", b"\n", b"\t", b"a;"])
def test_a_bomb_is_refused_in_little_time_and_memory(
    content: bytes, claim: Callable[[bytearray, int, int], None] | None
) -> None:
    bomb = BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("20261123181500.gkg.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(100):
            member.write(content * (2**20 // len(content)))
    body = patched(bomb.getvalue(), claim) if claim else bomb.getvalue()
    assert len(body) < 2**20
    tracemalloc.start()
    started = time.monotonic()
    try:
        refused(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.monotonic() - started < 30
    assert peak < 64 * 2**20


def test_a_record_made_to_take_long_does_not() -> None:
    hostile = (
        "<PAGE_TITLE>" * 80_000 + "<PAGE_PRECISEPUBTIMESTAMP>" * 40_000 + "<PAGE_AUTHORS>" * 9000
    )
    started = time.monotonic()
    for extras in (hostile, hostile + "</PAGE_TITLE>", "\t" + hostile):
        rows(
            row(1, extras=extras, url="https://a.example/" + "a-" * 100_000 + "?" + "&a=" * 50_000)
        )
    rows(row(1, translation="; " * 300_000, locations="#" * 300_000, themes=";," * 300_000))
    assert time.monotonic() - started < 30


def test_a_title_is_text_whatever_is_in_it() -> None:
    title = "&lt;script&gt;alert(1)&lt;/script&gt; <b>Visas</b>\x07 &#x0; for\u2028all"
    (document,) = documents(rows(row(1, extras=f"<PAGE_TITLE>{title}</PAGE_TITLE>")))
    assert "<script>" in document.title  # the text of it: every channel escapes what it shows
    assert "\x07" not in document.title
    assert "<b>" not in document.title


_PIECES = st.sampled_from(
    [
        *(
            b"\t",
            b"\n",
            b"\r",
            b";",
            b"#",
            b",",
            b"IMMIGRATION",
            b"1",
            b"20261123181500",
            b"\xff",
            b"\x00",
        ),
        *(
            b"<PAGE_TITLE>",
            b"</PAGE_TITLE>",
            b"srclc:spa",
            b"https://a.example/",
            b"&#xd800;",
            b"[",
            b"%00",
        ),
        *(row(1), row(2), "\u202e\U0001f600".encode()),
    ]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.binary(max_size=20))))
def test_whatever_stands_in_a_file_every_line_is_accounted_for(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    assume(not content.startswith(b"PK"))  # a zip in a zip
    reading = read(zipped(content))
    lines = [line for line in content.split(b"\n") if line.strip()]
    assert len(reading.documents) + len(reading.dead) + reading.passed_over == len(lines)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400), st.booleans())
def test_whatever_a_zip_is_it_is_read_or_refused(noise: bytes, place: int, whole: bool) -> None:
    good = zipped(row(1) + b"\n" + row(2))
    bad = good[:place] + noise[:9] + good[place + (0 if whole else len(noise[:9])) :]
    for body in (noise, b"PK\x03\x04" + noise, bad):
        try:
            read(body)
        except GkgRefused as error:
            assert str(error)
