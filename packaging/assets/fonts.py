"""Makes ``resources/fonts``: latin and latin-ext of each weight merged into one TrueType file.

Run by hand when the fonts change: ``.venv/bin/python packaging/assets/fonts.py`` (needs npm). The
program itself never fetches anything. The Mono files call themselves ExtraLight whatever their
weight, so the name table is written anew for every file.
"""

import shutil
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont
from npm_package import unpack

FONTS = Path(__file__).parents[2] / "resources" / "fonts"
VERSION = "5.3.0"
FAMILIES = {
    "atkinson-hyperlegible-next": ("Atkinson Hyperlegible Next", (400, 500, 600, 700)),
    "atkinson-hyperlegible-mono": ("Atkinson Hyperlegible Mono", (400, 500, 600, 700)),
}
WEIGHT_NAMES = {400: "Regular", 500: "Medium", 600: "SemiBold", 700: "Bold"}


def merge(parts: list[Path], family: str, weight: int, target: Path) -> None:
    """Merge woff2 parts into one TTF whose names say what it is."""
    with tempfile.TemporaryDirectory() as folder:
        plain = []
        for part in parts:
            font = TTFont(part)
            font.flavor = None
            path = Path(folder) / f"{part.stem}.ttf"
            font.save(path)
            plain.append(str(path))
        merged = Merger().merge(plain)
    rename(merged, family, weight)
    merged.save(target)


def rename(font: TTFont, family: str, weight: int) -> None:
    """Write the name table: one family for all weights (typographic names 16 and 17)."""
    style = WEIGHT_NAMES[weight]
    plain = weight in (400, 700)
    names = {
        1: family if plain else f"{family} {style}",
        2: style if plain else "Regular",
        3: f"{family} {style}",
        4: f"{family} {style}",
        6: f"{family.replace(' ', '')}-{style}",
        16: family,
        17: style,
    }
    table = font["name"]
    for name_id, text in names.items():
        table.removeNames(nameID=name_id)
        table.setName(text, name_id, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    bold = weight == 700
    font["OS/2"].fsSelection = (font["OS/2"].fsSelection & ~0b1100001) | (
        0b100000 if bold else 0b1000000
    )
    font["head"].macStyle = 1 if bold else 0


def main() -> None:
    """Fetch, merge, write, with the licence of each family."""
    FONTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for slug, (family, weights) in FAMILIES.items():
            package = unpack(f"@fontsource/{slug}", VERSION, Path(folder) / slug)
            shutil.copy(package / "LICENSE", FONTS / f"{slug}.OFL.txt")
            for weight in weights:
                parts = [
                    package / "files" / f"{slug}-{subset}-{weight}-normal.woff2"
                    for subset in ("latin", "latin-ext")
                ]
                target = FONTS / f"{family.replace(' ', '')}-{WEIGHT_NAMES[weight]}.ttf"
                merge(parts, family, weight, target)
                print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
