"""The central side's contact room in the same process: its real rules, no network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from central.archive.database import Database
from central.archive.rows import DeviceRow
from central.contact.challenges import Challenges, RefusedError, Ways
from central.contact.messages import Message, NotSentError, all_texts
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import ContactNotSentError, ContactTooOftenError, UnreachableError
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.sync.contact import EMAIL, MOBILE, ContactOrder, ContactState
from tests.fakes.clock import FakeClock

TEXTS = all_texts()


@dataclass
class Mailbox:
    """A sender that keeps what it sent, or refuses.

    Attributes:
        sent: address and short text of each message.
        broken: hands nothing over.
    """

    sent: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False

    def send(self, address: str, text: Message) -> None:
        if self.broken:
            raise NotSentError("down")
        self.sent.append((address, text.short()))

    @property
    def code(self) -> str:
        """The code sent last, in French."""
        return self.sent[-1][1].partition("est ")[2].partition(".")[0]


@dataclass
class NearContact:
    """A :class:`kiosk.ports.Contact` without a network in between.

    Attributes:
        mailbox: where codes arrive.
        plugged: False is a network that is not there.
    """

    challenges: Challenges
    device_id: DeviceId
    clock: FakeClock
    mailbox: Mailbox
    plugged: bool = True
    key: SigningKey = field(default_factory=SigningKey.generate)

    def start(self, challenge_id: str, order: ContactOrder) -> ContactState:
        try:
            return self.challenges.start(self.device_id, challenge_id, order, self._now())[0]
        except RefusedError as exc:
            if exc.status == 429:
                raise ContactTooOftenError(str(exc.wait_s)) from exc
            raise ContactNotSentError from exc

    def state(self, challenge_id: str, order: ContactOrder) -> ContactState:
        return self.challenges.state(self.device_id, challenge_id, order, self._now())

    def check(self, challenge_id: str, order: ContactOrder) -> ContactState:
        return self.challenges.check(self.device_id, challenge_id, order, self._now())

    def _now(self) -> datetime:
        if not self.plugged:
            raise UnreachableError("cable")
        return self.clock.now()


@contextmanager
def near_contact(folder: Path, device_id: DeviceId, clock: FakeClock) -> Iterator[NearContact]:
    """A contact room over a database in ``folder``."""
    key, box = SigningKey.generate(), Mailbox()
    database = Database(folder / "contact.db")
    with database.writing() as ledger:
        row = DeviceRow(device_id, bytes(32), OfficeId("1"), clock.now().isoformat())
        ledger.put_device(row)
    ways = Ways({EMAIL: box, MOBILE: box}, TEXTS)
    yield NearContact(Challenges(database, key, ways), device_id, clock, box, key=key)
    database.close()
