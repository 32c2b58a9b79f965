"""What a backup says of itself (manifest.json), and the rules about it: its name, which expire, which can be restored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from storage.database import DatabaseRefused
from storage.migrate import APPLIED, Migration

FORMAT = 1
"""Of the file; a newer one is refused."""

PROGRAM = "barometer"

MANIFEST = "manifest.json"
BUS, AUTHOR_SECRET, ALERT_LOG = "bus.db", "author-secret", "alerts.log"
DATABASE = "database"
"""The folder of the tables in the file: database/TABLE/PARTITION.native.zst."""

_MEMBER = re.compile(r"bus\.db|author-secret|alerts\.log|database/\w+/[\w-]+\.native\.zst")
_NAME = re.compile(r"barometer-\d{8}T\d{6}Z\.zip")


class BackupRefused(DatabaseRefused):
    """This file cannot be restored by this program; the text says why and the remedy."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One file in a backup."""

    name: str
    size: int
    sha256: str


class SavedTable(msgspec.Struct, frozen=True, kw_only=True):
    """One table in a backup: the newest row of each key."""

    table: str
    rows: int
    files: tuple[str, ...]
    """Names under `database/`, one for each partition that has rows."""


class SchemaStep(msgspec.Struct, frozen=True, kw_only=True):
    """One migration that the saved database had had."""

    version: int
    name: str
    checksum: str
    outcome: str


class SavedDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """The database in a backup."""

    schema: tuple[SchemaStep, ...]
    tables: tuple[SavedTable, ...]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def schema_version(self) -> int:
        """Number of the newest migration that was applied; 0 for none."""
        return max((one.version for one in self.schema if one.outcome == APPLIED), default=0)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a backup says of itself."""

    backup_of: str
    format: int
    program_version: str
    made_at: datetime
    database: SavedDatabase
    members: tuple[Member, ...]

    def has(self, name: str) -> bool:
        """Whether the file holds a member of that name."""
        return any(member.name == name for member in self.members)


def encode_manifest(manifest: Manifest) -> bytes:
    """JSON that people can read, too."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


def decode_manifest(data: bytes) -> Manifest:
    """The manifest in `data`. Raises BackupRefused, without the name of the file, for what cannot be one of ours."""
    try:
        head = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        program = msgspec.json.decode(head.get("backup_of", msgspec.Raw(b"null")))
        version = msgspec.json.decode(head.get("format", msgspec.Raw(b"null")))
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BackupRefused("its manifest cannot be read") from error
    if program != PROGRAM or not isinstance(version, int):
        raise BackupRefused("it is a file of another program")
    if version > FORMAT:
        raise BackupRefused(
            f"it was written by a newer Barometer (format {version}, this one knows {FORMAT}); install that one"
        )
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BackupRefused(f"its manifest is not one of ours ({error})") from error
    for name in (member.name for member in manifest.members):
        if not _MEMBER.fullmatch(name):
            raise BackupRefused(f"its manifest names {name[:60]!r}, which no backup of ours holds")
    saved = {name for table in manifest.database.tables for name in table.files}
    named = {one.name.removeprefix(f"{DATABASE}/") for one in manifest.members if "/" in one.name}
    if saved != named or len({one.name for one in manifest.members}) != len(manifest.members):
        raise BackupRefused("its manifest contradicts itself")
    return manifest


def check_restorable(saved: SavedDatabase, known: Sequence[Migration]) -> list[Migration]:
    """The migrations that make the tables as they were, in order. Raises BackupRefused where this program lacks one
    (the backup is of a newer Barometer), or has another under its name.
    """
    by_version = {migration.version: migration for migration in known}
    for one in saved.schema:
        migration = by_version.get(one.version)
        if migration is None:
            raise BackupRefused(
                f"its tables were migrated to {one.name} by a newer Barometer; install that version"
                " (or a newer one), this one would not understand its data"
            )
        if one.outcome == APPLIED and one.checksum != migration.checksum:
            raise BackupRefused(
                f"its tables were made by another {one.name} than this program has;"
                " restore it with the program that made it"
            )
    applied = {one.version for one in saved.schema if one.outcome == APPLIED}
    return [migration for migration in known if migration.version in applied]


def backup_name(now: datetime) -> str:
    """The name of a backup in a folder of them: names in order are times in order."""
    return f"barometer-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"


def expired(names: Iterable[str], keep: int) -> list[str]:
    """Those of these names that are backups by their name, without the newest `keep`; oldest first."""
    ours = sorted(name for name in names if _NAME.fullmatch(name))
    return ours[: max(len(ours) - keep, 0)]
