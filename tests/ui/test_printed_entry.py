"""A printed date beside its line: offered, confirmed, corrected, typed."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kiosk.documents.printed_checks import FieldSource
from kiosk.domain.evidence import PrintedValue
from kiosk.journeys.model import DocumentConfirmed, FieldTyped, StepKind
from tests.fakes.cases import PaperCase
from tests.ui.case_pages import DOCUMENTS, TODAY, case_at, old_card_sides
from ui.steps.document import DocumentPanel
from ui.steps.entries import DateEntry
from ui.steps.panel import Pictures
from ui.viewmodels.journey import CaseView

DAY = date(2031, 4, 10)
ISSUED = (PrintedValue("issue_date", "2016-04-11", True),)


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


def test_another_offer_takes_the_place_of_one_that_was_left_as_it_was(entry):
    entry.offer(DAY)
    entry.offer(date(2033, 1, 2))
    assert (entry.day, entry.source) == (date(2033, 1, 2), FieldSource.READ)
    entry.offer(None)
    assert entry.edit.text() == ""


def test_a_date_confirmed_before_goes_before_an_offer(entry):
    entry.offer(DAY, kept=date(2031, 4, 11))
    assert (entry.day, entry.source) == (date(2031, 4, 11), FieldSource.CORRECTED)


@pytest.fixture
def old_card(look, qtbot):
    case: PaperCase = case_at(StepKind.DOCUMENT)
    for captured in old_card_sides():
        case.dispatch(captured)
    panel = DocumentPanel(look, DOCUMENTS)
    qtbot.addWidget(panel)
    panel.set_today(TODAY)
    panel.show()
    qtbot.waitExposed(panel)
    panel.activateWindow()
    panel.show_case(CaseView(case.state, case.journey))
    return case, panel


def test_enter_takes_the_date_in_focus_first(old_card):
    _case, panel = old_card
    told = []
    panel.happened.connect(told.append)
    panel.read.dates.issue.edit.setFocus()
    panel.go_on()
    assert [event.name for event in told] == ["issue_date"]


def test_a_text_that_is_no_date_stops_the_way_on(old_card):
    case, panel = old_card
    case.dispatch(FieldTyped("expiry_date", DAY, FieldSource.READ))
    panel.show_case(CaseView(case.state, case.journey))
    panel.read.dates.issue.edit.setText("31/02/2016")
    told = []
    panel.happened.connect(told.append)
    panel.go_on()
    assert told == []
    assert panel.focusWidget() is panel.read.dates.issue.edit


def test_a_confirmed_date_that_is_changed_is_open_again(old_card):
    case, panel = old_card
    case.dispatch(FieldTyped("expiry_date", DAY, FieldSource.READ))
    panel.show_case(CaseView(case.state, case.journey))
    assert panel.open_date == "issue_date"
    panel.read.dates.expiry.edit.setFocus()
    panel.read.dates.expiry.edit.setText("11/04/2031")
    assert panel.open_date == "expiry_date"
    assert not panel.read.dates.expiry.confirmed


def test_an_issue_date_is_taken_only_when_every_side_is_there(look, qtbot):
    front, _back = old_card_sides()
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(replace(front, facts=replace(front.facts, printed=ISSUED)))
    panel = DocumentPanel(look, DOCUMENTS)
    qtbot.addWidget(panel)
    panel.set_today(TODAY)
    panel.show_case(CaseView(case.state, case.journey))
    assert panel.read.dates.issue.day == date(2016, 4, 11)
    told = []
    panel.happened.connect(told.append)
    panel.go_on()
    assert told == []


def test_no_date_of_a_document_is_left_for_the_next_one(look, qtbot):
    front, back = old_card_sides()
    case = case_at(StepKind.DOCUMENT)
    panel = DocumentPanel(look, DOCUMENTS)
    qtbot.addWidget(panel)
    panel.set_today(TODAY)
    panel.show_pictures(Pictures(strips={"issue_date": np.zeros((40, 200, 3), np.uint8)}))
    for captured in (front, back):
        case.dispatch(captured)
        panel.show_case(CaseView(case.state, case.journey))
    assert panel.read.dates.issue.day == date(2016, 4, 11)
    assert not panel.read.dates.issue.strip.isHidden()
    other = replace(front.document, document_number="160459201848")
    case.dispatch(replace(front, document=other))
    panel.show_pictures(Pictures())
    panel.show_case(CaseView(case.state, case.journey))
    for entry in (panel.read.dates.expiry, panel.read.dates.issue):
        assert entry.edit.text() == ""
        assert entry.source is FieldSource.TYPED
        assert entry.strip.isHidden()


def test_the_strip_is_shown_where_there_is_one_and_forgotten_with_the_case(entry):
    entry.show_strip(np.zeros((40, 200, 3), np.uint8))
    assert not entry.strip.isHidden()
    entry.forget()
    assert entry.strip.isHidden()
    assert entry.edit.text() == ""


def test_enter_confirms_one_date_after_the_other_then_the_document(look, qtbot):
    case: PaperCase = case_at(StepKind.DOCUMENT)
    for captured in old_card_sides():
        case.dispatch(captured)
    panel = DocumentPanel(look, DOCUMENTS)
    qtbot.addWidget(panel)
    panel.set_today(TODAY)
    panel.show()
    qtbot.waitExposed(panel)
    panel.activateWindow()
    panel.show_case(CaseView(case.state, case.journey))
    told = []
    panel.happened.connect(told.append)
    tr = look.language.tr
    said, in_focus = [], []
    for _ in range(3):
        said.append(panel.primary.text())
        in_focus.append(panel.focusWidget())
        panel.go_on()
        if isinstance(told[-1], FieldTyped):
            case.dispatch(told[-1])
            panel.show_case(CaseView(case.state, case.journey))
    assert told == [
        FieldTyped("expiry_date", DAY, FieldSource.READ),
        FieldTyped("issue_date", date(2016, 4, 11), FieldSource.READ),
        DocumentConfirmed(),
    ]
    ask = tr("journey.document.confirm_date")
    assert said == [ask, ask, tr("journey.document.primary")]
    assert in_focus[:2] == [panel.read.dates.expiry.edit, panel.read.dates.issue.edit]
    assert in_focus[2] not in (panel.read.dates.expiry.edit, panel.read.dates.issue.edit)
    assert panel.read.dates.expiry.confirmed
    assert panel.read.dates.issue.confirmed
    assert "modèle plastifié" in panel.read.kind.text()
