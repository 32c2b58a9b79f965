"""Whether a classifier can judge a language."""

from __future__ import annotations

from collections.abc import Set

from ingest.document import UNKNOWN_LANGUAGE


def supported(tag: str, languages: Set[str]) -> bool:
    """Whether the BCP 47 `tag` is one of `languages` (primary subtags; none named means any).

    `und` and an empty tag get the benefit of the doubt: many feeds do not say.
    """
    primary = tag.split("-", 1)[0].lower()
    return not languages or primary in ("", UNKNOWN_LANGUAGE) or primary in languages
