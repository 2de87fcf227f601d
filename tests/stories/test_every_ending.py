"""Every ending of every procedure, played on the real screens, over a real vault and a real seal.

Which ones there are follows from the journeys; the table in the docs says what was reached.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

from kiosk.domain.decision import Outcome, Reason
from kiosk.journeys.procedure import Form
from ui.demonstration.causes import CAUSES
from ui.demonstration.every import every_ending, name_of

FILE = Path(__file__).parents[2] / "packaging" / "procedures.py"


def loaded():
    spec = importlib.util.spec_from_file_location("procedures_every", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


script = loaded()
PAGE = set(script.PAGE.read_text("utf-8").splitlines())


@pytest.mark.process
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("form", list(Form))
def test_every_ending_is_reached_on_the_real_screens_and_stands_in_the_table(form, qapp, tmp_path):
    with script.playhouse(form, tmp_path) as house:
        played = house.play(script.of_form(form))
        sealed, stored = house.deliver()
        report = house.kiosk.verify_journal()
    assert [name_of(one.ending) for one in played if not one.reached] == []
    assert [line for one in played if (line := script.line_of(one)) not in PAGE] == []
    handed_over = sum(one.end.state.record.distribution is not None for one in played)
    assert sealed == stored == len(played) + handed_over
    assert report.verified
    assert {one.end.page for one in played} == {"receipt"}


def test_every_reason_of_a_decision_has_one_cause():
    decided = {e.reason for e in every_ending() if e.outcome is Outcome.REFUSED}
    assert set(CAUSES) == decided
    assert decided | {e.reason for e in every_ending() if e.reason} == set(Reason)


def test_no_two_plays_have_the_same_name():
    names = [name_of(ending) for ending in every_ending()]
    assert len(names) == len(set(names))
