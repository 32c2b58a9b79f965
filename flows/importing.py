"""Import files: every row becomes a document on the bus or a dead letter with file and line."""

from __future__ import annotations

import msgspec

CHUNK = 500
"""Rows published together."""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file's rows."""

    name: str
    read: int = 0
    published: int = 0
    dead: int = 0

    def __str__(self) -> str:
        return f"{self.name}: {self.read} rows read = {self.published} published + {self.dead} dead"
