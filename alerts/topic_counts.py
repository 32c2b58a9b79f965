"""How many documents of a series speak of each topic, in one period."""

from __future__ import annotations

import msgspec

from alerts.k_floor import Marks


class TopicCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Of one series in one period."""

    documents: int
    """Documents that address the target."""
    by_topic: dict[str, int]
    """A document may speak of several topics, or of none."""
    marks: dict[str, Marks] | None = None
    """Contributors by topic (alerts/k_floor.py); without them each document counts as its own."""

    def share(self, topic: str) -> float:
        """Share of the documents that speak of it, 0 to 1; 0 without documents."""
        return self.by_topic.get(topic, 0) / self.documents if self.documents else 0.0


NO_TOPICS = TopicCounts(documents=0, by_topic={})
