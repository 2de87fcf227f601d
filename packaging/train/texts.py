"""Random texts of lines: no language prior, so that the net reads letters and guesses no words."""

from __future__ import annotations

import numpy as np
from glyphs import ALPHABET

LOOKALIKES = ("O0DQ", "I1L", "S5", "2Z", "8B", "G6C", "UV", "KX<", "MNHW", "4A", "7T", "E3F", "PR")
_PREFIXES = ("", "P<", "IDFRA", "IRFRA", "PPFRA", "IDBEL", "V<", "I<", "C<", "AR")


def _any(rng: np.random.Generator, pool: str, count: int) -> str:
    return "".join(map(pool.__getitem__, rng.integers(0, len(pool), count).tolist()))


def _syllables(rng: np.random.Generator, count: int) -> str:
    consonants, vowels = "BCDFGHJKLMNPQRSTVWXZ", "AEIOUY"
    word = ""
    for _ in range(count):
        word += _any(rng, consonants, 1) + _any(rng, vowels, 1)
        if rng.random() < 0.3:
            word += _any(rng, consonants, 1)
        elif rng.random() < 0.3:  # doubled letters: the error that no check digit sees
            word += word[-1] if rng.random() < 0.3 else word[-2] * 2
    return word[::-1] if rng.random() < 0.2 else word


def _name(rng: np.random.Generator) -> str:
    words = [_syllables(rng, int(rng.integers(1, 5))) for _ in range(int(rng.integers(1, 6)))]
    return _PREFIXES[int(rng.integers(len(_PREFIXES)))] + words[0] + "<<" + "<".join(words[1:])


def _number(rng: np.random.Generator, length: int) -> str:
    line = list(_any(rng, "0123456789", length))
    for place in rng.integers(0, length, int(rng.integers(2, 12))):
        line[place] = _any(rng, ALPHABET, 1)
    if rng.random() < 0.6:
        start = int(rng.integers(10, length))
        end = int(rng.integers(start, length))
        line[start:end] = ["<"] * (end - start)
    return "".join(line)


def text(rng: np.random.Generator) -> str:
    """One line of 30, 36 or 44 symbols (now and then another length)."""
    length = int(rng.choice([30, 36, 44])) if rng.random() < 0.94 else int(rng.integers(20, 46))
    kind = rng.random()
    if kind < 0.26:
        line = _name(rng)
    elif kind < 0.48:
        line = _number(rng, length)
    elif kind < 0.68:
        line = _any(rng, ALPHABET, length)
    elif kind < 0.80:
        parts = ("<" * int(n) for n in rng.integers(1, 9, 12))
        line = "".join(p + _any(rng, ALPHABET, int(rng.integers(1, 4))) for p in parts)
    elif kind < 0.88:  # runs of one symbol
        line = "".join(_any(rng, ALPHABET, 1) * int(n) for n in rng.integers(1, 6, length))
    else:
        pools = [LOOKALIKES[i] for i in rng.integers(0, len(LOOKALIKES), 4)]
        line = "".join(
            _any(rng, pools[i % 4], int(n)) for i, n in enumerate(rng.integers(1, 5, 20))
        )
    return line[:length].ljust(length, "<")
