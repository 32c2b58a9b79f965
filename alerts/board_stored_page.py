"""The page that a digest was stored with, made part of the board: what it says, in the board's own markup and style.

    stored page -nh3-> the few elements that a digest has, without style -StoredPage-> headings, tables, scales of the board

The page was written for mail: colours and widths stand at every element, where the board's policy allows no style. What
passes here is text, structure and web addresses; a scale is drawn anew from the widths of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import nh3
from markupsafe import Markup, escape

from alerts.board_files import clean, web_address

_MAIN = '<div role="main">'
"""What nh3 leaves of the element that holds the digest; around it are tables that lay out a mail."""

_PLAIN = frozenset("p ul ol li bdi strong caption h2 h3".split())
_CLEANER = nh3.Cleaner(
    tags={*_PLAIN, *"div h1 br table tbody tr th td span a blockquote".split()},
    clean_content_tags={"script", "style", "title"},
    attributes={
        "div": {"role"},
        "table": {"role"},
        "tr": {"aria-hidden"},
        "th": {"scope", "class"},
        "td": {"colspan", "class", "style"},
        "span": {"class", "style"},
        "p": {"class"},
        "a": {"href"},
        "blockquote": {"dir"},
    },
    filter_style_properties={"width", "font-weight"},
    url_schemes={"http", "https"},
    url_relative="deny",
)
_WIDTH = re.compile(r"width:\s*(\d{1,3}(?:\.\d+)?)%")
_SEGMENTS = frozenset("span zero mark faint".split())
"""Parts of a scale that are drawn; the rest is its track."""

Attributes = dict[str, str]


def stored_page(html: str) -> Markup:
    """What the stored page of a digest says; empty where it isn't a page of a digest, or where there is none.

    Its title is left out: the page of the board has it as its own.
    """
    whole = html.encode("utf-8", "replace").decode()  # nh3 takes no half of a surrogate pair
    _, _, main = _CLEANER.clean(whole).partition(_MAIN)
    parser = _StoredPage()
    parser.feed(main.rpartition("</div>")[0])
    parser.close()
    # Every part of it was escaped, or is of this file.
    return Markup("".join(parser.parts).strip())  # noqa: S704


class _StoredPage(HTMLParser):
    """Takes what nh3 wrote (every element is closed, nested as it should be) and writes what the board shows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._ends: list[str] = []
        self._headings = {"h2": "", "h3": ""}
        self._heading = ""
        """h2 or h3 while one is open."""
        self._silent = False
        self._scale: list[tuple[str, float]] = []
        self._tables_in_scale = 0
        """More than 0 while a scale is open."""
        self._caption = 0
        """Where the caption of the open table goes; 0 where it brought its own."""
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "table" and (self._tables_in_scale or given.get("role") == "presentation"):
            self._tables_in_scale += 1
        elif self._tables_in_scale:
            if tag == "td":
                width = _WIDTH.search(given.get("style", ""))
                self._scale.append((given.get("class", ""), float(width[1]) if width else 0.0))
        elif tag == "br":
            self._write("<br>")
        else:
            start, end = _OPENED.get(tag, _as_it_is)(self, tag, given)
            self._write(start)
            self._ends.append(end)

    def handle_endtag(self, tag: str) -> None:
        if self._tables_in_scale:
            self._tables_in_scale -= tag == "table"
            if not self._tables_in_scale:
                self._write(_drawn(self._scale))
                self._scale = []
            return
        if tag == "table":
            self._write_caption()
        if self._ends:
            self._write(self._ends.pop())
        if tag == "h1":
            self._silent = False
        if tag in self._headings:
            self._heading = ""

    def handle_data(self, data: str) -> None:
        if self._tables_in_scale:
            return
        said = clean(data) if data.strip() else "\n" if "\n" in data else data
        if self._heading:
            self._headings[self._heading] += said
        self._write(str(escape(said)))

    def _write(self, text: str) -> None:
        if not self._silent:
            self.parts.append(text)

    def _write_caption(self) -> None:
        """A table without one is called after the headings above it."""
        if self._caption:
            self.parts[self._caption] = f'<caption class="hidden">{self._above()}</caption>'
            self._caption = 0

    def _above(self) -> str:
        headings = (" ".join(text.split()) for text in self._headings.values())
        return str(escape(": ".join(filter(None, headings)) or "Figures of the week"))

    # What an element becomes: how it begins, and how it ends.

    def _title(self, tag: str, given: Attributes) -> tuple[str, str]:
        self._silent = True
        return "", ""

    def _a_heading(self, tag: str, given: Attributes) -> tuple[str, str]:
        self._heading = tag
        self._headings |= {"h2": "", "h3": ""} if tag == "h2" else {"h3": ""}
        return f"<{tag}>", f"</{tag}>"

    def _a_table(self, tag: str, given: Attributes) -> tuple[str, str]:
        self._write(
            f'<div class="scroll" role="region" aria-label="Table: {self._above()}" tabindex="0"><table>'
        )
        self._caption = 0 if self._silent else len(self.parts)
        return "\n", "</table></div>"

    def _its_caption(self, tag: str, given: Attributes) -> tuple[str, str]:
        self._caption = 0
        return "<caption>", "</caption>"

    def _a_row(self, tag: str, given: Attributes) -> tuple[str, str]:
        self._cells = 0
        hidden = ' aria-hidden="true"' if given.get("aria-hidden") == "true" else ""
        return f"<tr{hidden}>", "</tr>"

    def _a_cell(self, tag: str, given: Attributes) -> tuple[str, str]:
        self._cells += 1
        scope, columns = given.get("scope", ""), given.get("colspan", "")
        kept = f' scope="{scope}"' if tag == "th" and scope in ("col", "row") else ""
        kept += f' colspan="{columns}"' if re.fullmatch(r"[1-9]", columns, re.ASCII) else ""
        names = "text " * (self._cells == 1 and not columns) + "note" * _is_quiet(given)
        kept += f' class="{names.strip()}"' if names else ""
        return f"<{tag}{kept}>", f"</{tag}>"

    def _words(self, tag: str, given: Attributes) -> tuple[str, str]:
        if "font-weight:600" in given.get("style", "").replace(" ", ""):
            return (
                "<strong>",
                "</strong>",
            )  # a badge, whose colour says nothing that its word doesn't
        return ('<span class="note">', "</span>") if _is_quiet(given) else ("", "")

    def _a_paragraph(self, tag: str, given: Attributes) -> tuple[str, str]:
        return ('<p class="note">' if _is_quiet(given) else "<p>"), "</p>"

    def _a_quote(self, tag: str, given: Attributes) -> tuple[str, str]:
        return ('<blockquote dir="auto">' if given.get("dir") == "auto" else "<blockquote>"), (
            "</blockquote>"
        )

    def _a_link(self, tag: str, given: Attributes) -> tuple[str, str]:
        address = web_address(given.get("href", ""))
        if not address:
            return "", ""
        return f'<a href="{escape(address)}" rel="noopener noreferrer nofollow">', "</a>"


