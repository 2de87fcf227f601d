"""A TCP proxy on loopback that behaves as bad networks do; bytes pass, or do not, as a test says.

TLS ends at the collector, so what a network can do is what is done here: delay, throttle, cut,
swallow, reset, close one direction, repeat, shorten, spoil, or answer by itself as a captive portal
does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from weakref import WeakSet

_PIECE = 16 * 1024
_PATIENCE_S = 120
"""For what takes a moment, on a machine that has no moment."""
_PORTAL = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\n"
    b"Connection: close\r\n\r\n<html>Please log in</html>"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one connection.

    Attributes:
        delay_s: before each piece, both ways.
        bytes_per_s: each way; 0 for as fast as it goes.
        cut_up / cut_down: bytes towards the server or the client after which ``ending`` happens;
            None for never.
        ending: ``close``, ``reset``, ``half`` (close towards the receiver only), ``swallow`` (read
            on and pass nothing), ``stall`` (read nothing more, so that the sender's buffers fill),
            ``repeat`` (the last piece again), ``spoil`` (one byte changed).
        portal: answer every connection as a captive portal that speaks no TLS.
        refuse: close before anything is said.
    """

    delay_s: float = 0.0
    bytes_per_s: int = 0
    cut_up: int | None = None
    cut_down: int | None = None
    ending: str = "close"
    portal: bool = False
    refuse: bool = False


NONE = Fault()


@dataclass(frozen=True, slots=True)
class _Way:
    """One direction of one connection."""

    fault: Fault
    number: int
    up: bool

    @property
    def cut(self) -> int | None:
        return self.fault.cut_up if self.up else self.fault.cut_down


Choose = Callable[[int], Fault]
"""Number of the connection, from 0, to what happens to it."""


class FaultProxy:
    """Stands before ``localhost:port``; a context manager.

    Attributes:
        port: where clients connect.
        connections: how many there were.
        struck: how many connections a fault really happened to.
        up / down: bytes passed towards the server and back.
    """

    def __init__(self, upstream_port: int, choose: Choose = lambda _: NONE) -> None:
        self._upstream = upstream_port
        self.choose = choose
        self.connections = self.up = self.down = 0
        self._struck: set[int] = set()
        # The loop holds its tasks weakly: one that waits for a closed connection would be lost.
        self._serving: set[asyncio.Task[None] | None] = set()
        self._lines = WeakSet[asyncio.WriteTransport]()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(_PATIENCE_S), "the proxy does not listen"
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()

    @property
    def url(self) -> str:
        """Base address for clients."""
        return f"https://localhost:{self.port}"

    @property
    def struck(self) -> int:
        """Connections to which a fault happened; a cut that was never reached is none."""
        return len(self._struck)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        # A task that is cancelled cancels others on its way out: until none is left.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        # One that still has bytes for somebody who reads no more would outlive the loop.
        for line in tuple(self._lines):
            line.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._serving.add(task)
        self._lines.add(writer.transport)
        number = self.connections
        fault = self.choose(number)
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.CancelledError):
            if fault.portal:
                self._struck.add(number)
                await reader.read(_PIECE)
                writer.write(_PORTAL)
                await writer.drain()
            elif fault.refuse:
                self._struck.add(number)
            else:
                await self._join(reader, writer, fault, number)
        writer.close()
        self._serving.discard(task)

    async def _join(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        fault: Fault,
        number: int,
    ) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._lines.add(up_writer.transport)
        tasks: set[asyncio.Future[bool]] = set()
        try:
            up = self._pump(reader, up_writer, _Way(fault, number, up=True))
            down = self._pump(up_reader, writer, _Way(fault, number, up=False))
            tasks = {asyncio.ensure_future(up), asyncio.ensure_future(down)}
            done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if any(task.result() for task in done):  # one way was cut: so is the other
                for task in waiting:
                    task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            up_writer.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: _Way
    ) -> bool:
        """Pass bytes on; True where the connection is to end in both directions."""
        passed, fault, cut = 0, way.fault, way.cut
        while piece := await source.read(_PIECE):
            if fault.delay_s or fault.bytes_per_s:
                self._struck.add(way.number)
            if fault.delay_s:
                await asyncio.sleep(fault.delay_s)
            if fault.bytes_per_s:
                await asyncio.sleep(len(piece) / fault.bytes_per_s)
            if cut is not None and passed + len(piece) > cut:
                self._struck.add(way.number)
                await self._write(sink, piece[: cut - passed], way)
                return await self._end(source, sink, piece, way)
            await self._write(sink, piece, way)
            passed += len(piece)
        if sink.can_write_eof():
            with contextlib.suppress(OSError):
                sink.write_eof()
        return False

    async def _write(self, sink: asyncio.StreamWriter, piece: bytes, way: _Way) -> None:
        sink.write(piece)
        await sink.drain()
        if way.up:
            self.up += len(piece)
        else:
            self.down += len(piece)

    async def _end(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        piece: bytes,
        way: _Way,
    ) -> bool:
        match way.fault.ending:
            case "reset":
                _reset(sink)
            case "half":
                sink.write_eof()
                while await source.read(_PIECE):
                    pass
                return False
            case "swallow":
                while await source.read(_PIECE):
                    pass
            case "stall":
                await asyncio.Event().wait()  # until the other way, or the test, ends
            case "repeat":
                await self._write(sink, piece, way)
            case "spoil":
                await self._write(sink, bytes([piece[0] ^ 1]) + piece[1:], way)
            case _:
                pass
        return True


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of an orderly end."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
