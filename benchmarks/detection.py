"""The detector on simulated series with a known truth: false alarms, what is not a fall, delays, speed.

    python -m benchmarks.detection [--series 150] [--compare] [--seed 1]

THE DATA ARE SIMULATED: this shows what the detector does in a world as simulated (benchmarks/detection_world.py), and is
no field validation. False alarms are counted from day 200 to day 480 in series without a fall. A delay is the number of
changed days until the alarm, the first counts as 1, 120 at most; the change is on day 300. Bounds are those of the
method's notes; `formula` is the same formula with this world's own variances (benchmarks/detection_bound.py).

--compare measures other detectors at the same rate of false alarms instead (benchmarks/detectors_compared.py); those
of packages need `pip install river ruptures`, or `pip install -e '.[bench]'`.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from functools import partial

import msgspec
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from rich.table import Table

from alerts.detector import DetectorSettings, find_in_panel
from alerts.outlet_panel import Array, OutletPanel
from benchmarks.detection_bound import PUBLISHED, efficiency, shortest_delay
from benchmarks.detection_world import (
    Event,
    Nuisances,
    World,
    drift,
    fading_shock,
    information,
    one_day_shock,
    simulate,
    step,
)
from benchmarks.detectors_compared import RIVALS, Alarms, Rival, calibrated

START, NULL_DAYS = 200, 480
"""In series without a fall, alarms from START on count."""

CHANGED_ON, CHANGE_DAYS, LONGEST_DELAY = 300, 420, 120
NOT_A_FALL_DAYS, WINDOW = 330, 14
YEAR = 365.0
YEARS = (NULL_DAYS - START) / YEAR

FALLS: dict[str, Array] = {
    "3": step(3),
    "5": step(5),
    "10": step(10),
    "20": step(20),
    "drift": drift(2),
}
NOT_FALLS: dict[str, Array | Event] = {
    "most opposed outlet grows 5 x": Event.MIX,
    "most supportive outlet falls silent": Event.DEAD,
    "one outlet floods for 3 days": Event.FLOOD,
    "one-day shock of 25": one_day_shock(25),
    "three-day fading shock of 25": fading_shock(25),
    "all outlets write 4 x": Event.SURGE,
}
MOST_NOT_FALLS = dict(zip(NOT_FALLS, (0.06, 0.03, 0.15, 0.10, 0.25, 0.06), strict=True))
"""Share of series alerted within 14 days that is wanted at most."""

CALM = (20, 100, 500, 2000)
WANTED = (0.8, 1.2)
STRESS = {
    "news of sd 3, memory 0.8": Nuisances(news_sd=3.0, news_memory=0.8),
    "level wanders by sd 2.5": Nuisances(wander_sd=2.5),
}
MOST_UNDER_STRESS, STRESS_DOCUMENTS = 1.5, 300
WANTED_EFFICIENCY = 0.78
EXTRA = ((500, "10"), (100, "20"))
"""Cells without part in the efficiency."""

SPEED_OUTLETS, SPEED_YEARS, SPEED_DOCUMENTS, BATCH = 10, 3, 200, 100
WATCHED_DAYS, CHANGED_SERIES = 400, 50
"""A watch looks at so many days (flows/watching.py)."""

COMPARED, COMPARED_DOCUMENTS = ("5", "10", "20", "drift"), 200
COMPARED_NOT_FALLS = tuple(NOT_FALLS)[:3]

RECENT_DAYS = 28
WIDTH = 150
"""Of the tables in a file."""

_DEFAULTS = DetectorSettings()


class Measured(msgspec.Struct, frozen=True):
    """All but speed."""

    calm: dict[int, float] = {}
    """False alarms per series-year by documents a day."""
    stress: dict[str, float] = {}
    not_falls: dict[tuple[str, int], float] = {}
    """Share alerted within 14 days, by name and documents a day."""
    late: dict[tuple[int, str], Array] = {}
    """Delays by documents a day and fall."""
    unalarmed: dict[tuple[int, str], npt.NDArray[np.bool_]] = {}
    """Of the same series, those without a false alarm in the 28 days before the fall."""
    formula: dict[tuple[int, str], float] = {}


def alarms_in(world: World, settings: DetectorSettings = _DEFAULTS) -> Alarms:
    """Of the detector: days of its drops by series."""
    found = find_in_panel(world.panel, _names(world.panel), world.scores, settings)
    first = world.panel.first
    return [[(drop.detected_on - first).days for drop in each.drops] for each in found]


def _names(panel: OutletPanel) -> list[tuple[str, str]]:
    return [(f"series-{s}", "regular") for s in range(len(panel.counts))]


def false_alarms(alarms: Alarms) -> int:
    """In series without a fall."""
    return sum(day >= START for days in alarms for day in days)


def a_year(alarms: Alarms) -> float:
    """False alarms per series-year."""
    return false_alarms(alarms) / (len(alarms) * YEARS)


def delays(alarms: Alarms) -> Array:
    """(series,) changed days until the alarm."""
    late = [[day - CHANGED_ON + 1 for day in days if day >= CHANGED_ON] for days in alarms]
    return np.array([float(min([*each, LONGEST_DELAY])) for each in late])


def no_recent_alarm(alarms: Alarms) -> npt.NDArray[np.bool_]:
    """(series,) whether there was no alarm in the 28 days before the change. Where there was one the fall may be masked: an
    incident is open already, and only a deeper fall is news. Delays of the others are conditional (Pollak 1985)."""
    recent = range(CHANGED_ON - RECENT_DAYS, CHANGED_ON)
    return np.array([not any(day in recent for day in days) for days in alarms])


def soon(alarms: Alarms) -> float:
    """Share of series with an alarm within 14 days of the change."""
    return float(np.mean(delays(alarms) <= WINDOW))


def null_world(seed: int, series: int, documents: int, nuisances: Nuisances | None = None) -> World:
    """Nothing falls."""
    return simulate(
        [seed, 1, documents],
        series=series,
        days=NULL_DAYS,
        documents=documents,
        nuisances=nuisances,
    )


def fall_world(seed: int, series: int, documents: int, name: str) -> World:
    """One of FALLS from day CHANGED_ON on."""
    return simulate(
        [seed, 2, documents, list(FALLS).index(name)],
        series=series,
        days=CHANGE_DAYS,
        documents=documents,
        fall=FALLS[name],
        changed_on=CHANGED_ON,
    )


def other_world(seed: int, series: int, documents: int, name: str) -> World:
    """One of NOT_FALLS from day CHANGED_ON on."""
    what = NOT_FALLS[name]
    return simulate(
        [seed, 3, documents, list(NOT_FALLS).index(name)],
        series=series,
        days=NOT_A_FALL_DAYS,
        documents=documents,
        fall=None if isinstance(what, Event) else what,
        event=what if isinstance(what, Event) else None,
        changed_on=CHANGED_ON,
    )


def measure(series: int, seed: int) -> Measured:
    """Every figure is from a world of its own; half as many series again where nothing falls."""
    got = Measured()

    def calm(documents: int) -> None:
        got.calm[documents] = a_year(alarms_in(null_world(seed, round(1.5 * series), documents)))

    def stress(name: str) -> None:
        world = null_world(seed, round(1.5 * series), STRESS_DOCUMENTS, STRESS[name])
        got.stress[name] = a_year(alarms_in(world))

    def not_fall(name: str, documents: int) -> None:
        got.not_falls[name, documents] = soon(alarms_in(other_world(seed, series, documents, name)))

    def fall(documents: int, name: str) -> None:
        world = fall_world(
            seed, 2 * series if (documents, name) in EXTRA else series, documents, name
        )
        alarms = alarms_in(world)
        got.late[documents, name] = delays(alarms)
        got.unalarmed[documents, name] = no_recent_alarm(alarms)
        got.formula[documents, name] = shortest_delay(FALLS[name], information(world))

    cells = [(documents, name) for documents, row in PUBLISHED.items() for name in row]
    jobs: list[Callable[[], None]] = [
        *(partial(calm, documents) for documents in CALM),
        *(partial(stress, name) for name in STRESS),
        *(
            partial(not_fall, name, documents)
            for name in NOT_FALLS
            for documents in (200, 500, 2000)
        ),
        *(partial(fall, *cell) for cell in (*cells, *EXTRA)),
    ]
    for job in track(jobs, description="simulating", transient=True):
        job()
    return got


def false_alarm_table(got: Measured, series: int) -> Table:
    """(a)"""
    years = round(1.5 * series) * YEARS
    table = Table(
        title=f"False alarms per series-year, {years:.0f} SIMULATED series-years each\n"
        f"one standard error is {math.sqrt(1 / years):.2f}"
    )
    for name in ("documents a day", "false alarms", "wanted", ""):
        table.add_column(name, justify="right" if name == "false alarms" else "left")
    low, high = WANTED
    for documents, rate in got.calm.items():
        table.add_row(f"{documents}", f"{rate:.2f}", f"{low}-{high}", _met(low <= rate <= high))
    for name, rate in got.stress.items():
        table.add_row(
            f"{STRESS_DOCUMENTS}, {name}",
            f"{rate:.2f}",
            f"<= {MOST_UNDER_STRESS}",
            _met(rate <= MOST_UNDER_STRESS),
        )
    return table


def not_fall_table(got: Measured, series: int) -> Table:
    """(b)"""
    table = Table(
        title=f"What is not a fall: % of {series} SIMULATED series alerted within {WINDOW} days\n"
        f"false alarms alone give {100 * WINDOW / YEAR:.0f} %; one standard error near 5 % is "
        f"{100 * math.sqrt(0.05 * 0.95 / series):.1f} points"
    )
    table.add_column("what happens")
    volumes = sorted({documents for _, documents in got.not_falls})
    for documents in volumes:
        table.add_column(f"{documents} a day", justify="right")
    table.add_column("wanted")
    table.add_column("")
    for name, most in MOST_NOT_FALLS.items():
        shares = [got.not_falls[name, documents] for documents in volumes]
        table.add_row(
            name,
            *(f"{100 * share:.1f}" for share in shares),
            f"<= {100 * most:.0f}",
            _met(all(share <= most for share in shares)),
        )
    return table


def delay_table(got: Measured) -> Table:
    """(c)"""
    table = Table(
        title="Falls, SIMULATED: changed days until the alarm\n"
        "drift: 2 points a week; efficiency = max(bound, 3) / max(delay, 3)"
    )
    table.add_column("documents a day")
    columns = "fall|mean delay|standard error|% within 14 days|bound|formula|efficiency|not alarmed before"
    for name in columns.split("|"):
        table.add_column(name, justify="right")
    reached, conditional = [], []
    for (documents, name), late in got.late.items():
        bound = PUBLISHED.get(documents, {}).get(name)
        if bound is not None:
            reached.append(efficiency(bound, float(late.mean())))
            calm = late[got.unalarmed[documents, name]]
            conditional.append(efficiency(bound, float(np.mean(calm))) if len(calm) else 0.0)
        if (documents, name) == EXTRA[0]:
            table.add_section()
        table.add_row(
            f"{documents}",
            name,
            f"{late.mean():.1f}",
            f"{late.std() / math.sqrt(len(late)):.1f}",
            f"{100 * np.mean(late <= WINDOW):.1f}",
            "" if bound is None else f"{bound:.1f}",
            f"{got.formula[documents, name]:.1f}",
            "" if bound is None else f"{reached[-1]:.2f}",
            "" if bound is None else f"{conditional[-1]:.2f}",
        )
    mean = float(np.mean(reached))
    table.caption = (
        f"mean efficiency of {len(reached)} cells {mean:.3f}, wanted {WANTED_EFFICIENCY}: "
        f"{_met(mean >= WANTED_EFFICIENCY)}; {np.mean(conditional):.3f} in series without a false alarm in the "
        f"{RECENT_DAYS} days before the fall\nbound: the method's notes; formula: with this world's variances"
    )
    return table


def speed_table(series: int, seed: int) -> Table:
    """(d): in batches of BATCH series, which bounds the memory; simulating is not counted."""
    days = SPEED_YEARS * 365
    whole = watched = some = 0.0
    batches = range(0, series, BATCH)
    for start in track(batches, description="timing", transient=True):
        number = min(BATCH, series - start)
        world = simulate(
            [seed, 4, start],
            series=number,
            days=days,
            documents=SPEED_DOCUMENTS,
            outlets=SPEED_OUTLETS,
        )
        whole += _seconds(world, 0, number)
        watched += _seconds(world, days - WATCHED_DAYS, number)
        if start == 0:
            some = _seconds(world, days - WATCHED_DAYS, min(CHANGED_SERIES, number))
    table = Table(
        title=f"One pass over {series} SIMULATED series of {SPEED_OUTLETS} outlets, one process"
    )
    table.add_column("pass")
    for name in ("seconds", "of three years", "ms per series"):
        table.add_column(name, justify="right")
    for name, seconds, number in (
        (f"all {SPEED_YEARS} years of all series", whole, series),
        (f"last {WATCHED_DAYS} days of all series (a watch)", watched, series),
        (
            f"last {WATCHED_DAYS} days of {CHANGED_SERIES} series with new days",
            some,
            min(CHANGED_SERIES, series),
        ),
    ):
        table.add_row(
            name, f"{seconds:.2f}", f"{seconds / whole:.3f}", f"{1000 * seconds / number:.1f}"
        )
    return table


def _seconds(world: World, first: int, series: int) -> float:
    panel = OutletPanel(
        first=world.panel.first,
        counts=world.panel.counts[:series, first:],
        usable=world.panel.usable[:series, first:],
    )
    began = time.perf_counter()
    find_in_panel(panel, _names(panel), world.scores[:series])
    return time.perf_counter() - began


def comparison(series: int, seed: int) -> Table:
    """Each detector at one false alarm per series-year of the same null series, at 200 documents a day."""
    null = null_world(seed, 2 * series, COMPARED_DOCUMENTS)
    falls = {name: fall_world(seed, series, COMPARED_DOCUMENTS, name) for name in COMPARED}
    others = {
        name: other_world(seed, series, COMPARED_DOCUMENTS, name) for name in COMPARED_NOT_FALLS
    }
    bound = PUBLISHED[COMPARED_DOCUMENTS]
    table = Table(
        title=f"Detectors at 1 false alarm per series-year, {COMPARED_DOCUMENTS} documents a day, {series} SIMULATED "
        f"series per cell\nmean delay in days; efficiency is the mean of these four cells; % alerted within {WINDOW} "
        "days of what is not a fall"
    )
    columns = ("step 5", "step 10", "step 20", "drift 2/week", "efficiency")
    table.add_column("detector")
    table.add_column("reads")
    for name in ("threshold", "false alarms/year", *columns, "mix", "dead outlet", "flood"):
        table.add_column(name, justify="right")
    table.add_row(
        "bound", "", "", "", *(f"{bound[name]:.1f}" for name in COMPARED), "1.00", end_section=True
    )

    def add(
        name: str, reads: str, threshold: str, rate: float, alarms: Callable[[World], Alarms]
    ) -> None:
        late = {name: float(delays(alarms(world)).mean()) for name, world in falls.items()}
        mean = np.mean([efficiency(bound[name], days) for name, days in late.items()])
        table.add_row(
            name,
            reads,
            threshold,
            f"{rate:.2f}",
            *(f"{days:.1f}" for days in late.values()),
            f"{mean:.2f}",
            *(f"{100 * soon(alarms(world)):.0f}" for world in others.values()),
        )

    def ours() -> None:
        settings, rate = _calibrated_ours(null)
        days = f"ARL {settings.false_alarm_days:.0f}"
        add("this detector", "within outlets", days, rate, partial(alarms_in, settings=settings))

    def other(rival: Rival) -> None:
        if not rival.installed:
            table.add_row(rival.name, "not installed: pip install river ruptures")
            return
        prepared = rival.input(null)
        number = min(len(null.panel.counts), rival.most_series or len(null.panel.counts))
        threshold = calibrated(
            lambda h: false_alarms(rival.alarms(prepared, h)), rival, number * YEARS
        )
        add(
            rival.name if rival.most_series is None else f"{rival.name}, {number} series",
            "pooled index" if rival.pooled else "within outlets",
            f"{threshold:.2f}",
            a_year(rival.alarms(prepared, threshold)),
            lambda world: rival.alarms(rival.input(world), threshold),
        )

    jobs: list[Callable[[], None]] = [ours, *(partial(other, rival) for rival in RIVALS)]
    for job in track(jobs, description="comparing", transient=True):
        job()
    return table


def _calibrated_ours(null: World) -> tuple[DetectorSettings, float]:
    """The rate is about proportional to 1 / false_alarm_days."""
    settings = _DEFAULTS
    rate = a_year(alarms_in(null, settings))
    for _ in range(3):
        if abs(rate - 1) <= 0.02:
            break
        settings = DetectorSettings(false_alarm_days=settings.false_alarm_days * max(rate, 0.1))
        rate = a_year(alarms_in(null, settings))
    return settings, rate


def _met(yes: bool) -> str:
    return "met" if yes else "missed"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=150, help="series per figure")
    parser.add_argument("--compare", action="store_true", help="with other detectors instead")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed-series", type=int, default=1000, help="series of the timing")
    arguments = parser.parse_args()
    if min(arguments.series, arguments.speed_series) < 1:
        parser.error("--series and --speed-series need at least 1")
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    if arguments.compare:
        console.print(comparison(arguments.series, arguments.seed))
    else:
        got = measure(arguments.series, arguments.seed)
        console.print(false_alarm_table(got, arguments.series))
        console.print(not_fall_table(got, arguments.series))
        console.print(delay_table(got))
        console.print(speed_table(arguments.speed_series, arguments.seed))
    print(
        "Simulated data only: what falls when is known here, and real series may behave otherwise."
    )


if __name__ == "__main__":
    main()
