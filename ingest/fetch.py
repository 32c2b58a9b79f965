"""The polite fetcher: one request, conditional where it can be, with limits on time, size and redirects.

    Fetched(ok | unchanged)     the body, and what to send next time
    FetchFailed                 one sentence, whether to try again, and when the server wants us back

It tries once: whoever calls decides about trying again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Literal

import httpx
import msgspec

from ingest.allowed_hosts import AllowedHosts
from ingest.content_encoding import Identity, decoder_of
from ingest.deadline import Deadline, TimeIsUp
from ingest.guarded_network import GuardedTransport, NotPublic
from ingest.host_turns import HostTurns
from ingest.http_words import header_fault, is_header, retry_after, shown, user_agent

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
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        """How long the server asks us to stay away."""
        self.http_status = http_status
        """None when there was no answer."""
        self.permanent = permanent
        """True when the same request cannot succeed soon: somebody has to change something."""
        self.headers = headers
        """Those of the answer, names in lower case: limits of a service stand there. Empty when there was none."""


class Fetcher:
    """Fetches feeds. Safe to use from several threads; close it, or use it in `with`.

    `contact` goes into the User-Agent (an address where the operator can be reached); times are
    seconds: `connect` and `read` for one step, `total` for the whole fetch with its redirects (the
    look-up of the host's name excepted, which has the system's own limit); `pause` lies between two
    requests to the same host, of which two at most run at once. What is not on the public internet
    is refused (ingest/guarded_network.py), but for `allowed_hosts`: names or literal addresses, each
    with a port or for all ports.
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
        allowed_hosts: frozenset[str] = frozenset(),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._total = total
        self._max_bytes = max_bytes
        self._turns = HostTurns(pause)
        guarded = GuardedTransport(allowed=AllowedHosts(allowed_hosts), proxies=True)
        self._unused_proxy = guarded.unused_proxy
        self._client = httpx.Client(
            headers={
                "User-Agent": user_agent(contact),
                "Accept": _ACCEPT,
                "Accept-Encoding": "gzip, deflate",
            },
            timeout=httpx.Timeout(read, connect=connect),
            follow_redirects=False,
            # No cookie is kept: a reader of thousands of outlets is not to be recognised again.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            transport=transport or guarded,
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
        form: Mapping[str, str] | None = None,
        apart: float = 0.0,
        max_bytes: int | None = None,
    ) -> Fetched:
        """What is at `url`, if it is not what `etag` and `last_modified` stand for. `headers` are sent along, to the
        host of `url` alone: a redirect to another host does not see them, because they may be secret. A `form` is
        posted (application/x-www-form-urlencoded), and a redirect of it is a failure. The request is at least
        `apart` seconds after the last one to its host, and its answer at most `max_bytes` long, where that is
        less than what holds for all.

        Raises FetchFailed when there is no usable answer.
        """
        if fault := header_fault(headers):
            raise FetchFailed(f"{shown(url)} {fault}", permanent=True)
        own = dict(headers)
        headers = {}
        if is_header(etag):
            headers["If-None-Match"] = etag
        if is_header(last_modified):
            headers["If-Modified-Since"] = last_modified
        limit = self._max_bytes if max_bytes is None else min(self._max_bytes, max_bytes)
        address = _address(url, shown(url))
        asked = address
        lasting, moved = True, ""
        deadline = Deadline(self._total)
        try:
            for _ in range(MAX_REDIRECTS + 1):
                with self._turns.turn(address.host, apart):
                    # The time begins with the first turn: waiting for it is our own doing.
                    deadline.start()
                    sent = own | headers if _may_see(address, asked) else headers
                    answer = self._ask(address, sent, form, limit, deadline, shown(url))
                if isinstance(answer, _Redirect):
                    lasting = lasting and answer.lasting
                    address = _address(answer.target, shown(url))
                    moved = shown(str(address)) if lasting else moved
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
        finally:
            deadline.stop()
        raise FetchFailed(
            f"{shown(url)} redirects more than {MAX_REDIRECTS} times; give the final address",
            permanent=True,
        )

    def _ask(
        self,
        address: httpx.URL,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        limit: int,
        deadline: Deadline,
        name: str,
    ) -> _Redirect | _Answer:
        try:
            with self._client.stream(
                "GET" if form is None else "POST",
                address,
                headers=headers,
                data=form,
                extensions={"trace": deadline.trace},
            ) as response:
                answer = _read(response, headers, limit, deadline, name)
                if form is not None and isinstance(answer, _Redirect):
                    reason = f"{name} redirects a form; give the address that takes it"
                    raise _refused(reason, response)
                return answer
        except TimeIsUp as error:
            raise FetchFailed(f"{name} {error}") from error
        except NotPublic as error:
            # Of where it leads: a redirect has another address than the one that was asked for.
            place = shown(str(address))
            subject = name if place == name else f"{name} redirects to {place}, which"
            reason = f"{subject} {error}; name its host in BAROMETER_ALLOWED_HOSTS if that is meant"
            raise FetchFailed(reason, permanent=True) from error
        except zlib.error as error:
            raise FetchFailed(f"{name} sent compressed data that is damaged: {error}") from error
        except (httpx.InvalidURL, UnicodeError) as error:  # the latter from looking the host up
            reason = f"{name} is no valid address, or redirects to none: {error}"
            raise FetchFailed(reason, permanent=True) from error
        except httpx.HTTPError as error:
            if deadline.passed or isinstance(error, httpx.TimeoutException):
                raise FetchFailed(self._too_slow(name, error, deadline)) from error
            if isinstance(error, httpx.ConnectError):
                raise FetchFailed(f"{name} cannot be reached: {error}{self._hint}") from error
            raise FetchFailed(f"{name} broke off its answer: {error}") from error

    @property
    def _hint(self) -> str:
        if not self._unused_proxy:
            return ""
        return f"; to go through the proxy {self._unused_proxy}, name it in BAROMETER_ALLOWED_HOSTS"

    def _too_slow(self, name: str, error: Exception, deadline: Deadline) -> str:
        if deadline.passed:
            return f"{name} took longer than {self._total:g} seconds"
        step = "connect" if isinstance(error, httpx.ConnectTimeout) else "answer"
        return f"{name} did not {step} in time{self._hint if step == 'connect' else ''}"


