"""A turn at the embedded database for a backup: one process holds it, so a backup takes it when it is free, or asks the
process that holds it to save the tables between two steps.

    backup: lock CLICKHOUSE.backup/ -> request.json -> … -> answer.json -> the tables in database/
    holder: between steps: request.json and a lock that is held? -> taken.json -> save -> answer.json

The lock says that somebody still waits: it ends with the process that holds it, however that ends. A holder that was
killed leaves taken.json; the next one begins again.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from flows.failures import sentence_of, status_of
from flows.sentence import sentence
from flows.settings import Settings
from storage import database as database_edge
from storage.backup import DATABASE, SavedDatabase
from storage.chdb_database import folder_of
from storage.database import Database, DatabaseRefused, DatabaseUnavailable
from storage.saved_database import Progress, save

log = logging.getLogger("barometer.backup")

REQUEST, TAKEN, ANSWER, FAILED = "request.json", "taken.json", "answer.json", "failed.json"

LOOK_SECONDS = 0.2
"""Between two looks at whether it is our turn."""


class Answer(msgspec.Struct, frozen=True):
    """What the holder did: the tables that it saved, or why it could not."""

    saved: SavedDatabase | None = None
    error: str = ""
    status: int = 0
    """Exit status that the error has."""


def staging_of(database: Path) -> Path:
    """The folder beside the database in which a backup is put together."""
    return database.with_name(f"{database.name}.backup")


@contextlib.contextmanager
def staging(database: Path) -> Iterator[Path]:
    """That folder, empty, locked, and readable by its owner alone; gone afterwards. Raises DatabaseUnavailable while
    another backup is being made.
    """
    folder = staging_of(database)
    descriptor = _locked(folder)
    try:
        _emptied(folder)  # of what a backup that was killed left
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def save_in_turn(
    settings: Settings, stage: Path, *, wait_seconds: float, progress: Progress
) -> SavedDatabase:
    """Save the tables into `stage`, here or by the process that holds them.

    Raises DatabaseUnavailable when neither came about in `wait_seconds`, and what save() raises, there or here.
    """
    deadline = time.monotonic() + wait_seconds
    request, taken = stage / REQUEST, stage / TAKEN
    while True:
        try:
            database = database_edge.connect(settings.database_url)
        except DatabaseUnavailable as error:
            held = error
        else:
            with contextlib.closing(database):
                _emptied(stage / DATABASE)  # a holder that was killed may have begun
                return save(database, stage / DATABASE, progress)
        if (answer := _answer(stage)) is not None:
            if answer.saved is None:
                raise (DatabaseRefused if answer.status == 2 else DatabaseUnavailable)(answer.error)
            return answer.saved
        if taken.exists():
            progress(0, 1, "the process that holds the database saves it")
        elif time.monotonic() > deadline:
            raise DatabaseUnavailable(
                f"it was not the backup's turn within {wait_seconds / 60:.0f} minutes: {held};"
                " `barometer run` and `score --follow` give one between two steps: wait longer with --wait"
            )
        else:
            if not request.exists():
                request.write_text("{}", "utf-8")
            progress(0, 1, "waiting for a turn at the database")
        time.sleep(LOOK_SECONDS)


def give_turn(settings: Settings, database: Database) -> bool:
    """Called between steps by a process that holds the database: save it for a backup that waits; whether one did.

    A backup that fails is told so and never stops the process.
    """
    if not database.url.startswith("chdb:"):
        return False
    stage = staging_of(folder_of(settings.database_url))
    request, taken = stage / REQUEST, stage / TAKEN
    try:
        waits = request.exists() or (taken.exists() and not _answered(stage))
        if not waits or not _is_locked(stage):
            return False
        if request.exists():
            request.rename(taken)
        _emptied(stage / DATABASE)
    except OSError as error:  # of another user, or gone again
        log.debug("a backup waits and cannot be served: %s", error)
        return False
    try:
        saved = save(database, stage / DATABASE)
        answer = Answer(saved=saved)
        log.info("saved the database for a backup: %d rows", saved.rows)
    except Exception as error:
        status = status_of(error)
        if status is None:
            raise
        answer = Answer(error=sentence(sentence_of(error)), status=status)
        log.warning("could not save the database for a backup: %s", answer.error)
    _tell(stage, answer)
    return True


def _tell(stage: Path, answer: Answer) -> None:
    written = stage / f"{ANSWER}.part"
    try:
        written.write_bytes(msgspec.json.encode(answer))
        written.rename(stage / ANSWER)
    except OSError:  # a full disk, on which a name still fits; or nobody waits any more
        with contextlib.suppress(OSError):
            (stage / TAKEN).rename(stage / FAILED)


def _answered(stage: Path) -> bool:
    return (stage / ANSWER).exists() or (stage / FAILED).exists()


def _answer(stage: Path) -> Answer | None:
    path = stage / ANSWER
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Answer)
    if (stage / FAILED).exists():
        return Answer(error=f"the disk of {stage} is full; make room", status=1)
    return None


def _emptied(folder: Path) -> None:
    for path in folder.iterdir() if folder.exists() else ():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _locked(folder: Path) -> int:
    """A descriptor that holds the lock of `folder`, which is made."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # another backup ended just now
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if folder.exists() and folder.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise DatabaseUnavailable(
                f"another backup is being made (it works in {folder}); wait until it is done"
            ) from None
        os.close(descriptor)


def _is_locked(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
