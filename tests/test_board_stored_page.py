"""The stored page of a digest on the board: all that it says, nothing that it brings, in the board's own style."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache

import msgspec
import pytest

from alerts.board import DigestView
from alerts.board_pages import render
from alerts.board_room import MAX_BYTES
from alerts.board_stored_page import stored_page
from alerts.digest_page import digest_page
from alerts.week import week_of
from tests import pages as mail
from tests.board_page import classes, elements, name_of, text_of, visible_text
from tests.hostile_text import HOSTILE
from tests.sample_board import DIGEST, digest_html, sample_board
from tests.test_digest import full_example

NAMES = {"script", "iframe", "img", "form", "input", "style", "link", "meta", "object", "div"}


@cache
def board_page(html: str, text: str = DIGEST) -> bytes:
    """The page of the board of a digest that was stored with `html`."""
    board = sample_board((), days=30)
    digest = DigestView(week="2026-W07", title="Week 7", text=text, html=html, written_at=board.now)
    return render(msgspec.structs.replace(board, digests=(digest,)))["digest/2026-W07.html"]


def body(page: bytes) -> str:
    """What the page has of the digest itself."""
    (found,) = [each for each in elements(page, "div") if "digest" in classes(each)]
    return text_of(found)


def words(text: str) -> list[str]:
    return text.replace("\N{NO-BREAK SPACE}", " ").split()


def test_all_that_the_stored_page_says_is_on_the_board() -> None:
    stored = digest_page(full_example(simulated=True), title="A title")
    # tables of a mail stand below their heading and have no other name
    named = re.compile(r'<caption class="hidden">.*?</caption>')
    shown = named.sub("", str(stored_page(stored)))
    title = "Attitudes toward migration"
    assert title in mail.text_of(stored)
    said = mail.text_of(stored).replace(title, "", 1)
    assert "".join(words(mail.text_of(f"<!DOCTYPE html><title>t</title>{shown}"))) == "".join(
        words(said)
    )


def test_what_it_brings_beside_its_words_is_not_taken_over() -> None:
    page = board_page(digest_page(full_example(), title="A title"))
    for element in elements(page):
        assert not {"style", "width", "align", "role"} & element.attrib.keys() or (
            element.get("role") in ("region", "note") or name_of(element) in ("rect", "svg")
        )
    (link,) = [each for each in elements(page, "a") if "herald" in each.get("href", "")]
    assert set(link.get("rel", "").split()) == {"noopener", "noreferrer", "nofollow"}


def test_a_scale_keeps_its_place() -> None:
    stored = digest_page(full_example(), title="A title")
    row = re.search(r'<tr><td class="(?:track|span)" style.*?</tr>', stored)
    assert row is not None
    widths = re.findall(r'<td class="(\w+)" style="width:([\d.]+)%', row.group())
    ends, x = {}, 0.0
    for kind, width in widths:
        ends[kind] = x = x + float(width)
    scale = next(e for e in elements(board_page(stored), "svg") if "scale" in classes(e))
    drawn = {
        each.get("class", ""): float(each.get("x", "0%")[:-1]) + float(each.get("width", "")[:-1])
        for each in scale
    }
    assert drawn["mark"] == pytest.approx(ends["mark"], abs=0.1)
    assert drawn["span"] == pytest.approx(ends["span"], abs=0.1)


@pytest.mark.parametrize("name", HOSTILE)
def test_harm_in_a_digest_is_text_on_the_board(name: str) -> None:
    stored = digest_page(full_example(HOSTILE[name]), title=HOSTILE[name])
    parsed = board_page(stored)
    assert "What was read" in visible_text(parsed)
    outside = {e.get("href", "") for e in elements(parsed, "a") if ":" in e.get("href", "")}
    assert outside == {"https://herald.example/a"}
    if name == "script":
        assert body(parsed).count("<script>alert(1)</script>") > 5


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script><style>*{display:none}</style><p>it stays</p>",
        '<p onclick="x()" style="position:fixed" id="main">it stays</p>',
        '<iframe src="https://evil.example"></iframe><form action="/x"><input></form><p>it stays</p>',
        '<p>it stays</p><a href="javascript:alert(1)">a</a><a href="https://a@evil.example/">b</a>',
        '<p>it stays</p><a href="/relative">a</a><img src="https://evil.example/p.png"><base href="/">',
        "<p>it stays<svg><script>alert(1)</script></svg><math><style><img src=x onerror=alert(1)>",
        '<table><tr><td colspan="9999" scope="&quot;x">it stays<table role="presentation"><tr><td class="span" '
        'style="width:900%">hidden<table><tr><td>in it</td></tr></table></td></tr></table></table>',
        "<h1>a<table><tr><td>b</td></tr></table></h1><p>it stays</p>",
        '</div></body></html><div role="main"><p>it stays</p>',
        "<p>it stays</p><plaintext><p>rest",
        "it stays <!-- --!> <b>bold</b> <![CDATA[x]]> <?php x ?>",
    ],
)
def test_a_stored_page_that_was_tampered_with_does_nothing(html: str) -> None:
    page = board_page(f'<html><body><div role="main">{html}</div></body></html>')
    assert "it stays" in visible_text(page)
    inside = str(stored_page(f'<div role="main">{html}</div>')).lower()
    assert not re.search(r"<(script|style|iframe|img|form|input|base|math|link|meta)", inside)
    assert not re.search(r"\son\w+=|style=|javascript:|id=|evil\.example/?\"|src=", inside)


@pytest.mark.parametrize("html", ["", "<p>No digest.</p>", '<div role="main"> </div>'])
def test_without_a_stored_page_the_text_is_shown(html: str) -> None:
    page = board_page(html)
    assert [*elements(page, "pre")]
    assert "812 judgements of documents" in visible_text(page)


def test_a_page_without_room_for_the_stored_one_shows_the_text() -> None:
    one = digest_html(week_of(sample_board((), days=30).last - timedelta(weeks=1)))
    start, _, rest = one.partition("<h2")
    page = board_page(start + f"<h2{rest.rpartition('</div>')[0]}" * 60 + "</div>")
    assert len(page) <= MAX_BYTES
    assert [*elements(page, "pre")]


def test_tables_are_called_after_the_headings_above_them() -> None:
    page = board_page(digest_page(full_example(), title="A title"))
    labels = [e.get("aria-label", "") for e in elements(page) if e.get("role") == "region"]
    assert len(labels) == len(set(labels)) > 3
    assert "Table: Alder (XA): Topics that moved" in labels
    for cell in elements(page, "th"):
        assert cell.get("scope") in ("col", "row")
