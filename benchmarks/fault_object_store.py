"""A small S3 for one broker: what Tansu keeps its log in, so that the broker may be killed and started again.

Tansu's memory engine loses everything with its process, and the build on PyPI has no engine for files. Its S3 engine
needs PUT (also "only if there is none" and "only if it is still this one"), GET, HEAD, DELETE and the list of a prefix.
Objects are kept in this process, which nobody kills; nothing is signed or checked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

import msgspec

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class _Object(msgspec.Struct, frozen=True):
    data: bytes
    tag: str
    at: float


class ObjectStore:
    """Objects by `/bucket/key`."""

    def __init__(self) -> None:
        self.address = ""
        self._objects: dict[str, _Object] = {}
        self._lock = Lock()
        self._written = 0

    def put(self, path: str, data: bytes, *, only_if: str, only_new: bool) -> str | None:
        """The tag of the object, None where the condition does not hold."""
        with self._lock:
            old = self._objects.get(path)
            if (only_new and old is not None) or (only_if and (old is None or old.tag != only_if)):
                return None
            self._written += 1
            tag = f'"{sha256(data).hexdigest()[:24]}-{self._written}"'
            self._objects[path] = _Object(data, tag, time.time())
            return tag

    def get(self, path: str) -> _Object | None:
        """The object, if there is one."""
        with self._lock:
            return self._objects.get(path)

    def paths(self, prefix: str) -> list[str]:
        """Of all objects whose path begins so."""
        with self._lock:
            return sorted(path for path in self._objects if path.startswith(prefix))

    def delete(self, path: str) -> None:
        """Forget it."""
        with self._lock:
            self._objects.pop(path, None)

    def listed(self, bucket: str, asked: Mapping[str, str]) -> bytes:
        """ListObjectsV2 of a bucket, all of it in one answer."""
        prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
        after = asked.get("start-after", "")
        with self._lock:
            held = sorted(self._objects.items())
        contents, folders = [], set()
        for path, each in held:
            key = path.removeprefix(f"/{bucket}/")
            if path == key or not key.startswith(prefix) or key <= after:
                continue
            below = key[len(prefix) :]
            if delimiter and delimiter in below:
                folders.add(prefix + below.split(delimiter, 1)[0] + delimiter)
                continue
            moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(each.at))
            contents.append(
                f"<Contents><Key>{escape(key)}</Key><LastModified>{moment}</LastModified>"
                f"<ETag>{escape(each.tag)}</ETag><Size>{len(each.data)}</Size>"
                "<StorageClass>STANDARD</StorageClass></Contents>"
            )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>"
            for each in sorted(folders)
        )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="{_NAMESPACE}">'
            f"<Name>{escape(bucket)}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(contents) + len(folders)}</KeyCount><MaxKeys>1000000</MaxKeys>"
            f"<IsTruncated>false</IsTruncated>{''.join(contents)}{common}</ListBucketResult>"
        ).encode()


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A broker that is killed is part of what is tried."""


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """An empty store at an address, for as long as the block runs."""
    store = ObjectStore()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_PUT(self) -> None:
            tag = store.put(
                self._path(),
                self.rfile.read(int(self.headers.get("Content-Length") or 0)),
                only_if=self.headers.get("If-Match") or "",
                only_new=self.headers.get("If-None-Match") == "*",
            )
            self._answer(200 if tag else 412, headers={"ETag": tag} if tag else {})

        def do_GET(self) -> None:
            asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            if "list-type" in asked:
                self._answer(200, store.listed(self._path().strip("/"), asked))
            elif (found := store.get(self._path())) is not None:
                moment = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(found.at))
                self._answer(200, found.data, {"ETag": found.tag, "Last-Modified": moment})
            else:
                self._answer(404, b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_DELETE(self) -> None:
            store.delete(self._path())
            self._answer(204)

        def _path(self) -> str:
            return unquote(urlsplit(self.path).path)

        def _answer(
            self, status: int, data: bytes = b"", headers: Mapping[str, str] | None = None
        ) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = _QuietServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        store.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield store
    finally:
        server.shutdown()
        server.server_close()
