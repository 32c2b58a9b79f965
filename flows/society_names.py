"""What societies are called: the file that BAROMETER_SOCIETY_NAMES names, over the names of countries in English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from alerts.society_names import SocietyNamesRefused, read_society_names
from flows.mistake import Mistake
from flows.settings import Settings
from ingest.iso_3166 import is_users_own

KOSOVO = "XK"
"""Of the codes that are left to users, the one that is in wide use."""


def load_society_names(settings: Settings) -> Mapping[str, str]:
    """Names by code. Raises Mistake for a file that cannot be read or used."""
    path = settings.society_names
    if path is None:
        return default_society_names()
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise Mistake(
            f"Cannot read {path} that BAROMETER_SOCIETY_NAMES names: {error.strerror}; "
            "correct the name or unset BAROMETER_SOCIETY_NAMES."
        ) from error
    except UnicodeDecodeError as error:
        raise Mistake(
            f"{path} that BAROMETER_SOCIETY_NAMES names is not UTF-8 (byte {error.start + 1}); save it as UTF-8."
        ) from error
    try:
        return {**default_society_names(), **read_society_names(text, name=str(path))}
    except SocietyNamesRefused as error:
        raise Mistake(str(error)) from error


@lru_cache(maxsize=1)
def default_society_names() -> Mapping[str, str]:
    """Names of territories in English (Unicode CLDR), by their codes of two letters.

    A code that ISO 3166-1 leaves to users has none, but Kosovo's: CLDR calls XA and XB Pseudo-Accents and
    Pseudo-Bidi, which are languages for testing and nobody's society.
    """
    from babel import Locale  # a twentieth of a second, and not every command shows a name

    return MappingProxyType(
        {
            code: name
            for code, name in Locale("en").territories.items()
            if len(code) == 2 and (code == KOSOVO or not is_users_own(code))
        }
    )
