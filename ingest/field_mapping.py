"""How the fields of a foreign file become ours: other names for some, one value for all rows for others."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

FIELDS = (
    "source_id",
    "doc_id",
    "url",
    "title",
    "text",
    "lang",
    "published_at",
    "fetched_at",
    "author_key",
    "outlet",
    "society",
    "kind",
)
"""The fields of an import row; docs/import.md says what each one is."""


class ImportRefused(ValueError):
    """A whole file cannot be imported; one sentence says which and what to do."""


class FieldMapping(msgspec.Struct, frozen=True):
    """`fields`: our name -> the name in the file. `set`: our name -> the value for every row."""

    fields: Mapping[str, str] = {}
    set: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        for name in (*self.fields, *self.set):
            if name not in FIELDS:
                raise ImportRefused(f"{name!r} is not a field{_known(name)}")
        for value in (*self.fields.values(), *self.set.values()):
            if not value.isprintable():
                raise ImportRefused(f"{value!r} contains characters that cannot be printed")
        both = sorted(self.fields.keys() & self.set.keys())
        if both:
            raise ImportRefused(f"{both[0]!r} is both mapped to a field and set to a value")

    def name_of(self, ours: str) -> str:
        """What the file calls our field."""
        return self.fields.get(ours, ours)

    def apply(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Our fields of a row: the constants, and what the file has under the mapped names."""
        found = {ours: values.get(self.name_of(ours)) for ours in FIELDS}
        return {ours: value for ours, value in found.items() if value is not None} | dict(self.set)


def mapping_from_pairs(fields: Iterable[str] = (), constants: Iterable[str] = ()) -> FieldMapping:
    """From command-line pairs: `doc_id=id` for a field, `lang=en` for a constant.

    Raises ImportRefused for a pair without `=`, an unknown field, or a field named twice.
    """
    return FieldMapping(_pairs(fields, "--field"), _pairs(constants, "--set"))


def parse_field_mapping(toml_text: str, name: str) -> FieldMapping:
    """From the text of a TOML file called `name`, with the tables [fields] and [set].

    Raises ImportRefused with the file's name for anything else in it.
    """
    try:
        tables = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise ImportRefused(f"{name} is not TOML: {error}") from error
    for key, table in tables.items():
        if key not in ("fields", "set") or not isinstance(table, dict):
            raise ImportRefused(f"{name}: {key!r} has no place here; there are [fields] and [set]")
        for ours, value in table.items():
            if not isinstance(value, str):
                raise ImportRefused(f"{name}: [{key}] {ours} is not text in quotes")
    try:
        return FieldMapping(tables.get("fields", {}), tables.get("set", {}))
    except ImportRefused as error:
        raise ImportRefused(f"{name}: {error}") from error


def _pairs(pairs: Iterable[str], option: str) -> dict[str, str]:
    mapped: dict[str, str] = {}
    for pair in pairs:
        ours, equals, value = pair.partition("=")
        ours = ours.strip()
        if not equals or not ours or not value:
            raise ImportRefused(f"{option} {pair!r} is not of the form NAME=VALUE")
        if ours in mapped:
            raise ImportRefused(f"{option} names {ours!r} twice")
        mapped[ours] = value
    return mapped


def _known(name: str) -> str:
    near = difflib.get_close_matches(name, FIELDS, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"{hint}; the fields are {', '.join(FIELDS)}"
