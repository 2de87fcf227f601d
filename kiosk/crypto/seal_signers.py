"""Certificates of signers of seals: files taken apart, chains and revocations verified.

Rules, in order:

1. A file is certificates (DER, PEM, PKCS #7, the MIME parts of a directory) or a revocation list.
2. A signer counts when an authority of the list issued it, the authority was valid then and may
   sign certificates, the key is EC P-256 or P-384, and the common name is its four characters.
3. Of two certificates with one identifier neither counts, unless they are the same.
4. A revocation list counts when the authority signed it and it is complete (no delta).
5. A reason that leaves the key in doubt (compromise, none given) takes every seal of that signer
   with it: whoever has the key can write any date. Other reasons count from their day on.

Sources: RFC 5280 (certificates, revocation lists), RFC 5652 (PKCS #7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from kiosk.domain.errors import CertificateFileError

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
MAX_CERTIFICATES: Final = 20_000
_CERTIFICATE_ID: Final = re.compile(r"[A-Z0-9]{4}", re.ASCII)
_PART: Final = re.compile(
    rb"content-type:\s*application/pkix-cert[^\r\n]*\r?\n(?:[\w-]+:[^\r\n]*\r?\n)*\r?\n?",
    re.IGNORECASE,
)
# What the library raises at broken certificates; not all of it is a ValueError.
BROKEN: Final = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    InvalidSignature,
)
_SIZES: Final = {"secp256r1": 32, "secp384r1": 48}
# Reasons under which the key stayed with its owner until the day of revocation.
_KEY_KEPT: Final = frozenset(
    {
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    }
)


@dataclass(frozen=True, slots=True)
class SignerFile:
    """What a file holds, in DER: certificates and revocation lists."""

    certificates: tuple[bytes, ...] = ()
    revocations: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class SealSigner:
    """A signer whose chain holds.

    Attributes:
        ca_id / certificate_id: as in the header of a seal.
        x / y: coordinates, 32 bytes (P-256) or 48 bytes (P-384), big-endian.
        not_before / not_after: aware UTC.
        revoked: moment of revocation, or None.
        key_in_doubt: the revocation counts for every seal, whatever its date.
        checked_until: moment after which a newer revocation list is due; None: there is no list.
    """

    ca_id: str
    certificate_id: str
    x: bytes
    y: bytes
    not_before: datetime
    not_after: datetime
    revoked: datetime | None = None
    key_in_doubt: bool = False
    checked_until: datetime | None = None


# --- files ----------------------------------------------------------------------------------------


def take_apart(data: bytes) -> SignerFile:
    """Certificates and revocation lists of a file.

    Raises:
        CertificateFileError: neither, or more than is agreed to.
    """
    if len(data) > MAX_FILE_BYTES:
        raise CertificateFileError("too long")
    try:
        found = _taken_apart(data)
    except BROKEN as exc:
        raise CertificateFileError("unreadable") from exc
    if not found.certificates and not found.revocations:
        raise CertificateFileError("nothing in it")
    if len(found.certificates) > MAX_CERTIFICATES:
        raise CertificateFileError("too many certificates")
    return found


def _taken_apart(data: bytes) -> SignerFile:
    if _PART.search(data):
        return SignerFile(tuple(_parts(data)))
    if b"-----BEGIN " in data:
        return _of_pem(data)
    for load in (_der_certificate, _der_revocations, _der_bundle):
        try:
            return load(data)
        except BROKEN:
            continue
    raise ValueError("no known form")


def _parts(data: bytes) -> Iterable[bytes]:
    """Each DER certificate of a MIME directory; its length says where it ends."""
    for match in list(_PART.finditer(data))[: MAX_CERTIFICATES + 1]:
        yield _der(x509.load_der_x509_certificate(_element_at(data, match.end())))


def _element_at(data: bytes, start: int) -> bytes:
    """The DER SEQUENCE of long form that begins at ``start``."""
    head = data[start : start + 5]
    if len(head) < 5 or head[0] != 0x30 or head[1] not in (0x81, 0x82, 0x83):
        raise ValueError("no certificate here")
    count = head[1] & 0x7F
    length = int.from_bytes(head[2 : 2 + count], "big")
    return data[start : start + 2 + count + length]


def _of_pem(data: bytes) -> SignerFile:
    if b"-----BEGIN X509 CRL-----" in data:
        return SignerFile((), (_der(x509.load_pem_x509_crl(data)),))
    if b"-----BEGIN PKCS7-----" in data:
        return SignerFile(tuple(_der(c) for c in pkcs7.load_pem_pkcs7_certificates(data)))
    return SignerFile(tuple(_der(c) for c in x509.load_pem_x509_certificates(data)))


def _der_certificate(data: bytes) -> SignerFile:
    return SignerFile((_der(x509.load_der_x509_certificate(data)),))


def _der_revocations(data: bytes) -> SignerFile:
    return SignerFile((), (_der(x509.load_der_x509_crl(data)),))


def _der_bundle(data: bytes) -> SignerFile:
    return SignerFile(tuple(_der(c) for c in pkcs7.load_der_pkcs7_certificates(data)))


def _der(thing: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return thing.public_bytes(serialization.Encoding.DER)


# --- chains ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SealChains:
    """Outcome of :func:`build_chains`.

    Attributes:
        signers: those that count, by identifiers.
        refused: number of certificates that do not.
        unused_revocations: number of revocation lists that no authority signed.
    """

    signers: tuple[SealSigner, ...]
    refused: int
    unused_revocations: int


def build_chains(
    authorities: Sequence[tuple[str, bytes]],
    certificates: Iterable[bytes],
    revocations: Iterable[bytes],
) -> SealChains:
    """Signers whose chain to one of the authorities holds, with their revocations.

    Args:
        authorities: (identifier, DER certificate) of the signed list.
        certificates: DER certificates of signers, each any number of times.
        revocations: DER revocation lists.

    Raises:
        CertificateFileError: a part is no longer what it was when it was taken in.
    """
    try:
        cas = [(ca_id, x509.load_der_x509_certificate(der)) for ca_id, der in authorities]
        leaves = [x509.load_der_x509_certificate(der) for der in dict.fromkeys(certificates)]
        crls = [x509.load_der_x509_crl(der) for der in dict.fromkeys(revocations)]
        lists, unused = _lists_of(cas, crls)
        found: dict[tuple[str, str], SealSigner | None] = {}
        refused = 0
        for leaf in leaves:
            signer = _signer(leaf, cas, lists)
            if signer is None:
                refused += 1
                continue
            ids = (signer.ca_id, signer.certificate_id)
            found[ids] = None if ids in found else signer
    except BROKEN as exc:
        raise CertificateFileError("unreadable") from exc
    doubled = sum(signer is None for signer in found.values())
    signers = tuple(found[ids] for ids in sorted(found))
    return SealChains(tuple(s for s in signers if s), refused + doubled, unused)


_Lists = dict[int, list[x509.CertificateRevocationList]]


def _lists_of(
    cas: Sequence[tuple[str, x509.Certificate]], crls: Sequence[x509.CertificateRevocationList]
) -> tuple[_Lists, int]:
    """Revocation lists by place of their authority; how many belong to none."""
    lists: _Lists = {}
    unused = 0
    for crl in crls:
        place = next((i for i, (_, ca) in enumerate(cas) if _is_list_of(crl, ca)), None)
        if place is None:
            unused += 1
        else:
            lists.setdefault(place, []).append(crl)
    return lists, unused


def _is_list_of(crl: x509.CertificateRevocationList, ca: x509.Certificate) -> bool:
    try:
        if crl.issuer != ca.subject or crl.next_update_utc is None:
            return False
        # Delta lists and lists of a part of the certificates say so in a critical extension.
        if any(extension.critical for extension in crl.extensions):
            return False
        # A key that cannot sign lists raises TypeError, which BROKEN holds.
        return crl.is_signature_valid(ca.public_key())  # type: ignore[arg-type]  # TypeError is caught below
    except BROKEN:
        return False


def _signer(
    leaf: x509.Certificate, cas: Sequence[tuple[str, x509.Certificate]], lists: _Lists
) -> SealSigner | None:
    """The signer, or None where the certificate does not count or is broken."""
    try:
        return _sound_signer(leaf, cas, lists)
    except BROKEN:
        return None


def _sound_signer(
    leaf: x509.Certificate, cas: Sequence[tuple[str, x509.Certificate]], lists: _Lists
) -> SealSigner | None:
    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    key = leaf.public_key()
    if len(names) != 1 or not _CERTIFICATE_ID.fullmatch(str(names[0].value)):
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _SIZES:
        return None
    place = next((i for i, (_, ca) in enumerate(cas) if _issued(ca, leaf)), None)
    if place is None or not _may_seal(leaf):
        return None
    size, point = _SIZES[key.curve.name], key.public_numbers()
    until, revoked, in_doubt = _revocation(leaf, lists.get(place, ()))
    return SealSigner(
        ca_id=cas[place][0],
        certificate_id=str(names[0].value),
        x=point.x.to_bytes(size, "big"),
        y=point.y.to_bytes(size, "big"),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        revoked=revoked,
        key_in_doubt=in_doubt,
        checked_until=until,
    )


def _may_seal(leaf: x509.Certificate) -> bool:
    """Whether a certificate is made for signatures: no authority, no key of another purpose."""
    try:
        if leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True  # no restriction is written (RFC 5280, 4.2.1.3)
    return bool(usage.digital_signature or usage.content_commitment)


def _issued(ca: x509.Certificate, leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(ca)
    except BROKEN:
        return False
    if not ca.not_valid_before_utc <= leaf.not_valid_before_utc <= ca.not_valid_after_utc:
        return False
    try:
        if ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is not True:
            return False
        return ca.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return False


def _revocation(
    leaf: x509.Certificate, lists: Sequence[x509.CertificateRevocationList]
) -> tuple[datetime | None, datetime | None, bool]:
    """(checked until, revoked, key in doubt): the newest list counts, an old revocation stays."""
    until = max((c.next_update_utc for c in lists if c.next_update_utc), default=None)
    revoked: datetime | None = None
    in_doubt = False
    for crl in lists:
        entry = crl.get_revoked_certificate_by_serial_number(leaf.serial_number)
        if entry is None:
            continue
        moment = entry.revocation_date_utc
        revoked = moment if revoked is None else min(revoked, moment)
        try:
            reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        except x509.ExtensionNotFound:
            reason = x509.ReasonFlags.unspecified
        in_doubt = in_doubt or reason not in _KEY_KEPT
    return until, revoked, in_doubt
