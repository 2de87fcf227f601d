"""Benchmark: change single bits of a sealed record and of its journal entry; all must be refused.

    python packaging/bench/flips.py [--json] [--payload N] [--kilobytes K] [--seed S]

A real record with pictures is sealed by the real services. Then, one change at a time: every bit of
every byte of its journal entry (header H and signature, as the compact JWS E), every byte of the
age header A (one bit of each, drawn), and N bits of the age payload P at drawn places (10^5 by
default). Each change is shown to both gates, and both must refuse it by themselves: the collector's
(the digests that the entry signed) and the auditor's (the age file and the two signatures inside,
without any help of the entry). Cutting, doubling and swapping of 64 KiB chunks comes on top. Exit
code 1 where anything passed. Source: records-and-sync section 3, row 3, and section 7.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "packaging" / "bench"))

from seal import CASE_DEVICE, WallClock, case

from kiosk.audit.entries import Header, open_entry
from kiosk.audit.records import Attachment, blob_fits, open_record
from kiosk.crypto import age
from kiosk.crypto.passwords import Argon2Cost
from kiosk.crypto.signing import SigningKey
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.errors import AuditError
from kiosk.domain.ids import AgentId
from kiosk.services.agents import Agents
from kiosk.services.journal import Journal
from kiosk.services.sealing import Sealing
from kiosk.services.sign_in import SignIn
from kiosk.services.terms import Terms
from kiosk.vault.store import open_store

CHUNK = 64 * 1024 + 16
NONCE = 16


@dataclass(frozen=True)
class Sealed:
    """A record, its entry, and the keys that judge them."""

    entry: str
    header: Header
    blob: bytes
    identity: age.Identity
    device_public: bytes
    signers: dict
    device_key_id: str


def sealed_record(picture_bytes: int) -> Sealed:
    """A record with one picture of that size, sealed by the real services."""
    clock, device_key = WallClock(), SigningKey.generate()
    identity, escrow = age.Identity.generate(), age.Identity.generate()
    terms = Terms(1, (identity.recipient, escrow.recipient), evidence_images=True)
    cost = Argon2Cost(memory_kib=64, iterations=1, lanes=1)
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder:
        keys = DemonstrationKeyStore(Path(folder))
        keys.put("device-secret", os.urandom(32))
        store = open_store(Path(folder) / "vault.db", os.urandom(32))
        journal = Journal(store, device_key, clock, CASE_DEVICE, lambda: terms)
        agent = Agents(store, keys, journal, cost).add(AgentId("bench"), "B", Role.AGENT, "840271")
        session = SignIn(store, keys, clock, cost, journal).sign_in(agent.agent_id, "840271")
        sealing = Sealing(journal, store, lambda: terms, clock, CASE_DEVICE, device_key)
        pictures = [Attachment("jpg", os.urandom(picture_bytes))]
        seq = sealing.seal(case(1, session), session, pictures).seq
        with store.begin() as uow:
            row, blob = uow.journal.get(seq), uow.blobs.get(seq)
        store.close()
    if row is None or blob is None:
        raise SystemExit("the seal left no record")
    signers = {k.key_id: k.public for k in (session.signing_key, device_key)}
    header = open_entry(row.jws, device_key.public)
    return Sealed(row.jws, header, blob, identity, device_key.public, signers, device_key.key_id)


def entry_passes(record: Sealed, entry: bytes) -> bool:
    """Whether a changed entry is taken for the device's word."""
    try:
        open_entry(entry.decode("latin-1"), record.device_public)
    except AuditError:
        return False
    return True


def collector_passes(record: Sealed, blob: bytes) -> bool:
    """Whether changed bytes are taken for the announced ones."""
    return blob_fits(blob, record.header)


def auditor_passes(record: Sealed, blob: bytes) -> bool:
    """Whether a changed record opens, the entry left aside."""
    try:
        open_record(blob, record.identity, record.signers, record.device_key_id)
    except AuditError:
        return False
    return True


def flipped(data: bytes, place: int, bit: int) -> bytes:
    """A copy with one bit changed."""
    changed = bytearray(data)
    changed[place] ^= 1 << bit
    return bytes(changed)


def entry_changes(record: Sealed) -> Iterator[bytes]:
    """Every bit of the entry."""
    data = record.entry.encode("ascii")
    for place in range(len(data)):
        for bit in range(8):
            yield flipped(data, place, bit)


def header_changes(record: Sealed, chance: random.Random) -> Iterator[bytes]:
    """One bit of every byte of the age header."""
    header, _ = age.split(record.blob)
    for place in range(len(header)):
        yield flipped(record.blob, place, chance.randrange(8))


def payload_changes(record: Sealed, count: int, chance: random.Random) -> Iterator[bytes]:
    """Drawn bits of the age payload."""
    header, payload = age.split(record.blob)
    for _ in range(count):
        yield flipped(
            record.blob, len(header) + chance.randrange(len(payload)), chance.randrange(8)
        )


def chunk_changes(record: Sealed) -> Iterator[bytes]:
    """Each chunk left out, doubled, and swapped with the next; the end cut at each of them."""
    header, payload = age.split(record.blob)
    front, body = header + payload[:NONCE], payload[NONCE:]
    chunks = [body[i : i + CHUNK] for i in range(0, len(body), CHUNK)]
    for i, chunk in enumerate(chunks):
        yield front + b"".join(chunks[:i] + chunks[i + 1 :])
        yield front + b"".join([*chunks[: i + 1], chunk, *chunks[i + 1 :]])
        yield front + b"".join(chunks[:i])
        if i + 1 < len(chunks):
            yield front + b"".join([*chunks[:i], chunks[i + 1], chunk, *chunks[i + 2 :]])


Gate = Callable[[Sealed, bytes], bool]


def tried(record: Sealed, changes: Iterator[bytes], gates: dict[str, Gate]) -> dict[str, int]:
    """How many changes there were, and how many passed each gate."""
    figures = {"changes": 0, **{f"passed_{name}": 0 for name in gates}}
    for changed in changes:
        figures["changes"] += 1
        for name, passes in gates.items():
            figures[f"passed_{name}"] += passes(record, changed)
    return figures


def measure(payload: int, kilobytes: int, seed: int) -> dict[str, object]:
    """Try everything."""
    start, chance = time.process_time(), random.Random(seed)  # noqa: S311 - places, not secrets
    record = sealed_record(kilobytes * 1024)
    both: dict[str, Gate] = {"collector": collector_passes, "auditor": auditor_passes}
    unchanged = [passes(record, record.blob) for passes in both.values()]
    if not all(unchanged) or not entry_passes(record, record.entry.encode("ascii")):
        raise SystemExit("the unchanged record is refused: nothing would be shown")
    return {
        "sealed_bytes": len(record.blob),
        "entry": tried(record, entry_changes(record), {"collector": entry_passes}),
        "age_header": tried(record, header_changes(record, chance), both),
        "payload": tried(record, payload_changes(record, payload, chance), both),
        "chunks": tried(record, chunk_changes(record), both),
        "cpu_s": round(time.process_time() - start, 1),
    }


def main() -> int:
    """Parse, try, print."""
    parser = argparse.ArgumentParser(description="Flip bits of a sealed record.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--payload", type=int, default=100_000)
    parser.add_argument("--kilobytes", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures = measure(options.payload, options.kilobytes, options.seed)
    parts = [part for part in figures.values() if isinstance(part, dict)]
    passed = sum(n for part in parts for name, n in part.items() if name != "changes")
    figures["passed"] = passed
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=2))
    return 1 if passed else 0


if __name__ == "__main__":
    sys.exit(main())
