"""Who may open records, and how many of them it takes: a statement signed by the policy root.

Rules, in order: only the policy root that the stored policies end in says who the auditors are, so
that a statement is signed anew when other keys take over; a statement with other terms (auditors,
quotas, identity) names the terms before it, and counts only where the auditors agreed on it
(:mod:`central.auditor.statements`); ``dual`` means that the identity lies nowhere in clear, only
sealed for pairs of auditors; ``single`` means that one person holds it, and every answer of an
opening says so; a folder without a statement is single, as it was before there were statements.
Names are badges of auditors, never of customers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from central.archive.layout import FolderError, Layout, write_secret
from central.archive.policy_chain import stored_policies
from kiosk.crypto.aead import derive_key
from kiosk.crypto.age import Identity, kid_of
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_compact, verify_compact, verify_general
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.errors import SignatureInvalidError
from kiosk.domain.ids import KeyId
from kiosk.sync.policy import trusted_root
from kiosk.sync.roots import PolicyRoot

TYP = "vv-control+jws"
PROFILE = "visavis-control/1"
SINGLE_NAME = "auditor"
_LOG_KEY = "visavis/opening-log/1"
_Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{1,31}$")]
_Rate = Annotated[int, Meta(ge=1, le=100_000)]


class Mode(StrEnum):
    """How many people an opening takes."""

    SINGLE = "single"
    DUAL = "dual"


@dataclass(frozen=True, slots=True)
class Auditor:
    """One person who may open records together with another one.

    Attributes:
        name: badge.
        signing: raw Ed25519 key, base64url.
        age: recipient of this person's shares, ``age1pq1…``; ``""`` under single control.
    """

    name: _Name
    signing: Annotated[str, Meta(max_length=64)]
    age: Annotated[str, Meta(max_length=4096)] = ""

    @property
    def public(self) -> bytes:
        """Raw signing key, 32 bytes."""
        return unb64u(self.signing)

    @property
    def kid(self) -> KeyId:
        """Fingerprint of the signing key."""
        return key_id_of(self.public)


@dataclass(frozen=True, slots=True)
class Control:
    """The statement.

    Attributes:
        mode: see :class:`Mode`.
        recipient: fingerprint of the identity that records are sealed to.
        auditors: who may act; at least two under dual control.
        per_hour / per_day: openings that are granted at most.
        serial: only increases.
        made_at: ISO 8601 UTC.
        prev: the :attr:`terms` that these replace; ``""``: the first ones.
        retired: identities that records were sealed to before, oldest first.
        shares: folder of the shares, below that of all shares; ``""``: that folder itself.
    """

    mode: Mode
    recipient: KeyId
    auditors: Annotated[tuple[Auditor, ...], Meta(min_length=1, max_length=12)]
    per_hour: _Rate
    per_day: _Rate
    serial: Annotated[int, Meta(ge=1)]
    made_at: str
    v: str = PROFILE
    prev: Annotated[str, Meta(max_length=64)] = ""
    retired: Annotated[tuple[KeyId, ...], Meta(max_length=100)] = ()
    shares: Annotated[str, Meta(pattern=r"^([0-9]{1,9}-[0-9a-f]{8})?$")] = ""

    def of(self, name: str) -> Auditor | None:
        """The auditor of this name."""
        return next((one for one in self.auditors if one.name == name), None)

    @property
    def keys(self) -> dict[KeyId, bytes]:
        """Signing keys by fingerprint."""
        return {one.kid: one.public for one in self.auditors}

    @property
    def founding(self) -> KeyId:
        """The identity that the first records were sealed to; the log of openings is named so."""
        return self.retired[0] if self.retired else self.recipient

    @property
    def terms(self) -> str:
        """Digest of all that it says but its number and its day: the same when signed anew."""
        return b64u(sha256(control_json(replace(self, serial=1, made_at=""))))


def control_json(control: Control) -> bytes:
    """Canonical JSON of a statement; what is empty and younger than the first ones is left out."""
    told = msgspec.to_builtins(control)
    for name in ("prev", "retired", "shares"):
        if not told[name]:
            del told[name]
    return canonical_json(told)


def parse_control(payload: bytes) -> Control:
    """A statement from JSON, no signature looked at. Raises FolderError."""
    try:
        control = msgspec.convert(parse_json(payload), Control)
        _check(control)
    except (ValueError, msgspec.ValidationError) as exc:
        raise FolderError("control: incomplete") from exc
    return control


def sign_control(control: Control, root: SigningKey) -> str:
    """The statement as a token. Raises FolderError where it would be refused."""
    token = sign_compact(control_json(control), root, TYP)
    open_control(token, root.public)
    return token


def open_control(token: str, root_public: bytes, root: PolicyRoot | None = None) -> Control:
    """The statement in a token signed by the policy root.

    Args:
        token: compact of a single key, general JWS of a root with a threshold.
        root_public: the single key.
        root: what took over from it; None: nothing did.

    Raises:
        FolderError: signed by others, by too few or by replaced keys, or incomplete.
    """
    try:
        if root is None:
            payload, _ = verify_compact(token, {key_id_of(root_public): root_public}, TYP)
        else:
            payload, signers = verify_general(token.encode(), root.by_id, TYP)
            if not root.met_by(signers):
                raise FolderError("control: too few signatures of the policy root")
    except (SignatureInvalidError, ValueError) as exc:
        raise FolderError(
            "control: not signed by the policy root in force; after keys took over it is signed "
            "anew: audit control-draft, policy sign, audit control-publish"
        ) from exc
    return parse_control(payload)


def _check(control: Control) -> None:
    """Raises ValueError where the statement contradicts itself."""
    dual = control.mode is Mode.DUAL
    names = {one.name for one in control.auditors}
    kids = {one.kid for one in control.auditors}
    if control.v != PROFILE or len(names) != len(control.auditors) or len(kids) != len(names):
        raise ValueError("auditors")
    if dual != (len(names) > 1):
        raise ValueError("mode")
    if dual and len({kid_of(one.age) for one in control.auditors}) != len(names):
        raise ValueError("recipients")
    if control.recipient in control.retired or (control.shares and not control.prev):
        raise ValueError("terms")


def read_control(layout: Layout) -> Control | None:
    """What the folder says; None where it is older than such statements. Raises FolderError."""
    try:
        token = layout.control.read_text("ascii").strip()
        anchor = unb64u(layout.root_public.read_text("ascii").strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise FolderError("control") from exc
    return open_control(token, anchor, _root_in_force(layout, anchor))


def _root_in_force(layout: Layout, anchor: bytes) -> PolicyRoot | None:
    """The root that the stored policies end in; None where it is the founding key still."""
    held = stored_policies(layout).held
    trusted = trusted_root(held[-1].token, anchor) if held else None
    return None if trusted is None else trusted.root


def renewed_control(layout: Layout, at: str) -> Control:
    """What the folder says now, whoever signed it, to be looked at and signed anew.

    Raises:
        FolderError: there is no statement, or it cannot be read.
    """
    try:
        token = layout.control.read_text("ascii").strip()
        general = token.startswith("{")
        part = parse_json(token.encode())["payload"] if general else token.split(".")[1]
        control = parse_control(unb64u(part))
    except (OSError, ValueError, LookupError, TypeError) as exc:
        raise FolderError("control") from exc
    return replace(control, serial=control.serial + 1, made_at=at)


def signed_control(layout: Layout, token: str) -> Control:
    """A statement in a token, signed by the root in force. Raises FolderError."""
    anchor = unb64u(layout.root_public.read_text("ascii").strip())
    return open_control(token, anchor, _root_in_force(layout, anchor))


def keep_control(layout: Layout, token: str) -> Control:
    """Put a newer statement in the place of the one that lies there.

    Whether the auditors agreed on other terms is for the one who calls to ask.

    Raises:
        FolderError: not signed by the root in force, or not newer.
    """
    control = signed_control(layout, token)
    if control.serial < renewed_control(layout, control.made_at).serial:
        raise FolderError("control: not newer than the one that is there")
    fresh = layout.control.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    write_secret(fresh, token.encode())
    fresh.replace(layout.control)
    return control


def log_key_of(identity: Identity) -> SigningKey:
    """The key that signs the opening log where one person holds the identity."""
    return SigningKey.from_seed(derive_key(identity.seed, _LOG_KEY))


def single_control(identity: Identity, at: str, serial: int = 1) -> Control:
    """The statement of a folder that one auditor opens alone."""
    auditor = Auditor(SINGLE_NAME, b64u(log_key_of(identity).public))
    return Control(
        mode=Mode.SINGLE,
        recipient=kid_of(identity.recipient),
        auditors=(auditor,),
        per_hour=120,
        per_day=1000,
        serial=serial,
        made_at=at,
    )


def keep_single(layout: Layout, identity: Identity, root: SigningKey, now: datetime) -> None:
    """Keep the identity in clear, for one auditor, and say so in a signed statement."""
    write_secret(layout.identity, f"{identity.text}\n".encode())
    control = single_control(identity, now.isoformat())
    write_secret(layout.control, sign_control(control, root).encode())
