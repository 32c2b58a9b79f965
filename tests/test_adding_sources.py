"""`barometer sources add`: the feed of a page is found, read once, and written; whatever is wrong writes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flows.settings import load_settings
from flows.wiring import load_sources
from ingest.feed_links import feed_links
from tests.fixtures_command import Place

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Courier</title><language>de</language>
<item><guid>1</guid><title>More seasonal workers are welcome on the farms</title>
<pubDate>Thu, 19 Nov 2026 09:00:00 GMT</pubDate></item></channel></rss>"""

FRONT = b"""<!doctype html><html><head><title>Courier</title>
<link rel="stylesheet" href="/style.css"><link rel="alternate" type="text/html" href="/mobile">
<link rel="alternate" type="application/rss+xml" href="/gone.xml">
<link rel="Alternate" type="Application/Atom+XML; charset=utf-8" href="feeds/migration.xml">
</head><body>News</body></html>"""

PAGES = {"/": FRONT, "/feeds/migration.xml": FEED, "/bare": b"<!doctype html><p>No feed here"}


class Courier(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path.split("?")[0])
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "text/html" if body != FEED else "application/rss+xml")
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def courier() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Courier)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mine(reading: Place) -> Place:
    """A place whose list of sources is yet to be made."""
    reading.set("BAROMETER_SOURCES", "mine.toml")
    return reading


def test_the_feed_of_a_page_is_found_read_and_written(mine: Place, courier: str) -> None:
    said = mine.run("sources", "add", f"{courier}/", "--society", "DE", "--outlet", 'The "Courier"')
    assert (said.status, said.err) == (0, "")
    assert said.out == 'mine.toml: 127-0-0 (The "Courier"), 1 documents in it now\n'
    again = mine.run(
        "sources",
        "add",
        f"{courier}/feeds/migration.xml?x=1",
        "--society",
        "AT",
        "--name",
        "second",
    )
    assert again.status == 0
    first, second = load_sources(load_settings())
    assert first.url == f"{courier}/feeds/migration.xml"
    assert (first.outlet, first.society, first.language) == ('The "Courier"', "DE", "de")
    assert (second.name, second.outlet, second.language) == ("second", "127.0.0.1", "de")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["/bare", "--society", "DE"], "it names no feed; nothing was written"),
        (["/nowhere", "--society", "DE"], "is not there (404)"),
        (["/", "--society", "Germany"], "society 'Germany' is not an ISO 3166-1"),
        (["/", "--society", "DE", "--kind", "blog"], "kind 'blog' is not one of"),
        (["/", "--society", "DE", "--name", "The Courier"], "name 'The Courier' is not of"),
    ],
)
def test_what_is_wrong_is_said_and_writes_nothing(
    mine: Place, courier: str, arguments: list[str], says: str
) -> None:
    said = mine.run("sources", "add", courier + arguments[0], *arguments[1:])
    assert (said.status, said.out) == (2, "")
    assert says in said.err
    assert not (mine.folder / "mine.toml").exists()


def test_a_list_with_this_source_or_with_a_fault_stays_as_it_is(mine: Place, courier: str) -> None:
    assert mine.run("sources", "add", f"{courier}/", "--society", "DE").status == 0
    before = (mine.folder / "mine.toml").read_bytes()
    twice = mine.run("sources", "add", f"{courier}/", "--society", "DE", "--name", "other")
    assert twice.status == 2 and "have the same url" in twice.err
    assert (mine.folder / "mine.toml").read_bytes() == before
    mine.write("mine.toml", b"[[source")
    broken = mine.run("sources", "add", f"{courier}/", "--society", "DE")
    assert broken.status == 2 and "mend it first" in broken.err
    assert (mine.folder / "mine.toml").read_bytes() == b"[[source"


def test_the_list_that_ships_is_not_written_into(reading: Place, courier: str) -> None:
    said = reading.run("sources", "add", f"{courier}/", "--society", "DE")
    assert said.status == 2 and "BAROMETER_SOURCES or --file" in said.err


def test_links_are_absolute_each_once_and_no_more_than_ten() -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/a?n={n}">'
    page = "<html><head>" + "".join(link.format(n=n % 15) for n in range(40)) + "</head>"
    found = feed_links(page, "https://courier.example/news/")
    assert found == tuple(f"https://courier.example/a?n={n}" for n in range(10))


@pytest.mark.parametrize(
    "page", ["", "   ", "<", "\x00<link>", "<link rel=alternate>", "just words"]
)
def test_a_page_that_names_none_has_none(page: str) -> None:
    assert feed_links(page, "https://courier.example/") == ()
