"""Runs the collector: its keys, its stores, and what goes on beside the calls."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging

from central.archive.faults import StoreError
from central.archive.fleet_filling import fill
from central.archive.layout import FolderError, Layout, read_key
from central.archive.storage import open_database, open_payloads
from central.collector.app import Collector, Now
from central.collector.keys import CollectorKeys
from central.collector.uploads import Uploads
from central.contact.settings import load_settings
from central.serving.listening import Address, Credentials, free_port, listen
from kiosk.crypto.digests import unb64u

_log = logging.getLogger("visavis.collector")
_SEQUENCE_PAUSE_S = 0.25
_SIGHTINGS_PAUSE_S = 2.0


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
    database = open_database(layout)
    try:
        collector = Collector(
            database,
            open_payloads(layout),
            Uploads(layout.uploads),
            load_keys(layout),
            now,
            load_settings(layout.contact_settings),
        )
        fill(database, now().isoformat())
        address = Address(address.host, free_port(address.host, address.port))
        with contextlib.ExitStack() as ending:
            if metrics_port is not None:
                ending.callback(collector.metrics.serve(metrics_port))
            asyncio.run(_run(layout, address, collector))
    finally:
        database.close()


async def _run(layout: Layout, address: Address, collector: Collector) -> None:
    credentials = Credentials(layout.server_certificate, layout.server_key)
    works = (lambda: _sequence(collector), lambda: _note_sightings(collector))
    await listen(collector.application(), address, credentials, works)
    with contextlib.suppress(StoreError):
        collector.sightings.flush()


async def _sequence(collector: Collector) -> None:
    """Give records their leaves soon, also where no device asks for its receipts."""
    while True:
        try:
            await asyncio.to_thread(collector.sequence)
        except Exception as exc:  # noqa: BLE001 - a store that is away comes back; calls say so too
            _log.warning(json.dumps({"sequencer": type(exc).__name__}))
        await asyncio.sleep(_SEQUENCE_PAUSE_S)


async def _note_sightings(collector: Collector) -> None:
    """Write down who called, many devices in one transaction: no call waits for it."""
    while True:
        await asyncio.sleep(_SIGHTINGS_PAUSE_S)
        try:
            await asyncio.to_thread(collector.sightings.flush)
        except StoreError as exc:
            _log.warning(json.dumps({"sightings": type(exc.__cause__ or exc).__name__}))
