"""Plays every ending of every procedure, and writes the table of them for the docs.

    python packaging/procedures.py            play everything, write table and pictures (minutes)
    python packaging/procedures.py --check    whether the table lists what the program can do (fast)

Writes ``docs/procedures.md`` and, for each outcome of each procedure in each place, one small
picture of the page that it ended on, under ``docs/pictures/procedures``. What is played is derived
from the journeys (``kiosk/journeys/endings.py``); how a play ended is taken from the record that
was sealed, never from its script. ``tests/stories/test_every_ending.py`` plays the same and
compares.

``--check`` plays nothing: it says where endings, plays or pictures and the page have come apart.
Exit code 1 where they have.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from datetime import time, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from central.archive.layout import Layout
from central.authority.policies import Policies
from central.authority.requests import Announced, new_request, parse_birth_date
from central.authority.rounds import Planner, Wanted
from central.commands.console import system_time
from kiosk.domain.decision import Outcome
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.journeys.procedure import Form
from ui.demonstration.every import Playhouse, every_ending, name_of, place_of
from ui.demonstration.office import CentralSide, Code, DemonstrationOffice, drawn
from ui.demonstration.plays import PLAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kiosk.devices.specimens import Specimen
    from kiosk.journeys.endings import Ending
    from kiosk.sync.policy import Policy
    from ui.demonstration.every import PlayedEnding
    from ui.demonstration.plays import Play

PAGE = ROOT / "docs" / "procedures.md"
PICTURES = ROOT / "docs" / "pictures" / "procedures"
WIDTH_PX = 520
QUALITY = 55
HEAD = """# Procedures, and how each can end

Written by `python packaging/procedures.py`; do not edit by hand.

Every outcome and every reason that a procedure can end with, at the counter (1280 × 800) and on a
carrier's tablet (800 × 1280). Which ones there are follows from the procedures themselves and from
the closed lists. Each was played by the automatic agent on the real screens, by clicks, over a real
vault and a real seal, until the page that is pictured; what is written here stands in the record
that was sealed, and all records were delivered to a real central side. Reading the document is
told in these plays; codes are really read, and every check of what was read is made. Reasons that
the *program* found were brought up by a check or an answer; those that the *agent* gave are known
to nobody else.

| procedure | where | endings | outcomes |
|---|---|---|---|
"""
DEMONSTRATION = """
## Customers of the demonstration

`visavis demo --headless --procedure NAME`: the document is read by the real reader from the
specimen camera. `NAME` is a play, a procedure (all of its plays) or `all`.

| play | procedure | where | outcome | records | ends on |
|---|---|---|---|---|---|
"""


class QuickCentral(CentralSide):
    """The same central side, which issues requests without starting a program for each."""

    def request(self, specimen: Specimen, **options: str) -> Code:
        """A request that announces the holder of a specimen."""
        holder = specimen.holder
        told = {
            "surname": holder.surname,
            "given_names": ",".join(holder.given_names),
            "birth_date": holder.birth_date,
            "document_number": specimen.number,
            **{name: str(value) for name, value in specimen.request.items()},
            **options,
        }
        announced = Announced(
            surname=told["surname"],
            given_names=tuple(told["given_names"].split(",")),
            birth_date=parse_birth_date(told["birth_date"]),
            service="cpf",
            document_kind=specimen.kind,
            document_number=told["document_number"],
            office_id=OfficeId(told.get("office", "")),
        )
        begins = system_time() + timedelta(hours=int(told.get("not_before_hours", "0")))
        valid = timedelta(hours=int(told.get("hours", "720")))
        _, token = new_request(Layout(self._folder), self._policy, announced, begins, valid)
        return drawn(token)

    def plan(self, device_id: str, code: Code) -> str:
        """Give a request to a carrier's round, for today; the visit."""
        wanted = Wanted(
            request=code.text,
            day=system_time().astimezone().date(),
            begins=time(0, 0),
            ends=time(23, 59),
            device_id=DeviceId(device_id),
            line="3 impasse des Peupliers, 2e étage",
            locality="75012 Paris",
        )
        planner = Planner(Layout(self._folder), self._policy)
        return planner.add(wanted, system_time()).row.visit_id

    @cached_property
    def _policy(self) -> Policy:
        return Policies(Layout(self._folder)).in_force()


@contextmanager
def playhouse(form: Form, folder: Path) -> Iterator[Playhouse]:
    """A device of a new office with its window, the agent signed in."""
    office = DemonstrationOffice(folder / "data")
    office.central = QuickCentral(office.folder / "central", office.post)
    try:
        kiosk = office.open() if form is Form.COUNTER else office.open_tablet()
        house = Playhouse(kiosk, form, office.central, folder / "pictures")
        try:
            yield house
        finally:
            house.close()
    finally:
        office.close()


def of_form(form: Form) -> tuple[Ending, ...]:
    """Every ending in this place."""
    return tuple(ending for ending in every_ending() if ending.form is form)


def pictured(ending: Ending) -> bool:
    """Whether the page is pictured: once for each outcome, the first of its reasons."""
    same = [
        other
        for other in of_form(ending.form)
        if (other.procedure, other.outcome) == (ending.procedure, ending.outcome)
    ]
    return ending == same[0]


def picture_of(ending: Ending) -> str:
    """Name of the file."""
    return f"{place_of(ending)}-{ending.procedure}-{ending.outcome.value}.webp"


