"""age v1 files with the hybrid post-quantum stanza: what seals a finished record.

Any tool that implements age with ``mlkem768x25519`` recipients opens these files; no product code
is needed. The device holds recipients (public) only.

Rules, in order: fresh 16-byte file key; one stanza per recipient, HPKE base mode with the KEM
MLKEM768-X25519 (X-Wing, 0x647a), HKDF-SHA256, ChaCha20-Poly1305; header MAC keyed by the file key;
payload in 64 KiB ChaCha20-Poly1305 chunks (STREAM). Sources: C2SP ``age``; RFC 9180;
draft-connolly-cfrg-xwing-kem (seed expanded by SHAKE256).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kiosk.crypto import bech32
from kiosk.crypto.digests import sha256
from kiosk.domain.errors import SealedRecordError
from kiosk.domain.ids import KeyId

_VERSION = b"age-encryption.org/v1\n"
_STANZA = "mlkem768x25519"
_LABEL = b"age-encryption.org/mlkem768x25519"
_RECIPIENT_HRP = "age1pq"
_IDENTITY_HRP = "age-secret-key-pq-"
_FILE_KEY_BYTES = 16
_ENC_BYTES = 1088 + 32
_PUBLIC_BYTES = 1184 + 32
_SEED_BYTES = 32
_CHUNK = 64 * 1024
_TAG = 16
_NONCE_BYTES = 16
_MAX_HEADER = 64 * 1024
_LINE = 64
_RECIPIENTS_KEPT = 32
"""Public keys kept once they were read: a policy names a handful, and each seal asks for them."""

_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


@dataclass(frozen=True)
class Identity:
    """A private key that opens records, kept as the 32-byte X-Wing seed. Never on a device."""

    seed: bytes

    def __repr__(self) -> str:
        return f"Identity({kid_of(self.recipient)})"

    @classmethod
    def generate(cls) -> Identity:
        """A fresh identity."""
        return cls(os.urandom(_SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> Identity:
        """The identity of a stored seed. Raises ValueError unless it has 32 bytes."""
        if len(seed) != _SEED_BYTES:
            raise ValueError("an X-Wing seed has 32 bytes")
        return cls(seed)

    @classmethod
    def parse(cls, text: str) -> Identity:
        """From ``AGE-SECRET-KEY-PQ-1…``. Raises ValueError."""
        return cls.from_seed(bech32.decode(_IDENTITY_HRP, text.strip().lower()))

    @property
    def text(self) -> str:
        """``AGE-SECRET-KEY-PQ-1…``, as age tools read it."""
        return bech32.encode(_IDENTITY_HRP, self.seed).upper()

    @cached_property
    def _halves(self) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        expanded = hashlib.shake_256(self.seed).digest(96)
        return (
            mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
            x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
        )

    @cached_property
    def private(self) -> hpke.MLKEM768X25519PrivateKey:
        """The HPKE private key."""
        return hpke.MLKEM768X25519PrivateKey(*self._halves)

    @cached_property
    def recipient(self) -> str:
        """The public half, ``age1pq1…``."""
        lattice, curve = self._halves
        raw = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        return bech32.encode(_RECIPIENT_HRP, raw)


@lru_cache(maxsize=_RECIPIENTS_KEPT)
def _public_of(recipient: str) -> bytes:
    """Raw public key of a recipient. Raises ValueError where it is none."""
    raw = bech32.decode(_RECIPIENT_HRP, recipient)
    if len(raw) != _PUBLIC_BYTES:
        raise ValueError("not a hybrid recipient")
    return raw


def kid_of(recipient: str) -> KeyId:
    """Short name of a recipient. Raises ValueError when it is none."""
    return KeyId(sha256(_public_of(recipient)).hex()[:16])


@lru_cache(maxsize=_RECIPIENTS_KEPT)
def _hpke_public(recipient: str) -> hpke.MLKEM768X25519PublicKey:
    raw = _public_of(recipient)
    return hpke.MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(raw[:1184]),
        x25519.X25519PublicKey.from_public_bytes(raw[1184:]),
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode("ascii")


def _unb64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise SealedRecordError("base64") from exc
    if _b64(raw) != text:
        raise SealedRecordError("base64")
    return raw


def _hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt or None, info).derive(key)


def _stanza(file_key: bytes, recipient: str) -> str:
    sealed = _SUITE.encrypt(file_key, _hpke_public(recipient), info=_LABEL)
    encapsulated, wrapped = sealed[:_ENC_BYTES], sealed[_ENC_BYTES:]
    return f"-> {_STANZA} {_b64(encapsulated)}\n{_b64(wrapped)}\n"


def _chunk_nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def encrypt(plaintext: bytes, recipients: Sequence[str]) -> bytes:
    """One age file for all ``recipients`` (``age1pq1…``).

    Raises:
        ValueError: no recipient, or one that is not hybrid post-quantum.
    """
    if not recipients:
        raise ValueError("a record without recipients could never be opened")
    file_key = os.urandom(_FILE_KEY_BYTES)
    return seal_file(file_key, "".join(_stanza(file_key, r) for r in recipients), plaintext)


def seal_file(file_key: bytes, stanzas: str, plaintext: bytes) -> bytes:
    """An age file whose stanzas wrap ``file_key`` (16 bytes)."""
    body = _VERSION + stanzas.encode() + b"---"
    mac = hmac.digest(_hkdf(file_key, b"", b"header"), body, "sha256")
    header = body + b" " + _b64(mac).encode() + b"\n"
    nonce = os.urandom(_NONCE_BYTES)
    cipher = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
    out = [header, nonce]
    count = max(1, -(-len(plaintext) // _CHUNK))
    view = memoryview(plaintext)
    for index in range(count):
        chunk = view[index * _CHUNK : (index + 1) * _CHUNK]
        out.append(cipher.encrypt(_chunk_nonce(index, last=index == count - 1), chunk, None))
    return b"".join(out)


def split(blob: bytes) -> tuple[bytes, bytes]:
    """Header (with its MAC line) and payload (nonce and chunks) of an age file.

    Raises:
        SealedRecordError: not an age v1 file.
    """
    mark = blob.find(b"\n---", 0, _MAX_HEADER)
    end = blob.find(b"\n", mark + 1, mark + 128) if mark >= 0 else -1
    if not blob.startswith(_VERSION) or end < 0:
        raise SealedRecordError("not an age file")
    return blob[: end + 1], blob[end + 1 :]


def recipients_count(header: bytes) -> int:
    """Number of hybrid stanzas in a header; SealedRecordError when any other stanza is there."""
    return len(list(_stanzas(header)))


def _stanzas(header: bytes) -> Iterator[bytes]:
    """The HPKE blobs of the header, in order."""
    try:
        lines = header[len(_VERSION) :].decode("ascii").split("\n")
    except UnicodeDecodeError as exc:
        raise SealedRecordError("header") from exc
    index = 0
    while index < len(lines) and lines[index].startswith("-> "):
        arguments = lines[index][3:].split(" ")
        if len(arguments) != 2 or arguments[0] != _STANZA or index + 1 >= len(lines):
            raise SealedRecordError("stanza")
        body = lines[index + 1]
        if len(body) >= _LINE:
            raise SealedRecordError("stanza body")
        encapsulated, wrapped = _unb64(arguments[1]), _unb64(body)
        if len(encapsulated) != _ENC_BYTES or len(wrapped) != _FILE_KEY_BYTES + _TAG:
            raise SealedRecordError("stanza lengths")
        yield encapsulated + wrapped
        index += 2
    if index >= len(lines) or not lines[index].startswith("--- ") or lines[index + 1 :] != [""]:
        raise SealedRecordError("header end")


def _file_key(header: bytes, identity: Identity) -> bytes:
    for sealed in list(_stanzas(header)):
        try:
            return bytes(_SUITE.decrypt(sealed, identity.private, info=_LABEL))
        except (InvalidTag, ValueError):
            continue
    raise SealedRecordError("no stanza for this identity")


def decrypt(blob: bytes, identity: Identity) -> bytes:
    """Open an age file.

    Raises:
        SealedRecordError: other recipient, altered, truncated, or not of this profile.
    """
    header, _ = split(blob)
    return open_file(blob, _file_key(header, identity))


def open_file(blob: bytes, file_key: bytes) -> bytes:
    """The plaintext of an age file whose file key was unwrapped. Raises SealedRecordError."""
    header, payload = split(blob)
    body, _, mac = header.rpartition(b" ")
    expected = hmac.digest(_hkdf(file_key, b"", b"header"), body, "sha256")
    if not hmac.compare_digest(_unb64(mac.rstrip(b"\n").decode("ascii", "replace")), expected):
        raise SealedRecordError("header MAC")
    nonce, chunks = payload[:_NONCE_BYTES], payload[_NONCE_BYTES:]
    cipher = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
    size = _CHUNK + _TAG
    count = max(1, -(-len(chunks) // size))
    plain = []
    for index in range(count):
        last = index == count - 1
        chunk = chunks[index * size : (index + 1) * size]
        try:
            plain.append(cipher.decrypt(_chunk_nonce(index, last=last), chunk, None))
        except (InvalidTag, ValueError) as exc:
            raise SealedRecordError("payload") from exc
        if last and index > 0 and not plain[-1]:
            raise SealedRecordError("empty last chunk")
    return b"".join(plain)
