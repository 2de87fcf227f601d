"""The table of procedures in the docs lists what there is, and what was played."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from ui.demonstration.plays import PLAYS

FILE = Path(__file__).parents[2] / "packaging" / "procedures.py"


def loaded():
    spec = importlib.util.spec_from_file_location("procedures_page", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


script = loaded()
MOST_BYTES = 3_000_000
ROWS = [
    [cell.strip().strip("`") for cell in line.strip("|\n ").split("|")]
    for line in script.PAGE.read_text("utf-8").splitlines()
    if line.startswith("| `")
]


def test_every_procedure_of_the_catalogue_is_listed_where_it_is_carried_out():
    listed = {(row[0], row[1]) for row in ROWS}
    assert set(script.catalogue()) <= listed


@pytest.mark.parametrize("play", PLAYS, ids=[play.name for play in PLAYS])
def test_every_play_is_listed_with_its_outcome(play):
    (row,) = [row for row in ROWS if row[2] == play.name]
    assert row[3] == play.expected.value, "write it again: python packaging/procedures.py"


def test_every_picture_is_there_once_and_they_are_small():
    shown = re.findall(r"\(pictures/procedures/([^)]+)\)", script.PAGE.read_text("utf-8"))
    files = list(script.PICTURES.iterdir())
    assert sorted(shown) == sorted(file.name for file in files)
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


def test_the_last_page_of_a_play_is_its_receipt():
    files = [
        Path(f"{n:02d}-{name}.png")
        for n, name in enumerate(
            (
                "sign-in",
                "letter-request",
                "letter-receipt",
                "letter-absent-receipt",
                "old-card-stuck",
            )
        )
    ]
    assert script.last_picture(files, "letter").name == "02-letter-receipt.png"
    assert script.last_picture(files, "letter-absent").name == "03-letter-absent-receipt.png"
    assert script.last_picture(files, "old-card").name == "04-old-card-stuck.png"
    assert script.last_picture(files, "nobody") is None
