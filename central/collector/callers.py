"""Who makes a call: the device in its path, proven by a signature (RFC 9421).

Rules, in order: the signature is by the key of the very device in the path, at most five minutes
old in server time (a 401 carries signed time, so that a wrong device clock costs one retry); whose
clock is how wrong is noted; a device that is lost or has two histories gets no customer's name and
reaches no customer. Source: records-and-sync 2.8.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from central.archive.database import Database
from central.collector.admission import Admission
from central.collector.keys import PolicyShelf
from central.collector.refusal import CallRefusedError
from central.collector.routing import asked_for
from central.collector.sightings import ANY_AGE_S, Sightings
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.http_signatures import StaleSignatureError, VerifiedRequest, verify_request
from kiosk.domain.errors import SignatureInvalidError
from kiosk.domain.ids import DeviceId, KeyId
from kiosk.sync.enrolment import device_id_of
from kiosk.sync.messages import MAX_MESSAGE_BYTES, Problem

SIGNATURE_AGE_S = 300

Now = Callable[[], datetime]
KeyOf = Callable[[KeyId], bytes | None]
TimeNote = Callable[[str], str]


class Callers:
    """Judges who asks, and reads what was signed.

    Attributes:
        sightings: who called, and how wrong each clock is.
    """

    def __init__(
        self,
        database: Database,
        shelf: PolicyShelf,
        admission: Admission,
        time_note: TimeNote,
        now: Now,
        signature_age_s: int = SIGNATURE_AGE_S,
    ) -> None:
        """Ask these.

        Args:
            database: knows the devices.
            shelf: knows which of them are lost.
            admission: is told that a call listens.
            time_note: signed time with a nonce.
            now: server time.
            signature_age_s: how old a signature may be.
        """
        self._database = database
        self._shelf = shelf
        self._admission = admission
        self._time_note = time_note
        self._now = now
        self._signature_age_s = signature_age_s
        self._known: dict[KeyId, bytes] = {}
        self.sightings = Sightings(database)

    async def body(self, request: Request) -> bytes:
        """The bounded body. To wait for it is no work, or a few slow links put everybody off."""
        with self._admission.listening():
            return await bounded_body(request, MAX_MESSAGE_BYTES)

    async def signed_body(self, request: Request, verified: VerifiedRequest) -> bytes:
        """The bounded body, which is the one that was signed. Raises CallRefusedError: 422."""
        body = await self.body(request)
        if sha256(body) != verified.body_sha256:
            raise CallRefusedError(422, "digest")
        return body

    async def device(self, request: Request) -> tuple[DeviceId, VerifiedRequest]:
        """The device in the path, which must be the one that signed."""
        verified = await self.verified(request)
        device_id = DeviceId(request.path_params["device"])
        if device_id != f"dev-{verified.key_id}":
            raise CallRefusedError(403, "another-device")
        return device_id, verified

    async def sound_device(self, request: Request) -> tuple[DeviceId, VerifiedRequest]:
        """The device in the path, unless it is lost or has two histories (a disk was copied).

        Such a device delivers what it has, but gets no customer's name and reaches no customer.

        Raises:
            CallRefusedError: 403 quarantined, 403 lost.
        """
        device_id, verified = await self.device(request)
        why = await run_in_threadpool(self._unsound, device_id)
        if why:
            raise CallRefusedError(403, why)
        return device_id, verified

    def _unsound(self, device_id: DeviceId) -> str:
        with self._database.reading() as ledger:
            row = ledger.device(device_id)
            # Of the newest policy, whatever its day: what was lost is lost now.
            lost = self._shelf.newest(ledger)[0].lost
        if row is None or row.quarantined:
            return "quarantined"
        return "lost" if device_id in lost else ""

    async def verified(self, request: Request) -> VerifiedRequest:
        """Whichever device signed the call. Raises CallRefusedError: 401."""
        key_id = _claimed_key(request)
        public = self._known.get(key_id)
        if public is None:
            public = await run_in_threadpool(self._public_key, key_id)
        asked = (
            request.method,
            asked_for(request),
            dict(request.headers),
            lambda asked: public if asked == key_id else None,
        )
        try:
            verified = verify_request(*asked, self._now(), self._signature_age_s)
        except StaleSignatureError as exc:
            self._note_wrong_clock(asked)
            raise self._stale(request) from exc
        except (SignatureInvalidError, ValueError) as exc:
            raise CallRefusedError(401, "signature") from exc
        self.sightings.note(verified, self._now())
        return verified

    def _note_wrong_clock(self, asked: tuple[str, str, dict[str, str], KeyOf]) -> None:
        """How wrong a device's clock is, where it is really that device who signed."""
        with suppress(SignatureInvalidError):
            verified = verify_request(*asked, self._now(), ANY_AGE_S)
            self.sightings.note(verified, self._now(), refused=True)

    def _stale(self, request: Request) -> CallRefusedError:
        refusal = CallRefusedError(401, "stale-signature")
        signature = request.headers.get("signature", "")
        note = self._time_note(b64u(sha256(signature.encode())))
        refusal.problem = Problem(error="stale-signature", time=note)
        return refusal

    def _public_key(self, key_id: KeyId) -> bytes | None:
        with self._database.reading() as ledger:
            row = ledger.device(DeviceId(f"dev-{key_id}"))
        if row is None or device_id_of(row.public_key) != row.device_id:
            return None
        # The name of a device is made of its key: what was found once stays true.
        self._known[key_id] = row.public_key
        return row.public_key


def _claimed_key(request: Request) -> KeyId:
    """The key id that the request names, unverified; "" where there is none."""
    _, _, rest = request.headers.get("signature-input", "").partition('keyid="')
    return KeyId(rest.partition('"')[0][:64])


async def bounded_body(request: Request, most: int) -> bytes:
    """The body, of so many bytes at most. Raises CallRefusedError (413)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise CallRefusedError(413, "too-large")
    return bytes(body)
