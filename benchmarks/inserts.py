"""Rows per second and parts made by the size of an insert, on both engines; and async inserts, where the engine has them.

    python -m benchmarks.inserts [--rows 5000]

Rows of `document_texts` (generated text, 600 characters, three days) go in in inserts of 10 to 5,000 rows. An insert makes
one part for each day that it touches, and merging rewrites parts: `parts` counts those that inserts made, `rewritten` how
often merges wrote each row again until the engine had nothing left to merge. A scoring worker inserts once per batch
(BAROMETER_BATCH_SIZE). Async inserts are asked of the embedded engine with the same rows as text, waiting for the flush, as
one writer that must know that its rows are stored has to.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from storage.database import Database, QueryFailed, connect
from storage.migrate import migrate
from tests.clickhouse_service import running

SIZES = (10, 50, 100, 500, 1_000, 5_000)
COLUMNS = ("id", "day", "title", "text", "author_key", "version")
FIRST = date(2026, 11, 18)
MOST_INSERTS = 100
"""Small inserts are measured on fewer rows: their time is that of the insert, not of the rows."""

Row = tuple[str, date, str, str, str, int]
Insert = Callable[[Database, Sequence[Row]], None]


def generated(count: int) -> list[Row]:
    """Texts of three days."""
    text = "The scheme for seasonal workers was debated again. " * 12
    return [
        (f"{n:032x}", FIRST + timedelta(days=n % 3), f"Visas, part {n}", f"{n} {text}", "", n)
        for n in range(count)
    ]


def at_once(database: Database, rows: Sequence[Row]) -> None:
    """As the program inserts: one block."""
    database.insert("document_texts", COLUMNS, rows)


def asynchronous(database: Database, rows: Sequence[Row]) -> None:
    """The engine gathers inserts and writes them together; waited for."""
    values = ", ".join(
        f"('{one}', '{day}', '{title}', '{text}', '{key}', {version})"
        for one, day, title, text, key, version in rows
    )
    send = database._run  # type: ignore[attr-defined]  # execute() takes no rows as text
    statement = f"INSERT INTO document_texts ({', '.join(COLUMNS)})"
    send(
        f"{statement} SETTINGS async_insert = 1, wait_for_async_insert = 1 VALUES {values}",
        "Null",
        statement,
    )


def measured(database: Database, rows: Sequence[Row], size: int, insert: Insert) -> float:
    """Insert `rows` into an empty table, `size` at a time, print a line, and give the rows per second."""
    database.execute("TRUNCATE TABLE document_texts")
    rows = rows[: size * MOST_INSERTS]
    merged = _event(database, "MergedRows")
    start = time.perf_counter()
    for first in range(0, len(rows), size):
        insert(database, rows[first : first + size])
    took = time.perf_counter() - start
    (stored,) = database.query("SELECT count() FROM document_texts").rows[0]
    if stored != len(rows):
        raise SystemExit(f"{stored} rows instead of {len(rows)}")
    parts = _parts(database)
    for n in range(3):
        database.execute(
            f"OPTIMIZE TABLE document_texts PARTITION '{FIRST + timedelta(days=n)}' FINAL"
        )
    rewritten = (_event(database, "MergedRows") - merged) / len(rows)
    print(
        f"{size:6,} rows an insert  {len(rows) / took:10,.0f} rows/s  {1000 * took * size / len(rows):8,.1f} ms an insert"
        f"  {parts:5,} parts  {1000 * parts / len(rows):7,.1f} parts per 1,000 rows  rewritten {rewritten:4.1f} times",
        flush=True,
    )
    return len(rows) / took


def _parts(database: Database) -> int:
    """Parts that inserts made: each has a number of its own in its table, which merged parts keep as a range."""
    sql = (
        "SELECT max(max_block_number) - min(min_block_number) + 1 FROM system.parts"
        " WHERE database = currentDatabase() AND table = 'document_texts' AND active"
    )
    return int(database.query(sql).rows[0][0])


def _event(database: Database, name: str) -> int:
    rows = database.query("SELECT value FROM system.events WHERE event = %(n)s", {"n": name}).rows
    return int(rows[0][0]) if rows else 0


def run(name: str, database: Database, rows: Sequence[Row], insert: Insert) -> dict[int, float]:
    """One table of figures."""
    print(f"\n{name} ({'.'.join(map(str, database.version()))})")
    measured(database, rows[:1_000], 100, insert)  # the first one warms up
    return {size: measured(database, rows, size, insert) for size in SIZES}


def main() -> None:
    """Run all and print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000)
    rows = generated(parser.parse_args().rows)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as name:
        database = connect(f"chdb:///{name}/chdb", create=True)
        migrate(database, now)
        embedded = run("embedded engine", database, rows, at_once)
        try:
            waiting = run("embedded engine, async inserts", database, rows, asynchronous)
        except QueryFailed as error:
            print(f"  not to be had: {error}")
            waiting = {}
        database.close()
        folder = Path(name) / "server"
        folder.mkdir()
        with contextmanager(running)(folder) as service:
            database = connect(service.url("bench"), create=True)
            migrate(database, now)
            server = run("server", database, rows, at_once)
            database.close()
    print("\nrows per second over those of 10 at a time:")
    for what, rates in (("embedded", embedded), ("async", waiting), ("server", server)):
        if rates:
            print(
                f"  {what:9}", "  ".join(f"{s:,}: {r / rates[10]:.0f} x" for s, r in rates.items())
            )


if __name__ == "__main__":
    main()
