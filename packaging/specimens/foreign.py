"""Residence permit and identity cards of other States, in layouts of our own."""

from __future__ import annotations

from canvas import Colour, Sheet
from parts import (
    ID1,
    INK,
    LABEL,
    chip,
    field,
    guilloche,
    header,
    note,
    portrait,
    printed,
    signature,
    specimen_mark,
    zone,
)
from people import Specimen

PLUM: Colour = (104, 52, 108)


def permit_front(s: Specimen) -> Sheet:
    """Front of a residence permit."""
    sheet = Sheet(*ID1, (240, 228, 240), (226, 240, 230))
    guilloche(
        sheet, ((176, 130, 176), (120, 170, 140), (170, 110, 150)), centre=(700, 340), reach=290
    )
    header(sheet, "TITRE DE SÉJOUR", "RESIDENCE PERMIT · SPECIMEN", "FR", PLUM)
    sheet.paste(portrait(s, grey=0.8), 34, 116, 290, 373, radius=14)
    x = 354
    field(sheet, x, 130, "NOM / Surname", s.surname.upper(), size=34)
    field(sheet, x, 198, "PRÉNOMS / Given names", ", ".join(s.given_names), size=30)
    field(sheet, x, 262, "SEXE / Sex", s.sex)
    field(sheet, x + 130, 262, "NATIONALITÉ / Nationality", s.nationality)
    field(sheet, x + 390, 262, "DATE DE NAISS. / Date of birth", printed(s.birth))
    field(sheet, x, 326, "TYPE DE TITRE / Type of permit", s.remark, size=30)
    field(sheet, x, 390, "NUMÉRO / Permit No", s.number, size=34)
    field(sheet, x + 390, 390, "VALABLE JUSQU’AU / Valid until", printed(s.expires))
    sheet.text(x, 494, "SIGNATURE / Signature", 15, LABEL)
    signature(sheet, x + 8, 556, s)
    sheet.paste(portrait(s, grey=1.0), 880, 476, 96, 123, radius=48, alpha=0.5)
    note(sheet, 36, 604)
    specimen_mark(sheet)
    return sheet


def permit_back(s: Specimen) -> Sheet:
    """Back of a residence permit."""
    sheet = Sheet(*ID1, (228, 240, 230), (240, 230, 240))
    guilloche(
        sheet, ((120, 170, 140), (176, 130, 176), (130, 140, 180)), centre=(680, 230), reach=260
    )
    sheet.box(0, 0, ID1[0], 52, PLUM)
    sheet.text(34, 36, "TITRE DE SÉJOUR · SPÉCIMEN", 22, (255, 255, 255), weight="Bold")
    sheet.text(978, 36, s.number, 24, (255, 255, 255), weight="SemiBold", anchor="rs")
    field(sheet, 40, 92, "LIEU DE NAISSANCE / Place of birth", s.birth_place, size=26)
    field(sheet, 420, 92, "DÉLIVRÉ LE / Date of issue", printed(s.issued), size=26)
    field(sheet, 40, 160, "ADRESSE / Address", s.address[0], size=26)
    sheet.text(40, 218, s.address[1], 26, INK, weight="SemiBold")
    field(sheet, 420, 160, "AUTORITÉ / Authority", s.authority, size=26)
    chip(sheet, 40, 280)
    note(sheet, 186, 366)
    specimen_mark(sheet, size=92, centre=(560, 300), alpha=0.16)
    zone(sheet, s, 446)
    return sheet


WORDS = {
    "BE": (
        "IDENTITEITSKAART",
        "CARTE D’IDENTITÉ · SPECIMEN",
        "Naam / Nom / Name",
        "Voornamen / Prénoms / Given names",
        "Geslacht / Sexe / Sex",
        "Nationaliteit / Nationality",
        "Geboortedatum / Date of birth",
        "Kaartnummer / Card No",
        "Geldig tot / Valid until",
        "Geboorteplaats / Place of birth",
        "Afgegeven / Issued",
    ),
    "DE": (
        "PERSONALAUSWEIS",
        "IDENTITY CARD · SPECIMEN",
        "Name / Surname",
        "Vornamen / Given names",
        "Geschlecht / Sex",
        "Staatsangehörigkeit / Nationality",
        "Geburtsdatum / Date of birth",
        "Nummer / Card No",
        "Gültig bis / Date of expiry",
        "Geburtsort / Place of birth",
        "Ausgestellt / Issued",
    ),
}
TINTS: dict[str, tuple[Colour, Colour, Colour, tuple[Colour, Colour, Colour]]] = {
    "BE": (
        (248, 236, 214),
        (228, 238, 240),
        (156, 74, 38),
        ((206, 160, 96), (130, 170, 176), (190, 124, 90)),
    ),
    "DE": (
        (220, 238, 234),
        (242, 236, 222),
        (30, 92, 92),
        ((96, 164, 158), (190, 170, 120), (110, 150, 170)),
    ),
}


def eu_card_front(s: Specimen) -> Sheet:
    """Front of an identity card of another Member State; ``remark`` holds its two letters."""
    words, (top, bottom, band, tones) = WORDS[s.remark], TINTS[s.remark]
    sheet = Sheet(*ID1, top, bottom)
    guilloche(sheet, tones, centre=(640, 350), reach=300)
    header(sheet, words[0], words[1], s.remark, band)
    sheet.paste(portrait(s, grey=0.25), 682, 120, 296, 380, radius=14)
    sheet.paste(portrait(s, grey=1.0), 560, 470, 84, 108, radius=42, alpha=0.5)
    field(sheet, 40, 134, words[2], s.surname.upper(), size=34)
    field(sheet, 40, 204, words[3], ", ".join(s.given_names), size=30)
    field(sheet, 40, 270, words[4], s.sex)
    field(sheet, 250, 270, words[5], s.nationality)
    field(sheet, 40, 334, words[6], printed(s.birth))
    field(sheet, 360, 334, words[8], printed(s.expires))
    field(sheet, 40, 400, words[7], s.number, size=34)
    signature(sheet, 60, 540, s)
    note(sheet, 40, 604)
    specimen_mark(sheet, centre=(380, 340))
    return sheet


def eu_card_back(s: Specimen) -> Sheet:
    """Back of an identity card of another Member State."""
    words, (top, bottom, band, tones) = WORDS[s.remark], TINTS[s.remark]
    sheet = Sheet(*ID1, bottom, top)
    guilloche(sheet, tones, centre=(560, 230), reach=270)
    sheet.box(0, 0, ID1[0], 46, band)
    sheet.text(34, 32, f"{words[0]} · SPECIMEN", 20, (255, 255, 255), weight="Bold")
    field(sheet, 200, 92, words[9], s.birth_place, size=26)
    field(sheet, 560, 92, words[10], printed(s.issued), size=26)
    field(sheet, 200, 160, "Autorité / Authority", s.authority, size=26)
    chip(sheet, 44, 100)
    note(sheet, 44, 366)
    specimen_mark(sheet, size=92, centre=(560, 300), alpha=0.16)
    zone(sheet, s, 446)
    return sheet
