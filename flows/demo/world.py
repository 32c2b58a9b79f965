"""The records of the simulated world: its societies, their outlets, and the items that these publish."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import msgspec

from classify.stance import Stance
from flows.demo.truth import Truth
from ingest.document import Kind


class FeedFormat(StrEnum):
    """How an outlet publishes."""

    RSS = "rss"
    ATOM = "atom"
    RDF = "rdf"
    JSON = "json"


class Nature(StrEnum):
    """What an item truly is; the pipeline has to find out."""

    ABOUT_MIGRATION = "about_migration"
    OFF_TOPIC = "off_topic"
    OTHER_LANGUAGE = "other_language"
    DUPLICATE = "duplicate"
    NO_CONTENT = "no_content"
    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"


BROKEN = frozenset({Nature.NO_CONTENT, Nature.TOO_OLD, Nature.IN_FUTURE})
"""Items that must end as dead letters."""


class Society(msgspec.Struct, frozen=True, kw_only=True):
    """An invented public."""

    code: str
    name: str
    utc_offset: int
    """Hours; its feeds write their dates with it."""


class Outlet(msgspec.Struct, frozen=True, kw_only=True):
    """An invented publisher with one feed."""

    name: str
    """Lower case with dashes: the source's name, and the first part of every path."""
    title: str
    society: str
    kind: Kind
    leaning: float
    """-1 to +1: how much likelier it is to carry what favours migration."""
    size: float
    """Relative volume."""
    feed: FeedFormat = FeedFormat.RSS
    gzip: bool = False
    down_from: datetime | None = None
    """Answers 503 from here …"""
    down_until: datetime | None = None
    """… to here, in simulated time."""

    @property
    def feed_path(self) -> str:
        """Path of the feed, with its leading slash."""
        return f"/{self.name}/feed.{'json' if self.feed is FeedFormat.JSON else 'xml'}"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of one feed."""

    outlet: str
    number: int
    """The n-th article of its outlet; a repeated link has the number of the first."""
    path: str
    """Path of the article's page, with a tracking query when the link is repeated."""
    guid: str
    nature: Nature
    title: str
    text: str
    language: str
    appears_at: datetime
    """When the outlet publishes it, in simulated time."""
    published_at: datetime
    """The date that the entry claims: the same, unless the entry is broken."""
    passage: str = ""
    """Id of the passage of the sample corpus; empty for everything else."""
    stances: Mapping[str, Stance] = {}
    """True stances by target; empty for everything that is not about migration."""


class World(msgspec.Struct, frozen=True, kw_only=True):
    """The simulated world, and what is true of it."""

    societies: tuple[Society, ...]
    outlets: tuple[Outlet, ...]
    items: Mapping[str, Mapping[date, tuple[Item, ...]]]
    """By outlet and the day of appearance, in order of appearance."""
    truth: Truth

    def published(self, outlet: str, until: datetime) -> list[Item]:
        """Items of `outlet` that have appeared by `until`, oldest first."""
        return [
            item
            for _, items in sorted(self.items[outlet].items())
            for item in items
            if item.appears_at <= until
        ]
