"""Rules about documents through time: packs that carry the first day on which they hold.

Rules, in order:

1. A pack holds from its first day until the day before the next one of its name begins.
2. Before the first pack there is nothing better: it holds for every earlier day.
3. Two packs of one name never begin on one day.
4. Every combination that will ever hold is made when the packs are read: a pack that is wrong is
   refused on the day on which it is installed, not at midnight on the day on which it begins.
5. A feature that was drawn under one pack can be named under the next: a case may be open at
   midnight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Self

from kiosk.documents.catalogue import DocumentCatalogue, Feature, load
from kiosk.documents.data import day_of, toml_of
from kiosk.domain.errors import CatalogueError

FILES: Final = ("catalogue", "features", "series")
"""Names of the packs; a later one of a name is ``<name>-<anything>.toml``."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One data file, and the day from which it holds."""

    first_day: date
    data: bytes


@dataclass(frozen=True, slots=True)
class DocumentPacks:
    """Catalogues by the day from which each holds, oldest first, at least one."""

    catalogues: tuple[tuple[date, DocumentCatalogue], ...]

    @classmethod
    def always(cls, catalogue: DocumentCatalogue) -> Self:
        """One catalogue that holds on every day."""
        return cls(((date.min, catalogue),))

    def on(self, day: date) -> DocumentCatalogue:
        """What holds on a day."""
        held = [catalogue for first, catalogue in self.catalogues if first <= day]
        return held[-1] if held else self.catalogues[0][1]

    def versions(self, day: date) -> tuple[tuple[str, str], ...]:
        """Names and versions of the packs that hold on a day, for the record."""
        catalogue = self.on(day)
        return (
            ("documents", catalogue.version),
            ("features", catalogue.features_version),
            ("series", catalogue.series.version),
        )


def load_packs(files: Mapping[str, Sequence[bytes]]) -> DocumentPacks:
    """Every catalogue that holds on some day.

    Args:
        files: data of the packs by the names of ``FILES``, in any order.

    Raises:
        CatalogueError: rule 3 or 4.
    """
    packs = {name: _in_order(name, files.get(name, ())) for name in FILES}
    days = sorted({pack.first_day for held in packs.values() for pack in held})
    made = tuple((day, load(*(_held(packs[name], day) for name in FILES))) for day in days)
    every = tuple({f.feature_id: f for _, held in made for f in held.features}.values())
    return DocumentPacks(tuple((day, _remembering(held, every)) for day, held in made))


def _in_order(name: str, files: Sequence[bytes]) -> list[Pack]:
    packs = sorted((_pack_of(name, data) for data in files), key=lambda pack: pack.first_day)
    if not packs or len({pack.first_day for pack in packs}) != len(packs):
        raise CatalogueError(f"{name}: one pack for each first day")
    return packs


def _pack_of(name: str, data: bytes) -> Pack:
    """A file that names no first day holds from the beginning."""
    table = toml_of(data, name)
    return Pack(day_of(table, "valid_from") if "valid_from" in table else date.min, data)


def _held(packs: list[Pack], day: date) -> bytes:
    """The data that holds on a day (rules 1 and 2)."""
    held = [pack for pack in packs if pack.first_day <= day]
    return (held[-1] if held else packs[0]).data


def _remembering(catalogue: DocumentCatalogue, every: tuple[Feature, ...]) -> DocumentCatalogue:
    """Rule 5."""
    known = {feature.feature_id for feature in catalogue.features}
    others = tuple(feature for feature in every if feature.feature_id not in known)
    return replace(catalogue, other_features=others)
