"""Values on their way into a column and out of it, the same for both databases.

In: each value must fit its column exactly. The driver alone would keep the low bits of a number that
is too large and turn a date out of range into 1970, so the check comes before anything is written.
Out: text is str, arrays are lists, times are aware UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from storage.database import QueryFailed, Row
from storage.parameters import FIRST_MOMENT, LAST_MOMENT

NO_SUCH_COLUMN = 16
COLUMNS_DO_NOT_MATCH = 20
TYPE_MISMATCH = 53

_INTEGER = re.compile(r"(U?)Int(8|16|32|64|128|256)")
_NUMBER_OR_DAY = re.compile(r"U?Int\d+|Float\d+|Date|Bool|Nothing")
_WRAPPER = re.compile(r"(Nullable|LowCardinality|Array)\((.*)\)", re.DOTALL)
_TIME = re.compile(r"\bDateTime(?:64\((\d)[^)]*\)|\('[^']*'\)|\b)")
_FIRST_DAY, _LAST_DAY = FIRST_MOMENT.date(), LAST_MOMENT.date()


Fitter = Callable[[Any], Any]


class _MisfitError(ValueError):
    """The text ends the sentence "the value … "."""


def checked_columns(
    table: str, columns: Sequence[str], types: Mapping[str, str], rows: Sequence[Row]
) -> list[list[Any]]:
    """The rows turned into one list per column, each value checked against `types` (column -> ClickHouse type).

    Raises QueryFailed naming the row, column and value, with the code that the engine would give.
    """
    for name in columns:
        if name not in types:
            raise QueryFailed(f"table {table} has no column {name}", NO_SUCH_COLUMN)
    if len(set(columns)) != len(columns):
        raise QueryFailed(f"a column is named twice in an insert into {table}")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise QueryFailed(
                f"row {number} for table {table} has {len(row)} values for {len(columns)} columns",
                COLUMNS_DO_NOT_MATCH,
            )
    return [
        _checked(table, name, types[name], [row[index] for row in rows])
        for index, name in enumerate(columns)
    ]


def _checked(table: str, column: str, spec: str, values: list[Any]) -> list[Any]:
    fitted = _fitter(spec)
    checked = []
    for value in values:
        try:
            checked.append(fitted(value))
        except _MisfitError as misfit:
            text = repr(value)
            shown = text if len(text) <= 60 else text[:59] + "…"
            raise QueryFailed(
                f"row {len(checked) + 1}, column {column} of table {table} ({spec}): "
                f"the value {shown} {misfit}",
                TYPE_MISMATCH,
            ) from None
    return checked


@cache
def _fitter(spec: str) -> Fitter:
    """What turns a value into the one that the driver should write into a column of type `spec`."""
    if wrapper := _WRAPPER.fullmatch(spec):
        inner = _fitter(wrapper[2])
        if wrapper[1] == "Nullable":
            return lambda value: None if value is None else inner(value)
        if wrapper[1] == "Array":
            return lambda value: _list(inner, value)
        return inner
    if spec == "String":
        return _text
    if number := _INTEGER.fullmatch(spec):
        bits = int(number[2])
        low, high = (0, 2**bits - 1) if number[1] else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return lambda value: _integer(low, high, value)
    if spec in ("Float64", "Float32"):
        return _number
    if spec == "Date":
        return _day
    if spec.startswith("DateTime64"):
        return _moment
    if spec.startswith("DateTime"):
        return lambda value: int(_moment(value).timestamp())
    return _present  # the rest of a rarer type is left to the driver's own check


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _MisfitError("is not text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _MisfitError("is not valid Unicode") from None
    return value


def _integer(low: int, high: int, value: Any) -> int:
    if not isinstance(value, int):
        raise _MisfitError("is not an integer")
    if not low <= value <= high:
        raise _MisfitError(f"is not between {low} and {high}")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise _MisfitError("is not a number")
    try:
        return float(value)
    except OverflowError:
        raise _MisfitError("is too large") from None


def _day(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _MisfitError("is not a date")
    if not _FIRST_DAY <= value <= _LAST_DAY:
        raise _MisfitError("is not between 1970 and 2105")
    return value


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise _MisfitError("is not a time")
    if value.tzinfo is None:
        raise _MisfitError("has no time zone")
    if not FIRST_MOMENT <= value <= LAST_MOMENT:
        raise _MisfitError("is not between 1970 and 2105")
    return value


def _list(inner: Fitter, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _MisfitError("is not a list")
    return [inner(element) for element in value]


def _present(value: Any) -> Any:
    if value is None:
        raise _MisfitError("is missing")
    return value


def plain_type(spec: str) -> str:
    """The type as it is read: every time comes out in UTC (and chdb's blocks leave the zone out)."""
    return _TIME.sub(lambda m: f"DateTime64({m[1]}, 'UTC')" if m[1] else "DateTime('UTC')", spec)


def plain_column(spec: str, values: Sequence[Any]) -> list[Any]:
    """One column as the driver read it (naive times in UTC), in the types that the protocol promises."""
    plainer = _plainer(spec)
    return list(values) if plainer is None else [plainer(value) for value in values]


@cache
def _plainer(spec: str) -> Fitter | None:
    """What makes the values of a column of type `spec` plain; None where they are: a column of long arrays of numbers is
    not walked through value by value.
    """
    if wrapper := _WRAPPER.fullmatch(spec):
        inner = _plainer(wrapper[2])
        if inner is None or wrapper[1] == "LowCardinality":
            return inner
        return (
            _plain
            if wrapper[1] == "Array"
            else lambda value: None if value is None else inner(value)
        )
    if spec == "String":
        return lambda value: value if type(value) is str else _plain(value)
    return None if _NUMBER_OR_DAY.fullmatch(spec) else _plain


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        # The driver hands over what is not UTF-8 as bytes.
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, list):
        return [_plain(element) for element in value]
    if isinstance(value, tuple):
        return tuple(_plain(element) for element in value)
    if isinstance(value, dict):
        return {_plain(key): _plain(element) for key, element in value.items()}
    return value
