"""A device of a real central side: the real services over a store in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kiosk.audit.entries import EntryKind
from kiosk.audit.records import Attachment, RecordContents, SealedBlob, seal_record
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import RecordId
from kiosk.ports import (
    CentralSide,
    CollectorLink,
    LinkAnswer,
    LinkFactory,
    OutboxRow,
    OutboxState,
)
from kiosk.services.delivery import Delivery
from kiosk.services.enrolment import Enrolment
from kiosk.services.fleet import DEVICE_KEY, require_membership
from kiosk.services.journal import Journal
from kiosk.services.terms import DeviceFacts, terms_of
from kiosk.sync.policy import Policy
from kiosk.transport.https_link import HttpsLinks
from tests.fakes.clock import FakeClock
from tests.fakes.key_stores import MemoryKeyStore
from tests.fakes.store import InMemoryStore

AGENT = "a-17"


@dataclass
class Call:
    """One call on its way, for a trouble to let through, change or lose."""

    method: str
    path: str
    body: bytes
    content_type: str
    etag: str
    fields: Sequence[tuple[str, str]]
    link: CollectorLink

    def go(self) -> LinkAnswer:
        return self.link.call(
            self.method, self.path, self.body, self.content_type, self.etag, self.fields
        )


Trouble = Callable[[Call], LinkAnswer]


class TroubledLinks:
    """Real links, every call of which passes through ``trouble`` first."""

    def __init__(self, links: LinkFactory) -> None:
        self._links = links
        self.trouble: Trouble = Call.go
        self.calls: list[str] = []

    def first_contact(self, url: str) -> LinkAnswer:
        return self._links.first_contact(url)

    def open(
        self,
        side: CentralSide,
        device_key: SigningKey,
        stopped: Callable[[], bool] | None = None,
    ) -> CollectorLink:
        return _TroubledLink(self, self._links.open(side, device_key, stopped))


class _TroubledLink:
    def __init__(self, links: TroubledLinks, link: CollectorLink) -> None:
        self._links = links
        self._link = link

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "application/json",
        etag: str = "",
        fields: Sequence[tuple[str, str]] = (),
    ) -> LinkAnswer:
        self._links.calls.append(f"{method} {path.partition('?')[0]}")
        return self._links.trouble(Call(method, path, body, content_type, etag, fields, self._link))

    def close(self) -> None:
        self._link.close()


@dataclass
class EnrolledDevice:
    """A device, once :meth:`enrol` was called.

    Attributes:
        store: where everything goes.
        keys: holds the device's keys.
        clock: moves by hand; begins at the real time.
    """

    store: InMemoryStore = field(default_factory=InMemoryStore)
    keys: MemoryKeyStore = field(default_factory=MemoryKeyStore)
    clock: FakeClock = field(default_factory=lambda: FakeClock(wall=datetime.now(UTC)))

    def __post_init__(self) -> None:
        self.keys.is_demonstration = False
        self.links = TroubledLinks(HttpsLinks(self.clock))
        self.enrolment = Enrolment(self.store, self.keys, self.links, self.clock, "0.1.0")
        self.agent_key = SigningKey.generate()

    def enrol(self, code: str) -> EnrolledDevice:
        self.enrolment.enrol(code)
        self._wire()
        public = b64u(self.agent_key.public)
        self.journal.record(EntryKind.AGENT_ADDED, {"agent": AGENT, "public_key": public})
        return self

    def _wire(self) -> None:
        self.identity, self._policy = require_membership(self.store)
        facts = DeviceFacts(self.identity.device_id, "0.1.0")
        self.journal = Journal(
            self.store, self.key, self.clock, facts, lambda: terms_of(self._policy)
        )
        self.delivery = Delivery(self.store, self.journal, self.links, self.keys, self.clock)

    def clone(self) -> EnrolledDevice:
        """The same device on a copy of its disk."""
        other = EnrolledDevice(keys=self.keys)
        with self.store.begin() as uow:
            tables = deepcopy(uow.tables())
        other.store.replace(tables)
        other._wire()
        return other

    @property
    def key(self) -> SigningKey:
        seed = self.keys.get(DEVICE_KEY)
        assert seed is not None
        return SigningKey.from_seed(seed)

    @property
    def policy(self) -> Policy:
        return require_membership(self.store)[1]

    def link(self) -> CollectorLink:
        """A link of its own, for calls that the services would never make."""
        return self.links.open(self.identity.side(self.policy), self.key)

    def seal(
        self,
        recipients: tuple[str, ...] | None = None,
        agent: str = AGENT,
        visavis: dict | None = None,
        extra_bytes: int = 0,
        kind: EntryKind = EntryKind.VERIFY_CLOSE,
    ) -> tuple[int, SealedBlob]:
        """Seal a record as the sealing service does; its entry and its blob."""
        kept = (Attachment("bin", os.urandom(extra_bytes)),) if extra_bytes else ()
        number = self.size()
        record_id = RecordId(f"{self.identity.device_id[4:]}{number:016x}")
        told = {"agent_id": agent, **(visavis or {})}
        contents = RecordContents({"record_id": record_id, "visavis": told}, kept)
        to = terms_of(self.policy).recipients if recipients is None else recipients
        sealed = seal_record(contents, to, self.agent_key, self.key)
        now = self.clock.now()
        with self.store.begin() as uow:
            seq, _ = self.journal.append(uow, kind, {}, sealed, record_id)
            uow.blobs.put(seq, sealed.blob)
            uow.outbox.put(
                OutboxRow(seq, record_id, OutboxState.WAITING, now, now, 0, "", len(sealed.blob))
            )
            uow.commit()
        return seq, sealed

    def size(self) -> int:
        with self.store.begin() as uow:
            return uow.journal.size()

    def entries(self) -> list[str]:
        with self.store.begin() as uow:
            return [row.jws for row in uow.journal.range(0, uow.journal.size())]

    def row(self, seq: int) -> OutboxRow:
        with self.store.begin() as uow:
            row = uow.outbox.get(seq)
        assert row is not None
        return row

    def has_blob(self, seq: int) -> bool:
        with self.store.begin() as uow:
            return uow.blobs.get(seq) is not None
