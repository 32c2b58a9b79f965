"""The page of one incident: what fell, how sure that is, what it is made of, what documents say, and its life."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import msgspec

from alerts.board import NAME, Board, IncidentView
from alerts.board_chart import Chart, Rule, draw
from alerts.board_files import data_file, incident_file, society_file
from alerts.board_room import Detail, fitted
from alerts.board_scale import Curve
from alerts.board_templates import write_page
from alerts.board_words import called, interval, signed
from alerts.excerpt import Excerpt
from alerts.harmless_text import harmless_line
from alerts.message import figures_command
from classify.stance import Stance

CHART_HEIGHT = 250
"""Pixels."""

_INCIDENT = (
    Detail(days=400, rows=120, entries=60, blocks=1),
    Detail(days=120, rows=30, entries=15, blocks=1),
)


def incident_page(board: Board, one: IncidentView, places: Mapping[str, str]) -> bytes:
    """The page of an incident; `places`: what societies that have a page are called, by code."""
    return fitted(partial(_incident, board, one, places), _INCIDENT)


def _incident(board: Board, one: IncidentView, places: Mapping[str, str], detail: Detail) -> bytes:
    facts, incident = one.facts, one.incident
    place = places.get(incident.society) or harmless_line(incident.society, NAME)
    parts = _parts(one)
    parts_scale = max((abs(value) for _, value in parts), default=1.0) or 1.0
    outlets_scale = max((abs(move.contribution) for move in facts.outlets), default=1.0) or 1.0
    return write_page(
        board,
        "incident.html.j2",
        incident_file(incident.id),
        incident=incident,
        facts=facts,
        place=place,
        society_page=society_file(incident.society) if incident.society in places else "",
        chart=_incident_chart(one, place, detail),
        rows=[*reversed(facts.days)][: detail.rows],
        csv=data_file("incident", incident.id),
        parts=parts,
        parts_scale=parts_scale,
        parts_sentence=_parts_sentence(parts),
        outlets_scale=outlets_scale,
        excerpts=_grouped(facts.excerpts),
        life=[*one.life[:1], *one.life[1:][-detail.entries :]],
        life_left_out=max(0, len(one.life) - 1 - detail.entries),
        sql=facts.sql or figures_command(incident.society, incident.target),
    )


def _incident_chart(one: IncidentView, place: str, detail: Detail) -> Chart:
    incident, days = one.incident, one.facts.days[-detail.days :]
    first = days[0].day if days else incident.drop_day
    last = days[-1].day if days else incident.detected_on
    rules = [
        Rule(
            kind="baseline",
            label=f"before {signed(incident.baseline)}",
            value=incident.baseline,
            until=incident.drop_day,
        ),
        Rule(
            kind="fallen",
            label=f"found at {signed(incident.net_support)}",
            value=incident.net_support,
            since=incident.drop_day,
            until=incident.detected_on,
        ),
        Rule(
            kind="recovery",
            label=f"back at {signed(incident.recovery_line)}",
            value=incident.recovery_line,
            since=incident.drop_day,
        ),
    ]
    fallen = [day for day in days if day.net_support is not None and day.day >= incident.drop_day]
    drawn = draw(
        [Curve(target=incident.target, label="", line=days, joined=False, dots=days)],
        first,
        last,
        ident="days",
        title=f"Net support for {called(incident.target)} in {place} around the fall",
        desc=(
            f"Single days, {first} to {last}. Before the fall net support was {signed(incident.baseline)}; the fall "
            f"began on {incident.drop_day} and was found on {incident.detected_on} at "
            f"{signed(incident.net_support)}, a change of {signed(incident.change)} (interval "
            f"{interval(incident.lower, incident.upper)}). {len(fallen)} days from its beginning on have a figure."
        ),
        height=CHART_HEIGHT,
        rules=rules,
        incidents=[incident],
    )
    # the page is about one incident, which needs no number
    spans = tuple(msgspec.structs.replace(span, number=0) for span in drawn.spans)
    return msgspec.structs.replace(drawn, spans=spans)


def _parts(one: IncidentView) -> list[tuple[str, float]]:
    facts = one.facts
    named = (
        ("Within outlets: what the same outlets write", facts.within),
        ("Mix: outlets that wrote more or less", facts.mix),
        ("Outlets that came or went", facts.entry_exit),
    )
    return [(name, value) for name, value in named if value is not None]


def _parts_sentence(parts: Iterable[tuple[str, float]]) -> str:
    values = [value for _, value in parts]
    if not values:
        return ""
    return (
        f"Of a change of {signed(sum(values), 1)} points in the pooled level, {signed(values[0], 1)} lie within "
        "outlets. Only that part says that support fell; the others say that other outlets spoke."
    )


def _grouped(excerpts: Sequence[Excerpt]) -> list[tuple[str, list[Excerpt]]]:
    """Against the target first, for it second: a fall is told here, and what speaks against it belongs beside it."""
    named = (
        (Stance.OPPOSE, "Against"),
        (Stance.SUPPORT, "For"),
        (Stance.NEUTRAL, "Neither way"),
    )
    groups = [(name, [one for one in excerpts if one.stance is stance]) for stance, name in named]
    return [(name, group) for name, group in groups if group]
