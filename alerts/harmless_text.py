"""Text that somebody else wrote, made fit for mails, chats, feeds and payloads: nothing in it acts, nothing hides.

Titles, outlets, targets and excerpts come from the outside. Whoever shows them escapes them for the place
where they are shown; this is what every place needs first, and what a chat needs on top.
"""

from __future__ import annotations

import re

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")

# What is not seen and changes what is: marks of direction, characters without width (but not the joiners that
# Persian, Hindi and emoji are spelled with), tags.
_UNSEEN = re.compile(
    r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(r"[\x00-\x09\x0e-\x1f\x7f-\x84\x86-\x9f]")
_PLANE_ENDS = "".join(
    f"{chr(plane + 0xFFFE)}-{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_NO_CHARACTER = re.compile(rf"[\ud800-\udfff\ufdd0-\ufdef{_PLANE_ENDS}]")

_JOINER = "\u2060"
"""Takes no room and breaks no line, but parts what must not be read together."""

_LINK = re.compile(r"https?://[!-'*-;=?-~]+")
_UNSAFE_IN_LINK = re.compile(r"[\"'*@\[\\\]^`{|}~]")
# Marks that touch a word; a lone one (`SELECT * FROM`) means nothing to Markdown, and people copy it.
_MARKS = re.compile(r"(?<=\S)[*~]|[*~](?=\S)|`|(?<![^\W_])_+(?=\S)|(?<=\S)_+(?![^\W_])")
_LOOK_ALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ", "_": "＿", "<": "‹", ">": "›"})
_BRACKETS = re.compile(r"\](?=[(\[:])")
_ENTITY = re.compile(r"&(?=[A-Za-z#])")
# What makes a line a heading, a quotation, a list or a rule; not the minus of a figure.
_LINE_MARKS = re.compile(r"^([ \t]*)(?=#|>|\||-#|[-+]\s|-{2}|={2})", re.MULTILINE)


def harmless(text: str, limit: int) -> str:
    """`text` of at most `limit` characters, its lines kept, without control characters, marks that turn the
    direction of reading, characters without width, and halves of surrogate pairs.
    """
    text = _LINE_ENDS.sub("\n", text[: 4 * limit])
    text = _NO_CHARACTER.sub("\ufffd", _CONTROL.sub(" ", _UNSEEN.sub("", text)))
    return cut(text, limit)


def harmless_line(text: str, limit: int) -> str:
    """The same on one line: for subjects, titles and names."""
    return cut(" ".join(harmless(text, 4 * limit).split()), limit)


def cut(text: str, limit: int) -> str:
    """`text`, or its beginning with an ellipsis, in at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def chat_text(text: str, limit: int) -> str:
    """`text` of at most `limit` characters for a chat, whichever it is: it calls nobody (`@channel`, `<!here>`),
    formats nothing, and shows no link under another name. Links and commands stay as they are wherever they can.
    """
    text = harmless(text, limit)
    parts: list[str] = []
    end = 0
    for link in _LINK.finditer(text):
        parts += [_plain(text[end : link.start()]), _UNSAFE_IN_LINK.sub(_escaped, link.group())]
        end = link.end()
    parts.append(_plain(text[end:]))
    return cut(_LINE_MARKS.sub(rf"\1{_JOINER}", "".join(parts)), limit)


def _plain(text: str) -> str:
    text = _MARKS.sub(lambda mark: mark.group().translate(_LOOK_ALIKES), text)
    text = text.replace("<", "‹").replace(">", "›").replace("@", f"@{_JOINER}")
    return _ENTITY.sub(f"&{_JOINER}", _BRACKETS.sub(f"]{_JOINER}", text))


def _escaped(character: re.Match[str]) -> str:
    return f"%{ord(character.group()):02X}"
