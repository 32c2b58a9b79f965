"""References in XML to characters that do not exist: one of them would cost the whole file."""

from __future__ import annotations

import re

_CHARACTER = re.compile(r"&#(?:([0-9]{1,20})|[xX]([0-9a-fA-F]{1,20}));?")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,20}|#[xX][0-9a-fA-F]{1,20});)")


def mend_references(text: str) -> str:
    """`text` with U+FFFD for every reference to a character that XML does not know."""

    def mended(match: re.Match[str]) -> str:
        code = int(match.group(1)) if match.group(1) else int(match.group(2), 16)
        exists = code in (9, 10, 13) or (32 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF)
        return match.group() if exists and code not in (0xFFFE, 0xFFFF) else "\ufffd"

    return _CHARACTER.sub(mended, text)


def mend_ampersands(text: str) -> str:
    """`text` with &amp; for every & that begins no reference of XML itself, as in addresses and in &nbsp;."""
    return _BARE.sub("&amp;", text)
