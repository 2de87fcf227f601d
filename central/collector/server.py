"""Runs the collector: its keys, its stores, and what goes on beside the calls."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import random
import sys
from collections.abc import Callable
from dataclasses import replace

from central.archive.faults import StoreError
from central.archive.fleet_filling import fill
from central.archive.layout import FolderError, Layout, read_key
from central.archive.policy_chain import stored_policies
from central.archive.storage import open_database, open_payloads
from central.collector.app import Collector
from central.collector.callers import Now
from central.collector.keys import CollectorKeys
from central.collector.uploads import Uploads
from central.collector.witness_link import links_of
from central.contact.later import Later
from central.contact.settings import load_settings, read_contact_identity
from central.provider.queue import ResultQueue
from central.provider.sender import Sender
from central.serving.listening import Address, Credentials, held, listen
from kiosk.crypto.digests import unb64u
from kiosk.crypto.signing import SigningKey

_log = logging.getLogger("visavis.collector")
_SEQUENCE_PAUSE_S = 0.25
_SIGHTINGS_PAUSE_S = 2.0
_LATER_PAUSE_S = 2.0
_LATER_AT_ONCE = 16
_SWITCH_S = 0.0005
"""How long a thread may keep the interpreter from the others: a tenth of Python's own choice, which
lets the loop that answers calls wait behind every thread that works on one."""
_NEW_OBJECTS = 20_000
"""Objects that may be added before Python looks for cycles among them; its own choice is 700, which
a single call exceeds."""


def load_keys(layout: Layout) -> CollectorKeys:
    """The collector's keys from its folder. Raises FolderError."""
    try:
        root_public = unb64u(layout.root_public.read_text("ascii").strip())
        ca_pem = layout.ca_certificate.read_text("ascii")
    except (OSError, ValueError) as exc:
        raise FolderError("collector folder") from exc
    return CollectorKeys(load_log_key(layout), read_key(layout.enrolment_key), root_public, ca_pem)


def load_log_key(layout: Layout) -> SigningKey:
    """The key that signs the log under the newest policy. Raises FolderError."""
    keys = [read_key(path) for path in layout.log_keys if path.exists()]
    newest = stored_policies(layout).newest().policy.collector.log_public
    # One that no policy names signs what nobody believes, and says so to whoever asks.
    return next((key for key in keys if key.public == newest), read_key(layout.log_key))


def load_former_keys(layout: Layout) -> tuple[SigningKey, ...]:
    """Keys that the newest policy names as having signed this log before, those that lie here."""
    former = stored_policies(layout).newest().policy.collector.former_publics
    keys = (read_key(path) for path in layout.log_keys if path.exists())
    return tuple(key for key in keys if key.public in former)


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
            links_of(layout),
        )
        fill(database, now().isoformat())
        with contextlib.ExitStack() as ending:
            address = ending.enter_context(held(address))
            ending.callback(collector.witnessing.close)
            if metrics_port is not None:
                ending.callback(collector.metrics.serve(metrics_port))
            queue = ResultQueue(database, load_keys(layout).root_public)
            sender = Sender(queue, lambda: read_key(layout.webhook_key), now)
            # What was made until here stays: no search for garbage needs to go through it again.
            gc.collect()
            gc.freeze()
            gc.set_threshold(_NEW_OBJECTS)
            asyncio.run(_run(layout, address, collector, sender, now))
    finally:
        database.close()


async def _run(
    layout: Layout, address: Address, collector: Collector, sender: Sender, now: Now
) -> None:
    credentials = Credentials(layout.server_certificate, layout.server_key)
    # Beside the calls: leaves soon, also where no device asks for its receipts; and neither a
    # provider nor a witness that is slow holds up the leaves.
    works = (
        lambda: _again_and_again("sequencer", collector.sequence),
        lambda: _again_and_again("witnesses", collector.witnessing.cosign),
        sender.run,
        lambda: _confirm_later(collector.later, now),
        lambda: _note_sightings(collector),
    )
    await listen(collector.application(), address, credentials, works)
    with contextlib.suppress(StoreError):
        collector.sightings.flush()


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
            for _ in range(_LATER_AT_ONCE):
                draw = random.random()  # noqa: S311 - jitter
                if not await asyncio.to_thread(later.turn, now(), draw):
                    break
            await asyncio.to_thread(later.settle, now())
        except Exception as exc:  # noqa: BLE001 - a store that is away comes back
            _log.warning(json.dumps({"later": type(exc).__name__}))
        await asyncio.sleep(_LATER_PAUSE_S)


async def _note_sightings(collector: Collector) -> None:
    """Write down who called, many devices in one transaction: no call waits for it."""
    while True:
        await asyncio.sleep(_SIGHTINGS_PAUSE_S)
        try:
            await asyncio.to_thread(collector.sightings.flush)
        except StoreError as exc:
            _log.warning(json.dumps({"sightings": type(exc.__cause__ or exc).__name__}))
