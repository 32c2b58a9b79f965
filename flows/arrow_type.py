"""ClickHouse types as Arrow types, so that a Parquet file has them even without rows."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

import pyarrow

_WRAPPED = re.compile(r"(?:Nullable|LowCardinality)\((.*)\)")
_ARRAY = re.compile(r"Array\((.*)\)")
_PLAIN = {
    "String": pyarrow.string(),
    "UUID": pyarrow.string(),
    "IPv4": pyarrow.string(),
    "IPv6": pyarrow.string(),
    "Date": pyarrow.date32(),
    "Date32": pyarrow.date32(),
    "Float32": pyarrow.float32(),
    "Float64": pyarrow.float64(),
    "Bool": pyarrow.bool_(),
    **{f"Int{bits}": getattr(pyarrow, f"int{bits}")() for bits in (8, 16, 32, 64)},
    **{f"UInt{bits}": getattr(pyarrow, f"uint{bits}")() for bits in (8, 16, 32, 64)},
}


def arrow_type(spec: str) -> Any:
    """The Arrow type of a ClickHouse type such as `Nullable(Float64)`; None where pyarrow should find one itself."""
    if wrapped := _WRAPPED.fullmatch(spec):
        return arrow_type(wrapped[1])
    if array := _ARRAY.fullmatch(spec):
        inner = arrow_type(array[1])
        return None if inner is None else pyarrow.list_(inner)
    if spec == "DateTime" or spec.startswith("DateTime("):
        return pyarrow.timestamp("s", tz="UTC")
    if spec.startswith("DateTime64("):
        return pyarrow.timestamp("us", tz="UTC")
    if spec.startswith(("Enum8(", "Enum16(", "FixedString(")):
        return pyarrow.string()
    return _PLAIN.get(spec)


def arrow_value(value: Any) -> Any:
    """`value`, as text where Arrow has no type for it."""
    if isinstance(value, UUID | IPv4Address | IPv6Address):
        return str(value)
    return [arrow_value(each) for each in value] if isinstance(value, list) else value
