"""An HTTP receiver on this machine that does what receivers do: it takes, refuses, stalls, breaks off and recovers."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


class Received(msgspec.Struct, frozen=True):
    """One request."""

    path: str
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes


Answer = Callable[["Handler"], None]


class Receiver(ThreadingHTTPServer):
    """Answers one request after the other as `answers` says, then with `ok`; `received` is what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[Received] = []
        self.answers: list[Answer] = []
        self.closing = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def url(self, path: str = "/hook", user: str = "") -> str:
        """Its address."""
        return f"http://{user}127.0.0.1:{self.port}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Receiver

    def do_POST(self) -> None:
        """Remember it, and answer."""
        length = int(self.headers.get("Content-Length", "0"))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(Received(self.path, headers, self.rfile.read(length)))
        answers = self.server.answers
        (answers.pop(0) if answers else says(200, "ok"))(self)

    do_GET = do_POST  # noqa: N815 - the name that http.server asks for

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def says(status: int, text: str = "", **headers: str) -> Answer:
    """An answer."""

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(text.encode())

    return answer


def stalls(handler: Handler) -> None:
    """Says nothing until the test is over."""
    handler.server.closing.wait(30)


def dribbles(handler: Handler) -> None:
    """Sends a byte now and then, and never an answer."""
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not handler.server.closing.wait(0.05):
            handler.wfile.write(b"x")
    except OSError:
        return


def breaks_off(handler: Handler) -> None:
    """Hangs up without a word."""
    handler.close_connection = True
    handler.connection.close()


@contextmanager
def receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver until the end of the block, with TLS where a context is given."""
    server = Receiver()
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
