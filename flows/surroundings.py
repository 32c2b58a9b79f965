"""What readers may use of the world, from the open edges and the settings."""

from __future__ import annotations

from datetime import datetime

from classify.gate import may_be_about_migration
from flows.settings import secret_named
from flows.wiring import Edges
from ingest.reading import Surroundings


def surroundings_of(edges: Edges) -> Surroundings:
    """The fetcher, the lexical gate, secrets by name, author keys, and hosts that a setting allows."""
    return Surroundings(
        fetcher=edges.fetcher,
        is_relevant=may_be_about_migration,
        secret=secret_named,
        author_key=_author_key,
        may_connect=lambda host: False,
    )


def _author_key(name: str, published_at: datetime) -> str:
    return ""
