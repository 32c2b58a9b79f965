"""The Atom channel: the newest messages as a feed in a file, which any web server can show."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from alerts.atom_feed import (
    AtomEntry,
    NotOurFeed,
    atom_entry,
    read_atom,
    with_entry,
    write_atom,
)
from alerts.channel import ChannelFailed
from alerts.channel_url import AtomSettings
from alerts.channels.log_channel import PASSING_FAULTS
from alerts.message import Message


class AtomChannel:
    """Keeps the feed in one file, which readers always find whole. Several processes may share it."""

    def __init__(self, name: str, settings: AtomSettings) -> None:
        self._name = name
        self._settings = settings
        self._path = Path(settings.path)

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def __repr__(self) -> str:
        return f"AtomChannel({self._name!r}, {str(self._path)!r})"

    def send(self, message: Message) -> None:
        """Put it into the feed, where it stands once however often it is sent. Raises ChannelFailed."""
        self._update(lambda entries: with_entry(entries, atom_entry(message)))

    def rewrite(self, change: Callable[[str], str]) -> int:
        """Change the texts of the entries; how many changed. Raises ChannelFailed."""
        changed = 0

        def rewritten(entries: Sequence[AtomEntry]) -> Sequence[AtomEntry]:
            nonlocal changed
            after = [msgspec.structs.replace(each, text=change(each.text)) for each in entries]
            changed = sum(one != other for one, other in zip(after, entries, strict=True))
            return after

        if self._path.exists():
            self._update(rewritten)
        return changed

    def _update(self, change: Callable[[Sequence[AtomEntry]], Sequence[AtomEntry]]) -> None:
        try:
            with self._locked():
                old = self._path.read_bytes() if self._path.exists() else b""
                entries = change(read_atom(old))
                if not entries:
                    return
                settings = self._settings
                new = write_atom(entries, name=self._name, title=settings.title, link=settings.link)
                if new != old:
                    self._replace(new)
        except NotOurFeed as error:
            raise ChannelFailed(
                f"the channel {self._name} does not overwrite {self._path}: {error}; "
                "name another file in its url, or move this one away",
                permanent=True,
            ) from error
        except OSError as error:
            permanent = error.errno not in PASSING_FAULTS
            remedy = (
                "name another file in its url" if permanent else "make room; it will be sent again"
            )
            raise ChannelFailed(
                f"the channel {self._name} cannot write {self._path}: {error.strerror or error}; {remedy}",
                permanent=permanent,
            ) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time. The lock is a file of its own: the feed itself is replaced."""
        lock = os.open(
            self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _replace(self, data: bytes) -> None:
        file, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(file, "wb") as opened:
                opened.write(data)
                opened.flush()
                # A web server of another user reads it.
                os.fchmod(opened.fileno(), 0o644)
                os.fsync(opened.fileno())
            Path(temporary).replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
