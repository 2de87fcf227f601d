"""French documents: the card of 2021, the laminated card, the passport.

Believable layouts, and clearly none of the State's own designs: no emblem, no motto, no seal.
"""

from __future__ import annotations

from canvas import Colour, Sheet
from parts import (
    ID1,
    ID2,
    ID3,
    INK,
    LABEL,
    chip,
    field,
    guilloche,
    header,
    metres,
    note,
    portrait,
    printed,
    seal,
    signature,
    specimen_mark,
    zone,
)
from people import Specimen

BLUE: Colour = (38, 74, 128)


def card_front(s: Specimen) -> Sheet:
    """Front of the card of 2021: portrait, second small portrait, fields."""
    sheet = Sheet(*ID1, (226, 238, 247), (246, 236, 232))
    guilloche(
        sheet, ((104, 150, 190), (206, 140, 132), (116, 136, 190)), centre=(640, 360), reach=300
    )
    header(sheet, "CARTE D’IDENTITÉ", "IDENTITY CARD · SPECIMEN", "FR", BLUE)
    sheet.box(32, 118, 300, 386, (238, 242, 246), radius=16)
    sheet.paste(portrait(s, grey=0.35), 36, 122, 292, 378, radius=14)
    x = 362
    field(sheet, x, 136, "NOM / Surname", s.surname.upper(), size=34)
    field(sheet, x, 204, "PRÉNOMS / Given names", ", ".join(s.given_names), size=31)
    field(sheet, x, 270, "SEXE / Sex", s.sex)
    field(sheet, x + 130, 270, "NATIONALITÉ / Nationality", s.nationality)
    field(sheet, x + 390, 270, "DATE DE NAISS. / Date of birth", printed(s.birth))
    field(sheet, x, 334, "LIEU DE NAISSANCE / Place of birth", s.birth_place)
    field(sheet, x, 398, "NUMÉRO DE DOCUMENT / Document No", s.number, size=34)
    field(sheet, x + 390, 398, "EXPIRE LE / Expiry date", printed(s.expires), size=30)
    sheet.paste(portrait(s, grey=1.0), 874, 480, 100, 128, radius=50, alpha=0.55)
    sheet.text(x, 520, "SIGNATURE / Signature", 15, LABEL)
    signature(sheet, x + 8, 570, s)
    note(sheet, 36, 604)
    specimen_mark(sheet)
    return sheet


def card_back(s: Specimen) -> Sheet:
    """Back of the card of 2021: address, dates, seal, machine-readable zone."""
    sheet = Sheet(*ID1, (244, 238, 234), (226, 236, 246))
    guilloche(
        sheet, ((190, 150, 150), (120, 160, 200), (150, 130, 180)), centre=(330, 250), reach=270
    )
    sheet.box(0, 0, ID1[0], 52, BLUE)
    sheet.text(34, 36, "CARTE D’IDENTITÉ · SPÉCIMEN", 22, (255, 255, 255), weight="Bold")
    sheet.text(978, 36, s.number, 24, (255, 255, 255), weight="SemiBold", anchor="rs")
    field(sheet, 40, 88, "TAILLE / Height", metres(s.height_cm), size=26)
    field(sheet, 220, 88, "DATE DE DÉLIVRANCE / Date of issue", printed(s.issued), size=26)
    field(sheet, 40, 150, "ADRESSE / Address", s.address[0], size=26)
    sheet.text(40, 208, s.address[1], 26, INK, weight="SemiBold")
    field(sheet, 40, 246, "AUTORITÉ / Authority", s.authority, size=24)
    chip(sheet, 40, 304)
    note(sheet, 186, 390)
    specimen_mark(sheet, size=84, centre=(360, 290), alpha=0.18)
    if s.seal:
        seal(sheet, s, 676, 82, 300)
    zone(sheet, s, 446)
    return sheet


