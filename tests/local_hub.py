"""A Hugging Face hub of one model on this machine: what the real one answers to requests for files, and no more."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def local_hub(folder: Path, repository: str, revisions: tuple[str, ...]) -> Iterator[str]:
    """Serve the files of `folder` as `repository` at `revisions`, all of them COMMIT; yields the address.

    Other names: `closed/…` is gated, `broken/…` fails inside, all others do not exist.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def log_message(self, *args: object) -> None:
            pass

        def _answer(self, body: bool) -> None:
            path = self.path.split("?")[0].strip("/").removeprefix("api/models/")
            if path.startswith("closed/"):
                return self._send(403, b"{}", body, {"X-Error-Code": "GatedRepo"})
            if path.startswith("broken/"):
                return self._send(500, b"{}", body, {})
            name, _, rest = path.partition(f"{repository}/")
            if path != repository and (name or not rest):
                return self._send(404, b"{}", body, {"X-Error-Code": "RepoNotFound"})
            kind, _, rest = rest.partition("/")
            revision, _, file = rest.partition("/")
            if kind and revision not in (*revisions, COMMIT):
                return self._send(404, b"{}", body, {"X-Error-Code": "RevisionNotFound"})
            if kind == "resolve":
                if not (folder / file).is_file():
                    headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
                    return self._send(404, b"", body, headers)
                content = (folder / file).read_bytes()
                digest = hashlib.sha256(content).hexdigest()
                headers = {"ETag": f'"{digest}"', "X-Repo-Commit": COMMIT}
                return self._send(200, content, body, headers)
            files = [{"rfilename": path.name} for path in folder.iterdir()]
            known = {"id": repository, "sha": COMMIT, "siblings": files}
            listed = [] if kind == "tree" else known
            return self._send(200, json.dumps(listed).encode(), body, {})

        def _send(self, status: int, content: bytes, body: bool, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
