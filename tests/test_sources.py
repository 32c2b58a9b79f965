"""Lists of sources: what is read, what is refused and in which words, and the list that ships."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.canonical_url import canonical_url
from ingest.document import Kind
from ingest.iso_3166 import society_fault
from ingest.source import Source, SourcesRefused, default_sources, parse_sources

ONE = """\
[[source]]
name = "courier"
url = "https://courier.example/rss"
outlet = "Harbour Courier"
kind = "news"
society = "GB"
language = "en-GB"
"""


def refusal(toml_text: str) -> str:
    with pytest.raises(SourcesRefused) as refused:
        parse_sources(toml_text, "my.toml")
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_source_is_read_with_its_defaults() -> None:
    assert parse_sources(ONE, "my.toml") == (
        Source(
            name="courier",
            url="https://courier.example/rss",
            outlet="Harbour Courier",
            kind=Kind.NEWS,
            society="GB",
            language="en-GB",
            poll_minutes=15,
            enabled=True,
        ),
    )


def test_sources_keep_their_order_and_their_own_settings() -> None:
    other = ONE.replace("courier", "gazette") + "poll_minutes = 60\nenabled = false\n"
    first, second = parse_sources(ONE + other, "my.toml")
    assert (first.name, second.name) == ("courier", "gazette")
    assert (second.poll_minutes, second.enabled) == (60, False)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'kind = "news"',
            'kind = "blog"',
            "source 'courier': kind 'blog' is not one of news, social",
        ),
        ('"GB"', '"UK"', "source 'courier': society 'UK' is not an ISO 3166-1 alpha-2 code"),
        ('"GB"', '"UK"', "GB is one"),
        ('"GB"', '"gb"', "GB is one"),
        ('"en-GB"', '"English (UK)"', "language 'English (UK)' is not a BCP 47 tag"),
        (
            '"https://courier.example/rss"',
            '"courier.example/rss"',
            "is not an http or https address",
        ),
        ('"https://courier.example/rss"', '"file:///feed.xml"', "is not an http or https address"),
        ('name = "courier"', 'name = "Harbour Courier"', "is not of lower-case letters, digits"),
        ('name = "courier"', 'name = ""', "my.toml: source 1 has no name"),
        ('name = "courier"\n', "", "my.toml: source 1 has no name"),
        ('outlet = "Harbour Courier"\n', "", "source 'courier' has no outlet"),
        ("outlet", "outlett", "has the unknown key 'outlett'; did you mean 'outlet'?"),
        ("outlet", "colour", "has the unknown key 'colour'; known are name, url, outlet"),
        ('"GB"', "44", "society is a number; write text in quotes"),
        ('"GB"', '"GB"\npoll_minutes = "15"', "poll_minutes is text; write a whole number"),
        ('"GB"', '"GB"\npoll_minutes = true', "poll_minutes is true or false; write a whole"),
        ('"GB"', '"GB"\npoll_minutes = 0', "poll_minutes 0 is not from 1 to 10,080"),
        ('"GB"', '"GB"\nenabled = "no"', "enabled is text; write true or false"),
        ("Harbour Courier", "x" * 2049, "is longer than 2,048 bytes"),
        ("[[source]]", "[source]", "my.toml: a source begins with [[source]], in two pairs"),
        ("[[source]]", "[[sources]]", "my.toml: 'sources' has no place here"),
        ("[[source]]", "[[source", "my.toml is not TOML"),
    ],
)
def test_a_fault_is_named_with_file_source_and_field(old: str, new: str, says: str) -> None:
    assert says in refusal(ONE.replace(old, new))


def test_a_list_without_sources_is_refused() -> None:
    assert refusal("") == "my.toml has no [[source]]"


def test_two_sources_cannot_share_a_name_or_an_address() -> None:
    assert (
        refusal(ONE + ONE.replace("/rss", "/atom")) == "my.toml: two sources are called 'courier'"
    )
    twin = ONE.replace('"courier"', '"twin"').replace("https:", "http:")
    assert refusal(ONE + twin) == "my.toml: sources 'courier' and 'twin' have the same url"


@given(st.text(max_size=60))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    for toml_text in (text, ONE + text, ONE.replace('"GB"', text)):
        try:
            parse_sources(toml_text, "my.toml")
        except SourcesRefused as refused:
            assert str(refused).startswith("my.toml")


def test_the_list_that_ships_covers_what_it_promises() -> None:
    sources = default_sources()
    societies = {source.society for source in sources} - {"unknown"}
    assert len(sources) >= 40
    assert len(societies) >= 12
    names = {source.name for source in sources}
    assert {"iom", "unhcr", "infomigrants-en", "guardian-uk-immigration", "rte"} <= names
    english = [source for source in sources if source.language == "en"]
    assert len(sources) // 2 < len(english) < len(sources)
    assert len({canonical_url(source.url) for source in sources}) == len(sources)


def test_the_large_societies_have_three_outlets_each() -> None:
    outlets = Counter(
        (source.society, source.outlet) for source in default_sources() if source.enabled
    )
    by_society = Counter(society for society, _ in outlets)
    assert all(by_society[society] >= 3 for society in ("GB", "US", "CA", "AU", "DE", "FR"))


def test_codes_of_made_up_societies_are_free_to_use() -> None:
    assert [code for code in ("XA", "XK", "QZ", "ZZ", "unknown", "DE") if society_fault(code)] == []
    assert all(society_fault(code) for code in ("", "D", "de", "DEU", "EU", "QA1", "ÄB", "UNKNOWN"))
