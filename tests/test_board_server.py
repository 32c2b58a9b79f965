"""The web server of docker-compose.yml shows the board and the digests, and lets nobody do anything with them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from alerts.board_pages import render
from flows.board_folder import INDEX, write_folder
from tests.sample_board import sample_board
from tests.services import free_port, missing, stop, wait_for

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "deploy" / "web" / "board.conf"

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

# What the image's own nginx.conf has around our file, for any user and any folder.
AROUND = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 64; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/board.conf;
}}
"""

HEADERS = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "x-robots-tag",
    "cache-control",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, httpx.Client]]:
    """The folder of the board, empty at first, and a client of the server that shows it."""
    if NGINX is None:
        missing("nginx is not installed (Debian: apt-get install nginx-light)")
    folder = tmp_path_factory.mktemp("web")
    board = folder / "board"
    board.mkdir()
    port = free_port()
    ours = CONFIG.read_text("utf-8")
    assert ours.count("listen 8080;") == ours.count("root /board;") == 1
    ours = ours.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    (folder / "board.conf").write_text(ours.replace("root /board;", f"root {board};"), "utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # whose folder it is
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), "utf-8")
    log = folder / "log"
    with log.open("ab") as file:
        server = subprocess.Popen(
            [NGINX, "-p", folder, "-c", folder / "nginx.conf"], stdout=file, stderr=file
        )
    wait_for(port, server, log)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield board, client
    stop(server)


@pytest.fixture
def written(served: tuple[Path, httpx.Client]) -> tuple[dict[str, bytes], httpx.Client]:
    """The files of a board, written as the watch does, and a client."""
    folder, client = served
    files = render(sample_board())
    write_folder(folder, files)
    return files, client


def test_before_the_first_watch_it_says_what_to_wait_for(
    served: tuple[Path, httpx.Client],
) -> None:
    """The first test of this file: the board comes after."""
    _, client = served
    answer = client.get("/")
    assert answer.status_code == 503
    assert "the first watch writes it" in answer.text
    assert client.get("/healthz").text == "up\n"


def test_every_file_of_the_board_is_shown_as_what_it_is(
    written: tuple[dict[str, bytes], httpx.Client],
) -> None:
    files, client = written
    assert {Path(path).suffix for path in files} == {".html", ".csv"}
    assert any(path.startswith("digest/") for path in files)
    for path, content in files.items():
        answer = client.get(f"/{path}")
        assert (answer.status_code, answer.content) == (200, content), path
        kind = "text/csv" if path.endswith(".csv") else "text/html"
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert client.get("/").content == files["index.html"]


def test_every_answer_says_what_a_browser_may_do_with_it(
    written: tuple[dict[str, bytes], httpx.Client],
) -> None:
    files, client = written
    for path in ("", *list(files)[:3], "data/none.csv", "none.html", "healthz"):
        answer = client.get(f"/{path}")
        assert set(answer.headers) >= HEADERS, path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r"\d", answer.headers["server"]), "its version is nobody's business"


def test_a_page_is_fetched_again_only_where_it_changed(
    written: tuple[dict[str, bytes], httpx.Client],
) -> None:
    _, client = written
    tag = client.get("/coverage.html").headers["etag"]
    again = client.get("/coverage.html", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert client.get("/coverage.html", headers={"Accept-Encoding": "gzip"}).headers[
        "content-encoding"
    ] == "gzip"  # fmt: skip


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["index.html", "data/support.csv", "new.html"])
def test_nothing_can_be_written(
    written: tuple[dict[str, bytes], httpx.Client], method: str, path: str
) -> None:
    _, client = written
    assert client.request(method, f"/{path}", content=b"x").status_code in (403, 405)


@pytest.mark.parametrize("path", [INDEX, ".index.html.1.part", "..%2f", "data", "society/"])
def test_what_is_no_page_is_not_shown(
    served: tuple[Path, httpx.Client], written: tuple[dict[str, bytes], httpx.Client], path: str
) -> None:
    folder, client = served
    (folder / ".index.html.1.part").write_bytes(b"half")
    assert client.get(f"/{path}", follow_redirects=True).status_code in (400, 403, 404)
