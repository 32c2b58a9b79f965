"""Everything that must be the same after a crash, a replay or a change of mode."""

from __future__ import annotations

from typing import Any

from storage.database import Database

QUERIES = {
    "documents": "SELECT id, origin, society, day, url, story FROM documents FINAL ORDER BY id",
    "words": "SELECT id, day, title, text, author_key FROM document_texts FINAL ORDER BY id",
    "judgements": "SELECT document_id, target, society, day, outlet, stance, p_support, model"
    " FROM judgements FINAL ORDER BY document_id, target",
    "readings": "SELECT document_id, society, day, topics, conflates FROM readings FINAL ORDER BY document_id",
    "daily_counts": "SELECT society, target, day, outlet, story, support, neutral, oppose"
    " FROM daily_counts FINAL ORDER BY society, target, day, outlet, story",
    "ledger": "SELECT origin, document_id, source, disposition, reason FROM dispositions FINAL ORDER BY origin",
    "dead_letters": "SELECT origin, place, reason, payload, status FROM dead_letters FINAL ORDER BY origin",
}


def figures(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """The rows behind every figure, times of writing left out."""
    return {name: database.query(sql).rows for name, sql in QUERIES.items()}
