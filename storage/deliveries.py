"""What became of each message in each channel, and how the channels are doing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from alerts.delivery import ChannelState, Delivery
from storage.database import Database, next_version
from storage.statements import query


def store(database: Database, deliveries: Sequence[Delivery]) -> None:
    """Write deliveries; the newest state of each wins."""
    version = next_version()
    database.insert(
        "deliveries",
        [*Delivery.__struct_fields__, "version"],
        [(*msgspec.structs.astuple(one), version) for one in deliveries],
    )


def waiting(database: Database) -> list[Delivery]:
    """What no channel has accepted yet, those that wait longest first."""
    return [Delivery(**row) for row in database.query(query("waiting_deliveries")).dicts()]


def deliveries_of(database: Database, messages: Sequence[str]) -> list[Delivery]:
    """The deliveries of these messages (ids)."""
    if not messages:
        return []
    found = database.query(query("deliveries_of"), {"messages": tuple(messages)})
    return [Delivery(**row) for row in found.dicts()]


def last_told(database: Database, incidents: Sequence[str]) -> dict[tuple[str, str], datetime]:
    """By (incident, channel): when the channel last accepted a message of it."""
    if not incidents:
        return {}
    rows = database.query(query("last_told"), {"incidents": tuple(incidents)}).rows
    return {(incident, channel): told_at for incident, channel, told_at in rows}


def store_state(database: Database, state: ChannelState) -> None:
    """Write how a channel is doing."""
    database.insert(
        "channel_states",
        [*ChannelState.__struct_fields__, "version"],
        [(*msgspec.structs.astuple(state), next_version())],
    )


def channel_states(database: Database) -> dict[str, ChannelState]:
    """How each channel is doing, by name; one that never failed may be missing."""
    rows = database.query(query("channel_states")).dicts()
    return {row["channel"]: ChannelState(**row) for row in rows}
