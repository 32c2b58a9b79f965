"""The automation that runs `watch` when batches were drained: once, when they have stopped coming.

    batch drained, batch drained, batch drained … quiet for BAROMETER_WATCH_QUIET_SECONDS -> one run of watch/barometer

Of Prefect's two postures the reactive one fires at the first event and then holds its tongue: its watch would see the
first batch of many. So this is a proactive one, which expects that a drained batch is followed by another, begins anew
with each, and fires when none has come. While batches come without a pause it never fires, and the schedule watches.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flows.batch_events import EVENT, RESOURCE
from flows.settings import Settings

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

NAME = "barometer: watch what was drained"


def watch_trigger(settings: Settings) -> Any:
    """The trigger of the deployment of `watch`. Prefect makes the automation when the deployment is registered."""
    from prefect.events import DeploymentEventTrigger
    from prefect.events.schemas.automations import Posture

    return DeploymentEventTrigger(
        name=NAME,
        description="Runs the watch once batches of documents have been judged and no more come.",
        match={"prefect.resource.id": RESOURCE},
        after={EVENT},
        expect={EVENT},
        # Without it Prefect would begin to wait when nothing was drained yet, and watch for nothing.
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=settings.watch_quiet_seconds),
    )


def drop_automation(client: SyncPrefectClient) -> None:
    """Remove the automation before it is made anew: one of a deployment that was deleted stays behind otherwise."""
    for each in client.read_automations_by_name(NAME):
        client.delete_automation(each.id)
