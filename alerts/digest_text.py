"""The digest as plain text of 78 columns, for mail, terminal and log, and as the message of the channels.

The words are in digest_words.py, the page in digest_page.py, the order of the parts in templates/digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from alerts import digest_words as words
from alerts.alert_words import SIMULATED
from alerts.change_label import ChangeLabel
from alerts.digest import Digest, SeriesWeek
from alerts.digest_page import digest_mail
from alerts.entered_sentences import anchor_sentence, event_sentence
from alerts.excerpt import Excerpt, excerpt_lines
from alerts.fall_sentences import NAME
from alerts.harmless_text import cut, harmless_line
from alerts.incident import Status
from alerts.message import COLUMNS, SAID_MOST_CLEARLY, Message, signed
from alerts.society_names import name_and_code
from alerts.template import fill, percent, render_plain
from alerts.text_table import Row, TextTable
from alerts.topic_share import TopicShare, topic_words

INSET = 2
"""Spaces before a target that stands below the name of its society."""


def digest_title(digest: Digest) -> str:
    """One line: the week and how many incidents are open."""
    still_open = sum(i.status == Status.OPEN for i in digest.incidents)
    mark = "[simulated] " if digest.simulated else ""
    return f"{mark}Attitudes toward migration, week {digest.week}: {_incidents(still_open)} open"


def digest_message(digest: Digest) -> Message:
    """The digest as a message for the channels; its id is a function of the week."""
    title = digest_title(digest)
    return Message(
        id=f"digest-{digest.week}",
        incident="",
        kind="digest",
        reason=f"week {digest.week} is over",
        title=title,
        body=render_text(digest),
        created_at=digest.created_at,
        html=digest_mail(digest, title=title),
    )


def render_text(digest: Digest) -> str:
    """The whole digest. No line but a link is longer than 78 columns; series stand in the order of their names."""
    societies = [each for each in words.by_society(digest) if each.says_more]
    return render_plain(
        "digest/digest.txt.j2",
        digest=digest,
        societies=societies,
        words=words,
        levels=_levels(digest),
        parts=_parts(digest),
        labels=_labels(digest),
        simulated=SIMULATED,
        said_most_clearly=SAID_MOST_CLEARLY,
        entries=_entries,
        topics=_topics,
        quoted=_quoted,
        event_sentence=event_sentence,
        anchor_sentence=anchor_sentence,
    )


def _levels(digest: Digest) -> str:
    """This week against last, a gap between societies."""
    header = [
        ("", "net", "95 %", "", "", "last", "change since"),
        ("society, target", "support", "interval", "n", "n_eff", "week", "last week"),
    ]
    rows = [
        (
            each,
            (
                _row_name(digest, each),
                words.level(each.week),
                words.interval(each.week.lower, each.week.upper),
                words.documents_of(each.week),
                "" if each.week.withheld else f"{each.week.n_eff:,.0f}",
                words.level(each.last_week),
                words.change_words(each.change),
            ),
        )
        for each in digest.series
    ]
    return _table(digest, header, rows)


def _parts(digest: Digest) -> str:
    """This week against its baseline, and what the change since last week is made of."""
    header = [
        ("", "against its", "within", "", "entry,", "read"),
        ("society, target", "baseline", "outlets", "mix", "exit", "as"),
    ]
    rows = [
        (
            each,
            (
                _row_name(digest, each),
                words.change_words(each.baseline.change) if each.baseline else "",
                words.change_words(each.parts.within) if each.parts else "",
                signed(each.parts.mix) if each.parts else "",
                signed(each.parts.entry_exit) if each.parts else "",
                words.label(each) or "",
            ),
        )
        for each in digest.series
        if each.baseline is not None or each.parts is not None
    ]
    return _table(digest, header, rows, indent=2)


def _row_name(digest: Digest, series: SeriesWeek) -> str:
    """`XA regular`, or the target alone, set in, where the society has a name: beside the figures is no room for both."""
    if _heading(digest, series.society):
        return f"{' ' * INSET}{harmless_line(series.target, NAME)}"
    return words.series_name(digest, series)


def _heading(digest: Digest, society: str) -> str:
    """`Alder (XA)`; empty where the society has no name."""
    name = name_and_code(society, digest.society_names)
    return "" if name == name_and_code(society, {}) else name


def _table(
    digest: Digest,
    header: Sequence[Row],
    rows: Sequence[tuple[SeriesWeek, Row]],
    indent: int = 0,
) -> str:
    """The rows, a gap between societies; those of one that has a name stand below it."""
    if not rows:
        return ""
    table = TextTable([*header, *(row for _, row in rows)], indent=indent)
    lines = [table.lines(header), table.rule]
    for society, of_society in groupby(rows, key=lambda row: row[0].society):
        if len(lines) > 2:
            lines.append("")
        if heading := _heading(digest, society):
            lines.append(" " * indent + cut(heading, COLUMNS - indent))
        lines += [table.line(row, inset=INSET if heading else 0) for _, row in of_society]
    return "\n".join(lines)


def _labels(digest: Digest) -> list[str]:
    """What the labels in the table mean: those that are in it."""
    found = {words.label(each) for each in digest.series}
    return [f"{each}: {words.LABELS[each]}." for each in ChangeLabel if each in found]


def _entries(entries: Iterable[str]) -> str:
    return "\n".join(fill(entry, "  ", "    ") for entry in entries)


def _topics(shares: Iterable[TopicShare]) -> str:
    rows = [
        (
            topic_words(share.topic),
            f"{percent(share.last_week)} to {percent(share.this_week)}",
            f"{share.documents:,} documents",
        )
        for share in shares
    ]
    return TextTable(rows, indent=4).lines(rows)


def _quoted(excerpts: Iterable[Excerpt], indent: int) -> str:
    return excerpt_lines(list(excerpts), COLUMNS, indent=" " * indent)


def _incidents(n: int) -> str:
    return f"{n or 'no'} incident{'' if n == 1 else 's'}"
