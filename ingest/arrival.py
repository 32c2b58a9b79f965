"""An arrival: a document together with the row that brought it."""

from __future__ import annotations

import hashlib

import msgspec

from ingest.document import Document


class Arrival(msgspec.Struct, frozen=True):
    """One row that became a document."""

    origin: str
    """Identity of the row that was read, the same on every retry; see ingest/bus.py."""
    document: Document


def row_digest(identity: str | bytes) -> str:
    """16 hex digits that stand for a row in its origin: a function of what the source calls it, or of its bytes."""
    said = identity.encode("utf-8", "surrogatepass") if isinstance(identity, str) else identity
    return hashlib.sha256(said).hexdigest()[:16]
