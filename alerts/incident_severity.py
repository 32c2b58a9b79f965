"""The severity of the open incidents: graded once a day, by society, because two severe targets are critical."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from alerts.floor_watch import Side
from alerts.incident import Change, ChangeKind, Incident, Rule, Status
from alerts.severity import Severity, Situation, grade_society


def grade_incidents(
    incidents: Sequence[Incident],
    sides: Mapping[tuple[str, str], Side],
    day: date,
    now: datetime,
) -> tuple[tuple[Incident, ...], tuple[Change, ...]]:
    """The open incidents whose grade is another one on `day` (the last that is over), and those that became worse.

    `sides` says where series stand toward their floor. One that was opened now is told as opened, whatever its grade.
    """
    by_society: dict[str, dict[str, Incident]] = {}
    for one in incidents:
        if one.status != Status.RESOLVED:
            by_society.setdefault(one.society, {})[one.target] = one
    changed: list[Incident] = []
    worse: list[Change] = []
    for society, open_ones in sorted(by_society.items()):
        before = {target: one.grade for target, one in open_ones.items() if one.grade is not None}
        held = max((each.held_on for each in before.values()), default=day)
        grades = grade_society(
            {
                target: _situation(one, sides.get((society, target), Side.UNKNOWN), max(day, held))
                for target, one in open_ones.items()
            },
            before,
        )
        for target, one in open_ones.items():
            word = max(grades[target].severity, Severity.ALERT).name.lower()
            graded = msgspec.structs.replace(one, grade=grades[target], severity=word)
            if graded == one:
                continue
            changed.append(graded)
            old = one.grade.severity if one.grade else grades[target].severity
            if grades[target].severity > max(old, Severity.ALERT):
                worse.append(
                    Change(
                        kind=ChangeKind.WORSE, incident=graded, reason=grades[target].reason, at=now
                    )
                )
    return tuple(changed), tuple(worse)


def _situation(incident: Incident, side: Side, day: date) -> Situation:
    return Situation(
        day=day,
        drop_open=incident.rule == Rule.FALL,
        floor=side,
        change=incident.settled_change,
        lower=incident.settled_lower,
        upper=incident.settled_upper,
    )
