"""A GDELT on this machine: the folder of bulk files, and the search; both with the faults of the real ones."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import msgspec

from ingest.allowed_hosts import AllowedHosts
from ingest.fetch import Fetcher
from ingest.reading import Surroundings

GKG = Path(__file__).parent / "data" / "gdelt_gkg"
DOC = Path(__file__).parent / "data" / "gdelt_doc"

Answer = tuple[int, bytes, Mapping[str, str]]


def row(number: int, *, stamp: str = "20261123181500", **fields: str) -> bytes:
    """One GKG record about migration, with the fields that matter; `fields` replaces some by name."""
    own = {
        "record": f"{stamp}-{number}",
        "date": stamp,
        "collection": "1",
        "outlet": "courier.example",
        "url": f"https://courier.example/news/{stamp}-{number}",
        "themes": "IMMIGRATION;",
        "v2_themes": "IMMIGRATION,120;",
        "locations": "",
        "translation": "",
        "extras": f"<PAGE_TITLE>Visas for pickers {number}</PAGE_TITLE>",
    } | fields
    cells = [""] * 27
    places = {"record": 0, "date": 1, "collection": 2, "outlet": 3, "url": 4, "themes": 7}
    places |= {"v2_themes": 8, "locations": 10, "translation": 25, "extras": 26}
    for name, value in own.items():
        cells[places[name]] = value
    return "\t".join(cells).encode()


def zipped(
    content: bytes,
    name: str = "20261123181500.gkg.csv",
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A zip with one file in it; the same bytes at any time, because names of tests are made of them."""
    packed = BytesIO()
    told = zipfile.ZipInfo(name, date_time=(2026, 11, 23, 18, 15, 0))
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(told, content, compress_type=method)
    return packed.getvalue()


class LocalGdelt:
    """What it has, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.folder = f"{self.base}/gdeltv2/"
        self.search = f"{self.base}/api/v2/doc/doc"
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, Answer] = {}
        """Answers to be given instead, by file name."""
        self.answer: Callable[[Mapping[str, str]], Answer] = lambda asked: (200, b"{}", {})
        """What the search says to a query."""
        self.asked: list[str] = []
        self.queries: list[dict[str, str]] = []

    def publish(self, stamp: str, *rows: bytes, translated: bool = False) -> None:
        """A file and, as the newest of its stream, its line in the list."""
        name = f"{stamp}{'.translation' if translated else ''}.gkg.csv"
        self.put(f"{name}.zip", zipped(b"".join(each + b"\n" for each in rows), name), translated)

    def put(self, name: str, body: bytes, translated: bool) -> None:
        """The bytes of a file, listed with their true size and md5."""
        self.files[name] = body
        self.list_newest(name, len(body), hashlib.md5(body).hexdigest(), translated)

    def list_newest(self, name: str, size: int, md5: str, translated: bool) -> None:
        """Three lines, as the real list has; the address in them is not where this server is."""
        stamp = name.partition(".")[0]
        real = "http://data.gdeltproject.org/gdeltv2/"
        part = ".translation" if translated else ""
        lines = [
            f"{size // 9} {'0' * 32} {real}{stamp}{part}.export.CSV.zip",
            f"{size // 3} {'1' * 32} {real}{stamp}{part}.mentions.CSV.zip",
            f"{size} {md5} {real}{name}",
        ]
        kind = "-translation" if translated else ""
        self.files[f"lastupdate{kind}.txt"] = "\n".join([*lines, ""]).encode()


@contextmanager
def local_gdelt() -> Iterator[LocalGdelt]:
    """On a free port, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            name = parts.path.rpartition("/")[2]
            if parts.path == "/api/v2/doc/doc":
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                gdelt.queries.append(query)
                status, body, headers = gdelt.answer(query)
            else:
                gdelt.asked.append(name)
                found = gdelt.files.get(name) if parts.path.startswith("/gdeltv2/") else None
                here: Answer = (404, b"Not Found", {}) if found is None else (200, found, {})
                status, body, headers = gdelt.faults.get(name, here)
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    gdelt = LocalGdelt(server.server_address[1])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield gdelt
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """The world of a reader that reads from this machine."""
    with Fetcher(pause=0, allowed_hosts=frozenset({"127.0.0.1"})) as fetcher:
        yield Surroundings(
            fetcher=fetcher,
            is_relevant=lambda text: True,
            secret=lambda name: "",
            author_key=lambda name, at: "",
            allowed_hosts=AllowedHosts(["127.0.0.1"]),
        )


def json_answer(value: object) -> Answer:
    """An answer of the search as it should be."""
    return 200, msgspec.json.encode(value), {"Content-Type": "application/json; charset=utf-8"}


def text_answer(text: str, status: int = 200) -> Answer:
    """A refusal: plain text, whatever the status."""
    return status, text.encode(), {"Content-Type": "text/html; charset=utf-8"}
