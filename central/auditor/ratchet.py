"""Follows a device's ratchet with the auditor's key: who was not there then cannot have written it.

The device's signature proves whose key signed an entry, not when: a thief of the device has that
key. The MAC of each entry is by a key that existed only until the next one, so that entries written
anew later, behind a cut or in place of others, do not carry the right one. Source:
records-and-sync 2.1, 2.3 and section 3, rows 4 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable

from central.archive.rows import OriginRow
from kiosk.audit.entries import ORIGIN_FACT, Header, next_ratchet, ratchet_holds
from kiosk.crypto import age
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.domain.errors import AuditError

_KEY_BYTES = 32


def ratchet_problems(
    headers: Iterable[Header], origin: OriginRow | None, identity: age.Identity
) -> list[str]:
    """What of a journal was not written by whoever held its ratchet then; empty when all was.

    Args:
        headers: of every entry that is not lost, verified, in order.
        origin: the sealed beginning that the collector holds.
        identity: of an auditor among its recipients.
    """
    entries = list(headers)
    announced = [h for h in entries if ORIGIN_FACT in h.facts]
    if origin is None:
        # A device that never sealed anything has announced nothing either.
        return ["ratchet: its beginning was announced and never arrived"] if announced else []
    first = announced[0] if announced else None
    if first is None or (first.seq, first.facts[ORIGIN_FACT]) != (
        origin.seq,
        b64u(sha256(origin.sealed)),
    ):
        return ["ratchet: its beginning is not the one that was announced"]
    try:
        told = parse_json(age.decrypt(origin.sealed, identity), 4096)
        key, seq = unb64u(told["key"]), told["seq"]
    except (AuditError, ValueError, KeyError, TypeError):
        return ["ratchet: its beginning does not open"]
    if seq != origin.seq or len(key) != _KEY_BYTES:
        return ["ratchet: its beginning is of another entry"]
    at = seq
    for header in entries:
        if header.seq < seq:
            continue
        # Entries that the device lost moved the ratchet on all the same.
        while at < header.seq:
            key, at = next_ratchet(key), at + 1
        if not ratchet_holds(header, key):
            # Every later MAC hangs on this key: only the first one says something.
            return [f"entry {header.seq}: ratchet"]
        key, at = next_ratchet(key), at + 1
    return []
