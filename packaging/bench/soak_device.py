"""One device of ``bench soak``: seals, delivers, is killed, and goes on where it stood.

    python packaging/bench/soak_device.py FOLDER CODE RECORDS SEED

Everything that it promises is written to its standard output after it is durable: ``sealed SEQ
RECORD`` for each seal that was acknowledged, and ``delivered`` after each delivery. It ends by
itself when every record is proven stored.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "packaging" / "bench"))

import powerloss

from kiosk.audit.entries import EntryKind
from kiosk.audit.records import Attachment
from kiosk.crypto.signing import SigningKey
from kiosk.devices.clock import SystemClock
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.errors import (
    CertificateError,
    ProtocolError,
    UnreachableError,
)
from kiosk.ports import OutboxState
from kiosk.services.agents import Agents, Session
from kiosk.services.delivery import Delivery
from kiosk.services.drafts import Drafts
from kiosk.services.enrolment import Enrolment
from kiosk.services.fleet import (
    DEVICE_KEY,
    load_identity,
    require_membership,
)
from kiosk.services.journal import Journal
from kiosk.services.sealing import Sealing
from kiosk.services.sign_in import SignIn
from kiosk.services.terms import DeviceFacts, Terms, terms_of
from kiosk.transport.https_link import Deadlines, HttpsLinks
from kiosk.vault.store import open_store

PICTURE_BYTES = 300_000
DELIVER_EVERY = 8
PAUSE_S = 0.1
PAUSE = threading.Event()
HASTY = Deadlines(connect_s=2.0, pause_s=3.0, call_s=20.0)


class Device:
    """The real services over the real store of one folder."""

    def __init__(self, folder: Path, code: str) -> None:
        self.keys = DemonstrationKeyStore(folder)
        self.store = open_store(folder / "vault.db", powerloss.KEY)
        clock, links = SystemClock(), HttpsLinks(SystemClock(), HASTY)
        enrolment = Enrolment(self.store, self.keys, links, clock, "soak")
        while not self._enrolled():
            again(lambda: enrolment.enrol(code))
        identity, _ = require_membership(self.store)
        seed = self.keys.get(DEVICE_KEY)
        if seed is None:
            raise RuntimeError("device key")
        key, facts = SigningKey.from_seed(seed), DeviceFacts(identity.device_id, "soak")

        # Asked for inside a unit of work: read before, and again after each delivery.
        self._terms = self._read_terms()

        def terms() -> Terms:
            return self._terms

        self.journal = Journal(self.store, key, clock, facts, terms)
        self.sealing = Sealing(self.journal, self.store, terms, clock, facts, key)
        self.drafts = Drafts(clock, self.sealing.standing)
        self.agents = Agents(self.store, self.keys, self.journal, powerloss.CHEAP)
        self.sign_in = SignIn(self.store, self.keys, clock, powerloss.CHEAP, self.journal)
        self.delivery = Delivery(self.store, self.journal, links, self.keys, clock)

    def _read_terms(self) -> Terms:
        return replace(terms_of(require_membership(self.store)[1]), evidence_images=True)

    def _enrolled(self) -> bool:
        with self.store.begin() as uow:
            return load_identity(uow) is not None

    def session(self) -> Session:
        """The agent, added at the first start."""
        with self.store.begin() as uow:
            known = uow.agents.get(powerloss.AGENT)
        if known is None:
            self.agents.add(powerloss.AGENT, "A", Role.AGENT, powerloss.PIN)
        return self.sign_in.sign_in(powerloss.AGENT, powerloss.PIN)

    def sealed(self) -> int:
        """Records sealed so far."""
        with self.store.begin() as uow:
            return len(uow.values.names("sealed/"))

    def seal(self, number: int, session: Session, picture: bytes) -> None:
        """Draft and seal one case, and say so."""
        case = powerloss.case(number)
        with self.store.begin() as uow:
            if uow.drafts.get(case.case_id) is None:  # not opened by a process that was killed
                told = {"case": case.case_id, "agent": case.agent_id, "procedure": case.procedure}
                self.journal.append(uow, EntryKind.VERIFY_OPEN, told)
            self.drafts.save(uow, case, session)
            uow.commit()
        facts = self.sealing.seal(case, session, [Attachment("jpg", picture)])
        sys.stdout.write(f"sealed {facts.seq} {facts.record_id}\n")
        sys.stdout.flush()

    def deliver(self) -> bool:
        """Deliver once; whether everything is proven stored."""
        self.delivery.run_once()
        self._terms = self._read_terms()
        sys.stdout.write("delivered\n")
        sys.stdout.flush()
        with self.store.begin() as uow:
            return all(row.state is OutboxState.STORED for row in uow.outbox.unsettled())


def again(call: Callable[[], object]) -> None:
    """Try; a network that is away is no failure."""
    try:
        call()
    except (UnreachableError, ProtocolError, CertificateError):
        PAUSE.wait(PAUSE_S)


def main() -> None:
    """Seal and deliver until the end."""
    folder, code, records, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    chance = random.Random(f"{seed}/{os.getpid()}")  # noqa: S311 - sizes, not secrets
    device = Device(folder, code)
    session = device.session()
    for number in range(device.sealed(), records):
        size = chance.choice((0, 2_000, PICTURE_BYTES))
        device.seal(number, session, chance.randbytes(size + 1))
        if number % DELIVER_EVERY == 0:
            device.deliver()
    while not device.deliver():
        PAUSE.wait(PAUSE_S)
    sys.stdout.write("done\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
