"""The board's pages: correct HTML that loads and runs nothing, with links that lead somewhere."""

from __future__ import annotations

import base64
import re
from hashlib import sha256

import msgspec
import pytest

from alerts.board_files import WRITTEN, incident_file
from alerts.board_pages import render
from alerts.board_room import MAX_BYTES
from tests.board_page import elements, ids, link_target, name_of, parsed
from tests.sample_pages import EVERY, PATHS, Pages, board, html, pages


@pytest.fixture(params=list(EVERY))
def some(request: pytest.FixtureRequest) -> Pages:
    """The pages of a board, of one without anything, and of one full of harm."""
    made: Pages = EVERY[request.param]()
    return made


def test_the_board_is_one_page_for_everything_it_has() -> None:
    assert set(PATHS) == {
        "index.html",
        "coverage.html",
        "digests.html",
        *(f"society/{code}.html" for code in ("XA", "XB", "XC")),
        *(incident_file(one.incident.id) for one in board().incidents),
        *(f"digest/{one.week}.html" for one in board().digests),
    }
    assert incident_file("XB-regular-2026-05-29") == "incident/XB-regular-2026-05-29.html"


def test_every_page_is_correct_html(some: Pages) -> None:
    for path in html(some):
        root = parsed(some[path])
        assert root.get("lang") == "en"


def test_every_page_is_whole_and_asks_for_nothing(some: Pages) -> None:
    for path in html(some):
        page = some[path]
        names = {name_of(element) for element in elements(page)}
        assert not names & {"script", "iframe", "object", "embed", "form", "img", "image", "base"}
        assert not names & {"use", "foreignObject", "animate", "set", "audio", "video", "template"}
        for element in elements(page):
            for attribute, value in element.attrib.items():
                plain = attribute.rpartition("}")[2].lower()
                assert not plain.startswith("on"), (path, attribute)
                assert plain not in (
                    "style",
                    "srcset",
                    "action",
                    "formaction",
                    "ping",
                    "background",
                )
                if plain in ("src", "data", "poster", "xlink:href"):
                    pytest.fail(f"{path} loads {value}")
        for link in elements(page, "link"):
            assert link.get("rel") == "icon"
            assert link.get("href", "").startswith("data:image/svg+xml,")
        assert b"url(" not in page and b"@import" not in page


def test_a_policy_allows_nothing_but_the_page_s_own_style(some: Pages) -> None:
    for path in html(some):
        (style,) = elements(some[path], "style")
        digest = base64.b64encode(sha256((style.text or "").encode()).digest()).decode()
        (policy,) = [
            meta.get("content")
            for meta in elements(some[path], "meta")
            if meta.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; "
            "base-uri 'none'; form-action 'none'"
        )


def test_every_link_leads_somewhere(some: Pages) -> None:
    for path in html(some):
        for link in elements(some[path], "a"):
            href = link.get("href", "")
            if re.match(r"https?://", href):
                assert set(link.get("rel", "").split()) == {"noopener", "noreferrer", "nofollow"}
                assert path.startswith(("incident/", "digest/", "society/"))
                continue
            place, fragment = link_target(path, href)
            assert place in some, f"{path} leads to {href}"
            if fragment:
                assert fragment in ids(some[place]), f"{path} leads to {href}"


def test_every_file_has_a_name_that_stays_in_its_folder(some: Pages) -> None:
    for path in some:
        assert WRITTEN.fullmatch(path), path


def test_no_page_is_larger_than_it_may_be(some: Pages) -> None:
    for path in html(some):
        assert len(some[path]) <= MAX_BYTES, path


def test_what_stands_on_a_page_does_not_hang_on_the_order_of_the_record() -> None:
    turned = msgspec.structs.replace(
        board(),
        societies=tuple(reversed(board().societies)),
        digests=tuple(reversed(board().digests)),
    )
    assert render(turned) == pages()


def test_a_board_needs_to_know_the_time() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        msgspec.structs.replace(board(), now=board().now.replace(tzinfo=None))
