"""One row of an import file to a document, whatever the file's format was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ingest.document import (
    MAX_FIELD_BYTES,
    UNKNOWN_LANGUAGE,
    UNKNOWN_SOCIETY,
    Document,
    InvalidDocument,
    Kind,
    clean,
    document_id,
    story_of,
)
from ingest.field_mapping import FieldMapping
from ingest.iso_3166 import society_fault
from ingest.json_kind import json_kind
from ingest.kept_row import is_author_key
from ingest.rfc3339 import parse_time

_NUMBERS_TOO = ("doc_id", "source_id")


def document_from_row(
    row: Mapping[str, object], *, mapping: FieldMapping, name: str, read_at: datetime
) -> Document:
    """The document that `row` (our field -> value) describes.

    `name` is the file's name, for rows without a source_id; `mapping` has been applied to the row and
    serves to say what the file calls a field. Needed are outlet, published_at and one of title and
    text. Raises InvalidDocument with the field and the reason.
    """

    def value(ours: str) -> str:
        found = row.get(ours, "")
        if isinstance(found, int) and not isinstance(found, bool) and ours in _NUMBERS_TOO:
            return str(found)
        if not isinstance(found, str):
            raise InvalidDocument(f"{mapping.name_of(ours)} is {json_kind(found)} instead of text")
        return found if ours == "text" else found.strip()

    def needed(ours: str) -> str:
        found = value(ours)
        if not found:
            raise InvalidDocument(f"{mapping.name_of(ours)} is missing")
        return found

    def moment(ours: str, written: str) -> datetime:
        try:
            return parse_time(written)
        except ValueError as error:
            raise InvalidDocument(f"{mapping.name_of(ours)}: {error}") from error

    title, text = clean(value("title")), clean(value("text"))
    if not title and not text:
        raise InvalidDocument(
            f"{mapping.name_of('title')} and {mapping.name_of('text')} are both missing"
        )
    outlet = needed("outlet")
    written = needed("published_at")
    published_at = moment("published_at", written)
    fetched_text = value("fetched_at")
    fetched_at = moment("fetched_at", fetched_text) if fetched_text else read_at
    if fetched_at > read_at + timedelta(days=1):
        raise InvalidDocument(f"fetched_at {fetched_text[:40]} is over a day in the future")
    society = value("society") or UNKNOWN_SOCIETY
    if society.isascii():
        society = UNKNOWN_SOCIETY if society.lower() == UNKNOWN_SOCIETY else society.upper()
    fault = society_fault(society)
    if fault:
        raise InvalidDocument(f"society {society[:40]!r} {fault}")
    source = value("source_id") or f"import:{name}"
    url, doc_id, author_key = value("url"), value("doc_id"), value("author_key")
    if len(doc_id.encode("utf-8", "surrogatepass")) > MAX_FIELD_BYTES:
        raise InvalidDocument(f"doc_id is longer than {MAX_FIELD_BYTES:,} bytes")
    return Document(
        id=document_id(
            source=source,
            own_id=doc_id or f"{title}\n{text}\n{published_at:%Y-%m-%dT%H:%M:%S}",
            url=url,
        ),
        source=source,
        outlet=outlet,
        kind=_voice(value("kind")),
        society=society,
        language=(value("lang") or UNKNOWN_LANGUAGE).replace("_", "-"),
        url=url,
        title=title,
        text=text,
        published_at=published_at,
        fetched_at=fetched_at,
        # A name must never get in under this title: what is no hash is left out.
        author_key=author_key if is_author_key(author_key) else "",
        story=story_of(title, text),
    )


def _voice(kind: str) -> Kind:
    try:
        return Kind(kind.lower() or Kind.NEWS)
    except ValueError as error:
        known = ", ".join(Kind)
        raise InvalidDocument(f"kind {kind[:40]!r} is not one of {known}") from error
