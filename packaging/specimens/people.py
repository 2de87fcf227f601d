"""The specimens: who stands on them, which lines they carry, what a verification should make of them.

Persons and lines of public official specimens where they exist (MARTIN Maëlys-Gaëlle, BERTHIER
Corinne, SPECIMEN ...), invented ones otherwise. None of them is a real person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import zones


@dataclass(frozen=True, slots=True)
class Specimen:
    """One document to draw.

    Attributes:
        specimen_id: stable name, part of the file names.
        kind: value of ``kiosk.domain.evidence.DocumentKind``.
        variant: ``valid``, ``extended``, ``expired``, ``minor``, ``tampered``, ``damaged``,
            ``other-name`` or ``not-accepted``.
        face: key of ``faces.FACES``.
        surname, given_names: as printed, with accents.
        number: document number as printed.
        mrz: the lines exactly as drawn, wrong digits included.
        mrz_side: ``front`` or ``back``.
        sides: the sides drawn.
        expected: outcome of a correct verification with the matching request.
        reason: reason code that a refusal should carry, or ``""``.
        request: fields of a request that differ from the document, by name.
        seal: the back carries a 2D-Doc of the test authority.
    """

    specimen_id: str
    kind: str
    variant: str
    face: str
    surname: str
    given_names: tuple[str, ...]
    sex: str
    nationality: str
    birth: date
    birth_place: str
    number: str
    issued: date
    expires: date
    mrz: tuple[str, ...]
    mrz_side: str
    sides: tuple[str, ...] = ("front", "back")
    issuer: str = "FRA"
    height_cm: int = 170
    address: tuple[str, ...] = ("12 RUE DES SPÉCIMENS", "75000 PARIS")
    authority: str = "PRÉFECTURE SPÉCIMEN"
    remark: str = ""
    expected: str = "accepted"
    reason: str = ""
    request: tuple[tuple[str, str], ...] = ()
    seal: bool = False


def french_card(specimen: Specimen) -> Specimen:
    """Fill in the zone of a French card of 2021."""
    return replace(specimen, mrz=zones.td1(
        code="ID", issuer="FRA", number=specimen.number, birth=specimen.birth, sex=specimen.sex,
        expiry=specimen.expires, nationality="FRA", surname=specimen.surname,
        given_names=specimen.given_names))


def passport(specimen: Specimen, code: str = "P") -> Specimen:
    """Fill in the zone of a passport."""
    return replace(specimen, mrz=zones.td3(
        code=code, issuer=specimen.issuer, number=specimen.number, birth=specimen.birth,
        sex=specimen.sex, expiry=specimen.expires, nationality=specimen.nationality,
        surname=specimen.surname, given_names=specimen.given_names))


def td1_card(specimen: Specimen, code: str) -> Specimen:
    """Fill in the zone of another card of the size ID-1."""
    return replace(specimen, mrz=zones.td1(
        code=code, issuer=specimen.issuer, number=specimen.number, birth=specimen.birth,
        sex=specimen.sex, expiry=specimen.expires, nationality=specimen.nationality,
        surname=specimen.surname, given_names=specimen.given_names))


def old_card(specimen: Specimen, department: str, office: str) -> Specimen:
    """Fill in the zone of a French card of 1988."""
    return replace(specimen, mrz=zones.french_1988(
        number=specimen.number, birth=specimen.birth, sex=specimen.sex, surname=specimen.surname,
        given_names=specimen.given_names, department=department, office=office))


def wrong_digit(specimen: Specimen, line: int, column: int, character: str) -> Specimen:
    """Put one character over the zone, as a forger does who does not know the check digits."""
    lines = list(specimen.mrz)
    lines[line] = lines[line][:column] + character + lines[line][column + 1 :]
    return replace(specimen, mrz=tuple(lines))


MARTIN = french_card(Specimen(
    "fr-id-martin", "fr-id-card-2021", "valid", "maelys", "Martin", ("Maëlys-Gaëlle", "Marie"),
    "F", "FRA", date(1990, 7, 13), "PARIS", "X4RTBPFW4", date(2020, 2, 12), date(2030, 2, 11),
    (), "back", height_cm=168, seal=True))

LEFEVRE = french_card(Specimen(
    "fr-id-lefevre", "fr-id-card-2021", "valid", "antoine", "Lefèvre", ("Antoine", "Louis"),
    "M", "FRA", date(1984, 3, 22), "NANTES", "F7K2MD9T3", date(2024, 5, 16), date(2034, 5, 15),
    (), "back", height_cm=182, address=("4 QUAI DES MODÈLES", "44000 NANTES"), seal=True))

BERTHIER = passport(Specimen(
    "fr-passport-berthier", "fr-passport", "valid", "corinne", "Berthier", ("Corinne",),
    "F", "FRA", date(1965, 12, 6), "LYON", "26AB12345", date(2026, 1, 15), date(2036, 1, 14),
    (), "front", ("front",), height_cm=165, authority="PRÉFECTURE SPÉCIMEN"), "PP")

MARIE_CLAIRE = old_card(Specimen(
    "fr-id-1988-specimen", "fr-id-card-1988", "extended", "marie", "Specimen", ("Marie-Claire",),
    "F", "FRA", date(1985, 2, 28), "RENNES", "120675K01234", date(2012, 6, 15), date(2022, 6, 14),
    (), "front", height_cm=171), "075", "012")

SPECIMENS: tuple[Specimen, ...] = (
    MARTIN,
    LEFEVRE,
    BERTHIER,
    MARIE_CLAIRE,
)
