"""A WebSocket to one address of the public internet, read message by message, in bounded time.

The socket is opened here and given to the library, because the address that is connected to has to be the address
that was checked (ingest/guarded_network.py): a name that is looked up twice may lead to two places.
"""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from logging import CRITICAL, Logger
from threading import Timer
from types import TracebackType
from urllib.parse import urlsplit

import msgspec
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
)
from websockets.http11 import Response
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from ingest.allowed_hosts import AllowedHosts
from ingest.fetch import FetchFailed
from ingest.guarded_network import MOST_TRIED, NotPublic, guarded_addresses
from ingest.http_words import retry_after, shown, user_agent
from ingest.jetstream_cursor import MAX_MESSAGE_BYTES

CLOSING_SECONDS = 0.5
"""How long the other side may take to say good-bye; what it sends until then nobody reads."""

_UNHEARD = Logger("websockets", CRITICAL + 1)
"""What a peer does wrong is told as a failure or a note; the library would log it with its own stack."""

_SUBPROTOCOL = Subprotocol("xrpc.v1.json")
_PLEASE_RETRY = (408, 425, 429)
_PORTS = {"ws": 80, "wss": 443}


class CursorRefused(Exception):
    """The instance does not begin at the cursor."""

    def __init__(self, reason: str, *, too_old: bool) -> None:
        super().__init__(reason)
        self.too_old = too_old
        """It no longer has what followed; else its numbers are not those of the cursor."""


class StreamEnded(Exception):
    """No further message comes; the text is a clause that says why."""


class _Refusal(msgspec.Struct):
    error: str = ""
    message: str = ""


class Stream:
    """Use it in `with`. `opening` is how many seconds the connection and its greeting may take together.

    Raises FetchFailed when there is no stream at `url`, and CursorRefused.
    """

    def __init__(
        self,
        url: str,
        allowed: AllowedHosts,
        *,
        opening: float = 10.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        name = shown(url).partition("?")[0]
        host, port, secure = place_of(url)

        def greeted() -> ClientConnection:
            return connect(
                url,
                sock=public_socket(host, port, allowed, name, opening),
                ssl=(context or ssl.create_default_context()) if secure else None,
                server_hostname=host if secure else None,
                subprotocols=[_SUBPROTOCOL],
                compression=None,
                user_agent_header=user_agent(),
                open_timeout=opening,
                ping_interval=None,
                close_timeout=CLOSING_SECONDS,
                max_size=MAX_MESSAGE_BYTES,
                logger=_UNHEARD,
            )

        try:
            try:
                self._connection = greeted()
            except InvalidMessage:
                if not secure:
                    raise
                # One thread of the library reads while another writes, and OpenSSL under Python before 3.13 now and then
                # takes that for the end of a connection that has hardly begun.
                self._connection = greeted()
        except InvalidStatus as error:
            raise _refused(error.response, name) from error
        except TimeoutError as error:
            raise FetchFailed(f"{name} did not answer in time") from error
        except InvalidURI as error:
            raise FetchFailed(f"{name} is no valid address: {error}", permanent=True) from error
        except (InvalidMessage, ConnectionClosed, EOFError, AssertionError) as error:
            # The library asserts its own state, and a peer that breaks off at a bad moment proves it wrong.
            raise FetchFailed(
                f"{name} does not speak WebSocket, or broke off: {_cause(error)}"
            ) from error
        except InvalidHandshake as error:
            raise FetchFailed(f"{name} does not speak WebSocket: {error}") from error
        except OSError as error:
            raise FetchFailed(f"{name} cannot be reached: {error}") from error

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def receive(self, seconds: float) -> bytes | None:
        """The next message; None when none is complete within `seconds`. Raises StreamEnded."""
        try:
            return self._connection.recv(timeout=seconds, decode=False)
        except TimeoutError:
            return None
        except ConnectionClosed as error:
            raise StreamEnded(_ending(error)) from error
        except AssertionError as error:  # see above
            raise StreamEnded("the stream broke off") from error

    def close(self) -> None:
        """Say good-bye, and do not wait long for the answer."""
        # A peer that never reads can hold the library in a write, which its own time limit does not end.
        limit = Timer(CLOSING_SECONDS + 1, _shut, [self._connection.socket])
        limit.daemon = True
        limit.start()
        try:
            self._connection.close()
        except AssertionError:  # see above
            _shut(self._connection.socket)
        finally:
            limit.cancel()
            self._connection.socket.close()


def place_of(url: str) -> tuple[str, int, bool]:
    """Host, port, and whether the connection is encrypted. Raises FetchFailed for what is no address of a stream."""
    name = shown(url).partition("?")[0]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise FetchFailed(f"{name} is no valid address: {error}", permanent=True) from error
    if parts.scheme not in _PORTS or not host:
        raise FetchFailed(f"{name} is not a ws or wss address", permanent=True)
    return host, port or _PORTS[parts.scheme], parts.scheme == "wss"


def public_socket(
    host: str, port: int, allowed: AllowedHosts, name: str, seconds: float
) -> socket.socket:
    """A connection to an address of `host`, all of which are public or allowed. Raises FetchFailed."""
    try:
        *others, last = guarded_addresses(host, port, allowed)[:MOST_TRIED]
        for address in others:
            try:
                return _opened(address, port, seconds)
            except OSError:
                continue
        return _opened(last, port, seconds)
    except NotPublic as error:
        raise FetchFailed(
            f"{name} {error}; name its host in BAROMETER_ALLOWED_HOSTS if that is meant",
            permanent=True,
        ) from error
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"{name} cannot be reached: {error}") from error


def _opened(address: str, port: int, seconds: float) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    opened.settimeout(seconds)
    try:
        opened.connect((address, port))
        opened.settimeout(None)  # of connecting alone: a stream may be silent for longer
    except OSError:
        opened.close()
        raise
    return opened


def _refused(response: Response, name: str) -> Exception:
    """What an answer says that opens no stream."""
    status = response.status_code
    said = _said(bytes(response.body))
    if said.error == "CursorTooOld":
        return CursorRefused(said.message, too_old=True)
    if 300 <= status < 400:
        return FetchFailed(
            f"{name} answered {status}, and redirects are not followed; give the final address",
            http_status=status,
            permanent=True,
        )
    words = " ".join(f"{said.error} {said.message}".split())[:200]
    return FetchFailed(
        f"{name} refuses to send a stream ({status})" + (f": {words}" if words else ""),
        retry_after=retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC)),
        http_status=status,
        permanent=status < 500 and status not in _PLEASE_RETRY,
    )


def _said(body: bytes) -> _Refusal:
    """v2 says what is wrong in JSON, v1 in plain text."""
    try:
        return msgspec.json.decode(body, type=_Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        text = body[:400].decode("utf-8", "replace")
        return _Refusal(message="" if "<" in text else text)


def _ending(error: ConnectionClosed) -> str:
    if error.rcvd is not None:
        reason = " ".join(error.rcvd.reason.split())[:120]
        return f"the stream was closed with code {error.rcvd.code}" + (
            f": {reason}" if reason else ""
        )
    if error.sent is not None:
        return f"the stream was given up: {error.sent.reason or error.sent.code}"
    return "the stream broke off"


def _cause(error: BaseException) -> str:
    return str(error.__cause__ or error) or "it said nothing"


def _shut(opened: socket.socket) -> None:
    try:
        # Not the method of ssl, which would pull its state from under the reader.
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:
        return  # closed already
