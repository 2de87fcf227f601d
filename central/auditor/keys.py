"""Auditors' key files, and the identity that only two of them open together.

Rules, in order:

1. An auditor makes the own key file on the own machine: a signing key and an age identity, under a
   passphrase (Argon2id, then AES-256-GCM-SIV). Only the public half is ever handed over.
2. The identity that opens records is sealed once for each pair of auditors, in two layers of age:
   the outer one for the one, the inner one for the other. One key file opens one layer, which gives
   nothing. No share and no layer lies anywhere in clear.
3. Joining gives the identity to the process in which both sit, for as long as it runs, and what it
   gives is checked against the statement of the policy root.
4. Where an auditor was withdrawn there is an identity for records to come, and those before it for
   the records of before: shares of all of them lie below the folder that the statement names.

What this protects: a stolen folder, a stolen key file with its passphrase, one dishonest auditor.
What it does not: two dishonest ones, and the machine on which both type their passphrases; that
machine has no network and no other use. Any tool that implements age with ``mlkem768x25519`` opens
the layers too. Source: records-and-sync section 3, row 15; C2SP ``age``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from central.archive.control import Auditor, Control, Mode, sign_control
from central.archive.layout import FolderError, Layout, write_secret
from central.auditor.refusal import AuditRefusedError
from kiosk.crypto import aead, age
from kiosk.crypto.age import Identity, kid_of
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.passwords import Argon2Cost, pin_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import DraftError, SealedRecordError
from kiosk.domain.ids import KeyId

FORMAT: Final = "visavis-auditor-key/1"
PUBLIC_FORMAT: Final = "visavis-auditor-public/1"
MIN_PASSPHRASE: Final = 12
OFFLINE_COST: Final = Argon2Cost(memory_kib=256 * 1024, iterations=3, lanes=1)
"""A key file can be tried for years where it was stolen: dearer than a PIN, which is counted."""
PER_HOUR, PER_DAY = 20, 100
_MAX_FILE = 16 * 1024
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Cost:
    memory_kib: Annotated[int, Meta(ge=1024, le=2 * 1024 * 1024)]
    iterations: Annotated[int, Meta(ge=1, le=32)]
    lanes: Annotated[int, Meta(ge=1, le=16)]


@dataclass(frozen=True, slots=True)
class _Public:
    """What an auditor hands over."""

    name: str
    signing: str
    age: str
    format: str = PUBLIC_FORMAT


@dataclass(frozen=True, slots=True)
class _KeyFile:
    """A key file as it lies on disk."""

    public: _Public
    kdf: _Cost
    salt: str
    sealed: str
    format: str = FORMAT


@dataclass(frozen=True, slots=True)
class AuditorKey:
    """An auditor's opened key file."""

    name: str
    signing: SigningKey
    age: Identity

    @property
    def auditor(self) -> Auditor:
        """The public half."""
        return Auditor(self.name, b64u(self.signing.public), self.age.recipient)


def make_key(
    path: Path, name: str, passphrase: str, cost: Argon2Cost = OFFLINE_COST
) -> tuple[AuditorKey, Path]:
    """Make a key file and, beside it, the public half; the key and the path of that half.

    Raises:
        AuditRefusedError: ``passphrase``: shorter than twelve characters, or of one sign only.
        FileExistsError: nothing is overwritten.
    """
    if len(passphrase) < MIN_PASSPHRASE or len(set(passphrase)) < 5:
        raise AuditRefusedError("passphrase", f"at least {MIN_PASSPHRASE} characters")
    key = AuditorKey(name, SigningKey.generate(), Identity.generate())
    auditor = msgspec.convert(msgspec.to_builtins(key.auditor), Auditor)
    public = _Public(auditor.name, auditor.signing, auditor.age)
    salt = os.urandom(_SALT_BYTES)
    sealed = aead.seal(
        pin_key(passphrase, salt, b"", cost), key.signing.seed + key.age.seed, _bound(public)
    )
    kdf = _Cost(cost.memory_kib, cost.iterations, cost.lanes)
    write_secret(path, msgspec.json.encode(_KeyFile(public, kdf, b64u(salt), b64u(sealed))))
    beside = path.with_name(f"{path.name}.pub")
    write_secret(beside, msgspec.json.encode(public))
    return key, beside


def _bound(public: _Public) -> bytes:
    return canonical_json(msgspec.to_builtins(public))


def open_key(path: Path, passphrase: str) -> AuditorKey:
    """An auditor's key. Raises AuditRefusedError (``keys`` no key file, ``passphrase``)."""
    try:
        held = msgspec.convert(parse_json(path.read_bytes(), _MAX_FILE), _KeyFile)
        salt, sealed = unb64u(held.salt), unb64u(held.sealed)
    except (OSError, ValueError, msgspec.ValidationError) as exc:
        raise AuditRefusedError("keys", f"{path.name} is no key file of an auditor") from exc
    cost = Argon2Cost(held.kdf.memory_kib, held.kdf.iterations, held.kdf.lanes)
    try:
        seeds = aead.open_sealed(pin_key(passphrase, salt, b"", cost), sealed, _bound(held.public))
        key = AuditorKey(
            held.public.name, SigningKey.from_seed(seeds[:32]), Identity.from_seed(seeds[32:])
        )
    except (DraftError, ValueError) as exc:
        raise AuditRefusedError("passphrase", path.name) from exc
    if (key.auditor.signing, key.auditor.age) != (held.public.signing, held.public.age):
        raise AuditRefusedError("keys", path.name)
    return key


