"""A Mastodon instance on this machine, for readers that are to be tested: timelines, statuses, streams and faults."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

A_MINUTE = 60_000 * 2**16
"""Between two ids: Mastodon makes them of the time."""

Fault = Callable[["Handler"], None]


class LocalMastodon:
    """What the instance holds, and how it behaves. Ids grow with `write`, by a minute each."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.statuses: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.tokens: list[str] = []
        self.faults: dict[str, list[Fault]] = {}
        """By path: each is used once, before the instance answers as it should."""
        self.left = 300
        self.reset = timedelta(seconds=200)
        self.closed = False
        """Preview is disabled: timelines want a token."""
        self.hidden = False
        """Timelines answer, and are empty (4.5)."""
        self.many = True
        """GET /api/v1/statuses exists (4.3)."""
        self.instance: dict[str, Any] = {"configuration": {}}
        self.stream: list[bytes] = []
        """What a stream sends, piece by piece; then it waits until the end of the test."""
        self.stream_ends = False
        self.stopping = Event()
        self._next = 115_600_000_000_000_000

    def write(self, content: str, **over: Any) -> str:
        """A public status by `rowan`; its id."""
        self._next += A_MINUTE
        id = str(self._next)
        written = datetime.now(UTC) - timedelta(hours=1)
        account = {"acct": "rowan", "bot": False, "noindex": False, "indexable": True}
        account |= over.pop("account", {})
        self.statuses[id] = {
            "id": id,
            "created_at": f"{written:%Y-%m-%dT%H:%M:%S}.000Z",
            "edited_at": None,
            "visibility": "public",
            "spoiler_text": "",
            "language": "en",
            "uri": f"{self.url}/users/rowan/statuses/{id}",
            "url": f"{self.url}/@rowan/{id}",
            "content": f"<p>{content}</p>",
            "reblog": None,
            "account": account,
            "tags": [{"name": "migration"}],
        } | over
        return id

    def write_late(self, content: str, minutes: int) -> str:
        """A status from elsewhere that comes now, written so many minutes before the newest one."""
        now = self._next
        self._next -= minutes * A_MINUTE + A_MINUTE // 2
        id = self.write(content)
        self._next = now
        return id

    def page(self, query: dict[str, list[str]], tag: str) -> list[dict[str, Any]]:
        """A page as Mastodon makes it: with min_id the oldest of the newer ones, else the newest; newest first."""
        limit = min(int(query.get("limit", ["20"])[0]), 40)
        after = int(query.get("min_id", ["0"])[0])
        ids = [
            id
            for id in sorted(self.statuses, key=int)
            if int(id) > after
            and (not tag or tag in [each["name"] for each in self.statuses[id]["tags"]])
        ]
        chosen = ids[:limit] if "min_id" in query else ids[-limit:]
        return [self.statuses[id] for id in reversed(chosen)]


class Handler(BaseHTTPRequestHandler):
    """Answers for the instance in `server.local`."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        local = self.server.local
        local.asked.append(self.path)
        local.tokens.append(self.headers.get("Authorization", ""))
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if waiting := local.faults.get(path):
            waiting.pop(0)(self)
            return
        local.left -= 1
        if path.startswith("/api/v1/timelines/"):
            self._timeline(path, query)
        elif path == "/api/v1/statuses":
            self._statuses(query)
        elif found := re.fullmatch(r"/api/v1/statuses/(\d+)", path):
            status = local.statuses.get(found.group(1))
            self.json(200, status) if status else self.json(404, {"error": "Record not found"})
        elif path == "/api/v2/instance":
            self.json(200, local.instance)
        elif path.startswith("/api/v1/streaming/"):
            self._stream()
        else:
            self.json(404, {"error": "Record not found"})

    def _timeline(self, path: str, query: dict[str, list[str]]) -> None:
        local = self.server.local
        if local.closed and not self.headers.get("Authorization"):
            self.json(401, {"error": "This method requires an authenticated user"})
            return
        tag = path.removeprefix("/api/v1/timelines/tag/") if "/tag/" in path else ""
        page = [] if local.hidden else local.page(query, tag)
        links = {}
        if page:
            links["Link"] = (
                f'<{local.url}{path}?limit=40&max_id={page[-1]["id"]}>; rel="next", '
                f'<{local.url}{path}?limit=40&min_id={page[0]["id"]}>; rel="prev"'
            )
        self.json(200, page, **links)

    def _statuses(self, query: dict[str, list[str]]) -> None:
        ids = query.get("id[]", [])
        if not self.server.local.many:
            self.json(404, {"error": "Not Found"})
        elif len(ids) > 20:
            self.json(422, {"error": "Validation failed"})
        else:
            known = self.server.local.statuses
            self.json(200, [known[id] for id in ids if id in known])

    def _stream(self) -> None:
        local = self.server.local
        if not self.headers.get("Authorization"):
            self.json(401, {"error": "Missing access token"})
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        for piece in local.stream:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()
        if not local.stream_ends:
            local.stopping.wait(20)

    def json(self, status: int, what: Any, **headers: str) -> None:
        self.body(status, json.dumps(what).encode(), "application/json; charset=utf-8", **headers)

    def body(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        local = self.server.local
        reset = datetime.now(UTC) + local.reset
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", headers.pop("length", str(len(body))))
        self.send_header("X-RateLimit-Limit", "300")
        self.send_header("X-RateLimit-Remaining", str(max(local.left, 0)))
        self.send_header("X-RateLimit-Reset", f"{reset:%Y-%m-%dT%H:%M:%S.%fZ}")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    local: LocalMastodon

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that hangs up is what streams are read by."""


@contextmanager
def local_mastodon() -> Iterator[LocalMastodon]:
    """The instance on a free port, until the end of the block."""
    server = _Server(("127.0.0.1", 0), Handler)
    server.local = LocalMastodon(server.server_address[1])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.local
    finally:
        server.local.stopping.set()
        server.shutdown()
        server.server_close()
