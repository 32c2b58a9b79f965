"""Keys that stand for authors: the same author has the same key within a month, and nobody can read who it is.

    secret --HMAC-SHA-256 of "2026-11"--> key of the month --BLAKE2b keyed, of the name--> 16 hex digits

The key changes with the month of publication, so that nobody's posts can be followed for longer than one. Whoever
holds the secret could try names: keep it as you keep a password; with another secret every key is another one.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from datetime import datetime


def author_key(secret: bytes, name: str, published_at: datetime) -> str:
    """16 hex digits for an author's name (or address) as a source gives it; empty for an empty name.

    Case, spacing and Unicode form do not matter, nor does a leading `@`. Raises ValueError without a secret: a hash
    that anybody can compute hides nothing.
    """
    if not secret:
        raise ValueError("author keys need a secret; set BAROMETER_AUTHOR_SECRET")
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split()).lstrip("@")
    if not plain:
        return ""
    month = hmac.new(secret, f"{published_at:%Y-%m}".encode(), hashlib.sha256).digest()
    said = plain.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=8, key=month).hexdigest()
