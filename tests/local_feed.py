"""A feed on this machine, for processes that are to read one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

from tests.rows import ABOUT


class LocalFeed:
    """An RSS feed of texts about migration. `open` is set: it answers; cleared: it keeps the reader waiting."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/feed.xml"
        self.open = Event()
        self.open.set()
        self.asked = Event()

    def write_sources(self, path: Path) -> Path:
        """A sources.toml with this feed as its only source."""
        path.write_text(
            f'[[source]]\nname = "local"\nurl = "{self.url}"\noutlet = "Local Paper"\n'
            'kind = "news"\nsociety = "XA"\nlanguage = "en"\n',
            "utf-8",
        )
        return path

    def body(self) -> bytes:
        """As many entries as there are texts, all of yesterday."""
        day = format_datetime(datetime.now(UTC) - timedelta(days=1))
        items = "".join(
            f"<item><title>Entry {n}</title><guid>entry-{n}</guid><pubDate>{day}</pubDate>"
            f"<description>{text}</description></item>"
            for n, text in enumerate(ABOUT)
        )
        return f'<rss version="2.0"><channel><title>Local</title>{items}</channel></rss>'.encode()


@contextmanager
def local_feed() -> Iterator[LocalFeed]:
    """The feed on a free port, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feed.asked.set()
            feed.open.wait(30)
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/rss+xml")
                self.end_headers()
                self.wfile.write(feed.body())
            except OSError:
                return  # the reader was stopped meanwhile

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    feed = LocalFeed(server.server_address[1])
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield feed
    finally:
        feed.open.set()
        server.shutdown()
        server.server_close()
