"""What to call societies: names by code, as a file gives them and as people are told them.

    DE = "Germany"
    XB = "Brennmark"

A name is other people's text like any other: here it is made harmless and cut, and a page still escapes it. A code
without a name stays a code. Commands, queries and the identity of what machines are sent keep the code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from alerts.fall_sentences import NAME, NAMELESS
from alerts.harmless_text import harmless_line
from ingest.iso_3166 import society_fault

_EXAMPLE = 'a line reads AT = "Austria"'


class SocietyNamesRefused(ValueError):
    """A list of names cannot be used; one sentence names the file, the line or the code, and the remedy."""


def read_society_names(text: str, *, name: str) -> dict[str, str]:
    """Names by code of a TOML text; `name` is what errors call the file. None at all is no error.

    Raises SocietyNamesRefused at the first thing that is wrong: what is not TOML, a key that is no society (its name
    would never be shown), and a name that is no text or of which nothing can be seen.
    """
    try:
        entries = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SocietyNamesRefused(f"{name} is not TOML: {error}; {_EXAMPLE}.") from error
    for code, called in entries.items():
        if fault := society_fault(code):
            raise SocietyNamesRefused(f"{name}: {code!r} {fault}; {_EXAMPLE}.")
        if not isinstance(called, str) or not harmless_line(called, NAME):
            raise SocietyNamesRefused(f"{name}: {code} has no name in quotes; {_EXAMPLE}.")
    return {code: harmless_line(called, NAME) for code, called in entries.items()}


def name_of(society: str, names: Mapping[str, str]) -> str:
    """`Germany`, or the code where there is no name; harmless."""
    return harmless_line(names.get(society, ""), NAME) or harmless_line(society, NAME) or NAMELESS


def name_and_code(society: str, names: Mapping[str, str]) -> str:
    """`Germany (DE)`, or the code alone where there is no name; harmless."""
    code = harmless_line(society, NAME) or NAMELESS
    name = name_of(society, names)
    return code if name == code else f"{name} ({code})"
