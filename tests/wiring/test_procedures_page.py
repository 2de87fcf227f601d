"""The table of procedures in the docs lists what there is; the check says when it does not."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from kiosk.domain.decision import Outcome, Reason
from kiosk.journeys.procedure import Form
from ui.demonstration import plays

FILE = Path(__file__).parents[2] / "packaging" / "procedures.py"


def loaded():
    spec = importlib.util.spec_from_file_location("procedures_page", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


script = loaded()
MOST_BYTES = 1_000_000


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A copy of the page that may be spoiled."""
    copy = tmp_path / "procedures.md"
    copy.write_text(script.PAGE.read_text("utf-8"), encoding="utf-8")
    monkeypatch.setattr(script, "PAGE", copy)
    return copy


def test_the_page_is_not_stale():
    assert script.problems() == []


def test_a_row_that_is_missing_and_one_too_many_are_told(page):
    text = page.read_text("utf-8")
    name = "counter-online-request-refused-expired"
    page.write_text(text.replace(f"`{name}` |", "`counter-magic-accepted` |"), encoding="utf-8")
    assert script.problems() == [
        f"ending without a row: {name}",
        "row without an ending: counter-magic-accepted",
    ]


def test_a_play_of_the_demonstration_without_a_row_is_told(page, monkeypatch):
    new = plays.Play("accepted-twice", "fr-id-lefevre", Outcome.ACCEPTED)
    monkeypatch.setattr(script, "PLAYS", (*plays.PLAYS, new))
    assert script.problems() == ["play without a row: accepted-twice"]


def test_a_picture_that_is_missing_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "PICTURES", tmp_path)
    told = script.problems()
    assert len(told) == len({script.picture_of(ending) for ending in script.every_ending()})
    assert all(line.startswith("no picture: ") for line in told)


def test_without_a_page_everything_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "PAGE", tmp_path / "none.md")
    assert len(script.problems()) == len(script.every_ending()) + len(plays.PLAYS)


def test_each_outcome_of_each_procedure_is_pictured_once_in_each_place():
    for form in Form:
        shown = [ending for ending in script.of_form(form) if script.pictured(ending)]
        wanted = {(ending.procedure, ending.outcome) for ending in script.of_form(form)}
        assert {(ending.procedure, ending.outcome) for ending in shown} == wanted
        assert len(shown) == len(wanted)


def test_every_picture_is_linked_and_they_are_small():
    shown = set(re.findall(r"\(pictures/procedures/([^)]+)\)", script.PAGE.read_text("utf-8")))
    files = list(script.PICTURES.iterdir())
    assert shown == {file.name for file in files}
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


def test_every_outcome_and_every_reason_of_the_closed_lists_has_a_row():
    cells = [line.split(" | ") for line in script.PAGE.read_text("utf-8").splitlines()]
    told = {cell.strip("| ") for row in cells for cell in row}
    assert {outcome.value for outcome in Outcome} <= told
    assert {reason.value for reason in Reason} <= told


def test_all_is_everything_and_the_name_of_a_procedure_all_of_its_plays():
    assert plays.chosen("all") == plays.PLAYS
    assert {play.procedure for play in plays.PLAYS} == {e.procedure for e in script.every_ending()}
    for procedure in {play.procedure for play in plays.PLAYS}:
        assert {play.procedure for play in plays.chosen(procedure)} == {procedure}
    assert [play.name for play in plays.chosen("letter-proxy")] == ["letter-proxy"]
    with pytest.raises(KeyError):
        plays.chosen("nobody")
    names = [play.name for play in plays.PLAYS]
    assert not set(names) & {play.procedure for play in plays.PLAYS}
    assert len(names) == len(set(names))
