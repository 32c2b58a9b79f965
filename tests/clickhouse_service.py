"""A real ClickHouse server (Debian's clickhouse-server, 18.16) with its own folder and port, for a test session."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error

USER, PASSWORD = "barometer", "s3cret/with:odd@signs"

_CONFIG = """\
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <tcp_port>{port}</tcp_port>
  <!-- Not UTC, on purpose: no figure may depend on the zone of the server. -->
  <timezone>Europe/Paris</timezone>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <user_files_path>{folder}/user_files/</user_files_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
{more}</yandex>
"""

_USERS = """\
<yandex>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password></password><networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota>
    </default>
    <{user}>
      <password>{password}</password><networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota>
    </{user}>
  </users>
</yandex>
"""


class ClickHouseService(msgspec.Struct):
    """A running server."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, name: str, *, password: str = PASSWORD) -> str:
        """The URL of the database `name` on it."""
        escaped = password.replace("/", "%2F").replace(":", "%3A").replace("@", "%40")
        return f"clickhouse://{USER}:{escaped}@127.0.0.1:{self.port}/{name}"


def missing(reason: str) -> None:
    """Skip on a laptop, fail in CI, where every service must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(folder: Path, *, more: str = "", ports: Sequence[int] = ()) -> ClickHouseService:
    """Start a server whose files are all in `folder`, and wait until it answers. `more` is added to its configuration;
    `ports` are those to try, free ones where there are none.
    """
    binary = shutil.which("clickhouse-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if binary is None:
        missing("clickhouse-server is not installed (Debian: apt-get install clickhouse-server)")
        raise AssertionError
    (folder / "users.xml").write_text(_USERS.format(user=USER, password=PASSWORD))
    for n in range(3):  # another process may take the port in between
        port = ports[min(n, len(ports) - 1)] if ports else free_port()
        config = _CONFIG.format(port=port, folder=folder, more=more)
        (folder / "config.xml").write_text(config)
        with (folder / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [binary, f"--config-file={folder / 'config.xml'}"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                env={**os.environ, "CLICKHOUSE_WATCHDOG_ENABLE": "0"},
            )
        if _answers(process, port):
            return ClickHouseService(port=port, folder=folder, process=process)
        stop(process)
    log_tail = (folder / "server.log").read_text(errors="replace")[-2000:]
    missing(f"clickhouse-server did not start:\n{log_tail}")
    raise AssertionError


# While a server starts, refused connections are expected; the driver logs each with a traceback.
logging.getLogger("clickhouse_driver.connection").setLevel(logging.CRITICAL)


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        client = Client("127.0.0.1", port=port, connect_timeout=5, send_receive_timeout=10)
        try:
            client.execute("SELECT 1")
        except (Error, OSError, EOFError):
            time.sleep(0.05)
        else:
            return True
        finally:
            client.disconnect()
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server; it is given a moment to do it by itself."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def running(folder: Path) -> Iterator[ClickHouseService]:
    """A server for as long as the caller holds the iterator."""
    service = start(folder)
    try:
        yield service
    finally:
        stop(service.process)
