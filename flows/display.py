"""What people see in a terminal while work goes on: progress, and lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from flows.sentence import sentence


class Bar:
    """Progress of one piece of long work."""

    def advance(self, steps: int = 1) -> None:
        """So many steps more are done."""

    def show(self, done: int, text: str) -> None:
        """So many are done in all; `text` says what."""

    def total(self, steps: int) -> None:
        """So many steps there are, known only now."""

    def say(self, text: str) -> None:
        """What is being done now."""

    def part(self, done: int, total: int, text: str) -> None:
        """So many of so many parts are done, and this one now."""
        self.total(total)
        self.show(done, text)


class _RichBar(Bar):
    def __init__(self, progress: Any, task: Any) -> None:
        self._progress = progress
        self._task = task

    def advance(self, steps: int = 1) -> None:
        self._progress.advance(self._task, steps)

    def show(self, done: int, text: str) -> None:
        self._progress.update(self._task, completed=done, description=sentence(text))

    def total(self, steps: int) -> None:
        self._progress.update(self._task, total=steps)

    def say(self, text: str) -> None:
        self._progress.update(self._task, description=sentence(text))


@contextmanager
def progress_bar(text: str, total: int | None) -> Iterator[Bar]:
    """A bar on standard error while people watch; nothing where nobody does (a pipe, a log)."""
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}", markup=False),  # a file may be called [/]
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=True,
    ) as progress:
        yield _RichBar(progress, progress.add_task(sentence(text), total=total))


def say(text: str = "") -> None:
    """A line on standard output."""
    click.echo(text)
