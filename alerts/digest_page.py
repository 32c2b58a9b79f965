"""The digest as a page and as the HTML of a mail: the sentences of the text, laid out by society. Nothing in it is loaded or
runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from alerts import digest_words as words
from alerts.alert_words import SIMULATED
from alerts.change_label import ChangeLabel
from alerts.digest import Digest, SeriesWeek
from alerts.digest_words import SocietyWeek
from alerts.entered_sentences import anchor_sentence, event_sentence
from alerts.excerpt import shown_excerpt
from alerts.message import SAID_MOST_CLEARLY
from alerts.scale_bar import Segment, scale_bar
from alerts.template import render
from alerts.topic_share import topic_words

WIDTH = 680
"""Pixels, at most."""

MAIL_BYTES = 95_000
"""Of a mail's HTML: Gmail hides what lies beyond 102 kB."""

Societies = tuple[SocietyWeek, ...]

_TONES = {ChangeLabel.OPINION: "hot", ChangeLabel.MIX: "cool", ChangeLabel.NONE: "quiet"}


def digest_page(digest: Digest, *, title: str) -> str:
    """The page with all of it; `title` is what the window is called. All that came from outside is escaped.

    Each series has its scale from -100 to +100 with interval and level, and the baseline as a fainter mark; the same
    figures stand beside it as text.
    """
    everything = words.by_society(digest)
    return _page(digest, title, everything, everything)


def digest_mail(digest: Digest, *, title: str) -> str:
    """The same in at most MAIL_BYTES, wherever that can be had: with many societies first those where nothing happened lose
    their details, then their place, then all lose details. What is left out is counted; it is in the text.
    """
    everything = words.by_society(digest)
    news = tuple(each for each in everything if words.is_news(digest, each))
    page = ""
    for shown, full in _shorter_and_shorter(everything, news):
        page = _page(digest, title, shown, full)
        if len(page.encode("utf-8", "replace")) <= MAIL_BYTES:
            break
    return page


def _shorter_and_shorter(
    everything: Societies, news: Societies
) -> Iterator[tuple[Societies, Societies]]:
    """Societies to show, and those to show in full."""
    yield everything, everything
    yield everything, news
    yield news, news
    while news:
        yield news, ()
        news = news[: len(news) // 2]
    yield (), ()


def _page(digest: Digest, title: str, shown: Societies, full: Societies) -> str:
    """`shown` are the societies in it, `full` those with all that is known of them."""
    return render(
        "digest/digest.html.j2",
        digest=digest,
        title=title,
        width=WIDTH,
        words=words,
        event_sentence=event_sentence,
        anchor_sentence=anchor_sentence,
        simulated=SIMULATED,
        societies=shown,
        full={each.society for each in full},
        left_out=len(words.by_society(digest)) - len(shown),
        bar_of=_bar,
        tones=_TONES,
        labels=[each for each in ChangeLabel if each in map(words.label, digest.series)],
        topic_words=topic_words,
        quoted={
            incident.id: [shown_excerpt(each) for each in digest.excerpts.get(incident.id, ())]
            for incident in digest.incidents
        },
        said_most_clearly=SAID_MOST_CLEARLY,
    )


def _bar(series: SeriesWeek) -> tuple[Segment, ...]:
    """Empty where there is no figure."""
    point = series.week
    if point.net_support is None or point.lower is None or point.upper is None:
        return ()
    return scale_bar(
        point.lower,
        point.upper,
        point.net_support,
        faint=series.baseline.net_support if series.baseline is not None else None,
    )
