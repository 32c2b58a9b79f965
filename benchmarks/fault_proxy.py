"""A TCP proxy that delays, breaks and refuses connections on demand: the network between processes and a server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from threading import Event, Thread


class Proxy:
    """Listens on a port of 127.0.0.1 and passes everything on to `target()`, a port that may change."""

    def __init__(self, target: Callable[[], int]) -> None:
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()
        self.delay = 0.0
        """Seconds that every piece of data waits, in both directions."""
        self.refusing = False
        """New connections are closed at once."""
        self._loop = asyncio.new_event_loop()
        self._ready = Event()
        self._ended = asyncio.Event()
        self.port = 0
        self._thread = Thread(
            target=self._loop.run_until_complete, args=(self._run(),), daemon=True
        )
        self._thread.start()
        self._ready.wait()

    def break_all(self) -> int:
        """Reset every connection, in the middle of whatever it is in; how many."""
        broken = len(self._open)
        self._loop.call_soon_threadsafe(self._reset)
        return broken

    def close(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(5)

    def _reset(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()
        self._reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target())
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._open |= both
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._open -= both

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()
