"""Two ClickHouse servers that are replicas of each other, with the ZooKeeper that they meet in, for a test module."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from tests.clickhouse_service import (
    PASSWORD,
    USER,
    ClickHouseService,
    free_port,
    missing,
    start,
    stop,
)

CLUSTER = "monitor"

_JAR = Path("/usr/share/java/zookeeper.jar")

_ZOOKEEPER = """\
tickTime=500
dataDir={folder}
clientPort={port}
clientPortAddress=127.0.0.1
admin.enableServer=false
maxClientCnxns=0
4lw.commands.whitelist=srvr
"""

_REPLICA = """\
  <interserver_http_host>127.0.0.1</interserver_http_host>
  <interserver_http_port>{interserver}</interserver_http_port>
  <zookeeper>
    <node><host>127.0.0.1</host><port>{zookeeper}</port></node>
    <session_timeout_ms>10000</session_timeout_ms>
  </zookeeper>
  <macros><shard>1</shard><replica>{name}</replica></macros>
  <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
  <remote_servers>
    <{cluster}><shard><internal_replication>true</internal_replication>{replicas}</shard></{cluster}>
    <two_shards>{shards}</two_shards>
  </remote_servers>
"""

_NODE = (
    "<replica><host>127.0.0.1</host><port>{port}</port><user>{user}</user>"
    "<password>{password}</password></replica>"
)


class Cluster(msgspec.Struct):
    """Two running replicas."""

    replicas: list[ClickHouseService]
    zookeeper: subprocess.Popen[bytes]

    def url(self, name: str, *, options: str = f"?cluster={CLUSTER}") -> str:
        """The URL of a database on both, the first one first."""
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.replicas)
        escaped = PASSWORD.replace("/", "%2F").replace(":", "%3A").replace("@", "%40")
        return f"clickhouse://{USER}:{escaped}@{hosts}/{name}{options}"


def _start_zookeeper(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    java = shutil.which("java")
    if java is None or not _JAR.exists():
        missing("ZooKeeper is not installed (Debian: apt-get install zookeeper)")
        raise AssertionError
    port = free_port()
    (folder / "zoo.cfg").write_text(_ZOOKEEPER.format(folder=folder / "data", port=port))
    command = [java, "-Xmx96m", "-XX:TieredStopAtLevel=1", "-cp", str(_JAR)]
    with (folder / "zookeeper.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "org.apache.zookeeper.server.ZooKeeperServerMain", str(folder / "zoo.cfg")],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as asked:
                # `ruok` answers before anybody is served, and 18.16 dies later of a first try that failed.
                asked.sendall(b"srvr")
                if asked.recv(9) == b"Zookeeper":
                    return process, port
                time.sleep(0.1)
        except OSError:
            time.sleep(0.1)
    stop(process)
    pytest.fail(f"ZooKeeper does not answer: {(folder / 'zookeeper.log').read_text()[-2000:]}")


def _wait_for_queue(service: ClickHouseService) -> None:
    """Until the server listens to what is said to its cluster."""
    sql = "SELECT count() FROM system.zookeeper WHERE path = '/clickhouse/task_queue/ddl'"
    deadline = time.monotonic() + 60
    while True:
        client = Client("127.0.0.1", port=service.port, user=USER, password=PASSWORD)
        try:
            client.execute(sql)
            return
        except (Error, EOFError, OSError):
            if service.process.poll() is not None or time.monotonic() > deadline:
                log = (service.folder / "server.log").read_text(errors="replace")
                pytest.fail(f"a replica does not reach ZooKeeper: {log[-2000:]}")
            time.sleep(0.1)
        finally:
            client.disconnect()


def running_cluster(folder: Path) -> Iterator[Cluster]:
    """ZooKeeper and two servers for as long as the caller holds the iterator."""
    (folder / "zookeeper").mkdir()
    zookeeper, port = _start_zookeeper(folder / "zookeeper")
    started: list[ClickHouseService] = []
    try:
        ports = [free_port(), free_port()]
        nodes = [_NODE.format(port=each, user=USER, password=PASSWORD) for each in ports]
        for number, own in enumerate(ports, start=1):
            place = folder / f"replica{number}"
            place.mkdir()
            more = _REPLICA.format(
                interserver=free_port(),
                zookeeper=port,
                name=f"replica{number}",
                cluster=CLUSTER,
                replicas="".join(nodes),
                shards="".join(f"<shard>{node}</shard>" for node in nodes),
            )
            started.append(start(place, more=more, ports=[own]))
        for service in started:
            _wait_for_queue(service)
        yield Cluster(started, zookeeper)
    finally:
        for service in started:
            stop(service.process)
        stop(zookeeper)
