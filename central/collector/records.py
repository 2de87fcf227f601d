"""Takes in sealed records, streamed to disk.

Rules, in order: the journal entry comes first, a blob nobody announced is not taken; age header and
payload are kept apart (deleting the header is how a record is erased, and one whose erasure was
ordered before it came is kept without it); every digest of the signed entry must hold; bytes are
durable before the row that names them, the row before the receipt.
Source: records-and-sync 2.5, 2.8, 2.9.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from central.archive.database import Database
from central.archive.payloads import Incoming, Payloads, payload_name
from central.archive.rows import SealedRow
from central.collector.arrivals import Arrivals
from central.collector.log import CollectorLog
from central.collector.refusal import CallRefusedError
from central.collector.witnessing import SCOPE as WITNESS_SCOPE
from central.collector.witnessing import Witnessing
from kiosk.audit.checkpoint import parse
from kiosk.audit.entries import Header, open_entry
from kiosk.crypto import age
from kiosk.crypto.cosignatures import split_note
from kiosk.crypto.digests import b64u
from kiosk.domain.errors import SealedRecordError
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import MAX_BLOB_BYTES, MAX_SEQ, ConsistencyAnswer, ReceiptPage
from kiosk.sync.receipts import ReceiptState

_MAX_AGE_HEADER = 64 * 1024
LOG_SCOPE = "log"
_TO_THE_HOUR = len("2026-11-26T21")


class BlobStream:
    """Cuts an arriving age file into header (memory) and payload (disk), hashing all of it."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._head = bytearray()
        self._whole = hashlib.sha256()
        self._payload = hashlib.sha256()
        self.received = 0
        self.header: bytes | None = None
        self.payload_len = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            CallRefusedError: 413 too long, 422 not an age file.
        """
        self.received += len(chunk)
        if self.received > MAX_BLOB_BYTES:
            raise CallRefusedError(413, "too-large")
        self._whole.update(chunk)
        if self.header is not None:
            self._write(chunk)
            return
        before = len(self._head)
        # Only as far as a header may reach: what follows it is not copied.
        self._head += chunk[: _MAX_AGE_HEADER + 1 - before]
        try:
            self.header, _ = age.split(bytes(self._head))
        except SealedRecordError as exc:
            if len(self._head) > _MAX_AGE_HEADER:
                raise CallRefusedError(422, "not-sealed") from exc
            return
        self._write(memoryview(chunk)[len(self.header) - before :])

    def _write(self, data: bytes | memoryview) -> None:
        self._payload.update(data)
        self.payload_len += len(data)
        self._incoming.write(data)

    @property
    def blob_sha256(self) -> bytes:
        """SHA-256 of everything so far."""
        return self._whole.digest()

    @property
    def payload_sha256(self) -> bytes:
        """SHA-256 of the payload so far."""
        return self._payload.digest()


class Records:
    """Answers ``PUT …/records/{seq}`` and ``GET …/receipts``."""

    def __init__(
        self,
        database: Database,
        payloads: Payloads,
        log: CollectorLog,
        witnessing: Witnessing | None = None,
    ) -> None:
        """Witnessing: None where nobody asks for receipts here."""
        self._database = database
        self._payloads = payloads
        self._log = log
        self._witnessing = witnessing
        self._arrivals = Arrivals(database)
        self._settled = 0

    def adopt(self, now: datetime) -> None:
        """Go on with the log under the name and key of today; nothing where that is so already."""
        with self._database.reading() as ledger:
            held = ledger.log()
        if held is not None and not self._log.is_own(held.checkpoint):
            with self._database.writing(LOG_SCOPE, WITNESS_SCOPE) as ledger:
                self._log.adopt(ledger, now)

    def announced(self, device_id: DeviceId, seq: int) -> tuple[Header, SealedRow | None]:
        """The entry that announces a record, and the record when it is here already, and whole.

        Raises:
            CallRefusedError: 404 no such entry, or one without a record.
        """
        if seq > MAX_SEQ:
            raise CallRefusedError(404, "entry-unknown")
        with self._database.reading() as ledger:
            found = ledger.announced(device_id, seq)
            if found is None:
                raise CallRefusedError(404, "entry-unknown")
            held = found.held
            if held is not None and ledger.damages.is_open(device_id, seq):
                held = None  # its row stands, and its bytes are wanted again
        return open_entry(found.jws, found.public_key), held

    def incoming(self) -> Incoming:
        """A place for bytes that arrive."""
        return self._payloads.incoming()

    def keep(
        self,
        announced: Header,
        stream: BlobStream,
        incoming: Incoming,
        claimed_sha256: bytes | None,
        now: datetime,
    ) -> int:
        """Make a received record durable and commit to it; 201 new, 200 here already.

        Args:
            announced: its entry.
            stream: what arrived of it, all of it.
            incoming: where the payload is.
            claimed_sha256: of the whole, as the sender said; None where it came in parts, each of
                which had its own digest. The entry's digests count in any case.
            now: server time.

        Raises:
            CallRefusedError: 422 digest, nothing is visible.
        """
        header = stream.header
        if claimed_sha256 not in (None, stream.blob_sha256) or header is None:
            raise CallRefusedError(422, "digest")
        _check_blob(announced, header, stream)
        device_id, seq = announced.device_id, announced.seq
        incoming.keep(payload_name(device_id, seq, stream.payload_sha256))
        row = SealedRow(
            device_id=device_id,
            seq=seq,
            blob_sha256=stream.blob_sha256,
            payload_sha256=stream.payload_sha256,
            header=header,
            received_at=now.isoformat(timespec="milliseconds"),
            state=ReceiptState.LOGGED,
            size=stream.received,
        )
        try:
            new = self._arrivals.commit(row, announced.record_id)
        except LookupError as exc:
            raise CallRefusedError(404, "entry-unknown") from exc
        if not new:
            self._mend(device_id, seq, now)
        return 201 if new else 200

    def _mend(self, device_id: DeviceId, seq: int, now: datetime) -> None:
        """What was damaged lies there whole again, or it was never damaged."""
        with self._database.reading() as ledger:
            damaged = ledger.damages.is_open(device_id, seq)
        if damaged:
            with self._database.writing(device_id) as ledger:
                ledger.damages.mend(device_id, seq, now.isoformat(timespec="seconds"))

    def sequence(self, now: datetime) -> int:
        """Append what waits for a leaf to the log; how many records are stored by that.

        One batch after the other, each durable: whoever asks for receipts next finds them.

        Raises:
            StoreError: nothing is called stored now, a replica that must have it is away.
        """
        done = 0
        if self._database.behind:
            self._database.settle()
        while self._waiting():
            with self._database.writing(LOG_SCOPE) as ledger:
                stored = self._log.sequence(ledger, self._payloads.storage_class)
                ledger.fleet.count_receipts(now.isoformat()[:_TO_THE_HOUR], stored)
                done += stored
                size = self._log.state(ledger).size
            self._settled = max(self._settled, size)
        return done

    def _waiting(self) -> bool:
        with self._database.reading() as ledger:
            return bool(ledger.unsequenced(1))

    def consistency(self, old: int, size: int) -> ConsistencyAnswer:
        """That the tree of the log's first ``size`` leaves extends that of its first ``old``.

        Raises:
            CallRefusedError: 404 the log has no such trees.
        """
        with self._database.reading() as ledger:
            proof = self._log.consistency(ledger, old, size)
        if proof is None:
            raise CallRefusedError(404, "no-such-tree")
        return ConsistencyAnswer(consistency=tuple(b64u(step) for step in proof))

    def receipts(self, device_id: DeviceId, start: int, tree: int, now: datetime) -> ReceiptPage:
        """A page of receipts, of everything that has arrived until now.

        While a replica of the database is away, records are called logged and not stored.

        Raises:
            StoreError: the log itself may be further than the replica: nothing of it is shown.
        """
        if not self._database.behind:
            self.sequence(now)
        if self._witnessing is not None:
            self._witnessing.hurry()
        with self._database.reading() as ledger:
            quorums = () if self._witnessing is None else self._witnessing.quorums(ledger)
            page = self._log.page(ledger, device_id, start, tree, quorums)
        size = parse(split_note(page.checkpoint)[0]).size
        if size > self._settled:
            # Another process appended it, or the server came back from a crash with it.
            self._database.settle()
            self._settled = max(self._settled, size)
        return page


def _check_blob(announced: Header, header: bytes, stream: BlobStream) -> None:
    """Raises CallRefusedError unless the blob is the one that the entry describes."""
    described = (announced.age_header_sha256, announced.payload_sha256, announced.payload_len)
    received = (
        b64u(hashlib.sha256(header).digest()),
        b64u(stream.payload_sha256),
        stream.payload_len,
    )
    if described != received:
        raise CallRefusedError(422, "not-the-announced-record")
    try:
        count = age.recipients_count(header)
    except SealedRecordError as exc:
        raise CallRefusedError(422, "not-sealed") from exc
    if count != len(announced.recipients):
        raise CallRefusedError(422, "recipients")
