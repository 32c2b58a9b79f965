"""What readers may use of the world, from the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

from classify.gate import may_be_about_migration
from flows.author_secret import author_keys
from flows.settings import Settings, secret_named
from ingest.allowed_hosts import AllowedHosts, host_entries
from ingest.fetch import Fetcher
from ingest.reading import Surroundings


def surroundings_of(settings: Settings, fetcher: Fetcher) -> Surroundings:
    """The fetcher, the lexical gate, secrets by name, author keys, and hosts that a setting allows."""

    @cache
    def keys() -> Callable[[str, datetime], str]:
        return author_keys(settings)  # which may make a secret: not before there is an author

    def author_key(name: str, published_at: datetime) -> str:
        return keys()(name, published_at)

    return Surroundings(
        fetcher=fetcher,
        is_relevant=may_be_about_migration,
        secret=secret_named,
        author_key=author_key,
        allowed_hosts=AllowedHosts(host_entries(settings.allowed_hosts)),
    )
