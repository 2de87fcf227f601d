"""Enrolment: the one-time code, the device's claim, and the certificate it gets.

The code pins everything that the device will trust: the authority by the SHA-256 of its
certificate, the policy root by its key. What the server then sends is checked against those pins,
so the first connection needs no trust of its own. Source: records-and-sync 2.7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.jws import sign_compact, verify_compact
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.errors import EnrolmentError, SignatureInvalidError
from kiosk.domain.ids import DeviceId, KeyId, OfficeId
from kiosk.sync.roots import is_anchor

CODE_PREFIX = "VVE1."
MAX_CODE_CHARS = 1024
CLAIM_TYP = "vv-enrolment+jws"
CERTIFICATE_TYP = "vv-device+jws"
SECRET_BYTES = 16
_FIELDS = {"u", "f", "r", "s"}
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """What a manager shows to a new device.

    Attributes:
        url: base address of the collector, ``https://host[:port]``.
        ca_sha256: SHA-256 of the authority's certificate (DER), 32 bytes.
        root_public: anchor of the policy root: its raw Ed25519 key, 32 bytes, or the digest of a
            root document after its mark, 33 bytes (:mod:`kiosk.sync.roots`).
        secret: 16 random bytes, good for one device.
    """

    url: str
    ca_sha256: bytes
    root_public: bytes
    secret: bytes

    def __repr__(self) -> str:
        """Without the secret: a code must not end in a log."""
        return f"EnrolmentCode({self.url})"

    def text(self) -> str:
        """``VVE1.`` and base64url; also the content of the QR code."""
        pins = {
            "u": self.url,
            "f": b64u(self.ca_sha256),
            "r": b64u(self.root_public),
            "s": b64u(self.secret),
        }
        return CODE_PREFIX + b64u(canonical_json(pins))


def parse_code(text: str) -> EnrolmentCode:
    """A code as scanned or typed; white space is ignored.

    Raises:
        EnrolmentError: not an enrolment code.
    """
    compact = _SPACE.sub("", text)
    if not compact.startswith(CODE_PREFIX) or len(compact) > MAX_CODE_CHARS:
        raise EnrolmentError("form")
    try:
        pins: Any = parse_json(unb64u(compact[len(CODE_PREFIX) :]), MAX_CODE_CHARS)
        if not isinstance(pins, dict) or set(pins) != _FIELDS:
            raise EnrolmentError("fields")
        parts = urlsplit(pins["u"])
        # Reading the port checks it: urlsplit raises ValueError for one that is no number.
        if parts.scheme != "https" or not parts.hostname or parts.path or parts.port == 0:
            raise EnrolmentError("address")
        code = EnrolmentCode(pins["u"], unb64u(pins["f"]), unb64u(pins["r"]), unb64u(pins["s"]))
    except (ValueError, TypeError, AttributeError) as exc:
        raise EnrolmentError("form") from exc
    if (len(code.ca_sha256), len(code.secret)) != (32, SECRET_BYTES) or not is_anchor(
        code.root_public
    ):
        raise EnrolmentError("lengths")
    return code


@dataclass(frozen=True, slots=True)
class EnrolmentClaim:
    """What a device says to be enrolled; signed by the key that it announces.

    Attributes:
        secret: of the code, base64url.
        public_key: raw Ed25519 key of the device, base64url.
        app_build: version of the program.
    """

    secret: str
    public_key: str
    app_build: str


@dataclass(frozen=True, slots=True)
class DeviceCertificate:
    """The central side's word that a key is a device of the fleet.

    Attributes:
        device_id: ``dev-`` and the key's fingerprint.
        office_id: where it works.
        public_key: raw Ed25519 key, base64url.
        issued_at: server time, aware UTC.
    """

    device_id: DeviceId
    office_id: OfficeId
    public_key: str
    issued_at: datetime


def device_id_of(public: bytes) -> DeviceId:
    """The id of the device that holds this raw public key."""
    return DeviceId(f"dev-{key_id_of(public)}")


def sign_claim(secret: bytes, app_build: str, key: SigningKey) -> str:
    """The claim as it travels."""
    claim = EnrolmentClaim(b64u(secret), b64u(key.public), app_build)
    return sign_compact(canonical_json(msgspec.to_builtins(claim)), key, CLAIM_TYP)


def open_claim(token: str) -> tuple[EnrolmentClaim, bytes]:
    """A claim and the raw public key that signed it.

    Raises:
        EnrolmentError: not signed by the key that it announces.
    """
    try:
        announced = parse_json(unb64u(token.split(".")[1]), 4096)
        public = unb64u(announced["public_key"])
        payload, _ = verify_compact(token, {key_id_of(public): public}, CLAIM_TYP, 8192)
        claim = msgspec.convert(parse_json(payload, 4096), EnrolmentClaim)
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        msgspec.ValidationError,
        SignatureInvalidError,
    ) as exc:
        raise EnrolmentError("claim") from exc
    return claim, public


def sign_certificate(certificate: DeviceCertificate, key: SigningKey) -> str:
    """The certificate as it travels."""
    payload = canonical_json(msgspec.to_builtins(certificate))
    return sign_compact(payload, key, CERTIFICATE_TYP)


def open_certificate(
    token: str, keys: dict[KeyId, bytes], device_public: bytes
) -> DeviceCertificate:
    """The certificate of the device with this key.

    Raises:
        EnrolmentError: not signed by an enrolment key of the policy, or for another device.
    """
    try:
        payload, _ = verify_compact(token, keys, CERTIFICATE_TYP, 8192)
        certificate = msgspec.convert(parse_json(payload, 4096), DeviceCertificate)
    except (SignatureInvalidError, ValueError, msgspec.ValidationError) as exc:
        raise EnrolmentError("certificate") from exc
    if (
        certificate.public_key != b64u(device_public)
        or certificate.device_id != device_id_of(device_public)
        or certificate.issued_at.tzinfo is None
    ):
        raise EnrolmentError("certificate of another device")
    return certificate
