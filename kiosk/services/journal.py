"""Writes the device's journal: one signed, chained, MACed entry per act.

Rules, in order: an entry is part of the caller's unit of work, so that it commits with what it
tells or not at all; number, previous root, frontier and ratchet key move together; the old ratchet
key is overwritten; a wall clock that left the monotonic clock is itself an entry, before the one
that noticed. Sources: records-and-sync 2.2, 2.3 and 2.8 (clock).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec

from kiosk.audit.acts import signed_act
from kiosk.audit.checkpoint import slip_code
from kiosk.audit.entries import (
    ORIGIN_FACT,
    PROFILE,
    ClockState,
    EntryKind,
    Fact,
    Header,
    entry_leaf,
    make_entry,
    next_ratchet,
    open_entry,
)
from kiosk.audit.records import SealedBlob
from kiosk.audit.tree import Frontier
from kiosk.crypto import age
from kiosk.crypto.aead import random_key
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import JournalBrokenError
from kiosk.domain.ids import RecordId
from kiosk.ports import Clock, JournalRow, Store, UnitOfWork
from kiosk.services.terms import DeviceFacts, Terms, TermsSource

RATCHET = "journal/ratchet"
RATCHET_ORIGIN = "journal/ratchet-origin"
"""Sealed to the recipients: ``{"key", "seq"}``, the ratchet key of entry ``seq``, base64url."""
ORIGIN_SEQ = "journal/ratchet-origin-entry"
"""Number of the entry that announced it, in ASCII."""
LAST_CLOCK = "journal/clock"
JUMP_TOLERANCE_S = 60


@dataclass(frozen=True, slots=True)
class _ClockReading:
    """Both clocks at the last entry."""

    boot_id: str
    mono_ms: int
    wall: datetime
    state: ClockState


@dataclass(frozen=True, slots=True)
class _Announced:
    """The record of an entry, and the policy that it was sealed under."""

    sealed: SealedBlob | None = None
    record_id: RecordId | None = None
    policy: int | None = None


class Journal:
    """Appends entries to the journal of this device."""

    def __init__(
        self,
        store: Store,
        device_key: SigningKey,
        clock: Clock,
        device: DeviceFacts,
        terms: TermsSource = Terms,
    ) -> None:
        self._store = store
        self._device_key = device_key
        self._clock = clock
        self._device = device
        self._terms = terms

    def record(self, kind: EntryKind, facts: Mapping[str, Fact] | None = None) -> int:
        """Append one entry in a unit of work of its own; its number."""
        with self._store.begin() as uow:
            seq, _ = self.append(uow, kind, facts)
            uow.commit()
        return seq

    def append_signed(
        self,
        uow: UnitOfWork,
        kind: EntryKind,
        facts: Mapping[str, Fact],
        signers: Mapping[str, SigningKey],
    ) -> int:
        """Append an entry that people sign too (:mod:`kiosk.audit.acts`); its number.

        Args:
            uow: open unit of work; the caller commits.
            kind: what the entry tells.
            facts: small and not personal; each signer's part names the agent.
            signers: part to the agent's key.
        """
        told = signed_act(kind, self._device.device_id, facts, signers)
        return self.append(uow, kind, told)[0]

    def append(
        self,
        uow: UnitOfWork,
        kind: EntryKind,
        facts: Mapping[str, Fact] | None = None,
        sealed: SealedBlob | None = None,
        record_id: RecordId | None = None,
        policy_version: int | None = None,
    ) -> tuple[int, str]:
        """Append one entry inside ``uow``; the caller commits.

        Args:
            uow: open unit of work.
            kind: what the entry tells.
            facts: small and not personal.
            sealed: the record this entry announces, or None.
            record_id: its identifier, given with ``sealed``.
            policy_version: of the policy that the record was sealed under; None for the one in
                force now.

        Returns:
            Number of the entry, and the slip code of the journal that ends with it.

        Raises:
            JournalBrokenError: the stored journal does not fit its own frontier.
        """
        reading = self._read_clock(uow)
        announced = _Announced(sealed, record_id, policy_version)
        return self._write(uow, kind, facts or {}, announced, reading)

    def note_jump(self, uow: UnitOfWork) -> None:
        """Append an entry where the wall clock was set since the last one; the caller commits."""
        self._read_clock(uow)

    def opened(self, row: JournalRow) -> Header:
        """The header of an entry of this journal, its signature verified. Raises AuditError."""
        return open_entry(row.jws, self._device_key.public)

    def _read_clock(self, uow: UnitOfWork) -> _ClockReading:
        """Compare the clocks with the last entry; a jump is journalled at once."""
        stored = uow.values.get(LAST_CLOCK)
        wall, mono_ms = self._clock.now(), self._clock.monotonic_ms()
        boot_id, state, jump_s = self._clock.boot_id, ClockState.UNVERIFIED, 0
        if stored is not None:
            last = msgspec.json.decode(stored, type=_ClockReading)
            passed_s = (wall - last.wall).total_seconds()
            if last.boot_id == boot_id:
                state = last.state
                drift_s = passed_s - (mono_ms - last.mono_ms) / 1000
                jump_s = round(drift_s) if abs(drift_s) > JUMP_TOLERANCE_S else 0
            elif passed_s < -JUMP_TOLERANCE_S:
                jump_s = round(passed_s)
        if not jump_s:
            return _ClockReading(boot_id, mono_ms, wall, state)
        reading = _ClockReading(boot_id, mono_ms, wall, ClockState.JUMPED)
        self._write(uow, EntryKind.CLOCK_JUMP, {"jump_s": jump_s}, _Announced(), reading)
        return reading

    def _write(
        self,
        uow: UnitOfWork,
        kind: EntryKind,
        facts: Mapping[str, Fact],
        announced: _Announced,
        reading: _ClockReading,
    ) -> tuple[int, str]:
        """One entry; its number and the slip code of the journal with it."""
        seq = uow.journal.size()
        sealed, record_id, policy_version = announced.sealed, announced.record_id, announced.policy
        frontier = _frontier(uow, seq)
        ratchet, told = self._ratchet(uow, seq)
        header = Header(
            v=PROFILE,
            device_id=self._device.device_id,
            seq=seq,
            kind=kind,
            record_id=record_id,
            policy_v=self._terms().policy_version if policy_version is None else policy_version,
            recipients=sealed.recipients if sealed else (),
            age_header_sha256=b64u(sealed.age_header_sha256) if sealed else "",
            payload_sha256=b64u(sealed.payload_sha256) if sealed else "",
            payload_len=sealed.payload_len if sealed else 0,
            prev_root=b64u(frontier.root()),
            ratchet_mac="",
            boot_id=reading.boot_id,
            mono_ms=reading.mono_ms,
            wall_claimed=reading.wall.isoformat(timespec="milliseconds"),
            clock_state=reading.state,
            app_build=self._device.app_build,
            facts={**facts, **told},
        )
        entry = make_entry(header, ratchet, self._device_key)
        frontier = frontier.append(entry_leaf(entry))
        slip = slip_code(frontier.root())
        uow.journal.append(JournalRow(seq, kind.value, record_id, reading.wall, entry), slip)
        uow.journal.put_frontier(frontier.hashes)
        uow.values.put(RATCHET, next_ratchet(ratchet))
        uow.values.put(LAST_CLOCK, msgspec.json.encode(asdict(reading)))
        return seq, slip

    def _ratchet(self, uow: UnitOfWork, seq: int) -> tuple[bytes, dict[str, Fact]]:
        """The MAC key of entry ``seq``, made before the first one; and what the entry says of it.

        As soon as there is an auditor to seal to, the key of that moment is sealed with its number:
        from there on the auditor can check every MAC, and this device never again an old one. The
        entry names what was sealed, so that nobody can put another origin in its place later.
        """
        key = uow.values.get(RATCHET)
        if key is None:
            if seq:
                raise JournalBrokenError("ratchet key missing")
            key = random_key()
        recipients = self._terms().recipients
        if not recipients or uow.values.get(RATCHET_ORIGIN) is not None:
            return key, {}
        origin = age.encrypt(canonical_json({"key": b64u(key), "seq": seq}), recipients)
        uow.values.put(RATCHET_ORIGIN, origin)
        uow.values.put(ORIGIN_SEQ, str(seq).encode("ascii"))
        return key, {ORIGIN_FACT: b64u(sha256(origin))}


def _frontier(uow: UnitOfWork, size: int) -> Frontier:
    try:
        return Frontier(size, uow.journal.frontier())
    except ValueError as exc:
        raise JournalBrokenError("frontier") from exc
