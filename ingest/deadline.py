"""The end of a request: a time after which its sockets are shut down, whatever its server does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any


class TimeIsUp(Exception):
    """A request took longer than it may."""


class Deadline:
    """Ends a request after `seconds`, even one whose server sends a byte now and then.

    httpx limits each step, not their sum. When time is up the sockets are shut down, so that the
    thread that waits on one of them gets an error at once. Give `trace` to the request.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._started = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.passed = False

    def __enter__(self) -> Deadline:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """The time runs from the first call on."""
        if not self._started:
            self._started = True
            self._timer.start()

    def stop(self) -> None:
        """Nothing ends any more."""
        self._timer.cancel()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx calls this at every step; of interest are the sockets that it opens."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._sockets.append(info["return_value"].get_extra_info("socket"))
            if self.passed:
                self._end()

    def check(self) -> None:
        """Raise TimeIsUp when it is."""
        if self.passed:
            raise TimeIsUp(f"took longer than {self._seconds:g} seconds")

    def _end(self) -> None:
        self.passed = True
        with self._lock:
            for opened in self._sockets:
                try:
                    # Not the method of ssl, which would pull its state from under the reader.
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)
                except OSError:
                    continue  # closed already
