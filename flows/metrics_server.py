"""The port of a process that goes on for ever: /metrics, /healthz (it is alive) and /readyz (its edges answer).

    GET -HTTP thread-> page        bus and database <-asked by another thread, beside the work

Off unless BAROMETER_METRICS_PORT is set. A port that is taken is the user's mistake; afterwards nothing that goes wrong
here stops the work.
"""

from __future__ import annotations

import errno
import importlib.metadata
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flows.sentence import sentence
from flows.settings import Settings, SettingsRefused
from flows.state_reader import State, StateReader, read_again_and_again
from flows.steps import now_utc
from flows.tally import TALLY
from ingest.source import Source
from storage.database import Database

log = logging.getLogger("barometer.metrics")

READ_EVERY = 15.0
"""Seconds between two askings of bus and database …"""

READ_EVERY_WHEN_SHARED = 60.0
"""… and where an embedded database has to be opened for it, which flow runs want, too."""

ALIVE_SECONDS = 1_800.0
"""A process that has done nothing for so long hangs: the longest step that says nothing meanwhile takes minutes."""

PATHS = "/metrics, /healthz and /readyz"


@contextmanager
def metrics_server(
    settings: Settings,
    process: str,
    *,
    model: str,
    sources: Sequence[Source],
    channels: Sequence[str],
    database: Database | None = None,
    each_time: Callable[[], object] = lambda: None,
) -> Iterator[None]:
    """Listen while the block runs; nothing without a port. `database` is the one that is open here, if one is. `each_time`:
    before each asking. Raises SettingsRefused for a port that cannot be had.
    """
    if not settings.metrics_port:
        yield
        return
    from flows.metrics import CONTENT_TYPE, MetricsPage

    reader = StateReader(settings, sources, channels, database=database)
    page = MetricsPage(
        process=process,
        version=importlib.metadata.version("barometer"),
        model=model,
        state=lambda: reader.state,
        clock=now_utc,
    )
    server = _listen(settings, page.text, CONTENT_TYPE, lambda: reader.state)
    over = threading.Event()
    shared = database is None and settings.database_url.startswith("chdb:")
    threads = [
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="metrics", daemon=True
        ),
        threading.Thread(
            target=read_again_and_again,
            args=(reader,),
            kwargs={
                "every": READ_EVERY_WHEN_SHARED if shared else READ_EVERY,
                "clock": now_utc,
                "wait": over.wait,
                "each_time": each_time,
            },
            name="metrics-reader",
            daemon=True,
        ),
    ]
    TALLY.beat()
    TALLY.is_shown = True
    for thread in threads:
        thread.start()
    log.info("metrics on %s:%d", settings.metrics_host, settings.metrics_port)
    try:
        yield
    finally:
        TALLY.is_shown = False
        over.set()
        server.shutdown()
        server.server_close()
        threads[1].join(timeout=30)  # it may have the database in hand


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle is their own business."""


def _listen(
    settings: Settings, page: Callable[[], bytes], content_type: str, state: Callable[[], State]
) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds that a client may take to ask

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            try:
                status, kind, body = _answer(path, page, content_type, state)
            except Exception as error:  # a metric must never stop the work
                log.warning("the page %s could not be written: %s", path, sentence(error))
                status, kind, body = 500, "text/plain", b"this page could not be written\n"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the name that http.server asks for

        def log_message(self, format: str, *args: object) -> None:
            """Somebody asks every few seconds."""

        def version_string(self) -> str:
            return "barometer"

    host, port = settings.metrics_host, settings.metrics_port
    try:
        return _Server((host, port), Handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            said, remedy = "another process has it", "name another port"
        else:
            said = error.strerror or os.strerror(error.errno or 0)
            remedy = "correct BAROMETER_METRICS_PORT or BAROMETER_METRICS_HOST"
        raise SettingsRefused(
            f"The metrics cannot be offered at {host}:{port} ({said}); {remedy}, or 0 for none."
        ) from None


def _answer(
    path: str, page: Callable[[], bytes], content_type: str, state: Callable[[], State]
) -> tuple[int, str, bytes]:
    if path == "/metrics":
        return 200, content_type, page()
    if path == "/healthz":
        idle = TALLY.idle_seconds()
        alive = idle < ALIVE_SECONDS
        return _as_json(alive, {"alive": alive, "idle_seconds": round(idle, 1)})
    if path == "/readyz":
        known = state()
        edges = {name: fault or "up" for name, fault in known.faults.items()}
        return _as_json(known.ready, {"ready": known.ready, "edges": edges})
    return 404, "text/plain", f"here are {PATHS}\n".encode()


def _as_json(fine: bool, said: dict[str, object]) -> tuple[int, str, bytes]:
    return 200 if fine else 503, "application/json", f"{json.dumps(said)}\n".encode()
