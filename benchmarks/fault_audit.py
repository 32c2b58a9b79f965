"""What a run left behind against the truth: every row, every judgement and every figure, by our own counting.

Nothing here asks the product what it thinks: rows come from the tables, the truth from benchmarks/fault_world.py, and
the figures are compared with those of a run that nobody disturbed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import msgspec

from benchmarks.fault_world import World
from classify.disposition import Disposition
from classify.target import TARGETS
from storage.database import Database

FIGURES = {
    "judgements": "SELECT document_id, target, society, day, outlet, story, stance, p_support, model FROM judgements FINAL",
    "readings": "SELECT document_id, society, day, outlet, topics, conflates FROM readings FINAL",
    "daily counts": "SELECT society, target, day, outlet, story, support, neutral, oppose FROM daily_counts FINAL"
    " WHERE support + neutral + oppose > 0",
    "points": "SELECT society, target, day, support, neutral, oppose, outlets, net_support, lower, upper, n_eff"
    " FROM points FINAL WHERE support + neutral + oppose > 0",
}
"""What must be the same whatever happened; what may differ is which of two rows of a document came first."""

Figures = dict[str, Counter[tuple[Any, ...]]]


class Check(msgspec.Struct, frozen=True):
    """One thing that must hold."""

    what: str
    expected: object
    found: object

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.expected == self.found


def figures(database: Database) -> Figures:
    """The rows behind every figure."""
    return {
        name: Counter(
            tuple(tuple(value) if isinstance(value, list) else value for value in row)
            for row in database.query(sql).rows
        )
        for name, sql in FIGURES.items()
    }


def audit(database: Database, world: World, aliens: int, calm: Figures) -> list[Check]:
    """Everything that must hold. `aliens` are broken messages that others published."""
    expected = world.expected()
    expected[Disposition.DEAD] += aliens
    entries = database.query("SELECT origin, document_id, disposition FROM dispositions FINAL").rows
    ledger = {origin: (document, word) for origin, document, word in entries}
    counted = Counter(word for _, word in ledger.values())
    checks = [
        Check("rows of the ledger, each origin once", len(entries), len(ledger)),
        Check("lost rows", 0, sum(origin not in ledger for origin in world.rows)),
        Check("rows that nobody made", 0, _strangers(ledger, world, aliens)),
        *(Check(word.value.replace("_", " "), expected[word], counted[word.value]) for word in Disposition),
        Check("documents that became something else", 0, _wrong(ledger, world)),
        *_judgements(database, world),
        Check("dead letters", expected[Disposition.DEAD], _one(database, "SELECT count() FROM dead_letters FINAL")),
        Check("cells whose daily counts are not what the judgements say", 0, _miscounted(database)),
    ]  # fmt: skip
    ours = figures(database)
    return checks + [
        Check(
            f"rows of {name} unlike those of an undisturbed run",
            0,
            ((ours[name] - calm[name]) + (calm[name] - ours[name])).total(),
        )
        for name in FIGURES
    ]


def _strangers(ledger: dict[str, tuple[str, str]], world: World, aliens: int) -> int:
    known = world.rows.keys() | {f"alien/{n}" for n in range(aliens)}
    return sum(origin not in known for origin in ledger)


def _wrong(ledger: dict[str, tuple[str, str]], world: World) -> int:
    """Documents whose rows are not once what was intended and otherwise duplicates; rows that should be dead."""
    rows: defaultdict[str, list[str]] = defaultdict(list)
    intended: dict[str, Disposition] = {}
    wrong = 0
    for origin, row in world.rows.items():
        document_id, word = ledger.get(origin, ("", ""))
        if row.document is None:
            wrong += word != Disposition.DEAD
            continue
        rows[row.document.id].append(word)
        intended[row.document.id] = row.disposition
        wrong += document_id != row.document.id
    return wrong + sum(
        sorted(words) != sorted([intended[id].value] + [Disposition.DUPLICATE.value] * (len(words) - 1))
        for id, words in rows.items()
    )  # fmt: skip


def _judgements(database: Database, world: World) -> list[Check]:
    judged = {
        row.document.id
        for row in world.rows.values()
        if row.document is not None and row.disposition is Disposition.JUDGED
    }
    found = Counter(
        (document, target)
        for document, target in database.query(
            "SELECT document_id, target FROM judgements FINAL"
        ).rows
    )
    wanted = {(document, target.name) for document in judged for target in TARGETS}
    return [
        Check("judgements counted twice", 0, sum(n - 1 for n in found.values())),
        Check("judgements that lack", 0, len(wanted - found.keys())),
        Check("judgements that nobody made", 0, len(found.keys() - wanted)),
    ]


def _miscounted(database: Database) -> int:
    """By our own counting, stories left out."""
    counted: Counter[tuple[Any, ...]] = Counter()
    for *cell, support, neutral, oppose in database.query(
        "SELECT society, target, day, outlet, support, neutral, oppose FROM daily_counts FINAL"
    ).rows:
        for stance, n in (("support", support), ("neutral", neutral), ("oppose", oppose)):
            counted[(*cell, stance)] += n
    judged = Counter(
        database.query(
            "SELECT society, target, day, outlet, stance FROM judgements FINAL"
            " WHERE stance != 'not_addressed'"
        ).rows
    )
    return len([cell for cell in counted.keys() | judged.keys() if counted[cell] != judged[cell]])


def _one(database: Database, sql: str) -> object:
    return database.query(sql).rows[0][0]
