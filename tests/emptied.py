"""Bus and tables emptied between tests that share them: opening them is most of a short test's time."""

from __future__ import annotations

from flows.wiring import GROUP, Edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS

TABLES = (
    *("documents", "document_texts", "readings", "judgements", "daily_counts", "points", "dispositions", "dead_letters"),
    *("rows_published", "in_hand", "story_members", "story_keys", "source_runs", "source_states"),
    *("gold_draws", "gold_samples", "gold_labels", "survey_anchors", "event_annotations"),
)  # fmt: skip


def empty(opened: Edges) -> None:
    """Nothing waits, nothing is stored."""
    for name in TABLES:
        opened.database.execute(f"TRUNCATE TABLE {name}")
    while opened.bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP):
        swallow(opened, 1_000)


def swallow(opened: Edges, most: int) -> int:
    """Take messages from the bus as a worker would, and commit them without judging: they are lost. How many."""
    member = opened.bus.subscribe([DOCUMENTS, DEAD_LETTERS], GROUP)
    try:
        messages = member.poll(most, 5.0)
        member.commit(messages)
    finally:
        member.close()
    return len(messages)
