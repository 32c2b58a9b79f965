"""How often the society that a text's words name is the one that it speaks for.

    python -m benchmarks.society_of

Of passages of the sample corpus with a country: precision (of those given a society) and the share that is given one,
by genre. The country is that of the public whose voice a passage simulates, which its words need not name: a low
share is right, a low precision is not.
"""

from __future__ import annotations

from collections import Counter

from classify.corpus import load_corpus
from ingest.document import UNKNOWN_SOCIETY
from ingest.society_of import society_of


def counted() -> dict[str, Counter[str]]:
    """By genre: right, wrong, unknown."""
    found: dict[str, Counter[str]] = {}
    for one in load_corpus():
        if one.country == UNKNOWN_SOCIETY:
            continue
        said = society_of("", one.text)
        word = "unknown" if said == UNKNOWN_SOCIETY else "right" if said == one.country else "wrong"
        found.setdefault(one.genre, Counter())[word] += 1
    return found


def main() -> None:
    """Print the figures."""
    for genre, counts in sorted(counted().items()):
        given = counts["right"] + counts["wrong"]
        print(
            f"{genre}: precision {counts['right'] / max(given, 1):.3f} of {given},"
            f" {given / counts.total():.1%} of {counts.total():,} given one"
        )


if __name__ == "__main__":
    main()
