"""A site on this machine: pages by path, robots.txt among them, and a record of who asked for what when."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HERE = frozenset({"127.0.0.1"})


class Site(ThreadingHTTPServer):
    """Answers each path as `pages` says: status, headers, body; 404 for all else."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.moments: list[float] = []

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def put(self, path: str, body: bytes | str, status: int = 200, **headers: str) -> str:
        """A page; its address."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = (status, headers, data)
        return self.url(path)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no fault."""


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.moments.append(time.monotonic())
        status, headers, body = self.server.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def local_site() -> Iterator[Site]:
    """The site on a free port, until the end of the block."""
    site = Site()
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


def article_page(title: str, text: str, *, before: str = "", after: str = "") -> str:
    """A page as newspapers write it: menu, article, comments, footer."""
    paragraphs = "".join(f"<p>{line}</p>\n" for line in text.split("\n"))
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title><script>var a = '<p>no</p>';</script></head><body>"
        f"<nav><ul><li><a href='/'>Home</a></li><li><a href='/sport'>Sport</a></li></ul></nav>{before}"
        f"<article><h1>{title}</h1>\n{paragraphs}</article>"
        f"<section id='comments' class='comments'><p>A reader says that this is all wrong, as ever.</p></section>"
        f"{after}<footer><p>All rights reserved.</p></footer></body></html>"
    )
