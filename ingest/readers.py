"""Which reader reads a type of source. Each is loaded when it is first needed: streams bring libraries of their own."""

from __future__ import annotations

from functools import cache

from ingest.reading import BackFiller, Reader
from ingest.source_options import SourceType


@cache
def reader_of(type: SourceType) -> Reader:
    """The reader of this type of source; one for all its sources, safe to use from several threads."""
    match type:
        case SourceType.FEED:
            from ingest.feed_reader import FeedReader

            return FeedReader()
        case SourceType.SITEMAP:
            from ingest.sitemap_reader import SitemapReader

            return SitemapReader()
        case SourceType.GDELT_GKG:
            from ingest.gdelt_gkg_reader import GkgReader

            return GkgReader()
        case SourceType.GDELT_DOC:
            from ingest.gdelt_doc_reader import GdeltDocReader

            return GdeltDocReader()
        case SourceType.MASTODON:
            from ingest.mastodon_reader import MastodonReader

            return MastodonReader()
        case SourceType.JETSTREAM:
            from ingest.jetstream_reader import JetstreamReader

            return JetstreamReader()
        case SourceType.MEDIACLOUD:
            from ingest.mediacloud_reader import MediaCloudReader

            return MediaCloudReader()
        case SourceType.REDDIT:
            from ingest.reddit_reader import RedditReader

            return RedditReader()


def back_filler_of(type: SourceType) -> BackFiller | None:
    """What reads the past of this type of source; None where there is no way to."""
    reader: object = reader_of(type)
    return reader if isinstance(reader, BackFiller) else None
