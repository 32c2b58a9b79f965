"""Serve the flows as Prefect deployments, with the schedules of the settings.

One flow run at a time in this process: the embedded database belongs to one process, and a second `barometer serve`
on another machine is how servers scale.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from flows.prefect_server import EmbeddedServer
from flows.settings import (
    Settings,
    apply_environment,
    embedded_prefect_wanted,
    prefect_environment,
)
from flows.wiring import open_bus, open_database

START_SECONDS = 120.0


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Register the deployments and run what falls due, until the process is stopped."""
    open_bus(settings, create=True).close()
    open_database(settings, create=True).close()
    apply_environment(prefect_environment(settings.prefect_home))
    with ExitStack() as stack:
        if embedded_prefect_wanted():
            server = EmbeddedServer(settings.prefect_home)
            stack.callback(server.stop)
            say("Starting a Prefect server (PREFECT_API_URL is not set) …")
            server.start(services=True)
            _wait_for(server)
            apply_environment({"PREFECT_API_URL": server.api_url})
            say(f"Prefect answers at {server.api_url}")
        from prefect import serve as serve_deployments

        served = deployments(settings)
        say("Serving " + ", ".join(f"{one.flow_name}/{one.name}" for one in served))
        serve_deployments(*served, limit=1, print_starting_message=False)


def deployments(settings: Settings) -> list[Any]:
    """The four deployments, as Prefect's runner takes them."""
    from flows.prefect_flows import FLOWS, TAGS

    collect_every = timedelta(minutes=settings.collect_minutes)
    schedules: dict[str, dict[str, Any]] = {
        "collect": {"interval": collect_every},
        "score": {"interval": collect_every},
        "watch": {"interval": timedelta(minutes=settings.watch_minutes)},
        "weekly": {
            "cron": f"0 {settings.digest_hour} * * {settings.digest_day % 7}",
        },
    }
    return [
        FLOWS[name].to_deployment(
            name="barometer", tags=TAGS[name], description=FLOWS[name].description, **schedule
        )
        for name, schedule in schedules.items()
    ]


def _wait_for(server: EmbeddedServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.ready():
        if server.ended() or time.monotonic() > deadline:
            raise OSError(f"The Prefect server did not start; {server.log_file} says why.")
        time.sleep(0.2)
