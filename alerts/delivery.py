"""Who has been told what, and when to try again: the state of one message on one channel, and of the channel.

    message + channel -> Delivery -accepted-> told
                                  -failed---> again after a minute, two, four … at most an hour
    channel           -> ChannelState -5 failures in a row that will not mend themselves-> switched off

Pure, and the same whichever table keeps it. A message waits for its channel as long as that takes, keeps its id,
and is sent no more once it was accepted.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

FIRST_PAUSE = timedelta(minutes=1)
"""After the first failure; each further one doubles it."""

LONGEST_PAUSE = timedelta(hours=1)

LONGEST_WAIT = timedelta(hours=25)
"""Quiet hours are no longer than a day, be it the one on which the clocks are put back. A delivery that is to wait longer
was put off by a clock that ran ahead, and is due."""

MOST_FAILURES = 5
"""Permanent failures in a row after which a channel is switched off."""

MAX_ERROR = 500
"""Characters of an error that are kept."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message on one channel."""

    message: str
    """Its id."""
    channel: str
    """Name of the channel."""
    attempts: int = 0
    told_at: datetime | None = None
    """When the channel accepted it; None before."""
    next_at: datetime | None = None
    """Not to be tried before; None: at once."""
    error: str = ""
    """Why the last attempt failed; empty when it did not."""


class ChannelState(msgspec.Struct, frozen=True, kw_only=True):
    """How a channel has been doing."""

    channel: str
    failures: int = 0
    """Permanent failures since it last accepted anything."""
    disabled_at: datetime | None = None
    error: str = ""
    """Its last failure; empty when it last succeeded."""


def is_due(delivery: Delivery, state: ChannelState, now: datetime) -> bool:
    """Whether to send it at `now`."""
    if delivery.told_at is not None or state.disabled_at is not None:
        return False
    return delivery.next_at is None or not now < delivery.next_at <= now + LONGEST_WAIT


def accepted(delivery: Delivery, now: datetime) -> Delivery:
    """The channel took it. What was told stays told as of the first time."""
    if delivery.told_at is not None:
        return delivery
    return msgspec.structs.replace(
        delivery, attempts=delivery.attempts + 1, told_at=now, next_at=None, error=""
    )


def failed(delivery: Delivery, error: str, now: datetime) -> Delivery:
    """The channel did not take it; it is due again after a pause."""
    attempts = delivery.attempts + 1
    return msgspec.structs.replace(
        delivery, attempts=attempts, next_at=now + pause_after(attempts), error=error[:MAX_ERROR]
    )


def postponed(delivery: Delivery, until: datetime) -> Delivery:
    """It waits for the end of quiet hours, which is no attempt."""
    return msgspec.structs.replace(delivery, next_at=until)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts (1 or more)."""
    doublings = min(max(attempts, 1) - 1, 10)  # no powers that nobody waits for
    return min(FIRST_PAUSE * int(2**doublings), LONGEST_PAUSE)


def after_acceptance(state: ChannelState) -> ChannelState:
    """The channel took a message: what failed before is over."""
    return msgspec.structs.replace(state, failures=0, error="")


def after_failure(
    state: ChannelState, error: str, *, permanent: bool, now: datetime
) -> ChannelState:
    """The channel did not take a message. A failure that may pass neither counts nor makes good for one that counts."""
    failures = state.failures + permanent
    disabled_at = state.disabled_at
    if disabled_at is None and failures >= MOST_FAILURES:
        disabled_at = now
    return msgspec.structs.replace(
        state, failures=failures, disabled_at=disabled_at, error=error[:MAX_ERROR]
    )


def enabled(state: ChannelState) -> ChannelState:
    """The channel is to be used again; what has waited for it is due."""
    return ChannelState(channel=state.channel)


def disabled_sentence(state: ChannelState) -> str:
    """Why a channel is switched off and how to switch it on again; empty when it is not."""
    if state.disabled_at is None:
        return ""
    when = f"{state.disabled_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return (
        f"The channel {state.channel} has been switched off since {when}, after {state.failures} failures in a row "
        f"that do not pass by themselves, the last: {state.error.rstrip('.')}. Mend that, then run "
        f"`barometer channels enable {state.channel}`: it will be told all that has waited."
    )
