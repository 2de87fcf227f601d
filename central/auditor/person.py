"""Whom an access request is about: kept by the auditors beside the case, never in a log.

Rules, in order: the file lies with those who handle the request; an order names only its digest,
and a random number in the file keeps anybody from guessing a person from that digest; a record is
the person's where the number of the document is the same, or where birth date, birth surname and
first given name are, written as a machine-readable zone writes them; a record that holds none of
these is told apart as "cannot be told", never silently left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from central.archive.layout import write_secret
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256
from kiosk.documents.names import mrz_name

_MAX_FILE = 16 * 1024
_Text = Annotated[str, Meta(max_length=200)]


class Match(StrEnum):
    """Whether a record is about the person."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to look for.

    Attributes:
        nonce: 32 random hexadecimal digits.
        surname / given_name: birth surname and first given name, or ``""``.
        birth_date: like 1984-03-22, or ``""``.
        document_number: or ``""``.
    """

    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
    surname: _Text = ""
    given_name: _Text = ""
    birth_date: _Text = ""
    document_number: _Text = ""

    @property
    def digest(self) -> str:
        """What an order says of this person; not to be guessed without the file."""
        return b64u(sha256(canonical_json(msgspec.to_builtins(self))))

    def matches(self, record: Mapping[str, Any]) -> Match:
        """Whether a record in clear is about this person."""
        claims = _table(record, "verified_claims", "claims")
        number = str(_table(record, "visavis", "document").get("number", ""))
        judged = []
        if self.document_number and number:
            judged.append(_plain(number) == _plain(self.document_number))
        if self.surname and self.birth_date and claims.get("birthdate"):
            judged.append(self._named(claims))
        if not judged:
            return Match.UNKNOWN
        return Match.SAME if any(judged) else Match.OTHER

    def _named(self, claims: Mapping[str, Any]) -> bool:
        given = str(claims.get("given_name", "")).split(" ")[0]
        wanted = self.given_name.replace(",", " ").split(" ")[0]
        same_given = not wanted or mrz_name(given) == mrz_name(wanted)
        return (
            str(claims["birthdate"]) == self.birth_date
            and mrz_name(str(claims.get("family_name", ""))) == mrz_name(self.surname)
            and same_given
        )


def _plain(number: str) -> str:
    return "".join(sign for sign in number.upper() if sign.isalnum())


def _table(record: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    value: Any = record
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def new_person(
    path: Path, surname: str, given_name: str, birth_date: str, document_number: str
) -> Person:
    """Write the file about a person. Raises ValueError, FileExistsError."""
    if birth_date:
        date.fromisoformat(birth_date)
    if not document_number and not (surname and birth_date):
        raise ValueError("give a document number, or birth surname and birth date")
    person = Person(os.urandom(16).hex(), surname, given_name, birth_date, document_number)
    write_secret(path, msgspec.json.format(msgspec.json.encode(person)))
    return person


def read_person(path: Path) -> Person:
    """The file about a person. Raises ValueError."""
    try:
        return msgspec.convert(parse_json(path.read_bytes(), _MAX_FILE), Person)
    except (OSError, ValueError, msgspec.ValidationError) as exc:
        raise ValueError(f"{path.name} says of nobody whom to look for") from exc
