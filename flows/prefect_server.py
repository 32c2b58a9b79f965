"""Prefect in embedded mode: its own server in a child process, started beside the work and never waited for.

Measured while choosing this (2 cores, both busy): the first start on an empty home takes 12-20 s, of which
10 s are Prefect's 113 migrations of its tables; a later start takes 5 s, nearly all of it imports. A flow run then
takes 0.2 s, and would take 1 s more with heartbeats, for joining a thread that nobody listens to here. So
the server starts first, the work starts at once, and steps that run before the server answers run as the
plain functions that the flows wrap.
"""

from __future__ import annotations

import atexit
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from flows import steps
from flows.settings import (
    Settings,
    apply_environment,
    embedded_prefect_wanted,
    prefect_environment,
    process_environment,
)

STOP_SECONDS = 5.0
"""Time for the server to end in order."""


class PrefectUnavailable(OSError):
    """The Prefect server that PREFECT_API_URL names did not do its part."""


class Orchestrator:
    """Runs steps: as Prefect flows once Prefect answers, as plain functions until then."""

    def __init__(self, server: EmbeddedServer | None) -> None:
        self._server = server
        self.plain_runs = 0
        self.flow_runs = 0

    def run(self, step: str, **parameters: Any) -> str:
        """Run one of the four steps; its report as one line of text. Raises what the step raises.

        Also PrefectUnavailable, when PREFECT_API_URL names a server that does not answer.
        """
        if self._server is None or self._server.ready():
            self.flow_runs += 1
            try:
                return self._as_flow(step, parameters)
            except Exception as error:
                from flows.prefect_flows import OF_THE_STEP

                if OF_THE_STEP in getattr(error, "__notes__", ()):
                    raise
                self.flow_runs -= 1
                if self._server is None:
                    url = process_environment().get("PREFECT_API_URL")
                    raise PrefectUnavailable(
                        f"The Prefect server at {url} did not take the flow run of {step} ({error});"
                        " start it, or unset PREFECT_API_URL to run with an embedded one"
                    ) from error
                # Our own server is a convenience. The step may run a second time, which changes no figure.
                self._server.stop()
        self.plain_runs += 1
        return str(steps.STEPS[step](**parameters))

    def account(self) -> str:
        """How the steps ran, and why, as a sentence."""
        ran = []
        if self.flow_runs:
            ran.append(_counted(self.flow_runs, "Prefect flow run"))
        if self.plain_runs:
            ran.append(_counted(self.plain_runs, "plain function"))
        text = " and ".join(ran) or "No step ran"
        if self.plain_runs and self._server is not None:
            text += (
                f": Prefect is not running, {self._server.log_file} says why"
                if self._server.ended()
                else ": Prefect was still starting beside the work"
            )
        return f"{text}."

    def _as_flow(self, step: str, parameters: dict[str, Any]) -> str:
        # Imported here, not in a thread beside the work: an import takes 2 s of the one interpreter
        # wherever it runs, and a thread that still imports when the program ends can abort it.
        from prefect import tags
        from prefect.settings import (
            PREFECT_API_URL,
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
            temporary_settings,
        )

        from flows.prefect_flows import FLOWS, TAGS

        if self._server is None:
            with tags(*TAGS[step]):
                return str(FLOWS[step](**parameters))
        here: dict[Any, Any] = {
            PREFECT_API_URL: self._server.api_url,
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        }
        with temporary_settings(updates=here), tags(*TAGS[step]):
            return str(FLOWS[step](**parameters))


@contextmanager
def orchestrator(settings: Settings) -> Iterator[Orchestrator]:
    """Prefect as PREFECT_API_URL names it, or embedded; the embedded server ends with the context."""
    embedded = embedded_prefect_wanted()
    apply_environment(prefect_environment(settings.prefect_home, embedded=embedded))
    if not embedded:
        yield Orchestrator(None)
        return
    server = EmbeddedServer(settings.prefect_home)
    server.start()
    try:
        yield Orchestrator(server)
    finally:
        server.stop()


class EmbeddedServer:
    """A Prefect server of our own on a free local port, its output in a log file."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])

    @property
    def api_url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self._port}/api"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self._home / "server.log"

    @property
    def whereabouts(self) -> Path:
        """A file with `pid` and `api_url` (JSON), there while the server runs: for the `prefect` command."""
        return self._home / "embedded_server.json"

    def ended(self) -> bool:
        """True when the child is not running (any more)."""
        return self._process is None or self._process.poll() is not None

    def start(self, *, services: bool = False) -> None:
        """Start the child and return at once. `services`: the scheduler too (for `serve`).

        The child ends with this process however that ends, see flows/prefect_child.py. Raises OSError when
        the home cannot be written to.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        # -P: a folder `flows` in the working directory is not ours.
        command = [sys.executable, "-P", "-m", "flows.prefect_child", "server", "start"]
        command += ["--host", "127.0.0.1", "--port", str(self._port)]
        command += [] if services else ["--no-services"]
        with self.log_file.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    **process_environment(),
                    **prefect_environment(self._home, embedded=True),
                    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
                },
                start_new_session=True,  # Ctrl-C in a terminal is for us; we stop the child
            )
        self.whereabouts.write_text(
            json.dumps({"pid": self._process.pid, "api_url": self.api_url}) + "\n", "utf-8"
        )
        atexit.register(self.stop)

    def ready(self) -> bool:
        """True while the server answers; never waits. False for ever if it could not start, or when it ended."""
        if self.ended():
            return False
        if self._ready:
            return True
        try:
            answer = httpx.get(f"{self.api_url}/health", timeout=0.5, trust_env=False)
        except httpx.HTTPError:
            return False
        self._ready = answer.status_code == httpx.codes.OK
        return self._ready

    def stop(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        atexit.unregister(self.stop)
        if process is None:
            return
        try:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            if process.stdin is not None:
                process.stdin.close()
            with suppress(OSError):
                self.whereabouts.unlink()


def _counted(runs: int, what: str) -> str:
    return f"1 step ran as a {what}" if runs == 1 else f"{runs} steps ran as {what}s"
