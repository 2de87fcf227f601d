"""Simulated devices for benches: real keys, real entries and signatures, no store and no screen.

Each one is put into the collector's database as an enrolled device (enrolling is not what these
benches measure); everything after that goes over TLS through the collector's own calls.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from central.__main__ import system_time
from central.archive.layout import Layout
from central.archive.rows import DeviceRow
from central.archive.storage import open_database
from central.collector.keys import PolicyShelf
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.entries import (
    PROFILE,
    ClockState,
    EntryKind,
    Fact,
    Header,
    entry_leaf,
    make_entry,
    next_ratchet,
)
from kiosk.audit.tree import Frontier
from kiosk.crypto import age
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.http_signatures import sign_request
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.messages import LogPush, encode
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import LogKey

_CHUNK = 64 * 1024
_CHUNK_OVERHEAD = 16


@dataclass(frozen=True, slots=True)
class Blob:
    """A sealed record, and what the journal says of it."""

    data: bytes
    header_sha256: str
    payload_sha256: str
    payload_len: int
    sha256: bytes


def sealed_blob(size: int, policy: Policy) -> Blob:
    """An age file of about ``size`` bytes, sealed to the recipients of the policy."""
    plain = max(1, size - 4096 - size // _CHUNK * _CHUNK_OVERHEAD)
    data = age.encrypt(os.urandom(plain), [r.age for r in policy.recipients])
    header, payload = age.split(data)
    told = b64u(sha256(header)), b64u(sha256(payload))
    return Blob(data, *told, len(payload), sha256(data))


def enrolled_row(device_id: DeviceId, public: bytes) -> DeviceRow:
    """An enrolled device with nothing in its journal."""
    return DeviceRow(device_id, public, OfficeId("075012"), system_time().isoformat())


@dataclass
class SimulatedDevice:
    """Keeps the journal of one device in memory.

    Attributes:
        entries: compact JWS each.
        records: entry number of each record, with its blob.
    """

    key: SigningKey
    origin: str
    policy: Policy
    entries: list[str] = field(default_factory=list)
    records: dict[int, Blob] = field(default_factory=dict)
    frontier: Frontier = field(default_factory=Frontier)
    ratchet: bytes = field(default_factory=lambda: os.urandom(32))

    @property
    def device_id(self) -> DeviceId:
        """As enrolment makes it of the key."""
        return DeviceId(f"dev-{self.key.key_id}")

    def row(self) -> DeviceRow:
        """An enrolled device with nothing in its journal."""
        return enrolled_row(self.device_id, self.key.public)

    def act(self, kind: EntryKind, facts: dict[str, Fact], blob: Blob | None = None) -> int:
        """Append one entry; its number."""
        seq = len(self.entries)
        kids = tuple(r.kid for r in self.policy.recipients)
        header = Header(
            v=PROFILE,
            device_id=self.device_id,
            seq=seq,
            kind=kind,
            record_id=None if blob is None else RecordId(os.urandom(16).hex()),
            policy_v=self.policy.version,
            recipients=() if blob is None else kids,
            age_header_sha256="" if blob is None else blob.header_sha256,
            payload_sha256="" if blob is None else blob.payload_sha256,
            payload_len=0 if blob is None else blob.payload_len,
            prev_root=b64u(self.frontier.root()),
            ratchet_mac="",
            boot_id="00000000-0000-4000-8000-000000000000",
            mono_ms=seq * 60_000,
            wall_claimed=system_time().isoformat(timespec="milliseconds"),
            clock_state=ClockState.UNVERIFIED,
            app_build="bench",
            facts=facts,
        )
        entry = make_entry(header, self.ratchet, self.key)
        self.ratchet = next_ratchet(self.ratchet)
        self.entries.append(entry)
        self.frontier = self.frontier.append(entry_leaf(entry))
        if blob is not None:
            self.records[seq] = blob
        return seq

    def day(self, blobs: Sequence[Blob], chance: random.Random) -> None:
        """A shift: opened, one case opened and closed for each blob, closed."""
        agent: dict[str, Fact] = {"agent": "A1024"}
        self.act(EntryKind.SHIFT_OPEN, agent)
        for blob in blobs:
            case = f"{chance.getrandbits(128):032x}"
            told: dict[str, Fact] = {"case": case, "agent": "A1024", "procedure": "cpf"}
            self.act(EntryKind.VERIFY_OPEN, told)
            closed: dict[str, Fact] = {
                "case": case,
                "agent": "A1024",
                "outcome": "accepted",
                "request": f"{chance.getrandbits(128):032x}",
            }
            self.act(EntryKind.VERIFY_CLOSE, closed, blob)
        self.act(EntryKind.SHIFT_CLOSE, agent)

    def push(self, start: int = 0, end: int | None = None) -> bytes:
        """Body of ``POST …/log`` with entries ``start`` up to ``end``; all but the end is held."""
        end = len(self.entries) if end is None else end
        frontier = self.frontier
        if end != len(self.entries):
            frontier = Frontier()
            for entry in self.entries[:end]:
                frontier = frontier.append(entry_leaf(entry))
        checkpoint = Checkpoint(device_origin(self.origin, self.device_id), end, frontier.root())
        signed = sign(checkpoint, self.key)
        return encode(LogPush(start, tuple(self.entries[start:end]), signed))

    def headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """The header fields that sign a call now."""
        return sign_request(method, url, body, self.key, system_time())


@dataclass(frozen=True, slots=True)
class Side:
    """What simulated devices know of a central side."""

    policy: Policy
    log: LogKey
    ca_pem: str


def side_of(data: Path) -> Side:
    """Of the central side in ``data``."""
    layout = Layout(data)
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            shelf = PolicyShelf(unb64u(layout.root_public.read_text("ascii").strip()))
            policy, _ = shelf.newest(ledger)
    finally:
        database.close()
    log = LogKey(policy.collector.log_origin, policy.collector.log_public)
    return Side(policy, log, layout.ca_certificate.read_text("ascii"))


def register(data: Path, rows: Sequence[DeviceRow]) -> None:
    """Put devices into the collector's database, as enrolled ones."""
    database = open_database(Layout(data))
    try:
        for start in range(0, len(rows), 2000):
            with database.writing() as ledger:
                for row in rows[start : start + 2000]:
                    ledger.put_device(row)
    finally:
        database.close()


