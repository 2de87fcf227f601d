"""Sealed records: what goes into one, how it is closed, and how it is opened elsewhere.

Plaintext: a ZIP with stored members only and fixed names, in this order: ``record.json``
(canonical JSON), ``record.jws`` (agent and device signatures over it), ``att/<sha256>.<ext>``,
``pad``. The pad rounds the size up to 64 KiB so that the length tells nothing. There is exactly one
byte form for given contents, and the reader refuses every other one: that shuts out bombs, doubled
names, paths and hidden data without a list of tricks.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.audit.entries import Header
from kiosk.audit.second_word import check_second_words
from kiosk.crypto import age
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.jws import sign_general, verify_general
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SealedRecordError, SignatureInvalidError
from kiosk.domain.ids import KeyId

TYP = "vv-record+jws"
MAX_RECORD_BYTES = 512 * 1024
MAX_PLAINTEXT_BYTES = 64 * 1024 * 1024
BUCKET_BYTES = 64 * 1024
_MEMBER_OVERHEAD = 30 + 46
_EPOCH = (1980, 1, 1, 0, 0, 0)
_EXTENSION = re.compile(r"[a-z0-9]{2,5}")
_ATTACHMENT = re.compile(r"att/([0-9a-f]{64})\.([a-z0-9]{2,5})")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a record, named by its digest."""

    extension: str
    data: bytes

    def __post_init__(self) -> None:
        if not _EXTENSION.fullmatch(self.extension):
            raise ValueError("extension")

    @property
    def name(self) -> str:
        """Member name ``att/<sha256>.<ext>``; identical files share one member."""
        return f"att/{sha256(self.data).hex()}.{self.extension}"


@dataclass(frozen=True, slots=True)
class RecordContents:
    """A record in clear: exists only while sealing, and where an auditor opens it."""

    record: Mapping[str, Any]
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class SealedBlob:
    """A complete age file and what the journal header says of it.

    Attributes:
        blob: age header and payload.
        recipients: key ids, in order.
        age_header_sha256 / payload_sha256: 32 bytes.
        payload_len: bytes after the age header.
    """

    blob: bytes
    recipients: tuple[KeyId, ...]
    age_header_sha256: bytes
    payload_sha256: bytes
    payload_len: int


def _zip(members: Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o600 << 16
            archive.writestr(info, data)
    return out.getvalue()


def _package(record: bytes, jws: bytes, attachments: Sequence[Attachment]) -> bytes:
    files = {a.name: a.data for a in attachments}
    members = [("record.json", record), ("record.jws", jws), *sorted(files.items())]
    bare = len(_zip(members)) + _MEMBER_OVERHEAD + 2 * len("pad")
    members.append(("pad", bytes(-bare % BUCKET_BYTES)))
    return _zip(members)


def seal_record(
    contents: RecordContents,
    recipients: Sequence[str],
    agent_key: SigningKey,
    device_key: SigningKey,
) -> SealedBlob:
    """Sign by agent and device, pack, and seal to ``recipients`` (``age1pq1…``).

    Raises:
        ValueError: contents that have no canonical form, or no recipient.
    """
    record = canonical_json(contents.record)
    jws = sign_general(record, [agent_key, device_key], TYP)
    blob = age.encrypt(_package(record, jws, contents.attachments), recipients)
    header, payload = age.split(blob)
    return SealedBlob(
        blob=blob,
        recipients=tuple(age.kid_of(r) for r in recipients),
        age_header_sha256=sha256(header),
        payload_sha256=sha256(payload),
        payload_len=len(payload),
    )


def describe_blob(blob: bytes, recipients: Sequence[KeyId]) -> SealedBlob:
    """The same description for a blob that was received, without opening it.

    Raises:
        SealedRecordError: not an age file of the profile, or another number of recipients.
    """
    header, payload = age.split(blob)
    if age.recipients_count(header) != len(recipients):
        raise SealedRecordError("recipients")
    return SealedBlob(blob, tuple(recipients), sha256(header), sha256(payload), len(payload))


def blob_fits(blob: bytes | None, header: Header) -> bool:
    """Whether these are the sealed bytes that the entry describes."""
    if blob is None:
        return False
    try:
        described = describe_blob(blob, header.recipients)
    except SealedRecordError:
        return False
    return (
        b64u(described.age_header_sha256) == header.age_header_sha256
        and b64u(described.payload_sha256) == header.payload_sha256
        and described.payload_len == header.payload_len
    )


def _members(plaintext: bytes) -> dict[str, bytes]:
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise SealedRecordError("too large")
    try:
        with zipfile.ZipFile(io.BytesIO(plaintext)) as archive:
            infos = archive.infolist()
            if sum(i.file_size for i in infos) > len(plaintext) or len(infos) > 64:
                raise SealedRecordError("zip sizes")
            return {i.filename: archive.read(i) for i in infos}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError) as exc:
        raise SealedRecordError("zip") from exc


def open_record(
    blob: bytes,
    identity: age.Identity,
    signers: Mapping[KeyId, bytes],
    device_key_id: KeyId,
    seconds: Mapping[KeyId, bytes] | None = None,
) -> RecordContents:
    """Open a sealed record and verify everything inside.

    Args:
        blob: the age file.
        identity: one of its recipients.
        signers: public keys of the agents and of the device.
        device_key_id: the device's own key, which must be among the two signers.
        seconds: public keys that may stand behind the word of a second agent; ``signers`` where
            None. A word that is there must hold, and its key is neither of the two signers.

    Raises:
        SealedRecordError: does not open, or is not in the one permitted form.
        SignatureInvalidError: the inner signatures do not hold.
    """
    plaintext = age.decrypt(blob, identity)
    members = _members(plaintext)
    try:
        record, jws = members["record.json"], members["record.jws"]
        attachments = tuple(
            Attachment(match.group(2), data)
            for name, data in members.items()
            if (match := _ATTACHMENT.fullmatch(name))
        )
        document = parse_json(record, MAX_RECORD_BYTES)
        canonical = canonical_json(document)
    except (KeyError, ValueError) as exc:
        raise SealedRecordError("contents") from exc
    if canonical != record or _package(record, jws, attachments) != plaintext:
        raise SealedRecordError("not the canonical form")
    signed, signed_by = verify_general(jws, signers, TYP)
    if signed != record or len(set(signed_by)) != 2 or device_key_id not in signed_by:
        raise SignatureInvalidError("record signatures")
    if not isinstance(document, dict):
        raise SealedRecordError("contents")
    visavis = document.get("visavis")
    if isinstance(visavis, dict):
        words = check_second_words(visavis, signers, seconds)
        if any(signer in signed_by for _, signer in words):
            raise SignatureInvalidError("second agent is a signer")
    return RecordContents(document, attachments)
