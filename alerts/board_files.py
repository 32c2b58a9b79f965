"""The board's files: a name for every page, whatever the society, target or incident is called, and the CSV behind a chart.

A name is readable where it can be (`society/AT.html`, `incident/XB-regular-2026-11-04.html`) and injective always: two things
never share a file, not even where a file system takes `AT` and `at` for the same, and no name leads out of its folder.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from alerts.harmless_text import cut

MAX_NAME = 120
"""Characters of an encoded name; a longer one is cut and gets a hash of the whole."""

MAX_CELL = 4_000
"""Characters of a cell of text."""

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a cell of text begins with that a spreadsheet may run instead of showing it (OWASP, CSV injection)."""

WRITTEN = re.compile(
    r"index\.html|coverage\.html|digests\.html|(society|incident|digest)/[A-Za-z0-9_-]{1,150}\.html"
    r"|data/[a-z]+(\.[A-Za-z0-9_-]{1,150}){0,2}\.csv"
)
"""Every path that a board can have: nothing else is ever written or removed."""

COVERAGE = "coverage.html"
"""Path of the page of all sources."""

_KEPT = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_CODE = re.compile(r"[A-Z]{2}(?![A-Za-z0-9_])")
_LIKE_A_CODE = re.compile(r"[a-z]{2}(?![A-Za-z0-9_])")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.ASCII)
_WEB = re.compile(r"https?://[!-~]{1,2000}")
_ALSO_SHOWN = "\u00a0\u200c\u200d"
"""A space that does not break, and the joiners that words of Persian and of Indic scripts need."""


def file_name(text: str) -> str:
    """`text` as part of a file's name and of a link: a-z, 0-9 and `-` stay, and so do the two capitals of a
    code at its beginning; every other byte of its UTF-8 becomes `_` and two hexadecimal digits.
    """
    head = text[:2] if _CODE.match(text) else ""
    escape_first = bool(_LIKE_A_CODE.match(text) or _RESERVED.fullmatch(text)) or text[:1] == "-"
    encoded = head + "".join(
        c if c in _KEPT and not (place == 0 and escape_first) else _escaped(c)
        for place, c in enumerate(text[len(head) :])
    )
    if len(encoded) <= MAX_NAME:
        return encoded or "_"
    whole = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{encoded[: MAX_NAME - 36].rstrip('_')}__{whole}"


def society_file(society: str) -> str:
    """Path of the page of a society."""
    return f"society/{file_name(society)}.html"


def incident_file(incident: str) -> str:
    """Path of the page of an incident, by its id."""
    return f"incident/{file_name(incident)}.html"


def digest_file(week: str) -> str:
    """Path of the page of a week."""
    return f"digest/{_upper_week(week)}.html"


def data_file(kind: str, *of: str) -> str:
    """Path of the CSV of this kind (`series`, `outlets`, …) and of a society, a series or an incident.

    `.` is never part of an encoded name, so no two sets of names meet in one file.
    """
    return f"data/{'.'.join([kind, *map(file_name, of)])}.csv"


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """RFC 4180 in UTF-8. Text that a spreadsheet would take for a formula gets a quote in front; numbers stay numbers."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in header])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8")


def clean(text: str) -> str:
    """`text` without what no page or cell can hold or show: control characters, lone surrogates, and marks that turn
    the direction of all that follows.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _ALSO_SHOWN else " " for c in text)


def web_address(url: str) -> str:
    """`url` where it is a plain http(s) address that a page may link to, else empty."""
    if not _WEB.fullmatch(url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.hostname and "@" not in parts.netloc else ""


def _escaped(character: str) -> str:
    return "".join(f"_{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


def _upper_week(week: str) -> str:
    """A week has one capital, the W, and no other form."""
    return week if re.fullmatch(r"\d{4}-W\d{2}", week, re.ASCII) else file_name(week)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        text = f"{value:.2f}"
        return "0.00" if text == "-0.00" else text
    if value is None:
        return ""
    if isinstance(value, str):
        text = clean(cut(value, MAX_CELL))
        return f"'{text}" if value.startswith(FORMULA) or text.startswith(FORMULA) else text
    return value.isoformat() if isinstance(value, date) else value
