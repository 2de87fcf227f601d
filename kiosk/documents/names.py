"""Names in MRZ spelling, and how a name announced compares with a name read.

Rules, in order:

1. Spelling: ICAO Doc 9303-3, section 6.A, with the French practice for vowels (``É`` is ``E``,
   ``Ü`` is ``U``). Where a State may choose (``Ä``: ``AE`` or ``A``), comparison tries each.
2. A hyphen, a space or a comma separates components; apostrophes and other marks vanish (4.6).
3. Composed and decomposed accents give the same spelling.
4. A near match is a class of its own, never an equality. An empty name equals nothing, and a name
   with letters that have no Latin spelling is at best near: what they say was not compared.
"""

import itertools
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from kiosk.documents.check_digits import FILLER


class Match(StrEnum):
    """How a name, date or number announced compares with the one read."""

    EQUAL = "equal"
    PREFIX = "prefix"
    PARTICLES = "particles"
    DIFFERENT = "different"


# Letters that Unicode does not decompose into a base letter and marks (Doc 9303-3, section 6.A).
_LETTERS: Final = {
    "Æ": "AE",
    "Œ": "OE",
    "Ĳ": "IJ",
    "ẞ": "SS",
    "Þ": "TH",
    "Ø": "OE",
    "Ð": "D",
    "Đ": "D",
    "Ł": "L",
    "Ħ": "H",
    "Ŧ": "T",
    "Ŋ": "N",
    "ĸ": "Q",
}
# Letters that States spell in more than one way; the French practice stands first.
_CHOICES: Final = {
    "Ä": ("A", "AE"),
    "Å": ("A", "AA"),
    "Ö": ("O", "OE"),
    "Ø": ("OE", "O"),
    "Ü": ("U", "UE", "UXX"),
    "Ñ": ("N", "NXX"),
}
_MAX_CHOICES: Final = 5  # at most 3**5 spellings of one name
_SEPARATORS: Final = frozenset(",/<")  # and every dash and space of Unicode
_PARTICLES: Final = frozenset(
    {"AIT", "AL", "BEN", "BIN", "BINT", "D", "DA", "DAS", "DE", "DEL", "DELLA", "DEM", "DEN", "DER"}
    | {"DES", "DI", "DOS", "DU", "E", "EL", "IBN", "L", "LA", "LE", "LES", "TEN", "TER", "VAN"}
    | {"VON", "Y", "ZU", "ZUM"}
)


def _upper(name: str) -> str:
    # Python's upper() already spells the sharp s as SS and the dotless i as I.
    return unicodedata.normalize("NFC", name).upper()


def _spell(character: str) -> str:
    """MRZ spelling of one upper-case character: letters, the filler, or nothing."""
    if character in _LETTERS:
        return _LETTERS[character]
    if character in _SEPARATORS or character.isspace() or unicodedata.category(character) == "Pd":
        return FILLER
    plain = unicodedata.normalize("NFKD", character)
    return "".join(_LETTERS.get(c, c) for c in plain if "A" <= c <= "Z" or c in _LETTERS)


def _collapse(text: str) -> str:
    return FILLER.join(part for part in text.split(FILLER) if part)


def mrz_name(name: str) -> str:
    """``name`` in MRZ spelling, its components separated by one filler.

    ``D'Œuvre-Élie`` gives ``DOEUVRE<ELIE``. Characters without a Latin spelling vanish, so the
    result may be empty.
    """
    return _collapse("".join(_spell(character) for character in _upper(name)))


def spellings(name: str) -> frozenset[str]:
    """Every MRZ spelling that a State may have chosen for ``name`` (see rule 1)."""
    options: list[tuple[str, ...]] = []
    choices = 0
    for character in _upper(name):
        if character in _CHOICES and choices < _MAX_CHOICES:
            options.append(_CHOICES[character])
            choices += 1
        else:
            options.append((_spell(character),))
    return frozenset(_collapse("".join(parts)) for parts in itertools.product(*options))


def compare_surname(announced: str, read: str, *, truncated: bool = False) -> Match:
    """Class of match of a surname announced with one read in an MRZ.

    Args:
        announced: as typed by the person, with accents.
        read: as in the MRZ, components separated by spaces.
        truncated: the MRZ field was full, so a prefix may be all there is.
    """
    found = mrz_name(read)
    variants = spellings(announced) - {""}
    if not found or not variants:
        return Match.DIFFERENT
    if found in variants:
        return Match.PARTICLES if _loses_letters(announced) else Match.EQUAL
    parts = found.split(FILLER)
    if truncated and any(_is_shortened(parts, v.split(FILLER)) for v in variants):
        return Match.PREFIX
    if _core(parts) in {_core(variant.split(FILLER)) for variant in variants}:
        return Match.PARTICLES
    if found.replace(FILLER, "") in {variant.replace(FILLER, "") for variant in variants}:
        return Match.PARTICLES
    return Match.DIFFERENT


def compare_given_names(
    announced: Sequence[str], read: Sequence[str], *, truncated: bool = False
) -> Match:
    """Class of match of given names announced with those read in an MRZ.

    The first given name must be there in full; after it, one list may be the beginning of the
    other (a request may carry every name of the civil status, a card fewer).

    Args:
        announced: each given name as typed by the person, in order.
        read: each given name as in the MRZ.
        truncated: the MRZ field was full, so its last name may be cut.
    """
    found = _components(read)
    if not found or not announced:
        return Match.DIFFERENT
    first = spellings(announced[0]) - {""}
    variants = spellings(FILLER.join(announced)) - {""}
    best = Match.DIFFERENT
    for variant in variants:
        wanted = variant.split(FILLER)
        if wanted == found:
            lost = any(_loses_letters(name) for name in announced)
            return Match.PARTICLES if lost else Match.EQUAL
        first_length = next(
            (s.count(FILLER) + 1 for s in first if _starts(wanted, s.split(FILLER))), len(wanted)
        )
        if _shares_beginning(wanted, found, first_length, truncated=truncated):
            best = Match.PREFIX
        elif best is Match.DIFFERENT and "".join(wanted) == "".join(found):
            best = Match.PARTICLES
    return best


def _loses_letters(name: str) -> bool:
    """Whether letters of ``name`` vanish in MRZ spelling; apostrophes that count as letters may."""
    return any(
        unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lo") and not _spell(character)
        for character in _upper(name)
    )


def _components(names: Iterable[str]) -> list[str]:
    return [part for name in names for part in mrz_name(name).split(FILLER) if part]


def _starts(names: list[str], beginning: list[str]) -> bool:
    return names[: len(beginning)] == beginning


def _shares_beginning(
    wanted: list[str], found: list[str], first_length: int, *, truncated: bool
) -> bool:
    shared = min(len(wanted), len(found))
    if shared >= first_length and wanted[:shared] == found[:shared]:
        return True
    return truncated and _is_shortened(found, wanted)


def _is_shortened(short: list[str], full: list[str]) -> bool:
    """Whether each part of ``short`` begins the part of ``full`` at the same place.

    Truncation is not deterministic (initials, cut components, fixed length): Doc 9303-3, 4.6.
    """
    return len(short) <= len(full) and all(
        whole.startswith(part) for part, whole in zip(short, full, strict=False)
    )


def _core(parts: list[str]) -> str:
    """The parts without particles, joined; all of them where nothing else is left."""
    core = [part for part in parts if part not in _PARTICLES]
    return "".join(core or parts)