class _Redirect(msgspec.Struct, frozen=True):
    target: str
    lasting: bool


class _Answer(msgspec.Struct, frozen=True):
    http_status: int
    headers: Mapping[str, str]
    body: bytes


def _read(
    response: httpx.Response,
    headers: Mapping[str, str],
    limit: int,
    deadline: Deadline,
    name: str,
) -> _Redirect | _Answer:
    status = response.status_code
    if status in _REDIRECTS and "location" in response.headers:
        try:
            target = str(response.url.join(response.headers["location"]))
        except httpx.InvalidURL as error:
            raise _refused(f"{name} redirects to no valid address", response) from error
        return _Redirect(target=target, lasting=status in _LASTING)
    if status == 304:
        if not {"If-None-Match", "If-Modified-Since"} & headers.keys():
            reason = f"{name} answered 304 (not modified) to a plain request"
            raise _refused(reason, response)
        return _Answer(http_status=status, headers=_readable(response), body=b"")
    if status == 206 or not 200 <= status < 300:
        raise _failure(response, name)
    body = _body(response, limit, deadline, name)
    return _Answer(http_status=status, headers=_readable(response), body=body)


def _body(response: httpx.Response, limit: int, deadline: Deadline, name: str) -> bytes:
    pieces: Iterable[bytes] = response.iter_raw(_PIECE)
    encoding = response.headers.get("content-encoding", "")
    decoder = decoder_of(encoding)
    if decoder is None:
        reason = f"{name} sent the content encoding {encoding[:40]!r}, which was not asked for"
        raise _refused(reason, response)
    if response.is_stream_consumed:  # by a test's transport, which gives the body whole
        pieces, decoder = [response.content], Identity()
    body = bytearray()
    received = 0
    for piece in pieces:
        received += len(piece)
        body += decoder.decode(piece, limit + 1 - len(body))
        if len(body) > limit or received > limit:
            size = f"{limit / 2**20:,.3g} MiB after decompression"
            raise _refused(f"{name} is larger than {size}", response)
        deadline.check()
    # To an answer without length, a connection that the deadline shut down looks like its end.
    deadline.check()
    if not decoder.complete:
        raise FetchFailed(
            f"{name} broke off its answer: the compressed data has no end",
            http_status=response.status_code,
            headers=_readable(response),
        )
    return bytes(body)


def _may_see(address: httpx.URL, asked: httpx.URL) -> bool:
    """Whether what was meant for `asked` may be sent to `address`, to which it redirects: not in the clear."""
    return address.host == asked.host and (address.scheme, asked.scheme) != ("http", "https")


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
        headers=_readable(response),
    )


def _refused(reason: str, response: httpx.Response) -> FetchFailed:
    return FetchFailed(
        reason, http_status=response.status_code, permanent=True, headers=_readable(response)
    )


def _readable(response: httpx.Response) -> dict[str, str]:
    """The headers that are kept, where they can be sent and stored again."""
    return {name: value for name, value in response.headers.items() if is_header(value)}
