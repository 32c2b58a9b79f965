"""The polite fetcher: one conditional request for a feed, with limits on time, size and redirects.

    Fetched(ok | unchanged)     the body, and what to send next time
    FetchFailed                 one sentence, whether to try again, and when the server wants us back

It tries once: whoever calls decides about trying again.
"""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal

import httpx
import msgspec

from ingest.content_encoding import Identity, decoder_of
from ingest.http_words import is_header, retry_after, shown, user_agent

MAX_BYTES = 15 * 1024 * 1024
"""Size of a body after decompression."""

MAX_REDIRECTS = 5

_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
NO_HEADERS: Mapping[str, str] = {}

_LASTING = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
_PLEASE_RETRY = (408, 425, 429)
_PIECE = 65_536
# No proxy stands between this machine and itself, whatever the proxy settings say.
_NO_PROXY = dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]"))


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is good: a body, or the news that there is nothing new."""

    status: Literal["ok", "unchanged"]
    http_status: int
    body: bytes
    """Decompressed; empty when unchanged."""
    content_type: str
    """The header as received, charset included; empty when there was none."""
    etag: str
    last_modified: str
    """To be given to the next fetch; empty when the server named none."""
    address: str
    """Where the body came from, after redirects."""
    moved: str
    """New address for good (301, 308), to be written into sources.toml; else empty."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """All headers of the answer that can be sent and stored again, names in lower case."""


class FetchFailed(Exception):
    """No usable answer. The text is one sentence that names the address."""

    def __init__(
        self,
        reason: str,
        *,
        retry_after: timedelta | None = None,
        http_status: int | None = None,
        permanent: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        """How long the server asks us to stay away."""
        self.http_status = http_status
        """None when there was no answer."""
        self.permanent = permanent
        """True when the same request cannot succeed soon: somebody has to change something."""


class Fetcher:
    """Fetches feeds. Safe to use from several threads; close it, or use it in `with`.

    `contact` goes into the User-Agent (an address where the operator can be reached); times are
    seconds: `connect` and `read` for one step, `total` for the whole fetch with its redirects (the
    look-up of the host's name excepted, which has the system's own limit); `pause` lies between two
    requests to the same host.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        connect: float = 10.0,
        read: float = 20.0,
        total: float = 60.0,
        pause: float = 1.0,
        max_bytes: int = MAX_BYTES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._total = total
        self._max_bytes = max_bytes
        self._turns = _Turns(pause)
        self._client = httpx.Client(
            headers={
                "User-Agent": user_agent(contact),
                "Accept": _ACCEPT,
                "Accept-Encoding": "gzip, deflate",
            },
            timeout=httpx.Timeout(read, connect=connect),
            # A connection for each request: feeds are minutes apart, and the deadline has to know
            # the socket, which is told only when it is opened.
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            transport=transport,
            mounts=_NO_PROXY,
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        self._client.close()

    def fetch(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Fetched:
        """What is at `url`, if it is not what `etag` and `last_modified` stand for. `headers` are sent along, to the
        host of `url` alone: a redirect to another host does not see them, because they may be secret.

        Raises FetchFailed when there is no usable answer.
        """
        own = dict(headers)
        headers = {}
        if is_header(etag):
            headers["If-None-Match"] = etag
        if is_header(last_modified):
            headers["If-Modified-Since"] = last_modified
        address = _address(url, shown(url))
        asked = address.host
        lasting, moved = True, ""
        self._turns.wait(address.host)
        with Deadline(self._total) as deadline:
            for _ in range(MAX_REDIRECTS + 1):
                sent = own | headers if address.host == asked else headers
                answer = self._get(address, sent, deadline, shown(url))
                if isinstance(answer, _Redirect):
                    lasting = lasting and answer.lasting
                    address = _address(answer.target, shown(url))
                    moved = shown(str(address)) if lasting else moved
                    self._turns.wait(address.host)
                    continue
                return Fetched(
                    status="unchanged" if answer.http_status == 304 else "ok",
                    http_status=answer.http_status,
                    body=answer.body,
                    content_type=answer.headers.get("content-type", ""),
                    etag=answer.headers.get("etag", etag if answer.http_status == 304 else ""),
                    last_modified=answer.headers.get(
                        "last-modified", last_modified if answer.http_status == 304 else ""
                    ),
                    address=shown(str(address)),
                    moved=moved,
                    headers=answer.headers,
                )
        raise FetchFailed(
            f"{shown(url)} redirects more than {MAX_REDIRECTS} times; give the final address",
            permanent=True,
        )

    def _get(
        self, address: httpx.URL, headers: Mapping[str, str], deadline: Deadline, name: str
    ) -> _Redirect | _Answer:
        try:
            with self._client.stream(
                "GET", address, headers=headers, extensions={"trace": deadline.trace}
            ) as response:
                return self._read(response, headers, deadline, name)
        except zlib.error as error:
            raise FetchFailed(f"{name} sent compressed data that is damaged: {error}") from error
        except (httpx.InvalidURL, UnicodeError) as error:  # the latter from looking the host up
            reason = f"{name} is no valid address, or redirects to none: {error}"
            raise FetchFailed(reason, permanent=True) from error
        except httpx.HTTPError as error:
            if deadline.passed or isinstance(error, httpx.TimeoutException):
                raise FetchFailed(self._too_slow(name, error, deadline)) from error
            if isinstance(error, httpx.ConnectError):
                raise FetchFailed(f"{name} cannot be reached: {error}") from error
            raise FetchFailed(f"{name} broke off its answer: {error}") from error

    def _too_slow(self, name: str, error: Exception, deadline: Deadline) -> str:
        if deadline.passed:
            return f"{name} took longer than {self._total:g} seconds"
        step = "connect" if isinstance(error, httpx.ConnectTimeout) else "answer"
        return f"{name} did not {step} in time"

    def _read(
        self,
        response: httpx.Response,
        headers: Mapping[str, str],
        deadline: Deadline,
        name: str,
    ) -> _Redirect | _Answer:
        status = response.status_code
        if status in _REDIRECTS and "location" in response.headers:
            try:
                target = str(response.url.join(response.headers["location"]))
            except httpx.InvalidURL as error:
                raise _refused(f"{name} redirects to no valid address", status) from error
            return _Redirect(target=target, lasting=status in _LASTING)
        if status == 304:
            if not {"If-None-Match", "If-Modified-Since"} & headers.keys():
                raise _refused(f"{name} answered 304 (not modified) to a plain request", status)
            return _Answer(http_status=status, headers=_readable(response), body=b"")
        if status == 206 or not 200 <= status < 300:
            raise _failure(response, name)
        body = self._body(response, deadline, name)
        return _Answer(http_status=status, headers=_readable(response), body=body)

    def _body(self, response: httpx.Response, deadline: Deadline, name: str) -> bytes:
        limit = self._max_bytes
        too_large = _refused(
            f"{name} is larger than {limit / 2**20:,.3g} MiB after decompression",
            response.status_code,
        )
        pieces: Iterable[bytes] = response.iter_raw(_PIECE)
        encoding = response.headers.get("content-encoding", "")
        decoder = decoder_of(encoding)
        if decoder is None:
            raise _refused(
                f"{name} sent the content encoding {encoding[:40]!r}, which was not asked for",
                response.status_code,
            )
        if response.is_stream_consumed:  # by a test's transport, which gives the body whole
            pieces, decoder = [response.content], Identity()
        body = bytearray()
        received = 0
        for piece in pieces:
            received += len(piece)
            body += decoder.decode(piece, limit + 1 - len(body))
            if len(body) > limit or received > limit:
                raise too_large
            deadline.check(name)
        # To an answer without length, a connection that the deadline shut down looks like its end.
        deadline.check(name)
        if not decoder.complete:
            raise FetchFailed(
                f"{name} broke off its answer: the compressed data has no end",
                http_status=response.status_code,
            )
        return bytes(body)


class _Redirect(msgspec.Struct, frozen=True):
    target: str
    lasting: bool


class _Answer(msgspec.Struct, frozen=True):
    http_status: int
    headers: Mapping[str, str]
    body: bytes


class Deadline:
    """Ends a request after `seconds`, even one whose server sends a byte now and then.

    httpx limits each step, not their sum. When time is up the sockets are shut down, so that the
    thread that waits on one of them gets an error at once. Give `trace` to the request.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.passed = False

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx calls this at every step; of interest are the sockets that it opens."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._sockets.append(info["return_value"].get_extra_info("socket"))
            if self.passed:
                self._end()

    def check(self, name: str) -> None:
        """Raise FetchFailed when time is up."""
        if self.passed:
            raise FetchFailed(f"{name} took longer than {self._seconds:g} seconds")

    def _end(self) -> None:
        self.passed = True
        with self._lock:
            for opened in self._sockets:
                try:
                    # Not the method of ssl, which would pull its state from under the reader.
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)
                except OSError:
                    continue  # closed already


class _Turns:
    """Lets requests to one host through one after the other, `pause` seconds apart."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def wait(self, host: str) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + self._pause
        if turn > now:
            time.sleep(turn - now)


def _address(url: str, name: str) -> httpx.URL:
    """`url` as an address that can be asked; `name` is the one that led to it."""
    subject = name if shown(url) == name else f"{name} redirects to {shown(url)}, which"
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchFailed(f"{subject} is no valid address: {error}", permanent=True) from error
    if address.scheme not in ("http", "https") or not address.host:
        raise FetchFailed(f"{subject} is not an http or https address", permanent=True)
    if (address.port or 0) > 65_535:
        raise FetchFailed(f"{subject} is no valid address: there is no such port", permanent=True)
    return address


def _failure(response: httpx.Response, name: str) -> FetchFailed:
    status = response.status_code
    wait = retry_after(response.headers.get("retry-after", ""), datetime.now(UTC))
    asks = f" and asks to come back in {wait.total_seconds():,.0f} seconds" if wait else ""
    phrase = {
        401: "wants a user name and password (401)",
        403: "does not let us in (403)",
        404: "is not there (404)",
        410: "is gone for good (410); remove it from sources.toml",
        429: "says that we ask too often (429)",
    }.get(status, f"answered {status} {response.reason_phrase}".strip())
    return FetchFailed(
        f"{name} {phrase}{asks}",
        retry_after=wait,
        http_status=status,
        permanent=status < 500 and status not in _PLEASE_RETRY,
    )


def _refused(reason: str, http_status: int) -> FetchFailed:
    return FetchFailed(reason, http_status=http_status, permanent=True)


def _readable(response: httpx.Response) -> dict[str, str]:
    """The headers that are kept, where they can be sent and stored again."""
    return {name: value for name, value in response.headers.items() if is_header(value)}