def passport_page(s: Specimen) -> Sheet:
    """Data page of a passport."""
    sheet = Sheet(*ID3, (244, 236, 226), (230, 236, 246))
    guilloche(
        sheet, ((196, 150, 120), (120, 150, 190), (170, 110, 130)), centre=(940, 470), reach=420
    )
    french = s.issuer == "FRA"
    sheet.box(0, 0, ID3[0], 110, (112, 38, 54) if french else (40, 84, 78))
    sheet.text(48, 72, "PASSEPORT", 50, (255, 244, 230), weight="Bold")
    sheet.text(390, 70, "Passport · Specimen", 28, (240, 216, 206))
    sheet.text(1428, 72, s.number, 44, (255, 244, 230), weight="SemiBold", anchor="rs")
    sheet.paste(portrait(s), 48, 150, 424, 545, radius=14)
    x = 520
    field(sheet, x, 168, "Type", s.mrz[0][:2].rstrip("<"), size=36)
    field(sheet, x + 150, 168, "Code du pays / Country code", s.issuer, size=36)
    field(sheet, x + 480, 168, "Passeport n° / Passport No", s.number, size=40)
    field(sheet, x, 252, "Nom / Surname (1)", s.surname.upper(), size=40)
    field(sheet, x, 336, "Prénoms / Given names (2)", ", ".join(s.given_names), size=40)
    field(
        sheet,
        x,
        420,
        "Nationalité / Nationality (3)",
        "Française" if french else "Utopian",
        size=36,
    )
    field(sheet, x + 480, 420, "Taille / Height", metres(s.height_cm), size=36)
    field(sheet, x, 500, "Date de naissance / Date of birth (4)", printed(s.birth), size=36)
    field(sheet, x + 480, 500, "Sexe / Sex (5)", s.sex, size=36)
    field(sheet, x + 640, 500, "Lieu / Place (6)", s.birth_place, size=32)
    field(sheet, x, 580, "Date de délivrance / Date of issue (7)", printed(s.issued), size=36)
    field(sheet, x + 480, 580, "Autorité / Authority (9)", s.authority, size=30)
    field(sheet, x, 660, "Date d’expiration / Date of expiry (8)", printed(s.expires), size=36)
    signature(sheet, x + 520, 740, s)
    note(sheet, 48, 752)
    specimen_mark(sheet, size=190, centre=(930, 470))
    zone(sheet, s, 812, leading=80)
    return sheet


def old_card_front(s: Specimen) -> Sheet:
    """Front of the laminated card: portrait, fields and the zone of two lines."""
    sheet = Sheet(*ID2, (214, 232, 238), (236, 240, 228))
    guilloche(
        sheet, ((96, 160, 176), (150, 170, 120), (104, 140, 170)), centre=(760, 360), reach=330
    )
    sheet.text(44, 66, "CARTE D’IDENTITÉ", 38, (40, 70, 110), weight="Bold")
    sheet.text(420, 64, "Spécimen · modèle plastifié", 24, LABEL)
    sheet.text(1196, 66, f"N° {s.number}", 34, INK, weight="SemiBold", anchor="rs")
    sheet.paste(portrait(s), 48, 112, 372, 478, radius=6)
    x = 460
    field(sheet, x, 138, "Nom :", s.surname.upper(), size=38)
    field(sheet, x, 222, "Prénom(s) :", ", ".join(s.given_names), size=38)
    field(sheet, x, 306, "Sexe :", s.sex, size=36)
    field(sheet, x + 170, 306, "Né(e) le :", printed(s.birth), size=36)
    field(sheet, x, 390, "à :", s.birth_place, size=36)
    field(sheet, x, 474, "Taille :", metres(s.height_cm), size=36)
    signature(sheet, x + 330, 590, s)
    sheet.text(x, 580, "Signature du titulaire :", 20, LABEL)
    note(sheet, 48, 632)
    specimen_mark(sheet, size=150, centre=(800, 380))
    zone(sheet, s, 676, leading=82)
    return sheet


def old_card_back(s: Specimen) -> Sheet:
    """Back of the laminated card: address and the printed dates."""
    sheet = Sheet(*ID2, (232, 240, 228), (214, 230, 238))
    guilloche(
        sheet, ((150, 170, 120), (96, 160, 176), (120, 130, 160)), centre=(420, 440), reach=360
    )
    field(sheet, 80, 130, "Adresse :", s.address[0], size=38)
    sheet.text(80, 218, s.address[1], 38, INK, weight="SemiBold")
    field(sheet, 80, 330, "Carte valable jusqu’au :", printed(s.expires), size=46)
    field(sheet, 640, 330, "délivrée le :", printed(s.issued), size=46)
    field(sheet, 80, 450, "par :", s.authority, size=38)
    field(sheet, 80, 560, "N° de la carte :", s.number, size=38)
    signature(sheet, 760, 620, s)
    sheet.text(700, 560, "Signature de l’autorité :", 20, LABEL)
    note(sheet, 80, 820)
    specimen_mark(sheet, size=150, centre=(680, 470))
    return sheet
