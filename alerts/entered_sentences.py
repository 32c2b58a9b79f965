"""What people entered, as a sentence of the digest: events and surveys of the week."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.anchor import Anchor
from alerts.event import Event
from alerts.harmless_text import harmless_line
from alerts.society_names import name_of

TEXT = 300
"""Characters of a title or a question."""


def event_sentence(event: Event, names: Mapping[str, str]) -> str:
    """`2026-11-17, Alder: The seasonal permit act takes effect (law).`"""
    about = f", {event.target}" if event.target else ""
    title = harmless_line(event.title, TEXT).rstrip(".")
    return f"{event.day}, {name_of(event.society, names)}{about}: {title} ({event.kind})."


def anchor_sentence(anchor: Anchor, names: Mapping[str, str]) -> str:
    """`2026-11-17, Alder, regular: 54 % in favour (51 to 57), n = 1,000. "…?" (Institute of Opinion).`"""
    said = harmless_line(anchor.said, TEXT)
    question = harmless_line(anchor.question, TEXT)
    return (
        f"{anchor.day}, {name_of(anchor.society, names)}, {anchor.target}: {said}."
        f" “{question}” ({harmless_line(anchor.source, TEXT)})."
    )
