"""Register the flows with a work pool, so that workers run them: processes of a machine, or containers.

    barometer deploy -> pool, limit, deployments, automation on the server <-polls- prefect worker start --pool NAME

The same deployments as `barometer serve` has, and again changes nothing but their schedules' first turn. What a run needs
of the environment is passed by name: `{{ $BAROMETER_DATABASE_URL }}` stands on the server, and the worker puts its own
value there when it starts a container. A worker of processes hands on its whole environment anyway.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from flows.digesting import digest_due
from flows.mistake import Mistake
from flows.prefect_server import PrefectUnavailable
from flows.run_limits import keep_limit
from flows.sentence import sentence, without_passwords
from flows.serving import NAME, deployments
from flows.settings import (
    PREFIX,
    Settings,
    apply_environment,
    embedded_prefect_wanted,
    prefect_environment,
    process_environment,
)
from flows.steps import now_utc
from flows.watch_automation import drop_automation

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

PROCESS, DOCKER = "process", "docker"

TYPES = (PROCESS, DOCKER)

EMBEDDED = ("sqlite:", "chdb:")
"""How the URLs of what lives in a folder begin."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the runs are to happen."""

    pool: str
    type: str = ""
    """Of the pool; empty: as it is there, and `process` for a new one."""
    image: str = ""
    """Of the containers."""
    folder: Path = Path()
    """In which processes run: relative paths of the settings start there."""
    passed: tuple[str, ...] = ()
    """Further variables that containers get, by name."""
    job_variables: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What the pool's template takes besides."""


def deploy(settings: Settings, place: Place, say: Callable[[str], None]) -> None:
    """Register the deployments with the pool, which is made where there is none.

    Raises Mistake for a place that cannot be used, and PrefectUnavailable.
    """
    if embedded_prefect_wanted():
        raise Mistake(
            "There is no server to deploy to: set PREFECT_API_URL, like http://127.0.0.1:4200/api,"
            " or let `barometer serve` start one of its own."
        )
    apply_environment(prefect_environment(settings.prefect_home, embedded=False))
    url = process_environment()["PREFECT_API_URL"]
    try:
        from prefect.client.orchestration import get_client

        with get_client(sync_client=True) as client:
            kind = _ready_pool(client, settings, place, say)
            drop_automation(client)
            keep_limit(client)
            new = _register(client, settings, place, kind, say)
            if new and digest_due(settings, now_utc()):
                # Its hour has passed this week. To tell it again tells nobody twice.
                weekly = client.read_deployment_by_name(f"weekly/{NAME}")
                client.create_flow_run_from_deployment(weekly.id)
    except Mistake:
        raise
    except Exception as error:  # of many kinds, from httpx to RuntimeError; none of them is ours
        raise PrefectUnavailable(
            f"The Prefect server at {url} did not take the deployments ({error}); start it, or correct"
            " PREFECT_API_URL"
        ) from error
    say(
        without_passwords(
            f"Start a worker where the settings are:\n  PREFECT_API_URL={url} prefect worker start --pool {place.pool}"
        )
    )


def _ready_pool(
    client: SyncPrefectClient, settings: Settings, place: Place, say: Callable[[str], None]
) -> str:
    """Make the pool, or make it fit; its type."""
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
    from prefect.exceptions import ObjectNotFound

    try:
        found = client.read_work_pool(place.pool)
    except ObjectNotFound:
        kind = place.type or PROCESS
        _check(settings, place, kind)
        # A worker of processes writes the template of its own when it starts first.
        template = with_names(default_template(client, DOCKER)) if kind == DOCKER else {}
        client.create_work_pool(
            WorkPoolCreate(name=place.pool, type=kind, base_job_template=template)
        )
        say(f"Made the work pool {place.pool} (type {kind})")
        return kind
    if place.type and found.type != place.type:
        raise Mistake(
            f"The work pool {place.pool} is there with type {found.type}; leave out --type {place.type},"
            " or name another pool."
        )
    if found.type not in TYPES:
        raise Mistake(
            f"The work pool {place.pool} is of type {found.type}, which Barometer does not deploy to; name one of type"
            f" {' or '.join(TYPES)}, or another name to make one."
        )
    _check(settings, place, found.type)
    if found.type == DOCKER:
        template = with_names(found.base_job_template or default_template(client, DOCKER))
        if template != found.base_job_template:
            client.update_work_pool(place.pool, WorkPoolUpdate(base_job_template=template))
            say(
                f"The work pool {place.pool} now puts the worker's values where variables are named"
            )
    return found.type


