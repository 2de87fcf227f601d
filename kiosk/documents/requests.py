"""Verification requests as signed tokens: recognise, judge, write.

Rules, in order: recognise by the header's ``typ``; size; known key; signature; issuer of that key;
only then the claims, each by type and length; then time; then office. Whether a request was used
before is not known here. Source: RFC 7515 (JWS), RFC 8037 (EdDSA), RFC 7519 (claims).
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import UnknownKeyError, sign_compact, verify_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import RequestFormatError, SignatureInvalidError
from kiosk.domain.evidence import DocumentKind, PartialDate
from kiosk.domain.ids import KeyId, OfficeId, RequestId
from kiosk.domain.request import RequestVerdict, VerificationRequest

TYP: Final = "vv-request+jwt"
MAX_BYTES: Final = 1024
_MAX_HEADER: Final = 256
_MAX_NAME: Final = 120
_MAX_GIVEN_NAMES: Final = 12
_LAST_SECOND: Final = 253_402_300_799  # end of year 9999
_REQUIRED: Final = frozenset({"iss", "jti", "iat", "nbf", "exp", "svc", "sn", "gn", "bd"})
_OPTIONAL: Final = frozenset({"dk", "dn", "off"})
_ID: Final = re.compile(r"[A-Za-z0-9._:/-]{1,100}")
_OFFICE: Final = re.compile(r"[A-Za-z0-9-]{0,20}")
_NUMBER: Final = re.compile(r"[A-Za-z0-9 -]{0,30}")
_DATE: Final = re.compile(r"(\d{4}|XXXX)-(\d{2}|XX)-(\d{2}|XX)", re.ASCII)


def peek(text: str) -> bool:
    """Whether ``text`` presents itself as one of our requests (nothing is verified)."""
    parts = text.split(".", 3) if len(text) <= 16 * MAX_BYTES else []
    if len(parts) < 2 or len(parts[0]) > _MAX_HEADER:
        return False
    try:
        header = parse_json(unb64u(parts[0]), _MAX_HEADER)
    except ValueError:
        return False
    return isinstance(header, dict) and header.get("typ") == TYP


def request_key(issuer: str, request_id: str) -> str:
    """Name of a request where its contents must not be: a digest of issuer and identifier.

    The identifier is random: nobody can guess a request, or a person, from this name.
    """
    return b64u(sha256(f"{issuer}\0{request_id}".encode()))


def judge(
    text: str,
    keys: Mapping[KeyId, bytes],
    now: datetime,
    office_id: OfficeId,
    issuers: Mapping[KeyId, str] | None = None,
) -> tuple[RequestVerdict, VerificationRequest | None]:
    """The verdict on a scanned text, and the request when it is VALID.

    Args:
        text: as scanned or typed; surrounding white space is ignored.
        keys: raw Ed25519 public keys of the issuers, from the policy.
        now: device time, aware.
        office_id: office of this device.
        issuers: which issuer each key belongs to; unchecked when None.
    """
    verdict, request = open_request(text, keys, issuers)
    if request is None:
        return verdict, None
    return _judge_circumstances(request, now, office_id)


def open_request(
    text: str, keys: Mapping[KeyId, bytes], issuers: Mapping[KeyId, str] | None = None
) -> tuple[RequestVerdict, VerificationRequest | None]:
    """As :func:`judge`, but whenever and wherever the request holds."""
    token = text.strip()
    if not peek(token):
        return RequestVerdict.FOREIGN, None
    if len(token) > MAX_BYTES or token.count(".") != 2:
        return RequestVerdict.MALFORMED, None
    try:
        payload, key_id = verify_compact(token, keys, TYP, MAX_BYTES)
        request = _request_of(payload, key_id)
    except UnknownKeyError:
        return RequestVerdict.UNKNOWN_ISSUER, None
    except SignatureInvalidError:
        return RequestVerdict.FORGED, None
    except RequestFormatError:
        return RequestVerdict.MALFORMED, None
    if issuers is not None and issuers.get(key_id) != request.issuer:
        return RequestVerdict.FORGED, None
    return RequestVerdict.VALID, request


def _judge_circumstances(
    request: VerificationRequest, now: datetime, office_id: OfficeId
) -> tuple[RequestVerdict, VerificationRequest | None]:
    if now < request.not_before:
        return RequestVerdict.NOT_YET_VALID, None
    if now >= request.expires_at:
        return RequestVerdict.EXPIRED, None
    if request.office_id not in ("", office_id):
        return RequestVerdict.WRONG_OFFICE, None
    return RequestVerdict.VALID, request


def encode(request: VerificationRequest, signing_key: SigningKey) -> str:
    """The token of a request, signed.

    Raises:
        ValueError: it would not be readable again (a field out of bounds, more than 1 KiB).
    """
    claims: dict[str, Any] = {
        "iss": request.issuer,
        "jti": request.request_id,
        "iat": int(request.not_before.timestamp()),
        "nbf": int(request.not_before.timestamp()),
        "exp": int(request.expires_at.timestamp()),
        "svc": request.service,
        "sn": request.surname,
        "gn": list(request.given_names),
        "bd": str(request.birth_date),
    }
    if request.document_kind is not None:
        claims["dk"] = request.document_kind.value
    if request.document_number:
        claims["dn"] = request.document_number
    if request.office_id:
        claims["off"] = request.office_id
    payload = canonical_json(claims)
    try:
        _request_of(payload, signing_key.key_id)
    except RequestFormatError as exc:
        raise ValueError(f"not encodable: {exc.detail}") from exc
    token = sign_compact(payload, signing_key, TYP)
    if len(token) > MAX_BYTES:
        raise ValueError("a request token holds at most 1 KiB")
    return token


# --- claims ---------------------------------------------------------------------------------------


def _request_of(payload: bytes, key_id: KeyId) -> VerificationRequest:
    """Typed claims. Raises RequestFormatError naming the claim, never its value."""
    try:
        claims = parse_json(payload, MAX_BYTES)
    except ValueError as exc:
        raise RequestFormatError("payload") from exc
    if not isinstance(claims, dict):
        raise RequestFormatError("payload")
    if not _REQUIRED <= claims.keys() <= _REQUIRED | _OPTIONAL:
        raise RequestFormatError("claims")
    not_before, expires_at = _moment(claims, "nbf"), _moment(claims, "exp")
    _moment(claims, "iat")
    if expires_at <= not_before:
        raise RequestFormatError("exp")
    return VerificationRequest(
        request_id=RequestId(_matched(claims, "jti", _ID)),
        issuer=_matched(claims, "iss", _ID),
        service=_matched(claims, "svc", _ID),
        not_before=not_before,
        expires_at=expires_at,
        surname=_name(claims["sn"], "sn"),
        given_names=_given_names(claims["gn"]),
        birth_date=_birth_date(claims["bd"]),
        document_kind=_kind(claims["dk"]) if "dk" in claims else None,
        document_number=_matched(claims, "dn", _NUMBER) if "dn" in claims else "",
        office_id=OfficeId(_matched(claims, "off", _OFFICE) if "off" in claims else ""),
        key_id=key_id,
    )


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LAST_SECOND:
        raise RequestFormatError(name)
    return datetime.fromtimestamp(value, UTC)


def _matched(claims: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = claims[name]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise RequestFormatError(name)
    return value


def _name(value: object, claim: str) -> str:
    # Printable text only: no control or bidirectional character may reach a screen.
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME or not value.isprintable():
        raise RequestFormatError(claim)
    return value


def _given_names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MAX_GIVEN_NAMES:
        raise RequestFormatError("gn")
    return tuple(_name(item, "gn") for item in value)


def _birth_date(value: object) -> PartialDate:
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise RequestFormatError("bd")
    year, month, day = (None if "X" in part else int(part) for part in match.groups())
    if year == 0 or (month is None and day is not None):
        raise RequestFormatError("bd")
    try:
        # An unknown part is tried as one that every month and year has; 2000 is a leap year.
        date(year or 2000, month or 1, day or 1)
    except ValueError as exc:
        raise RequestFormatError("bd") from exc
    if 0 in (month, day):
        raise RequestFormatError("bd")
    return PartialDate(year, month, day)


def _kind(value: object) -> DocumentKind:
    try:
        return DocumentKind(str(value))
    except ValueError as exc:
        raise RequestFormatError("dk") from exc
