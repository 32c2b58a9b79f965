"""What the documents of a series speak of: how many of those that address its target, by topic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from storage.daily_counts import Series
from storage.database import Database
from storage.statements import query


class TopicCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Of one series in one period."""

    documents: int
    """Documents that address the target."""
    by_topic: dict[str, int]
    """A document may speak of several topics, or of none."""

    def share(self, topic: str) -> float:
        """Share of the documents that speak of it, 0 to 1; 0 without documents."""
        return self.by_topic.get(topic, 0) / self.documents if self.documents else 0.0


NO_TOPICS = TopicCounts(documents=0, by_topic={})


def topics_of_series(
    database: Database, series: Sequence[Series], first: date, last: date
) -> dict[Series, TopicCounts]:
    """Topics of the documents of these series from `first` to `last`, both included."""
    if not series:
        return {}
    found: dict[Series, dict[str, int]] = {}
    result = database.query(
        query("topics_of_series"), {"series": tuple(series), "first": first, "last": last}
    )
    for society, target, topic, documents in result.rows:
        found.setdefault((society, target), {})[topic] = documents
    return {
        key: TopicCounts(documents=topics.pop("", 0), by_topic=topics)
        for key, topics in found.items()
    }
