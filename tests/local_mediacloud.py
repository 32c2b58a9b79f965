"""Media Cloud's search on this machine: tokens, pages by the time at which stories were found, quota, faults."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fault = Callable[["Handler"], None]


class LocalMediaCloud:
    """What it found, and how it behaves."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.token = "key-of-a-test"
        self.stories: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.faults: list[Fault] = []
        """Each is used once, before it answers as it should."""
        self.page_size = 1_000

    def find(self, at: datetime, title: str, published: str | None = None, **over: Any) -> None:
        """One story more, found at `at`."""
        number = len(self.stories)
        self.stories.append(
            {
                "id": f"{number:064x}",
                "media_name": "courier.example",
                "media_url": "courier.example",
                "title": title,
                "publish_date": published or f"{at:%Y-%m-%d}",
                "url": f"https://courier.example/{number}",
                "language": "en",
                "indexed_date": f"{at:%Y-%m-%dT%H:%M:%S.%f}",
            }
            | over
        )

    def page(self, asked: dict[str, str]) -> dict[str, Any]:
        """As the service makes it: in the order in which stories were found, after the place of the token."""
        since = re.search(r"indexed_date:\[(\S+) TO \*\]", asked["q"])
        found = sorted(
            (
                story
                for story in self.stories
                if asked["start"] <= (story["publish_date"] or "9") <= asked["end"]
                and (not since or story["indexed_date"] >= since[1])
            ),
            key=lambda story: (story["indexed_date"], story["id"]),
        )
        if "pagination_token" in asked:
            place = base64.b64decode(asked["pagination_token"]).decode()
            found = [story for story in found if _place(story) > place]
        size = min(int(asked["page_size"]), self.page_size)
        page = found[:size]
        full = len(page) == size
        return {
            "stories": page,
            "pagination_token": base64.b64encode(_place(page[-1]).encode()).decode()
            if full
            else None,
        }


def _place(story: dict[str, Any]) -> str:
    return f"{story['indexed_date']}|{story['id']}"


class Handler(BaseHTTPRequestHandler):
    """Answers for it."""

    server: _Server

    def do_GET(self) -> None:
        cloud = self.server.cloud
        parts = urlsplit(self.path)
        cloud.asked.append({name: values[0] for name, values in parse_qs(parts.query).items()})
        if cloud.faults:
            cloud.faults.pop(0)(self)
        elif parts.path != "/api/search/story-list":
            self.answer(404, b"<html>no such page</html>")
        elif self.headers["Authorization"] != f"Token {cloud.token}":
            self.answer(401, b'{"detail":"Invalid token."}')
        else:
            self.answer(200, json.dumps(cloud.page(cloud.asked[-1])).encode())

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    cloud: LocalMediaCloud


def refusal(status: int, note: str = "", **headers: str) -> Fault:
    """A failure as the service words it."""
    body = json.dumps({"status": "error", "note": note}).encode() if note else b""
    return lambda handler: handler.answer(status, body, **headers)


@contextmanager
def local_mediacloud() -> Iterator[LocalMediaCloud]:
    """The service on a free port, until the end of the block."""
    server = _Server(("127.0.0.1", 0), Handler)
    server.cloud = LocalMediaCloud(server.server_address[1])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.cloud
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
