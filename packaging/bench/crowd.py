"""Invented people for benches: the specimens' layouts with other names, numbers and dates.

Names are random syllables, with the doubled letters, hyphens and apostrophes that are hard to read;
nobody bears them. Drawn once from a seed by the scripts that draw the specimens.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

_DRAWING = Path(__file__).resolve().parents[1] / "specimens"
_KEPT = Path(__file__).resolve().parents[2] / "build" / "bench"

if TYPE_CHECKING:
    from kiosk.ports import Picture

_CONSONANTS, _VOWELS = "BCDFGHJKLMNPQRSTVWXZ", "AEIOUY"
_NUMBER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Person:
    """One drawn side.

    Attributes:
        name: for the report; of nobody.
        picture: (H, W, 3) uint8 BGR, 300 dpi.
        mrz: the lines as drawn.
        front: the zone stands on the front.
    """

    name: str
    picture: Picture
    mrz: tuple[str, ...]
    front: bool


def crowd(count: int, seed: int) -> list[Person]:
    """``count`` documents of the kinds with a zone, in turn; drawing takes a second each, once."""
    scripts = [*sorted(_DRAWING.glob("*.py")), Path(__file__)]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in scripts))
    digest.update(f"{count} {seed}".encode())
    kept = _KEPT / f"crowd-{digest.hexdigest()[:16]}.npz"
    if not kept.exists():
        _keep(kept, _drawn(count, seed))
    with np.load(kept) as data:
        return [
            Person(
                str(data[f"name{k}"]),
                np.asarray(cv2.imdecode(data[f"jpeg{k}"], cv2.IMREAD_COLOR), np.uint8),
                tuple(str(line) for line in data[f"mrz{k}"]),
                bool(data[f"front{k}"]),
            )
            for k in range(count)
        ]


def _keep(path: Path, people: list[Person]) -> None:
    values: dict[str, Any] = {}
    for k, person in enumerate(people):
        values[f"name{k}"] = person.name
        values[f"mrz{k}"] = np.array(person.mrz)
        values[f"front{k}"] = person.front
        coded = cv2.imencode(".jpg", person.picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
        values[f"jpeg{k}"] = coded
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.stem}-{os.getpid()}.npz")
    np.savez(temporary, **values)
    temporary.replace(path)


def _drawn(count: int, seed: int) -> list[Person]:
    sys.path.insert(0, str(_DRAWING))
    try:
        import draw
        import people
    finally:
        sys.path.remove(str(_DRAWING))
    rng = np.random.default_rng(seed)
    bases = [s for s in people.SPECIMENS if s.variant in ("valid", "extended", "not-accepted")]
    drawn = []
    for index in range(count):
        specimen = _other(bases[index % len(bases)], rng)
        image = draw.draw_side(specimen, specimen.mrz_side).convert("RGB")
        picture = np.ascontiguousarray(np.asarray(image, np.uint8)[:, :, ::-1])
        name = f"{specimen.kind}-{index}"
        drawn.append(Person(name, picture, specimen.mrz, specimen.mrz_side == "front"))
    return drawn


def _name(rng: np.random.Generator) -> str:
    word = ""
    for _ in range(int(rng.integers(1, 5))):
        word += str(rng.choice(list(_CONSONANTS))) + str(rng.choice(list(_VOWELS)))
        if rng.random() < 0.35:
            letter = str(rng.choice(list(_CONSONANTS)))
            word += letter * (2 if rng.random() < 0.4 else 1)
    if rng.random() < 0.15:
        word += "-" + _name(rng)
    elif rng.random() < 0.08:
        word = "D’" + word
    return word


def _number(rng: np.random.Generator, length: int) -> str:
    return "".join(rng.choice(list(_NUMBER), length))


def _other(base: Any, rng: np.random.Generator) -> Any:
    """The base document of somebody else."""
    import zones

    birth = date(1940, 1, 1) + timedelta(days=int(rng.integers(0, 24000)))
    issued = date(2017, 1, 2) + timedelta(days=int(rng.integers(0, 3200)))
    expires = date(issued.year + 10, issued.month, min(28, issued.day))
    given = tuple(_name(rng).title() for _ in range(int(rng.integers(1, 4))))
    changed = replace(
        base,
        surname=_name(rng),
        given_names=given,
        birth=birth,
        issued=issued,
        expires=expires,
        sex=str(rng.choice(["M", "F"])),
        seal=False,
    )
    common = {
        "birth": birth,
        "sex": changed.sex,
        "surname": changed.surname,
        "given_names": given,
    }
    if base.kind == "fr-id-card-1988":
        department = str(rng.choice(["075", "013", "2A0", "974", "069"]))
        number = f"{issued:%y%m}{department}{int(rng.integers(0, 99999)):05d}"
        mrz = zones.french_1988(number=number, department=department, office="012", **common)
    else:
        french = base.issuer == "FRA"
        if base.kind == "fr-passport":
            number = (
                f"{int(rng.integers(10, 30))}{_number(rng, 2)}{int(rng.integers(0, 99999)):05d}"
            )
            number = (
                number[:2]
                + "".join(str(rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))) for _ in range(2))
                + number[4:]
            )
        else:
            number = _number(rng, 9)
        lines = zones.td3 if base.mrz_side == "front" else zones.td1
        code = base.mrz[0][:2].replace("<", "")
        nationality = base.mrz[1][10:13] if base.mrz_side == "front" else base.mrz[1][15:18]
        issuer = "FRA" if french else base.mrz[0][2:5].replace("<", "")
        mrz = lines(
            code=code,
            issuer=issuer,
            number=number,
            expiry=expires,
            nationality=nationality.replace("<", ""),
            **common,
        )
    return replace(changed, number=number, mrz=tuple(mrz))
