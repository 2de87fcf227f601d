"""Fields of 2D-Doc seals on proofs of identity and of address: ids and lengths.

A field of fixed length has no terminator; the others end with GS, with RS where the value was cut,
or with nothing where they reach their greatest length. Source: ANTS, *Spécifications techniques des
codes à barres 2D-Doc* 3.1.3, perimeter 01.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

UNBOUNDED: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class FieldForm:
    """Least and greatest length of a field, in characters."""

    least: int
    greatest: int


_COMPLEMENTARY: Final = (
    "01=0-* 02=0-* 03=0-* 04=0-* 05=0-* 06=4 07=6 08=4 09=4 0A=9 0B=9 0C=0-* 0D=36"
)
_BILLS: Final = (
    "10=0-38 11=0-38 12=0-38 13=0-38 14=0-38 15=0-38 16=0-38 17=0-38 18=0-* 19=0-* 1A=0-* 1B=0-* "
    "1C=8 1D=0-16 1E=0-30 1F=0-30 1G=1 1H=1 1I=0-38 1J=0-38 1K=0-38 1L=0-38 1M=0-38 1N=0-38 "
    "1O=0-38 1P=0-38 20=0-38 21=0-38 22=0-38 23=0-38 24=5 25=0-32 26=2 27=0-38 28=0-38 29=0-38 "
    "2A=0-38 2B=5 2C=0-32 2D=2"
)
_IDENTITY: Final = (
    "60=0-60 61=0-20 62=0-38 63=0-38 64=0-38 65=2 66=0-20 67=2 68=1 69=8 6A=0-32 6B=3 6C=2 6D=0-60 "
    "6E=0-60 6F=0-90 6G=1-38 6H=1-10 6I=2 6J=1 6K=19 6L=8 6M=0-40 6N=8 6O=8 6P=0-40 6Q=0-10 6R=12 "
    "6S=0-38 6T=0-38 6U=0-38 6V=0-38 6W=5 6X=0-32 6Y=2 6Z=9-11"
)
_ASYLUM: Final = "G0=2 G1=2 G2=0-20 G3=8 G4=0-10 G5=0-45"


def _forms(words: str) -> dict[str, FieldForm]:
    forms = {}
    for word in words.split():
        field_id, lengths = word.split("=")
        least, _, greatest = lengths.partition("-")
        limit = UNBOUNDED if greatest == "*" else int(greatest or least)
        forms[field_id] = FieldForm(int(least), limit)
    return forms


FIELDS: Final[Mapping[str, FieldForm]] = MappingProxyType(
    _forms(f"{_COMPLEMENTARY} {_BILLS} {_IDENTITY} {_ASYLUM}")
)
INTERPRETED_TYPES: Final = frozenset({"00", "01", "02", "07", "08", "13", "16"})
"""Document types whose fields are all in the table; those of other types are not taken apart."""
