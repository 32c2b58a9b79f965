"""Prefect in embedded mode: its own server in a child process, started beside the work and never waited for.

Measured while choosing this (2 cores): the server needs 15-25 s for its first start on an empty home and about 8 s
afterwards; a flow run then costs about 0.1 s, of which 1 s more would go to joining a heartbeat thread
that nobody listens to here. So the server starts first, the work starts at once, and steps that run before
the server answers run as the plain functions that the flows wrap.
"""

from __future__ import annotations

import atexit
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
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


class Orchestrator:
    """Runs steps: as Prefect flows once Prefect answers, as plain functions until then."""

    def __init__(self, server: EmbeddedServer | None) -> None:
        self._server = server
        self._connected = False
        self.plain_runs = 0
        self.flow_runs = 0

    def run(self, step: str, **parameters: Any) -> str:
        """Run one of the four steps; its report as one line of text."""
        if self._server is not None and not self._server.ready():
            self.plain_runs += 1
            return str(steps.STEPS[step](**parameters))
        self.flow_runs += 1
        return self._as_flow(step, parameters)

    def _as_flow(self, step: str, parameters: dict[str, Any]) -> str:
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
    apply_environment(prefect_environment(settings.prefect_home))
    if not embedded_prefect_wanted():
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
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._importing = Thread(target=_import_prefect, daemon=True)

    @property
    def api_url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self._port}/api"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self._home / "server.log"

    def ended(self) -> bool:
        """True when the child is not running (any more)."""
        return self._process is None or self._process.poll() is not None

    def start(self, *, services: bool = False) -> None:
        """Start the child and return at once. `services`: the scheduler too (for `serve`)."""
        self._home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
        command += ["--port", str(self._port), "--no-ui"]
        command += [] if services else ["--no-services"]
        with self.log_file.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=process_environment(),
            )
        atexit.register(self.stop)
        self._importing.start()

    def ready(self) -> bool:
        """True once the server answers; never waits. False for ever if it could not start."""
        if self._ready or self.ended():
            return self._ready
        if self._importing.is_alive():
            return False
        try:
            answer = httpx.get(f"{self.api_url}/health", timeout=0.5)
        except httpx.HTTPError:
            return False
        self._ready = answer.status_code == httpx.codes.OK
        return self._ready

    def stop(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        atexit.unregister(self.stop)
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _import_prefect() -> None:
    import flows.prefect_flows  # noqa: F401  (seconds of import, spent while the server starts)
