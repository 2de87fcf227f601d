"""Check digits of machine-readable zones, and what they cannot see.

Rule: digits count as themselves, letters ``A`` to ``Z`` as 10 to 35, the filler as 0; the weights
7, 3, 1 repeat from the left; the sum modulo 10 is the digit. Source: ICAO Doc 9303-3, section 4.9.
"""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FILLER: Final = "<"
_WEIGHTS: Final = (7, 3, 1)
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)} | {FILLER: 0}


def value_of(character: str) -> int:
    """Value of one character of the zone, 0 to 35. Raises ValueError for any other character."""
    try:
        return _VALUES[character]
    except KeyError as exc:
        raise ValueError("no character of a machine-readable zone") from exc


def check_digit(text: str) -> str:
    """Check digit of ``text``, one character ``0`` to ``9``.

    Raises:
        ValueError: a character that a machine-readable zone cannot hold.
    """
    total = sum(value_of(character) * _WEIGHTS[i % 3] for i, character in enumerate(text))
    return str(total % 10)


def blind_twins(character: str) -> frozenset[str]:
    """The other characters that no check digit can tell from ``character``.

    Their values differ by a multiple of 10, so every weighted sum is the same: ``6`` has the twins
    ``G`` and ``Q``.
    """
    value = value_of(character) % 10
    return frozenset(c for c, v in _VALUES.items() if v % 10 == value and c != character)
