"""A fall as a small picture for mails: net support with its interval, the baseline, and the day on which it began.

Black on white, told apart by line, band and words, so that it can be read without colour and in print.
"""

from __future__ import annotations

import io
import warnings
from datetime import date, timedelta

from alerts.fall_facts import DayFigure, FallFacts
from alerts.harmless_text import harmless_line
from alerts.message import about, signed
from alerts.point import State

MAX_BYTES = 60_000
"""A chart is smaller than this."""

WIDTH, HEIGHT = 640, 260
"""Pixels."""

_DPI = 100


def chart_png(fall: FallFacts) -> bytes:
    """PNG of WIDTH x HEIGHT pixels; the same facts give the same bytes. Empty when no two days have a value.

    Days without a value are gaps in the line.
    """
    days = _every_day(fall)
    if sum(day.net_support is not None for day in days) < 2:
        return b""
    # A second, which only those pay who send charts.
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    x = [float(date2num(day.day)) for day in days]
    axes.fill_between(
        x, [_number(day.lower) for day in days], [_number(day.upper) for day in days],
        color="0.85", linewidth=0,
    )  # fmt: skip
    axes.plot(
        x, [_number(day.net_support) for day in days], color="black", linewidth=1.2,
        marker="o", markersize=2.5,
    )  # fmt: skip
    incident = fall.incident
    axes.axhline(incident.baseline, color="black", linewidth=1, linestyle=(0, (6, 3)))
    axes.annotate(
        f"baseline\n{signed(incident.baseline, 1)}", (1.01, incident.baseline),
        xycoords=("axes fraction", "data"), fontsize=8, va="center",
    )  # fmt: skip
    if days[0].day <= incident.drop_day <= days[-1].day:
        begins = float(date2num(incident.drop_day))
        late = incident.drop_day > days[len(days) // 2].day
        axes.axvline(begins, color="black", linewidth=1, linestyle=(0, (1, 2)))
        axes.annotate(
            f"fall begins {incident.drop_day}", (begins, 0.03),
            xycoords=("data", "axes fraction"), xytext=(-4 if late else 4, 0),
            textcoords="offset points", fontsize=8, ha="right" if late else "left",
        )  # fmt: skip
    title = f"Net support for {about(incident.target)}, {_place(fall, 20)}: day by day, 95 % interval in grey"
    # A dollar sign in a name is no formula.
    axes.set_title(harmless_line(title, 90), fontsize=9, loc="left", parse_math=False)
    locator = AutoDateLocator(maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(x[0] - 0.5, x[-1] + 0.5)
    axes.xaxis.get_offset_text().set_fontsize(8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a name in letters that the font lacks
        canvas.draw()
    picture = io.BytesIO()
    # Greys take a quarter of the bytes of colours.
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("L").save(picture, "PNG")
    return picture.getvalue()


def chart_words(fall: FallFacts) -> str:
    """What the chart shows, for those who do not see it."""
    incident = fall.incident
    known = [day for day in fall.days if day.net_support is not None]
    last = f" It ends on {known[-1].day} at {known[-1].net_support:+.1f}." if known else ""
    return harmless_line(
        f"Chart of net support for {about(incident.target)} in {_place(fall, 80)}, day by day: the baseline is "
        f"{signed(incident.baseline, 1)}, and the fall begins on {incident.drop_day}.{last}",
        400,
    )


def _place(fall: FallFacts, limit: int) -> str:
    """The society's name in at most `limit` characters, or its code."""
    return harmless_line(fall.society_name, limit) or fall.incident.society


def _every_day(fall: FallFacts) -> list[DayFigure]:
    """The days from the first to the last, those without a point among them."""
    if not fall.days:
        return []
    known = {day.day: day for day in fall.days}
    first, last = min(known), max(known)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [known.get(day) or _gap(day) for day in days]


def _gap(day: date) -> DayFigure:
    return DayFigure(day=day, net_support=None, lower=None, upper=None, state=State.NO_DATA)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
