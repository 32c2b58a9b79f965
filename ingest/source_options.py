"""What the types of sources may be told beside what every source has: the further keys of a [[source]] in sources.toml."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec


class SourceType(StrEnum):
    """How a source is read."""

    FEED = "feed"
    SITEMAP = "sitemap"
    GDELT_GKG = "gdelt-gkg"
    GDELT_DOC = "gdelt-doc"
    MASTODON = "mastodon"
    JETSTREAM = "jetstream"
    MEDIACLOUD = "mediacloud"
    REDDIT = "reddit"


class FeedOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """RSS, Atom, RDF, JSON Feed."""

    article_text: bool = False
    """Fetch the page of an entry that carries only a summary, where robots.txt allows."""


class SitemapOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """sitemap.xml, news sitemaps, sitemap indexes."""

    article_text: bool = True
    include: str = ""
    """Addresses must hold this text, such as /migration/."""


class GkgOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """GDELT GKG 2.1 bulk files, every 15 minutes."""

    translated: bool = True
    """Read the file of translated text, too."""
    themes: tuple[str, ...] = ()
    """Only records with one of these themes; empty: those of migration."""
    article_text: bool = True


class GdeltDocOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """GDELT DOC 2.0 search."""

    query: str
    article_text: bool = True


class MastodonOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One Mastodon instance: its hashtags, or its public timeline."""

    hashtags: tuple[str, ...] = ()
    """Without #; none: the public timeline."""
    local: bool = False
    """Only what was written on the instance itself."""
    token: str = ""
    """Name of the environment variable with an access token; streaming needs one."""
    streaming: bool = False
    listen_seconds: int = 30
    """How long one reading listens to the stream, after it has caught up."""


class JetstreamOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bluesky Jetstream, v2 or (where an address has /subscribe) v1."""

    fallback: tuple[str, ...] = ()
    """Further addresses, tried in turn when one does not answer; those with /subscribe speak v1."""
    languages: tuple[str, ...] = ("en",)
    """Only posts that say that they are in one of these; empty: all."""
    listen_seconds: int = 60
    """How long one reading may take at most; it ends earlier when it has caught up."""
    keep_bots: bool = False


class MediaCloudOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Media Cloud search."""

    query: str
    collections: tuple[int, ...]
    token: str
    """Name of the environment variable with the API token."""
    article_text: bool = True


class RedditOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reddit's Data API; needs an agreement with Reddit and credentials."""

    subreddits: tuple[str, ...]
    client_id: str
    """Name of the environment variable with the client id."""
    client_secret: str
    """… and with its secret."""
    user: str
    """The account that answers for us; it goes into the User-Agent."""


Options: TypeAlias = (
    FeedOptions
    | SitemapOptions
    | GkgOptions
    | GdeltDocOptions
    | MastodonOptions
    | JetstreamOptions
    | MediaCloudOptions
    | RedditOptions
)

OPTIONS: dict[SourceType, type[Options]] = {
    SourceType.FEED: FeedOptions,
    SourceType.SITEMAP: SitemapOptions,
    SourceType.GDELT_GKG: GkgOptions,
    SourceType.GDELT_DOC: GdeltDocOptions,
    SourceType.MASTODON: MastodonOptions,
    SourceType.JETSTREAM: JetstreamOptions,
    SourceType.MEDIACLOUD: MediaCloudOptions,
    SourceType.REDDIT: RedditOptions,
}
