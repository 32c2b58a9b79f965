"""What the tests of Jetstream have in common: a source, surroundings, posts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ingest.allowed_hosts import AllowedHosts
from ingest.document import Kind
from ingest.fetch import Fetcher
from ingest.reading import Surroundings
from ingest.source import Source
from ingest.source_options import JetstreamOptions, SourceType

HERE = AllowedHosts(["127.0.0.1"])

ANN, BEN, CLO = (f"did:plc:{name}2222bbbb3333cccc4444" for name in ("ann", "ben", "clo"))


def stream_source(url: str = "wss://jetstream.example", **options: Any) -> Source:
    """A stream of posts, in which all languages are read unless the test says otherwise."""
    chosen: dict[str, Any] = {"languages": (), "listen_seconds": 20} | options
    return Source(
        name="sky",
        url=url,
        outlet="Bluesky",
        kind=Kind.SOCIAL,
        society="unknown",
        language="en",
        type=SourceType.JETSTREAM,
        options=JetstreamOptions(**chosen),
    )


def about_migration(text: str) -> bool:
    return any(word in text.lower() for word in ("refugee", "asylum", "migra"))


def author_key(name: str, published: datetime) -> str:
    return f"key-of-{name.rpartition(chr(58))[2][:3]}-{published:%Y-%m}"


def surroundings(
    fetcher: Fetcher,
    *,
    allowed_hosts: AllowedHosts = HERE,
    secret: Callable[[str], str] = lambda name: "",
) -> Surroundings:
    return Surroundings(
        fetcher=fetcher,
        is_relevant=about_migration,
        secret=secret,
        author_key=author_key,
        allowed_hosts=allowed_hosts,
    )


def post(text: str = "Refugees are welcome here.", **fields: Any) -> dict[str, Any]:
    """A record of app.bsky.feed.post."""
    return {"$type": "app.bsky.feed.post", "text": text, "langs": ["en"]} | fields
