"""Everybody can read the board: headings, landmarks, names, words beside colours, and contrast in every scheme."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.board_page import HEADINGS, classes, elements, ids, name_of, text_of
from tests.sample_pages import PATHS, pages


@pytest.mark.parametrize("path", PATHS)
def test_headings_go_down_one_by_one_and_there_is_one_first(path: str) -> None:
    levels = [int(name_of(heading)[1]) for heading in elements(pages()[path], *HEADINGS)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_its_landmarks_and_a_way_past_them(path: str) -> None:
    page = pages()[path]
    for name in ("header", "main", "footer", "nav"):
        assert [*elements(page, name)], name
    skip = next(elements(page, "a"))
    assert "skip" in classes(skip) and skip.get("href") == "#main"
    (main,) = elements(page, "main")
    assert main.get("id") == "main"
    for nav in elements(page, "nav"):
        assert nav.get("aria-label")
    (title,) = (e for e in elements(page, "title") if "xhtml" in str(e.tag))
    assert text_of(title).endswith("· Barometer")


@pytest.mark.parametrize("path", PATHS)
def test_every_picture_says_what_it_shows_or_is_passed_over(path: str) -> None:
    page = pages()[path]
    known = ids(page)
    assert len(known) == len(set(known))
    for svg in elements(page, "svg"):
        if svg.get("role") == "img":
            names = svg.get("aria-labelledby", "").split()
            assert names and set(names) <= set(known)
            assert any(name_of(child) == "title" and text_of(child) for child in svg)
        else:
            inside = "stretched" in classes(svg) or svg.get("overflow") == "visible"
            assert svg.get("aria-hidden") == "true" or inside
    for chart in (s for s in elements(page, "svg") if "plot" in classes(s) and len(s) > 10):
        (desc,) = (child for child in chart if name_of(child) == "desc")
        assert re.search(r"[+−]?\d+", text_of(desc))


@pytest.mark.parametrize("path", PATHS)
def test_every_table_has_a_caption_and_headers_with_their_scope(path: str) -> None:
    for table in elements(pages()[path], "table"):
        (caption,) = (child for child in table if name_of(child) == "caption")
        assert text_of(caption)
        for cell in table.iter():
            if name_of(cell) == "th":
                assert cell.get("scope") in ("col", "row")
                assert text_of(cell)


@pytest.mark.parametrize("path", PATHS)
def test_every_link_and_field_has_a_name(path: str) -> None:
    page = pages()[path]
    for link in elements(page, "a"):
        assert len(text_of(link)) > 1
    for label in elements(page, "label"):
        assert text_of(label)
        assert any(name_of(child) == "input" for child in label)
    for region in elements(page):
        if region.get("tabindex") == "0":
            assert region.get("role") == "region" and region.get("aria-label")


def test_severity_and_state_are_words_and_shapes_beside_their_colour() -> None:
    badges = [e for e in elements(pages()["index.html"], "span") if "badge" in classes(e)]
    assert badges
    for badge in badges:
        assert text_of(badge) in ("watch", "alert", "severe", "critical", "over")
        assert any(name_of(child) == "svg" for child in badge)
    dashes = re.findall(
        r"^\.line\.c-(\w+) \{ stroke-dasharray: ([\d. ]+)", styles(), re.MULTILINE
    ) + re.findall(r"\.line\.c-(\w+) \{ stroke-dasharray: ([\d. ]+)", styles())
    by_target = dict(dashes)
    assert set(by_target) == {"irregular", "asylum", "general", "own"}  # regular is drawn through
    assert len(set(by_target.values())) == 4


def styles() -> str:
    (style,) = elements(pages()["index.html"], "style")
    return style.text or ""


def variables(scheme: str) -> dict[str, str]:
    """Colours of the style sheet: light is the first block, dark the one behind its question."""
    text = styles()
    start = text.index("prefers-color-scheme: dark") if scheme == "dark" else 0
    if scheme == "print":
        start = text.index("@media print")
    block = text[text.index(":root", start) :]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block[: block.index("}")]))


def luminance(colour: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[n : n + 2], 16)) for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, section 1.4.3."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


WORDS = (
    "ink muted link regular irregular asylum general own alert severe critical watch good"
).split()


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_words_and_lines_stand_out_from_their_ground(scheme: str) -> None:
    colours = variables(scheme)
    assert colours.keys() == variables("light").keys()
    for ground in ("paper", "card"):
        for name in WORDS:
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        assert contrast(colours["focus"], colours[ground]) >= 3
    assert contrast(colours["banner-ink"], colours["banner"]) >= 4.5
    for bar in ("regular", "irregular"):
        assert contrast(colours[bar], colours["grid"]) >= 3


def test_a_page_is_made_for_phones_print_and_both_schemes() -> None:
    text = styles()
    for question in ("prefers-color-scheme: dark", "print", "max-width", "forced-colors"):
        assert f"@media ({question}" in text or f"@media {question}" in text
    (viewport,) = (
        m.get("content")
        for m in elements(pages()["index.html"], "meta")
        if m.get("name") == "viewport"
    )
    assert viewport == "width=device-width, initial-scale=1"
