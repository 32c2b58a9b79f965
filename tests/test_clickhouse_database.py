"""What only a server can get wrong: connections, users, and what answers at its port."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from storage.database import DatabaseRefused, DatabaseUnavailable, connect
from storage.engine_errors import sentence
from tests.clickhouse_service import PASSWORD, ClickHouseService, free_port
from tests.fixtures_database import MakeUrl
from tests.tls_proxy import TlsProxy


class Forwarder:
    """Stands before a server and hangs up when a given text passes, as often as it was told to."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._hang_up_at = b""
        self._times = 0
        self._pairs: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def hang_up_at(self, text: bytes, times: int = 1) -> None:
        self._hang_up_at, self._times = text, times

    def hang_up_now(self) -> None:
        _hang_up(self._pairs)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._pairs += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if self._times and self._hang_up_at in data:
                    self._times -= 1
                    break
                sink.sendall(data)
        _hang_up([source, sink])


def _hang_up(ends: list[socket.socket]) -> None:
    for end in ends:
        with suppress(OSError):  # its other half was quicker
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def forwarder(clickhouse_service: ClickHouseService) -> Iterator[Forwarder]:
    made = Forwarder(clickhouse_service.port)
    yield made
    made.close()


@contextmanager
def answering(greeting: bytes | None) -> Iterator[int]:
    """A port that answers every connection with `greeting`, or never."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while greeting is not None:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.recv(1024)
            client.sendall(greeting)
            client.close()

    threading.Thread(target=answer, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def through(forwarder: Forwarder, url: str) -> str:
    before, _, rest = url.rpartition(":")
    return f"{before}:{forwarder.port}/{rest.split('/')[1]}"


def test_a_server_that_is_not_there_is_named_with_its_port(
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = free_port()
    with caplog.at_level(logging.DEBUG), pytest.raises(DatabaseUnavailable) as caught:
        connect(f"clickhouse://me:hush@127.0.0.1:{port}/news")
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "hush" not in str(caught.value)
    assert not [r for r in caplog.records if r.name.startswith("clickhouse_driver")]


def test_a_server_that_never_answers_is_given_up_on() -> None:
    with answering(None) as port, pytest.raises(DatabaseUnavailable, match="no answer in time"):
        connect(f"clickhouse://127.0.0.1:{port}/news?connect_timeout=0.3")


def test_something_else_behind_the_port_is_recognised() -> None:
    with (
        answering(b"HTTP/1.0 400 Bad Request\r\n\r\n") as port,
        pytest.raises(DatabaseRefused, match="native protocol"),
    ):
        connect(f"clickhouse://127.0.0.1:{port}/news")


def test_a_server_that_hangs_up_while_it_starts_is_no_mistake_of_the_settings() -> None:
    with answering(b"") as port, pytest.raises(DatabaseUnavailable, match="hung up before"):
        connect(f"clickhouse://127.0.0.1:{port}/news")


def test_a_full_disk_is_said_in_plain_words() -> None:
    said = "Code: 75. DB::ErrnoException. DB::ErrnoException: Cannot write to file /d/x, errno: 28, strerror: No space left on device. Stack trace: 0x1"
    assert (
        sentence(said) == "Cannot write to file /d/x, errno: 28, strerror: No space left on device"
    )


def test_a_wrong_password_is_refused_and_never_shown(clickhouse_service: ClickHouseService) -> None:
    with pytest.raises(DatabaseRefused, match="refuses this user, password") as caught:
        connect(clickhouse_service.url("default", password="guessed"))
    assert "guessed" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_the_password_is_not_in_url_or_repr(clickhouse_service: ClickHouseService) -> None:
    database = connect(clickhouse_service.url("default"))
    expected = f"clickhouse://barometer@127.0.0.1:{clickhouse_service.port}/default"
    assert database.url == expected
    assert repr(database) == f"<ClickHouseDatabase {expected}>"
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "clickhouse://",
        "clickhouse:///name",
        "clickhouse://me:hush@host:port/name",
        "clickhouse://me:hush@host:99999/name",
        "clickhouse://me:hush@host/name?connect_timeout=soon",
        "clickhouse://me:hush@host/name?use_numpy=1",
        "clickhouse://me:hush@host/name?compression=zip",
        "clickhouse://me:hush@host/a/b",
        "clickhouse://me:hush@host:9000,other:port/name",
        "clickhouse://me:hush@host:9000,/name",
        "clickhouse://me:hush@host/name?alt_hosts=other",
        "clickhouse://me:hush@host/name?cluster=",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseRefused, match="must read clickhouse://user:password@") as caught:
        connect(url)
    assert "hush" not in str(caught.value)


def test_options_reach_the_driver_and_the_server(clickhouse_service: ClickHouseService) -> None:
    url = f"{clickhouse_service.url('default')}?compression=lz4&max_threads=1"
    database = connect(url)
    sql = "SELECT value FROM system.settings WHERE name = 'max_threads'"
    assert database.query(sql).rows == [("1",)]
    assert len(database.query("SELECT number FROM system.numbers LIMIT 10000").rows) == 10_000
    database.close()


def test_an_idle_connection_that_was_dropped_is_made_again(
    forwarder: Forwarder, clickhouse_url: MakeUrl
) -> None:
    database = connect(through(forwarder, clickhouse_url()), create=True)
    database.execute("CREATE TABLE t (n UInt64) ENGINE = Memory")
    forwarder.hang_up_now()
    database.insert("t", ["n"], [(1,)])
    forwarder.hang_up_now()
    database.execute("INSERT INTO t SELECT n FROM t")
    forwarder.hang_up_now()
    assert database.query("SELECT n FROM t").rows == [(1,), (1,)]
    database.close()


def test_a_query_is_asked_once_more_when_the_connection_breaks(
    forwarder: Forwarder, clickhouse_url: MakeUrl
) -> None:
    database = connect(through(forwarder, clickhouse_url()), create=True)
    forwarder.hang_up_at(b"SELECT 'lost'")
    assert database.query("SELECT 'lost'").rows == [("lost",)]
    forwarder.hang_up_at(b"SELECT 'lost'", times=2)
    with pytest.raises(DatabaseUnavailable, match="the connection broke"):
        database.query("SELECT 'lost'")
    assert database.query("SELECT 1").rows == [(1,)]
    database.close()


def test_an_insert_that_breaks_is_sent_once_more_where_the_table_replaces_by_key(
    forwarder: Forwarder, clickhouse_url: MakeUrl
) -> None:
    database = connect(through(forwarder, clickhouse_url()), create=True)
    database.execute(
        "CREATE TABLE t (note String, version UInt64) ENGINE = ReplacingMergeTree(version) ORDER BY note"
    )
    forwarder.hang_up_at(b"the only row")
    database.insert("t", ["note", "version"], [("the only row", 1)])
    assert database.query("SELECT note FROM t FINAL").rows == [("the only row",)]
    forwarder.hang_up_at(b"another row", times=2)
    with pytest.raises(DatabaseUnavailable, match="the connection broke"):
        database.insert("t", ["note", "version"], [("another row", 1)])
    database.close()


def test_an_insert_that_breaks_is_left_to_the_caller_who_may_repeat_it(
    forwarder: Forwarder, clickhouse_url: MakeUrl
) -> None:
    database = connect(through(forwarder, clickhouse_url()), create=True)
    database.execute("CREATE TABLE t (note String) ENGINE = Memory")
    forwarder.hang_up_at(b"the only row")
    with pytest.raises(DatabaseUnavailable, match="the connection broke"):
        database.insert("t", ["note"], [("the only row",)])
    database.insert("t", ["note"], [("the only row",)])
    assert database.query("SELECT note FROM t").rows == [("the only row",)]
    database.close()


# -- Several hosts, and TLS ------------------------------------------------------------------------


def test_of_several_hosts_the_first_that_answers_is_used(
    clickhouse_service: ClickHouseService, clickhouse_url: MakeUrl
) -> None:
    nobody = free_port()
    url = clickhouse_url().replace(
        f"127.0.0.1:{clickhouse_service.port}",
        f"127.0.0.1:{nobody},127.0.0.1:{clickhouse_service.port}",
    )
    database = connect(url, create=True)
    assert database.url.startswith(
        f"clickhouse://barometer@127.0.0.1:{nobody},127.0.0.1:{clickhouse_service.port}/"
    )
    assert database.query("SELECT 1").rows == [(1,)]
    database.close()


def test_a_host_that_hangs_up_while_it_starts_is_passed_over(
    clickhouse_service: ClickHouseService, clickhouse_url: MakeUrl
) -> None:
    with answering(b"") as starting:
        before = f"127.0.0.1:{clickhouse_service.port}"
        url = clickhouse_url().replace(before, f"127.0.0.1:{starting},{before}")
        database = connect(url, create=True)
        assert database.query("SELECT 1").rows == [(1,)]
        database.close()


def test_when_no_host_answers_all_are_named() -> None:
    one, other = free_port(), free_port()
    with pytest.raises(DatabaseUnavailable) as caught:
        connect(f"clickhouse://me:hush@127.0.0.1:{one},127.0.0.1:{other}/news")
    assert f"127.0.0.1:{one},127.0.0.1:{other}/news cannot be reached" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.fixture
def tls(clickhouse_service: ClickHouseService, tmp_path: Path) -> Iterator[TlsProxy]:
    proxy = TlsProxy(tmp_path, clickhouse_service.port)
    yield proxy
    proxy.close()


def over_tls(tls: TlsProxy, url: str, options: str, host: str = "127.0.0.1") -> str:
    before, _, name = url.rpartition("/")
    return f"{before.rpartition('@')[0]}@{host}:{tls.port}/{name}?{options}"


def test_rows_travel_over_tls_to_a_server_that_the_authority_vouches_for(
    tls: TlsProxy, clickhouse_url: MakeUrl
) -> None:
    options = f"secure=1&ca_certs={tls.certificate}"
    database = connect(over_tls(tls, clickhouse_url(), options), create=True)
    database.execute("CREATE TABLE t (n UInt64) ENGINE = Memory")
    database.insert("t", ["n"], [(n,) for n in range(100_000)])
    assert database.query("SELECT sum(n) FROM t").rows == [(4_999_950_000,)]
    assert tls.received > 800_000
    database.close()


@pytest.mark.parametrize("options", ["secure=1", "secure=1&ca_certs={certificate}&other"])
def test_a_certificate_that_is_not_trusted_or_of_another_name_is_refused(
    tls: TlsProxy, clickhouse_url: MakeUrl, options: str
) -> None:
    of_another_name = options.endswith("&other")
    options = options.removesuffix("&other").format(certificate=tls.certificate)
    host = "localhost" if of_another_name else "127.0.0.1"
    with pytest.raises(DatabaseRefused, match="certificate of the server is not trusted; name its"):
        connect(over_tls(tls, clickhouse_url(), options, host))


def test_verify_0_takes_any_certificate(tls: TlsProxy, clickhouse_url: MakeUrl) -> None:
    database = connect(over_tls(tls, clickhouse_url(), "secure=1&verify=0"), create=True)
    assert database.query("SELECT 1").rows == [(1,)]
    database.close()


def test_a_file_of_authorities_that_is_not_there_is_said(tls: TlsProxy) -> None:
    with pytest.raises(DatabaseRefused, match=r"ca_certs.*/no/such/ca\.pem"):
        connect(f"clickhouse://127.0.0.1:{tls.port}/x?secure=1&ca_certs=/no/such/ca.pem")
