"""The specimen documents of ``resources/specimens``: pictures and the truth about them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.devices.picture_files import open_picture
from kiosk.documents.twoddoc import SealCertificate
from kiosk.domain.errors import CaptureError, CatalogueError
from kiosk.domain.evidence import DocumentKind, Side

if TYPE_CHECKING:
    from kiosk.ports import Picture


@dataclass(frozen=True, slots=True)
class Holder:
    """The person on a specimen, as printed. All of them are invented or official specimens."""

    surname: str
    given_names: tuple[str, ...]
    sex: str
    nationality: str
    birth_date: str
    birth_place: str


@dataclass(frozen=True, slots=True)
class Specimen:
    """One specimen document.

    Attributes:
        specimen_id: stable name (``fr-id-martin``).
        variant: ``valid``, ``extended``, ``expired``, ``minor``, ``tampered``, ``damaged``,
            ``other-name`` or ``not-accepted``.
        mrz: the lines exactly as drawn, wrong check digits included.
        mrz_side: the side that carries them.
        number, issuer: as printed.
        issued, expires: printed dates, ISO 8601.
        expected: outcome of a correct verification with the matching request.
        reason: reason code that a refusal should carry, or ``""``.
        request: fields of the request that differ from the document, by name.
        files: picture of each side.
        seal: text of the 2D-Doc on its back, or ``""``.
    """

    specimen_id: str
    kind: DocumentKind
    variant: str
    holder: Holder
    mrz: tuple[str, ...]
    mrz_side: Side
    number: str
    issuer: str
    issued: str
    expires: str
    expected: str
    reason: str
    request: Mapping[str, str]
    files: Mapping[Side, Path]
    seal: str = ""

    def picture(self, side: Side) -> Picture:
        """Picture of one side, (H, W, 3) uint8 BGR, 300 dpi. Raises CatalogueError."""
        path = self.files.get(side)
        if path is None:
            raise CatalogueError(f"no {side} side: {self.specimen_id}")
        try:
            return open_picture(path)
        except CaptureError as exc:
            raise CatalogueError(f"no picture: {self.specimen_id} {side}") from exc

    def mrz_on(self, side: Side) -> tuple[str, ...]:
        """The lines of the zone where this side carries it, else nothing."""
        return self.mrz if side is self.mrz_side else ()


def _specimen(folder: Path, entry: dict[str, Any]) -> Specimen:
    holder, document = entry["holder"], entry["document"]
    return Specimen(
        specimen_id=entry["id"],
        kind=DocumentKind(entry["kind"]),
        variant=entry["variant"],
        holder=Holder(
            surname=holder["surname"],
            given_names=tuple(holder["given_names"]),
            sex=holder["sex"],
            nationality=holder["nationality"],
            birth_date=holder["birth_date"],
            birth_place=holder["birth_place"],
        ),
        mrz=tuple(entry["mrz"]),
        mrz_side=Side(entry["mrz_side"]),
        number=document["number"],
        issuer=document["issuer"],
        issued=document["issued"],
        expires=document["expires"],
        expected=entry["expected"],
        reason=entry["reason"],
        request=dict(entry["request"]),
        files={Side(side): folder / name for side, name in entry["sides"].items()},
        seal=entry["seal"],
    )


def load_specimens(folder: Path) -> dict[str, Specimen]:
    """Specimens by id, in the order of the file.

    Args:
        folder: ``resources/specimens``.

    Raises:
        CatalogueError: the list is missing or incomplete.
    """
    try:
        found = [_specimen(folder, entry) for entry in _listing(folder)["specimen"]]
    except (KeyError, ValueError, TypeError) as exc:
        raise CatalogueError("specimens.toml") from exc
    return {specimen.specimen_id: specimen for specimen in found}


def load_authority(folder: Path) -> SealCertificate:
    """The certificate that sealed the specimens; always one for tests. Raises CatalogueError."""
    try:
        authority = _listing(folder)["authority"]
        return SealCertificate(
            ca_id=authority["ca"],
            certificate_id=authority["certificate"],
            x=bytes.fromhex(authority["x"]),
            y=bytes.fromhex(authority["y"]),
            not_before=date(2000, 1, 1),
            not_after=date(2099, 12, 31),
            test=True,
        )
    except (KeyError, ValueError, TypeError) as exc:
        raise CatalogueError("specimens.toml") from exc


def _listing(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / "specimens.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise CatalogueError("specimens.toml") from exc
