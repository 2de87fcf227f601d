"""Messages on the wire between a device and the collector: typed, bounded, unknown fields refused.

Bytes travel as base64url, times as ISO 8601 in UTC. Source: records-and-sync 2.8.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.domain.errors import ProtocolError

MAX_MESSAGE_BYTES = 2 * 1024 * 1024
MAX_BLOB_BYTES = 80 * 1024 * 1024
MAX_PART_BYTES = 1024 * 1024
MAX_PUSH_ENTRIES = 256
MAX_PAGE_RECEIPTS = 256
MAX_MISSING = 1024
MAX_SEQ = 2**40
MAX_ROUND_ITEMS = 512
MAX_CONFLICTS = 1024

_Seq = Annotated[int, Meta(ge=0, le=MAX_SEQ)]
_Hash = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
_Slip = Annotated[str, Meta(pattern=r"^(?:[0-9A-HJKMNP-TV-Z]{8})?$")]
_Note = Annotated[str, Meta(max_length=16_384)]
_Entry = Annotated[str, Meta(max_length=8_192)]
_Token = Annotated[str, Meta(max_length=65_536)]
_Word = Annotated[str, Meta(max_length=200)]
_Proof = Annotated[tuple[_Hash, ...], Meta(max_length=64)]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Anything that travels as JSON."""


class AuthorityAnswer(Message, frozen=True, forbid_unknown_fields=True):
    """``GET /v1/authority``: what an enrolling device checks against the pins of its code.

    Attributes:
        ca: certificate of the authority, PEM.
        policy: the signed policy in force.
    """

    ca: Annotated[str, Meta(max_length=16_384)]
    policy: _Token


class EnrolmentPost(Message, frozen=True, forbid_unknown_fields=True):
    """``POST /v1/enrolments``: a claim signed by the key that it announces."""

    claim: _Token


class EnrolmentAnswer(Message, frozen=True, forbid_unknown_fields=True):
    """The device's certificate; policy and checkpoint of the collector's log to begin with."""

    certificate: _Token
    policy: _Token
    checkpoint: _Note


class MissingBlob(Message, frozen=True, forbid_unknown_fields=True):
    """A blob that was announced and has not arrived; ``offset`` bytes of it are there."""

    seq: _Seq
    offset: _Seq = 0


class LogState(Message, frozen=True, forbid_unknown_fields=True):
    """``GET /v1/devices/{d}/log``: the only resume state that the device needs.

    Attributes:
        size: entries that the collector holds.
        root: root over them.
        missing: announced blobs that are not there yet, the first ``MAX_MISSING`` of them; those
            behind entry n are asked for by ``?after=n``.
        newest_receipt: highest entry number with a receipt, or None.
        quarantined: the collector holds two histories of this device.
    """

    size: _Seq
    root: _Hash
    missing: Annotated[tuple[MissingBlob, ...], Meta(max_length=4096)] = ()
    newest_receipt: _Seq | None = None
    quarantined: bool = False


