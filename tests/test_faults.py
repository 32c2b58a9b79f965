"""The short version of `python -m benchmarks.faults`: kills and faults lose nothing and count nothing twice."""

from __future__ import annotations

import socket
import socketserver
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from benchmarks.fault_audit import Figures, audit, figures
from benchmarks.fault_proxy import Proxy
from benchmarks.fault_world import Newsroom, World
from benchmarks.faults import Plan, calm_run, go, prepared_world, tables
from classify.classifier import load_classifier
from classify.disposition import Disposition
from flows.display import Bar

PLAN = Plan(
    mode="server",
    documents=240,
    kills=2,
    seed=3,
    model="lexicon",
    pause=0.3,
    stages=2,
    # Each process costs a second of CPU; the benchmark does the rest, and the embedded mode.
    others=("database killed and started", "broker killed and started", "all connections broken"),
    watch_seconds=30.0,
)


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[World, Newsroom]]:
    """Feeds whose fate is known, served."""
    with prepared_world(PLAN, load_classifier("lexicon")) as found:
        yield found


@pytest.fixture(scope="module")
def calm(prepared: tuple[World, Newsroom]) -> Figures:
    """The figures of a run that nobody disturbs; the audit is asked whether it notices what is wrong."""
    truth, room = prepared
    with calm_run(PLAN, truth, room) as opened:
        found = figures(opened.database)
        assert [one for one in audit(opened.database, truth, 0, found) if not one.holds] == []
        wrong = {
            "INSERT INTO dispositions SELECT origin, document_id, source, 'off_topic', reason, at, version + 1"
            " FROM dispositions FINAL WHERE disposition = 'judged' LIMIT 1": {"judged", "off topic", "documents that became something else"},
            "INSERT INTO judgements (document_id, society, target, day, stance, version)"
            " SELECT document_id, 'XZ', target, day, stance, version FROM judgements FINAL LIMIT 1": {"judgements counted twice"},
            "INSERT INTO dispositions (origin, disposition) VALUES": {"rows that nobody made"},
        }  # fmt: skip
        for sql, noticed in wrong.items():
            if sql.endswith("VALUES"):
                opened.database.insert("dispositions", ["origin", "disposition"], [("x", "dead")])
            else:
                opened.database.execute(sql)
            broken = {one.what for one in audit(opened.database, truth, 0, found) if not one.holds}
            assert noticed <= broken
    return found


def test_every_kind_of_row_is_in_the_feeds(prepared: tuple[World, Newsroom]) -> None:
    truth, _ = prepared
    expected = truth.expected()
    assert sum(expected.values()) == len(truth.rows) == PLAN.documents
    assert min(expected.values()) >= 10
    assert expected[Disposition.JUDGED] < PLAN.documents / 4


def test_killed_processes_and_broken_servers_change_no_figure(
    prepared: tuple[World, Newsroom], calm: Figures
) -> None:
    truth, room = prepared
    outcome = go(PLAN, truth, room, calm, Bar())
    assert outcome.broken() == []
    assert sum(n for what, n in outcome.done.items() if what.startswith("SIGKILL")) == PLAN.kills
    assert set(PLAN.others) <= outcome.done.keys()
    assert outcome.balance.status == 0
    assert "The ledger balances: every row produced" in " ".join(outcome.balance.out.split())
    assert len(tables(outcome)) == 2


def ends(line: socket.socket) -> bool:
    """Whether the other side is gone, in whatever way."""
    try:
        return line.recv(100) == b""
    except ConnectionError:
        return True


def test_the_proxy_passes_on_delays_breaks_and_refuses() -> None:
    class Echo(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while data := self.request.recv(100):
                self.request.sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        proxy = Proxy(lambda: server.server_address[1])
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as line:
            line.sendall(b"one")
            assert line.recv(100) == b"one"
            proxy.delay = 0.05
            began = time.monotonic()
            line.sendall(b"two")
            assert line.recv(100) == b"two"
            assert time.monotonic() - began >= 0.1
            proxy.break_all()
            assert ends(line)
        proxy.refusing = True
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as line:
            assert ends(line)
        proxy.close()
        server.shutdown()
