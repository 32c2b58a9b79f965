"""Markup in, plain text out: what a reader of the page would see, one line per block."""

from __future__ import annotations

import html
import re

import nh3

MAX_MARKUP_CHARACTERS = 2_000_000
"""Longer markup is not read: four times the text that a document may have."""

# Elements that end the line before them. They are turned into <br>, which cannot be nested: the
# HTML parser's time grows with the square of the depth of these (100,000 nested <div> took it a
# minute), and as line ends they need no depth.
_BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|body|br|button|center|dd|details|dialog|dir|div|dl|dt|fieldset"
    r"|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|html|input|li|listing|main|menu|nav|ol|optgroup"
    r"|option|p|pre|rb|rp|rt|rtc|search|section|select|summary|table|tbody|td|tfoot|th|thead|tr|ul)"
    r"(?![\w:-])",
    re.IGNORECASE,
)

# Links break no line, and nested ones have the same fault: a <span> says as much here.
_LINK = re.compile(r"<(/?)a(?![\w:-])", re.IGNORECASE)

_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n[ \n]*")


def plain_text(markup: str) -> str:
    """The text of an HTML fragment: no tags, scripts, styles or comments; entities resolved once.

    Block elements and line breaks become single newlines. Raises ValueError for markup longer than
    MAX_MARKUP_CHARACTERS.
    """
    if len(markup) > MAX_MARKUP_CHARACTERS:
        raise ValueError(
            f"the markup has {len(markup):,} characters; the limit is {MAX_MARKUP_CHARACTERS:,}"
        )
    if "<" in markup:
        # A newline inside a paragraph is a space to a browser; only the blocks break lines.
        markup = _BLOCK.sub("\n<br", markup.replace("\r", " ").replace("\n", " "))
        markup = _LINK.sub(r"<\1span", markup)
    return tidy(html.unescape(nh3.clean(markup, tags=set())))


def tidy(text: str) -> str:
    """`text` with single spaces, single newlines and nothing at the ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _LINE_ENDS.sub("\n", _SPACES.sub(" ", text)).strip()
