"""Enrolment codes: made here, told once, kept only as a hash."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta

from central.archive.layout import Layout
from central.archive.rows import CodeRow
from central.archive.storage import open_database
from central.authority.publishing import Publishing
from kiosk.crypto.certificates import fingerprint
from kiosk.crypto.digests import sha256
from kiosk.domain.errors import EnrolmentError
from kiosk.domain.ids import OfficeId
from kiosk.sync.enrolment import SECRET_BYTES, EnrolmentCode, parse_code

_OFFICE = re.compile(r"[A-Za-z0-9-]{1,20}")


def new_code(
    layout: Layout, url: str, office_id: OfficeId, now: datetime, validity: timedelta
) -> EnrolmentCode:
    """A code for one device of an office.

    Args:
        layout: the central side.
        url: where devices reach its collector.
        office_id: where the device will work.
        now: aware UTC.
        validity: how long the code may be used.

    Raises:
        EnrolmentError: no device would take a code with this address, or no request could name
            this office.
    """
    if not _OFFICE.fullmatch(office_id):
        raise EnrolmentError("office")
    layout.require()
    code = EnrolmentCode(
        url=url,
        ca_sha256=bytes.fromhex(fingerprint(layout.ca_certificate.read_bytes())),
        root_public=Publishing(layout).anchor(now),
        secret=os.urandom(SECRET_BYTES),
    )
    parse_code(code.text())
    database = open_database(layout)
    try:
        with database.writing() as ledger:
            row = CodeRow(sha256(code.secret), office_id, (now + validity).isoformat())
            ledger.put_code(row)
    finally:
        database.close()
    return code
