"""An Atom feed (RFC 4287) of the newest messages, as bytes and back.

Bodies are shown as they are, line by line, so that no reader needs to trust a page of ours.
"""

from __future__ import annotations

import html
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

import msgspec

from alerts.harmless_text import harmless, harmless_line
from alerts.message import Message

MOST_ENTRIES = 50

MAX_TEXT = 100_000
"""Characters of an entry."""

NAMESPACE = "http://www.w3.org/2005/Atom"

_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
_ATOM = f"{{{NAMESPACE}}}"


class NotOurFeed(ValueError):
    """A file is no feed that was written here."""


class AtomEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One message in the feed."""

    id: str
    """urn:uuid:…, a function of the message's id."""
    title: str
    updated: datetime
    text: str
    categories: tuple[str, ...]
    """Kind, severity and society, those that there are."""


def atom_entry(message: Message) -> AtomEntry:
    """The message as an entry, with nothing in it that XML cannot hold."""
    categories = (message.kind, message.severity, message.society)
    return AtomEntry(
        id=_urn(message.id),
        title=harmless_line(message.title, 300) or message.kind,
        updated=message.created_at.astimezone(UTC).replace(microsecond=0),
        text=harmless(message.body, MAX_TEXT),
        categories=tuple(harmless_line(each, 50) for each in categories if each.strip()),
    )


def with_entry(entries: Sequence[AtomEntry], entry: AtomEntry) -> tuple[AtomEntry, ...]:
    """The newest MOST_ENTRIES of both, newest first; an entry of the same id is replaced."""
    others = [each for each in entries if each.id != entry.id]
    newest = sorted([*others, entry], key=lambda each: (each.updated, each.id), reverse=True)
    return tuple(newest[:MOST_ENTRIES])


def write_atom(entries: Sequence[AtomEntry], *, name: str, title: str, link: str = "") -> bytes:
    """The feed as a file, UTF-8. `name` gives it its identity, `link` is the page that it belongs to.

    Raises ValueError without an entry: a feed has to say when it was updated.
    """
    if not entries:
        raise ValueError("a feed needs an entry; write it with the first message")
    ElementTree.register_namespace("", NAMESPACE)
    feed = ElementTree.Element(f"{_ATOM}feed")
    _text(feed, "id", _urn(f"feed {name}"))
    _text(feed, "title", harmless_line(title, 300))
    _text(feed, "updated", _time(max(entry.updated for entry in entries)))
    _text(ElementTree.SubElement(feed, f"{_ATOM}author"), "name", "Barometer")
    if link:
        ElementTree.SubElement(feed, f"{_ATOM}link", {"rel": "alternate", "href": link})
    for each in entries:
        entry = ElementTree.SubElement(feed, f"{_ATOM}entry")
        _text(entry, "id", each.id)
        _text(entry, "title", each.title)
        _text(entry, "updated", _time(each.updated))
        if link:
            ElementTree.SubElement(entry, f"{_ATOM}link", {"rel": "alternate", "href": link})
        for term in each.categories:
            ElementTree.SubElement(entry, f"{_ATOM}category", {"term": term})
        content = ElementTree.SubElement(entry, f"{_ATOM}content", {"type": "html"})
        content.text = f"<pre>{html.escape(each.text, quote=False)}</pre>"
    ElementTree.indent(feed, " ")
    written: bytes = ElementTree.tostring(feed, encoding="utf-8")
    return _DECLARATION + written + b"\n"


def read_atom(data: bytes) -> tuple[AtomEntry, ...]:
    """The entries of a file that `write_atom` wrote, newest first; none of an empty one. Raises NotOurFeed."""
    if not data:
        return ()
    if not data.startswith(_DECLARATION) or b"<!" in data:
        raise NotOurFeed("it does not begin as a feed that Barometer writes, or declares entities")
    try:
        feed = ElementTree.fromstring(data)  # noqa: S314 - it declares nothing, see above
        entries = [_entry(entry) for entry in feed.iterfind(f"{_ATOM}entry")]
    except (ElementTree.ParseError, ValueError) as error:
        raise NotOurFeed(f"it cannot be read: {error}") from error
    if feed.tag != f"{_ATOM}feed":
        raise NotOurFeed("it is XML, but no Atom feed")
    return tuple(entries)


def _entry(entry: ElementTree.Element) -> AtomEntry:
    content = entry.findtext(f"{_ATOM}content", "")
    return AtomEntry(
        id=entry.findtext(f"{_ATOM}id", ""),
        title=entry.findtext(f"{_ATOM}title", ""),
        updated=datetime.fromisoformat(entry.findtext(f"{_ATOM}updated", "")),
        text=html.unescape(content.removeprefix("<pre>").removesuffix("</pre>")),
        categories=tuple(each.get("term", "") for each in entry.iterfind(f"{_ATOM}category")),
    )


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{_ATOM}{name}").text = text


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _urn(text: str) -> str:
    # uuid5 wants text that UTF-8 has bytes for.
    plain = text.encode("utf-8", "backslashreplace").decode()
    return uuid.uuid5(uuid.NAMESPACE_OID, f"barometer {plain}").urn
