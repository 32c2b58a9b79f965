"""Who speaks in a document, as a mark of two bytes: enough to ask whether ten different ones spoke, and no more.

    an author key                          the author, in the month of that key
    none, and edited (news, official)      the document: an editor answers for it, no single person does
    none, and a person's (social, forum)   the outlet: nobody can say how many people its posts are of

    mark:  ............  the first 12 bits of a hash   ....  0, or which month of fifteen the key is of

Twelve bits are few on purpose. Two contributors that share a mark count as one, so that a figure is withheld too often and
never too seldom; and in any crowd several people share one.
"""

from __future__ import annotations

import hashlib
from datetime import date

from ingest.document import Document, Kind

EDITED = (Kind.NEWS, Kind.OFFICIAL)
"""Kinds whose texts an editor or an office answers for."""

MONTHS = 15
"""Author keys change by the month (ingest/author_key.py), so that one author has several marks in a longer period. Months
that are less than fifteen apart are told apart, and in each the authors are counted by themselves.
"""

_HASH, _CLASS = 0xFFF0, 0x000F


def contributor_mark(document: Document) -> int:
    """The mark of whoever speaks in the document, 0 to 65,535."""
    if document.author_key:
        return _mark(document.author_key) | month_class(document.day)
    return _mark(document.id) if document.kind in EDITED else outlet_mark(document.outlet)


def outlet_mark(outlet: str) -> int:
    """The mark of an outlet: of whoever speaks there, when it is not known or must not be known any more."""
    return _mark(outlet)


def month_class(day: date) -> int:
    """1 to MONTHS: what the marks of authors of this month end in."""
    return 1 + (12 * day.year + day.month) % MONTHS


def class_of(mark: int) -> int:
    """What a mark ends in: 0 for documents and outlets, else the class of an author's month."""
    return mark & _CLASS


def _mark(text: str) -> int:
    """As storage/migrations/0009_k_floor.sql makes it of rows that were stored before there were marks."""
    digest = hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:2], "little") & _HASH
