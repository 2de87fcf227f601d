"""Draw the specimen documents: ``python packaging/specimens/draw.py [--check]``.

The pictures are deterministic; ``--check`` proves that the committed ones are what this script makes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from layouts import LAYOUTS
from PIL import Image
from people import SPECIMENS, Specimen

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "resources" / "specimens"


def file_name(specimen: Specimen, side: str) -> str:
    """Name of the picture of one side."""
    return f"{specimen.specimen_id}-{side}.jpg"


def draw_side(specimen: Specimen, side: str) -> Image.Image:
    """One side, finished."""
    return LAYOUTS[specimen.kind][side](specimen).finished()


def catalogue() -> str:
    """Text of ``specimens.toml``."""
    lines = ["# Written by packaging/specimens/draw.py; do not edit.", ""]
    for s in SPECIMENS:
        names = ", ".join(f'"{name}"' for name in s.given_names)
        mrz = ", ".join(f'"{line}"' for line in s.mrz)
        lines += [
            "[[specimen]]",
            f'id = "{s.specimen_id}"',
            f'kind = "{s.kind}"',
            f'variant = "{s.variant}"',
            f"mrz = [{mrz}]",
            f'mrz_side = "{s.mrz_side}"',
            f'expected = "{s.expected}"',
            f'reason = "{s.reason}"',
            "sides = { " + ", ".join(f'{side} = "{file_name(s, side)}"' for side in s.sides) + " }",
            "[specimen.holder]",
            f'surname = "{s.surname}"',
            f"given_names = [{names}]",
            f'sex = "{s.sex}"',
            f'nationality = "{s.nationality}"',
            f'birth_date = "{s.birth.isoformat()}"',
            f'birth_place = "{s.birth_place}"',
            "[specimen.document]",
            f'number = "{s.number}"',
            f'issuer = "{s.issuer}"',
            f'issued = "{s.issued.isoformat()}"',
            f'expires = "{s.expires.isoformat()}"',
            "[specimen.request]",
            *[f'{key} = "{value}"' for key, value in s.request],
            "",
        ]
    return "\n".join(lines)


def main() -> int:
    """Draw everything, or compare with what is committed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for specimen in SPECIMENS:
        for side in specimen.sides:
            path = options.out / file_name(specimen, side)
            draw_side(specimen, side).save(path, "JPEG", quality=90, subsampling=0, optimize=True,
                                           dpi=(300, 300))
            print(path.name, path.stat().st_size // 1024, "KiB")
    (options.out / "specimens.toml").write_text(catalogue(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
