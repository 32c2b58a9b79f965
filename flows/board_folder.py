"""The folder that the board lives in: written file by file, each whole at any moment, and nothing in it lost that others put there.

    index of before + index of now -> files, data first and the overview last -> files that are no more -> index of now

A reader never follows a link into nothing: what is new is there before the page that leads to it, and what is old goes last.
A run that is cut off is made good by the next. Files that the board did not write are neither overwritten nor removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec

from alerts.board_files import WRITTEN
from flows.mistake import Mistake

INDEX = ".board.json"
"""Names every file that the board wrote, with the hash of its content; two where a run was cut off between them."""

Index = Mapping[str, Sequence[str]]

_ORDER = (
    "data/",
    "digest/",
    "incident/",
    "society/",
    "coverage.html",
    "digests.html",
    "index.html",
)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the folder."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0

    def __str__(self) -> str:
        total = self.written + self.unchanged
        return f"{total} files, {self.written} of them new or changed, {self.removed} removed"


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Written:
    """Make `folder` hold these files, by their path in it. Raises Mistake for what stands in the way."""
    for path in files:
        if not WRITTEN.fullmatch(path):
            raise ValueError(f"{path!r} is no file of a board")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            return _write(folder, files)
    except OSError as error:
        place = error.filename or folder
        raise Mistake(f"Cannot write {place}: {error.strerror}.") from error


def _write(folder: Path, files: Mapping[str, bytes]) -> Written:
    ours = _index(folder)
    hashes = {path: [sha256(content).hexdigest()] for path, content in files.items()}
    for path, content in files.items():
        _refuse_foreign(folder, path, content, ours)
    # Both, until all is done: a run that is cut off leaves no file that nobody knows.
    both = {path: [*ours.get(path, ()), *hashes.get(path, ())] for path in {*ours, *hashes}}
    _replace(folder / INDEX, _encoded(both))
    written = 0
    for path in sorted(files, key=_turn):
        place = folder / path
        if place.is_file() and place.read_bytes() == files[path]:
            continue
        place.parent.mkdir(exist_ok=True)
        _replace(place, files[path])
        written += 1
    removed = sum(_remove(folder, path, ours[path]) for path in ours.keys() - files.keys())
    _replace(folder / INDEX, _encoded(hashes))
    return Written(written=written, unchanged=len(files) - written, removed=removed)


def _turn(path: str) -> tuple[int, str]:
    return next(n for n, start in enumerate(_ORDER) if path.startswith(start)), path


def _index(folder: Path) -> dict[str, list[str]]:
    """Hashes by path of what the board wrote before; whoever changed the file cannot make it name anything else."""
    place = folder / INDEX
    if not place.exists():
        return {}
    try:
        named = msgspec.json.decode(place.read_bytes(), type=dict[str, list[str]])
    except msgspec.DecodeError as error:
        raise Mistake(
            f"{place} is not what the board wrote: {error}; empty the folder or name another --output."
        ) from error
    return {path: hashes for path, hashes in named.items() if WRITTEN.fullmatch(path)}


def _refuse_foreign(folder: Path, path: str, content: bytes, ours: Index) -> None:
    place = folder / path
    if place.parent != folder and place.parent.is_symlink():
        raise Mistake(f"{place.parent} leads elsewhere; name another --output.")
    if path in ours and not place.is_symlink():
        return
    if place.is_symlink() or (
        place.exists() and not (place.is_file() and place.read_bytes() == content)
    ):
        raise Mistake(
            f"{place} was not written by the board; move it away or name another --output."
        )


def _remove(folder: Path, path: str, hashes: Sequence[str]) -> bool:
    """Remove a file that the board wrote and that nobody changed since."""
    place = folder / path
    if place.parent != folder and place.parent.is_symlink():
        return False
    if place.is_symlink() or not place.is_file():
        return False
    if sha256(place.read_bytes()).hexdigest() not in hashes:
        return False
    place.unlink()
    return True


def _replace(place: Path, content: bytes) -> None:
    """A reader of the file sees the old one or the new one, never half of it."""
    partial = place.with_name(f".{place.name[:100]}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(place)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def _encoded(index: Index) -> bytes:
    return msgspec.json.format(msgspec.json.encode(dict(sorted(index.items())))) + b"\n"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer at a time; another waits."""
    with (folder / ".board.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
