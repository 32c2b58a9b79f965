"""Reddit on this machine, for readers that are to be tested: tokens, listings that end after 1,000 posts, faults."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fault = Callable[["Handler"], None]
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    """As Reddit counts its posts."""
    return (base36(number // 36) if number >= 36 else "") + DIGITS[number % 36]


class LocalReddit:
    """What Reddit holds, and how it behaves."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.token_url = f"{self.url}/api/v1/access_token"
        self.posts: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.tokens: list[str] = []
        """Given out; the last one is valid."""
        self.lasts: Any = 3600
        self.faults: dict[str, list[Fault]] = {}
        """By path: each is used once, before Reddit answers as it should."""
        self.left = 600.0
        self.longest = 1_000
        self._next = 36**6

    def write(self, title: str, subreddit: str = "orchards", **over: Any) -> str:
        """A post by `rowan`; its id."""
        self._next += 1
        id = base36(self._next)
        created = (datetime.now(UTC) - timedelta(hours=2)).timestamp() + len(self.posts)
        self.posts[id] = {
            "id": id,
            "name": f"t3_{id}",
            "subreddit": subreddit,
            "title": title,
            "selftext": "",
            "author": "rowan",
            "created_utc": created,
            "edited": False,
            "permalink": f"/r/{subreddit}/comments/{id}/title/",
            "stickied": False,
            "quarantine": False,
            "removed_by_category": None,
        } | over
        return id

    def delete(self, id: str) -> None:
        """As an author does: the listing forgets it, and it is shown as deleted."""
        self.posts[id] |= {
            "author": "[deleted]",
            "selftext": "[deleted]",
            "removed_by_category": "deleted",
        }

    def listing(self, subreddit: str, query: dict[str, list[str]]) -> dict[str, Any]:
        """A page of /new. Posts that are deleted are in no listing; beyond the longest there is nothing."""
        ids = [
            id
            for id, post in reversed(self.posts.items())
            if post["subreddit"] == subreddit and not post["removed_by_category"]
        ][: self.longest]
        start = ids.index(query["after"][0][3:]) + 1 if "after" in query else 0
        chosen = ids[start : start + min(int(query.get("limit", ["25"])[0]), 100)]
        more = bool(chosen) and chosen[-1] != ids[-1]
        return self.things(chosen, f"t3_{chosen[-1]}" if more else None)

    def things(self, ids: list[str], after: str | None = None) -> dict[str, Any]:
        """A listing of these."""
        children = [{"kind": "t3", "data": self.posts[id]} for id in ids if id in self.posts]
        return {"kind": "Listing", "data": {"after": after, "before": None, "children": children}}


class Handler(BaseHTTPRequestHandler):
    """Answers for both hosts of Reddit."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        local = self.server.local
        form = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self._note()
        if self._fault():
            return
        login = base64.b64encode(b"an id:a s3cret").decode()
        if self.headers.get("Authorization") != f"Basic {login}":
            self.json(401, {"message": "Unauthorized", "error": 401})
        elif form != "grant_type=client_credentials":
            self.json(200, {"error": "unsupported_grant_type"})
        else:
            local.tokens.append(f"t0ken-{len(local.tokens)}")
            answer = {"access_token": local.tokens[-1], "token_type": "bearer", "scope": "*"}
            self.json(200, answer | {"expires_in": local.lasts})

    def do_GET(self) -> None:
        local = self.server.local
        self._note()
        if self._fault():
            return
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        valid = local.tokens and self.headers.get("Authorization") == f"Bearer {local.tokens[-1]}"
        local.left -= 1
        if not valid:
            self.json(401, {"message": "Unauthorized", "error": 401})
        elif path == "/api/info":
            ids = [name.removeprefix("t3_") for name in query["id"][0].split(",")]
            self.json(200, local.things(ids))
        elif path.startswith("/r/") and path.endswith("/new"):
            self.json(200, local.listing(path.split("/")[2], query))
        elif path == "/subreddits/search":
            self.json(200, local.things([]))
        else:
            self.json(404, {"message": "Not Found", "error": 404})

    def _note(self) -> None:
        self.server.local.asked.append(self.path)
        self.server.local.agents.add(self.headers.get("User-Agent", ""))

    def _fault(self) -> bool:
        """Whether a fault answered in our place."""
        waiting = self.server.local.faults.get(urlsplit(self.path).path)
        if not waiting:
            return False
        waiting.pop(0)(self)
        return True

    def json(self, status: int, what: Any, **headers: str) -> None:
        self.body(status, json.dumps(what).encode(), "application/json; charset=UTF-8", **headers)

    def body(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        local = self.server.local
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", headers.pop("length", str(len(body))))
        self.send_header("X-Ratelimit-Used", str(600 - int(local.left)))
        self.send_header("X-Ratelimit-Remaining", f"{max(local.left, 0.0):.1f}")
        self.send_header("X-Ratelimit-Reset", "240")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    local: LocalReddit

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that hangs up."""


@contextmanager
def local_reddit() -> Iterator[LocalReddit]:
    """Reddit on a free port, until the end of the block."""
    server = _Server(("127.0.0.1", 0), Handler)
    server.local = LocalReddit(server.server_address[1])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.local
    finally:
        server.shutdown()
        server.server_close()
