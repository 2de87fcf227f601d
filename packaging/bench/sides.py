"""Sides with a zone, of specimens and of a crowd, and the seeded conditions they are shown in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from crowd import crowd

from kiosk.devices.specimen_scene import Conditions, Stage, Subject
from kiosk.devices.specimens import Specimen, load_specimens
from kiosk.domain.evidence import Side

if TYPE_CHECKING:
    from kiosk.ports import Picture

SEED = 20261125
PRESETS: dict[str, Callable[[np.random.Generator], Conditions]] = {
    "fair": Conditions.fair,
    "hard": Conditions.hard,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One side with a zone.

    Attributes:
        name: for the report.
        picture: (H, W, 3) uint8 BGR.
        mrz: the lines as drawn.
        side: where they stand.
        legible: the zone can be read at all.
    """

    name: str
    picture: Picture
    mrz: tuple[str, ...]
    side: Side
    legible: bool = True


def zone_sides(people: int = 0, seed: int = SEED) -> list[Shown]:
    """Every specimen side with a zone, and the zone sides of a crowd."""
    specimens = load_specimens(ROOT / "resources" / "specimens").values()
    sides = [_shown(specimen) for specimen in specimens if specimen.mrz]
    for person in crowd(people, seed) if people else []:
        side = Side.FRONT if person.front else Side.BACK
        sides.append(Shown(person.name, person.picture, person.mrz, side))
    return sides


def _shown(specimen: Specimen) -> Shown:
    side = specimen.mrz_side
    legible = specimen.variant != "damaged"
    return Shown(specimen.specimen_id, specimen.picture(side), specimen.mrz, side, legible)


def staged(side: Shown, preset: str, rng: np.random.Generator) -> Stage:
    """The side under conditions drawn from the preset."""
    conditions = PRESETS[preset](rng)
    desk, pose = (int(n) for n in rng.integers(1 << 30, size=2))
    return Stage(Subject(side.picture, side.mrz), conditions, pose, desk_seed=desk)
