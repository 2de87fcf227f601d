"""Orders to lift a lock-out, signed with the key that signs device certificates."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from central.archive.layout import FolderError, Layout, read_key
from central.archive.storage import open_database
from kiosk.domain.ids import AgentId, DeviceId
from kiosk.sync.unlock_orders import UnlockOrder, sign_order


def new_order(
    layout: Layout, device_id: DeviceId, agent_id: AgentId, now: datetime, validity: timedelta
) -> str:
    """An order for one agent on one device of this fleet. Raises FolderError: no such device."""
    layout.require()
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            if ledger.device(device_id) is None:
                raise FolderError("no such device")
    finally:
        database.close()
    order = UnlockOrder(device_id, agent_id, now + validity, os.urandom(16).hex())
    return sign_order(order, read_key(layout.enrolment_key))
