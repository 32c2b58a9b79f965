"""The demo's fall as a picture of characters: judged net support day by day against the true level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from alerts.point import Point
from flows.demo.truth import Truth

ROWS = range(60, -61, -10)
"""Net support of each line of the picture."""

SMOOTH_DAYS = 3
"""Each dot is the mean of so many days up to its own: single days of some 30 documents jump too much to see a level."""


def picture(truth: Truth, points: Sequence[Point], detected_on: date | None) -> list[str]:
    """Lines of text: one column a day, `●` judged, `─` true; the days of the fall and the alert marked below."""
    days = [date.fromordinal(n) for n in range(truth.first_day.toordinal(), truth.end_day.toordinal() + 1)]  # fmt: skip
    judged = {point.day: point for point in points if point.n}
    true_rows = [_row(_true_level(truth, day)) for day in days]
    dots = [_row(_mean_until(judged, day)) for day in days]
    lines = [f"Net support for {truth.target} migration in {truth.society} (simulated)"]
    for row in ROWS:
        cells = [
            "●" if dots[n] == row else "─" if true_rows[n] == row else "·" if row == 0 else " "
            for n in range(len(days))
        ]
        lines.append(f"{row:+4d} {''.join(cells)}".rstrip())
    marks = ["f" if day == truth.fall_day else "a" if day == detected_on else " " for day in days]
    lines.append(f"     {''.join(marks)}".rstrip())
    lines.append(f"     {days[0]}{days[-1]!s:>{len(days) - 10}}")
    lines.append(f"     ─ true level   ● judged, mean of {SMOOTH_DAYS} days   f fall   a alert")
    return lines


def _true_level(truth: Truth, day: date) -> float:
    return truth.net_support_before if day < truth.fall_day else truth.net_support_after


def _mean_until(judged: dict[date, Point], day: date) -> float | None:
    near = [judged.get(date.fromordinal(day.toordinal() - back)) for back in range(SMOOTH_DAYS)]
    found = [point for point in near if point is not None]
    n = sum(point.n for point in found)
    return 100 * sum(point.support - point.oppose for point in found) / n if n else None


def _row(value: float | None) -> int | None:
    return None if value is None else max(min(round(value / 10) * 10, ROWS[0]), ROWS[-1])
