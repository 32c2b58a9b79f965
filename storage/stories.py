"""Stories at rest: what the documents of the last days are told by, and which story each belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ingest.story_clustering import WITHIN, Member
from ingest.story_signature import Signature, keys_of
from storage.database import Database, next_version
from storage.statements import query

_MEMBERS_PER_QUERY = 500
"""With some twenty keys each: about 120 KB of SQL, half of the usual limit."""

MOST_PER_KEY = 50
"""Documents that share one key (a phrase that an outlet prints under everything) and are fetched, the earliest."""

_COLUMNS = "id published_at day story settled shingles numbers title version".split()


def store(database: Database, members: Sequence[Member]) -> None:
    """Store members with their stories; the newest writing wins. The keys are written once, before the decision."""
    version = next_version()
    fresh = [each for each in members if not each.settled]
    # Keys last: whoever finds a key finds the member.
    database.insert(
        "story_members",
        _COLUMNS,
        [
            (
                each.id,
                each.published_at,
                each.published_at.date(),
                each.story,
                int(each.settled),
                list(each.signature.shingles),
                sorted(each.signature.numbers),
                each.signature.title,
                version,
            )
            for each in members
        ],
    )
    database.insert(
        "story_keys",
        ["key", "day", "published_at", "id"],
        [
            (key, each.published_at.date(), each.published_at, each.id)
            for each in fresh
            for key in sorted(keys_of(each.signature))
        ],
    )


def settled(database: Database, members: Sequence[Member]) -> set[str]:
    """Ids of those of `members` that were given a story for good."""
    found: set[str] = set()
    for start in range(0, len(members), _MEMBERS_PER_QUERY):
        chunk = members[start : start + _MEMBERS_PER_QUERY]
        rows = database.query(
            query("story_settled"),
            {
                "ids": tuple(each.id for each in chunk),
                "first": min(each.published_at for each in chunk).date(),
                "last": max(each.published_at for each in chunk).date(),
            },
        ).rows
        found.update(str(row[0]) for row in rows)
    return found


def near(database: Database, members: Sequence[Member]) -> list[Member]:
    """These members as they are stored, and all that share a key with one of them and were published within a week."""
    found: dict[str, tuple[int, Member]] = {}
    for start in range(0, len(members), _MEMBERS_PER_QUERY):
        chunk = members[start : start + _MEMBERS_PER_QUERY]
        keys = {key for each in chunk for key in keys_of(each.signature)}
        result = database.query(
            query("story_members"),
            {
                "ids": tuple(each.id for each in chunk),
                "keys": tuple(sorted(keys)),
                "first": (min(each.published_at for each in chunk) - WITHIN).date(),
                "last": (
                    max(each.published_at for each in chunk) + WITHIN + timedelta(days=1)
                ).date(),
                "most": MOST_PER_KEY,
            },
        )
        for row in result.dicts():
            version: int = row["version"]
            if row["id"] not in found or found[row["id"]][0] < version:
                found[row["id"]] = (version, _member(row))
    return [member for _, member in found.values()]


def _member(row: dict[str, Any]) -> Member:
    return Member(
        id=row["id"],
        published_at=row["published_at"],
        story=row["story"],
        settled=bool(row["settled"]),
        signature=Signature(
            shingles=tuple(row["shingles"]),
            numbers=frozenset(row["numbers"]),
            title=row["title"],
        ),
    )
