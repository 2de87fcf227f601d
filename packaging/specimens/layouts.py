"""Layouts of the specimen documents: believable, and clearly none of a State's own designs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from canvas import Colour, Sheet, rosette, waves
from faces import FACES, draw_face
from people import Specimen
from PIL import Image, ImageOps

ID1 = (1012, 638)  # 85.6 x 54 mm at 300 dpi
ID2 = (1240, 874)  # 105 x 74 mm
ID3 = (1476, 1039)  # 125 x 88 mm
INK: Colour = (32, 36, 48)
LABEL: Colour = (84, 96, 120)
MARK: Colour = (190, 70, 84)


def printed(day: date) -> str:
    """A date as printed on French documents."""
    return day.strftime("%d %m %Y")


def field(sheet: Sheet, x: float, y: float, label: str, value: str, *, size: float = 30,
          colour: Colour = INK, weight: str = "SemiBold") -> None:
    """A small label with its value under it."""
    sheet.text(x, y, label, size * 0.5, LABEL)
    sheet.text(x, y + size * 1.02, value, size, colour, weight=weight)


def guilloche(sheet: Sheet, tones: tuple[Colour, Colour, Colour], *, centre: tuple[float, float],
              reach: float) -> None:
    """The interlaced ground of a card: two wave families and a rosette."""
    w, h = sheet.width, sheet.height
    sheet.curves(waves(w, h, count=46, amplitude=26, period=210, shear=0.06), tones[0], 0.34)
    sheet.curves(waves(w, h, count=40, amplitude=34, period=330, turn=1.3, shear=-0.1), tones[1],
                 0.28)
    sheet.curves(rosette(centre, reach, reach * 0.18, lobes=14, count=26), tones[2], 0.36)
    sheet.curves(rosette(centre, reach * 0.72, reach * 0.1, lobes=9, count=18), tones[1], 0.30)


def header(sheet: Sheet, title: str, subtitle: str, code: str, colour: Colour) -> None:
    """Coloured band with the title and a round country code."""
    sheet.box(0, 0, sheet.width, 92, colour)
    sheet.box(30, 20, 76, 52, (255, 255, 255), radius=12)
    sheet.text(68, 57, code, 32, colour, weight="Bold", anchor="ms")
    sheet.text(126, 58, title, 36, (255, 255, 255), weight="Bold")
    sheet.text(sheet.width - 34, 56, subtitle, 22, (226, 232, 244), anchor="rs")


def specimen_mark(sheet: Sheet, *, size: float = 118, alpha: float = 0.20,
                  centre: tuple[float, float] | None = None) -> None:
    """The slanted word across the document, and the sentence that it is worth nothing."""
    middle = centre or (sheet.width * 0.62, sheet.height * 0.5)
    sheet.slanted("SPÉCIMEN", middle, size, 18, MARK, alpha)


def note(sheet: Sheet, x: float, y: float, anchor: str = "ls") -> None:
    """The sentence that it is worth nothing."""
    sheet.text(x, y, "Document factice, sans valeur · Specimen, void", 14, MARK, weight="Medium",
               anchor=anchor)


def portrait(specimen: Specimen, *, grey: float = 0.0) -> Image.Image:
    """The drawn face cropped as an identity photograph; ``grey`` mixes towards engraving."""
    face = draw_face(FACES[specimen.face]).crop((52, 96, 508, 682))
    if grey:
        engraved = ImageOps.colorize(ImageOps.grayscale(face), (22, 26, 34), (236, 238, 240))
        face = Image.blend(face, engraved, grey)
    return face


def french_card_front(s: Specimen) -> Sheet:
    """Front of the card of 2021: portrait, second small portrait, fields."""
    sheet = Sheet(*ID1, (226, 238, 247), (246, 236, 232))
    guilloche(sheet, ((104, 150, 190), (206, 140, 132), (116, 136, 190)), centre=(640, 360),
              reach=300)
    header(sheet, "CARTE D’IDENTITÉ", "IDENTITY CARD · SPECIMEN", "FR", (38, 74, 128))
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


def signature(sheet: Sheet, x: float, y: float, s: Specimen) -> None:
    """A drawn pen stroke that spells nothing, different for each person."""
    import numpy as np

    seed = sum(ord(c) * (i + 1) for i, c in enumerate(s.surname + s.specimen_id))
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 200)
    waves_x = t * 190 + 14 * np.sin(2 * np.pi * (3 + rng.integers(0, 4)) * t + rng.random() * 6)
    height = 26 * (1 - 0.6 * t)
    waves_y = -height * np.sin(2 * np.pi * (4 + rng.integers(0, 4)) * t + rng.random() * 6)
    stroke = np.column_stack([x + waves_x, y - 12 + waves_y - 10 * t])
    for shift in (0.0, 0.5, 1.0, 1.5):
        sheet.curves([stroke + shift], (30, 44, 92), 0.85)


def french_card_back(s: Specimen) -> Sheet:
    """Back of the card of 2021: address, dates, seal, machine-readable zone."""
    sheet = Sheet(*ID1, (244, 238, 234), (226, 236, 246))
    guilloche(sheet, ((190, 150, 150), (120, 160, 200), (150, 130, 180)), centre=(330, 250),
              reach=270)
    sheet.box(0, 0, ID1[0], 52, (38, 74, 128))
    sheet.text(34, 36, "CARTE D’IDENTITÉ · SPÉCIMEN", 22, (255, 255, 255), weight="Bold")
    sheet.text(978, 36, s.number, 24, (255, 255, 255), weight="SemiBold", anchor="rs")
    field(sheet, 40, 88, "TAILLE / Height", f"{s.height_cm / 100:.2f} m".replace(".", ","), size=26)
    field(sheet, 220, 88, "DATE DE DÉLIVRANCE / Date of issue", printed(s.issued), size=26)
    field(sheet, 40, 150, "ADRESSE / Address", s.address[0], size=26)
    sheet.text(40, 208, s.address[1], 26, INK, weight="SemiBold")
    field(sheet, 40, 246, "AUTORITÉ / Authority", s.authority, size=24)
    sheet.box(40, 300, 120, 92, (206, 186, 120), radius=14, outline=(160, 138, 80), line=2)
    for row in range(3):
        sheet.box(40, 322 + row * 24, 120, 2, (160, 138, 80))
    sheet.box(98, 300, 2, 92, (160, 138, 80))
    note(sheet, 186, 386)
    specimen_mark(sheet, size=92, centre=(470, 300), alpha=0.16)
    zone(sheet, s, 446)
    return sheet


def zone(sheet: Sheet, s: Specimen, top: float, *, pitch: float = 30.0, leading: float = 58.0,
         size: float = 43.0) -> None:
    """The machine-readable zone on a clear ground, centred; ``top`` is where the ground begins."""
    width = len(s.mrz[0]) * pitch
    sheet.box(0, top - 8, sheet.width, sheet.height - top + 8, (246, 246, 244))
    for index, line in enumerate(s.mrz):
        sheet.ocrb((sheet.width - width) / 2, top + 50 + index * leading, line, pitch=pitch,
                   size=size)


def passport_page(s: Specimen) -> Sheet:
    """Data page of a passport."""
    sheet = Sheet(*ID3, (244, 236, 226), (230, 236, 246))
    guilloche(sheet, ((196, 150, 120), (120, 150, 190), (170, 110, 130)), centre=(940, 470),
              reach=420)
    sheet.box(0, 0, ID3[0], 110, (112, 38, 54))
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
    field(sheet, x, 420, "Nationalité / Nationality (3)", "Française", size=36)
    field(sheet, x + 480, 420, "Taille / Height", f"{s.height_cm / 100:.2f} m".replace(".", ","),
          size=36)
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
    guilloche(sheet, ((96, 160, 176), (150, 170, 120), (104, 140, 170)), centre=(760, 360),
              reach=330)
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
    field(sheet, x, 474, "Taille :", f"{s.height_cm / 100:.2f} m".replace(".", ","), size=36)
    signature(sheet, x + 330, 590, s)
    sheet.text(x, 580, "Signature du titulaire :", 20, LABEL)
    note(sheet, 48, 632)
    specimen_mark(sheet, size=150, centre=(800, 380))
    zone(sheet, s, 676, leading=82)
    return sheet


def old_card_back(s: Specimen) -> Sheet:
    """Back of the laminated card: address and the printed dates."""
    sheet = Sheet(*ID2, (232, 240, 228), (214, 230, 238))
    guilloche(sheet, ((150, 170, 120), (96, 160, 176), (120, 130, 160)), centre=(420, 440),
              reach=360)
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


LAYOUTS: dict[str, dict[str, Callable[[Specimen], Sheet]]] = {
    "fr-id-card-2021": {"front": french_card_front, "back": french_card_back},
    "fr-passport": {"front": passport_page},
    "fr-id-card-1988": {"front": old_card_front, "back": old_card_back},
}
