"""Runs the operations pages: a process of its own, over a database that it cannot change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from central.archive.layout import FolderError, Layout
from central.archive.reader import open_reader
from central.archive.storage import read_storage
from central.operations.app import Operations
from central.operations.census import CensusTaker, Stores
from central.operations.deeds import Deed, Deeds
from central.operations.lost import LostDevices
from central.operations.operators import Operators
from central.operations.pages import Pages
from central.operations.views import Views
from central.serving.listening import Address, Credentials, held, listen

DEFAULT_ZONE: Final = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class Serving:
    """How the pages are served.

    Attributes:
        address: where to listen.
        credentials: certificate and key.
        zone: in which times are shown.
    """

    address: Address
    credentials: Credentials
    zone: str


def serve(layout: Layout, how: Serving, now: Callable[[], datetime]) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        FolderError: no central side, no operator, no such zone, or a database that does not fit.
        OSError: the port is taken, or the log cannot be written.
    """
    layout.require()
    operators = Operators(layout)
    if not operators.all():
        raise FolderError("nobody may sign in: run 'visavis-central operator add NAME' first")
    try:
        zone = ZoneInfo(how.zone)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise FolderError("no such time zone") from exc
    storage = read_storage(layout)
    stores = Stores(layout.collector, bool(storage.objects), bool(storage.database))
    reader = open_reader(layout)
    try:
        deeds, pages = Deeds(layout), Pages(zone)
        views = Views(reader, CensusTaker(reader, stores, LostDevices(layout)), deeds, pages)
        application = Operations(operators, deeds, views, pages, now).application()
        with held(how.address) as address:
            deeds.write(now(), Deed.STARTED)
            asyncio.run(listen(application, address, how.credentials))
    finally:
        reader.close()
