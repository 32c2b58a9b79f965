"""Languages as GDELT names them, three letters or an English name, to BCP 47."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from ingest.document import UNKNOWN_LANGUAGE

_THREE_LETTERS = re.compile(r"[a-z]{3}")
_TWO_LETTERS = re.compile(r"[a-z]{2}")

# Serbo-Croatian has no tag of its own in CLDR, only `Serbian in Latin letters`.
_MEANT = {"hbs": "sh", "scr": "hr", "scc": "sr"}

# Names that GDELT writes and CLDR does not.
_OTHER_NAMES = {
    "farsi": "fa", "flemish": "nl", "norwegiannynorsk": "nn", "norwegianbokmal": "nb",
    "panjabi": "pa", "sinhalese": "si", "tagalog": "tl", "chineset": "zh-Hant", "burmese": "my",
}  # fmt: skip


def language_of_code(code: str) -> str:
    """BCP 47 tag of an ISO 639-2 or 639-3 code (`srclc:` of the GKG), in the shortest form; `und` for what is none."""
    from babel.core import get_global

    code = code.strip().lower()
    if _TWO_LETTERS.fullmatch(code):
        return code
    if not _THREE_LETTERS.fullmatch(code):
        return UNKNOWN_LANGUAGE
    found = _MEANT.get(code) or str(get_global("language_aliases").get(code, code))
    return found.replace("_", "-")


def language_of_name(name: str) -> str:
    """BCP 47 tag of a language's English name (`language` of the DOC API); `und` when nothing is known by it."""
    folded = "".join(name[:100].casefold().split())
    return _OTHER_NAMES.get(folded) or _names().get(folded, UNKNOWN_LANGUAGE)


@cache
def _names() -> Mapping[str, str]:
    from babel import Locale

    return {
        "".join(name.casefold().split()): code.replace("_", "-")
        for code, name in Locale("en").languages.items()
    }
