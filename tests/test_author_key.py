"""Author keys: one per author and month, and nothing to be read from them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.author_key import author_key

NOVEMBER, DECEMBER = datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def test_an_author_has_one_key_in_a_month() -> None:
    keys = {
        author_key(b"s", name, when)
        for name in ("Ann Bo", "ann  bo ", "@ANN BO")
        for when in (NOVEMBER, datetime(2026, 11, 1, tzinfo=UTC))
    }
    assert len(keys) == 1
    assert re.fullmatch("[0-9a-f]{16}", keys.pop())


def test_another_month_secret_or_author_gives_another_key() -> None:
    keys = {
        author_key(secret, name, when)
        for secret in (b"s", b"t")
        for name in ("ann", "bo")
        for when in (NOVEMBER, DECEMBER, datetime(2027, 11, 30, tzinfo=UTC))
    }
    assert len(keys) == 12


@given(st.text(max_size=50))
def test_a_key_is_a_hash_or_nothing(name: str) -> None:
    assert re.fullmatch("[0-9a-f]{16}|", author_key(b"secret", name, NOVEMBER))


def test_nobody_has_no_key() -> None:
    assert author_key(b"s", " @ ", NOVEMBER) == ""


def test_without_a_secret_there_is_no_key() -> None:
    with pytest.raises(ValueError, match="BAROMETER_AUTHOR_SECRET"):
        author_key(b"", "ann", NOVEMBER)
