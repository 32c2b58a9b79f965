"""The log channel: messages go to the log, and to a text file when one is named."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Callable
from pathlib import Path

from alerts.channel import ChannelFailed
from alerts.harmless_text import harmless, harmless_line
from alerts.message import Message

_log = logging.getLogger("barometer.alerts")

PASSING_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EMFILE, errno.ENFILE)
"""Faults of the moment (disk full, too many files); every other one needs another setting."""

MAX_TITLE, MAX_TEXT = 500, 500_000
"""Characters of a title and of a text."""


class LogChannel:
    """Logs each message to `barometer.alerts` (title and body); appends it to `path` first when there is one."""

    def __init__(self, path: Path | None = None, *, name: str = "log") -> None:
        self._path = path
        self._name = name

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    @property
    def path(self) -> Path | None:
        """The file, where one is named."""
        return self._path

    def send(self, message: Message) -> None:
        """File first: what the file did not take is not reported as sent. Raises ChannelFailed."""
        if self._path is not None:
            self._append(self._path, message)
        level = logging.WARNING if message.kind == "opened" else logging.INFO
        _log.log(level, "%s\n%s", *_shown(message))

    def rewrite(self, change: Callable[[str], str]) -> int:
        """Change what the file holds, in place; 1 if it changed. Raises ChannelFailed."""
        if self._path is None or not self._path.exists():
            return 0
        try:
            with self._path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                old = file.read()
                new = change(old.decode("utf-8", "surrogateescape"))
                data = new.encode("utf-8", "surrogateescape")
                if data == old:
                    return 0
                file.seek(0)
                file.write(data)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ChannelFailed(
                f"the log channel cannot rewrite {self._path}: {error.strerror or error}; make it writable",
                permanent=error.errno not in PASSING_FAULTS,
            ) from error
        return 1

    def _append(self, path: Path, message: Message) -> None:
        title, body = _shown(message)
        name = harmless_line(message.id, MAX_TITLE)
        head = f"{title}\n{message.created_at:%Y-%m-%d %H:%M} UTC · {name}"
        data = f"{head}\n\n{body.rstrip()}\n\n{'-' * 78}\n\n".encode()
        try:
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)  # not while it is rewritten
                written = os.write(file, data)  # one write: readers never see half a message
                if written < len(data):
                    os.ftruncate(file, os.fstat(file).st_size - written)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            permanent = error.errno not in PASSING_FAULTS
            remedy = "name another file" if permanent else "make room; it will be sent again"
            raise ChannelFailed(
                f"the log channel cannot write {path}: {error.strerror or error}; {remedy}",
                permanent=permanent,
            ) from error


def _shown(message: Message) -> tuple[str, str]:
    """Title and text as they may be shown in a terminal, which obeys control characters."""
    return harmless_line(message.title, MAX_TITLE), harmless(message.body, MAX_TEXT)
