"""What a request announces, told while the agent can act on it: the document, the office."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel

from kiosk.domain.evidence import Side
from kiosk.domain.ids import OfficeId
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.model import RequestPresented, StepKind
from tests.fakes.cases import CARD_SIDES, REQUEST, PaperCase
from tests.ui.case_pages import case_at, panel_at
from ui.steps.words import announced_document


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        (None, "", ""),
        (REQUEST.document_kind, "", "document_kinds.fr-id-card-2021"),
        (REQUEST.document_kind, "D2H 6862 M2", "62M2"),
        (None, "D2H6862M2", "62M2"),
    ],
)
def test_a_document_is_named_by_kind_and_the_end_of_its_number(look, kind, number, words):
    request = replace(REQUEST, document_kind=kind, document_number=number)
    told = announced_document(request, look.language)
    expected = look.language.tr(words) if words.startswith("document_kinds") else words
    assert told == expected or told.endswith(expected) is True
    assert "D2H" not in told
    assert bool(told) is bool(words)


def test_the_announced_document_is_asked_for_until_one_was_read(look, qtbot):
    panel = panel_at(look, StepKind.DOCUMENT)
    qtbot.addWidget(panel)
    told = announced_document(REQUEST, look.language)
    kind = panel.read.findChild(QLabel, "document-kind")
    assert told in kind.text()
    case = case_at(StepKind.DOCUMENT)
    read = next(side for side in CARD_SIDES if side.facts.side is Side.BACK)
    state = replace(case.state, document=read.document)
    again = panel_at(look, StepKind.DOCUMENT, state)
    qtbot.addWidget(again)
    assert told not in again.read.findChild(QLabel, "document-kind").text()


def test_a_request_for_another_office_names_it(look, qtbot):
    case = PaperCase()
    case.dispatch(RequestPresented(RequestVerdict.WRONG_OFFICE, meant_for=OfficeId("069002")))
    panel = panel_at(look, StepKind.REQUEST, case.state)
    qtbot.addWidget(panel)
    assert "069002" in panel._way_on.text()
    case.present_code(RequestVerdict.VALID)
    assert case.state.request_office == ""
