"""`barometer demo`: a simulated world, the real pipeline, and an honest comparison of what it found with the truth.

outlets (HTTP) -collect-> bus -score-> tables -watch-> incidents, alerts      once for the past, then day by day
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from classify.corpus import held_out, load_corpus
from flows.boarding import write_board
from flows.demo.cast import SOCIETIES
from flows.demo.outlets import USUAL, Outlets
from flows.demo.picture import picture
from flows.demo.scenario import simulate, sources
from flows.demo.truth import compare, lines
from flows.demo.world import World
from flows.display import progress_bar, say
from flows.mistake import Mistake
from flows.prefect_server import Orchestrator, orchestrator
from flows.settings import Settings, load_settings
from flows.wiring import Edges, edges
from storage import ledger
from storage.incidents import stored_incidents
from storage.points import points_between

END_DAY = date(2026, 11, 15)
"""The last simulated day is always this one, so that the same seed gives the same report."""

DAYS_BEFORE = 5
"""Days before the fall at which the monitor starts; all days before that are read as history."""

BOARD = "board"

QUESTION = "SELECT * FROM daily_support ORDER BY society, target, day"

NAMES = "societies.toml"

MARK = "demo.toml"
"""A folder that holds this file was made by the demo and may be emptied by it."""


def demo(*, days: int, seed: int, folder: Path) -> None:
    """Run it and say what was found, on which day, against the truth, and where to look next."""
    started = time.monotonic()
    settings = _settings(folder)
    logging.getLogger("barometer").setLevel(logging.ERROR)  # the alert is shown in full below
    say("SIMULATED: invented societies, outlets and texts; real HTTP, bus, database and detector.")
    with orchestrator(settings) as conductor:
        world = simulate(filter(held_out, load_corpus()), seed=seed, end_day=END_DAY, days=days)
        societies = ", ".join(f"{one.name} ({one.code})" for one in world.societies)
        say(f"{days} days of {len(world.outlets)} outlets in {societies}. Folder: {folder}")
        start = _morning_after(world.truth.fall_day - timedelta(days=DAYS_BEFORE))
        with (
            Outlets(world, now=start) as outlets,
            edges(settings, create=True, sources=sources(world, outlets.base_url)) as opened,
        ):
            _live_through(world, outlets, opened, conductor, start)
            _report(world, opened, conductor)
    say()
    say(f"Took {time.monotonic() - started:.0f} s. Look further:")
    here = f"BAROMETER_SETTINGS={folder / MARK} {_command()}"
    say(f'  {here} sql "{QUESTION}"')
    say(f"  {here} incidents list")
    say(f"  {here} digest --week 2026-W45")
    say(f"The board, for a browser: {folder / BOARD / 'index.html'}")


def _settings(folder: Path) -> Settings:
    """Settings of the demo, also written to a file for the commands that come after it."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise Mistake(
                f"{folder} is not empty and was not made by the demo; name another --folder."
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    place = folder.absolute()
    values = {
        "bus_url": f"sqlite:///{place}/bus.db",
        "database_url": f"chdb:///{place}/clickhouse",
        "alert_log": f"{place}/alerts.log",
        "allowed_hosts": "127.0.0.1",  # where the outlets are
        "society_names": f"{place}/{NAMES}",
    }
    text = "# Written by `barometer demo`: the settings of a simulated run.\nsimulated = true\n"
    text += "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    (folder / MARK).write_text(text, "utf-8")
    names = "".join(f"{one.code} = {json.dumps(one.name)}\n" for one in SOCIETIES)
    (folder / NAMES).write_text(names, "utf-8")
    return load_settings().model_copy(
        update={
            **values,
            "alert_log": Path(values["alert_log"]),
            "society_names": Path(values["society_names"]),
            "simulated": True,
            "host_pause": 0.0,
        }
    )


def _live_through(
    world: World, outlets: Outlets, opened: Edges, conductor: Orchestrator, start: datetime
) -> None:
    mornings = _mornings(start, world.truth.end_day)
    first = world.truth.first_day
    with progress_bar("Reading the past", len(mornings) + 1) as bar:
        found: set[str] = set()
        for now in mornings:
            # The first poll reads the whole past; later ones a feed of the usual length.
            outlets.advance(now, newest=None if now == start else USUAL)
            collected = conductor.run("collect", now=now)
            scored = conductor.run("score", now=now)
            watched = conductor.run("watch", now=now)
            bar.advance()
            bar.say(f"{now - timedelta(days=1):%Y-%m-%d} is over")
            if now == mornings[0]:
                say(f"{first} to {start - timedelta(days=1):%Y-%m-%d}, read as history:")
                _indented([collected, scored, watched])
            for incident in stored_incidents(opened.database):
                if incident.id in found:
                    continue
                found.add(incident.id)
                say(
                    f"{now:%Y-%m-%d %H:%M}: incident opened, {incident.society} {incident.target}"
                    f" fell by {-incident.change:.0f} points since {incident.drop_day}"
                )
        conductor.run("weekly", now=mornings[-1])
        bar.advance()


def _report(world: World, opened: Edges, conductor: Orchestrator) -> None:
    incidents = stored_incidents(opened.database)
    report = compare(world.truth, incidents, ledger.totals(opened.database))
    alerts = opened.settings.alert_log
    if alerts.exists():
        say()
        say(_heading("What people were told"))
        for text in _told(alerts.read_text("utf-8")):
            say(text)
    say()
    say(_heading("What was found, against the truth"))
    series = points_between(opened.database, world.truth.first_day, world.truth.end_day)
    shown = series.get((world.truth.society, world.truth.target), [])
    for line in [*picture(world.truth, shown, report.detected_on), "", *lines(report)]:
        say(line)
    write_board(
        opened,
        opened.settings.alert_log.parent / BOARD,
        now=_morning_after(world.truth.end_day),
    )
    say()
    say(
        f"{conductor.flow_runs} Prefect flow runs; {conductor.plain_runs} steps ran"
        " as plain functions while Prefect was starting beside them."
    )


def _told(log: str) -> list[str]:
    """What the log of alerts says: the first alert and the digest in full, the first lines of those between."""
    messages = [one.strip() for one in log.split(f"\n{'-' * 78}\n") if one.strip()]
    between = [f"  {one.splitlines()[0]}" for one in messages[1:-1]]
    more = [f"… and {len(between)} more messages:", *between, ""] if between else []
    return [messages[0], "", *more, *messages[-1:]] if len(messages) > 1 else messages


def _mornings(start: datetime, end_day: date) -> list[datetime]:
    return [start + timedelta(days=n) for n in range((end_day - start.date()).days + 2)]


def _morning_after(day: date) -> datetime:
    """01:00 UTC of the next day: the day is over and can be watched."""
    return datetime(day.year, day.month, day.day, 1, tzinfo=UTC) + timedelta(days=1)


def _command() -> str:
    """How this program was called, so that the suggested lines work as they stand."""
    called = Path(sys.argv[0])
    if shutil.which("barometer") or not called.exists():
        return "barometer"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)


def _heading(text: str) -> str:
    return f"{text}\n{'-' * len(text)}"


def _indented(texts: Sequence[str]) -> None:
    for text in texts:
        say(f"  {text}")
    sys.stdout.flush()