def line_of(one: PlayedEnding) -> str:
    """One play as Markdown, as its record says it."""
    decision = one.end.state.decision
    if decision is None or not one.reached:
        return f"| NOT REACHED | | | `{name_of(one.ending)}` |"
    reason = one.ending.reason
    told = "" if reason is None else "program" if one.end.found else "agent"
    page = f"[{one.end.page}](pictures/procedures/{picture_of(one.ending)})"
    return (
        f"| {decision.outcome.value} | {'' if reason is None else reason.value} | {told} | {page} "
        f"| `{name_of(one.ending)}` |"
    )


def groups(endings: tuple[Ending, ...]) -> dict[tuple[str, str], list[Ending]]:
    """Endings by procedure and place, in their order."""
    found: dict[tuple[str, str], list[Ending]] = {}
    for ending in endings:
        found.setdefault((ending.procedure, place_of(ending)), []).append(ending)
    return found


def outcomes_of(endings: list[Ending]) -> list[Outcome]:
    """Outcomes among these, each once, in the order of the closed list."""
    return [outcome for outcome in Outcome if any(e.outcome is outcome for e in endings)]


def page_of(played: dict[str, PlayedEnding]) -> str:
    """The whole page."""
    text = [HEAD]
    grouped = groups(every_ending())
    for (procedure, place), endings in grouped.items():
        names = ", ".join(outcome.value for outcome in outcomes_of(endings))
        anchor = f"#{procedure}-{place}"
        text.append(f"| [`{procedure}`]({anchor}) | {place} | {len(endings)} | {names} |\n")
    for (procedure, place), endings in grouped.items():
        outcomes = outcomes_of(endings)
        first = [next(e for e in endings if e.outcome is outcome) for outcome in outcomes]
        shown = [f"![{e.outcome.value}](pictures/procedures/{picture_of(e)})" for e in first]
        text += [
            f"\n## {procedure} {place}\n\n",
            f"| {' | '.join(outcome.value for outcome in outcomes)} |\n",
            f"|{'---|' * len(outcomes)}\n| {' | '.join(shown)} |\n\n",
            "| outcome | reason | told by | last page | play |\n|---|---|---|---|---|\n",
            *(f"{line_of(played[name_of(ending)])}\n" for ending in endings),
        ]
    text.append(DEMONSTRATION)
    text += [f"{line_of_play(play)}\n" for play in PLAYS]
    return "".join(text)


def line_of_play(play: Play) -> str:
    """A play of the demonstration as Markdown."""
    where = "carrier" if play.on_tablet else "counter"
    return (
        f"| `{play.name}` | {play.procedure} | {where} | {play.expected.value} | {play.records} "
        f"| {play.ends_on} |"
    )


def shrunk(file: Path, into: Path) -> None:
    """A small picture of a page."""
    import cv2

    image = cv2.imread(str(file))
    width = min(WIDTH_PX, image.shape[1] * WIDTH_PX // max(image.shape[:2]) * 5 // 4)
    height = round(image.shape[0] * width / image.shape[1])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(into), small, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])


def write() -> int:
    """Play and write; the exit code."""
    from ui.router.window import application

    application()
    played: dict[str, PlayedEnding] = {}
    with tempfile.TemporaryDirectory() as folder:
        for form in Form:
            with playhouse(form, Path(folder) / form.value) as house:
                for one in house.play(of_form(form), pictured):
                    played[name_of(one.ending)] = one
                sealed, stored = house.deliver()
            if sealed != stored:
                sys.stderr.write(f"{sealed} records sealed, {stored} stored\n")
                return 1
        missed = [name for name, one in played.items() if not one.reached]
        if missed:
            sys.stderr.write("not reached: " + " ".join(missed) + "\n")
            return 1
        shutil.rmtree(PICTURES, ignore_errors=True)
        PICTURES.mkdir(parents=True)
        for one in played.values():
            if one.picture is not None:
                shrunk(one.picture, PICTURES / picture_of(one.ending))
    PAGE.write_text(page_of(played), encoding="utf-8")
    size = sum(file.stat().st_size for file in PICTURES.iterdir())
    sys.stdout.write(f"{len(played)} plays, {size / 1000:.0f} kB of pictures\n")
    return 0


def problems() -> list[str]:
    """Where the page and the program have come apart, a sentence each; nothing is played."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else ""
    rows = set(re.findall(r"`([a-z0-9-]+)` \|$", text, re.MULTILINE))
    wanted = {name_of(ending) for ending in every_ending()}
    found = [f"ending without a row: {name}" for name in sorted(wanted - rows)]
    found += [f"row without an ending: {name}" for name in sorted(rows - wanted)]
    found += [f"play without a row: {p.name}" for p in PLAYS if f"{line_of_play(p)}\n" not in text]
    pictures = {picture_of(ending) for ending in every_ending()}
    there = {file.name for file in PICTURES.glob("*")}
    found += [f"no picture: {name}" for name in sorted(pictures - there)]
    found += [f"picture of nothing: {name}" for name in sorted(there - pictures)]
    if "NOT REACHED" in text:
        found.append("a play did not reach its ending")
    return found


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Every ending of every procedure, for the docs.")
    parser.add_argument("--check", action="store_true", help="only say whether the table is stale")
    options = parser.parse_args()
    if not options.check:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        os.environ["QT_SCALE_FACTOR"] = "1"
        return write()
    stale = problems()
    for problem in stale:
        sys.stderr.write(f"{problem}\n")
    if stale:
        sys.stderr.write("write it again: python packaging/procedures.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
