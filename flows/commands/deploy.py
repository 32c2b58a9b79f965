"""`barometer deploy`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--pool", required=True, metavar="NAME", help="Work pool; made if there is none.")
@click.option(
    "--type",
    "type_",
    type=click.Choice(["process", "docker"]),
    help="Of a new pool; process unless said.",
)
@click.option("--image", default="", metavar="NAME:TAG", help="Image of the containers (docker).")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Where processes run, on the worker's machine; this folder unless said (process).",
)
@click.option(
    "--pass",
    "passed",
    multiple=True,
    metavar="VARIABLE",
    help="A further variable that containers get from the worker, by name: the token of a source, say.",
)
@click.option(
    "--job-variable",
    "job_variables",
    multiple=True,
    metavar="KEY=VALUE",
    help='What the pool takes besides, like networks=["barometer_inside"].',
)
def command(
    pool: str,
    type_: str | None,
    image: str,
    folder: Path,
    passed: tuple[str, ...],
    job_variables: tuple[str, ...],
) -> None:
    """Register the flows with a work pool of the Prefect server, for workers to run.

    The server keeps names of variables, never their values: a worker passes on what it has.
    """
    from flows.deploying import Place, deploy, parse_job_variables
    from flows.settings import load_settings

    place = Place(
        pool=pool,
        type=type_ or "",
        image=image,
        folder=folder,
        passed=passed,
        job_variables=parse_job_variables(job_variables),
    )
    deploy(load_settings(), place, click.echo)
