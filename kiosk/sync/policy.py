"""The policy: what the whole fleet shares, signed by the policy root.

Rules, in order: size; signature by the pinned root key and nobody else, or by the threshold of the
root that the chain leads to (:mod:`kiosk.sync.roots`); types and bounds; every key named by its own
fingerprint; the version only increases; the root of the policy in force is never left aside: keys
that were replaced sign nothing any more. Fields that this build does not know are ignored, so that
a newer policy still reaches an older build. Source: records-and-sync 2.1, 2.7.

Two forms: a compact JWS of a single key; ``{"policy": general JWS, "roots": [root documents]}``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.audit.witnesses import Quorum
from kiosk.crypto import age
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.cosignatures import parse_cosigner
from kiosk.crypto.digests import unb64u
from kiosk.crypto.jws import sign_compact, verify_compact, verify_general
from kiosk.crypto.notes import parse_verifier_key
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import PolicyInvalidError, SignatureInvalidError
from kiosk.domain.evidence import DocumentKind
from kiosk.domain.ids import KeyId
from kiosk.sync.restorations import (
    MAX_FORMER,
    MAX_RESTORED,
    Restoration,
    check_log_terms,
    name_of,
)
from kiosk.sync.roots import TrustedRoot, follow

TYP = "vv-policy+jws"
MAX_BYTES = 64 * 1024

_Version = Annotated[int, Meta(ge=1, le=2**31)]
_Word = Annotated[str, Meta(max_length=200)]
_Name = Annotated[str, Meta(max_length=64)]
_Device = Annotated[str, Meta(pattern=r"^dev-[0-9a-f]{16}$")]
COUNTERSIGNABLE = (Outcome.ACCEPTED, Outcome.REFUSED, Outcome.SUSPENDED)
"""Decisions that an agent takes; the others happen."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody every record is sealed to.

    Attributes:
        kid: fingerprint of the public key.
        age: the public key, ``age1pq1…``.
        purpose: ``audit`` or ``escrow``.
    """

    kid: KeyId
    age: Annotated[str, Meta(max_length=4096)]
    purpose: _Word = "audit"


@dataclass(frozen=True, slots=True)
class CollectorTerms:
    """The collector whose receipts count.

    Attributes:
        origin: its name, which signed time and the journals of devices bear.
        log_key: C2SP verifier key (``name+hash+key``) of its log.
        former: verifier keys that signed this very log before; what they signed is gone on from.
    """

    origin: _Word
    log_key: _Word
    former: Annotated[tuple[_Word, ...], Meta(max_length=MAX_FORMER)] = ()

    @property
    def log_origin(self) -> str:
        """Name of its log; another one than its own once the log was put back to a backup."""
        return name_of(self.log_key)

    @property
    def log_public(self) -> bytes:
        """Raw Ed25519 key of the log, 32 bytes."""
        return parse_verifier_key(self.log_key)[1]

    @property
    def former_publics(self) -> tuple[bytes, ...]:
        """Raw keys that signed the log before, 32 bytes each."""
        return tuple(parse_verifier_key(key)[1] for key in self.former)


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key and whom it belongs to.

    Attributes:
        iss: the issuer's name.
        kid: fingerprint of the key.
        public_key: raw Ed25519 key, base64url.
    """

    iss: _Word
    kid: KeyId
    public_key: _Word

    @property
    def public(self) -> bytes:
        """Raw key, 32 bytes."""
        return unb64u(self.public_key)


