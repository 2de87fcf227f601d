"""Plays every customer of the demonstration and writes the table of procedures for the docs.

    python packaging/procedures.py

Writes ``docs/procedures.md`` and one small picture a play under ``docs/pictures/procedures``: the
last page of the play, as it was on the screen. Which procedure a play carried out, and how it
ended, is taken from the records that were sealed, not from the script of the play. Plays that are
added to ``ui/demonstration/plays.py`` are picked up as they are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.services.sealing import Sealing

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "procedures.md"
PICTURES = ROOT / "docs" / "pictures" / "procedures"
WIDTH_PX = 640
QUALITY = 60
HEAD = """# Procedures, and how each can end

Written by `python packaging/procedures.py`; do not edit by hand. Each row was played by the
automatic agent on the real screens, with a real vault and a real central side; procedure, place and
outcome are those of the record that was sealed. Procedures without a play of the demonstration are
played in both forms, in every outcome, by `tests/journeys/test_procedures.py`.

| procedure | where | play | outcome | last page |
|---|---|---|---|---|
"""
PLACES = {"office": "counter", "home": "carrier"}


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a record says of itself."""

    procedure: str
    place: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``picture`` is the name of a file, or ``""``."""

    procedure: str
    place: str
    play: str = ""
    outcome: str = ""
    picture: str = ""

    @property
    def line(self) -> str:
        """As Markdown."""
        shown = f"![{self.play}](pictures/procedures/{self.picture})" if self.picture else "–"
        play = f"`{self.play}`" if self.play else "–"
        return f"| `{self.procedure}` | {self.place} | {play} | {self.outcome or '–'} | {shown} |"


def watched(sealed: dict[str, Sealed]) -> Callable[[], None]:
    """Note every record that is sealed from now on; call the answer to stop."""
    from kiosk.services.sealing import Sealing

    original = Sealing.seal

    def seal(self: Sealing, state: Any, *rest: Any, **named: Any) -> Any:
        facts = original(self, state, *rest, **named)
        place = PLACES.get(self._device.channel, self._device.channel)
        sealed[facts.record_id] = Sealed(state.procedure, place)
        return facts

    Sealing.seal = seal  # type: ignore[method-assign]

    def stop() -> None:
        Sealing.seal = original  # type: ignore[method-assign]

    return stop


def catalogue() -> list[tuple[str, str]]:
    """Every procedure, and where it is carried out."""
    from kiosk.journeys.blocks import Terms
    from kiosk.journeys.procedure import Form
    from kiosk.journeys.procedures import procedures

    return [
        (journey.name, PLACES[form.value])
        for form in Form
        for journey in procedures(Terms({}, form=form))
    ]


def last_picture(files: list[Path], play: str) -> Path | None:
    """The page that a play ended on: its receipt, else the last page that was taken of it."""
    own = [file for file in files if re.fullmatch(rf"\d+-{re.escape(play)}-[a-z-]+", file.stem)]
    receipts = [file for file in own if file.stem.endswith(f"-{play}-receipt")]
    return (receipts or own or [None])[-1]


def shrunk(file: Path, into: Path) -> None:
    """A small picture of a page."""
    import cv2

    image = cv2.imread(str(file))
    height = round(image.shape[0] * WIDTH_PX / image.shape[1])
    small = cv2.resize(image, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(into), small, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])


def rows_of(summary: dict[str, Any], sealed: dict[str, Sealed]) -> list[Row]:
    """The table, in the order of the catalogue; pictures are written on the way."""
    files = [Path(name) for name in summary["screenshots"]]
    played: list[Row] = []
    for one in summary["procedures"]:
        facts = sealed[one["record_id"]]
        found = last_picture(files, one["name"])
        picture = f"{one['name']}.webp" if found else ""
        if found is not None:
            shrunk(found, PICTURES / picture)
        played.append(Row(facts.procedure, facts.place, one["name"], one["outcome"], picture))
    rows = []
    for procedure, place in catalogue():
        own = [row for row in played if (row.procedure, row.place) == (procedure, place)]
        rows += own or [Row(procedure, place)]
    return rows


def main() -> int:
    """Play and write."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = "1"
    sys.path.insert(0, str(ROOT))
    from ui.demonstration.headless import run
    from ui.router.window import application

    application()
    sealed: dict[str, Sealed] = {}
    stop = watched(sealed)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        try:
            code = run(Path(folder) / "data", "all", out, as_json=True)
        finally:
            stop()
        if code:
            return code
        summary = json.loads((out / "summary.json").read_text("utf-8"))
        shutil.rmtree(PICTURES, ignore_errors=True)
        PICTURES.mkdir(parents=True)
        rows = rows_of(summary, sealed)
    PAGE.write_text(HEAD + "".join(f"{row.line}\n" for row in rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
