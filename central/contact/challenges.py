"""Challenges: one code, to one address, for one case of one device.

Rules, in order:

1. Asked again by the same name, the answer is the state; nothing is sent twice.
2. Limits come first: a pause between two codes to an address, so many an hour to an address, so
   many an hour from a device.
3. A new challenge ends the one before it of the same case and channel, before its code is sent.
4. A try is counted, durably, before the code is compared; five wrong ones end the challenge.
5. A code counts for ten minutes of server time. Once it counts no more its hash is emptied.
6. The statement is made when the device asks, for the address that the device names: that it is the
   address of the challenge is shown by its keyed hash.

Source: domain.md 1.3.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from central.archive.challenges import ChallengeRow
from central.archive.database import Database
from central.archive.ledger import Ledger
from central.contact.codes import code_hash, new_code, new_salt, same_code
from central.contact.messages import Message, NotSentError, Sender
from kiosk.crypto.digests import sha256
from kiosk.crypto.signing import SigningKey
from kiosk.domain.contact import email_address, is_e164
from kiosk.domain.errors import ContactAddressError
from kiosk.domain.ids import CaseId, DeviceId
from kiosk.sync.contact import (
    EMAIL,
    MAX_TRIES,
    ChallengeStatus,
    Confirmation,
    ContactOrder,
    ContactState,
    sign_confirmation,
    stripped_code,
)
from kiosk.texts import Texts

VALIDITY = timedelta(minutes=10)
PAUSE = timedelta(seconds=30)
_HOUR = timedelta(hours=1)
_KEPT = timedelta(days=1)
PER_ADDRESS = 6
PER_DEVICE = 120
_PAGE_BYTES = 16
_SENDING, _FAILED = "sending", "failed"


def pepper_of(key: SigningKey) -> bytes:
    """What keys the hashes of addresses, 32 bytes; from the key of the collector's log."""
    return sha256(b"visavis contact addresses" + key.seed)


def address_hash(pepper: bytes, channel: str, address: str) -> bytes:
    """Keyed: a telephone number alone could be found by trying them all."""
    return hmac.digest(pepper, f"{channel}\n{address}".encode(), "sha256")


class RefusedError(Exception):
    """A call that is answered with a problem.

    Attributes:
        status: HTTP status.
        word: stable word of the problem.
        wait_s: seconds after which it may be tried again, 0 where waiting does not help.
    """

    def __init__(self, status: int, word: str, wait_s: int = 0) -> None:
        super().__init__(f"{status} {word}")
        self.status = status
        self.word = word
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Ways:
    """What messages are made of and go by.

    Attributes:
        senders: by channel; a channel that is missing is not configured.
        texts: by language.
        page_url: base address of the customer's page, or ``""``.
    """

    senders: Mapping[str, Sender]
    texts: Mapping[str, Texts]
    page_url: str = ""


