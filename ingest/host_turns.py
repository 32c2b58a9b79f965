"""Politeness: requests to one host are a pause apart, and at most two of them run at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2
"""Requests that may be under way to one host."""

_REMEMBERED = 4_096
"""Hosts whose last request is remembered before the oldest are forgotten."""

_LONGEST_PAUSE = 3_600.0


class HostTurns:
    """Lets requests through, `pause` seconds after the last one to the same host. Safe to use from several threads."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._changed = threading.Condition()
        self._last: dict[str, float] = {}
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def turn(self, host: str, apart: float = 0.0) -> Iterator[None]:
        """Waits for this request's turn, at least `apart` seconds after the last one, and ends it with the block."""
        host = host.lower().rstrip(".")
        with self._changed:
            self._changed.wait_for(lambda: self._under_way[host] < AT_ONCE)
            self._under_way[host] += 1
            now = time.monotonic()
            turn = max(now, self._last.get(host, -_LONGEST_PAUSE) + max(self._pause, apart))
            self._forget(now)
            self._last[host] = turn
        try:
            if turn > now:
                time.sleep(turn - now)
            yield
        finally:
            with self._changed:
                self._under_way[host] -= 1
                if not self._under_way[host]:
                    del self._under_way[host]
                self._changed.notify_all()

    def _forget(self, now: float) -> None:
        if len(self._last) >= _REMEMBERED:
            recent = {host: at for host, at in self._last.items() if at > now - _LONGEST_PAUSE}
            self._last = recent
