"""What the documents of a series speak of: how many of those that address its target, by topic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from alerts.k_floor import Marks
from alerts.topic_counts import TopicCounts
from storage.daily_counts import Series
from storage.database import Database
from storage.statements import query


def topics_of_series(
    database: Database, series: Sequence[Series], first: date, last: date
) -> dict[Series, TopicCounts]:
    """Topics of the documents of these series from `first` to `last`, both included."""
    if not series:
        return {}
    found: dict[Series, dict[str, int]] = {}
    marks: dict[Series, dict[str, Marks]] = {}
    result = database.query(
        query("topics_of_series"), {"series": tuple(series), "first": first, "last": last}
    )
    for society, target, topic, documents, contributors in result.rows:
        found.setdefault((society, target), {})[topic] = documents
        marks.setdefault((society, target), {})[topic] = contributors
    return {
        key: TopicCounts(documents=topics.pop("", 0), by_topic=topics, marks=marks[key])
        for key, topics in found.items()
    }
