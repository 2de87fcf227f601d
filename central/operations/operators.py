"""Who may sign in: named operators, each with the Argon2id hash of a password.

Rules, in order: the file is written by a command on the machine itself, never by a page; it is
readable by its owner only and replaced as a whole; a password has twelve characters at least and
does not hold the name; an unknown name costs as much time as a wrong password.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import tempfile
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec

from central.archive.layout import FolderError, Layout
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.passwords import Argon2Cost, stretched

MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 256
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_SALT_BYTES: Final = 16
_COST: Final = Argon2Cost()


class OperatorError(ValueError):
    """A name or a password that cannot be taken; says why."""


class Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operator.

    Attributes:
        name: as typed at the sign-in.
        salt, hash: base64url.
        memory_kib, iterations, lanes: cost of the hash.
        added_at: ISO 8601 UTC.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{1,31}$")]
    salt: str
    hash: str
    memory_kib: Annotated[int, msgspec.Meta(ge=8, le=4 * 1024 * 1024)]
    iterations: Annotated[int, msgspec.Meta(ge=1, le=100)]
    lanes: Annotated[int, msgspec.Meta(ge=1, le=64)]
    added_at: str

    @property
    def cost(self) -> Argon2Cost:
        """Of the hash."""
        return Argon2Cost(self.memory_kib, self.iterations, self.lanes)

    @property
    def stamp(self) -> str:
        """Changes with the password: what was opened with another one is closed by it."""
        return b64u(sha256(f"{self.name} {self.salt} {self.hash}".encode()))[:16]


@dataclass(frozen=True, slots=True)
class _Nobody:
    """What is compared where no such operator exists."""

    salt: bytes = bytes(_SALT_BYTES)


def new_operator(name: str, password: str, now: datetime, cost: Argon2Cost = _COST) -> Operator:
    """An operator with a fresh salt. Raises OperatorError."""
    if not _NAME.fullmatch(name):
        raise OperatorError("a name has 2 to 32 small letters, digits, '.', '_' or '-'")
    known = unicodedata.normalize("NFC", password)
    if not MIN_PASSWORD <= len(known) <= MAX_PASSWORD:
        raise OperatorError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    if name in known.lower() or len(set(known)) < MIN_PASSWORD // 2:
        raise OperatorError("a password does not hold the name, nor few characters again and again")
    salt = secrets.token_bytes(_SALT_BYTES)
    return Operator(
        name=name,
        salt=b64u(salt),
        hash=b64u(stretched(known, salt, cost)),
        memory_kib=cost.memory_kib,
        iterations=cost.iterations,
        lanes=cost.lanes,
        added_at=now.isoformat(timespec="seconds"),
    )


class Operators:
    """The file of the operators, read again whenever it is asked."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.operators

    def all(self) -> tuple[Operator, ...]:
        """By name. Raises FolderError: the file cannot be read."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=tuple[Operator, ...])
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.DecodeError) as exc:
            raise FolderError("operators.json cannot be read") from exc

    def named(self, name: str) -> Operator | None:
        """One of them. Raises FolderError."""
        return next((one for one in self.all() if one.name == name), None)

    def verified(self, name: str, password: str) -> Operator | None:
        """The operator, if this is the password; as slow for a name that nobody has."""
        operator = self.named(name)
        known = unicodedata.normalize("NFC", password[: MAX_PASSWORD + 1])
        if operator is None:
            stretched(known, _Nobody().salt, _COST)
            return None
        derived = stretched(known, unb64u(operator.salt), operator.cost)
        return operator if hmac.compare_digest(derived, unb64u(operator.hash)) else None

    def put(self, operator: Operator) -> bool:
        """Add one, or give it another password; whether it is new."""
        others = tuple(one for one in self.all() if one.name != operator.name)
        new = len(others) == len(self.all())
        self._write((*others, operator))
        return new

    def remove(self, name: str) -> bool:
        """Take one out; whether there was one."""
        before = self.all()
        left = tuple(one for one in before if one.name != name)
        if len(left) != len(before):
            self._write(left)
        return len(left) != len(before)

    def _write(self, operators: tuple[Operator, ...]) -> None:
        folder: Path = self._path.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        data = msgspec.json.format(
            msgspec.json.encode(tuple(sorted(operators, key=lambda one: one.name))), indent=2
        )
        # The file that is made so is readable by its owner only.
        handle, name = tempfile.mkstemp(prefix=".operators-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data + b"\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
