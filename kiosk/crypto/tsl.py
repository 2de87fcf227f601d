"""Signed lists of trusted services: who may certify signers of 2D-Doc seals.

Rules, in order:

1. Size first; UTF-8 only; no document type, so no entity is ever expanded; no network.
2. The signer is pinned by the SHA-256 of its certificate: nothing else in the file proves who.
3. One signature, a child of the root; one of its references is the whole document, and only what
   it covers is read. SHA-1 and keyed digests are refused.
4. An authority counts with a granted service of the type of certification, and under the
   identifier that its provider bears (``FR03``); two providers of one identifier are refused.

Sources: ETSI TS 102 231 and TS 119 612 (the list), W3C XML Signature, ETSI EN 319 132 (XAdES).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from kiosk.crypto.seal_signers import BROKEN
from kiosk.domain.errors import TrustListError, TrustSignerError

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_PROVIDERS: Final = 500
MAX_SERVICES: Final = 100
_TSL: Final = "{http://uri.etsi.org/02231/v2#}"
_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_CA_ID: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{2}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FORBIDDEN: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING: Final = re.compile(rb"""^<\?xml[^>]*encoding\s*=\s*["']([^"']*)""")
# Last words of the status addresses of both standards that mean "may be relied on".
_GRANTED: Final = frozenset(
    {
        "granted",
        "inaccord",
        "undersupervision",
        "supervisionincessation",
        "accredited",
        "setbynationallaw",
        "recognisedatnationallevel",
    }
)
_METHODS: Final = frozenset(
    method
    for method in SignatureMethod
    if method.name.startswith(("RSA_SHA", "ECDSA_SHA", "SHA"))
    and "SHA1" not in method.name
    and "SHA224" not in method.name
)
_DIGESTS: Final = frozenset(
    {DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certification authority of the list; ``certificate`` is its DER form."""

    ca_id: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list whose signature holds.

    Attributes:
        sequence: number of the list; grows with every edition.
        issued: aware UTC.
        next_update: aware UTC; None where the list is closed and says so.
        authorities: those with a granted service, ordered by identifier.
        withheld: number of providers without identifier or granted service.
        signer_sha256: of the certificate that signed, hexadecimal.
    """

    sequence: int
    issued: datetime
    next_update: datetime | None
    authorities: tuple[Authority, ...]
    withheld: int
    signer_sha256: str


def is_fingerprint(text: str) -> bool:
    """Whether ``text`` is a SHA-256 in 64 lower-case hexadecimal digits."""
    return _SHA256.fullmatch(text) is not None


def looks_like_list(data: bytes) -> bool:
    """Whether a file presents itself as such a list (nothing is verified)."""
    return b"TrustServiceStatusList" in data[:65_536]


def open_list(data: bytes, signer_sha256: str) -> SignedList:
    """The list, its signature verified.

    Args:
        data: the XML file.
        signer_sha256: SHA-256 of the one certificate that may sign, hexadecimal.

    Raises:
        TrustListError: no such list, altered, or of a form that is not accepted.
        TrustSignerError: signed by somebody else.
    """
    root = _parsed(data)
    signer = _pinned(root, signer_sha256)
    content = _signed_content(root, signer)
    information = content.find(f"{_TSL}SchemeInformation")
    if information is None:
        raise TrustListError("scheme")
    authorities, withheld = _authorities(content)
    return SignedList(
        sequence=_sequence(information),
        issued=_moment(information.findtext(f"{_TSL}ListIssueDateTime")),
        next_update=_next_update(information),
        authorities=authorities,
        withheld=withheld,
        signer_sha256=signer_sha256,
    )


# --- signature ------------------------------------------------------------------------------------


def _parsed(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise TrustListError("too long")
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    encoding = _ENCODING.match(data[:200])
    if encoding is not None and encoding[1].lower() not in (b"utf-8", b"us-ascii"):
        raise TrustListError("encoding")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise TrustListError("encoding") from exc
    if b"\x00" in data or _FORBIDDEN.search(data):
        raise TrustListError("document type")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=False,
    )
    try:
        root: Any = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise TrustListError("xml") from exc
    if root.tag != f"{_TSL}TrustServiceStatusList" or root.getroottree().docinfo.doctype:
        raise TrustListError("root")
    return root


def _pinned(root: Any, signer_sha256: str) -> x509.Certificate:
    """The pinned certificate, as the file carries it."""
    signatures = root.findall(f".//{_DS}Signature")
    if len(signatures) != 1 or signatures[0].getparent() is not root:
        raise TrustListError("signature")
    found = signatures[0].findall(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    for element in found[:16]:
        certificate = _certificate(element.text)
        if certificate.fingerprint(hashes.SHA256()).hex() == signer_sha256:
            return certificate
    raise TrustSignerError("not the pinned signer")


def _signed_content(root: Any, signer: x509.Certificate) -> Any:
    """What the signature covers, parsed anew from the signed bytes."""
    config = SignatureConfiguration(
        location="./",
        expect_references=True,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True,
        # The pin says whom to believe; a list outlives the certificate that signed it.
        verification_time=signer.not_valid_before_utc,
    )
    pem = signer.public_bytes(serialization.Encoding.PEM).decode("ascii")
    try:
        results = XMLVerifier().verify(root, x509_cert=pem, expect_config=config)
    except (SignXMLException, etree.LxmlError, LookupError, AttributeError, *BROKEN) as exc:
        raise TrustListError("signature") from exc
    for result in results if isinstance(results, list) else [results]:
        signed = result.signed_xml
        if signed is not None and signed.tag == f"{_TSL}TrustServiceStatusList":
            return signed
    raise TrustListError("signature covers something else")


# --- content --------------------------------------------------------------------------------------


def _sequence(information: Any) -> int:
    text = (information.findtext(f"{_TSL}TSLSequenceNumber") or "").strip()
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise TrustListError("sequence")
    return int(text)


def _next_update(information: Any) -> datetime | None:
    element = information.find(f"{_TSL}NextUpdate")
    if element is None:
        raise TrustListError("next update")
    inner = element.findtext(f"{_TSL}dateTime")
    text = inner if inner is not None else element.text
    return None if not (text or "").strip() else _moment(text)


def _moment(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat((text or "").strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise TrustListError("time") from exc


def _authorities(content: Any) -> tuple[tuple[Authority, ...], int]:
    providers = content.findall(f"{_TSL}TrustServiceProviderList/{_TSL}TrustServiceProvider")
    if len(providers) > MAX_PROVIDERS:
        raise TrustListError("too many providers")
    found: dict[str, list[Authority]] = {}
    withheld = 0
    for provider in providers:
        ca_id = _identifier(provider)
        certificates = _granted_certificates(provider) if ca_id else ()
        if not certificates:
            withheld += 1
            continue
        if ca_id in found:
            raise TrustListError("identifier twice")
        found[ca_id] = [Authority(ca_id, certificate) for certificate in certificates]
    return tuple(a for ca_id in sorted(found) for a in found[ca_id]), withheld


def _identifier(provider: Any) -> str:
    """The provider's identifier in seals: a name that is nothing but one."""
    information = provider.find(f"{_TSL}TSPInformation")
    if information is None:
        return ""
    for field in ("TSPTradeName", "TSPName"):
        for name in information.findall(f"{_TSL}{field}/{_TSL}Name"):
            text = (name.text or "").strip()
            if _CA_ID.fullmatch(text):
                return text
    return ""


def _granted_certificates(provider: Any) -> tuple[bytes, ...]:
    services = provider.findall(f"{_TSL}TSPServices/{_TSL}TSPService/{_TSL}ServiceInformation")
    if len(services) > MAX_SERVICES:
        raise TrustListError("too many services")
    found = []
    for service in services:
        status = (service.findtext(f"{_TSL}ServiceStatus") or "").strip().rstrip("/")
        if status.rpartition("/")[2].lower() not in _GRANTED:
            continue
        path = f"{_TSL}ServiceDigitalIdentity/{_TSL}DigitalId/{_TSL}X509Certificate"
        for element in service.findall(path)[:16]:
            der = _certificate(element.text).public_bytes(serialization.Encoding.DER)
            if der not in found:
                found.append(der)
    return tuple(found)


def _certificate(text: str | None) -> x509.Certificate:
    try:
        der = base64.b64decode(re.sub(r"\s", "", text or ""), validate=True)
        return x509.load_der_x509_certificate(der)
    except BROKEN as exc:
        raise TrustListError("certificate") from exc
