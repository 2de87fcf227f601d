"""Machine-readable zones composed for the specimens (ICAO Doc 9303-3, -4, -5; old French card).

Written apart from the reader in ``kiosk.documents`` on purpose: the two implementations check each
other in the tests.
"""

from __future__ import annotations

import unicodedata
from datetime import date

WEIGHTS = (7, 3, 1)
LIGATURES = {"Æ": "AE", "Œ": "OE", "ß": "SS", "Ø": "OE", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH"}


def check_digit(text: str) -> str:
    """Check digit of ICAO Doc 9303-3 §4.9: weights 7, 3, 1, sum modulo 10."""
    total = 0
    for index, character in enumerate(text):
        value = 0 if character == "<" else int(character, 36)
        total += value * WEIGHTS[index % 3]
    return str(total % 10)


def spell(name: str) -> str:
    """Spell a printed name as in an MRZ: no accents, hyphen and space as filler."""
    upper = name.upper()
    for letter, spelled in LIGATURES.items():
        upper = upper.replace(letter, spelled)
    plain = "".join(c for c in unicodedata.normalize("NFD", upper) if not unicodedata.combining(c))
    joined = plain.replace("-", "<").replace(" ", "<")
    return "".join(c for c in joined if c == "<" or "A" <= c <= "Z")


def yymmdd(day: date) -> str:
    """Date as six digits."""
    return day.strftime("%y%m%d")


def name_field(surname: str, given_names: tuple[str, ...], width: int) -> str:
    """Primary and secondary identifiers, cut or padded to ``width``."""
    text = spell(surname) + "<<" + "<".join(spell(name) for name in given_names)
    return text[:width].ljust(width, "<")


def td1(  # noqa: PLR0913 - one argument a field of the zone
    *,
    code: str,
    issuer: str,
    number: str,
    birth: date,
    sex: str,
    expiry: date,
    nationality: str,
    surname: str,
    given_names: tuple[str, ...],
) -> tuple[str, str, str]:
    """Three lines of 30; a number of more than nine characters runs on into the optional field."""
    if len(number) > 9:
        tail = number[9:] + check_digit(number)
        field = number[:9] + "<" + tail
    else:
        padded = number.ljust(9, "<")
        field = padded + check_digit(padded)
    first = f"{code.ljust(2, '<')}{issuer.ljust(3, '<')}{field}".ljust(30, "<")
    birth_text, expiry_text = yymmdd(birth), yymmdd(expiry)
    second = (
        f"{birth_text}{check_digit(birth_text)}{sex}{expiry_text}{check_digit(expiry_text)}"
        f"{nationality.ljust(3, '<')}"
    ).ljust(29, "<")
    second += check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29])
    return first, second, name_field(surname, given_names, 30)


def td3(  # noqa: PLR0913 - one argument a field of the zone
    *,
    code: str,
    issuer: str,
    number: str,
    birth: date,
    sex: str,
    expiry: date,
    nationality: str,
    surname: str,
    given_names: tuple[str, ...],
) -> tuple[str, str]:
    """Two lines of 44, no personal number (its check digit is written 0)."""
    first = f"{code.ljust(2, '<')}{issuer.ljust(3, '<')}" + name_field(surname, given_names, 39)
    padded = number.ljust(9, "<")
    birth_text, expiry_text = yymmdd(birth), yymmdd(expiry)
    second = (
        f"{padded}{check_digit(padded)}{nationality.ljust(3, '<')}"
        f"{birth_text}{check_digit(birth_text)}{sex}{expiry_text}{check_digit(expiry_text)}"
        f"{'<' * 14}0"
    )
    second += check_digit(second[0:10] + second[13:20] + second[21:43])
    return first, second


def french_1988(
    *,
    number: str,
    birth: date,
    sex: str,
    surname: str,
    given_names: tuple[str, ...],
    department: str,
    office: str,
) -> tuple[str, str]:
    """Old French card, two lines of 36: two fillers between given names, one inside a compound."""
    first = "IDFRA" + spell(surname)[:25].ljust(25, "<") + department.ljust(3, "<")
    first += office.ljust(3, "<")
    names = "<<".join(spell(name) for name in given_names)[:14].ljust(14, "<")
    birth_text = yymmdd(birth)
    second = f"{number}{check_digit(number)}{names}{birth_text}{check_digit(birth_text)}{sex}"
    return first, second + check_digit(first + second)
