"""Which reader reads a type of source. Each is loaded when it is first needed: streams bring libraries of their own."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from ingest.reading import BackFiller, Reader
from ingest.source_options import SourceType

_READERS = {
    SourceType.FEED: ("ingest.feed_reader", "FeedReader"),
    SourceType.SITEMAP: ("ingest.sitemap_reader", "SitemapReader"),
    SourceType.GDELT_GKG: ("ingest.gdelt_gkg_reader", "GkgReader"),
    SourceType.GDELT_DOC: ("ingest.gdelt_doc_reader", "GdeltDocReader"),
    SourceType.MASTODON: ("ingest.mastodon_reader", "MastodonReader"),
    SourceType.JETSTREAM: ("ingest.jetstream_reader", "JetstreamReader"),
    SourceType.MEDIACLOUD: ("ingest.mediacloud_reader", "MediaCloudReader"),
    SourceType.REDDIT: ("ingest.reddit_reader", "RedditReader"),
}


@cache
def reader_of(type: SourceType) -> Reader:
    """The reader of this type of source; one for all its sources, safe to use from several threads."""
    module, name = _READERS[type]
    reader: Reader = getattr(import_module(module), name)()
    return reader


def back_filler_of(type: SourceType) -> BackFiller | None:
    """What reads the past of this type of source; None where there is no way to."""
    reader: object = reader_of(type)
    return reader if isinstance(reader, BackFiller) else None
