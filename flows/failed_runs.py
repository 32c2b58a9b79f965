"""A flow run that failed or crashed: those who run Barometer are told, at most once per flow and hour.

    flow run -on_failure, on_crashed-> operator message -> deliveries -> channels that are for operators

The message waits for its channels in the database like any other. Where the database is what failed, the channels are
asked directly. Prefect remembers when operators were last told of a flow, so that a flow that fails each quarter of an
hour on one of many machines makes no storm.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from alerts.operator_message import operator_message
from flows.absent_bus import absent_bus
from flows.sentence import sentence
from flows.settings import Settings, load_settings, process_environment
from flows.steps import now_utc
from ingest.bus import BusError
from storage.database import DatabaseError

if TYPE_CHECKING:
    from prefect import Flow, State
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

    from alerts.message import Message

log = logging.getLogger("barometer.flows")

AT_MOST_EVERY = timedelta(hours=1)


def tell_of_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Tell the operators of a run of a deployment; of other runs, whoever started them has read what went wrong.

    The hook of Prefect for both kinds of end. It raises nothing.
    """
    if flow_run.deployment_id is None:
        return
    now = now_utc()
    try:
        from prefect.client.orchestration import get_client

        with get_client(sync_client=True) as client:
            if not may_tell(client, flow.name, now):
                return
            settings = load_settings()
            named = _as_named_now(client, flow_run)
            message = failure_message(settings, flow.name, named, state, now)
            if _tell(settings, message, now):
                _remember(client, flow.name, now)
    except Exception as error:  # the run has failed already; its own error is the one to show
        log.warning("operators were not told: %s", sentence(error) or type(error).__name__)


def _as_named_now(client: SyncPrefectClient, flow_run: FlowRun) -> FlowRun:
    """The run as the server knows it: whoever reports a crash knows only the name that it had before it began."""
    from prefect.exceptions import ObjectNotFound

    try:
        return client.read_flow_run(flow_run.id)
    except ObjectNotFound:
        return flow_run


def failure_message(
    settings: Settings, name: str, flow_run: FlowRun, state: State[Any], now: datetime
) -> Message:
    """What operators read. Its id says flow and hour."""
    crashed = state.is_crashed()
    end = "ended without a word" if crashed else "failed"
    said = sentence(state.message or "").removeprefix("Flow run encountered an exception: ")
    address = f"{process_environment().get('PREFECT_API_URL', '').removesuffix('/api')}/runs/flow-run/{flow_run.id}"
    return operator_message(
        id=f"failed-{name}-{now.astimezone(UTC):%Y-%m-%dT%H}",
        title=f"The flow {name} {'crashed' if crashed else 'failed'}",
        what=f"The run {flow_run.name!r} {end} at {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {said or 'no reason was given'}",
        remedy=(
            "It is tried again at its next turn. Further failures of this flow are not told within an hour."
            f" What Prefect knows of it, and what works:\n  {sentence(address)}\n  barometer health\n"
        ),
        now=now,
        simulated=settings.simulated,
    )


def may_tell(client: SyncPrefectClient, name: str, now: datetime) -> bool:
    """Whether operators were not told of this flow within the last hour."""
    found = client.read_variable_by_name(_variable(name))
    if found is None:
        return True
    try:
        told = datetime.fromisoformat(str(found.value))
    except ValueError:
        return True  # somebody wrote something else there
    # A clock that ran ahead must not silence us until it has been caught up with.
    return not told <= now < told + AT_MOST_EVERY


def _remember(client: SyncPrefectClient, name: str, now: datetime) -> None:
    from prefect.client.schemas.actions import VariableCreate, VariableUpdate

    variable, value = _variable(name), now.isoformat()
    if client.read_variable_by_name(variable) is None:
        client.create_variable(VariableCreate(name=variable, value=value, tags=["barometer"]))
    else:
        client.update_variable(VariableUpdate(name=variable, value=value))


def _variable(name: str) -> str:
    """The Prefect variable that says when operators were last told of a flow."""
    return f"barometer_failure_of_{name}_told"


def _tell(settings: Settings, message: Message, now: datetime) -> bool:
    """Whether the message waits for its channels, or somebody has it."""
    from flows.telling_operators import OpenReach, tell_directly, tell_operators
    from flows.wiring import load_channels, load_rules, open_bus, open_database

    bus = absent_bus()
    try:
        bus = open_bus(settings)
    except BusError as error:
        log.info("no bus: %s", sentence(error))
    try:
        rules = load_rules(settings)
        by_name = {rule.name: rule for rule in rules}
        channels = load_channels(settings, rules, bus)
        try:
            database = open_database(settings)
        except DatabaseError as error:
            log.info("no database: %s", sentence(error))
            return tell_directly(channels, by_name, message, now)
        try:
            to = OpenReach(database=database, channels=channels, rules=by_name)
            tell_operators(to, [message], now)
        finally:
            database.close()
        return True
    finally:
        bus.close()
