"""ClickHouse's Native format, written and read by clickhouse-driver's own column code.

The bytes that chdb takes and gives are the blocks that a server sends over its native protocol:
columns, rows, then name, type and data of each column. So both databases share one codec.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from clickhouse_driver.bufferedreader import BufferedReader
from clickhouse_driver.bufferedwriter import BufferedSocketWriter
from clickhouse_driver.columns.service import read_column, write_column
from clickhouse_driver.context import Context
from clickhouse_driver.errors import Error
from clickhouse_driver.reader import read_binary_str
from clickhouse_driver.varint import read_varint, write_varint
from clickhouse_driver.writer import write_binary_str

from storage.column_values import TYPE_MISMATCH, checked_columns, plain_column, plain_type
from storage.database import QueryFailed, Result, Row

_BUFFER_BYTES = 1 << 20


class _Engine:
    """What the driver asks of a server: the zone of times without one, and the plainest encoding."""

    used_revision = 0

    def get_timezone(self) -> str:
        return "UTC"


def _context() -> Any:
    context = Context()
    context.settings = {}
    context.client_settings = {
        "strings_as_bytes": False,
        "strings_encoding": "utf-8",
        "use_numpy": False,
        "namedtuple_as_json": True,
        "input_format_null_as_default": False,
    }
    context.server_info = _Engine()
    return context


class _Bytes(BufferedReader):  # type: ignore[misc]  # the driver is untyped
    """Bytes that are all there, read as the driver reads a socket."""

    def __init__(self, data: bytes) -> None:
        super().__init__(1)
        self.buffer = bytearray(data)
        self.current_buffer_size = len(data)
        self.position = 0

    def read_into_buffer(self) -> None:
        raise EOFError

    def has_more(self) -> bool:
        return bool(self.position < self.current_buffer_size)


class _Collected:
    """Stands where the driver expects a socket and keeps what is sent."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.parts.append(data)


def decoded(data: bytes) -> Result:
    """The blocks in `data` as one result; no columns where there are no bytes. Raises QueryFailed."""
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    parts: list[list[Any]] = []
    context, source = _context(), _Bytes(data)
    try:
        while source.has_more():
            n_columns, n_rows = read_varint(source), read_varint(source)
            block = []
            for index in range(n_columns):
                header = read_binary_str(source), read_binary_str(source)
                values = read_column(context, header[1], n_rows, source) if n_rows else ()
                block.append((header, values))
                if len(parts) <= index:
                    parts.append([])
                parts[index].extend(plain_column(header[1], values))
            names = tuple(name for (name, _), _ in block)
            types = tuple(spec for (_, spec), _ in block)
    except (Error, EOFError, struct.error, UnicodeError, ValueError) as error:
        raise QueryFailed(f"the result cannot be read: {error}") from error
    return result(names, types, parts)


def result(names: Sequence[str], types: Sequence[str], columns: Sequence[Sequence[Any]]) -> Result:
    """A result from plain columns."""
    return Result(
        columns=tuple(names),
        types=tuple(map(plain_type, types)),
        rows=list(zip(*columns, strict=True)),
    )


def encoded(
    table: str, columns: Sequence[str], types: Mapping[str, str], rows: Sequence[Row]
) -> bytes:
    """One block holding `rows`. Raises QueryFailed for a value that does not fit its column."""
    checked = checked_columns(table, columns, types, rows)
    context, sink = _context(), _Collected()
    writer = BufferedSocketWriter(sink, _BUFFER_BYTES)
    write_varint(len(columns), writer)
    write_varint(len(rows), writer)
    for name, values in zip(columns, checked, strict=True):
        write_binary_str(name, writer)
        write_binary_str(types[name], writer)
        try:
            write_column(context, name, types[name], values, writer, types_check=True)
        except (Error, struct.error, TypeError, ValueError) as error:
            raise QueryFailed(
                f"column {name} of table {table} ({types[name]}): {error}", TYPE_MISMATCH
            ) from error
    writer.flush()
    return b"".join(sink.parts)
