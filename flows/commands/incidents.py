"""`barometer incidents`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from flows.command_group import CommandGroup
from flows.mistake import Mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alerts.incident import Incident


@click.group(cls=CommandGroup)
def command() -> None:
    """Falls that last: what is open, what is over, and what people do with it.

    \b
    barometer incidents ack AT-regular-2026-11-05 --by "Mara Lind" --note "calling the desk"
    barometer incidents silence AT-regular-2026-11-05 --for 3d
    """


@command.command("list")
@click.option(
    "--status", type=click.Choice(["open", "resolved", "all"]), default="all", show_default=True
)
def list_(status: str) -> None:
    """Show incidents, newest first."""
    from alerts.society_names import name_of
    from flows.table import table
    from flows.wiring import edges
    from storage.incidents import stored_incidents

    with edges() as opened:
        found = stored_incidents(opened.database, status="" if status == "all" else status)
    if not found:
        click.echo("No incidents.")
        return
    # The id begins with the code: names have a column of their own where there are any.
    names = [name_of(one.society, opened.society_names) for one in found]
    named = any(name != one.society for name, one in zip(names, found, strict=True))
    table(
        [
            "incident",
            *(["society"] if named else []),
            "status",
            "severity",
            "since",
            "baseline",
            "then",
            "change",
            "looked after by",
        ],
        [
            (
                incident.id,
                *([name] if named else []),
                incident.status,
                incident.severity,
                incident.drop_day,
                f"{incident.baseline:+.0f}",
                f"{incident.net_support:+.0f}",
                f"{incident.change:+.0f} ({incident.lower:+.0f} to {incident.upper:+.0f})",
                incident.acknowledged_by,
            )
            for name, incident in zip(names, found, strict=True)
        ],
    )


@command.command()
@click.argument("incident")
def show(incident: str) -> None:
    """Tell all that is known of INCIDENT now: what fell, why, what documents say, how to see for oneself."""
    from datetime import UTC

    from alerts.alert_text import write_alert
    from alerts.incident import Change, ChangeKind, Status
    from alerts.society_names import name_and_code
    from flows.floors import load_floors
    from flows.following import stand_toward
    from flows.gathering import gather
    from flows.steps import now_utc
    from flows.watching import HISTORY_DAYS
    from flows.wiring import edges
    from storage.incidents import stored_incidents
    from storage.points import points_of_series

    now = now_utc()
    last = now.astimezone(UTC).date() - timedelta(days=1)
    with edges() as opened:
        found = _find(stored_incidents(opened.database), incident)
        over = found.status == Status.RESOLVED
        floors = [
            each
            for each in load_floors(opened.settings, now, [t.name for t in opened.targets])
            if (each.society, each.target) == (found.society, found.target)
        ]
        key = (found.society, found.target)
        series = points_of_series(
            opened.database, [key] if floors else [], last - timedelta(days=HISTORY_DAYS), last
        )
        change = Change(
            kind=ChangeKind.RESOLVED if over else ChangeKind.OPENED,
            incident=found,
            reason=found.reason,
            at=found.resolved_at or found.opened_at,
        )
        facts = gather(opened, [change], stand_toward(floors, series), last)
        # the code too: who asks here may go on with a query
        called = name_and_code(found.society, opened.society_names)
        alert = write_alert(
            facts, now=now, society_name=called, simulated=opened.settings.simulated
        )
        click.echo(alert.body)


@command.command()
@click.argument("incident")
@click.option("--by", required=True, help="Who looks after it.")
@click.option("--note", default="", help="What others should know.")
def ack(incident: str, by: str, note: str) -> None:
    """Say that somebody looks after INCIDENT: nobody is reminded of it any more."""
    from alerts.incident_life import acknowledge
    from flows.steps import now_utc

    changed = _change(incident, lambda one: acknowledge(one, by, note, now_utc()))
    click.echo(f"{changed.id} is looked after by {changed.acknowledged_by}; no more reminders.")


@command.command()
@click.argument("incident")
@click.option("--until", help="Day or time (ISO 8601; UTC unless it says otherwise).")
@click.option("--for", "duration", help="How long, like 12h or 3d.")
def silence(incident: str, until: str | None, duration: str | None) -> None:
    """Tell nothing of INCIDENT for a while, but that it is over."""
    from alerts.incident_life import silence as silenced
    from flows.steps import now_utc

    now = now_utc()
    end = _end(until, duration, now)
    changed = _change(incident, lambda one: silenced(one, end, now))
    click.echo(f"{changed.id} is silent until {end:%Y-%m-%d %H:%M} UTC.")


@command.command()
@click.argument("incident")
@click.option("--by", required=True, help="Who says so.")
@click.option("--note", default="", help="Why.")
def resolve(incident: str, by: str, note: str) -> None:
    """Say that INCIDENT is over, and tell people who said so and why."""
    from alerts.incident_life import NotPossible
    from flows.resolving import resolve_by_hand
    from flows.steps import now_utc
    from flows.wiring import edges
    from storage.incidents import stored_incidents

    with edges() as opened:
        found = _find(stored_incidents(opened.database), incident)
        try:
            told = resolve_by_hand(opened, found, by, note, now_utc())
        except NotPossible as error:
            raise Mistake(_sentence(error)) from error
    click.echo(f"{found.id} is resolved; {'told' if told else 'it will be told'}.")


def _change(incident: str, how: Callable[[Incident], Incident]) -> Incident:
    from alerts.incident_life import NotPossible
    from flows.wiring import edges
    from storage.incidents import store_incidents, stored_incidents

    with edges() as opened:
        found = _find(stored_incidents(opened.database), incident)
        try:
            changed = how(found)
        except NotPossible as error:
            raise Mistake(_sentence(error)) from error
        store_incidents(opened.database, [changed])
    return changed


def _find(incidents: Sequence[Incident], name: str) -> Incident:
    import difflib

    for one in incidents:
        if one.id == name:
            return one
    near = difflib.get_close_matches(name, [one.id for one in incidents], n=1)
    hint = f"did you mean {near[0]}?" if near else "`barometer incidents list` shows them."
    raise Mistake(f"There is no incident {name!r}; {hint}")


def _end(until: str | None, duration: str | None, now: datetime) -> datetime:
    import re
    from datetime import UTC

    if (until is None) == (duration is None):
        raise Mistake("Write either --until TIME or --for DURATION, like --for 3d.")
    if duration is not None:
        match = re.fullmatch(r"([1-9][0-9]{0,3})([hd])", duration.strip())
        if match is None:
            raise Mistake(f"{duration!r} is no duration; write hours or days, like 12h or 3d.")
        return now + int(match[1]) * (timedelta(hours=1) if match[2] == "h" else timedelta(days=1))
    try:
        end = datetime.fromisoformat(until or "")
    except ValueError:
        raise Mistake(f"{until!r} is no time; write it like 2026-12-01T09:00.") from None
    return end.replace(tzinfo=UTC) if end.tzinfo is None else end.astimezone(UTC)


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + "."
