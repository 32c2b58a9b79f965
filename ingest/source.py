"""A source: an address that is read again and again, and what its documents have in common."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import msgspec

from ingest.canonical_url import canonical_url
from ingest.document import MAX_FIELD_BYTES, Kind
from ingest.iso_3166 import society_fault
from ingest.json_kind import json_kind
from ingest.source_options import OPTIONS, FeedOptions, Options, SourceType

SHORTEST_POLL, LONGEST_POLL = 1, 7 * 24 * 60
"""Minutes between two readings of one source."""

_ONE_ADDRESS = (SourceType.FEED, SourceType.SITEMAP)
"""Types of which two sources with one address would be one source twice; a service is asked for many things."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_NEEDED = ("name", "url", "outlet", "kind", "society", "language")
_TYPES: Mapping[str, type] = dict.fromkeys(_NEEDED, str) | {
    "poll_minutes": int,
    "enabled": bool,
    "type": str,
}


class SourcesRefused(ValueError):
    """A list of sources cannot be used; one sentence names the file, the source and the field."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One [[source]] of sources.toml."""

    name: str
    """Unique, lower case with dashes; appears in figures, logs and settings."""
    url: str
    """http(s) address of a feed, sitemap, instance or service; ws(s) for a stream."""
    outlet: str
    kind: Kind
    society: str
    language: str
    poll_minutes: int = 15
    enabled: bool = True
    type: SourceType = SourceType.FEED
    options: Options = FeedOptions()


def parse_sources(toml_text: str, name: str) -> tuple[Source, ...]:
    """The [[source]] tables of a TOML file called `name`, in order.

    Raises SourcesRefused at the first thing that is wrong: a key that is not known or missing, a
    value of the wrong kind, two sources with one name or one address.
    """
    try:
        tables = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise SourcesRefused(f"{name} is not TOML: {error}") from error
    for key in tables:
        if key != "source":
            raise SourcesRefused(
                f"{name}: {key!r} has no place here; a source begins with [[source]]"
            )
    entries = tables.get("source", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SourcesRefused(f"{name}: a source begins with [[source]], in two pairs of brackets")
    if not entries:
        raise SourcesRefused(f"{name} has no [[source]]")
    sources: list[Source] = []
    names: set[str] = set()
    addresses: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        source = _source(entry, _place(entry, number, name))
        if source.name in names:
            raise SourcesRefused(f"{name}: two sources are called {source.name!r}")
        address = _address(source.url)
        if source.type in _ONE_ADDRESS and address in addresses:
            raise SourcesRefused(
                f"{name}: sources {addresses[address]!r} and {source.name!r} have the same url"
            )
        names.add(source.name)
        addresses[address] = source.name
        sources.append(source)
    return tuple(sources)


def default_sources() -> tuple[Source, ...]:
    """The list that ships with Barometer: public feeds on migration (ingest/sources.toml)."""
    text = resources.files("ingest").joinpath("sources.toml").read_text(encoding="utf-8")
    return parse_sources(text, "ingest/sources.toml")


def _address(url: str) -> str:
    """The canonical address; a stream's as if it were a page's."""
    scheme, rest = url.split(":", 1) if ":" in url else ("", "")
    return canonical_url({"ws": "http:", "wss": "https:"}.get(scheme.lower(), f"{scheme}:") + rest)


def _place(entry: Mapping[str, Any], number: int, name: str) -> str:
    """What messages call this source: by its name where it has one, else by its number."""
    own = entry.get("name")
    return f"{name}: source {own!r}" if isinstance(own, str) and own else f"{name}: source {number}"


def _source(entry: Mapping[str, Any], place: str) -> Source:
    kind_of_source = _type(entry, place)
    options = OPTIONS[kind_of_source]
    known = [*_TYPES, *options.__struct_fields__]
    for key, value in entry.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
            raise SourcesRefused(f"{place} has the unknown key {key!r}{hint}")
        if key in _TYPES and type(value) is not _TYPES[key]:
            wanted = {str: "text in quotes", int: "a whole number", bool: "true or false"}
            raise SourcesRefused(
                f"{place}: {key} is {json_kind(value)}; write {wanted[_TYPES[key]]}"
            )
    for key in _NEEDED:
        if not entry.get(key, "").strip():
            raise SourcesRefused(f"{place} has no {key}")
    for key, fault in _faults(entry):
        if fault:
            raise SourcesRefused(f"{place}: {key} {entry[key]!r} {fault}")
    own = {key: value for key, value in entry.items() if key not in _TYPES}
    try:
        chosen: Options = msgspec.convert(own, options)
    except msgspec.ValidationError as error:
        raise SourcesRefused(
            f"{place}: {error}, as a source of type {kind_of_source} needs it"
        ) from error
    common = {key: value for key, value in entry.items() if key in _TYPES}
    return Source(
        **{**common, "kind": Kind(entry["kind"]), "type": kind_of_source, "options": chosen}
    )


def _type(entry: Mapping[str, Any], place: str) -> SourceType:
    said = entry.get("type", SourceType.FEED.value)
    try:
        return SourceType(said)
    except ValueError:
        raise SourcesRefused(
            f"{place}: type {said!r} is not one of {', '.join(SourceType)}"
        ) from None


def _faults(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each field that can be wrong in itself, with a sentence that has the field as its subject, or empty."""
    minutes = entry.get("poll_minutes", SHORTEST_POLL)
    return [
        ("name", "" if _NAME.fullmatch(entry["name"]) else "is not of lower-case letters, digits and dashes"),
        ("url", "" if _address(entry["url"]) else "is not an http or https address"),
        ("kind", "" if entry["kind"] in list(Kind) else f"is not one of {', '.join(Kind)}"),
        ("society", society_fault(entry["society"])),
        ("language", "" if _LANGUAGE.fullmatch(entry["language"]) else "is not a BCP 47 tag such as en or pt-BR"),
        (
            "poll_minutes",
            "" if SHORTEST_POLL <= minutes <= LONGEST_POLL else f"is not from {SHORTEST_POLL} to {LONGEST_POLL:,}",
        ),
        *((key, f"is longer than {MAX_FIELD_BYTES:,} bytes") for key in ("name", "url", "outlet")
          if len(entry[key].encode()) > MAX_FIELD_BYTES),
    ]  # fmt: skip