@dataclass(frozen=True, slots=True)
class ResultRecipient:
    """Whom the result of a request is sealed to, beside the record (:mod:`kiosk.sync.results`).

    Attributes:
        iss: issuer of the requests, one of ``request_issuers``.
        kid: fingerprint of the key.
        age: the issuer's public key, ``age1pq1…``.
    """

    iss: _Word
    kid: KeyId
    age: Annotated[str, Meta(max_length=4096)]


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the device keeps what.

    Attributes:
        receipts_days: the receipt of a sealed record that was let go here. Entries of the journal
            stay for the life of the device: each proves the next.
        draft_hours: an unfinished case.
        blob_grace_hours: a sealed record after its receipt was verified.
        sightings_days: keyed hash of a document seen, for the warning "seen lately"; 0: none kept.
    """

    receipts_days: Annotated[int, Meta(ge=1, le=3650)] = 400
    draft_hours: Annotated[int, Meta(ge=1, le=72)] = 12
    blob_grace_hours: Annotated[int, Meta(ge=0, le=720)] = 0
    sightings_days: Annotated[int, Meta(ge=0, le=90)] = 30


@dataclass(frozen=True, slots=True)
class FourEyes:
    """What needs the word of a second agent.

    Attributes:
        outcomes: decisions of any procedure; an abandoned case needs nobody.
        procedures: by name; every decision of these.
    """

    outcomes: Annotated[tuple[Outcome, ...], Meta(max_length=8)] = ()
    procedures: Annotated[tuple[_Name, ...], Meta(max_length=32)] = ()

    def outcomes_of(self, procedure: str) -> tuple[Outcome, ...]:
        """Decisions of this procedure that need a second agent."""
        return COUNTERSIGNABLE if procedure in self.procedures else self.outcomes


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Second parties that watch the collector's log.

    Attributes:
        keys: C2SP verifier keys (``name+id+key``, type of a cosigner); each a party of its own.
        quorum: how many of them must have cosigned a state of the log before a receipt that leads
            to it lets a device delete its sealed copy; 0 none, as before there were witnesses.
    """

    keys: Annotated[tuple[_Word, ...], Meta(max_length=16)] = ()
    quorum: Annotated[int, Meta(ge=0, le=16)] = 0

    @property
    def terms(self) -> Quorum:
        """The same with the keys read."""
        return Quorum(tuple(parse_cosigner(key) for key in self.keys), self.quorum)


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy.

    Attributes:
        version: only increases.
        issued_at: aware UTC.
        recipients: at least one.
        collector: whose receipts count.
        enrolment_keys: keys that sign device certificates.
        request_issuers: keys that sign verification requests.
        accepted_documents: kinds of document that an agent may accept.
        accept_extended_id_card: French identity cards of 2004 to 2013, valid five years longer.
        evidence_images: whether pictures go into the sealed record.
        feature_count: security features to examine.
        assurance_level: level the operator asserts, or ``""``.
        retention: see :class:`Retention`.
        four_eyes: see :class:`FourEyes`.
        lease_days: days without contact after which a device shows no open case any more and
            begins none; sealed records still go out. 0 never.
        notices: short sentences of the operator for the home screen; shown as ``plain_notices``.
        demonstration: this fleet is a demonstration; the screen says so.
        valid_from: first day on which it holds, in the local time of each office; None: at once.
        proxy_allowed: registered items may be handed to a proxy; the identity of the addressee is
            then not verified.
        fraud_alert: a suspected fraud is told in the journal, without anything personal.
        result_recipients: who hears how a request ended, at most one key an issuer.
        contact_recipient: the contact service that addresses to be confirmed later are sealed to;
            None: nobody confirms them later.
        witnesses: see :class:`Witnesses`.
        lost: devices that were lost, stolen or withdrawn; such a device begins and shows no case
            any more, and still sends what it sealed.
        root: digest of the root document that signs this policy; ``""`` for a single key.
        restored: logs of the collector that were put back to a backup and ended, oldest first.
    """

    version: _Version
    issued_at: datetime
    recipients: Annotated[tuple[Recipient, ...], Meta(min_length=1, max_length=8)]
    collector: CollectorTerms
    enrolment_keys: Annotated[tuple[TrustedKey, ...], Meta(min_length=1, max_length=8)]
    request_issuers: Annotated[tuple[TrustedKey, ...], Meta(max_length=64)]
    accepted_documents: Annotated[tuple[DocumentKind, ...], Meta(min_length=1, max_length=32)]
    accept_extended_id_card: bool = True
    evidence_images: bool = False
    feature_count: Annotated[int, Meta(ge=3, le=12)] = 3
    assurance_level: _Word = ""
    retention: Retention = field(default_factory=Retention)
    four_eyes: FourEyes = field(default_factory=FourEyes)
    lease_days: Annotated[int, Meta(ge=0, le=365)] = 0
    notices: Annotated[tuple[_Word, ...], Meta(max_length=8)] = ()
    demonstration: bool = False
    valid_from: date | None = None
    proxy_allowed: bool = False
    fraud_alert: bool = False
    result_recipients: Annotated[tuple[ResultRecipient, ...], Meta(max_length=16)] = ()
    contact_recipient: Recipient | None = None
    witnesses: Witnesses = field(default_factory=Witnesses)
    lost: Annotated[tuple[_Device, ...], Meta(max_length=2048)] = ()
    root: _Word = ""
    restored: Annotated[tuple[Restoration, ...], Meta(max_length=MAX_RESTORED)] = ()

    @property
    def plain_notices(self) -> tuple[str, ...]:
        """The notices as they are shown: plain text of one line each, empty ones left out.

        Control and format characters (line ends, marks that turn the direction of writing) would
        change what stands around them. A policy in force is never refused for a sentence.
        """
        return tuple(filter(None, map(_plain, self.notices)))


def _plain(sentence: str) -> str:
    signs = (" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in sentence)
    return unicodedata.normalize("NFC", " ".join("".join(signs).split()))


def policy_json(policy: Policy) -> bytes:
    """Canonical JSON of a policy."""
    return canonical_json(msgspec.to_builtins(policy))


def sign_policy(policy: Policy, root: SigningKey) -> str:
    """The policy as the fleet of a single-key root receives it.

    Raises:
        PolicyInvalidError: devices would refuse it, or its root has several keys.
    """
    if policy.root:
        raise PolicyInvalidError("several keys sign here: policy draft, sign, combine, publish")
    token = sign_compact(policy_json(policy), root, TYP)
    open_policy(token, root.public)
    return token


def parse_policy(data: bytes) -> Policy:
    """A policy from JSON, its own keys checked. Raises PolicyInvalidError."""
    try:
        policy = msgspec.convert(parse_json(data, MAX_BYTES), Policy)
        _check_keys(policy)
    except (ValueError, msgspec.ValidationError) as exc:
        raise PolicyInvalidError("contents") from exc
    return policy


def _check_keys(policy: Policy) -> None:
    """Raises ValueError where a key is not what its name says."""
    if policy.issued_at.tzinfo is None:
        raise ValueError("time without zone")
    for recipient in policy.recipients:
        if age.kid_of(recipient.age) != recipient.kid:
            raise ValueError("recipient")
    _check_result_recipients(policy)
    terms = policy.collector
    check_log_terms(terms.origin, terms.log_key, terms.former, policy.restored)
    _check_witnesses(policy.witnesses, policy.collector.log_public)
    if set(policy.four_eyes.outcomes) - set(COUNTERSIGNABLE):
        raise ValueError("four eyes")
    for key in (*policy.enrolment_keys, *policy.request_issuers):
        if key_id_of(key.public) != key.kid:
            raise ValueError("trusted key")


def _check_result_recipients(policy: Policy) -> None:
    """Raises ValueError where a provider issues no request, has two keys, or is misnamed."""
    issuers = {key.iss for key in policy.request_issuers}
    told = [recipient.iss for recipient in policy.result_recipients]
    if len(set(told)) != len(told) or not issuers.issuperset(told):
        raise ValueError("result recipient")
    if any(age.kid_of(one.age) != one.kid for one in policy.result_recipients):
        raise ValueError("result recipient")
    contact = policy.contact_recipient
    if contact is not None and age.kid_of(contact.age) != contact.kid:
        raise ValueError("contact recipient")


def _check_witnesses(witnesses: Witnesses, log_public: bytes) -> None:
    """Raises ValueError unless so many different parties can cosign, the collector not among them.

    A witness named twice would meet a quorum of two alone.
    """
    cosigners = witnesses.terms.cosigners
    names, keys = {one.name for one in cosigners}, {one.public for one in cosigners}
    if len(names) != len(cosigners) or len(keys) != len(cosigners) or log_public in keys:
        raise ValueError("witnesses")
    if witnesses.quorum > len(cosigners):
        raise ValueError("quorum")


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a token holds once its signatures held, and the roots on the way to them."""

    payload: bytes
    roots: tuple[TrustedRoot, ...] = ()


