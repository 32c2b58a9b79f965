"""The simulated outlets as a local web server: what the demo's sources really fetch.

    with Outlets(world, now=start) as outlets:
        sources(world, outlets.base_url)        feeds at /OUTLET/feed.xml, articles at /OUTLET/N
        outlets.advance(later, newest=USUAL)    the feeds now hold the newest of what has appeared by then

Only loopback, on a free port. Conditional requests are answered (ETag, Last-Modified, 304), one
outlet compresses, one is down for two simulated days. Time is the simulated `now` and nothing else.
"""

from __future__ import annotations

import gzip
import hashlib
import socket
import sys
import threading
from datetime import UTC, datetime, time
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from flows.demo.feeds import CONTENT_TYPES, feed, index, page
from flows.demo.world import Item, Nature, Outlet, World
from ingest.document import as_utc

NEWEST = 2_000
"""Entries that a feed holds at most: enough for everything that an outlet publishes in the demo."""

USUAL = 100
"""Entries of an ordinary feed: what even a large outlet publishes in the three days around an outage."""

_SLOW_CLIENT_SECONDS = 5
_HTML = "text/html; charset=utf-8"


class _Feed(msgspec.Struct, frozen=True):
    """A feed as it stands at one moment."""

    body: bytes
    etag: str
    last_modified: datetime


class Outlets:
    """A server for all outlets of a world. Start it with `with`; it leaves no thread and no port behind."""

    def __init__(self, world: World, *, now: datetime, newest: int = NEWEST, port: int = 0) -> None:
        """Serve what has appeared by `now`; `newest` entries a feed; `port` 0 takes a free one."""
        self._world = world
        self._by_name = {outlet.name: outlet for outlet in world.outlets}
        self._societies = {society.code: society for society in world.societies}
        self._newest = newest
        self._port = port
        self._lock = threading.Lock()
        self._now = as_utc(now)
        self._feeds: dict[str, _Feed] = {}
        self._requests: dict[int, int] = {}
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT`. Raises RuntimeError before start."""
        if self._server is None:
            raise RuntimeError("the simulated outlets are not started; use them in a with block")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def now(self) -> datetime:
        """The simulated time, UTC."""
        return self._now

    @property
    def requests(self) -> dict[int, int]:
        """Answers so far by HTTP status."""
        with self._lock:
            return dict(self._requests)

    def advance(self, now: datetime, *, newest: int | None = None) -> None:
        """Move the simulated time to `now`; the next request sees it. Raises ValueError for a step back.

        `newest` changes how many entries a feed holds from here on. Once the back-file has been read,
        USUAL is plenty and spares the reader from parsing the back-file again with every poll.
        """
        moment = as_utc(now)
        with self._lock:
            if moment < self._now:
                raise ValueError(
                    f"simulated time cannot go back from {self._now:%Y-%m-%dT%H:%MZ} "
                    f"to {moment:%Y-%m-%dT%H:%MZ}"
                )
            self._now = moment
            self._newest = self._newest if newest is None else newest
            self._feeds.clear()

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken; nothing happens when it is started already."""
        if self._server is not None:
            return
        self._server = _Server(("127.0.0.1", self._port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="simulated-outlets"
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and wait for the answers under way; nothing happens when it is stopped already."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def count(self, status: int) -> None:
        """Note that an answer with `status` was given."""
        with self._lock:
            self._requests[status] = self._requests.get(status, 0) + 1

    def outlet(self, name: str) -> Outlet | None:
        """The outlet of that name."""
        return self._by_name.get(name)

    def is_down(self, outlet: Outlet) -> bool:
        """Whether the outlet answers 503 now."""
        if outlet.down_from is None or outlet.down_until is None:
            return False
        return outlet.down_from <= self._now < outlet.down_until

    def feed(self, outlet: Outlet) -> _Feed:
        """The outlet's feed now."""
        with self._lock:
            if outlet.name not in self._feeds:
                self._feeds[outlet.name] = self._render(outlet)
            return self._feeds[outlet.name]

    def _render(self, outlet: Outlet) -> _Feed:
        items = self._world.published(outlet.name, self._now)[::-1][: self._newest]
        body = feed(outlet, self._societies[outlet.society], items, self.base_url)
        # HTTP dates have whole seconds, and so have all items.
        start = datetime.combine(self._world.truth.first_day, time(), UTC)
        modified = max((item.appears_at for item in items), default=start)
        return _Feed(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"', modified)

    def article(self, outlet: Outlet, number: str) -> Item | None:
        """The outlet's article with that number, once it has appeared."""
        if not number.isdecimal():
            return None
        for item in self._world.published(outlet.name, self._now):
            if item.number == int(number) and item.nature is not Nature.DUPLICATE:
                return item
        return None

    def listing(self) -> bytes:
        """The page at /."""
        return index(self._world.outlets)


class _Server(ThreadingHTTPServer):
    # Not daemons: server_close() then waits for them, and none is left behind.
    daemon_threads = False
    # A port of ours in TIME_WAIT may be taken again, a port in use may not.
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], outlets: Outlets) -> None:
        self.outlets = outlets
        super().__init__(address, _Handler)

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        # A client that hangs up is its own affair; anything else is a fault of ours and is shown.
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request. HTTP/1.0: the connection closes with the answer, so no idle client holds a thread."""

    server: _Server
    server_version = "BarometerDemo"
    sys_version = ""
    timeout = _SLOW_CLIENT_SECONDS

    def do_GET(self) -> None:
        outlets = self.server.outlets
        parts = [part for part in urlsplit(self.path).path.split("/") if part]
        if not parts:
            self._answer(200, outlets.listing(), _HTML)
            return
        outlet = outlets.outlet(parts[0])
        if outlet is None or len(parts) != 2:
            self._answer(404, b"no such page\n", "text/plain; charset=utf-8")
        elif outlets.is_down(outlet):
            self._answer(503, b"down for simulated maintenance\n", "text/plain; charset=utf-8")
        elif f"/{outlet.name}/{parts[1]}" == outlet.feed_path:
            self._feed(outlet)
        else:
            item = outlets.article(outlet, parts[1])
            if item is None:
                self._answer(404, b"no such article\n", "text/plain; charset=utf-8")
            else:
                self._answer(200, page(outlet, item), _HTML)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _feed(self, outlet: Outlet) -> None:
        current = self.server.outlets.feed(outlet)
        headers = {
            "ETag": current.etag,
            "Last-Modified": format_datetime(current.last_modified, usegmt=True),
            "Cache-Control": "no-cache",
        }
        if self._unchanged(current):
            self._answer(304, b"", "", headers)
            return
        body = current.body
        if outlet.gzip and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, mtime=0)
            headers["Content-Encoding"] = "gzip"
            headers["Vary"] = "Accept-Encoding"
        self._answer(200, body, CONTENT_TYPES[outlet.feed], headers)

    def _unchanged(self, current: _Feed) -> bool:
        """RFC 9110, 13.1: If-None-Match decides; If-Modified-Since counts only without it."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return tags.strip() == "*" or current.etag in [
                tag.strip().removeprefix("W/") for tag in tags.split(",")
            ]
        since = self.headers.get("If-Modified-Since")
        if since is None:
            return False
        try:
            return current.last_modified <= as_utc(parsedate_to_datetime(since))
        except ValueError:
            return False  # an unreadable date is as good as none

    def _answer(
        self, status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> None:
        self.server.outlets.count(status)
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the demo shows its own progress."""
