"""What documents speak of: the share of a topic this week and last, and which topics moved."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.k_floor import K_FLOOR

FEWEST = K_FLOOR
"""Documents below which a share is not shown: one text would be ten points of it."""

LEAST_MOVE = 0.02
"""Share by which a topic must have grown or shrunk to be called a mover: two documents of a hundred."""


class TopicShare(msgspec.Struct, frozen=True, kw_only=True):
    """One topic in the relevant documents of one society. Shares are 0 to 1 and have no interval: they are what was
    counted, and a hint of where to read.
    """

    society: str
    topic: str
    """A word of the codebook: `crime_security`."""
    this_week: float
    last_week: float
    documents: int
    """Relevant documents of the society this week: what `this_week` is a share of."""

    @property
    def move(self) -> float:
        """This week less last week, -1 to +1."""
        return self.this_week - self.last_week


def movers(shares: Sequence[TopicShare], society: str, most: int = 5) -> tuple[TopicShare, ...]:
    """The topics of `society` that moved by LEAST_MOVE or more, the largest move of either sign first, at most `most`;
    equal ones by name. None where there are fewer than FEWEST documents.
    """
    moved = [
        share
        for share in shares
        if share.society == society
        and share.documents >= FEWEST
        and abs(share.move) >= LEAST_MOVE - 1e-9  # what was written as 0.02 counts as such
    ]
    return tuple(sorted(moved, key=lambda share: (-abs(share.move), share.topic))[:most])


def topic_words(topic: str) -> str:
    """What a topic is called in a sentence: `crime_security` is crime and security; another keeps its words."""
    return _CALLED.get(topic) or topic.replace("_", " ")


_CALLED = {
    "rights_dignity": "rights and dignity",
    "co_development": "co-development",
    "smuggling_trafficking": "smuggling and trafficking",
    "crime_security": "crime and security",
    "welfare_labour": "welfare and labour",
}
