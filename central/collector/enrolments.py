"""Enrols devices: one code, one device, one certificate, however often it is asked.

Source: records-and-sync 2.7.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from central.archive.database import Database
from central.archive.rows import DeviceRow
from central.collector.keys import CollectorKeys, PolicyShelf
from central.collector.log import CollectorLog
from central.collector.refusal import CallRefusedError
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.domain.errors import EnrolmentError
from kiosk.domain.ids import DeviceId
from kiosk.sync.enrolment import DeviceCertificate, device_id_of, open_claim, sign_certificate
from kiosk.sync.messages import EnrolmentAnswer


class Enrolments:
    """Answers ``POST /v1/enrolments``."""

    def __init__(
        self, database: Database, keys: CollectorKeys, shelf: PolicyShelf, log: CollectorLog
    ) -> None:
        self._database = database
        self._keys = keys
        self._shelf = shelf
        self._log = log

    def enrol(self, claim_token: str, now: datetime) -> EnrolmentAnswer:
        """Enrol the device that signed the claim.

        Raises:
            CallRefusedError: 422 claim, 403 unknown code, 410 expired, 409 used by another key.
        """
        try:
            claim, public = open_claim(claim_token)
            secret_sha256 = sha256(unb64u(claim.secret))
        except (EnrolmentError, ValueError) as exc:
            raise CallRefusedError(422, "claim") from exc
        answer, new = self._enrolled(device_id_of(public), public, secret_sha256, now)
        if not new:
            # The device begins to work now: what another process wrote must be safe by then.
            self._database.settle()
        return answer

    def _enrolled(
        self, device_id: DeviceId, public: bytes, secret_sha256: bytes, now: datetime
    ) -> tuple[EnrolmentAnswer, bool]:
        """The answer, and whether this call enrolled the device."""
        with self._database.writing() as ledger:
            code = ledger.code(secret_sha256)
            if code is None:
                raise CallRefusedError(403, "code-unknown")
            if code.device_id not in (None, device_id):
                raise CallRefusedError(409, "code-used")
            certificate, new = code.certificate, code.certificate is None
            if certificate is None:
                if now > datetime.fromisoformat(code.expires_at):
                    raise CallRefusedError(410, "code-expired")
                issued = DeviceCertificate(device_id, code.office_id, b64u(public), now)
                certificate = sign_certificate(issued, self._keys.enrolment)
                if ledger.device(device_id) is None:
                    row = DeviceRow(device_id, public, code.office_id, now.isoformat())
                    ledger.put_device(row)
                ledger.put_code(replace(code, device_id=device_id, certificate=certificate))
            answer = EnrolmentAnswer(
                certificate=certificate,
                policy=self._shelf.in_force(ledger, now)[1],
                checkpoint=self._log.state(ledger).checkpoint,
            )
        return answer, new
