"""TLS before a server that speaks none, and SASL/PLAIN before a broker that takes no password: for tests of clients."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from tests.certificates import server_context

_SASL_HANDSHAKE, _API_VERSIONS, _SASL_AUTHENTICATE = 17, 18, 36
_REFUSED = 58
"""SASL_AUTHENTICATION_FAILED."""
_FLEXIBLE = 2
"""First version of SaslAuthenticate with lengths as varints, and tags."""


class TlsProxy:
    """Listens on a free port of 127.0.0.1 with the certificate in folder/server.pem, and hands on to a port in the clear."""

    def __init__(
        self, folder: Path, target: int = 0, *, login: tuple[str, str] | None = None
    ) -> None:
        self.target = target
        """May be set once the port of the proxy is known."""
        self.certificate = folder / "server.pem"
        self.logins: list[bytes] = []
        """What clients sent as their login."""
        self.received = 0
        """Bytes that clients sent, decrypted."""
        self._login = login
        self._context: ssl.SSLContext = server_context(folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._await(
            asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        )
        self.port: int = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """End it and every connection."""
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _await(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            up, down = await asyncio.open_connection("127.0.0.1", self.target)
            back = asyncio.ensure_future(_pump(up, writer))
            try:
                if self._login is None or await self._admit(reader, writer, down):
                    while data := await reader.read(65_536):
                        self.received += len(data)
                        down.write(data)
                        await down.drain()
            finally:
                down.close()
                with contextlib.suppress(OSError):
                    await back
        writer.close()

    async def _admit(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        down: asyncio.StreamWriter,
    ) -> bool:
        """Kafka's requests until the login, which is answered here; whether it was the right one."""
        assert self._login is not None
        user, password = self._login
        while True:
            size = await reader.readexactly(4)
            request = await reader.readexactly(struct.unpack(">i", size)[0])
            key, version, number = struct.unpack_from(">hhi", request)
            if key == _API_VERSIONS:
                down.write(size + request)
                await down.drain()
                continue
            answer = struct.pack(">i", number)
            if key == _SASL_HANDSHAKE:
                answer += struct.pack(">hi", 0, 1) + _string("PLAIN")
            elif key == _SASL_AUTHENTICATE:
                self.logins.append(request[8:])
                right = f"\0{user}\0{password}".encode() in request
                answer += _authenticated(version, 0 if right else _REFUSED)
            else:
                return False
            writer.write(struct.pack(">i", len(answer)) + answer)
            await writer.drain()
            if key == _SASL_AUTHENTICATE:
                if (
                    not right
                ):  # as Kafka's brokers wait, so that the client reads the answer before the end
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(1), 1.0)
                return right


def _authenticated(version: int, error: int) -> bytes:
    """The answer to SaslAuthenticate after the number of the request: no message, no bytes, a session of any length."""
    if version >= _FLEXIBLE:
        return b"\0" + struct.pack(">h", error) + b"\0" + b"\1" + struct.pack(">q", 0) + b"\0"
    lifetime = struct.pack(">q", 0) if version else b""
    return struct.pack(">hhi", error, -1, 0) + lifetime


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