class LogPush(Message, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """``POST /v1/devices/{d}/log``: entries from number ``start`` on.

    The collector recomputes the tree over everything it holds, so the entries themselves prove the
    consistency that the checkpoint states.

    Attributes:
        start: number of the first entry (``from`` on the wire).
        entries: compact JWS each.
        checkpoint: note of the device's key over the tree that ends with the last entry.
    """

    start: _Seq
    entries: Annotated[tuple[_Entry, ...], Meta(max_length=MAX_PUSH_ENTRIES)]
    checkpoint: _Note


class LogAnswer(Message, frozen=True, forbid_unknown_fields=True):
    """How many entries the collector holds now, durably."""

    size: _Seq


class ReceiptLeaf(Message, frozen=True, forbid_unknown_fields=True):
    """What the collector commits to in its own log.

    Attributes:
        v: profile name.
        device: device id.
        seq: journal entry of the record.
        entry: leaf hash of that entry.
        blob: SHA-256 of the sealed blob.
        received_at: server time, ISO 8601 UTC.
        storage: class of storage that holds the blob.
    """

    v: _Word
    device: _Word
    seq: _Seq
    entry: _Hash
    blob: _Hash
    received_at: _Word
    storage: _Word


class ReceiptItem(Message, frozen=True, forbid_unknown_fields=True):
    """One record's receipt; without leaf and proof for a record that is not ``stored``."""

    seq: _Seq
    state: _Word
    leaf: ReceiptLeaf | None = None
    index: _Seq = 0
    proof: _Proof = ()


class ReceiptPage(Message, frozen=True, forbid_unknown_fields=True):
    """``GET /v1/devices/{d}/receipts?from=&tree=``.

    Attributes:
        receipts: in order of entry number, at most a page.
        checkpoint: of the collector's log; every proof leads to it.
        consistency: proof that this log extends the one of size ``tree``.
    """

    receipts: Annotated[tuple[ReceiptItem, ...], Meta(max_length=MAX_PAGE_RECEIPTS)]
    checkpoint: _Note
    consistency: _Proof = ()


class RecipientPut(Message, frozen=True, forbid_unknown_fields=True):
    """``PUT /v1/devices/{d}/recipient``: the key that this device's rounds are to be sealed to.

    Attributes:
        announcement: the device's own signed word (:mod:`kiosk.sync.rounds`).
    """

    announcement: _Token


class RoundItem(Message, frozen=True, forbid_unknown_fields=True):
    """One visit of a round: sealed to the device that asks, or only named where it was cancelled.

    Attributes:
        visit: identifier; names nobody.
        sealed: base64url of the age file that holds the signed visit; ``""`` when cancelled.
        cancelled: it was taken out of the round.
    """

    visit: _Word
    sealed: _Token = ""
    cancelled: bool = False


class RoundAnswer(Message, frozen=True, forbid_unknown_fields=True):
    """``GET /v1/devices/{d}/rounds/{day}``: what this device has to do on that day.

    Attributes:
        day: ISO 8601 date.
        visits: in the order of the round.
    """

    day: _Word
    visits: Annotated[tuple[RoundItem, ...], Meta(max_length=MAX_ROUND_ITEMS)] = ()


class ResultItem(Message, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A result that a provider can fetch.

    Attributes:
        position: its place in the order of all results.
        record: idempotency key.
        sha256: of the envelope, as the device signed it.
        slip: code of the customer's sheet; left out where the journal does not hold its entry.
    """

    position: _Seq
    record: _Word
    sha256: _Hash
    slip: _Slip = ""


class ResultPage(Message, frozen=True, forbid_unknown_fields=True):
    """``GET /v1/results?after=``: what waits for the provider that asks, in order.

    Attributes:
        results: at most a page.
        next: where the next page begins: pass it as ``after``.
    """

    results: Annotated[tuple[ResultItem, ...], Meta(max_length=1024)]
    next: _Seq


class ConflictItem(Message, frozen=True, forbid_unknown_fields=True):
    """A record that stands although its request or its visit was no longer open.

    Attributes:
        seq: journal entry of the record.
        kind: value of ``kiosk.sync.conflicts.ConflictKind``.
        at: when the other act reached the central side, ISO 8601 UTC.
    """

    seq: _Seq
    kind: _Word
    at: _Word


class ConflictAnswer(Message, frozen=True, forbid_unknown_fields=True):
    """``GET /v1/devices/{d}/conflicts``: in order of entry number, the newest of them."""

    conflicts: Annotated[tuple[ConflictItem, ...], Meta(max_length=MAX_CONFLICTS)]


class ConsistencyAnswer(Message, frozen=True, forbid_unknown_fields=True):
    """``GET /v1/devices/{d}/log-consistency?from=&to=``: of the collector's own log.

    Attributes:
        consistency: proof that the tree of ``to`` leaves extends the one of ``from``.
    """

    consistency: _Proof


class Problem(Message, frozen=True, forbid_unknown_fields=True):
    """Body of an answer that is not a success.

    Attributes:
        error: stable word, for example ``fork``.
        checkpoint: the collector's own knowledge of the device's journal, for 409.
        size: entries that the collector holds, for 409.
        time: signed time for a signature that was too old; its nonce is the SHA-256 of the
            request's ``Signature`` field.
    """

    error: _Word
    checkpoint: _Note = ""
    size: _Seq = 0
    time: _Note = ""


T = TypeVar("T", bound=Message)


def encode(message: Message) -> bytes:
    """Canonical JSON of a message."""
    return canonical_json(msgspec.to_builtins(message))


def decode(data: bytes, kind: type[T]) -> T:
    """A message from untrusted bytes.

    Raises:
        ProtocolError: not JSON, or not of this kind (a captive portal answers HTML).
    """
    try:
        return msgspec.convert(parse_json(data, MAX_MESSAGE_BYTES), kind)
    except (ValueError, msgspec.ValidationError) as exc:
        raise ProtocolError(kind.__name__) from exc
