"""Keys from PINs, authenticated encryption, certificates."""

import ssl
from datetime import UTC, datetime

import pytest

from kiosk.crypto import aead, certificates, passwords
from kiosk.domain.errors import DraftError

CHEAP = passwords.Argon2Cost(memory_kib=64, iterations=1)


def test_pin_key_needs_pin_salt_and_device_secret():
    key = passwords.pin_key("271828", b"s" * 16, b"d" * 32, CHEAP)
    assert len(key) == 32
    assert key == passwords.pin_key("271828", b"s" * 16, b"d" * 32, CHEAP)
    others = {
        passwords.pin_key("271829", b"s" * 16, b"d" * 32, CHEAP),
        passwords.pin_key("271828", b"t" * 16, b"d" * 32, CHEAP),
        passwords.pin_key("271828", b"s" * 16, b"e" * 32, CHEAP),
    }
    assert len(others | {key}) == 4


def test_sealed_bytes_are_bound_to_key_and_context():
    key = aead.random_key()
    blob = aead.seal(key, b"draft", b"case 1, revision 2")
    assert aead.open_sealed(key, blob, b"case 1, revision 2") == b"draft"
    for bad in (
        (aead.random_key(), blob, b"case 1, revision 2"),
        (key, blob, b"case 1, revision 3"),
        (key, b"\x02" + blob[1:], b"case 1, revision 2"),
        (key, blob[:20], b"case 1, revision 2"),
        (key, b"", b""),
    ):
        with pytest.raises(DraftError):
            aead.open_sealed(*bad)


def test_every_byte_of_a_sealed_blob_is_protected():
    key = aead.random_key()
    blob = aead.seal(key, b"draft", b"")
    for position in range(len(blob)):
        altered = bytearray(blob)
        altered[position] ^= 0x80
        with pytest.raises(DraftError):
            aead.open_sealed(key, bytes(altered), b"")


def test_server_certificate_is_accepted_under_its_own_authority_only(tmp_path):
    now = datetime.now(UTC)
    ca = certificates.make_ca("Vis-à-vis test CA", now)
    certificate, key = certificates.make_server_certificate(ca, ["localhost", "127.0.0.1"], now)
    (tmp_path / "server.pem").write_bytes(certificate + key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "server.pem")

    def handshake(trusted: bytes, host: str) -> None:
        client = ssl.create_default_context(cadata=trusted.decode())
        client.verify_flags |= ssl.VERIFY_X509_STRICT
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        a = client.wrap_bio(to_client, to_server, server_hostname=host)
        b = server.wrap_bio(to_server, to_client, server_side=True)
        for _ in range(6):
            for side in (a, b):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        assert a.version() == "TLSv1.3"

    handshake(ca[0], "localhost")
    handshake(ca[0], "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(ca[0], "elsewhere.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(certificates.make_ca("Another CA", now)[0], "localhost")
    assert len(certificates.fingerprint(ca[0])) == 64