def _check(settings: Settings, place: Place, kind: str) -> None:
    """Refuse what could not run in a pool of this type."""
    if kind == PROCESS:
        if place.image:
            raise Mistake(
                f"--image is for containers, and the work pool {place.pool} is of type process; leave it out,"
                " or deploy with --type docker to another pool."
            )
        return
    if not place.image:
        raise Mistake("Containers need an image: --image NAME:TAG, one that holds this Barometer.")
    for name in ("bus_url", "database_url"):
        if str(getattr(settings, name)).startswith(EMBEDDED):
            raise Mistake(
                f"{PREFIX}{name.upper()} names a file, and each container would have one of its own; name a server,"
                " or deploy to a pool of type process."
            )


def _register(
    client: SyncPrefectClient,
    settings: Settings,
    place: Place,
    kind: str,
    say: Callable[[str], None],
) -> bool:
    """Write the deployments; whether that of the digest is new."""
    from prefect.exceptions import ObjectNotFound

    try:
        client.read_deployment_by_name(f"weekly/{NAME}")
        new = False
    except ObjectNotFound:
        new = True
    made = deployments(
        settings, now_utc(), pool=place.pool, job_variables=job_variables(place, kind)
    )
    for one in made:
        one.apply()
    names = ", ".join(f"{one.flow_name}/{one.name}" for one in made)
    say(f"Deployed {names} to the work pool {place.pool}")
    return new


def job_variables(place: Place, kind: str) -> dict[str, Any]:
    """What the deployments say of their jobs."""
    # Prefect starts the hook of a killed run from a folder of its own in which there is a `storage.py`, too: without this
    # that one would be found before ours.
    env = {"PYTHONSAFEPATH": "1"}
    ours: dict[str, Any] = {"working_dir": str(place.folder.absolute()), "env": env}
    if kind == DOCKER:
        ours = {
            "image": place.image,
            # An image that was built here is in no registry, and `latest` would be looked for there each time.
            "image_pull_policy": "IfNotPresent",
            "auto_remove": True,
            "env": {**env, **by_name(place.passed)},
        }
    return {**ours, **place.job_variables}


def by_name(further: Sequence[str] = ()) -> dict[str, str]:
    """Every setting and what is named besides -> a mark in whose place the worker puts the value that it has.

    What the worker does not have is set to nothing, which is not set for Barometer.
    """
    settings = [f"{PREFIX}{field.upper()}" for field in Settings.model_fields]
    names = [f"{PREFIX}SETTINGS", *settings, *(f"{name}_FILE" for name in settings), *further]
    return {name: "{{ $" + name + " }}" for name in names}


def with_names(template: Mapping[str, Any]) -> dict[str, Any]:
    """A pool's template that looks at the variables of a deployment for marks.

    Prefect replaces marks in what stands in the template itself; a deployment's variables are put there first where the
    template has a table of its own, be it empty, and only afterwards where it has a place for them.
    """
    configuration = template["job_configuration"]
    if isinstance(configuration.get("env"), dict):
        return dict(template)
    return {**template, "job_configuration": {**configuration, "env": {}}}


def default_template(client: SyncPrefectClient, kind: str) -> dict[str, Any]:
    """The template of a type of worker, as the server knows it."""
    for workers in client.read_worker_metadata().values():
        if kind in workers:
            template: dict[str, Any] = workers[kind]["default_base_job_configuration"]
            return template
    raise Mistake(
        f"The Prefect server knows no worker of type {kind}; make the pool with"
        f" `prefect work-pool create --type {kind}`, then deploy to it."
    )


def parse_job_variables(given: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` each, the value as JSON where it is some. Raises Mistake."""
    found: dict[str, Any] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not key or not equals:
            raise Mistake(f"--job-variable {sentence(each)!r} is not KEY=VALUE.")
        if key == "env" or key.startswith("env."):
            raise Mistake(
                "A value of a variable would be stored on the Prefect server for all to read; pass the variable by its"
                " name with --pass NAME."
            )
        try:
            found[key] = json.loads(value)
        except json.JSONDecodeError:
            found[key] = value
    return found
