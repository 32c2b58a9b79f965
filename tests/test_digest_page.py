"""The digest as a page: the figures of the text, valid, inert, fit to be heard, and short enough for a mail."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from alerts.baseline import Baseline
from alerts.digest import Digest
from alerts.digest_page import MAIL_BYTES, digest_mail, digest_page
from alerts.digest_text import digest_message, digest_title, render_text
from alerts.message import signed
from alerts.net_support_change import SupportChange
from alerts.point import StanceCount
from tests.pages import (
    FORMULA,
    HOSTILE,
    active_content,
    elements,
    hearing_faults,
    text_of,
    unseen_characters,
)
from tests.test_digest import NOW, example, full_example, incident


def page_of(digest: Digest) -> str:
    return digest_page(digest, title=digest_title(digest))


def read(page: str) -> str:
    """What is read, with the text's hyphens."""
    return text_of(page).replace("\N{MINUS SIGN}", "-")


def test_the_page_is_valid_and_can_be_heard() -> None:
    digests = (full_example(), full_example(simulated=True), example(counts={}, incidents=[]))
    for digest in digests:
        page = page_of(digest)
        assert hearing_faults(page) == []
        assert active_content(page) == []
        assert "prefers-color-scheme: dark" in page


def test_every_society_has_a_heading_and_stands_in_the_order_of_its_code() -> None:
    page = page_of(full_example())
    headings = ["".join(e.itertext()).strip() for e in elements(page) if e.tag == "h2"]
    assert headings == [
        "Alder (XA)",
        "Birch (XB)",
        "Incidents",
        "Seen and not alerted",
        "What was read",
        "How this was measured",
    ]


def test_the_figures_are_the_record_s() -> None:
    digest = full_example()
    text = read(page_of(digest))
    for series in digest.series:
        point, change, baseline, parts = series.week, series.change, series.baseline, series.parts
        assert point.net_support is not None
        assert point.lower is not None
        assert point.upper is not None
        assert change is not None
        assert isinstance(baseline, Baseline)
        assert parts is not None
        assert isinstance(parts.within, SupportChange)
        row = (
            f"n {point.n:,}, n_eff {point.n_eff:,.0f} {signed(point.net_support)} "
            f"{signed(point.lower)} to {signed(point.upper)} {_with_interval(change)} {_with_interval(baseline.change)}"
        )
        assert row in text
        made_of = f"{_with_interval(parts.within)} {signed(parts.mix)} {signed(parts.entry_exit)}"
        assert made_of in text
    for n in digest.ledger.values():
        assert f"{n:,}" in text


def _with_interval(change: SupportChange) -> str:
    return f"{signed(change.change)} {signed(change.lower)} to {signed(change.upper)}"


def test_text_and_page_say_the_same() -> None:
    digest = full_example()
    text, page = " ".join(render_text(digest).split()), read(page_of(digest))
    for said in (
        "larger than chance alone explains in Alder regular",
        "What the same outlets wrote changed in Alder regular.",
        "of 200 relevant documents treat regular and irregular migration as one thing",
        "There is no figure of conflation: fewer than 10 relevant documents or authors.",
        "is not distinguishable from zero.",
        "“Close the door.”",
        "Birch regular: fell from +12 to -15 (-27, 95 % interval -38 to -16) since",
        "shock: Birch regular, 2026-02-12. An unusual day.",
        "0 % of the rows are in languages that the model does not read",
        "1 of 2 sources answered at last.",
        "b failed 1 of 1 times: HTTP 503",
        "Corrected with the matrix of known mistakes: regular (600 labelled documents).",
        "Baseline: the documents of the 8 weeks before taken together; 5 of them have documents.",
        "the change is larger than chance explains, and so is what the same outlets wrote.",
        "Net support is the share of documents that support the target",
        "crime and security",
        "12 %",
        "27 %",
    ):
        assert said in text
        assert said in page


@pytest.mark.parametrize("bad", [HOSTILE, FORMULA, "\u202e" * 400, "x" * 3000, "a\nb " * 300])
def test_nothing_from_outside_acts(bad: str) -> None:
    hostile = incident(date(2026, 2, 12), target=bad)
    page = page_of(full_example(bad, incidents=[hostile]))
    assert active_content(page) == []
    assert hearing_faults(page) == []
    assert unseen_characters(page) == []
    page.encode("utf-8")
    cells = ["".join(e.itertext()) for e in elements(page) if e.tag in ("td", "th")]
    assert not any(cell.startswith(("=", "@")) for cell in cells)


def test_names_of_societies_and_targets_may_be_anything() -> None:
    week = [StanceCount(outlet=k, support=20, neutral=5, oppose=10) for k in "abc"]
    counts = {(HOSTILE, HOSTILE): {date(2026, 2, day): week for day in (4, 11)}}
    message = digest_message(example(counts=counts, society_names={HOSTILE: HOSTILE}))
    assert active_content(message.html) == []
    assert hearing_faults(message.html) == []
    assert unseen_characters(message.html + message.body) == []


def test_the_message_carries_the_page() -> None:
    digest = full_example()
    message = digest_message(digest)
    assert message.html == page_of(digest)
    assert message.title in message.html


def test_a_mail_of_many_societies_tells_first_of_those_where_something_happened() -> None:
    digest = _of_many_societies()
    mail, page = digest_mail(digest, title="t"), page_of(digest)
    assert len(mail.encode()) <= MAIL_BYTES < len(page.encode())
    headings = [e.text for e in elements(mail) if e.tag == "bdi"]
    assert "X05" in headings  # its support fell
    left_out = re.search(r"(\d+) more societies are in the text of this digest", text_of(mail))
    assert left_out is not None
    shown = len({name for name in headings if name and re.fullmatch(r"X\d\d", name)})
    assert int(left_out[1]) + shown == 60
    assert hearing_faults(mail) == []
    assert all(f"X{n:02} regular" in render_text(digest) for n in range(60))


def test_a_mail_stays_short_though_something_happened_everywhere() -> None:
    mail = digest_mail(_of_many_societies(all_fall=True), title="t")
    assert len(mail.encode()) <= MAIL_BYTES
    assert "more societies are in the text" in text_of(mail)


def _of_many_societies(*, all_fall: bool = False) -> Digest:
    def week(support: int) -> list[StanceCount]:
        return [
            StanceCount(outlet=k, support=support, neutral=20, oppose=80 - support)
            for k in "abcdef"
        ]

    counts = {
        (f"X{n:02}", target): {
            date(2026, 2, 11) - timedelta(weeks=back): week(
                10 if back == 0 and (all_fall or n == 5) else 40
            )
            for back in range(9)
        }
        for n in range(60)
        for target in ("regular", "asylum")
    }
    return example(counts=counts, incidents=[], now=NOW)