def _open(token: str, anchor: bytes) -> _Opened:
    """Raises PolicyInvalidError unless the token is signed as the anchor demands."""
    try:
        if not token.startswith("{"):
            keys = {key_id_of(anchor): anchor}
            payload, _ = verify_compact(token, keys, TYP, MAX_BYTES)
            return _Opened(payload)
        document: Any = parse_json(token.encode(), MAX_BYTES)
        if not isinstance(document, dict) or set(document) != {"policy", "roots"}:
            raise PolicyInvalidError("form")
        roots = follow(anchor, document["roots"])
        known = roots[-1].root.by_id
        data = canonical_json(document["policy"])
        payload, signers = verify_general(data, known, TYP, MAX_BYTES)
    except (ValueError, TypeError, SignatureInvalidError) as exc:
        raise PolicyInvalidError("signature") from exc
    if not roots[-1].root.met_by(signers):
        raise PolicyInvalidError("threshold")
    return _Opened(payload, roots)


def _parsed(opened: _Opened) -> Policy:
    policy = parse_policy(opened.payload)
    if policy.root != (opened.roots[-1].name if opened.roots else ""):
        raise PolicyInvalidError("root")
    return policy


def pack_policy(signed: bytes, roots: Sequence[Any]) -> str:
    """A policy of a root with a threshold as the fleet receives it.

    Args:
        signed: general JWS of the policy.
        roots: the chain of root documents, oldest first.
    """
    document = {"policy": parse_json(signed, MAX_BYTES), "roots": list(roots)}
    return canonical_json(document).decode("ascii")