def _as_it_is(page: _StoredPage, tag: str, given: Attributes) -> tuple[str, str]:
    return (f"<{tag}>", f"</{tag}>") if tag in _PLAIN else ("", "")


def _is_quiet(given: Attributes) -> bool:
    return "quiet" in given.get("class", "").split()


def _drawn(segments: list[tuple[str, float]]) -> str:
    """A scale from its parts, left to right, in percent of its width."""
    drawn = ['<rect class="track" width="100%" height="100%"/>']
    x = 0.0
    for kind, width in segments:
        shown = min(width, 100.0 - x)
        if kind in _SEGMENTS and shown > 0:
            drawn.append(f'<rect class="{kind}" x="{x:.4g}%" width="{shown:.4g}%" height="100%"/>')
        x += shown
    inside = "".join(drawn)
    return f'<svg class="scale" aria-hidden="true" focusable="false">{inside}</svg>'


_OPENED: dict[str, Callable[[_StoredPage, str, Attributes], tuple[str, str]]] = {
    "h1": _StoredPage._title,
    "h2": _StoredPage._a_heading,
    "h3": _StoredPage._a_heading,
    "table": _StoredPage._a_table,
    "caption": _StoredPage._its_caption,
    "tr": _StoredPage._a_row,
    "th": _StoredPage._a_cell,
    "td": _StoredPage._a_cell,
    "span": _StoredPage._words,
    "p": _StoredPage._a_paragraph,
    "blockquote": _StoredPage._a_quote,
    "a": _StoredPage._a_link,
}
