"""Serve the flows as Prefect deployments, with the schedules of the settings.

One flow run at a time, each in a process of its own that `barometer serve` starts: the embedded database belongs
to one process. A run that falls due meanwhile waits, in the order in which the runs fell due. For runs elsewhere, see
flows/deploying.py.
"""

from __future__ import annotations

import asyncio
import os
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flows.digesting import digest_due
from flows.prefect_server import EmbeddedServer, PrefectUnavailable
from flows.run_limits import keep_limit, limit_of
from flows.sentence import without_passwords
from flows.settings import (
    Settings,
    apply_environment,
    embedded_prefect_wanted,
    prefect_environment,
    process_environment,
)
from flows.steps import now_utc
from flows.stopping import SIGNALS, Stopped
from flows.tally import TALLY
from flows.watch_automation import drop_automation, watch_trigger
from flows.wiring import open_bus, open_database

if TYPE_CHECKING:
    from prefect.runner import Runner

START_SECONDS = 120.0

FIRST_AFTER = timedelta(seconds=20)
"""From the start of serving to the first collecting. What falls due while the deployments are being registered, which
takes some seconds on a busy machine, is not made up for.
"""

APART = timedelta(seconds=30)
"""Between the turns of collect, score and watch, so that they keep this order."""

RETAIN_EVERY = timedelta(days=1)

NAME = "barometer"
"""Of each deployment: `collect/barometer`."""


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Register the deployments and run what falls due, until the process is stopped.

    Raises what opening the edges raises, and PrefectUnavailable.
    """
    open_bus(settings, create=True).close()
    open_database(settings, create=True).close()
    embedded = embedded_prefect_wanted()
    apply_environment(prefect_environment(settings.prefect_home, embedded=embedded))
    with ExitStack() as stack:
        if embedded:
            server = EmbeddedServer(settings.prefect_home)
            stack.callback(server.stop)
            say("Starting a Prefect server (PREFECT_API_URL is not set) …")
            server.start(services=True)
            _wait_for(server)
            apply_environment({"PREFECT_API_URL": server.api_url})
        say(without_passwords(f"Prefect server: {process_environment()['PREFECT_API_URL']}"))
        # Prefect reads the environment when it is imported, so not before this.
        runner = _register(settings, say)
        asyncio.run(_follow(runner, server if embedded else None))


def _register(settings: Settings, say: Callable[[str], None]) -> Runner:
    from prefect.client.orchestration import get_client
    from prefect.runner import Runner

    now = now_utc()
    served = deployments(settings, now)
    # Schedules stay active while we are away: another `barometer serve` may be there to follow them.
    # What fell due in the meantime is not made up for; to register a deployment drops such runs.
    runner = Runner(name=NAME, limit=1, pause_on_shutdown=False)
    try:
        with get_client(sync_client=True) as client:
            drop_automation(client)
            keep_limit(client)
            for one in served:
                runner.add_deployment(one)
            if digest_due(settings, now):
                # Its hour may have passed while nobody served. To tell it again tells nobody twice.
                weekly = client.read_deployment_by_name(f"weekly/{NAME}")
                client.create_flow_run_from_deployment(weekly.id)
    except Exception as error:  # of many kinds, from httpx to RuntimeError; none of them is ours
        url = process_environment()["PREFECT_API_URL"]
        raise PrefectUnavailable(
            f"The Prefect server at {url} did not take the deployments ({error}); start it, or unset"
            " PREFECT_API_URL to serve with an embedded one"
        ) from error
    say("Serving " + ", ".join(f"{one.flow_name}/{one.name}" for one in served))
    return runner


async def _follow(runner: Runner, server: EmbeddedServer | None) -> None:
    """Run what falls due until a signal comes (raises Stopped), or until Prefect is gone."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[int] = loop.create_future()

    def ask(number: int) -> None:
        if asked.done():
            os._exit(128 + number)
        asked.set_result(number)

    following = asyncio.create_task(runner.start())
    await asyncio.sleep(0)  # the runner has set its own handler for SIGTERM now, which we replace
    for number in SIGNALS:
        loop.add_signal_handler(number, ask, number)
    while not asked.done() and not following.done() and not (server and server.ended()):
        TALLY.beat()
        waiting: set[asyncio.Future[Any]] = {asked, following}
        await asyncio.wait(waiting, return_when=FIRST_COMPLETED, timeout=1.0)
    gone = server is not None and server.ended()
    if runner.started and not gone:
        await runner.astop()  # ends the flow run under way too
    following.cancel()
    with suppress(asyncio.CancelledError):
        try:
            await following
        except RuntimeError as error:
            raise PrefectUnavailable(f"Prefect cannot be reached any more ({error})") from error
    if asked.done():
        raise Stopped(asked.result())
    raise PrefectUnavailable(
        f"The Prefect server ended; {server.log_file} says why."
        if server
        else "Prefect's runner ended by itself; start `barometer serve` again"
    )


def deployments(
    settings: Settings,
    now: datetime,
    *,
    pool: str | None = None,
    job_variables: Mapping[str, Any] | None = None,
) -> list[Any]:
    """The five deployments, as Prefect's runner and its work pools take them; the first runs fall due right after `now`."""
    from prefect.schedules import Cron, Interval
    from prefect.types.entrypoint import EntrypointType

    from flows.prefect_flows import FLOWS, TAGS

    collect_every = timedelta(minutes=settings.collect_minutes)
    first = now + FIRST_AFTER
    schedules = {
        "collect": [Interval(collect_every, anchor_date=first)],
        "score": [Interval(collect_every, anchor_date=first + APART)],
        "watch": [
            Interval(timedelta(minutes=settings.watch_minutes), anchor_date=first + 2 * APART)
        ],
        "weekly": [Cron(cron, timezone=zone) for cron, zone in digest_times(settings, now)],
        "retain": [Interval(RETAIN_EVERY, anchor_date=first + 3 * APART)],
    }
    made: list[Any] = [
        FLOWS[name].to_deployment(
            name=NAME,
            tags=TAGS[name],
            description=FLOWS[name].description,
            schedules=of_its_own,
            concurrency_limit=limit_of(name),
            triggers=[watch_trigger(settings)] if name == "watch" else [],
            job_variables=dict(job_variables or {}),
            # By module, not by file: found from whatever folder this was started in.
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for name, of_its_own in schedules.items()
    ]
    for one in made:
        one.work_pool_name = (
            pool  # said where there is none, too: so it leaves the pool that it was in
        )
    return made


def digest_times(settings: Settings, now: datetime) -> list[tuple[str, str]]:
    """When the digest is written each week: cron lines, each with its time zone.

    Mostly one. Where the hour comes, at some time of the year, before the week is over in UTC (see digest_due), a
    second one asks again when it is. The digest is told once.
    """
    times = [(f"0 {settings.digest_hour} * * {settings.digest_day % 7}", settings.timezone)]
    zone = ZoneInfo(settings.timezone)
    hours = [
        datetime(now.year, month, day, settings.digest_hour, tzinfo=zone)
        for month in (1, 7)
        for day in range(1, 8)
    ]
    if not all(
        digest_due(settings, hour) for hour in hours if hour.isoweekday() == settings.digest_day
    ):
        times.append(("5 0 * * 1", str(UTC)))
    return times


def _wait_for(server: EmbeddedServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.ready():
        if server.ended() or time.monotonic() > deadline:
            raise PrefectUnavailable(
                f"The Prefect server did not start; {server.log_file} says why."
            )
        time.sleep(0.2)
