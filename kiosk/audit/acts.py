"""Acts that people answer for: journal entries that agents sign beside the device.

Rules, in order: an agent signs the kind of entry, the device and every fact but the signatures
themselves, in canonical JSON; the signature stands among the facts as ``sig_<part>``, where the
fact ``<part>`` names the agent; a nonce makes every act a different one, so that a signature of
yesterday cannot be copied into an entry of today. The device then signs the whole entry as always.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from kiosk.audit.entries import EntryKind, Fact, Header
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import SigningKey, verify
from kiosk.domain.ids import DeviceId

SIGNATURE = "sig_"
NONCE = "nonce"
_LABEL = "visavis-act/1"
_NONCE_BYTES = 8


def _signed_bytes(kind: EntryKind, device_id: DeviceId, facts: Mapping[str, Fact]) -> bytes:
    bare = {name: fact for name, fact in facts.items() if not name.startswith(SIGNATURE)}
    return canonical_json([_LABEL, device_id, kind.value, bare])


def signed_act(
    kind: EntryKind,
    device_id: DeviceId,
    facts: Mapping[str, Fact],
    signers: Mapping[str, SigningKey],
) -> dict[str, Fact]:
    """The facts of an entry with the signatures of the people who answer for it.

    Args:
        kind: of the entry.
        device_id: of the journal.
        facts: what is told; each signer's part names the agent.
        signers: part to key.
    """
    told = {**facts, NONCE: os.urandom(_NONCE_BYTES).hex()}
    message = _signed_bytes(kind, device_id, told)
    return told | {f"{SIGNATURE}{part}": b64u(key.sign(message)) for part, key in signers.items()}


def act_holds(header: Header, part: str, public: bytes) -> bool:
    """Whether the agent with this raw public key signed the act as ``part``."""
    signature = header.facts.get(f"{SIGNATURE}{part}")
    if not isinstance(signature, str) or NONCE not in header.facts:
        return False
    try:
        raw = unb64u(signature)
    except ValueError:
        return False
    return verify(public, _signed_bytes(header.kind, header.device_id, header.facts), raw)
