"""Serves ``POST /add-checkpoint``, alone or behind a proxy that ends the TLS.

Rules, in order: a body is read to its bound and no further; whatever fails inside is answered 503
and told in one word on the error stream; the ready line goes to standard output once the port
answers. The listening is written here once more although the central side has it too: a witness is
another party's program and takes nothing from there (the import contract holds it).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from witness.cosigning import TEXT_TYPE, Answer, Witness
from witness.memory import MemoryFaultError
from witness.submissions import MAX_BYTES

_log = logging.getLogger("visavis.witness")
_READY_S = 60.0
_READY_PAUSE_S = 0.025


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how to listen.

    Attributes:
        host, port: address.
        certificate, key: PEM files; None for plain HTTP, which is for the own machine only.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def url(self) -> str:
        """Base address for logs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"


def application(witness: Witness) -> Starlette:
    """The ASGI application."""

    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    return PlainTextResponse("too long\n", 413)
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            answer = await run_in_threadpool(witness.add_checkpoint, bytes(body))
        except MemoryFaultError as exc:
            _log.warning(json.dumps({"memory": str(exc)}))
            answer = Answer(503, "not now\n", TEXT_TYPE)
        _log.info(json.dumps({"status": answer.status}))
        return Response(answer.body, answer.status, {"Content-Type": answer.content_type})

    async def health(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/healthz", health, methods=["GET"]),
        ]
    )


async def serve(witness: Witness, listening: Listening) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = Server(
        application(witness),
        address=listening.host,
        port=listening.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        log_enabled=False,
        ssl_cert=listening.certificate,
        ssl_key=listening.key,
        ssl_protocol_min=SSLProtocols.tls13,
    )
    _stop_on_signals(server.stop)
    running = asyncio.create_task(server.serve())
    announcing = asyncio.create_task(_announce(listening))
    await asyncio.wait({running, announcing}, return_when=asyncio.FIRST_COMPLETED)
    if announcing.done():
        announcing.result()
    await running


async def _announce(listening: Listening) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(listening.host, listening.port)
            writer.close()
            told = {"ready": True, "url": listening.url, "pid": os.getpid()}
            sys.stdout.write(f"{json.dumps(told)}\n")
            sys.stdout.flush()
            return
        await asyncio.sleep(_READY_PAUSE_S)
    raise OSError("the port does not answer")


def _stop_on_signals(stop: Callable[[], None]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
