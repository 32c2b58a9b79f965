"""SIMULATED feeds that die, fail and come back, read by the real collector, scored and watched day by day.

    python -m benchmarks.feeds [--feeds 200] [--days 30] [--seed 1] [--worlds 0]

    benchmarks/feed_world.py -> collect every simulated hour -> drain, watch once a day -> what was noticed, and when

Outlets, texts and time are simulated, and so is the classifier (it knows the stance of a text by a word in it);
fetching, parsing, publishing, scoring, the condition of sources, degraded days and the detector are those of
production, over an embedded bus and database. Support is constant everywhere but in a control where it does fall.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from alerts.detector import DetectorSettings, Watched, find
from alerts.point import StanceCount
from alerts.source_condition import SILENT_POLLS, Condition
from benchmarks.feed_world import (
    CONTROL,
    DEADLY,
    SOCIETIES,
    START,
    WORDS,
    Fault,
    Outlet,
    SimulatedOutlets,
    control_falls,
    outlets,
)
from classify.classifier import Assessment
from classify.disposition import Disposition
from classify.stance import Probabilities
from classify.target import REGULAR, TARGETS, Target
from flows.collecting import collect
from flows.scoring import drain
from flows.settings import Settings
from flows.source_conditions import conditions
from flows.watching import watch
from flows.wiring import Edges, edges
from ingest.fetch import Fetcher
from storage import ledger, points

TICK = timedelta(hours=1)
"""Between two rounds of collecting."""


class WordClassifier:
    """SIMULATED: knows the stance on regular migration by a word in the text, and nothing of other targets."""

    model = "simulated-word-1"
    languages = frozenset[str]()

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        """As the text says; never wrong."""
        return [
            Assessment(
                relevance=1.0,
                topics=(),
                conflates=False,
                dehumanising=False,
                stances={
                    target.name: _said(text) if target == REGULAR else Probabilities(0, 0, 0, 1)
                    for target in targets
                },
            )
            for text in texts
        ]


def _said(text: str) -> Probabilities:
    if WORDS["support"] in text:
        return Probabilities(1, 0, 0, 0)
    return Probabilities(0, 0, 1, 0) if WORDS["oppose"] in text else Probabilities(0, 1, 0, 0)


class Noticed(msgspec.Struct, kw_only=True):
    """What the monitor noticed of one outlet."""

    flagged: datetime | None = None
    """First moment after its death at which it was called silent."""
    read_again: datetime | None = None
    """First reading after it came back."""
    called_silent: int = 0
    """Looks at which it was called silent though its feed lived and had been back for two polls."""
    looks: int = 0
    """… of so many."""
    quiet: bool = False
    """Whether it was ever called quiet."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The truth, and what came of it."""

    outlets: tuple[Outlet, ...]
    noticed: dict[str, Noticed]
    incidents: tuple[tuple[str, str], ...]
    """(society, day on which it was opened)."""
    degraded: int
    """Points of days on which sources were down."""
    shown: int
    """Entries that a feed showed us."""
    ledger: dict[Disposition, int]
    readings: int
    failed: int
    seconds: float

    def dead(self) -> list[Outlet]:
        """Outlets whose feed died."""
        return [one for one in self.outlets if one.fault in (*DEADLY, Fault.HOST_DOWN)]

    def polls_until_flagged(self, outlet: Outlet) -> float:
        """Infinite when it never was."""
        flagged = self.noticed[outlet.name].flagged
        if flagged is None or outlet.died is None:
            return float("inf")
        return (flagged - outlet.died) / outlet.poll

    def hours_until_read(self, outlet: Outlet) -> float:
        """Infinite when it never was."""
        again = self.noticed[outlet.name].read_again
        if again is None or outlet.back is None:
            return float("inf")
        return (again - outlet.back) / timedelta(hours=1)

    @property
    def false_alerts(self) -> list[tuple[str, str]]:
        """Incidents where support is constant."""
        return [one for one in self.incidents if one[0] != CONTROL]


