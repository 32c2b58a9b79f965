"""What people see in a terminal: tables that fit it, and progress on long work."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click


def table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None
) -> None:
    """Print a table as wide as the terminal; long cells fold, nothing is cut off."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title, title_justify="left", show_edge=False, pad_edge=False, box=_box())
    numeric = [
        bool(rows) and all(isinstance(row[index], int | float | None) for row in rows)
        for index in range(len(columns))
    ]
    for name, right in zip(columns, numeric, strict=True):
        shown.add_column(
            Text(name), justify="right" if right else "left", overflow="fold", no_wrap=right
        )
    for row in rows:
        shown.add_row(*(Text(cell_text(value)) for value in row))
    console = Console(soft_wrap=False, highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(shown)


def _box() -> Any:
    from rich import box

    return box.SIMPLE_HEAD


def cell_text(value: object) -> str:
    """A value as people read it: no control characters, times in ISO 8601, two decimals."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 1e6 else f"{value:.6g}"
    text = str(value)
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)


class Bar:
    """Progress of one piece of long work."""

    def advance(self, steps: int = 1) -> None:
        """So many steps more are done."""

    def show(self, done: int, text: str) -> None:
        """So many are done in all; `text` says what."""

    def say(self, text: str) -> None:
        """What is being done now."""


class _RichBar(Bar):
    def __init__(self, progress: Any, task: Any) -> None:
        self._progress = progress
        self._task = task

    def advance(self, steps: int = 1) -> None:
        self._progress.advance(self._task, steps)

    def show(self, done: int, text: str) -> None:
        self._progress.update(self._task, completed=done, description=text)

    def say(self, text: str) -> None:
        self._progress.update(self._task, description=text)


@contextmanager
def progress_bar(text: str, total: int | None) -> Iterator[Bar]:
    """A bar on standard error while people watch; nothing where nobody does (a pipe, a log)."""
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=True,
    ) as progress:
        yield _RichBar(progress, progress.add_task(text, total=total))


def say(text: str = "") -> None:
    """A line on standard output."""
    click.echo(text)
