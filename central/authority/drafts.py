"""Drafts: what several people sign, each on a machine of their own, carried between them as files.

A draft is one JSON file: what kind it is, the very bytes to be signed, and the signatures so far.
Rules, in order: nobody signs bytes that the program cannot read as what they say they are; a
signature is by the kind, so that one made for a policy is none for a root; files are brought
together only when their bytes are the same; a signature counts once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from central.archive import control
from central.archive.layout import FolderError
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.jws import sign_general
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import KeyId
from kiosk.sync import policy, roots

_MAX_BYTES = 256 * 1024


class DraftKind(StrEnum):
    """What a draft is of."""

    POLICY = "policy"
    ROOT = "root"
    CONTROL = "control"

    @property
    def typ(self) -> str:
        """Type that its signatures state."""
        typs = {DraftKind.POLICY: policy.TYP, DraftKind.ROOT: roots.TYP}
        return typs.get(self, control.TYP)


@dataclass(frozen=True, slots=True)
class Draft:
    """Bytes to sign, and signatures of them, none verified.

    Attributes:
        kind: what the bytes are.
        payload: the very bytes.
        signatures: (protected header, signature), base64url, each once.
    """

    kind: DraftKind
    payload: bytes
    signatures: tuple[tuple[str, str], ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """General JWS."""
        return {
            "payload": b64u(self.payload),
            "signatures": [{"protected": p, "signature": s} for p, s in self.signatures],
        }

    @property
    def jws(self) -> bytes:
        """The same, canonical bytes."""
        return canonical_json(self.document)

    @property
    def signers(self) -> tuple[KeyId, ...]:
        """Fingerprints that the signatures name, unverified, each once."""
        found = dict.fromkeys(json.loads(unb64u(p))["kid"] for p, _ in self.signatures)
        return tuple(KeyId(kid) for kid in found)

    def signed(self, key: SigningKey) -> Draft:
        """The same bytes with one signature, by this key: what a signer hands back."""
        made = parse_json(sign_general(self.payload, [key], self.kind.typ), _MAX_BYTES)
        (one,) = made["signatures"]
        return replace(self, signatures=((one["protected"], one["signature"]),))


def policy_draft(contents: policy.Policy) -> Draft:
    """A policy to sign. Raises PolicyInvalidError where nobody would take it."""
    payload = policy.policy_json(contents)
    policy.parse_policy(payload)
    return Draft(DraftKind.POLICY, payload)


def root_draft(contents: roots.PolicyRoot) -> Draft:
    """A root to sign. Raises PolicyInvalidError where nobody would take it."""
    payload = roots.root_json(contents)
    roots.parse_root(payload)
    return Draft(DraftKind.ROOT, payload)


def control_draft(contents: control.Control) -> Draft:
    """A statement of control to sign. Raises FolderError where nobody would take it."""
    payload = control.control_json(contents)
    control.parse_control(payload)
    return Draft(DraftKind.CONTROL, payload)


def control_token(draft: Draft, *, single: bool) -> str:
    """A signed statement of control as it is kept; ``single``: of a root of one key.

    Raises:
        FolderError: a draft of something else, or without a signature.
    """
    if draft.kind is not DraftKind.CONTROL or not draft.signatures:
        raise FolderError("not a signed statement of control")
    if not single:
        return draft.jws.decode("ascii")
    protected, signature = draft.signatures[0]
    return f"{protected}.{b64u(draft.payload)}.{signature}"


def merged(drafts: Sequence[Draft]) -> Draft:
    """The signatures of all on the one thing that all are about. Raises FolderError."""
    if len({(draft.kind, draft.payload) for draft in drafts}) != 1:
        raise FolderError("these files are not about the same draft")
    signatures = dict.fromkeys(one for draft in drafts for one in draft.signatures)
    return replace(drafts[0], signatures=tuple(signatures))


def write_draft(draft: Draft, path: Path) -> None:
    """Write a new file. Raises FileExistsError."""
    with path.open("x", encoding="utf-8") as file:
        file.write(json.dumps({"kind": draft.kind, **draft.document}, indent=1) + "\n")


def read_draft(path: Path) -> Draft:
    """A draft from a file that came from somewhere. Raises FolderError, PolicyInvalidError."""
    try:
        table = parse_json(path.read_bytes(), _MAX_BYTES)
        if set(table) != {"kind", "payload", "signatures"}:
            raise FolderError(f"{path.name} is no draft")
        draft = Draft(
            DraftKind(table["kind"]),
            unb64u(table["payload"]),
            tuple((one["protected"], one["signature"]) for one in table["signatures"]),
        )
        _ = draft.signers, draft.jws
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise FolderError(f"{path.name} is no draft") from exc
    if draft.kind is DraftKind.POLICY:
        policy.parse_policy(draft.payload)
    elif draft.kind is DraftKind.ROOT:
        roots.parse_root(draft.payload)
    else:
        control.parse_control(draft.payload)
    return draft
