"""Attacks on sealed records that no other file here tries (records-and-sync, section 3)."""

import ast
import base64
import io
import os
import warnings
import zipfile

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kiosk.audit import records
from kiosk.audit.entries import open_entry
from kiosk.crypto import age
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.jws import sign_general
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SealedRecordError
from kiosk.paths import RESOURCES
from tests.fakes.desk import Desk
from tests.services.test_sealing import decided

ROOT = RESOURCES.parent
AGENT = SigningKey.from_seed(bytes([1]) * 32)
DEVICE = SigningKey.from_seed(bytes([2]) * 32)
SIGNERS = {k.key_id: k.public for k in (AGENT, DEVICE)}
IDENTITY = age.Identity.from_seed(bytes(32))


def b64(data: bytes) -> str:
    """Base64 as age writes it: without padding."""
    return base64.b64encode(data).decode().rstrip("=")


def classical_stanza(file_key: bytes) -> str:
    """An age v1 ``X25519`` stanza (C2SP age), which a quantum computer opens one day."""
    recipient, own = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    share, public = own.public_key().public_bytes_raw(), recipient.public_key().public_bytes_raw()
    key = HKDF(hashes.SHA256(), 32, share + public, b"age-encryption.org/v1/X25519").derive(
        own.exchange(recipient.public_key())
    )
    body = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
    return f"-> X25519 {b64(share)}\n{b64(body)}\n"


def hybrid_stanza(file_key: bytes) -> str:
    return age._stanza(file_key, IDENTITY.recipient)


@pytest.mark.parametrize("beside", [False, True])
def test_a_record_with_a_stanza_that_is_not_post_quantum_is_refused_at_both_gates(beside: bool):
    file_key = os.urandom(16)
    good = hybrid_stanza(file_key)
    assert records.describe_blob(age.seal_file(file_key, good, b"x"), [IDENTITY.recipient])
    stanzas = classical_stanza(file_key) + (good if beside else "")
    blob = age.seal_file(file_key, stanzas, b"x")
    for recipients in (1, 2):  # as a collector looks at it, whatever the entry says
        with pytest.raises(SealedRecordError):
            records.describe_blob(blob, [IDENTITY.recipient] * recipients)
    with pytest.raises(SealedRecordError):  # as the auditor opens it
        records.open_record(blob, IDENTITY, SIGNERS, DEVICE.key_id)


def test_nothing_that_a_device_holds_opens_a_record_that_was_sealed_there():
    """The whole key store, an open session and the small values of the vault, at every offset."""
    desk = Desk()
    session = desk.session()
    sealed = desk.sealing.seal(decided(), session)
    with desk.store.begin() as uow:
        blob = uow.blobs.get(sealed.seq)
        stored = [uow.values.get(name) or b"" for name in uow.values.names("")]
        rows = uow.agents.all()
    assert blob is not None
    secrets = [*desk.keys._secrets.values(), session.shift_key, *stored]
    secrets += [row.wrapped_signing_key for row in rows]
    secrets += [session.signing_key.seed, desk.device_key.seed]
    seeds = {
        secret[start : start + 32]
        for secret in secrets
        for start in range(max(len(secret) - 31, 0))
    }
    assert {session.shift_key, session.signing_key.seed, desk.device_key.seed} <= seeds
    header, _ = age.split(blob)
    for seed in seeds:
        with pytest.raises(SealedRecordError):
            age._file_key(header, age.Identity.from_seed(seed))
    entry = open_entry(desk.entries()[-1].jws, desk.device_key.public)
    assert len(entry.recipients) == age.recipients_count(header) > 0
    assert desk.open_record(sealed.seq)  # as whoever it was sealed to


OPENERS = {"open_record", "decrypt", "open_file", "_file_key"}
"""Whatever opens an age file, by the names of :mod:`kiosk.audit.records` and :mod:`.age`."""

MAY_OPEN = {
    "kiosk/audit/records.py",  # defines the opening that auditors call
    "kiosk/audit/vault_escrow.py",  # the sealed key beside the vault, as an auditor opens it
    "kiosk/crypto/aead.py",  # drafts, which are no age files
    "kiosk/crypto/age.py",
    "kiosk/crypto/age_passphrase.py",  # keys of the central side, which share the form
    "kiosk/crypto/exchange.py",  # copies of keys for a colleague, which are no age files
    "kiosk/sync/later_contacts.py",  # addresses, as the contact service opens them
    "kiosk/sync/results.py",  # results, as a provider opens them
    "kiosk/sync/rounds.py",  # visits that were sealed to this device
}


def test_no_part_of_a_device_asks_for_a_sealed_record_to_be_opened():
    """No screen, service or command reads back what was finished: there is no call to do it by."""
    assert (ROOT / "kiosk" / "audit" / "records.py").is_file()
    askers = set()
    for room in ("kiosk", "ui"):
        for file in sorted((ROOT / room).rglob("*.py")):
            names = {
                alias.name
                for node in ast.walk(ast.parse(file.read_text("utf-8")))
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
            } | {
                node.attr
                for node in ast.walk(ast.parse(file.read_text("utf-8")))
                if isinstance(node, ast.Attribute)
            }
            if names & OPENERS:
                askers.add(file.relative_to(ROOT).as_posix())
    assert askers <= MAY_OPEN
    assert "kiosk/audit/records.py" in askers


def test_a_record_with_one_name_twice_is_refused():
    record = canonical_json({"a": 1})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in (
            ("record.json", canonical_json({"a": 2})),
            ("record.json", record),
            ("record.jws", sign_general(record, [AGENT, DEVICE], records.TYP)),
        ):
            archive.writestr(name, data)
    blob = age.encrypt(out.getvalue(), [IDENTITY.recipient])
    with pytest.raises(SealedRecordError):
        records.open_record(blob, IDENTITY, SIGNERS, DEVICE.key_id)