def simulate(
    opened: Edges,
    everyone: Sequence[Outlet],
    *,
    days: int,
    seed: int,
    progress: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Live through `days` simulated days with these outlets; `opened` is empty, and filled."""
    began = time.perf_counter()
    world = SimulatedOutlets(everyone, seed)
    noticed = {outlet.name: Noticed() for outlet in everyone}
    readings = failed = 0
    incidents: list[tuple[str, str]] = []
    with Fetcher(pause=0, transport=world) as fetcher:
        mine = msgspec.structs.replace(
            opened,
            classifier=WordClassifier(),
            sources=tuple(outlet.source() for outlet in everyone),
            fetcher=fetcher,
        )
        for now, collects in _moments(everyone, days):
            world.now = now
            if collects:
                report = collect(mine, now=now)
                readings, failed = readings + len(report.runs), failed + len(report.failed)
                for run in report.runs:
                    if run.outcome != "failed":
                        _note_reading(everyone_by_name(everyone)[run.source], noticed, now)
            _look(mine, everyone, noticed, now)
            if collects and now.hour == 1 and now > START + timedelta(days=1):
                drain(mine, clock=lambda at=now: at)  # type: ignore[misc]
                watched = watch(mine, now=now)
                incidents += [(one.society, f"{now:%Y-%m-%d}") for one in watched.opened]
                progress(f"{now:%Y-%m-%d}: {readings:,} readings, {watched}")
    end = START + timedelta(days=days)
    drain(mine, clock=lambda: end)
    watched = watch(mine, now=end)
    incidents += [(one.society, f"{end:%Y-%m-%d}") for one in watched.opened]
    return Outcome(
        outlets=tuple(everyone),
        noticed=noticed,
        incidents=tuple(incidents),
        degraded=_degraded(mine, end, days),
        shown=len(world.shown),
        ledger=ledger.totals(mine.database),
        readings=readings,
        failed=failed,
        seconds=time.perf_counter() - began,
    )


def everyone_by_name(everyone: Sequence[Outlet]) -> dict[str, Outlet]:
    """By name."""
    return {outlet.name: outlet for outlet in everyone}


def _moments(everyone: Sequence[Outlet], days: int) -> Iterator[tuple[datetime, bool]]:
    """When something happens, and whether it is a round of collecting: every TICK; and two polls after each death
    somebody looks.
    """
    end = START + timedelta(days=days)
    ticks = {START + TICK * n for n in range(int((end - START) / TICK))}
    looks = {one.died + SILENT_POLLS * one.poll for one in everyone if one.died is not None}
    for moment in sorted(ticks | {look for look in looks if look < end}):
        yield moment, moment in ticks


def _note_reading(outlet: Outlet, noticed: dict[str, Noticed], now: datetime) -> None:
    mine = noticed[outlet.name]
    if outlet.back is not None and now >= outlet.back and mine.read_again is None:
        mine.read_again = now


def _look(
    opened: Edges, everyone: Sequence[Outlet], noticed: dict[str, Noticed], now: datetime
) -> None:
    found = conditions(opened.database, opened.sources, now)
    for outlet in everyone:
        word, mine = found[outlet.name].condition, noticed[outlet.name]
        dies = outlet.fault in (*DEADLY, Fault.HOST_DOWN)
        mine.quiet = mine.quiet or word is Condition.QUIET
        if dies and outlet.is_dead(now):
            if word is Condition.SILENT and mine.flagged is None:
                mine.flagged = now
        elif outlet.back is None or mine.read_again is not None or now < (outlet.died or now):
            mine.looks += 1
            mine.called_silent += word is Condition.SILENT


def _degraded(opened: Edges, end: datetime, days: int) -> int:
    first, last = (end - timedelta(days=days)).date(), end.date()
    series = points.series_between(opened.database, first, last)
    stored = points.points_of_series(opened.database, sorted(series), first, last)
    return sum(point.state == "degraded" for each in stored.values() for point in each)


def alarms(feeds: int, days: int, seed: int, *, dying: bool) -> int:
    """What the detector alone announces by chance, at the default setting, where support is constant; once with
    the entries of all feeds, once without those that nobody could read: the deaths must not make it more.
    """
    watched = []
    everyone = outlets(feeds, days=days, seed=seed)
    for society in SOCIETIES:
        counted: dict[date, dict[str, Counter[str]]] = {}
        for outlet in everyone:
            lost = dying and outlet.fault in (*DEADLY, Fault.HOST_DOWN, Fault.NO_ENTRIES)
            for item in outlet.items if outlet.society == society else ():
                if not (lost and outlet.is_dead(item.at)):
                    of_day = counted.setdefault(item.at.date(), {})
                    of_day.setdefault(outlet.name, Counter())[item.stance] += 1
        counts = {
            day: [
                StanceCount(
                    outlet=name, support=n["support"], neutral=n["neutral"], oppose=n["oppose"]
                )
                for name, n in of_day.items()
            ]
            for day, of_day in counted.items()
        }
        watched.append(Watched(society=society, target=REGULAR.name, counts=counts))
    series = (len(SOCIETIES) + 1) * len(TARGETS)
    settings = DetectorSettings(
        false_alarm_days=365 / Settings().false_alarms_per_year, series=series
    )
    found = find(watched, settings)
    return sum(drop.detected_on >= START.date() for one in found for drop in one.drops)


def tables(outcome: Outcome) -> list[Table]:
    """What was noticed by fault, and what people were told."""
    table = Table(title="SIMULATED feeds: what the monitor noticed")
    for name in (
        "fault",
        "feeds",
        f"flagged in {SILENT_POLLS} polls",
        "latest",
        "read again in 24 h",
        "latest",
        "silent while alive",
    ):
        table.add_column(name, justify="left" if name == "fault" else "right")
    for fault in Fault:
        those = [one for one in outcome.outlets if one.fault is fault]
        dead = [one for one in outcome.dead() if one.fault is fault]
        back = [one for one in dead if one.back is not None]
        polls = [outcome.polls_until_flagged(one) for one in dead]
        hours = [outcome.hours_until_read(one) for one in back]
        looks = sum(outcome.noticed[one.name].looks for one in those)
        silent = sum(outcome.noticed[one.name].called_silent for one in those)
        table.add_row(
            fault.value,
            f"{len(those)}",
            f"{sum(n <= SILENT_POLLS for n in polls)} of {len(dead)}" if dead else "",
            f"{max(polls):.2f} polls" if dead else "",
            f"{sum(n <= 24 for n in hours)} of {len(back)}" if back else "",
            f"{max(hours):.1f} h" if back else "",
            f"{silent:,} of {looks:,} looks" if looks else "",
        )
    told = Table(title="… and what came of it", show_header=False)
    empty = [one for one in outcome.outlets if one.fault is Fault.NO_ENTRIES]
    quiet = sum(outcome.noticed[one.name].quiet for one in empty)
    control = [day for society, day in outcome.incidents if society == CONTROL]
    days = (outcome.outlets[-1].items[-1].at - START).days + 1
    for name, value in (
        ("readings, failed ones among them", f"{outcome.readings:,}, {outcome.failed:,}"),
        ("entries shown to us", f"{outcome.shown:,}"),
        ("… judged, duplicate, dead", ", ".join(
            f"{outcome.ledger[one]:,}" for one in (Disposition.JUDGED, Disposition.DUPLICATE, Disposition.DEAD)
        )),
        ("empty feeds that were called quiet", f"{quiet} of {len(empty)}"),
        ("days of a series that were degraded", f"{outcome.degraded}"),
        ("alerts where support is constant", f"{len(outcome.false_alerts)} {outcome.false_alerts or ''}"),
        (f"alert in {CONTROL}, where support falls on {control_falls(days):%Y-%m-%d}", ", ".join(control) or "none"),
        ("seconds for all of it", f"{outcome.seconds:,.0f}"),
    ):  # fmt: skip
        told.add_row(name, value)
    return [table, told]


@contextmanager
def embedded(folder: Path) -> Iterator[Edges]:
    """An empty bus and database."""
    settings = Settings(
        bus_url=f"sqlite:///{folder}/bus.db",
        database_url=f"chdb:///{folder}/clickhouse",
        alert_log=folder / "alerts.log",
        simulated=True,
        # The default lets chance alone announce one fall a month; here it would be taken for the feeds' doing.
        false_alarms_per_year=1,
    )
    with edges(settings, create=True, sources=[]) as opened:
        yield opened


def main() -> None:
    """Print the tables; exit with 1 when a promise was not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--worlds", type=int, default=0, help="the detector alone over so many, dying or not"
    )
    asked = parser.parse_args()
    if asked.worlds:
        for dying in (False, True):
            found = sum(
                alarms(asked.feeds, asked.days, n, dying=dying) for n in range(asked.worlds)
            )
            print(f"{asked.worlds} worlds {'with' if dying else 'without'} deaths: {found} alarms")
        return
    console = Console(width=140)
    everyone = outlets(asked.feeds, days=asked.days, seed=asked.seed)
    with tempfile.TemporaryDirectory() as folder, embedded(Path(folder)) as opened:
        outcome = simulate(
            opened, everyone, days=asked.days, seed=asked.seed, progress=console.print
        )
    for table in tables(outcome):
        console.print(table)
    if broken := broken_promises(outcome):
        raise SystemExit("\n".join(broken))


def broken_promises(outcome: Outcome) -> list[str]:
    """A sentence for each; none when all were kept."""
    late = [one for one in outcome.dead() if outcome.polls_until_flagged(one) > SILENT_POLLS]
    back = [one for one in outcome.dead() if one.back is not None]
    unread = [one for one in back if outcome.hours_until_read(one) > 24]
    judged = outcome.ledger[Disposition.JUDGED]
    return [
        *(f"{one.name} ({one.fault}) died {one.died} and was flagged "
          f"{outcome.noticed[one.name].flagged}" for one in late),
        *(f"{one.name} ({one.fault}) was back {one.back} and read again "
          f"{outcome.noticed[one.name].read_again}" for one in unread),
        *(f"an alert for {society} on {day}, where support is constant"
          for society, day in outcome.false_alerts),
        *([f"{outcome.shown} entries were shown and {judged} judged"] if judged != outcome.shown else []),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
