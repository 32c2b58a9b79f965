"""`barometer channels`."""

from __future__ import annotations

import click

from flows.command_group import CommandGroup
from flows.mistake import Mistake


@click.group(cls=CommandGroup)
def command() -> None:
    """Ways to reach people: what is set up, whether it works."""


@command.command("list")
def list_() -> None:
    """Show the channels, what they are told, and how they are doing."""
    from alerts.delivery import ChannelState
    from flows.table import table
    from flows.telling import rule_of
    from flows.wiring import edges
    from storage.deliveries import channel_states, waiting

    with edges() as opened:
        states = channel_states(opened.database)
        waits = [one.channel for one in waiting(opened.database)]
        rows = []
        for channel in opened.channels:
            rule = rule_of(opened, channel.name)
            state = states.get(channel.name, ChannelState(channel=channel.name))
            rows.append(
                (
                    channel.name,
                    ", ".join(rule.societies) or "all",
                    ", ".join(rule.targets) or "all",
                    rule.least_severity.name.lower(),
                    "off" if state.disabled_at else "ok" if not state.error else "failing",
                    waits.count(channel.name),
                    state.error,
                )
            )
    table(["channel", "societies", "targets", "from", "state", "waiting", "last error"], rows)


@command.command()
@click.argument("name", required=False)
@click.pass_context
def test(ctx: click.Context, name: str | None) -> None:
    """Send a test message through the channel NAME, or through all of them."""
    from alerts.channel import ChannelFailed
    from alerts.message import Message
    from flows.sentence import sentence
    from flows.steps import now_utc
    from flows.wiring import edges

    now = now_utc()
    failed = 0
    with edges() as opened:
        chosen = [one for one in opened.channels if name in (None, one.name)]
        if not chosen:
            raise Mistake(_no_channel(str(name), [one.name for one in opened.channels]))
        message = Message(
            id=f"test-{now:%Y%m%dT%H%M%S}",
            incident="",
            kind="operator",
            reason="somebody tests the channel",
            title="Barometer: a test of this channel",
            body="This is a test. Nothing has happened; alerts and digests will come this way.\n",
            created_at=now,
            html="<p>This is a test. Nothing has happened; alerts and digests will come this way.</p>",
        )
        for channel in chosen:
            try:
                channel.send(message)
            except ChannelFailed as error:
                failed += 1
                click.echo(f"{channel.name}: {sentence(error)}", err=True)
            else:
                click.echo(f"{channel.name}: it took the message.")
    if failed:
        ctx.exit(1)


@command.command()
@click.argument("name")
def enable(name: str) -> None:
    """Switch the channel NAME on again; it is told all that has waited."""
    from alerts.delivery import ChannelState, enabled
    from flows.wiring import edges
    from storage.deliveries import channel_states, store_state

    with edges() as opened:
        if name not in {one.name for one in opened.channels}:
            raise Mistake(_no_channel(name, [one.name for one in opened.channels]))
        state = channel_states(opened.database).get(name, ChannelState(channel=name))
        store_state(opened.database, enabled(state))
    click.echo(f"{name} is on; the next watch tells it what has waited.")


def _no_channel(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    return f"There is no channel {name!r}; {hint}"
