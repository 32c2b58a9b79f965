"""A source: an address that is read again and again, and what its documents have in common."""

from __future__ import annotations

import msgspec

from ingest.document import Kind


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One [[source]] of sources.toml."""

    name: str
    """Unique, lower case with dashes; appears in figures, logs and settings."""
    url: str
    """http(s) address of a feed (RSS 2.0, Atom, RDF, JSON Feed)."""
    outlet: str
    kind: Kind
    society: str
    language: str
    poll_minutes: int = 15
    enabled: bool = True
