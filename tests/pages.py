"""What every page and mail of this program must be: valid, inert, and fit for those who hear it read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>"
    "\r\nBcc: all@example.org\u2028\u202egnp.exe\u2066\x00\x07\x1b[31m\ud800{{ 7 * 7 }}{% raw %}<!-- charts --></title>&amp;"
)
"""Markup, a header, line ends, turned text, control characters, half a surrogate pair, a template."""

FORMULA = "=HYPERLINK(0)"

ACTIVE = {
    "script",
    "iframe",
    "object",
    "embed",
    "form",
    "link",
    "base",
    "svg",
    "audio",
    "video",
    "input",
}

REFERENCES = ("src", "srcset", "background", "poster", "data", "action")


def elements(html: str) -> list[Any]:
    """All elements in order; raises where html5lib finds an error."""
    import html5lib  # type: ignore[import-untyped,unused-ignore]

    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    return [each for each in tree.iter() if isinstance(each.tag, str)]


def text_of(html: str) -> str:
    """What is read, on one line."""
    found = elements(html)
    body = next(each for each in found if each.tag == "body")
    for each in body.iter():
        if each.tag in ("td", "th", "p", "h1", "h2", "h3", "li", "pre", "caption", "br"):
            each.tail = f" {each.tail or ''}"
    return " ".join("".join(body.itertext()).split())


def active_content(html: str) -> list[str]:
    """What would run, or be loaded from elsewhere; images that come with the mail are not."""
    found = []
    for each in elements(html):
        if each.tag in ACTIVE or (each.tag == "meta" and "http-equiv" in each.attrib):
            found.append(f"<{each.tag}>")
        for name, value in each.attrib.items():
            if name.startswith("on") or (name in REFERENCES and not value.startswith("cid:")):
                found.append(f"{name}={value}")
            if name == "href" and not re.match(r"https?://", value):
                found.append(f"href={value}")
            if name == "style" and re.search(r"url|expression|import|@", value):
                found.append(f"style={value}")
        if each.tag == "style" and re.search(r"url\(|@import", each.text or ""):
            found.append("style")
    return found


def hearing_faults(html: str) -> list[str]:
    """What a screen reader would stumble over."""
    found = elements(html)
    by_tag = [each.tag for each in found]
    root = found[0]
    faults = [] if root.tag == "html" and root.get("lang") == "en" else ["no lang"]
    title = next((each for each in found if each.tag == "title"), None)
    if title is None or not (title.text or "").strip():
        faults.append("no title")
    levels = [int(tag[1]) for tag in by_tag if re.fullmatch(r"h[1-6]", tag)]
    if levels.count(1) != 1 or levels[:1] != [1]:
        faults.append(f"headings begin with {levels[:3]}")
    faults += [f"h{a} then h{b}" for a, b in pairwise(levels) if b > a + 1]
    for each in found:
        if each.tag == "th" and each.get("scope") not in ("row", "col"):
            faults.append("th without scope")
        if each.tag == "img" and not (each.get("alt") or "").strip():
            faults.append("img without alt")
        if each.tag == "table" and each.get("role") != "presentation" and not list(each.iter("th")):
            faults.append("table without headers")
        if each.tag == "a" and not "".join(each.itertext()).strip():
            faults.append("link without words")
        if re.fullmatch(r"h[1-6]", each.tag) and not "".join(each.itertext()).strip():
            faults.append("empty heading")
    if not any(each.get("role") == "main" or each.tag == "main" for each in found):
        faults.append("no main")
    return faults


def unseen_characters(text: str) -> list[str]:
    """Characters that act on a terminal or turn the direction of reading; line ends are not, nor spaces that do not break."""
    return [repr(c) for c in _characters(text) if not c.isprintable()]


def _characters(text: str) -> Iterator[str]:
    return (c for c in text if c not in "\n\u00a0\u200c\u200d")
