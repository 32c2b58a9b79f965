"""The settings in force, fit to be shown to anybody: for people, as JSON, and as variables for another machine."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flows.masking import holds_secret, masked
from flows.sentence import printable
from flows.settings import PREFIX, Origin, Settings

MOST_COLUMNS = 100
"""No line for people is longer, however wide the terminal is."""


class ShownSetting(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One setting. Nothing in it is a secret."""

    name: str
    variable: str
    value: Any
    """A number, a truth value or a text with its secrets masked; None where it is unset."""
    from_: str
    """default, the name of a variable, or the settings file."""
    file: str
    """That holds the value, where the variable names one."""
    secret: bool
    """Whether something of the value is hidden."""
    meaning: str


def shown_settings(settings: Settings, origins: Mapping[str, Origin]) -> list[ShownSetting]:
    """All of them, in the order of README.md's table."""
    return [
        ShownSetting(
            name=name,
            variable=f"{PREFIX}{name.upper()}",
            value=_plain(name, getattr(settings, name)),
            from_=origins[name].place,
            file=origins[name].file,
            secret=holds_secret(name, getattr(settings, name)),
            meaning=field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def as_json_text(shown: Sequence[ShownSetting]) -> str:
    """A list of objects."""
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()


def as_variables(shown: Sequence[ShownSetting]) -> list[str]:
    """A line for each setting that is set, as a shell and a file for Compose read it. What is masked is a comment:
    whoever sets it again must know the secret.
    """
    lines = []
    for one in shown:
        if one.file:
            lines.append(f"{one.variable}_FILE={shlex.quote(one.file)}")
        elif one.secret:
            lines.append(f"# {one.variable} holds a secret: set it, or {one.variable}_FILE")
        elif one.value not in (None, ""):
            lines.append(f"{one.variable}={shlex.quote(_text(one.value))}")
    return lines


def as_lines(shown: Sequence[ShownSetting], width: int) -> list[str]:
    """For a terminal of `width` characters."""
    room = max(min(width, MOST_COLUMNS), 20)
    lines = []
    for one in shown:
        value = "unset" if one.value in (None, "") else f"= {printable(_text(one.value))}"
        came = one.from_ if not one.file else f"{one.from_}, the file {one.file}"
        lines += _wrapped(f"{one.name} {value}", room, indent="")
        lines += _wrapped(f"{printable(came)}. {one.meaning}", room, indent="    ")
    return lines


def _wrapped(text: str, width: int, *, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent="    ", break_on_hyphens=False
    )


def _plain(name: str, value: object) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else masked(name, value)


def _text(value: object) -> str:
    """As a variable would have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
