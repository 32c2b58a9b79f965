"""A backup as one file: a zip with a manifest of checksums, which appears whole or not at all.

write: members -> .NAME.part (mode 0600, locked) -> manifest -> every checksum read back -> NAME
check: manifest -> names and sizes -> every checksum
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

from flows.mistake import Mistake
from storage.backup import (
    FORMAT,
    MANIFEST,
    PROGRAM,
    BackupRefused,
    Manifest,
    Member,
    SavedDatabase,
    decode_manifest,
    encode_manifest,
)

Progress = Callable[[int, int, str], None]

BLOCK = 1 << 20

LARGEST_MANIFEST = 64 << 20

_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError),
    *(ValueError, OverflowError, struct.error, KeyError),
)
"""What zipfile raises over a file that was damaged; RuntimeError is a bit that says "encrypted"."""


def write_backup(
    target: Path,
    files: Mapping[str, Path],
    database: SavedDatabase,
    *,
    now: datetime,
    program_version: str,
    progress: Progress = lambda done, total, text: None,
) -> Manifest:
    """Write the files, by their names in the backup, to `target`, which must not exist. Each file is removed once it is in.

    Raises OSError; then nothing is left of it.
    """
    part = target.with_name(f".{target.name}.part")
    with _exclusively(part) as opened:
        members = []
        with zipfile.ZipFile(opened, "w") as archive:
            for number, (name, path) in enumerate(files.items()):
                progress(number, 2 * len(files), f"writing {name}")
                members.append(_add(archive, name, path, now))
                path.unlink()
            manifest = Manifest(
                backup_of=PROGRAM,
                format=FORMAT,
                program_version=program_version,
                made_at=now,
                database=database,
                members=tuple(members),
            )
            archive.writestr(_entry(MANIFEST, now), encode_manifest(manifest))
        opened.flush()
        os.fsync(opened.fileno())
        check_backup(part, lambda done, total, text: progress(total + done, 2 * total, text))
        part.replace(target)
    return manifest


def check_backup(path: Path, progress: Progress = lambda done, total, text: None) -> Manifest:
    """The manifest, once every member is there with its size and checksum, and nothing else is.

    Raises Mistake for a file that cannot be read, BackupRefused for one that is none of ours, cut off or damaged.
    """
    with open_backup(path) as (archive, manifest):
        for number, member in enumerate(manifest.members):
            progress(number, len(manifest.members), f"checking {member.name}")
            with _blame(path, member.name):
                _copy(archive, member, None)
    return manifest


@contextlib.contextmanager
def open_backup(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """The file and its manifest; its members are not checked yet. Raises as check_backup does."""
    try:
        opened = path.open("rb")
    except OSError as error:
        raise Mistake(f"Cannot read {path}: {error.strerror}.") from error
    with opened:
        with _blame(path, MANIFEST):
            archive = zipfile.ZipFile(opened)
            names = archive.namelist()
            if MANIFEST not in names:
                raise BackupRefused("it is a file of another program")
            if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
                raise BackupRefused("its manifest is too large for one of ours")
            manifest = decode_manifest(archive.read(MANIFEST))
            wanted = [MANIFEST, *(member.name for member in manifest.members)]
            if sorted(names) != sorted(wanted):
                odd = sorted(set(names) ^ set(wanted)) or sorted(names)
                raise BackupRefused(f"its manifest and its content disagree over {odd[0][:60]!r}")
        yield archive, manifest


def unpack(path: Path, archive: zipfile.ZipFile, member: Member, target: Path) -> None:
    """Write one member to `target`, its checksum compared on the way. Raises BackupRefused, OSError."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("xb") as out:
        with _blame(path, member.name):
            _copy(archive, member, out)
        out.flush()
        os.fsync(out.fileno())


def remove_abandoned(folder: Path) -> None:
    """Remove what a backup that was killed left in `folder`; one that is being written is locked, and stays."""
    for part in folder.glob(".*.zip.part"):
        with contextlib.suppress(OSError), part.open("rb") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


@contextlib.contextmanager
def _exclusively(part: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner reads; gone, should it still be there at the end."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w+b") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield opened
        finally:
            part.unlink(missing_ok=True)


def _add(archive: zipfile.ZipFile, name: str, path: Path, now: datetime) -> Member:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, archive.open(_entry(name, now), "w", force_zip64=True) as out:
        while block := source.read(BLOCK):
            digest.update(block)
            size += len(block)
            out.write(block)
    return Member(name=name, size=size, sha256=digest.hexdigest())


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.external_attr = 0o600 << 16
    packed = name.endswith(".zst")
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    return entry


def _copy(archive: zipfile.ZipFile, member: Member, out: IO[bytes] | None) -> None:
    digest, left = hashlib.sha256(), member.size
    with archive.open(member.name) as source:
        while left >= 0 and (block := source.read(BLOCK)):
            digest.update(block)
            left -= len(block)
            if out is not None:
                out.write(block)
    if left or digest.hexdigest() != member.sha256:
        raise BackupRefused(f"{member.name} is not what it was when it was written")


@contextlib.contextmanager
def _blame(path: Path, member: str) -> Iterator[None]:
    """Whatever is wrong with the file, as one sentence that names it."""
    try:
        yield
    except BackupRefused as error:
        raise BackupRefused(f"{path} cannot be used: {error}; take another backup.") from error
    except (*_UNREADABLE, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise  # the disk's fault; a place before the beginning or behind all ends is the file's
        with path.open("rb") as opened:
            begins = opened.read(4)
        what = (
            f"it is cut off or damaged ({member}: {error or type(error).__name__})"
            if begins == b"PK\x03\x04"
            else "it is empty"
            if not begins
            else "it is no backup of Barometer"
        )
        raise BackupRefused(f"{path} cannot be used: {what}; take another backup.") from error
