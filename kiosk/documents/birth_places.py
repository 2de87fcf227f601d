"""Codes of places of birth: whether one can be, by its form.

Rules, in order:

1. A commune has five characters: department (01 to 95, 2A and 2B, 971 to 978, 984 to 989) and a
   number within it that is not zero.
2. ``20`` was Corsica's department until the end of 1975: births before that keep it.
3. A country is ``99`` and three digits from 100 on; ``99100`` is France.
4. Whether a commune of that code ever existed is not known here: no list is embedded.

Source: domain.md 5.9 and 7.4 (INSEE, code officiel géographique).
"""

import re
from typing import Final

FRANCE: Final = "99100"
CORSICA_SPLIT: Final = 1976
_COMMUNE: Final = re.compile(r"(0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-8]|98[4-9])([0-9]{2,3})")
_COUNTRY: Final = re.compile(r"99[1-9][0-9]{2}")
_LENGTH: Final = 5


def commune_code(typed: str, birth_year: int | None) -> str | None:
    """The code of a commune in its form, or None where it can be none.

    Args:
        typed: as said or typed; case and spaces count for nothing.
        birth_year: of the person, None while unknown.
    """
    code = "".join(typed.split()).upper()
    match = _COMMUNE.fullmatch(code)
    if match is None or len(code) != _LENGTH or int(match.group(2)) == 0:
        return None
    if match.group(1) == "20" and birth_year is not None and birth_year >= CORSICA_SPLIT:
        return None
    return code


def country_code(typed: str) -> str | None:
    """The code of a country other than France, or None where it can be none."""
    code = "".join(typed.split())
    return code if _COUNTRY.fullmatch(code) and code != FRANCE else None
