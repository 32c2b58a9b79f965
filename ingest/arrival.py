"""An arrival: a document together with the row that brought it."""

from __future__ import annotations

import msgspec

from ingest.document import Document


class Arrival(msgspec.Struct, frozen=True):
    """One row that became a document."""

    origin: str
    """Identity of the row that was read, the same on every retry; see ingest/bus.py."""
    document: Document