def read_public(path: Path) -> Auditor:
    """The public half that an auditor handed over. Raises FolderError."""
    try:
        held = msgspec.convert(parse_json(path.read_bytes(), _MAX_FILE), _Public)
        auditor = msgspec.convert(
            {"name": held.name, "signing": held.signing, "age": held.age}, Auditor
        )
        kid_of(auditor.age), auditor.kid
    except (OSError, ValueError, msgspec.ValidationError) as exc:
        raise FolderError(f"{path.name} is no public half of an auditor's key") from exc
    if held.format != PUBLIC_FORMAT:
        raise FolderError(f"{path.name} is no public half of an auditor's key")
    return auditor


def dual_keeper(
    auditors: Sequence[Auditor], per_hour: int = PER_HOUR, per_day: int = PER_DAY
) -> DualKeeper:
    """What keeps the identity of a new central side under two people.

    Raises:
        FolderError: fewer than two, or two of one name or key.
    """
    names = {one.name for one in auditors}
    kids = {one.kid for one in auditors}
    if len(auditors) < 2 or len(names) != len(auditors) or len(kids) != len(auditors):
        raise FolderError("dual control needs two different auditors at least")
    return DualKeeper(tuple(auditors), per_hour, per_day)


@dataclass(frozen=True, slots=True)
class DualKeeper:
    """Shares the identity out; see :data:`central.authority.founding.Keeper`."""

    auditors: tuple[Auditor, ...]
    per_hour: int
    per_day: int

    def __call__(self, layout: Layout, identity: Identity, root: SigningKey, now: datetime) -> None:
        """Seal for each pair; the identity itself is written nowhere."""
        control = Control(
            mode=Mode.DUAL,
            recipient=kid_of(identity.recipient),
            auditors=self.auditors,
            per_hour=self.per_hour,
            per_day=self.per_day,
            serial=1,
            made_at=now.isoformat(),
        )
        write_shares(layout, control, (identity,))
        write_secret(layout.control, sign_control(control, root).encode())


def _folder(layout: Layout, control: Control, kid: KeyId) -> Path:
    """Where the shares of an identity are; the first ones of all were of one identity."""
    return layout.shares / control.shares / kid if control.shares else layout.shares


def write_shares(layout: Layout, control: Control, identities: Sequence[Identity]) -> None:
    """Seal identities for each pair of the auditors of a statement. Raises FileExistsError."""
    for identity in identities:
        folder = _folder(layout, control, kid_of(identity.recipient))
        folder.mkdir(mode=0o700, parents=True)
        for one, other in combinations(control.auditors, 2):
            inner = age.encrypt(f"{identity.text}\n".encode(), [one.age])
            outer = age.encrypt(inner, [other.age])
            write_secret(folder / f"{one.name}+{other.name}.age", outer)


def _shares_of(layout: Layout, control: Control) -> set[Path]:
    """Every file of shares that a statement uses."""
    pairs = list(combinations([one.name for one in control.auditors], 2))
    return {
        _folder(layout, control, kid) / f"{one}+{other}.age"
        for one, other in pairs
        for kid in (control.recipient, *control.retired)
    }


def require_shares(layout: Layout, control: Control) -> None:
    """Raises FolderError unless every pair of auditors has a share of each identity."""
    if not all(path.is_file() for path in _shares_of(layout, control)):
        raise FolderError("control: shares of the identity are missing: agree on it again")


def drop_other_shares(layout: Layout, control: Control) -> None:
    """Take away every share that the statement in force does not use."""
    used = _shares_of(layout, control)
    for path in sorted(layout.shares.rglob("*.age")):
        if path not in used:
            path.unlink()


T = TypeVar("T")


def opened_by_one(identities: Sequence[Identity], opened: Callable[[Identity], T]) -> T:
    """What one of these identities opens, tried in their order. Raises SealedRecordError."""
    for identity in identities[:-1]:
        with suppress(SealedRecordError):
            return opened(identity)
    return opened(identities[-1])


def join_identities(
    layout: Layout, control: Control, keys: tuple[AuditorKey, AuditorKey]
) -> tuple[Identity, ...]:
    """Every identity that records were sealed to, newest first. Raises AuditRefusedError."""
    kids = (control.recipient, *reversed(control.retired))
    return tuple(join_identity(layout, control, keys, kid) for kid in kids)


def join_identity(
    layout: Layout,
    control: Control,
    keys: tuple[AuditorKey, AuditorKey],
    kid: KeyId | None = None,
) -> Identity:
    """An identity, from the shares of two auditors; the one in use where ``kid`` is None.

    Raises:
        AuditRefusedError: ``same-person``, ``keys`` (not auditors here, or the share does not
            open or gives another identity).
    """
    one, other = keys
    if one.name == other.name or one.signing.public == other.signing.public:
        raise AuditRefusedError("same-person")
    if any(control.of(key.name) != key.auditor for key in keys):
        raise AuditRefusedError("keys", "not an auditor of this central side")
    wanted = kid or control.recipient
    for inner, outer in ((one, other), (other, one)):
        path = _folder(layout, control, wanted) / f"{inner.name}+{outer.name}.age"
        if not path.is_file():
            continue
        try:
            opened = age.decrypt(age.decrypt(path.read_bytes(), outer.age), inner.age)
            identity = Identity.parse(opened.decode("ascii"))
        except (OSError, ValueError, SealedRecordError) as exc:
            raise AuditRefusedError("keys", "the share does not open") from exc
        if kid_of(identity.recipient) != wanted:
            raise AuditRefusedError("keys", "another identity")
        return identity
    raise AuditRefusedError("keys", "no share for these two")
