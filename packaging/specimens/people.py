"""The specimens: who stands on them, which lines they carry, how their verification should end.

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
        seal_birth: birth date in the seal, where a forger changed the printed one.
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
    seal_birth: date | None = None


def french_card(specimen: Specimen) -> Specimen:
    """Fill in the zone of a French card of 2021."""
    return replace(
        specimen,
        mrz=zones.td1(
            code="ID",
            issuer="FRA",
            number=specimen.number,
            birth=specimen.birth,
            sex=specimen.sex,
            expiry=specimen.expires,
            nationality="FRA",
            surname=specimen.surname,
            given_names=specimen.given_names,
        ),
    )


def passport(specimen: Specimen, code: str = "P") -> Specimen:
    """Fill in the zone of a passport."""
    return replace(
        specimen,
        mrz=zones.td3(
            code=code,
            issuer=specimen.issuer,
            number=specimen.number,
            birth=specimen.birth,
            sex=specimen.sex,
            expiry=specimen.expires,
            nationality=specimen.nationality,
            surname=specimen.surname,
            given_names=specimen.given_names,
        ),
    )


def td1_card(specimen: Specimen, code: str) -> Specimen:
    """Fill in the zone of another card of the size ID-1."""
    return replace(
        specimen,
        mrz=zones.td1(
            code=code,
            issuer=specimen.issuer,
            number=specimen.number,
            birth=specimen.birth,
            sex=specimen.sex,
            expiry=specimen.expires,
            nationality=specimen.nationality,
            surname=specimen.surname,
            given_names=specimen.given_names,
        ),
    )


def old_card(specimen: Specimen, department: str, office: str) -> Specimen:
    """Fill in the zone of a French card of 1988."""
    return replace(
        specimen,
        mrz=zones.french_1988(
            number=specimen.number,
            birth=specimen.birth,
            sex=specimen.sex,
            surname=specimen.surname,
            given_names=specimen.given_names,
            department=department,
            office=office,
        ),
    )


def wrong_digit(specimen: Specimen, line: int, column: int, text: str) -> Specimen:
    """Put characters over the zone, as a forger does who does not know the check digits."""
    lines = list(specimen.mrz)
    lines[line] = lines[line][:column] + text + lines[line][column + len(text) :]
    return replace(specimen, mrz=tuple(lines))


MARTIN = french_card(
    Specimen(
        "fr-id-martin",
        "fr-id-card-2021",
        "valid",
        "maelys",
        "Martin",
        ("Maëlys-Gaëlle", "Marie"),
        "F",
        "FRA",
        date(1990, 7, 13),
        "PARIS",
        "X4RTBPFW4",
        date(2020, 2, 12),
        date(2030, 2, 11),
        (),
        "back",
        height_cm=168,
        seal=True,
    )
)

# A forger made her two years older: the digits of the birth year were changed, nothing else.
MARTIN_TAMPERED = wrong_digit(
    replace(
        MARTIN,
        specimen_id="fr-id-martin-tampered",
        variant="tampered",
        birth=date(1988, 7, 13),
        seal_birth=MARTIN.birth,
        expected="refused",
        reason="mrz-check-digit",
    ),
    1,
    0,
    "88",
)

LEFEVRE = french_card(
    Specimen(
        "fr-id-lefevre",
        "fr-id-card-2021",
        "valid",
        "antoine",
        "Lefèvre",
        ("Antoine", "Louis"),
        "M",
        "FRA",
        date(1984, 3, 22),
        "NANTES",
        "F7K2MD9T3",
        date(2024, 5, 16),
        date(2034, 5, 15),
        (),
        "back",
        height_cm=182,
        address=("4 QUAI DES MODÈLES", "44000 NANTES"),
        seal=True,
    )
)

LEFEVRE_DAMAGED = replace(
    LEFEVRE,
    specimen_id="fr-id-lefevre-damaged",
    variant="damaged",
    expected="refused",
    reason="damaged",
)

# The request was made in the name of her sister: one given name and the birth date differ.
GARNIER = french_card(
    Specimen(
        "fr-id-garnier",
        "fr-id-card-2021",
        "other-name",
        "anne-sophie",
        "Garnier",
        ("Élodie", "Rose"),
        "F",
        "FRA",
        date(1993, 11, 4),
        "BREST",
        "T4ZC9NX21",
        date(2023, 9, 1),
        date(2033, 8, 31),
        (),
        "back",
        height_cm=163,
        address=("27 ALLÉE DES EXEMPLES", "29200 BREST"),
        seal=True,
        expected="refused",
        reason="name-differs",
        request=(("given_names", "Émilie Rose"), ("birth_date", "1995-02-17")),
    )
)

ROUX = french_card(
    Specimen(
        "fr-id-roux-minor",
        "fr-id-card-2021",
        "minor",
        "lina",
        "Roux",
        ("Lina",),
        "F",
        "FRA",
        date(2014, 9, 2),
        "DIJON",
        "C6VJ38WTK",
        date(2025, 7, 10),
        date(2035, 7, 9),
        (),
        "back",
        height_cm=146,
        address=("3 IMPASSE DU TEST", "21000 DIJON"),
        seal=True,
        expected="refused",
        reason="not-adult",
    )
)

BERTHIER = passport(
    Specimen(
        "fr-passport-berthier",
        "fr-passport",
        "valid",
        "corinne",
        "Berthier",
        ("Corinne",),
        "F",
        "FRA",
        date(1965, 12, 6),
        "LYON",
        "26AB12345",
        date(2026, 1, 15),
        date(2036, 1, 14),
        (),
        "front",
        ("front",),
        height_cm=165,
    ),
    "PP",
)

LE_GOFF = passport(
    Specimen(
        "fr-passport-le-goff",
        "fr-passport",
        "valid",
        "anne",
        "Le Goff",
        ("Anne", "Sophie"),
        "F",
        "FRA",
        date(1980, 2, 29),
        "QUIMPER",
        "19FV98765",
        date(2019, 3, 4),
        date(2029, 3, 3),
        (),
        "front",
        ("front",),
        height_cm=172,
    )
)

NATACHA = passport(
    Specimen(
        "fr-passport-expired",
        "fr-passport",
        "expired",
        "natacha",
        "Specimen",
        ("Natacha",),
        "F",
        "FRA",
        date(1973, 7, 12),
        "TOURS",
        "07CD12304",
        date(2006, 3, 7),
        date(2016, 3, 6),
        (),
        "front",
        ("front",),
        height_cm=169,
        expected="refused",
        reason="expired",
    )
)

MARIE_CLAIRE = old_card(
    Specimen(
        "fr-id-1988-specimen",
        "fr-id-card-1988",
        "extended",
        "marie",
        "Specimen",
        ("Marie-Claire",),
        "F",
        "FRA",
        date(1985, 2, 28),
        "RENNES",
        "120675K01234",
        date(2012, 6, 15),
        date(2022, 6, 14),
        (),
        "front",
        height_cm=171,
    ),
    "075",
    "012",
)

ROUSSEAU = old_card(
    Specimen(
        "fr-id-1988-rousseau",
        "fr-id-card-1988",
        "valid",
        "paul",
        "Rousseau",
        ("Paul", "Émile"),
        "M",
        "FRA",
        date(1957, 10, 9),
        "LILLE",
        "160459201847",
        date(2016, 4, 11),
        date(2031, 4, 10),
        (),
        "front",
        height_cm=176,
        address=("8 RUE DE L’ESSAI", "59000 LILLE"),
    ),
    "059",
    "002",
)

# Issued to a minor: no extension, although he is an adult now.
DUBOIS = old_card(
    Specimen(
        "fr-id-1988-dubois",
        "fr-id-card-1988",
        "expired",
        "luc",
        "Dubois-Lefèvre",
        ("Luc",),
        "M",
        "FRA",
        date(1999, 7, 17),
        "METZ",
        "130569210007",
        date(2013, 5, 20),
        date(2023, 5, 19),
        (),
        "front",
        height_cm=158,
        expected="refused",
        reason="expired",
    ),
    "",
    "",
)

EL_AMRANI = td1_card(
    Specimen(
        "fr-permit-el-amrani",
        "fr-residence-permit",
        "valid",
        "salma",
        "El Amrani",
        ("Salma",),
        "F",
        "MAR",
        date(1988, 3, 15),
        "FÈS",
        "9921234AB",
        date(2021, 7, 1),
        date(2031, 6, 30),
        (),
        "back",
        height_cm=167,
        remark="CARTE DE RÉSIDENT",
        address=("15 COURS DU MODÈLE", "33000 BORDEAUX"),
    ),
    "IR",
)

KONE = td1_card(
    Specimen(
        "fr-permit-kone-expired",
        "fr-residence-permit",
        "expired",
        "amadou",
        "Koné",
        ("Amadou",),
        "M",
        "CIV",
        date(1991, 1, 20),
        "BOUAKÉ",
        "7503129QX",
        date(2021, 4, 1),
        date(2025, 3, 31),
        (),
        "back",
        height_cm=184,
        remark="SALARIÉ",
        address=("40 RUE FICTIVE", "13000 MARSEILLE"),
        expected="refused",
        reason="expired",
    ),
    "IR",
)

PEETERS = td1_card(
    Specimen(
        "be-id-peeters",
        "eu-id-card",
        "valid",
        "an",
        "Peeters",
        ("An",),
        "F",
        "BEL",
        date(1992, 2, 29),
        "GENT",
        "600001795015",
        date(2023, 11, 6),
        date(2033, 11, 5),
        (),
        "back",
        issuer="BEL",
        authority="GENT",
        remark="BE",
    ),
    "ID",
)

# Germany writes Ü as UE in the zone (ICAO Doc 9303-3 §6.A leaves the choice to the State).
TRAN = td1_card(
    Specimen(
        "de-id-tran",
        "eu-id-card",
        "valid",
        "minh",
        "Tran-Mueller",
        ("Minh Anh",),
        "M",
        "D",
        date(1995, 8, 30),
        "KÖLN",
        "L3X7T01K9",
        date(2022, 2, 14),
        date(2032, 2, 13),
        (),
        "back",
        issuer="D",
        height_cm=174,
        authority="STADT KÖLN",
        remark="DE",
    ),
    "ID",
)
TRAN = replace(TRAN, surname="Tran-Müller")

# A fantasy document: the code UTO stands for no State and must be refused.
ERIKSSON = passport(
    Specimen(
        "uto-passport-eriksson",
        "passport",
        "not-accepted",
        "anna",
        "Eriksson",
        ("Anna", "Maria"),
        "F",
        "UTO",
        date(1974, 8, 12),
        "ZENITH",
        "L898902C3",
        date(2022, 4, 16),
        date(2032, 4, 15),
        (),
        "front",
        ("front",),
        issuer="UTO",
        authority="UTOPIA",
        expected="refused",
        reason="type-not-accepted",
    )
)

SPECIMENS: tuple[Specimen, ...] = (
    MARTIN,
    LEFEVRE,
    BERTHIER,
    LE_GOFF,
    MARIE_CLAIRE,
    ROUSSEAU,
    EL_AMRANI,
    PEETERS,
    TRAN,
    MARTIN_TAMPERED,
    LEFEVRE_DAMAGED,
    GARNIER,
    ROUX,
    NATACHA,
    DUBOIS,
    KONE,
    ERIKSSON,
)
