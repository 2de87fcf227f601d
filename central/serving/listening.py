"""Listens over TLS 1.3 until SIGTERM or SIGINT, and says on standard output when it does.

The ready line goes to standard output once the port answers: ``{"ready": true, "url", "pid"}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.applications import Starlette

from central.archive.layout import FolderError

_READY_S = 60.0
_READY_PAUSE_S = 0.025


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen.

    Attributes:
        host: name or address; must be one that the server certificate names.
        port: 0 for a free one.
    """

    host: str
    port: int

    @property
    def url(self) -> str:
        """Base address for clients."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Files that prove who serves: certificate and its private key, PEM."""

    certificate: Path
    key: Path


@contextlib.contextmanager
def held(address: Address) -> Iterator[Address]:
    """The address, its port chosen if it was 0, and nobody else's for as long as the block lasts.

    The server itself would share a port with another one without a word: a first socket asks
    whether anybody listens there. A second one, bound in the way of the server, stays until the
    end, so that the system gives the port to nobody before the server listens.

    Raises:
        FolderError: somebody listens there, or it is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as holder:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            posix = os.name == "posix"
            try:
                if posix:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address.host, address.port))
                port = int(probe.getsockname()[1])
                if posix:
                    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                    holder.bind((address.host, port))
            except OSError as exc:
                told = f"cannot listen on {address.host}, port {address.port}: {exc.strerror}"
                raise FolderError(told) from exc
        yield Address(address.host, port)


async def listen(
    application: Starlette,
    address: Address,
    credentials: Credentials,
    works: Sequence[Callable[[], Coroutine[None, None, None]]] = (),
) -> None:
    """Serve until a signal ends it; ``works`` run beside it and are cancelled with it.

    Raises:
        FolderError: the port does not answer.
    """
    server = Server(
        application,
        address=address.host,
        port=address.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        log_enabled=False,
        ssl_cert=credentials.certificate,
        ssl_key=credentials.key,
        ssl_protocol_min=SSLProtocols.tls13,
    )
    _stop_on_signals(server.stop)
    running = asyncio.create_task(server.serve())
    announcing = asyncio.create_task(_announce(address))
    await asyncio.wait({running, announcing}, return_when=asyncio.FIRST_COMPLETED)
    if announcing.done():
        announcing.result()
    beside = [asyncio.create_task(work()) for work in works]
    await running
    for task in beside:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _announce(address: Address) -> None:
    """Print the ready line when the port answers."""
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(address.host, address.port)
            writer.close()
            told = {"ready": True, "url": address.url, "pid": os.getpid()}
            sys.stdout.write(f"{json.dumps(told)}\n")
            sys.stdout.flush()
            return
        await asyncio.sleep(_READY_PAUSE_S)
    raise FolderError("the port does not answer")


def _stop_on_signals(stop: Callable[[], None]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
