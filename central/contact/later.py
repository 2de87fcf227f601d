"""Has addresses confirmed after the customer has left: those that were deferred at the counter.

Rules, in order:

1. Only for a record whose entry announces the envelope, with the very bytes; from a device of two
   histories, or one that the newest policy calls lost, nothing goes out.
2. The envelope is opened in memory, each address gets one message with a code and the link of the
   page, and then the envelope is erased: a keyed hash stays, as for every code.
3. A message that cannot be handed over is tried again, later each time, for a day; then the
   operator's list says so.
4. The code counts for three days, five wrong tries end it; nothing is sent a second time.
5. What the customer confirmed is a statement signed by the key of the collector's log over record,
   channel and time; it stands in the operator's list.

Source: domain.md 1.3; decision 0027.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from central.archive.challenges import ChallengeRow
from central.archive.database import Database
from central.archive.later_rows import LaterRow, LineRow
from central.archive.ledger import Ledger
from central.contact.challenges import RefusedError, Ways, address_hash, pepper_of
from central.contact.codes import code_hash, new_code, new_salt
from central.contact.messages import LaterMessage, NotSentError
from kiosk.crypto.age import Identity
from kiosk.crypto.digests import sha256
from kiosk.crypto.signing import SigningKey
from kiosk.domain.contact import email_address, is_e164
from kiosk.domain.errors import ContactAddressError, SealedRecordError
from kiosk.domain.ids import DeviceId
from kiosk.sync.contact import EMAIL, ChallengeStatus
from kiosk.sync.later_contacts import (
    MAX_LATER_BYTES,
    LaterAddress,
    LaterContacts,
    open_later,
    sign_later,
)
from kiosk.sync.retry import delay_s

VALIDITY: Final = timedelta(days=3)
GIVE_UP: Final = timedelta(days=1)
_LEASE: Final = timedelta(minutes=2)
_PAGE_BYTES = 16
AWAITED, WAITING, SENT, FAILED, ERASED = "awaited", "waiting", "sent", "failed", "erased"
_SENDING = "sending"

Lost = Callable[[Ledger], Collection[str]]
"""Devices that the newest policy calls lost."""


class Later:
    """Keeps envelopes, sends their messages, and settles what customers answered."""

    def __init__(
        self,
        database: Database,
        key: SigningKey,
        ways: Ways,
        identity: Identity | None,
        lost: Lost,
    ) -> None:
        """Key: of the collector's log. Identity: opens envelopes, None where none are taken."""
        self._database = database
        self._key = key
        self._pepper = pepper_of(key)
        self._ways = ways
        self._identity = identity
        self._lost = lost

    def keep(self, device_id: DeviceId, seq: int, sealed: bytes, now: datetime) -> bool:
        """Keep an announced envelope; whether it is new.

        Raises:
            RefusedError: 404 entry-unknown, 422 not-the-announced.
        """
        new = self._keep(device_id, seq, sealed, now)
        if not new:
            # The device lets go of it now: what another process took in must be safe by then.
            self._database.settle()
        return new

    def _keep(self, device_id: DeviceId, seq: int, sealed: bytes, now: datetime) -> bool:
        with self._database.writing(device_id) as ledger:
            row = ledger.later.get(device_id, seq)
            if row is None:
                raise RefusedError(404, "entry-unknown")
            if len(sealed) > MAX_LATER_BYTES or sha256(sealed) != row.digest:
                raise RefusedError(422, "not-the-announced")
            if row.state != AWAITED:
                return False
            if ledger.erasures.due(row.record_id):
                ledger.later.erase_of_record(row.record_id)
                return False
            at = _text(now)
            ledger.later.change(row, state=WAITING, sealed=sealed, arrived_at=at, next_at=at)
        return True

    def turn(self, now: datetime, draw: float) -> int:
        """Send the messages of one envelope that is due; how many were looked at, 0 or 1."""
        with self._database.reading() as ledger:
            if not ledger.later.due(_text(now), 1):
                return 0
        with self._database.writing("later-contacts") as ledger:
            rows = ledger.later.due(_text(now), 1)
            for row in rows:
                # Taken for a while: a process that dies here leaves it to the next one. One at a
                # time: behind a slow server that of a second one would be over before its turn.
                later = _text(now + _LEASE)
                ledger.later.change(row, attempts=row.attempts + 1, next_at=later)
        for row in rows:
            self._send(row, now, draw)
        return len(rows)

    def settle(self, now: datetime) -> int:
        """Note what customers answered meanwhile; how many messages ended."""
        ended = 0
        with self._database.reading() as ledger:
            lines = ledger.later.lines(ChallengeStatus.SENT)
            held = [(line, ledger.challenges.get(line.challenge_id)) for line in lines]
        for line, challenge in held:
            state = _ended(line, challenge, now)
            if state is None:
                continue
            statement = ""
            if state is ChallengeStatus.CONFIRMED and challenge is not None:
                at = datetime.fromisoformat(challenge.confirmed_at)
                statement = sign_later(line.record_id, line.channel, at, self._key)
            with self._database.writing("later-contacts") as ledger:
                ledger.later.settle(line, state, statement)
            ended += 1
        return ended

    # --- one envelope -------------------------------------------------------------------------

    def _send(self, row: LaterRow, now: datetime, draw: float) -> None:
        try:
            obstacle = self._send_all(row, now)
        except SealedRecordError:
            self._end(row, FAILED, "does not open")
            return
        if not obstacle:
            self._end(row, SENT, "")
        elif now - datetime.fromisoformat(row.arrived_at) >= GIVE_UP:
            self._end(row, FAILED, obstacle)
        else:
            wait = timedelta(seconds=delay_s(row.attempts + 1, draw))
            with self._database.writing("later-contacts") as ledger:
                ledger.later.change(row, reason=obstacle, next_at=_text(now + wait))

    def _send_all(self, row: LaterRow, now: datetime) -> str:
        """The obstacle of the first message that did not go out, or ``""``."""
        if self._identity is None or not self._ways.page_url:
            return "not configured"
        with self._database.reading() as ledger:
            device = ledger.device(row.device_id)
            lost = self._lost(ledger)
        if device is None or device.quarantined:
            return "quarantined"
        if row.device_id in lost:
            return "lost"
        later = open_later(row.sealed or b"", self._identity, row.record_id)
        for one in later.addresses:
            with self._database.reading() as ledger:
                line = ledger.later.line(row.record_id, one.channel)
            if line is not None and line.state != _SENDING:
                continue  # it went out before another one failed
            obstacle = self._send_one(row, later, one, now)
            if obstacle:
                return obstacle
        return ""

    def _send_one(
        self, row: LaterRow, later: LaterContacts, one: LaterAddress, now: datetime
    ) -> str:
        sender = self._ways.senders.get(one.channel)
        if sender is None:
            return f"no way: {one.channel}"
        if not _sound(one):
            return f"no address: {one.channel}"
        code, secret, salt = new_code(one.channel), secrets.token_urlsafe(_PAGE_BYTES), new_salt()
        challenge = ChallengeRow(
            challenge_id=secrets.token_hex(16),
            device_id=row.device_id,
            case_id=later.case_id,
            channel=one.channel,
            address_hash=address_hash(self._pepper, one.channel, one.address),
            page_hash=sha256(secret.encode()),
            salt=salt,
            code_hash=code_hash(code, salt),
            language=later.language,
            status=ChallengeStatus.SENT,
            sent_at=_text(now),
            expires_at=_text(now + VALIDITY),
        )
        link = f"{self._ways.page_url}/c/{secret}"
        message = LaterMessage(self._ways.texts[later.language], code, VALIDITY.days, link)
        # Before it goes out: a code that arrives is one that can be judged. Where a process died in
        # between, another message takes the place of the one that may have arrived.
        with self._database.writing("later-contacts") as ledger:
            line = _begin(ledger, row, challenge)
        try:
            sender.send(one.address, message)
        except NotSentError:
            with self._database.writing("later-contacts") as ledger:
                ledger.challenges.close(challenge.challenge_id, ChallengeStatus.REPLACED)
            return f"not handed over: {one.channel}"
        with self._database.writing("later-contacts") as ledger:
            ledger.later.settle(line, ChallengeStatus.SENT)
        return ""

    def _end(self, row: LaterRow, state: str, reason: str) -> None:
        """Messages are out, or never will be: the envelope is of no use any more."""
        with self._database.writing("later-contacts") as ledger:
            ledger.later.change(row, state=state, reason=reason, sealed=None)


