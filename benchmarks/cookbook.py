"""Ask the questions of docs/cookbook.md of the demo's database and write the answers into the page; the views into docs/sql.md.

    barometer demo -> tables -each ```sql block-> the ```text block that follows it

    python -m benchmarks.cookbook                      runs the demo first (minutes)
    python -m benchmarks.cookbook --folder var/demo    asks the demo that was run there

The demo's outlets, texts and falls are simulated, and its seed and days are fixed, so the same program gives the same page.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import msgspec

from flows.demo.show import demo
from storage.database import Database, Result, connect

DOCS = Path(__file__).resolve().parents[1] / "docs"

COOKBOOK, VIEWS_PAGE = DOCS / "cookbook.md", DOCS / "sql.md"

SHOWN_ROWS = 12
"""Rows of an answer that the page shows."""

WIDEST = 60
"""Characters of a cell."""

DAYS, SEED = 45, 1

_ANSWERED = re.compile(r"```sql\n(?P<sql>.*?)```\n\n```text\n(?P<answer>.*?)```", re.DOTALL)

_VIEWS = re.compile(r"(?<=a test compares -->\n).*(?=<!-- end of views -->)", re.DOTALL)


class Question(msgspec.Struct, frozen=True):
    """A query of the page, and the answer that stands below it."""

    sql: str
    answer: str

    @property
    def columns(self) -> list[str]:
        """Names that the answer has."""
        return self.answer.splitlines()[0].split()


def questions(page: str) -> list[Question]:
    """The queries of a page, in order."""
    return [Question(match["sql"].strip(), match["answer"]) for match in _ANSWERED.finditer(page)]


def with_answers(page: str, ask: Callable[[str], Result]) -> str:
    """The page with the answer of each query below it."""
    return _ANSWERED.sub(
        lambda match: f"```sql\n{match['sql']}```\n\n```text\n{answer(ask(match['sql']))}```", page
    )


def answer(result: Result) -> str:
    """A result as lines of text, its first rows."""
    cells = [list(result.columns)]
    cells += [[_cell(value) for value in row] for row in result.rows[:SHOWN_ROWS]]
    widths = [max(len(row[n]) for row in cells) for n in range(len(result.columns))]
    numbers = [
        any(isinstance(row[n], int | float) for row in result.rows)
        for n in range(len(result.columns))
    ]
    lines = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numbers, strict=True)
        ).rstrip()
        for row in cells
    ]
    more = len(result.rows) - SHOWN_ROWS
    lines += [f"… {more} more row{'' if more == 1 else 's'}"] if more > 0 else []
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def views_page(page: str, database: Database) -> str:
    """docs/sql.md with what the database says of its views."""
    parts: list[str] = []
    rows = database.query("SELECT view, name, meaning FROM view_columns").rows
    for view, name, meaning in rows:
        if not name:
            parts.append(f"\n### {view}\n\n{meaning}\n\n| column | meaning |\n|---|---|\n")
        else:
            parts.append(f"| `{name}` | {meaning.replace('|', chr(92) + '|')} |\n")
    return _VIEWS.sub(lambda _: "".join(parts) + "\n", page)


def rewrite(database: Database) -> int:
    """Write both pages anew; how many questions were asked."""
    page = COOKBOOK.read_text("utf-8")
    COOKBOOK.write_text(with_answers(page, database.query), "utf-8")
    VIEWS_PAGE.write_text(views_page(VIEWS_PAGE.read_text("utf-8"), database), "utf-8")
    return len(questions(page))


def main() -> None:
    """Run the demo unless a folder of one is given, and write the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="of a demo that was run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = options.folder
        if folder is None:
            folder = Path(place) / "demo"
            demo(days=DAYS, seed=SEED, folder=folder)
        database = connect(f"chdb:///{folder.absolute()}/clickhouse", read_only=True)
        asked = rewrite(database)
        database.close()
    print(f"{asked} questions answered in {COOKBOOK}; the views stand in {VIEWS_PAGE}")


if __name__ == "__main__":
    main()
