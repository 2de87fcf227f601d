"""The vouching of a device for a colleague who answered on it about a case of another device.

Rules, in order: the device whose vault holds the colleague's key says so, in a statement signed
with its own key, over agent, role, key and the very answer; it carries its certificate, by which
every device of the fleet knows it; a voucher is about one answer and nothing else.
Source: records-and-sync 2.1 (the public half of an agent's key is certified at onboarding).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_compact, verify_compact
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.errors import SignatureInvalidError
from kiosk.domain.ids import AgentId, DeviceId, KeyId, OfficeId

TYP: Final = "vv-voucher+jws"
PROFILE: Final = "visavis-voucher/1"
MAX_BYTES: Final = 8192


@dataclass(frozen=True, slots=True)
class Voucher:
    """What a device says of a colleague.

    Attributes:
        v: profile name.
        device_id: who vouches.
        office_id: where that device works, as its certificate says.
        agent_id / role: the colleague, and what they may do there.
        agent_key: their public key, base64url.
        statement_sha256: of the answer, base64url.
        device_key: public key of the device, base64url; the signer of this voucher.
        certificate: the central side's word for the device, compact JWS.
        at: device time, ISO 8601 UTC.
    """

    v: str
    device_id: DeviceId
    office_id: OfficeId
    agent_id: AgentId
    role: str
    agent_key: str
    statement_sha256: str
    device_key: str
    certificate: str
    at: str


def digest_of(statement: str) -> str:
    """How a voucher names an answer."""
    return b64u(sha256(statement.encode("ascii")))


def sign_voucher(voucher: Voucher, key: SigningKey) -> str:
    """The voucher, compact JWS."""
    return sign_compact(canonical_json(msgspec.to_builtins(voucher)), key, TYP)


def open_voucher(token: str, statement: str) -> tuple[Voucher, Mapping[KeyId, bytes]]:
    """A voucher for this answer, and the colleague's key by its id.

    That the device is one of the fleet, and of which office, is its certificate's word: whoever
    calls opens that too (:func:`kiosk.sync.enrolment.open_certificate`), or knows the device.

    Raises:
        SignatureInvalidError: not signed by the key that it names, or about another answer.
    """
    try:
        told = parse_json(unb64u(token.split(".")[1]), MAX_BYTES)
        voucher = msgspec.convert(told, Voucher)
        device_key, agent_key = unb64u(voucher.device_key), unb64u(voucher.agent_key)
        verify_compact(token, {key_id_of(device_key): device_key}, TYP, MAX_BYTES)
        about = digest_of(statement)
    except (IndexError, ValueError, msgspec.ValidationError) as exc:
        raise SignatureInvalidError("voucher") from exc
    if voucher.v != PROFILE or voucher.statement_sha256 != about:
        raise SignatureInvalidError("voucher of another answer")
    if len(agent_key) != len(device_key) or agent_key == device_key:
        raise SignatureInvalidError("voucher key")
    return voucher, {key_id_of(agent_key): agent_key}
