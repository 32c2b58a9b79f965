"""Bytes from the web to text: the declared charset where it is true, and what the bytes say where it is not."""

from __future__ import annotations

import codecs
import re

# Longest first: the UTF-32 mark begins with the UTF-16 one.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# "<?" without a mark, in the two-byte encodings (XML 1.0, appendix F).
_UNMARKED = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"))

_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_IN_XML = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")

# Seven-bit encodings: their bytes would pass for UTF-8.
_SEVEN_BIT = ("iso2022", "hz")
_WIDE = ("utf-16", "utf-32")
# Python codecs that are no charset of the web; some of them take quadratic time.
_REFUSED = frozenset(
    {"idna", "punycode", "utf-7", "unicode-escape", "raw-unicode-escape", "undefined"}
)
# What a declaration means on the web: gb18030 is a superset of the other two, and browsers read the
# western ones as windows-1252 (WHATWG Encoding Standard).
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "latin-1": "windows-1252",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
}


def to_text(body: bytes, content_type: str = "") -> str:
    """`body` as text. Never fails: what no charset fits is read as windows-1252, holes as U+FFFD.

    Order: byte order mark; UTF-8 if the bytes are UTF-8, whatever was declared (text in another
    charset practically never is, by accident); the charset of the Content-Type; the one in the XML
    declaration; windows-1252.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    for start, codec in _UNMARKED:
        if body.startswith(start):
            return body.decode(codec, "replace")
    wide = b"\x00" in body[:64]
    # A declared UTF-16 without a zero byte in sight is the mark of a tool that re-encoded its output.
    declared = [c for c in _declared(body, content_type) if c.startswith(_WIDE) <= wide]
    not_ascii_bytes = [c for c in declared if c.startswith((*_WIDE, *_SEVEN_BIT))]
    for codec in (*not_ascii_bytes, "utf-8", *declared):
        try:
            return body.decode(codec)
        except UnicodeError:
            continue
    return body.decode("windows-1252", "replace")


def _declared(body: bytes, content_type: str) -> list[str]:
    """Python codec names of the declared charsets, the server's first; unknown ones left out."""
    names = [m.group(1) for m in [_IN_HEADER.search(content_type)] if m]
    names += [m.group(1).decode("ascii", "replace") for m in [_IN_XML.match(body)] if m]
    codecs_found = []
    for name in names:
        try:
            found = codecs.lookup(_MEANT.get(name.lower(), name))
        except (LookupError, ValueError):
            continue
        if found.name not in _REFUSED and getattr(found, "_is_text_encoding", True):
            codecs_found.append(found.name)
    return codecs_found