class Challenges:
    """Starts challenges and judges codes."""

    def __init__(self, database: Database, key: SigningKey, ways: Ways) -> None:
        """Key: of the collector's log; it signs statements and keys the hashes of addresses."""
        self._database = database
        self._key = key
        self._ways = ways
        self._pepper = pepper_of(key)

    # --- for a device -------------------------------------------------------------------------

    def start(
        self, device_id: DeviceId, challenge_id: str, order: ContactOrder, now: datetime
    ) -> tuple[ContactState, bool]:
        """Send a code; the state, and whether a message was sent by this call.

        Raises:
            RefusedError: 422 address, 404 a challenge of somebody else, 429 too-often,
                503 channel-closed, 502 not-sent.
        """
        _require_address(order)
        code, secret = new_code(order.channel), secrets.token_urlsafe(_PAGE_BYTES)
        salt = new_salt()
        row = ChallengeRow(
            challenge_id=challenge_id,
            device_id=device_id,
            case_id=CaseId(order.case),
            channel=order.channel,
            address_hash=self._address_hash(order),
            page_hash=sha256(secret.encode()),
            salt=salt,
            code_hash=code_hash(code, salt),
            language=order.language,
            status=_SENDING,
            sent_at=_text(now),
            expires_at=_text(now + VALIDITY),
        )
        with self._database.writing(local=True) as ledger:
            held = ledger.challenges.get(challenge_id)
            if held is None:
                self._begin(ledger, row, now)
        if held is not None:
            return self._state(self._own(held, device_id, order), order, now), False
        link = f"{self._ways.page_url}/c/{secret}" if self._ways.page_url else ""
        minutes = int(VALIDITY.total_seconds() // 60)
        self._send(row, order, Message(self._ways.texts[order.language], code, minutes, link))
        return self.state(device_id, challenge_id, order, now), True

    def state(
        self, device_id: DeviceId, challenge_id: str, order: ContactOrder, now: datetime
    ) -> ContactState:
        """How a challenge stands. Raises RefusedError 404, 502."""
        with self._database.reading() as ledger:
            held = ledger.challenges.get(challenge_id)
        return self._state(self._own(held, device_id, order), order, now)

    def check(
        self, device_id: DeviceId, challenge_id: str, order: ContactOrder, now: datetime
    ) -> ContactState:
        """Judge the code in ``order``; the state after it.

        Raises:
            RefusedError: 404 unknown, 422 code-form (no try was lost).
        """
        with self._database.reading() as ledger:
            held = self._own(ledger.challenges.get(challenge_id), device_id, order)
        if stripped_code(held.channel, order.code) is None:
            raise RefusedError(422, "code-form")
        self._judge(held, order.code, now)
        return self.state(device_id, challenge_id, order, now)

    # --- for the customer's page --------------------------------------------------------------

    def of_page(self, secret: str, now: datetime) -> ChallengeRow | None:
        """The challenge of a page, its status as of ``now``; None for an unknown page."""
        with self._database.reading() as ledger:
            row = ledger.challenges.of_page(sha256(secret.encode()))
        return None if row is None else _as_of(row, now)

    def check_on_page(self, secret: str, code: str, now: datetime) -> ChallengeRow | None:
        """Judge a code typed on a page; the challenge after it.

        Raises:
            RefusedError: 422 code-form (no try was lost).
        """
        row = self.of_page(secret, now)
        if row is None or row.status != ChallengeStatus.SENT:
            return row
        if stripped_code(row.channel, code) is None:
            raise RefusedError(422, "code-form")
        self._judge(row, code, now)
        return self.of_page(secret, now)

    # --- rules --------------------------------------------------------------------------------

    def _begin(self, ledger: Ledger, row: ChallengeRow, now: datetime) -> None:
        """Rules 2 and 3, in one transaction."""
        if row.channel not in self._ways.senders:
            raise RefusedError(503, "channel-closed")
        ledger.challenges.forget(_text(now - _KEPT))
        self._require_rate(ledger, row, now)
        for older in ledger.challenges.open_ones(row.device_id, row.case_id, row.channel):
            ledger.challenges.close(older, ChallengeStatus.REPLACED)
        ledger.challenges.add(row)

    @staticmethod
    def _require_rate(ledger: Ledger, row: ChallengeRow, now: datetime) -> None:
        since = _text(now - _HOUR)
        times = ledger.challenges.times_to_address(row.address_hash, since)
        if times and now < (ready := datetime.fromisoformat(times[-1]) + PAUSE):
            raise RefusedError(429, "too-often", _seconds(ready - now))
        if len(times) >= PER_ADDRESS:
            ready = datetime.fromisoformat(times[-PER_ADDRESS]) + _HOUR
            raise RefusedError(429, "too-often", _seconds(ready - now))
        if ledger.challenges.count_of_device(row.device_id, since) >= PER_DEVICE:
            raise RefusedError(429, "too-often", _seconds(_HOUR))

    def _send(self, row: ChallengeRow, order: ContactOrder, message: Message) -> None:
        try:
            self._ways.senders[row.channel].send(order.address, message)
        except NotSentError as exc:
            with self._database.writing(local=True) as ledger:
                ledger.challenges.close(row.challenge_id, _FAILED)
            raise RefusedError(502, "not-sent") from exc
        with self._database.writing(local=True) as ledger:
            held = ledger.challenges.get(row.challenge_id)
            if held is not None and held.status == _SENDING:
                ledger.challenges.set_status(row.challenge_id, ChallengeStatus.SENT)

    def _judge(self, row: ChallengeRow, typed: str, now: datetime) -> None:
        """Rules 4 and 5."""
        with self._database.writing(local=True) as ledger:
            held = ledger.challenges.get(row.challenge_id)
            if held is None or held.status != ChallengeStatus.SENT:
                return
            if now >= datetime.fromisoformat(held.expires_at):
                ledger.challenges.close(held.challenge_id, ChallengeStatus.EXPIRED)
                return
            if held.tries >= MAX_TRIES:
                return
            ledger.challenges.count_try(held.challenge_id)
        # Between the transactions: the hash is slow, and nobody else shall wait for it.
        code = stripped_code(held.channel, typed)
        right = code is not None and same_code(code, held.salt, held.code_hash)
        with self._database.writing(local=True) as ledger:
            after = ledger.challenges.get(row.challenge_id)
            if after is None or after.status != ChallengeStatus.SENT:
                return
            if right:
                ledger.challenges.close(after.challenge_id, ChallengeStatus.CONFIRMED, _text(now))
            elif after.tries >= MAX_TRIES:
                ledger.challenges.close(after.challenge_id, ChallengeStatus.EXHAUSTED)

    def _own(
        self, row: ChallengeRow | None, device_id: DeviceId, order: ContactOrder
    ) -> ChallengeRow:
        """The row, if it is this device's, of this case, channel and address."""
        meant = (device_id, order.case, order.channel)
        if row is None or (row.device_id, row.case_id, row.channel) != meant:
            raise RefusedError(404, "challenge")
        if not hmac.compare_digest(row.address_hash, self._address_hash(order)):
            raise RefusedError(404, "challenge")
        return row

    def _state(self, row: ChallengeRow, order: ContactOrder, now: datetime) -> ContactState:
        if row.status in (_SENDING, _FAILED):
            raise RefusedError(502, "not-sent")
        row = _as_of(row, now)
        statement = ""
        if row.status == ChallengeStatus.CONFIRMED:
            said = Confirmation(
                row.device_id,
                row.case_id,
                row.channel,
                order.address,
                row.challenge_id,
                datetime.fromisoformat(row.confirmed_at),
            )
            statement = sign_confirmation(said, self._key)
        return ContactState(
            status=row.status,
            sent_at=row.sent_at,
            expires_at=row.expires_at,
            tries_left=max(0, MAX_TRIES - row.tries),
            statement=statement,
        )

    def _address_hash(self, order: ContactOrder) -> bytes:
        return address_hash(self._pepper, order.channel, order.address)


def _require_address(order: ContactOrder) -> None:
    try:
        fits = (
            email_address(order.address) == order.address
            if order.channel == EMAIL
            else is_e164(order.address)
        )
    except ContactAddressError:
        fits = False
    if not fits:
        raise RefusedError(422, "address")


def _as_of(row: ChallengeRow, now: datetime) -> ChallengeRow:
    """The row with its status at ``now``: nobody writes a row only because time passes."""
    if row.status == ChallengeStatus.SENT and now >= datetime.fromisoformat(row.expires_at):
        return replace(row, status=ChallengeStatus.EXPIRED)
    if row.status == ChallengeStatus.SENT and row.tries >= MAX_TRIES:
        return replace(row, status=ChallengeStatus.EXHAUSTED)
    return row


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _seconds(wait: timedelta) -> int:
    return max(1, -int(-wait.total_seconds() // 1))
