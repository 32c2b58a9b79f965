"""`--week`, as several commands take it."""

from __future__ import annotations

from flows.mistake import Mistake


def checked_week(week: str) -> str:
    """The week as it is written. Raises Mistake for what is none, or has no documents ever."""
    from alerts.week import days_of_week
    from ingest.document import EARLIEST

    try:
        monday, _ = days_of_week(week)
    except ValueError as error:
        raise Mistake(str(error)) from error
    if not EARLIEST.year <= monday.year < 2105:
        raise Mistake(f"{week} has no documents: they are of the years from 2000 to 2105.")
    return week


def checked_society(code: str) -> str:
    """A society's code as it is stored; empty for all. Raises Mistake."""
    import re

    known = code.lower() if code.lower() == "unknown" else code.upper()
    if known and known != "unknown" and not re.fullmatch("[A-Z]{2}", known):
        raise Mistake(f"{code[:40]!r} is not an ISO 3166-1 alpha-2 code, like GB, or unknown.")
    return known
