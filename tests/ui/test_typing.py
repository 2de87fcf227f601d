"""Typing by hand: a zone with its digits told in place, and a document that has no zone."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import SystemRandom

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.decision import Reason
from kiosk.domain.evidence import DocumentKind, PartialDate, Side, Verdict
from kiosk.journeys.model import StepKind
from kiosk.services.examination import CatalogueExamination, DocumentRules
from tests.fakes.office import Office, office_on_disk
from tests.ui.case_pages import CARD_LINES, DOCUMENTS, TODAY, open_reading
from ui.steps.checks import ChecksPanel
from ui.steps.plain_form import PlainForm, typed_birth
from ui.steps.zone_entry import ZoneEntry

TD3 = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
VISA = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
"""Specimens of ICAO Doc 9303-4 and -7."""


@pytest.fixture
def zone(look, qtbot) -> ZoneEntry:
    zone = ZoneEntry(look, DOCUMENTS.series)
    qtbot.addWidget(zone)
    zone.show()
    zone.activateWindow()
    qtbot.waitUntil(zone.isActiveWindow)
    zone.begin(TODAY, "passport")
    return zone


def put(zone: ZoneEntry, *texts: str) -> None:
    for row, text in zip(zone._lines, texts, strict=False):
        row.edit.setText(text)


def test_a_zone_typed_in_small_letters_is_accepted(zone):
    put(zone, TD3[0].lower().replace("<", " "), TD3[1].lower())
    assert zone.accepted is not None
    assert zone.accepted.document.document_number == "L898902C3"


def test_the_line_of_a_driving_licence_is_named_as_such(zone, look):
    zone.begin(TODAY, "card")
    put(zone, "D1FRA13AA000021231028MARTIN<<9")
    kind = look.language.tr("document_families.driving-licence")
    assert zone._lines[0].problem == look.language.tr("zone.other_paper", kind=kind)
    assert zone.accepted is None


def test_the_wrong_field_is_told_at_its_line(zone, look):
    put(zone, TD3[0], TD3[1].replace("7408122", "7408132"))
    told = look.language.tr("zone.wrong.birth_date", position=20)
    assert zone._lines[1].problem == told
    assert zone._lines[0].problem == ""
    assert zone.accepted is None


def test_the_caret_tells_position_and_field(zone, look):
    put(zone, "", TD3[1])
    row = zone._lines[1]
    row.edit.setFocus()
    row.edit.setCursorPosition(9)
    assert row.caret.text() == "Position 10\u00a0: chiffre de contrôle du numéro"
    assert row.edit.accessibleDescription() == row.caret.text()


def test_a_look_alike_is_offered_and_replaced_only_when_asked(zone):
    put(zone, "", TD3[1].replace("7408122", "74O8122"))
    assert zone._lines[1].edit.text()[15] == "O"
    assert zone.replace.isVisible()
    QTest.keyClick(zone._lines[1].edit, Qt.Key.Key_F6)
    assert zone._lines[1].edit.text() == TD3[1]
    assert zone.replace.isHidden()


def test_the_first_characters_choose_among_kinds_of_one_shape(zone):
    put(zone, VISA)
    assert zone.layout_chosen.name == "MRV-A"
    zone.begin(TODAY, "card-2")
    put(zone, "IDFRADURAND")
    assert zone.layout_chosen.name == "FR-ID"


@pytest.mark.parametrize("glue", ["\n", "\r\n", "\n\n", ""])
def test_pasted_lines_go_where_they_belong(zone, glue):
    zone._lines[0].edit.setFocus()
    QGuiApplication.clipboard().setText(glue.join(line.lower() for line in CARD_LINES))
    QTest.keyClick(zone._lines[0].edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert zone.texts == CARD_LINES
    assert zone.accepted is not None


def test_any_other_pasted_text_goes_to_the_caret(zone):
    zone._lines[0].edit.setFocus()
    QGuiApplication.clipboard().setText("p<uto eriksson")
    QTest.keyClick(zone._lines[0].edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert zone.texts[0] == "P<UTO<ERIKSSON"


def test_pictures_of_the_last_open_reading_stand_over_the_lines(zone):
    zone.begin(TODAY, "passport", open_reading())
    assert zone.layout_chosen.name == "TD1"
    assert all(not row.strip.isHidden() for row in zone._lines)
    assert zone.texts == ("", "", "")
    zone.begin(TODAY, "passport")
    assert all(row.strip.isHidden() for row in zone._lines)


# --- documents without a zone ---------------------------------------------------------------------


@pytest.fixture
def catalogue() -> DocumentCatalogue:
    return DOCUMENTS


@pytest.fixture
def form(look, qtbot, catalogue) -> PlainForm:
    form = PlainForm(look, catalogue)
    qtbot.addWidget(form)
    form.show()
    form.begin(TODAY)
    return form


def fill(form: PlainForm, **changes: str) -> None:
    texts = {
        "surname": "Bianchi",
        "given_names": "Chiara, Maria",
        "birth": "14/06/1961",
        "number": "ar 123-4567",
        "issuer": "ita",
        "issue": "04/03/2017",
        "expiry": "03/03/2027",
        **changes,
    }
    for name, text in texts.items():
        getattr(form, name).edit.setText(text)
    form.kind.select("eu-id-card")
    form.examined.select("both")


def test_only_kinds_that_may_lack_a_zone_are_offered(form):
    kinds = [kind.value for kind in DOCUMENTS.kinds_without_zone()]
    assert kinds == ["eu-id-card", "other"]
    assert form.confirm() is None
    assert form.missing


def test_a_complete_form_is_a_document_without_layout(form):
    fill(form)
    document = form.confirm()
    assert document is not None
    assert (document.kind, document.layout, document.mrz) == (DocumentKind.EU_ID_CARD, "", ())
    assert document.document_number == "AR1234567"
    assert document.given_names == ("Chiara", "Maria")
    assert document.birth_date == PartialDate(1961, 6, 14)
    assert document.expiry_date == date(2027, 3, 3)


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        ("surname", "", "empty"),
        ("surname", "B14NCHI", "form"),
        ("surname", "ΠΑΠΑΔΟΠΟΥΛΟΣ", "form"),
        ("given_names", " , ", "form"),
        ("birth", "31/02/1961", "form"),
        ("birth", "14/06/2061", "impossible"),
        ("number", "A1", "form"),
        ("number", "ÀÀ1234", "form"),
        ("issuer", "ITL", "unknown"),
        ("issuer", "UTO", "unknown"),
        ("issue", "04/03/2037", "impossible"),
        ("issue", "04/03/1950", "impossible"),
        ("expiry", "", "empty"),
        ("expiry", "03/03/2016", "order"),
    ],
)
def test_each_field_says_what_is_wrong_with_it(form, look, field, text, problem):
    fill(form, **{field: text})
    assert form.confirm() is None
    entry = getattr(form, field)
    told = look.language.tr(f"plain.problem.{field}.{problem}")
    assert entry._problem.text() == told
    assert entry.edit.accessibleDescription() == told


def test_a_document_without_expiry_must_be_stated(form):
    fill(form, expiry="")
    form.no_expiry.select("none")
    document = form.confirm()
    assert document is not None
    assert document.expiry_date is None
    form.expiry.edit.setText("03/03/2027")
    assert form.confirm() is None


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("1950", PartialDate(1950)),
        ("06/1950", PartialDate(1950, 6)),
        ("14 06 1950", PartialDate(1950, 6, 14)),
        ("13/1950", None),
        ("50", None),
    ],
)
def test_birth_dates_may_be_partial(text, born):
    assert typed_birth(text) == born


# --- at the counter -------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office that makes the real checks, by the rules that hold without a policy."""
    office = office_on_disk(tmp_path)
    office.session()
    rules = DocumentRules(DOCUMENTS.accepted_by("online-request"))
    real = CatalogueExamination(DOCUMENTS, lambda: rules, office.clock, SystemRandom())
    office.examination.checks = real.checks
    yield office
    office.store.close()


