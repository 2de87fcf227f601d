"""The policy root: who may sign a policy, one key or so many of several.

A device pins an *anchor* at its enrolment: the raw key of a single-key root (32 bytes), or the
SHA-256 of a root document after the mark 0x02 (33 bytes). A policy brings its whole chain of root
documents along, so that a device that was away for long follows every change at once.

Rules, in order, for a chain: it begins at the anchor (a single key counts as version 1, with that
key alone; a document that is pinned by its digest needs no signature); each document has the next
version; each is signed by the threshold of the one before AND by its own; a signer counts once,
however often it signed; one signature by a key that neither names, or one that does not hold,
spoils the document. What a policy states as its root must be the end of its chain.
Source: the version chain of The Update Framework, specification 1.0, section 5.3;
records-and-sync 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_general, verify_general
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.errors import PolicyInvalidError, SignatureInvalidError
from kiosk.domain.ids import KeyId

TYP = "vv-root+jws"
MAX_BYTES = 16 * 1024
MAX_CHAIN = 32
KEY_BYTES = 32
_MARK = b"\x02"
_Word = Annotated[str, Meta(max_length=64)]


@dataclass(frozen=True, slots=True)
class PolicyRoot:
    """One version of the root.

    Attributes:
        version: one more than the version before.
        issued_at: aware UTC.
        threshold: how many of the keys must sign.
        keys: raw Ed25519 keys, base64url.
        expires: last day on which a policy by this root is taken in; None: no such day. What is in
            force stays so.
    """

    version: Annotated[int, Meta(ge=1, le=10_000)]
    issued_at: datetime
    threshold: Annotated[int, Meta(ge=1, le=16)]
    keys: Annotated[tuple[_Word, ...], Meta(min_length=1, max_length=16)]
    expires: date | None = None

    @property
    def by_id(self) -> Mapping[KeyId, bytes]:
        """Raw keys by their fingerprints."""
        publics = [unb64u(key) for key in self.keys]
        return {key_id_of(public): public for public in publics}

    def met_by(self, signers: Sequence[KeyId]) -> bool:
        """Whether enough of these keys are among the signers."""
        return len(set(signers) & set(self.by_id)) >= self.threshold


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """A root that a chain leads to.

    Attributes:
        root: what it says.
        digest: SHA-256 of its bytes, 32 bytes.
    """

    root: PolicyRoot
    digest: bytes

    @property
    def anchor(self) -> bytes:
        """What an enrolment code pins of it, 33 bytes."""
        return _MARK + self.digest

    @property
    def name(self) -> str:
        """How a policy names it: base64url of the digest."""
        return b64u(self.digest)


def root_json(root: PolicyRoot) -> bytes:
    """Canonical JSON of a root."""
    return canonical_json(msgspec.to_builtins(root))


def parse_root(payload: bytes) -> PolicyRoot:
    """A root from JSON. Raises PolicyInvalidError."""
    try:
        root = msgspec.convert(parse_json(payload, MAX_BYTES), PolicyRoot)
        by_id = root.by_id
    except (ValueError, msgspec.ValidationError) as exc:
        raise PolicyInvalidError("root") from exc
    sound = all(len(public) == KEY_BYTES for public in by_id.values())
    if len(by_id) != len(root.keys) or not sound or root.issued_at.tzinfo is None:
        raise PolicyInvalidError("root keys")
    if root.threshold > len(by_id):
        raise PolicyInvalidError("root threshold")
    return root


def sign_root(root: PolicyRoot, keys: Sequence[SigningKey]) -> dict[str, Any]:
    """A root document signed by these keys, as it stands in a chain."""
    document: dict[str, Any] = parse_json(sign_general(root_json(root), keys, TYP), MAX_BYTES)
    return document


def is_anchor(anchor: bytes) -> bool:
    """Whether these bytes can pin a root."""
    return len(anchor) == KEY_BYTES or (anchor[:1] == _MARK and len(anchor) == 1 + KEY_BYTES)


def follow(anchor: bytes, chain: Sequence[Any]) -> tuple[TrustedRoot, ...]:
    """The roots from the anchor on, each verified by the one before.

    Args:
        anchor: what the device pins.
        chain: root documents as they came, oldest first.

    Returns:
        The trusted ones, the newest last; of a single key as anchor, without that implied root.

    Raises:
        PolicyInvalidError: a gap, too few signatures, a foreign one, or another fleet's chain.
    """
    if not is_anchor(anchor) or not 0 < len(chain) <= MAX_CHAIN:
        raise PolicyInvalidError("root chain")
    before: PolicyRoot | None = None
    trusted: list[TrustedRoot] = []
    if len(anchor) == KEY_BYTES:
        before = PolicyRoot(1, datetime.min, 1, (b64u(anchor),))  # noqa: DTZ901 - it never was
    for document in chain:
        payload, data = _payload_of(document)
        digest = sha256(payload)
        if before is None and _MARK + digest != anchor:
            continue  # older than what is pinned
        root = parse_root(payload)
        if before is not None:  # what is pinned by its digest needs no other proof
            _require_signed(data, root, before)
        trusted.append(TrustedRoot(root, digest))
        before = root
    if not trusted:
        raise PolicyInvalidError("root chain")
    return tuple(trusted)


def _payload_of(document: Any) -> tuple[bytes, bytes]:
    """Payload of a root document, and the document as bytes."""
    try:
        data = canonical_json(document)
        return unb64u(document["payload"]), data
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise PolicyInvalidError("root form") from exc


def _require_signed(data: bytes, root: PolicyRoot, before: PolicyRoot) -> None:
    """Raises PolicyInvalidError unless the threshold before and the own one are met."""
    if root.version != before.version + 1:
        raise PolicyInvalidError("root version")
    known = {**before.by_id, **root.by_id}
    try:
        _, signers = verify_general(data, known, TYP, MAX_BYTES)
    except SignatureInvalidError as exc:
        raise PolicyInvalidError("root signature") from exc
    if not root.met_by(signers) or not before.met_by(signers):
        raise PolicyInvalidError("root threshold")
