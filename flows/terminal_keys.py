"""Keys of a terminal, one by one, without Enter."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from classify import labelling

_SEQUENCES = {
    "\x1b[A": labelling.UP,
    "\x1b[B": labelling.DOWN,
    "\x1bOA": labelling.UP,
    "\x1bOB": labelling.DOWN,
    "\x1b[5~": labelling.PAGE_UP,
    "\x1b[6~": labelling.PAGE_DOWN,
    "\t": labelling.DOWN,
    "\r": labelling.ENTER,
    "\n": labelling.ENTER,
    "\x7f": labelling.BACK,
    "\x08": labelling.BACK,
    "\x04": "q",  # Ctrl-D
}
_LONGEST = max(map(len, _SEQUENCES))
_ESCAPE_SECONDS = 0.05
"""How long the rest of an arrow's sequence may take."""


class Keys:
    """The keys as they are pressed."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._held = ""

    def next(self) -> str:
        """A character, or the name of a key; `q` where the terminal has gone."""
        if not self._held:
            try:
                read = os.read(self._file, 1024)
            except OSError:
                read = b""
            if not read:
                return "q"
            self._held = read.decode("utf-8", "replace")
        if self._held == "\x1b" and select.select([self._file], [], [], _ESCAPE_SECONDS)[0]:
            self._held += os.read(self._file, 1024).decode("utf-8", "replace")
        for length in range(min(_LONGEST, len(self._held)), 0, -1):
            if name := _SEQUENCES.get(self._held[:length]):
                self._held = self._held[length:]
                return name
        key, self._held = self._held[0], self._held[1:]
        return key


def is_terminal() -> bool:
    """Whether people sit at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def keys() -> Iterator[Keys]:
    """The keys of standard input, its terminal as it was afterwards. Ctrl-C still interrupts."""
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    try:
        tty.setcbreak(file)
        yield Keys(file)
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)
