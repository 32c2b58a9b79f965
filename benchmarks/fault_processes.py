"""Real `barometer` processes: started, started again when they end, killed, and what they needed and said."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Lock, Thread

import msgspec

SAMPLED_SECONDS = 0.1
"""Between two looks at the memory of the processes."""

KILLED = -signal.SIGKILL


class Ended(msgspec.Struct, frozen=True):
    """How a process ended."""

    status: int
    out: str
    err: str

    @property
    def reason(self) -> str:
        """The last thing that it said."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        return lines[-1] if lines else ""


class Processes:
    """Processes by name; a name has one at a time."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if not _ours(name)},
            **environment,
        }
        self._folder = folder
        self._lock = Lock()
        self._live: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = Event()
        self.memory: dict[str, int] = {}
        """Peak resident bytes by command."""
        self.started: Counter[str] = Counter()
        self.said: Counter[tuple[str, int, str]] = Counter()
        """(command, exit status, last line on standard error) of what ended by itself and not with 0."""
        self.faults: list[str] = []
        """Tracebacks: faults of ours that no sentence was found for."""
        Thread(target=self._watch_memory, daemon=True).start()

    def run(self, name: str, *arguments: str) -> Ended:
        """One process from start to end, however that comes."""
        with (
            (self._folder / f"{name}.out").open("w+b") as out,
            (self._folder / f"{name}.err").open("w+b") as err,
        ):
            process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,  # as a service of its own
            )
            with self._lock:
                self._live[name] = process
                self.started[arguments[0]] += 1
            status = process.wait()
            with self._lock:
                del self._live[name]
            out.seek(0)
            err.seek(0)
            ended = Ended(status, out.read().decode(), err.read().decode(errors="replace"))
        if status not in (0, KILLED):
            self.said[arguments[0], status, _without_numbers(ended.reason)] += 1
        if "Traceback" in ended.err:
            self.faults.append(ended.err[-3000:])
        return ended

    def at_work(self) -> list[str]:
        """Names of the processes that have opened the bus or the database, and so have something to spoil."""
        with self._lock:
            live = [(name, process.pid) for name, process in self._live.items()]
        return [name for name, pid in live if has_opened_something(pid)]

    def signal(self, name: str, number: int) -> bool:
        """Send a signal to the process of this name; False where there is none."""
        with self._lock:
            process = self._live.get(name)
            if process is None or process.poll() is not None:
                return False
            process.send_signal(number)
            return True

    def close(self) -> None:
        """Kill what is left."""
        self._ended.set()
        with self._lock:
            for process in self._live.values():
                process.kill()

    def _watch_memory(self) -> None:
        while not self._ended.wait(SAMPLED_SECONDS):
            with self._lock:
                live = [(name, process.pid) for name, process in self._live.items()]
            for name, pid in live:
                command = name.split("-")[0]
                self.memory[command] = max(self.memory.get(command, 0), peak_memory(pid))


def peak_memory(pid: int) -> int:
    """The most resident bytes that a process ever had; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else 0


def has_opened_something(pid: int) -> bool:
    """Whether a process has a connection or a file of the embedded mode open."""
    try:
        links = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    return any(
        link.startswith("socket:") or link.endswith(("/bus.db", "/clickhouse/status"))
        for link in links
    )


def wait_until(holds: Callable[[], bool], seconds: float, pause: float = 0.1) -> bool:
    """Whether `holds()` became true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(pause)
    return False


def _ours(name: str) -> bool:
    return name.startswith(("BAROMETER_", "PREFECT_"))


def _without_numbers(text: str) -> str:
    """So that the same sentence with other ports, offsets and files is one."""
    without_files = re.sub(r"/[\w./-]+/[\w.-]+", "FILE", text)
    return "".join("#" if each.isdigit() else each for each in without_files)[:160]
