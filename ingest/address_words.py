"""The words of an address: what a page may be about, before anybody has read it."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from ingest.document import clean

_FEWEST = 3
"""Words that make a title; fewer are names of sections."""


def words_of_address(url: str) -> str:
    """`…/2026/11/council-backs-visas-4711.html` as `council backs visas`; empty where an address has no such words."""
    for part in reversed(urlsplit(url).path.split("/")):
        words = re.split(r"[-_+\s]+", unquote(part).rpartition(".")[0] or unquote(part))
        words = [word for word in words if word.isalpha()]
        if len(words) >= _FEWEST:
            return clean(" ".join(words))
    return ""