def _begin(ledger: Ledger, row: LaterRow, challenge: ChallengeRow) -> LineRow:
    """Note that a message goes out; one before it counts no more."""
    before = ledger.later.line(row.record_id, challenge.channel)
    if before is not None:
        ledger.challenges.close(before.challenge_id, ChallengeStatus.REPLACED)
    line = LineRow(
        row.record_id,
        challenge.channel,
        challenge.challenge_id,
        _SENDING,
        challenge.sent_at,
        challenge.expires_at,
    )
    ledger.challenges.add(challenge)
    ledger.later.put_line(line)
    return line


def _ended(line: LineRow, challenge: ChallengeRow | None, now: datetime) -> ChallengeStatus | None:
    """How a message ended, None while its code counts."""
    if challenge is not None and challenge.status != ChallengeStatus.SENT:
        return ChallengeStatus(challenge.status)
    over = now >= datetime.fromisoformat(line.expires_at)
    return ChallengeStatus.EXPIRED if over or challenge is None else None


def _sound(one: LaterAddress) -> bool:
    try:
        if one.channel == EMAIL:
            return email_address(one.address) == one.address
    except ContactAddressError:
        return False
    return is_e164(one.address)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class LaterLine:
    """A line of the operator's list; no address."""

    record_id: str
    channel: str
    state: str
    since: str
    statement: str = ""


def later_lines(ledger: Ledger) -> tuple[LaterLine, ...]:
    """Every address that was deferred: what became of it, or what it waits for."""
    waiting = [
        LaterLine(
            row.record_id,
            "",
            f"{row.state} ({row.reason})" if row.reason else row.state,
            row.arrived_at,
        )
        for row in ledger.later.open_ones()
    ]
    sent = [
        LaterLine(row.record_id, row.channel, row.state, row.sent_at, row.statement)
        for row in ledger.later.lines()
    ]
    return (*waiting, *sent)
