"""Runs the collector: TLS 1.3, one worker, graceful end on SIGTERM and SIGINT.

The ready line goes to standard output once the port answers: ``{"ready": true, "url", "pid"}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

from central.archive.layout import FolderError, Layout, read_key
from central.archive.storage import open_database, open_payloads
from central.collector.app import Collector, Now
from central.collector.keys import CollectorKeys
from central.collector.uploads import Uploads
from central.collector.witness_link import WitnessLink
from central.collector.witness_settings import load_witnesses
from central.contact.later import Later
from central.contact.settings import load_settings, read_contact_identity
from central.provider.queue import ResultQueue
from central.provider.sender import Sender
from kiosk.crypto.digests import unb64u

_log = logging.getLogger("visavis.collector")
_SEQUENCE_PAUSE_S = 0.25
_LATER_PAUSE_S = 2.0
_SWITCH_S = 0.0005
"""How long a thread may keep the interpreter from the others: a tenth of Python's own choice, which
lets the loop that answers calls wait behind every thread that works on one."""
_READY_TRIES = 400
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


def load_keys(layout: Layout) -> CollectorKeys:
    """The collector's keys from its folder. Raises FolderError."""
    try:
        root_public = unb64u(layout.root_public.read_text("ascii").strip())
        ca_pem = layout.ca_certificate.read_text("ascii")
    except (OSError, ValueError) as exc:
        raise FolderError("collector folder") from exc
    return CollectorKeys(
        read_key(layout.log_key), read_key(layout.enrolment_key), root_public, ca_pem
    )


def free_port(host: str, port: int) -> int:
    """``port`` if nobody listens there, or one that is free for 0.

    The server itself would share a port with another one without a word.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def serve(layout: Layout, address: Address, now: Now, metrics_port: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Several processes may serve the same stores.

    Args:
        layout: of the central side.
        address: where to listen.
        now: server time.
        metrics_port: loopback port for Prometheus, or None.

    Raises:
        FolderError: the folder is incomplete, or a store does not answer.
        OSError: a port is taken.
    """
    layout.require()
    sys.setswitchinterval(_SWITCH_S)
    database = open_database(layout)
    try:
        collector = Collector(
            database,
            open_payloads(layout),
            Uploads(layout.uploads),
            load_keys(layout),
            now,
            replace(
                load_settings(layout.contact_settings),
                identity=read_contact_identity(layout.contact_identity),
            ),
            [WitnessLink(one, layout.collector) for one in load_witnesses(layout.witness_settings)],
        )
        address = Address(address.host, free_port(address.host, address.port))
        with contextlib.ExitStack() as ending:
            ending.callback(collector.witnessing.close)
            if metrics_port is not None:
                ending.callback(collector.metrics.serve(metrics_port))
            queue = ResultQueue(database, load_keys(layout).root_public)
            sender = Sender(queue, lambda: read_key(layout.webhook_key), now)
            asyncio.run(_run(layout, address, collector, sender, now))
    finally:
        database.close()


async def _run(
    layout: Layout, address: Address, collector: Collector, sender: Sender, now: Now
) -> None:
    server = Server(
        collector.application(),
        address=address.host,
        port=address.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        log_enabled=False,
        ssl_cert=layout.server_certificate,
        ssl_key=layout.server_key,
        ssl_protocol_min=SSLProtocols.tls13,
    )
    _stop_on_signals(server.stop)
    running = asyncio.create_task(server.serve())
    announcing = asyncio.create_task(_announce(address))
    await asyncio.wait({running, announcing}, return_when=asyncio.FIRST_COMPLETED)
    if announcing.done():
        announcing.result()
    # Beside the calls: leaves soon, also where no device asks for its receipts; and neither a
    # provider nor a witness that is slow holds up the leaves.
    works = (
        _again_and_again("sequencer", collector.sequence),
        _again_and_again("witnesses", collector.witnessing.cosign),
        sender.run(),
        _confirm_later(collector.later, now),
    )
    beside = [asyncio.create_task(work) for work in works]
    await running
    for task in beside:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _again_and_again(name: str, work: Callable[[], None]) -> None:
    """Do ``work`` a few times a second."""
    while True:
        try:
            await asyncio.to_thread(work)
        except Exception as exc:  # noqa: BLE001 - a store that is away comes back; calls say so too
            _log.warning(json.dumps({name: type(exc).__name__}))
        await asyncio.sleep(_SEQUENCE_PAUSE_S)


async def _confirm_later(later: Later, now: Now) -> None:
    """Send what customers confirm after they have left, and note what they answered."""
    while True:
        try:
            await asyncio.to_thread(later.turn, now(), random.random())  # noqa: S311 - jitter
            await asyncio.to_thread(later.settle, now())
        except Exception as exc:  # noqa: BLE001 - a store that is away comes back
            _log.warning(json.dumps({"later": type(exc).__name__}))
        await asyncio.sleep(_LATER_PAUSE_S)


async def _announce(address: Address) -> None:
    """Print the ready line when the port answers."""
    for _ in range(_READY_TRIES):
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
