"""One record of the GKG 2.1: 27 tab-separated fields without header and without quoting.

Of these we read: 0 GKGRECORDID (`-T` in it: translated) · 1 DATE (of the file) · 2 SourceCollectionIdentifier
(1: the web) · 3 SourceCommonName (a domain) · 4 DocumentIdentifier (the address) · 7 and 8 themes ·
10 V2Locations · 25 TranslationInfo · 26 Extras (`<PAGE_TITLE>`, `<PAGE_PRECISEPUBTIMESTAMP>`).
Persons and `<PAGE_AUTHORS>` are never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from ingest.address_words import words_of_address
from ingest.canonical_url import canonical_url
from ingest.document import (
    EARLIEST,
    UNKNOWN_LANGUAGE,
    Document,
    InvalidDocument,
    clean,
    document_id,
    story_of,
)
from ingest.gdelt_languages import language_of_code
from ingest.gdelt_moment import moment_of
from ingest.gdelt_title import title_text
from ingest.source import Source

COLUMNS = 27
FROM_THE_WEB = "1"

AHEAD = timedelta(hours=1)
"""A page is not published after GDELT saw it; its clock may be a little ahead. One that is further ahead is wrong."""

_TITLE, _TITLE_END = "<PAGE_TITLE>", "</PAGE_TITLE>"
_PUBLISHED = re.compile(r"<PAGE_PRECISEPUBTIMESTAMP>\s*([0-9]{14})\s*</PAGE_PRECISEPUBTIMESTAMP>")
_FROM = re.compile(r"(?:^|;)\s*srclc:([A-Za-z]{2,3})\b")


class GkgRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of one record that we read, as they are written."""

    record_id: str
    date: str
    collection: str
    outlet: str
    url: str
    v1_themes: str
    v2_themes: str
    v2_locations: str
    """For ingest/gdelt_places.py."""
    translation: str
    extras: str

    @property
    def translated(self) -> bool:
        """Whether GDELT read the text in translation."""
        return "-T" in self.record_id or bool(self.translation.strip())


def record_of(fields: Sequence[bytes]) -> GkgRecord:
    """The record in COLUMNS fields, as bytes: mostly UTF-8, some fields in a western charset."""
    return GkgRecord(
        record_id=_text(fields[0]).strip(),
        date=_text(fields[1]).strip(),
        collection=_text(fields[2]).strip(),
        outlet=_text(fields[3]).strip(),
        url=_text(fields[4]).strip(),
        v1_themes=_text(fields[7]),
        v2_themes=_text(fields[8]),
        v2_locations=_text(fields[10]),
        translation=_text(fields[25]),
        extras=_text(fields[26]),
    )


def document_of(record: GkgRecord, source: Source, fetched_at: datetime) -> Document:
    """The document: its title, and no text (the page has that). Raises InvalidDocument.

    A page without title, as in files from before 2019, is called by the words of its address.
    """
    url = record.url if canonical_url(record.url) else ""
    seen = moment_of(record.date)
    if seen is None:
        raise InvalidDocument(f"the date {record.date[:60]!r} cannot be read")
    title = page_title(record.extras) or words_of_address(url)
    if not url and not title:
        raise InvalidDocument("neither title nor address")
    if not title:
        raise InvalidDocument("no title, and no words in its address")
    return Document(
        id=document_id(source=source.name, own_id=record.record_id, url=url),
        source=source.name,
        outlet=clean(record.outlet).removeprefix("www.") or _host(url) or source.outlet,
        kind=source.kind,
        society=source.society,
        language=language(record),
        url=url,
        title=title,
        text="",
        published_at=published(record.extras, seen),
        fetched_at=fetched_at,
        story=story_of(title, ""),
    )


def page_title(extras: str) -> str:
    """The title of the page, as people see it; empty when the record has none."""
    # Found by hand: a pattern would take quadratic time over many beginnings without an end.
    begin = extras.find(_TITLE) + len(_TITLE)
    end = extras.find(_TITLE_END, begin)
    return title_text(extras[begin:end]) if begin >= len(_TITLE) and end >= 0 else ""


def published(extras: str, seen: datetime) -> datetime:
    """When the page says that it was published, where that can be; else when GDELT saw it."""
    found = _PUBLISHED.search(extras)
    said = moment_of(found.group(1)) if found else None
    return said if said is not None and EARLIEST <= said <= seen + AHEAD else seen


def language(record: GkgRecord) -> str:
    """BCP 47 tag of the text as published. What was not translated is English."""
    if not record.translated:
        return "en"
    found = _FROM.search(record.translation)
    return language_of_code(found.group(1)) if found else UNKNOWN_LANGUAGE


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.") if url else ""


def _text(field: bytes) -> str:
    try:
        return field.decode("utf-8")
    except UnicodeDecodeError:
        return field.decode("windows-1252", "replace")