class Caller:
    """One kept-alive TLS 1.3 connection of one device after the other.

    Attributes:
        fields: header fields of the last answer, names in lower case.
    """

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._context = context
        self._connection: http.client.HTTPSConnection | None = None
        self.fields: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        """Base address that signatures name."""
        return f"https://localhost:{self._port}"

    def call(
        self, device: SimulatedDevice, method: str, path: str, body: bytes = b""
    ) -> tuple[int, bytes]:
        """One signed call; status and body."""
        headers = device.headers(method, self.url + path, body)
        return self.send(method, path, body, headers)

    def send(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        """One call that is signed already."""
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                "localhost", self._port, timeout=60, context=self._context
            )
        self._connection.request(method, path, body=body or None, headers=headers)
        answer = self._connection.getresponse()
        self.fields = tuple((name.lower(), value) for name, value in answer.getheaders())
        return answer.status, answer.read()

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None


def tls(ca_pem: str) -> ssl.SSLContext:
    """TLS 1.3 to the pinned authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=ca_pem)
    return context


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, seconds; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def programs_cpu_s(name: str) -> float:
    """Processor time of every process below this one whose command line names a program.

    Those that ended meanwhile count where whoever started them has waited for them.
    """
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (path / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
            parents[int(path.name)] = int(fields[1])
    used = 0.0
    for pid in parents:
        above = pid
        while above in parents and above != os.getpid():
            above = parents[above]
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if above == os.getpid() != pid and name.encode() in words:
                used += cpu_s(pid)
    return used


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def wait_for(moment: float) -> None:
    """Until a moment of the monotonic clock."""
    while (left := moment - time.monotonic()) > 0:
        time.sleep(min(left, 0.5))  # noqa: TID251 - a load generator keeps real time
