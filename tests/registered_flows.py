"""The deployments of a Prefect server and their runs, as tests look at them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.fixtures_prefect import PrefectServer, eventually

ASKED_EVERY = 0.5
"""Seconds between two questions to the Prefect server, which works for each."""

FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")

STEPS = ("collect", "score", "watch", "weekly", "retain")


class Registered:
    """What `serve` or `deploy` registered, and what became of it."""

    def __init__(self, prefect: PrefectServer) -> None:
        self.prefect = prefect

    def alive(self) -> None:
        """Fails when what should run the flows does not."""

    def get(self, path: str) -> Any:
        """The answer to a GET."""
        answer = httpx.get(f"{self.prefect.api_url}/{path}", timeout=120)
        assert answer.is_success, answer.text
        return answer.json()

    def deployment(self, step: str) -> dict[str, Any]:
        """The deployment of a step; empty where there is none."""
        path = f"{self.prefect.api_url}/deployments/name/{step}/barometer"

        def answered() -> tuple[httpx.Response] | None:
            answer = httpx.get(path, timeout=120)
            known = answer.is_success or answer.status_code == httpx.codes.NOT_FOUND
            return (answer,) if known else None  # its SQLite file is locked at times

        (answer,) = eventually(answered, within=180, otherwise="no answer", every=ASKED_EVERY)
        found: dict[str, Any] = answer.json() if answer.is_success else {}
        return found

    def forget(self) -> None:
        """Remove the deployments of earlier tests, with the slots that their last runs may hold, and with the memory of
        when operators were last told of a run that failed: once an hour is enough for them, and not for a test.
        """
        for step in STEPS:
            httpx.delete(
                f"{self.prefect.api_url}/variables/name/barometer_failure_of_{step}_told",
                timeout=120,
            )

            def gone(step: str = step) -> bool:
                found = self.deployment(step)
                path = f"{self.prefect.api_url}/deployments/{found.get('id')}"
                return not found or httpx.delete(path, timeout=120).is_success

            eventually(gone, within=180, otherwise=f"{step} stays", every=ASKED_EVERY)

    def trigger(self, step: str, **parameters: Any) -> str:
        """Ask for a flow run; its id."""
        deployment = self.deployment(step)["id"]
        run = self.prefect.ask(f"deployments/{deployment}/create_flow_run", parameters=parameters)
        return str(run["id"])

    def pause(self, step: str) -> None:
        """No more runs by its schedule; the next registering schedules them again."""
        deployment = self.deployment(step)["id"]
        httpx.post(
            f"{self.prefect.api_url}/deployments/{deployment}/pause_deployment", timeout=120
        ).raise_for_status()

    def drop_scheduled(self) -> None:
        """Remove runs that the scheduler made while the schedules were paused."""
        for step in STEPS:
            for run in self.runs(step):
                if run["auto_scheduled"] and run["state_type"] == "SCHEDULED":
                    httpx.delete(f"{self.prefect.api_url}/flow_runs/{run['id']}", timeout=120)

    def ended(self, run: str) -> dict[str, Any]:
        """The flow run, once it is over."""

        def over() -> dict[str, Any] | None:
            self.alive()
            found = self.prefect.run(run)
            return found if found["state_type"] in FINAL else None

        ended: dict[str, Any] = eventually(
            over, within=240, otherwise=f"the run {run} does not end", every=ASKED_EVERY
        )
        return ended

    def runs(self, step: str) -> list[dict[str, Any]]:
        """The flow runs of a deployment."""
        wanted = {"id": {"any_": [self.deployment(step)["id"]]}}
        found: list[dict[str, Any]] = self.prefect.ask("flow_runs/filter", deployments=wanted)
        return found

    def task_states(self, run: str) -> list[str]:
        """The names of the states that the tasks of a run are in."""
        found = self.prefect.ask("task_runs/filter", task_runs={"flow_run_id": {"any_": [run]}})
        return [task["state_name"] for task in found]
