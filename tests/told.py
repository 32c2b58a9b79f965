"""Messages for the tests of channels: falls as people are told of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from alerts.fall_facts import DayFigure, FallFacts
from alerts.incident import ChangeKind, Incident, Status
from alerts.message import Message
from alerts.point import State

AT = datetime(2026, 3, 11, 6, tzinfo=UTC)
"""When people are told of what these messages tell."""


def incident(target: str = "regular", society: str = "XA", **changes: Any) -> Incident:
    """A fall of support in the second week of March."""
    values: dict[str, Any] = {
        "id": f"{society}-{target}-2026-03-11",
        "society": society,
        "target": target,
        "status": Status.OPEN,
        "drop_day": date(2026, 3, 9),
        "detected_on": date(2026, 3, 11),
        "opened_at": AT,
        "resolved_at": None,
        "baseline": 12.0,
        "net_support": -3.0,
        "change": -15.0,
        "lower": -20.5,
        "upper": -9.5,
        "reason": "the evidence of three days is enough",
    }
    return Incident(**(values | changes))


def fall(target: str = "regular", society: str = "XA", **changes: Any) -> FallFacts:
    """What is known of it; the days are those of six weeks, one of them missing."""
    values: dict[str, Any] = {
        "incident": incident(target, society),
        "kind": ChangeKind.OPENED,
        "reason": "it was found today",
        "days": tuple(
            figure(number, 12.0 + number % 5 - (15.0 if number >= 36 else 0.0))
            for number in range(39)
            if number != 20
        ),
        "n": 640,
        "n_eff": 211.4,
        "within": -13.0,
        "mix": -2.5,
        "entry_exit": 0.5,
        "spillover": "Attitudes to irregular migration moved first.",
        "floor": "It is below the floor of -2.",
        "sql": "SELECT * FROM daily_support WHERE society = 'XA' ORDER BY day",
        "model": "barometer-minilm-3",
    }
    return FallFacts(**(values | changes))


def figure(number: int, net_support: float | None) -> DayFigure:
    """The day `number` after 1 February 2026."""
    known = net_support is not None
    return DayFigure(
        day=date(2026, 2, 1) + timedelta(days=number),
        net_support=net_support,
        lower=net_support - 8 if net_support is not None else None,
        upper=net_support + 8 if net_support is not None else None,
        state=State.OK if known else State.NO_DATA,
    )


def message(kind: str = "opened", **changes: Any) -> Message:
    """A message that tells of one fall; kind `digest` or `operator` tells of none."""
    told = () if kind in ("digest", "operator") else (fall(),)
    name = told[0].incident.id if told else ""
    values: dict[str, Any] = {
        "id": f"{name or '2026-W11'}-{kind}",
        "incident": name,
        "kind": kind,
        "reason": "it was found today",
        "title": "Support for regular migration fell in Examplia: -3, was +12",
        "body": 'Net support fell.\n\nSee the figures:\n  barometer sql "SELECT * FROM daily_support"\n',
        "created_at": AT,
        "html": "<!doctype html><html><body><h1>Net support fell.</h1></body></html>",
        "society": "XA" if told else "",
        "severity": "alert" if told else "",
        "falls": told,
    }
    return Message(**(values | changes))
