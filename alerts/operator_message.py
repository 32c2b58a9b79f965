"""What operators are told: a message about Barometer itself, not about support.

    title + what + remedy -operator_message-> Message
    news of concerns      -message_of_concerns-> Message

It goes to the channels whose rule says `operator = true` (all, unless told otherwise). The id says what is news: the same
id is told once, whoever enqueues it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from alerts.concern import Concern, News
from alerts.message import COLUMNS, Message, one_line

MESSAGE_PREFIX = "concerns-"
"""Of the ids of messages of concerns."""

MOST_SHOWN = 20
"""Concerns of one section; more are counted."""

MOST_CHARACTERS = 600
"""Of one sentence: an error may quote what a server said."""


def operator_message(
    *, id: str, title: str, what: str, remedy: str, now: datetime, simulated: bool = False
) -> Message:
    """One message: a title of a few words, what is wrong, and what to do about it (lines that begin with two spaces are
    kept as commands).
    """
    body = "\n\n".join(_wrapped(part) for part in (what, remedy) if part.strip())
    return _message(id, title, one_line(what), f"{body}\n", now, simulated)


def message_of_concerns(news: News, now: datetime, *, simulated: bool = False) -> Message | None:
    """One message for all that is to be told now; None for nothing. Its id is a function of what it tells of."""
    if not news.concerns:
        return None
    sections = [
        _section("What is wrong since the last message:", news.begun, now),
        _section("What lasts:", news.lasting, now),
        _section("What is over:", news.over, now),
    ]
    told = [
        f"{word} {one.kind} {one.name} {one.began_at} {one.told_at if word == 'lasts' else ''}"
        for word, part in (("begun", news.begun), ("lasts", news.lasting), ("over", news.over))
        for one in part
    ]
    return _message(
        id=f"{MESSAGE_PREFIX}{sha256(chr(10).join(sorted(told)).encode()).hexdigest()[:16]}",
        title=_title(news),
        what="; ".join(one.title for one in news.concerns[:3]),
        body="\n\n".join(filter(None, sections)) + "\n",
        now=now,
        simulated=simulated,
    )


def _title(news: News) -> str:
    parts = [
        _counted(news.begun, "{} and {} more"),
        _counted(news.lasting, "still: {} and {} more"),
        _counted(news.over, "over: {} and {} more"),
    ]
    return f"Barometer itself: {'; '.join(filter(None, parts))}"


def _counted(concerns: Sequence[Concern], words: str) -> str:
    if not concerns:
        return ""
    text = words.format(concerns[0].title, len(concerns) - 1)
    return text.removesuffix(" and 0 more")


def _section(head: str, concerns: Sequence[Concern], now: datetime) -> str:
    if not concerns:
        return ""
    shown = [_paragraph(one, now) for one in concerns[:MOST_SHOWN]]
    if len(concerns) > MOST_SHOWN:
        shown.append(f"… and {len(concerns) - MOST_SHOWN} more; `barometer health` names them.")
    return "\n\n".join([head, *shown])


def _paragraph(one: Concern, now: datetime) -> str:
    began = one.began_at or now
    since = f"since {began.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if one.ended_at is not None:
        ended = f"{one.ended_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return _wrapped(f"- {one.title}: seen {since}, over at {ended}.", hanging="  ")
    return "\n".join(
        [
            _wrapped(f"- {one.title} ({since}). {one.what}", hanging="  "),
            _wrapped(f"  {one.remedy}", hanging="  "),
        ]
    )


def _wrapped(text: str, *, hanging: str = "") -> str:
    """Lines of the message's width; what comes in lines with two spaces in front stays as it is."""
    if hanging:
        lead = len(text) - len(text.lstrip())
        cut = text[:MOST_CHARACTERS]
        return textwrap.fill(
            one_line(cut), COLUMNS, initial_indent=" " * lead, subsequent_indent=hanging,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(
        line if line.startswith("  ") else textwrap.fill(line, COLUMNS, break_long_words=False)
        for line in text.splitlines()
    )


def _message(id: str, title: str, what: str, body: str, now: datetime, simulated: bool) -> Message:
    line = one_line(title)
    return Message(
        id=id,
        incident="",
        kind="operator",
        reason=what,
        title=f"[simulated] {line}" if simulated else line,
        body=body,
        created_at=now,
    )
