"""One row of an import file as read, before it is a document."""

from __future__ import annotations

from typing import Any

import msgspec


class RawRow(msgspec.Struct, frozen=True):
    """Its values, or the reason why there are none."""

    line: int
    """The line that it begins on, from 1."""
    content: bytes
    """As read, without the newline at its end."""
    values: dict[str, Any] | None
    """Field name in the file -> value."""
    fault: str = ""