def roots_of(token: str) -> list[Any]:
    """The chain of root documents in a token, nothing of it verified; none in a compact one."""
    return list(parse_json(token.encode(), MAX_BYTES)["roots"]) if token.startswith("{") else []


def claims_restore(token: str) -> bool:
    """Whether a token that is not believed says that a log was put back; nothing is verified."""
    try:
        if token.startswith("{"):
            payload = parse_json(token.encode(), MAX_BYTES)["policy"]["payload"]
        else:
            payload = token.split(".")[1]
        return bool(parse_json(unb64u(payload), MAX_BYTES).get("restored"))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return False


def trusted_root(token: str, anchor: bytes) -> TrustedRoot | None:
    """The root that signs a policy; None for a single key. Raises PolicyInvalidError."""
    opened = _open(token, anchor)
    return opened.roots[-1] if opened.roots else None


def open_policy(token: str, root_public: bytes) -> Policy:
    """The policy in a token signed by the pinned root.

    Args:
        token: as it came.
        root_public: the anchor: a raw key, or the digest of a root document after its mark.

    Raises:
        PolicyInvalidError: other signer, too few of them, altered, or incomplete.
    """
    return _parsed(_open(token, root_public))


def require_unexpired(token: str, root_public: bytes, day: date) -> None:
    """Raises PolicyInvalidError where the root of this policy took its last one in before."""
    root = trusted_root(token, root_public)
    if root is not None and root.root.expires is not None and day > root.root.expires:
        raise PolicyInvalidError("root expired")


def accept_policy(
    token: str,
    root_public: bytes,
    in_force: Policy | None,
    coming: Iterable[Policy] = (),
) -> Policy:
    """The policy to apply: the new one, or the one in force when the token is that very one.

    Args:
        token: as it came.
        root_public: the anchor.
        in_force: what holds, None before the first.
        coming: what was taken in for later days.

    Raises:
        PolicyInvalidError: unsigned, older than the one in force, another one of its version, or by
            a root that does not descend from the one of a policy held here.
    """
    opened = _open(token, root_public)
    policy = _parsed(opened)
    if in_force is None:
        return policy
    on_the_way = {"", *(root.name for root in opened.roots)}
    if policy == in_force:
        return in_force
    if policy.version <= in_force.version:
        raise PolicyInvalidError("older than the one in force")
    if any(held.root not in on_the_way for held in (in_force, *coming)):
        raise PolicyInvalidError("replaced root")
    for held in (in_force, *coming):
        if policy.restored[: len(held.restored)] != held.restored:
            raise PolicyInvalidError("a restored log is forgotten")
    return policy
