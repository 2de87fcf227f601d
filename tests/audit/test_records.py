"""Sealed records: opened by the recipients, in exactly one form, with both signatures."""

import io
import zipfile

import pytest

from kiosk.audit import records
from kiosk.crypto import age
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.jws import sign_general
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SealedRecordError, SignatureInvalidError

AGENT = SigningKey.from_seed(bytes([1]) * 32)
DEVICE = SigningKey.from_seed(bytes([2]) * 32)
SIGNERS = {k.key_id: k.public for k in (AGENT, DEVICE)}
IDENTITY = age.Identity.from_seed(bytes(32))
PICTURE = records.Attachment("jpg", b"picture" * 1000)
CONTENTS = records.RecordContents({"outcome": "accepted", "name": "Maëlys"}, (PICTURE,))


def opened(blob: bytes, device=DEVICE):
    return records.open_record(blob, IDENTITY, SIGNERS, device.key_id)


def test_a_record_opens_with_its_attachments():
    sealed = records.seal_record(CONTENTS, [IDENTITY.recipient], AGENT, DEVICE)
    assert opened(sealed.blob) == CONTENTS
    assert records.describe_blob(sealed.blob, sealed.recipients) == sealed
    with pytest.raises(SealedRecordError):
        records.describe_blob(sealed.blob, [*sealed.recipients, *sealed.recipients])


def test_length_tells_only_a_bucket():
    lengths = {
        records.seal_record(
            records.RecordContents({"n": "x" * n}), [IDENTITY.recipient], AGENT, DEVICE
        ).payload_len
        for n in (0, 1, 77, 1000, 20_000)
    }
    assert len(lengths) == 1


def test_identical_pictures_are_legal_and_stored_once():
    twice = records.RecordContents({"a": 1}, (PICTURE, PICTURE))
    sealed = records.seal_record(twice, [IDENTITY.recipient], AGENT, DEVICE)
    assert opened(sealed.blob).attachments == (PICTURE,)


def test_a_record_not_signed_by_the_device_is_refused():
    sealed = records.seal_record(CONTENTS, [IDENTITY.recipient], AGENT, AGENT)
    with pytest.raises(SignatureInvalidError):
        opened(sealed.blob)
    stranger = SigningKey.generate()
    sealed = records.seal_record(CONTENTS, [IDENTITY.recipient], stranger, DEVICE)
    with pytest.raises(SignatureInvalidError):
        opened(sealed.blob)


def test_two_agents_do_not_stand_for_the_device():
    """Both are known, both signatures hold: a record that no device signed is still none."""
    other = SigningKey.from_seed(bytes([3]) * 32)
    signers = SIGNERS | {other.key_id: other.public}
    sealed = records.seal_record(CONTENTS, [IDENTITY.recipient], AGENT, other)
    with pytest.raises(SignatureInvalidError):
        records.open_record(sealed.blob, IDENTITY, signers, DEVICE.key_id)
    true = records.seal_record(CONTENTS, [IDENTITY.recipient], other, DEVICE)
    assert records.open_record(true.blob, IDENTITY, signers, DEVICE.key_id) == CONTENTS


def zipped(members, compression=zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


RECORD = canonical_json({"a": 1})
JWS = sign_general(RECORD, [AGENT, DEVICE], records.TYP)


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"not a zip",
        zipped([("record.json", RECORD)]),
        zipped([("record.json", RECORD), ("record.jws", JWS)]),
        zipped([("record.json", RECORD), ("record.jws", JWS), ("../evil", b"x")]),
        zipped([("record.json", b"\x00" * 10**6), ("record.jws", JWS)], zipfile.ZIP_DEFLATED),
        zipped([("record.json", b'{"a":1,"a":1}'), ("record.jws", JWS)]),
    ],
    ids=["empty", "noise", "no-jws", "no-pad", "path", "bomb", "duplicate-key"],
)
def test_every_other_form_is_refused(plaintext):
    with pytest.raises(SealedRecordError):
        opened(age.encrypt(plaintext, [IDENTITY.recipient]))


def test_attachment_extensions_are_plain():
    with pytest.raises(ValueError):
        records.Attachment("../x", b"")
