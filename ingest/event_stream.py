"""An answer over HTTP that does not end: read for a while, in pieces, behind the same guard as every other request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import httpx

from ingest.allowed_hosts import AllowedHosts
from ingest.deadline import Deadline
from ingest.fetch import FetchFailed
from ingest.guarded_network import GuardedTransport, NotPublic
from ingest.http_words import header_fault, is_header, retry_after, shown, user_agent

CONNECT_SECONDS = 10.0


def pieces_of_stream(
    url: str,
    *,
    headers: Mapping[str, str],
    seconds: float,
    max_bytes: int,
    allowed: AllowedHosts,
) -> Iterator[bytes]:
    """What the server sends within `seconds` (connecting included), as it comes, and no more than `max_bytes`.

    Raises FetchFailed when the server refuses, and when it ends the stream before the time is up. Redirects are not
    followed: `headers` are secret. `allowed` are hosts that may be in a private network.
    """
    name = shown(url)
    if fault := header_fault(headers):
        raise FetchFailed(f"{name} {fault}", permanent=True)
    transport = GuardedTransport(allowed=allowed, proxies=True)
    sent = {"User-Agent": user_agent(), "Accept-Encoding": "identity", "Cache-Control": "no-store"}
    timeout = httpx.Timeout(seconds + CONNECT_SECONDS, connect=CONNECT_SECONDS)
    with (
        httpx.Client(transport=transport, timeout=timeout, headers=sent) as client,
        Deadline(seconds) as deadline,
    ):
        extensions = {"trace": deadline.trace}
        try:
            with client.stream("GET", url, headers=headers, extensions=extensions) as response:
                _check(response, name)
                received = 0
                for piece in response.iter_raw():
                    received += len(piece)
                    yield piece
                    if deadline.passed or received > max_bytes:
                        return
        except NotPublic as error:
            reason = f"{name} {error}; name its host in BAROMETER_ALLOWED_HOSTS if that is meant"
            raise FetchFailed(reason, permanent=True) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise FetchFailed(f"{name} is no valid address: {error}", permanent=True) from error
        except httpx.HTTPError as error:
            if deadline.passed:
                return
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                raise FetchFailed(f"{name} cannot be reached: {error}") from error
            raise FetchFailed(f"{name} broke off its stream: {error}") from error
        # To a stream without length, a connection that the deadline shut down looks like its end.
        if not deadline.passed:
            raise FetchFailed(f"{name} closed its stream")


def _check(response: httpx.Response, name: str) -> None:
    status = response.status_code
    if status != 200:
        wait = retry_after(response.headers.get("retry-after", ""), datetime.now(UTC))
        raise FetchFailed(
            f"{name} answered {status} {response.reason_phrase}".strip(),
            http_status=status,
            permanent=300 <= status < 500 and status not in (408, 425, 429),
            retry_after=wait,
            headers={key: value for key, value in response.headers.items() if is_header(value)},
        )
    kind = response.headers.get("content-type", "")
    if not kind.lower().startswith("text/event-stream"):
        reason = f"{name} sends {kind[:60]!r} instead of a stream of events"
        raise FetchFailed(reason, http_status=status, permanent=True)
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        reason = f"{name} compresses its stream, which was not asked for"
        raise FetchFailed(reason, http_status=status, permanent=True)
