"""`barometer events`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.command_group import CommandGroup
from flows.mistake import Mistake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.event import Event
    from alerts.event_effect import Change, EventEffect
    from flows.event_effects import Finding


@click.group(cls=CommandGroup)
def command() -> None:
    """What happened and might have moved a series: campaigns, laws, attacks. Shown on the board and in the digest.

    \b
    barometer events add --society GB --day 2026-09-01 --kind campaign --title "Farm work week" --target regular
    barometer events effect GB-2026-09-01-1f2e3d
    """


@command.command()
@click.option("--society", required=True, help="ISO 3166-1 code, like GB.")
@click.option("--day", required=True, metavar="DAY", help="On which it happened or began (2026-09-01).")  # fmt: skip
@click.option("--kind", required=True, help="campaign, law, attack, election, court or other.")
@click.option("--title", required=True, help="What happened, in a line.")
@click.option("--target", default="", help="Only of this target: regular, irregular, asylum, general.")  # fmt: skip
@click.option("--url", default="", help="Where one can read of it.")
def add(**row: str) -> None:
    """Enter an event."""
    from alerts.event import event_of

    try:
        made = event_of(row)
    except ValueError as error:
        raise Mistake(f"{error}.") from error
    _store([made])
    click.echo(f"{made.id}: {made.title}, {made.day}")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_(file: Path) -> None:
    """Enter the events of a CSV file with the columns society, day, kind, title and, where wanted, target, url."""
    from alerts.event import COLUMNS, event_of
    from flows.entered_files import read_entered_file

    made, fault = read_entered_file(file, COLUMNS[:4], event_of)
    _store(made)
    click.echo(f"{len(made):,} events taken from {file}.")
    if fault:
        raise Mistake(fault)


@command.command("list")
@click.option("--society", default="", metavar="CODE", help="Only of this society.")
def list_(society: str) -> None:
    """Show them."""
    from flows.table import table
    from flows.wiring import edges
    from storage.anchors import events

    with edges() as opened:
        found = [
            one
            for one in events(opened.database)
            if one.society == (society.upper() or one.society)
        ]
    if not found:
        click.echo("No events.")
        return
    table(
        ["event", "day", "kind", "target", "title", "url"],
        [(one.id, one.day, one.kind, one.target or "all", one.title, one.url) for one in found],
    )


@command.command()
@click.argument("event")
def remove(event: str) -> None:
    """Take EVENT away."""
    from flows.wiring import edges
    from storage.anchors import events, store_events

    with edges() as opened:
        found = _find(events(opened.database), event)
        store_events(opened.database, [found], removed=True)
    click.echo(f"{event} is removed.")


@command.command()
@click.argument("event")
@click.option("--days", type=click.IntRange(21, 200), default=56, show_default=True, help="On each side of it.")  # fmt: skip
@click.option("--target", default="", help="Only of this target.")
def effect(event: str, days: int, target: str) -> None:
    """Say how far the days since EVENT lie from where the days before were going, the mix of outlets taken out."""
    from alerts.entered_row import TARGET_NAMES
    from flows.event_effects import effects_of
    from flows.steps import now_utc
    from flows.wiring import edges
    from storage.anchors import events

    if target and target not in TARGET_NAMES:
        raise Mistake(f"There is no target {target!r}; write one of {', '.join(TARGET_NAMES)}.")
    with edges() as opened:
        found = _find(events(opened.database), event)
        findings = effects_of(opened, found, now=now_utc(), days=days, target=target)
        simulated = opened.settings.simulated
    _show(found, findings, simulated)


def _show(event: Event, findings: Sequence[Finding], simulated: bool) -> None:
    from flows.table import table

    first = findings[0]
    click.echo(f"{event.day} {event.society}: {event.title} ({event.kind})")
    if simulated:
        click.echo("The data is simulated.")
    click.echo(
        f"Days {first.first} to {first.last}, within outlets; points of net support, 95 % intervals."
    )
    if any(one.effect for one in findings):
        table(
            ["target", "effect", "at once", "trend, a week", "plain change", "texts", "outlets"],
            [_row(one, one.effect) for one in findings if one.effect],
        )
    for one in findings:
        click.echo(f"{one.target}: {_verdict(one.effect.effect) if one.effect else one.why_not}.")
    others = {other.id: other for finding in findings for other in finding.others}
    for other in others.values():
        click.echo(
            f"Also in these days: {other.day} {other.title} ({other.id}). Its effect cannot be told apart."
        )
    click.echo(
        "An effect is how far the days since lie from where the days before were going. It is no proof that the event was"
        " the cause: whatever else happened then is in it."
        + (
            " Of several targets, one may seem to have moved by chance."
            if len(findings) > 1
            else ""
        )
    )


def _row(one: Finding, found: EventEffect) -> tuple[object, ...]:
    return (
        one.target,
        _interval(found.effect),
        _interval(found.step),
        _interval(found.bend),
        f"{one.plain_change:+.1f}",
        one.documents,
        one.outlets,
    )


def _verdict(effect: Change) -> str:
    if not effect.is_distinct:
        return "not distinguishable from zero"
    return "higher than where it was going" if effect.value > 0 else "lower than where it was going"


def _interval(change: Change) -> str:
    return f"{change.value:+.1f} ({change.lower:+.1f} to {change.upper:+.1f})"


def _find(events: Sequence[Event], name: str) -> Event:
    import difflib

    for one in events:
        if one.id == name:
            return one
    near = difflib.get_close_matches(name, [one.id for one in events], n=1)
    hint = f"did you mean {near[0]}?" if near else "`barometer events list` shows them."
    raise Mistake(f"There is no event {name!r}; {hint}")


def _store(made: Sequence[Event]) -> None:
    from flows.wiring import edges
    from storage.anchors import store_events

    with edges() as opened:
        store_events(opened.database, made)
