"""A world of seals for tests: scheme operator, authorities, signers, lists and revocations."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner, methods
from signxml.xades import XAdESSigner

TSL = "http://uri.etsi.org/02231/v2#"
START = datetime(2024, 1, 1, tzinfo=UTC)
END = datetime(2030, 1, 1, tzinfo=UTC)
GRANTED = "http://uri.etsi.org/TrstSvc/Svcstatus/granted"


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@cache
def rsa_key(bits=2048, _number=0):
    return rsa.generate_private_key(65537, bits)


def authority(common_name, key=None, *, may_certify=True, start=START, end=END):
    """(certificate, key) of an authority."""
    key = key or rsa_key(2048, common_name)
    usage = x509.KeyUsage(False, False, False, False, False, may_certify, True, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common_name))
        .issuer_name(name(common_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=may_certify, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(key, hashes.SHA256()), key


def signer(ca, common_name="ABCD", curve=None, *, start=START, end=END, key=None):
    """(certificate, key) of a signer of seals."""
    key = key or ec.generate_private_key(curve or ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(common_name))
        .issuer_name(ca[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(ca[1], hashes.SHA256())
    )
    return certificate, key


def revocations(ca, entries=(), *, next_update=END, delta=False):
    """A revocation list, DER; ``entries``: (certificate, moment, reason or None)."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca[0].subject)
        .last_update(START)
        .next_update(next_update)
    )
    for certificate, moment, reason in entries:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(certificate.serial_number)
            .revocation_date(moment)
        )
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    if delta:
        builder = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    return builder.sign(ca[1], hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def fingerprint(certificate):
    return certificate.fingerprint(hashes.SHA256()).hex()


@dataclass(frozen=True)
class Provider:
    ca_id: str
    certificate: x509.Certificate
    status: str = GRANTED
    field: str = "TSPTradeName"


def plain_list(
    providers, *, sequence=1, issued="2026-11-01T00:00:00Z", until="2027-05-01T00:00:00Z"
):
    """The XML of a list, unsigned."""
    entries = "".join(
        f"<TrustServiceProvider><TSPInformation><{p.field}><Name xml:lang='fr'>{p.ca_id}</Name>"
        f"</{p.field}></TSPInformation><TSPServices><TSPService><ServiceInformation>"
        f"<ServiceStatus>{p.status}</ServiceStatus><ServiceDigitalIdentity><DigitalId>"
        f"<X509Certificate>{base64.b64encode(der(p.certificate)).decode()}</X509Certificate>"
        "</DigitalId></ServiceDigitalIdentity></ServiceInformation></TSPService></TSPServices>"
        "</TrustServiceProvider>"
        for p in providers
    )
    next_update = f"<dateTime>{until}</dateTime>" if until else ""
    return (
        f"<TrustServiceStatusList xmlns='{TSL}' Id='list'><SchemeInformation>"
        f"<TSLSequenceNumber>{sequence}</TSLSequenceNumber>"
        f"<ListIssueDateTime>{issued}</ListIssueDateTime><NextUpdate>{next_update}</NextUpdate>"
        f"</SchemeInformation><TrustServiceProviderList>{entries}</TrustServiceProviderList>"
        "</TrustServiceStatusList>"
    )


def signed(xml, operator):
    """The list with an enveloped signature of the operator (certificate, key), as bytes."""
    root = etree.fromstring(xml)
    pem = operator[0].public_bytes(serialization.Encoding.PEM).decode()
    done = XMLSigner(method=methods.enveloped).sign(root, key=operator[1], cert=pem)
    return etree.tostring(done, xml_declaration=True, encoding="UTF-8")


def signed_with_properties(xml, operator):
    """The same with an XAdES signature, which covers its own properties, too."""
    pem = operator[0].public_bytes(serialization.Encoding.PEM).decode()
    root = etree.fromstring(xml)
    done = XAdESSigner(method=methods.enveloped).sign(root, key=operator[1], cert=pem)
    return etree.tostring(done, xml_declaration=True, encoding="UTF-8")


def signed_seal(key, ca_id="FR03", certificate_id="ABCD", day="2519"):
    """A text 2D-Doc of type 07; ``day``: of its signature, hexadecimal since 2000."""
    message = f"DC04{ca_id}{certificate_id}{day}{day}0701FR62MARTIN\x1d66X4RTBPFW4\x1d"
    size = (key.curve.key_size + 7) // 8
    digest = hashes.SHA256() if size == 32 else hashes.SHA384()
    r, s = utils.decode_dss_signature(key.sign(message.encode(), ec.ECDSA(digest)))
    raw = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return message + "\x1f" + base64.b32encode(raw).decode().rstrip("=")