def test_an_empty_form_asks_its_first_question_first(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.key(Qt.Key.Key_F4)
    counter.key(Qt.Key.Key_F7)
    form = counter.router.case.document.typed.plain
    assert form.confirm() is None
    assert form.kind.isAncestorOf(counter.focused)
    form.kind.select("eu-id-card")
    assert form.confirm() is None
    assert form.surname.edit.hasFocus()
    form.surname.edit.setText("Bianchi")
    form.given_names.edit.setText("Chiara")
    form.birth.edit.setText("14/06/1961")
    assert form.confirm() is None
    assert form.number.edit.hasFocus()


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800), (800, 600)])
def test_a_document_without_a_zone_is_entered_by_keyboard_alone(counter, look, size):
    counter.shell.resize(*size)
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    panel = counter.router.case.document
    counter.key(Qt.Key.Key_F4)
    counter.key(Qt.Key.Key_F7)
    form = panel.typed.plain
    assert form.surname.edit.hasFocus()
    for text in ("Bianchi", "Chiara", "14/06/1961", "AR1234567", "ITA", "04/03/2017", "03/03/2027"):
        counter.type(text)
        assert counter.focused.visibleRegion().boundingRect() == counter.focused.rect()
        counter.key(Qt.Key.Key_Tab)
    counter.key(Qt.Key.Key_Return)
    assert counter.state.document is None
    assert panel.banner.text == look.language.tr("plain.kind_missing")
    assert form.kind.isAncestorOf(counter.focused)
    counter.key(Qt.Key.Key_Space)
    counter.qtbot.waitUntil(lambda: form.kind.selected == ("eu-id-card",))
    counter.key(Qt.Key.Key_Return)
    assert panel.banner.text == look.language.tr("plain.examined_missing")
    counter.key(Qt.Key.Key_Space)
    counter.qtbot.waitUntil(lambda: form.examined.selected == ("both",))
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: len(counter.state.sides) == 2, timeout=10_000)
    state = counter.state
    assert all(side.by_hand for side in state.sides)
    assert [side.side for side in state.sides] == [Side.FRONT, Side.BACK]
    assert not panel.typing
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    verdicts = {check.code: check.verdict for check in counter.state.checks}
    assert verdicts["mrz.summary"] is Verdict.NOT_DONE
    assert verdicts["document.kind_accepted"] is Verdict.FAIL
    checks = counter.router.case.panels[StepKind.CHECKS]
    assert isinstance(checks, ChecksPanel)
    assert checks.rows["reading.typed"].tick_button is not None
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)
    suggested = counter.router.case.decision.reasons.selected
    assert Reason.TYPE_NOT_ACCEPTED.value in suggested


def test_nothing_typed_for_one_person_reaches_the_next(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.key(Qt.Key.Key_F4)
    counter.type("IDFRA")
    counter.key(Qt.Key.Key_F7)
    counter.type("Bianchi")
    counter.key(Qt.Key.Key_F8)
    counter.on(counter.router.case.stop)
    counter.key(Qt.Key.Key_1)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    panel = counter.router.case.document
    assert panel.typed.zone.texts == ("", "", "")
    assert panel.typed.plain.surname.edit.text() == ""
    assert not panel.typing
