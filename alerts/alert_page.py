"""The page of an alert, for mail and browser: the sentences of the text, laid out. Nothing in it is loaded or runs."""

from __future__ import annotations

from alerts.alert_words import (
    OPINION_OR_MIX,
    SAY_OTHERWISE,
    SIMULATED,
    WHY_TOLD,
    Alert,
    FallWords,
)
from alerts.fall_sentences import short_figures
from alerts.incident import Rule
from alerts.message import NET_SUPPORT_IS, SAID_MOST_CLEARLY
from alerts.scale_bar import scale_bar
from alerts.template import render

WIDTH = 600
"""Pixels, at most: what mail programs show without scrolling."""

_TONES = {"alert": "warm", "severe": "hot", "critical": "dark"}


def alert_page(alert: Alert, *, chart_cid: str = "") -> str:
    """The page. `chart_cid` is the content id of a chart of the first fall that comes with the mail (RFC 2392); without
    one there is no picture. All that came from outside is escaped.
    """
    return render(
        "alert/alert.html.j2",
        alert=alert,
        title=alert.title,
        width=WIDTH,
        bars=[
            scale_bar(
                fall.incident.baseline,
                fall.incident.net_support,
                fall.incident.net_support,
                faint=fall.incident.baseline,
            )
            for fall in alert.falls
        ],
        tones=_TONES,
        below_floor=[fall.incident.rule == Rule.FLOOR for fall in alert.falls],
        short_figures=short_figures,
        chart_cid=chart_cid,
        chart_alt=_chart_alt(alert.falls[0], alert.place),
        simulated=SIMULATED,
        opinion_or_mix=OPINION_OR_MIX,
        why_told=WHY_TOLD,
        glossary=NET_SUPPORT_IS,
        said_most_clearly=SAID_MOST_CLEARLY,
        say_otherwise=SAY_OTHERWISE,
    )


def _chart_alt(fall: FallWords, place: str) -> str:
    """What the chart shows, for who cannot see it."""
    one = fall.incident
    return (
        f"Chart of net support for {fall.subject} in {place} by day, with its 95 % interval: {short_figures(one)}, since "
        f"{one.drop_day}."
    )
