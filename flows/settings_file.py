"""The settings file: TOML with a line for each setting, and no secret in it."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from flows.masking import holds_secret


class SettingsFileRefused(ValueError):
    """The file cannot be used; the text names it and the remedy."""


def values_in(path: Path, *, known: Collection[str], prefix: str, remedy: str) -> dict[str, Any]:
    """What the file sets, by name. `remedy` ends the sentence about one that cannot be read; `prefix` is that of
    variables. Raises SettingsFileRefused, which never quotes a value.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise SettingsFileRefused(
            f"The settings file {path} cannot be read ({error.strerror}); {remedy}."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsFileRefused(
            f"The settings file {path} is not UTF-8 (byte {error.start + 1}); {remedy}."
        ) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsFileRefused(
            f'The settings file {path} is not TOML: {error}; a line reads name = "value".'
        ) from None
    for name, value in values.items():
        if name not in known:
            raise SettingsFileRefused(
                f"The settings file {path} sets {name!r}, which is no setting{hint(name, known)}"
            )
        if holds_secret(name, value):
            variable = f"{prefix}{name.upper()}"
            raise SettingsFileRefused(
                f"{name} in {path} holds a secret, and a settings file is copied and shown; set {variable},"
                f" or {variable}_FILE to the name of a file that holds it."
            )
    return values


def hint(name: str, known: Collection[str], prefix: str = "") -> str:
    """How a sentence on a name that is no setting ends: with the one that was probably meant."""
    # 0.7: a name of three letters must not be taken for any longer one that it lies in
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    if not near:
        return "; README.md lists them."
    return f"; did you mean {prefix + (near[0].upper() if prefix else near[0])}?"
