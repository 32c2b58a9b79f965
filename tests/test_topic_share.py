"""Which topics moved: large enough, of enough documents, and of the society in question."""

from __future__ import annotations

from alerts.topic_share import FEWEST, TopicShare, movers, topic_words
from classify.codebook import TOPICS


def share(
    topic: str, this: float, last: float, society: str = "XA", documents: int = 200
) -> TopicShare:
    return TopicShare(
        society=society, topic=topic, this_week=this, last_week=last, documents=documents
    )


def test_the_largest_moves_of_either_sign_come_first() -> None:
    shares = [
        share("b", 0.10, 0.15),
        share("return", 0.30, 0.10),
        share("a", 0.15, 0.10),
        share("still", 0.10, 0.11),
        share("elsewhere", 0.9, 0.1, society="XB"),
    ]
    assert [each.topic for each in movers(shares, "XA")] == ["return", "a", "b"]
    assert [each.topic for each in movers(shares, "XA", most=1)] == ["return"]
    assert movers(shares, "XC") == ()


def test_a_move_of_two_points_counts() -> None:
    assert movers([share("a", 0.12, 0.10)], "XA")


def test_few_documents_move_nothing() -> None:
    assert movers([share("a", 0.9, 0.1, documents=FEWEST - 1)], "XA") == ()
    assert movers([share("a", 0.9, 0.1, documents=FEWEST)], "XA")


def test_topics_are_called_in_words() -> None:
    assert topic_words("crime_security") == "crime and security"
    assert topic_words("legal_pathways") == "legal pathways"
    assert all("_" not in topic_words(each) for each in TOPICS)
