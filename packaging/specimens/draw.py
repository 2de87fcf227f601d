"""Draw the specimen documents: ``python packaging/specimens/draw.py [--check]``.

The drawing is deterministic. Pictures are compared after decoding and with a small tolerance, since
other builds of Pillow, FreeType or the JPEG library may round a grey level elsewhere.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path

import foreign
import french
import numpy as np
from canvas import Sheet
from listing import catalogue, file_name
from people import SPECIMENS, Specimen
from PIL import Image
from wear import worn

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "resources" / "specimens"
MAX_BYTES = 240 * 1024
TOLERANCE_MEAN = 1.0  # grey levels
TOLERANCE_SHARE = 0.002  # of the samples may differ by more than 24 grey levels

LAYOUTS: dict[str, dict[str, Callable[[Specimen], Sheet]]] = {
    "fr-id-card-2021": {"front": french.card_front, "back": french.card_back},
    "fr-id-card-1988": {"front": french.old_card_front, "back": french.old_card_back},
    "fr-passport": {"front": french.passport_page},
    "passport": {"front": french.passport_page},
    "fr-residence-permit": {"front": foreign.permit_front, "back": foreign.permit_back},
    "eu-id-card": {"front": foreign.eu_card_front, "back": foreign.eu_card_back},
}


def draw_side(specimen: Specimen, side: str) -> Image.Image:
    """One side, finished."""
    image = LAYOUTS[specimen.kind][side](specimen).finished()
    return worn(image, side) if specimen.variant == "damaged" else image


def encoded(image: Image.Image) -> bytes:
    """JPEG at 300 dpi, at the best quality that stays small."""
    data = b""
    for quality in range(92, 60, -4):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, subsampling=0, optimize=True, dpi=(300, 300))
        data = buffer.getvalue()
        if len(data) <= MAX_BYTES:
            break
    return data


def same_picture(first: bytes, second: bytes) -> bool:
    """Whether two pictures show the same but for rounding."""
    a = np.asarray(Image.open(io.BytesIO(first)).convert("RGB"), np.int16)
    b = np.asarray(Image.open(io.BytesIO(second)).convert("RGB"), np.int16)
    if a.shape != b.shape:
        return False
    difference = np.abs(a - b)
    return bool(difference.mean() <= TOLERANCE_MEAN and (difference > 24).mean() <= TOLERANCE_SHARE)


def check(folder: Path, chosen: tuple[Specimen, ...]) -> list[str]:
    """Names of the files that are not what this script makes."""
    wrong = []
    for specimen in chosen:
        for side in specimen.sides:
            name = file_name(specimen, side)
            path = folder / name
            drawn = encoded(draw_side(specimen, side))
            if not path.is_file() or not same_picture(path.read_bytes(), drawn):
                wrong.append(name)
    listing = folder / "specimens.toml"
    if not listing.is_file() or listing.read_text("utf-8") != catalogue():
        wrong.append(listing.name)
    known = {file_name(s, side) for s in SPECIMENS for side in s.sides}
    wrong += [path.name for path in sorted(folder.glob("*.jpg")) if path.name not in known]
    return wrong


def main() -> int:
    """Draw everything, or compare with what is committed."""
    parser = argparse.ArgumentParser(description="Draw the specimen documents.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="*", metavar="ID", help="these specimens only")
    options = parser.parse_args()
    chosen = tuple(s for s in SPECIMENS if not options.only or s.specimen_id in options.only)
    if options.check:
        wrong = check(options.out, chosen)
        print("\n".join(f"differs: {name}" for name in wrong) or "all specimens as drawn")
        return 1 if wrong else 0
    options.out.mkdir(parents=True, exist_ok=True)
    for specimen in chosen:
        for side in specimen.sides:
            path = options.out / file_name(specimen, side)
            path.write_bytes(encoded(draw_side(specimen, side)))
            print(path.name, path.stat().st_size // 1024, "KiB")
    (options.out / "specimens.toml").write_text(catalogue(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
