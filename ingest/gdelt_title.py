"""The title of a page as GDELT gives it: text with entities, and now and then a tag."""

from __future__ import annotations

import html
import re

from ingest.document import clean

_LONGEST = 4_000
"""Characters that are looked at: twice what a title may have, and fewer digits than Python takes in a number."""

_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")


def title_text(written: str) -> str:
    """`written` as people see it, on one line.

    Not by ingest/plain_text.py, whose parser takes a hundred times as long: a bulk file has some thousand
    titles, and a hostile one would make them of angle brackets alone.
    """
    text = html.unescape(_TAG.sub(" ", written[:_LONGEST]))
    # Half a surrogate pair, which JSON can spell, is no character.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(clean(whole).split())
