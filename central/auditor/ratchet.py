"""Follows a device's ratchet with the auditor's key: who was not there then cannot have written it.

The device's signature proves whose key signed an entry, not when: a thief of the device has that
key. The MAC of each entry is by a key that existed only until the next one, so that entries written
anew later, behind a cut or in place of others, do not carry the right one. Source:
records-and-sync 2.1, 2.3 and section 3, rows 4 and 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from central.archive.rows import OriginRow
from central.auditor.keys import opened_by_one
from kiosk.audit.entries import ORIGIN_FACT, Header, next_ratchet, ratchet_holds
from kiosk.crypto import age
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.domain.errors import AuditError

_KEY_BYTES = 32


class RatchetCheck:
    """Follows a ratchet, one entry after the other."""

    def __init__(self, origin: OriginRow | None, identities: Sequence[age.Identity]) -> None:
        """What the collector holds of its beginning; of auditors, one of its recipients."""
        self._origin = origin
        self._first: Header | None = None
        self._problem = ""
        self._key, self._at = b"", 0
        if origin is None:
            return
        try:
            opened = opened_by_one(identities, partial(age.decrypt, origin.sealed))
            told = parse_json(opened, 4096)
            self._key, self._at = unb64u(told["key"]), told["seq"]
        except (AuditError, ValueError, KeyError, TypeError):
            self._problem = "ratchet: its beginning does not open"
            return
        if self._at != origin.seq or len(self._key) != _KEY_BYTES:
            self._problem = "ratchet: its beginning is of another entry"

    def feed(self, header: Header) -> None:
        """Take the next entry that is not lost, verified."""
        if self._first is None and ORIGIN_FACT in header.facts:
            self._first = header
        if self._origin is None or self._problem or header.seq < self._origin.seq:
            return
        # Entries that the device lost moved the ratchet on all the same.
        while self._at < header.seq:
            self._key, self._at = next_ratchet(self._key), self._at + 1
        if not ratchet_holds(header, self._key):
            # Every later MAC hangs on this key: only the first one says something.
            self._problem = f"entry {header.seq}: ratchet"
        self._key, self._at = next_ratchet(self._key), self._at + 1

    def problems(self) -> list[str]:
        """What was not written by whoever held the ratchet then; empty when all was."""
        first, origin = self._first, self._origin
        if origin is None:
            # A device that never sealed anything has announced nothing either.
            return ["ratchet: its beginning was announced and never arrived"] if first else []
        announced = None if first is None else (first.seq, first.facts[ORIGIN_FACT])
        if announced != (origin.seq, b64u(sha256(origin.sealed))):
            return ["ratchet: its beginning is not the one that was announced"]
        return [self._problem] if self._problem else []
