"""A printed date beside its line: offered, confirmed, corrected, typed."""

from datetime import date

import numpy as np
import pytest

from kiosk.documents.printed_checks import FieldSource
from kiosk.journeys.model import DocumentConfirmed, FieldTyped
from tests.fakes.cases import PaperCase
from tests.ui.case_pages import DOCUMENTS, TODAY, case_at, old_card_sides
from ui.steps.document import DocumentPanel
from ui.steps.entries import DateEntry
from ui.viewmodels.journey import CaseView

DAY = date(2031, 4, 10)


@pytest.fixture
def entry(look, qtbot):
    found = DateEntry(look)
    qtbot.addWidget(found)
    return found


def test_a_date_read_for_sure_is_written_in(entry):
    entry.offer(DAY)
    assert entry.day == DAY
    assert entry.source is FieldSource.READ


def test_a_correction_is_told_from_a_confirmation(entry):
    entry.offer(DAY)
    entry.edit.setText("11/04/2031")
    entry.offer(DAY)
    assert entry.day == date(2031, 4, 11)
    assert entry.source is FieldSource.CORRECTED


def test_without_an_offer_a_date_is_typed(entry):
    entry.offer(None)
    entry.edit.setText("10/04/2031")
    assert entry.source is FieldSource.TYPED


def test_what_was_typed_is_not_overwritten(entry):
    entry.edit.setText("01/02/2030")
    entry.offer(DAY)
    assert entry.day == date(2030, 2, 1)


def test_the_strip_is_shown_where_there_is_one_and_forgotten_with_the_case(entry):
    entry.show_strip(np.zeros((40, 200, 3), np.uint8))
    assert not entry.strip.isHidden()
    entry.forget()
    assert entry.strip.isHidden()
    assert entry.edit.text() == ""


def test_enter_confirms_one_date_after_the_other_then_the_document(look, qtbot):
    from kiosk.journeys.model import StepKind

    case: PaperCase = case_at(StepKind.DOCUMENT)
    for captured in old_card_sides():
        case.dispatch(captured)
    panel = DocumentPanel(look, DOCUMENTS)
    qtbot.addWidget(panel)
    panel.set_today(TODAY)
    panel.show_case(CaseView(case.state, case.journey))
    told = []
    panel.happened.connect(told.append)
    for _ in range(3):
        panel.go_on()
        if isinstance(told[-1], FieldTyped):
            case.dispatch(told[-1])
            panel.show_case(CaseView(case.state, case.journey))
    assert told == [
        FieldTyped("expiry_date", DAY, FieldSource.READ),
        FieldTyped("issue_date", date(2016, 4, 11), FieldSource.READ),
        DocumentConfirmed(),
    ]
    assert "modèle plastifié" in panel.read.kind.text()
