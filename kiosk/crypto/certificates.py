"""The central side's own certificate authority and server certificate (X.509, ECDSA P-256).

Ed25519 would do, but TLS stacks of proxies in the field still refuse it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = timedelta(days=1)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def make_ca(common_name: str, now: datetime, days: int = 3650) -> tuple[bytes, bytes]:
    """Certificate and private key (PEM) of a new authority that signs server certificates only."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(_name(common_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + days * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def make_server_certificate(
    ca: tuple[bytes, bytes], hosts: Sequence[str], now: datetime, days: int = 825
) -> tuple[bytes, bytes]:
    """Certificate and private key (PEM) for ``hosts`` (names or addresses), signed by ``ca``."""
    ca_certificate = x509.load_pem_x509_certificate(ca[0])
    ca_key = serialization.load_pem_private_key(ca[1], None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority has a P-256 key")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(hosts[0]))
        .issuer_name(ca_certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + days * _DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([_alternative(h) for h in hosts]), critical=False
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)


def fingerprint(certificate_pem: bytes) -> str:
    """SHA-256 of the DER form, hexadecimal: what an enrolment code pins."""
    return x509.load_pem_x509_certificate(certificate_pem).fingerprint(hashes.SHA256()).hex()


def single_certificate(certificate_pem: bytes) -> bytes:
    """The one certificate of a PEM text, written anew.

    TLS libraries trust every certificate of a text, under several labels (``X509 CERTIFICATE``);
    only what was looked at may be handed to them.

    Raises:
        ValueError: no certificate, or more than one thing in the text.
    """
    if certificate_pem.count(b"-----BEGIN ") != 1:
        raise ValueError("one certificate is wanted")
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    return certificate.public_bytes(serialization.Encoding.PEM)


def claims_host(certificate_der: bytes, host: str) -> bool:
    """Whether a certificate that nobody vouches for says that it is ``host``'s.

    For telling causes apart, never for trust: anybody can make such a certificate. What cannot be
    read counts as a claim, since nothing follows from it.

    Args:
        certificate_der: as shown in a handshake, DER.
        host: a name or an address.
    """
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        names = _names_of(certificate)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return True
    return any(_covers(name, host) for name in names)


def _names_of(certificate: x509.Certificate) -> list[str]:
    """Names and addresses of a server; the common name where there is nothing newer."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return [str(attribute.value) for attribute in common]
    names = found.value
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _covers(name: str, host: str) -> bool:
    """A name of a certificate, or its wildcard for one label, is ``host``."""
    name, host = name.lower().rstrip("."), host.lower().rstrip(".")
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host
