"""Parameters of a statement: `%(name)s` becomes a ClickHouse literal, the same for both databases.

rendered("… WHERE day >= %(first)s AND society IN %(societies)s",
         {"first": date(2026, 1, 1), "societies": ["DE", "FR"]})
-> "… WHERE day >= '2026-01-01' AND society IN ('DE', 'FR')"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from clickhouse_driver.util.escape import escape_param

from storage.database import QueryFailed

FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(2105, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What a DateTime column holds on every server from 18.16 on."""

_PLACEHOLDER = re.compile(r"%\((?P<name>[^)]*)\)s|%%")
_AFTER_IN = re.compile(r"\bIN\s*$", re.IGNORECASE)


def rendered(sql: str, parameters: Mapping[str, Any] | None) -> str:
    """`sql` with each `%(name)s` replaced by its value and each `%%` by `%`; as it is without parameters.

    A list is an array, a tuple is a tuple, and either is the set after IN (an empty one matches nothing).
    Raises QueryFailed for a name without a value and for a value that ClickHouse has no literal for.
    """
    if parameters is None:
        return sql

    def value_of(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return "%"
        if name not in parameters:
            raise QueryFailed(f"no value was given for the parameter {name!r}")
        value = parameters[name]
        try:
            if isinstance(value, list | tuple | set | frozenset) and _AFTER_IN.search(
                sql, 0, match.start()
            ):
                return _set(value)
            return literal(value)
        except QueryFailed as error:
            raise QueryFailed(f"parameter {name!r}: {error}") from None

    return _PLACEHOLDER.sub(value_of, sql)


def literal(value: Any) -> str:
    """`value` as ClickHouse reads it. Times must be aware; they name UTC, whatever zone the server is in."""
    if isinstance(value, Enum):
        return literal(value.value)
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise QueryFailed(f"{value} does not fit into 64 bits")
        return _signed(str(int(value)))
    if isinstance(value, float):
        return _signed(repr(float(value)))
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, str | date | UUID):
        if isinstance(value, str):
            _check_unicode(value)
        return str(escape_param(value, None))
    if isinstance(value, Decimal):
        return _signed(str(value))
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple) and value:
        return f"({', '.join(map(literal, value))})"
    raise QueryFailed(f"a value of type {type(value).__name__} cannot be written in SQL")


def _set(values: list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any]) -> str:
    # 18.16 takes neither IN [] nor IN (); nothing is IN (NULL), everything else is NOT IN (NULL).
    return f"({', '.join(map(literal, values)) or 'NULL'})"


def _signed(number: str) -> str:
    # `x -%(n)s` with n = -1 would begin a comment.
    return f"({number})" if number.startswith("-") else number


def _moment(value: datetime) -> str:
    # Not a bare string: 18.16 compares even a DateTime('UTC') column with a string in the zone of the server.
    if value.tzinfo is None:
        raise QueryFailed(f"the time {value} has no time zone")
    if not FIRST_MOMENT <= value <= LAST_MOMENT:
        raise QueryFailed(f"the time {value} is not between 1970 and 2105")
    return f"toDateTime('{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}', 'UTC')"


def _check_unicode(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise QueryFailed(f"the text {value[:40]!r} is not valid Unicode") from None
