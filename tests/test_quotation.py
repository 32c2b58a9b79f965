"""Quotations are found again in everything that was told, and taken out alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.alert_text import write_alert
from alerts.digest import build_digest
from alerts.digest_page import digest_page
from alerts.digest_text import digest_message
from alerts.excerpt import Excerpt, shown_sentence
from alerts.message import Message
from alerts.point import StanceCount
from alerts.quotation import (
    MARK,
    REMOVED,
    Gone,
    Quotation,
    facts_without,
    is_said_in,
    page_without,
    plain_words,
    text_without,
)
from alerts.week import days_of_week
from classify.stance import Stance
from tests.told import fall

MONDAY, _ = days_of_week("2026-W47")
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)

GONE = Excerpt(
    outlet="Harbour Times (weekly)",
    day=MONDAY,
    url="https://harbour.example/2026/11/" + "very-long-" * 9 + "address",
    stance=Stance.OPPOSE,
    sentence="Close the well-known work visa scheme (2026) “now”, too many newcomers push our wages down, "
    "and the council has said nothing of it for more than eleven months.",
)
KEPT = Excerpt(
    outlet="Courier",
    day=MONDAY + timedelta(days=1),
    url="https://courier.example/1",
    stance=Stance.SUPPORT,
    sentence="Seasonal workers are welcome here & the farms need them.",
)


def by_address(quotation: Quotation) -> bool:
    return quotation.link == GONE.url


def by_words(quotation: Quotation) -> bool:
    return quotation.day == MONDAY and is_said_in(
        quotation.said, plain_words(f"It was loud. {GONE.sentence} They left.")
    )


def by_day(quotation: Quotation) -> bool:
    return quotation.day == MONDAY


def digest() -> tuple[Message, str]:
    counts = {
        ("XA", "regular"): {MONDAY: [StanceCount(outlet="Courier", support=5, neutral=1, oppose=9)]}
    }
    made = build_digest("2026-W47", counts, now=NOW, typical={"XA": [GONE, KEPT]})
    message = digest_message(made)
    return message, digest_page(made, title=message.title)


def alert() -> Message:
    return write_alert([fall(excerpts=(GONE, KEPT))], now=NOW)


@pytest.mark.parametrize("gone", [by_address, by_words, by_day])
def test_one_quotation_goes_from_texts_and_pages_and_the_rest_stays(gone: Gone) -> None:
    (message, page), told = digest(), alert()
    for text in (message.body, told.body):
        after = text_without(text, gone)
        assert after.count(REMOVED) == 1
        assert after.count(MARK) == 1
        assert GONE.url not in after and "newcomers" not in after
        assert KEPT.url in after and "seasonal workers" in after.casefold()
        # All else is as it was, line by line.
        left = [line for line in after.splitlines() if REMOVED not in line]
        assert set(left) < set(text.splitlines())
        assert text_without(after, gone) == after
    for html in (message.html, page, told.html):
        after = page_without(html, gone)
        assert after.count(REMOVED) == 1
        assert GONE.url not in after and "newcomers" not in after
        assert after.count("<blockquote") == html.count("<blockquote")
        assert len(html) - len(after) < 2_000
        assert KEPT.url in after


def test_the_facts_behind_an_alert_lose_the_excerpt() -> None:
    ((after),) = facts_without([fall(excerpts=(GONE, KEPT))], by_address)
    assert after.excerpts == (KEPT,)


def test_what_is_shown_of_a_sentence_is_found_in_it_however_it_was_cut() -> None:
    long = " ".join(f"word{n} of many" for n in range(80))
    assert is_said_in(shown_sentence(long), plain_words(f"Before. {long} After."))
    assert is_said_in("Close it now", plain_words("They shout: CLOSE  it\nnow!"))
    assert not is_said_in("Close it now", plain_words("Close it then, now or never"))
    assert not is_said_in(KEPT.sentence, plain_words(GONE.sentence))
    assert not is_said_in("…", plain_words("anything"))


def test_a_text_without_quotations_is_left_alone() -> None:
    text = "against: nothing\n  for: “half\nClose it “now”.\n"
    assert text_without(text, lambda quotation: quotation.day is not None) == text
