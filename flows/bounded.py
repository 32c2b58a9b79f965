"""A check that is given so many seconds: who hangs is told apart from who answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

Answer = TypeVar("Answer")


class TookTooLong(OSError):
    """Nothing came back in time."""


def together(
    seconds: float, asked: Mapping[str, Callable[[], Answer]]
) -> dict[str, Answer | Exception]:
    """What each of several gives or raises, all asked at once, each in `seconds` at most; TookTooLong for who does not answer."""
    answers: dict[str, Answer | Exception] = {}

    def ask(name: str, one: Callable[[], Answer]) -> None:
        try:
            answers[name] = one()
        except Exception as error:
            answers[name] = error

    threads = [Thread(target=ask, args=(name, one), daemon=True) for name, one in asked.items()]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = TookTooLong(f"it did not answer in {seconds:g} seconds")
    return {name: answers.get(name, late) for name in asked}


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """What `ask` gives, or raises, in a thread of its own; raises TookTooLong after `seconds`. The thread is left behind then,
    and ends with the process.
    """
    said: SimpleQueue[tuple[Answer | None, Exception | None]] = SimpleQueue()

    def answer() -> None:
        try:
            said.put((ask(), None))
        except Exception as error:
            said.put((None, error))

    Thread(target=answer, daemon=True).start()
    try:
        given, error = said.get(timeout=seconds)
    except Empty:
        raise TookTooLong(f"it did not answer in {seconds:g} seconds") from None
    if error is not None:
        raise error
    return given  # type: ignore[return-value]
