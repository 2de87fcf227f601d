"""A case on the real screens: keyboard, real vault, and everything that can go wrong on the way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from PySide6.QtCore import Qt

from kiosk.audit.entries import EntryKind
from kiosk.bootstrap.hardware import load_reader
from kiosk.domain.decision import Outcome, Reason
from kiosk.domain.errors import DiskFullError
from kiosk.domain.evidence import DocumentKind, PartialDate, PrintedValue, Side, Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.model import PrintRead, StepKind
from kiosk.services.printed_reading import PrintedField
from kiosk.vault.store import SqlUnitOfWork
from tests.fakes.cases import DOCUMENT
from tests.fakes.office import office_on_disk
from tests.ui.case_pages import old_card_sides
from tests.ui.counter import Counter
from ui.demonstration.office import drawn
from ui.demonstration.stage import Stage
from ui.viewmodels.capture import Watch

Opens = Callable[..., Counter]
FIRST_OLD_CARD = old_card_sides()[0].document


def test_whole_procedure_by_keyboard_with_specimen_camera_and_real_reader(opens, office, look):
    stage = Stage()
    specimen = stage.specimens["fr-id-lefevre"]
    counter = opens(camera=stage.camera, reader=load_reader(office.clock, specimens=True))
    counter.sign_in()
    counter.open_case()
    code = office.code(
        surname=specimen.holder.surname,
        given_names=specimen.holder.given_names,
        birth_date=PartialDate(1984, 3, 22),
        document_kind=DocumentKind.FR_ID_CARD_2021,
        document_number=specimen.number,
    )
    stage.hold_code(drawn(code).png)
    counter.at(StepKind.NOTICE, 60_000)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DOCUMENT)
    for side in (Side.FRONT, Side.BACK):
        stage.lay(specimen.specimen_id, side)
        counter.qtbot.waitUntil(
            lambda side=side: side not in counter.state.sides_expected, timeout=60_000
        )
    assert counter.state.document.mrz == specimen.mrz
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.FEATURES)
    counter.answer_features()
    assert counter.router.case.person.compare.portrait.has_picture
    counter.key(Qt.Key.Key_1)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)
    assert Outcome.ACCEPTED.value in counter.router.journey.view.outcomes
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONFIRM)
    counter.key(Qt.Key.Key_Return)
    receipt = counter.router.case.receipt
    counter.on(receipt)
    assert receipt.code.text().replace("\u00a0", "") == counter.state.record.slip_code
    assert len(office.outbox()) == 1
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)


def test_unplugged_camera_is_told_and_comes_back_by_itself(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    preview = counter.router.case.document.preview
    counter.qtbot.waitUntil(lambda: preview.picture.has_picture)
    counter.camera.plugged.clear()
    counter.qtbot.waitUntil(lambda: not preview.picture.has_picture, timeout=10_000)
    assert counter.router.capture.failure.code in ("CAPTURE-001", "CAPTURE-004")
    assert counter.router.case.open_step is StepKind.DOCUMENT
    counter.camera.plugged.set()
    counter.qtbot.waitUntil(lambda: preview.picture.has_picture, timeout=10_000)
    assert counter.router.capture.failure is None


def test_full_disk_at_seal_loses_nothing_and_can_be_tried_again(counter, office, monkeypatch):
    counter.sign_in()
    counter.open_case()
    counter.to_confirm()

    def no_room(_uow: SqlUnitOfWork) -> None:
        raise DiskFullError("commit")

    with monkeypatch.context() as full:
        full.setattr(SqlUnitOfWork, "commit", no_room)
        counter.key(Qt.Key.Key_Return)
        counter.on(counter.router.fault)
        assert office.outbox() == ()
        assert counter.router.case.open_step is StepKind.CONFIRM
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONFIRM)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    assert len(office.outbox()) == 1


def test_enter_twice_seals_once(counter, office):
    counter.sign_in()
    counter.open_case()
    counter.to_confirm()
    counter.qtbot.keyClick(counter.focused, Qt.Key.Key_Return)
    counter.qtbot.keyClick(counter.focused, Qt.Key.Key_Return)
    assert not counter.router.journey.present_code("anything")
    counter.on(counter.router.case.receipt)
    assert len(office.outbox()) == 1
    assert office.journal_kinds().count(EntryKind.VERIFY_CLOSE.value) == 1


def test_case_resumes_at_its_step_after_a_restart(counter, opens, office, tmp_path):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.sides = {Side.FRONT: None}
    counter.qtbot.waitUntil(lambda: len(counter.state.sides) == 1)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle)
    before = counter.state
    counter.close()
    office.store.close()
    again = office_on_disk(tmp_path)
    reopened = opens(office=again)
    reopened.sign_in()
    home = reopened.router.sections.home
    reopened.qtbot.waitUntil(lambda: len(home._drafts.rows) == 1)
    home.draft_chosen.emit(before.case_id)
    reopened.at(StepKind.DOCUMENT)
    assert reopened.state == before
    reopened.close()
    again.store.close()


def test_language_changes_live_and_keeps_the_work(counter, look):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    panel = counter.router.case.document
    before = counter.state
    french = panel.title.text()
    look.language.choose("en")
    assert panel.title.text() == look.language.tr("journey.document.title_front") != french
    assert counter.state == before
    assert counter.router.case.open_step is StepKind.DOCUMENT


def test_lock_hides_the_case_and_the_same_agent_comes_back_to_it(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    before = counter.state
    counter.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    counter.on(counter.router.sign_in)
    assert counter.router.capture.watch is Watch.NOTHING
    counter.type("271828")
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DOCUMENT)
    assert counter.state == before
    assert counter.router.capture.watch is Watch.DOCUMENT


def test_pause_locks_the_desk(counter):
    counter.sign_in()
    counter.router.idle.expired.emit()
    counter.on(counter.router.sign_in)


def test_foreign_code_is_told_and_the_case_waits_for_another(counter, office):
    counter.sign_in()
    counter.open_case()
    counter.reader.code = "WIFI:S:free;;"
    counter.qtbot.waitUntil(lambda: counter.state.request_problem is RequestVerdict.FOREIGN)
    assert counter.router.case.open_step is StepKind.REQUEST
    counter.reader.code = office.code()
    counter.at(StepKind.NOTICE)


def test_code_is_pasted_by_hand(counter, office):
    counter.sign_in()
    counter.open_case()
    counter.key(Qt.Key.Key_F4)
    assert counter.focused is counter.router.case.request.entry.edit
    counter.router.case.request.entry.edit.setText(office.code())
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.NOTICE)


def test_zone_is_typed_by_hand_with_live_check_digits(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    # Whoever began online has two of the three steps of the service behind them.
    assert counter.router.customer.window.words.stage == 3
    panel = counter.router.case.document
    counter.key(Qt.Key.Key_F4)
    assert panel.typing
    lines = ("IDFRAX4RTBPFW46", "9007138F3002119FRA<<<<<<<<<<<5", "MARTIN<<MAELYS<GAELLE<MARIE")
    for number, text in enumerate(lines):
        edit = panel.typed.zone._lines[number].edit
        edit.setFocus()
        counter.type(text.replace("<", " ").ljust(30).lower())
    assert not panel.primary.isEnabled()
    edit = panel.typed.zone._lines[1].edit
    edit.setFocus()
    counter.qtbot.keyClick(edit, Qt.Key.Key_End)
    counter.qtbot.keyClick(edit, Qt.Key.Key_Backspace)
    counter.type("6")
    assert panel.primary.isEnabled()
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: counter.state.document is not None)
    assert counter.state.document.surname == "MARTIN"
    assert counter.state.sides[0].by_hand


def test_abandoning_from_any_step_leads_to_a_sealed_record(counter, office):
    counter.sign_in()
    counter.open_case()
    counter.key(Qt.Key.Key_F8)
    counter.on(counter.router.case.stop)
    counter.key(Qt.Key.Key_2)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONFIRM)
    assert counter.state.decision.outcome is Outcome.ABANDONED
    assert counter.state.decision.reasons == (Reason.CUSTOMER_WITHDRAWS,)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    assert len(office.outbox()) == 1


def test_escape_returns_from_the_interruption(counter):
    counter.sign_in()
    counter.open_case()
    counter.key(Qt.Key.Key_F8)
    counter.on(counter.router.case.stop)
    counter.key(Qt.Key.Key_Escape)
    counter.at(StepKind.REQUEST)


def test_nothing_of_one_person_reaches_the_case_of_another(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_confirm()
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    counter.reader.code = ""
    counter.reader.sides = {}
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    counter.open_case()
    case = counter.router.case
    assert counter.router.capture.portrait is None
    assert case.document.read.dates.expiry.edit.text() == ""
    assert case.person.answers.selected == ()
    assert case.decision.outcomes.selected == ()
    assert not case.panels[StepKind.CHECKS].rows


def test_a_known_request_leads_on_without_a_new_scan(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.code = "DC04FR000001"  # the card still lies there: its seal is no request
    counter.key(Qt.Key.Key_Escape)
    counter.at(StepKind.NOTICE)
    seen = []
    counter.router.capture.code_seen.connect(seen.append)
    counter.key(Qt.Key.Key_Escape)
    counter.at(StepKind.REQUEST)
    counter.qtbot.waitUntil(lambda: bool(seen), timeout=10_000)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)
    assert counter.state.request_problem is None
    assert counter.router.case.request.primary.text() == "Continuer"
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.NOTICE)
    assert counter.state.consent is True


def test_a_stranger_code_from_a_scanner_does_not_close_the_way_on(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.code = ""
    for step in (StepKind.NOTICE, StepKind.REQUEST):
        counter.key(Qt.Key.Key_Escape)
        counter.at(step)
    panel = counter.router.case.request
    counter.router.case.present_code("https://example.org/")
    counter.qtbot.waitUntil(
        lambda: counter.state.request_problem is RequestVerdict.FOREIGN, timeout=10_000
    )
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)
    assert panel.primary.isEnabled()
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.NOTICE)
    assert counter.state.request_problem is None


def test_nothing_of_a_document_is_left_when_another_is_laid(counter, office):
    strip = np.zeros((20, 100, 3), np.uint8)
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.printed = (
        PrintedField("issue_date", "2016-04-11", True, strip, Verdict.NOT_DONE),
    )
    counter.reader.sides = {Side.FRONT: FIRST_OLD_CARD}
    counter.qtbot.waitUntil(lambda: len(counter.state.sides) == 1, timeout=10_000)
    capture, read = counter.router.capture, counter.router.case.document.read
    counter.qtbot.waitUntil(lambda: read.dates.issue.day == date(2016, 4, 11), timeout=10_000)
    assert capture.portrait is not None
    counter.reader.code = ""
    counter.key(Qt.Key.Key_Escape)
    counter.at(StepKind.NOTICE)
    counter.key(Qt.Key.Key_Escape)
    counter.at(StepKind.REQUEST)
    counter.reader.printed = ()
    counter.reader.sides = {Side.BACK: replace(FIRST_OLD_CARD, document_number="160559201848")}
    counter.to_document()
    counter.qtbot.waitUntil(
        lambda: [facts.side for facts in counter.state.sides] == [Side.BACK], timeout=10_000
    )
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)
    assert capture.portrait is None
    assert capture.card(Side.FRONT) is None
    assert capture.strips == {}
    for entry in (read.dates.expiry, read.dates.issue):
        assert (entry.edit.text(), entry.strip.isHidden()) == ("", True)


def old_card_without_print(counter):
    """A step at which both sides of an old card were read, and the print of neither yet."""
    strip = np.zeros((20, 100, 3), np.uint8)
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.print_held = True
    counter.reader.printed = (
        PrintedField("expiry_date", "2026-04-10", True, strip, Verdict.NOT_DONE),
    )
    first = replace(FIRST_OLD_CARD, expiry_date=None)
    counter.reader.sides = {Side.FRONT: first, Side.BACK: None}
    counter.qtbot.waitUntil(lambda: len(counter.state.sides) == 2, timeout=10_000)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)


def test_print_that_comes_after_its_side_reaches_the_panel_and_the_case(counter):
    old_card_without_print(counter)
    capture, read = counter.router.capture, counter.router.case.document.read
    assert read.dates.expiry.edit.text() == ""
    assert capture.watch is Watch.DOCUMENT  # nothing is expected, but the print is still read
    counter.reader.print_held = False
    counter.qtbot.waitUntil(lambda: read.dates.expiry.edit.text() == "10/04/2026", timeout=10_000)
    counter.qtbot.waitUntil(lambda: capture.watch is Watch.NOTHING, timeout=10_000)
    assert [len(side.printed) for side in counter.state.sides] == [1, 1]
    assert not read.dates.expiry.strip.isHidden()


def test_what_the_agent_types_meanwhile_stays(counter):
    old_card_without_print(counter)
    read = counter.router.case.document.read
    counter.type("11042026")
    counter.reader.print_held = False
    counter.qtbot.waitUntil(lambda: all(s.printed for s in counter.state.sides), timeout=10_000)
    assert read.dates.expiry.day == date(2026, 4, 11)
    assert read.dates.expiry.edit is counter.focused


def test_a_camera_that_fails_while_print_is_read_stops_nobody(counter):
    old_card_without_print(counter)
    capture = counter.router.capture
    counter.camera.plugged.clear()
    counter.qtbot.waitUntil(lambda: capture.watch is Watch.NOTHING, timeout=10_000)
    assert not capture.awaits_print
    counter.type("11042026")
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: "expiry_date" in counter.state.typed_fields, timeout=10_000)


def test_enter_is_not_lost_while_print_is_taken_in(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)
    case = counter.router.case
    value = PrintedValue("birth_place", "RENNES", sure=False)
    counter.router.capture.print_read.emit(PrintRead(Side.FRONT, (value,)))
    assert counter.router.journey.busy
    case.document.primary.click()
    counter.at(StepKind.CHECKS)
    assert counter.state.sides[0].printed == (value,)


def test_print_reaches_the_case_although_the_agent_has_gone_on(counter):
    strip = np.zeros((20, 100, 3), np.uint8)
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.print_held = True
    counter.reader.printed = (
        PrintedField("birth_place", "Rennes", False, strip, Verdict.NOT_DONE),
    )
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    counter.reader.print_held = False
    counter.qtbot.waitUntil(lambda: all(s.printed for s in counter.state.sides), timeout=10_000)
    counter.at(StepKind.CHECKS)
    assert counter.state.checks
    counter.qtbot.waitUntil(lambda: counter.router.capture.watch is Watch.NOTHING, timeout=10_000)


def test_receipt_is_kept_as_pdf_where_no_printer_is(counter, tmp_path):
    counter.sign_in()
    counter.open_case()
    counter.to_confirm()
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    counter.key(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    counter.qtbot.waitUntil(lambda: counter.router.case.sheets.desk.idle, timeout=10_000)
    (file,) = (tmp_path / "slips").glob("*.pdf")
    assert file.read_bytes().startswith(b"%PDF-")


def test_slip_says_nothing_of_a_suspicion(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_confirm()
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    words = counter.router.case.receipt.sheet().text
    assert DOCUMENT.document_number not in words
    assert DOCUMENT.surname not in words
    assert "fraude" not in words.lower()


@pytest.mark.parametrize("verdict", list(RequestVerdict))
def test_every_answer_to_a_code_has_its_own_sentence(verdict, look):
    others = [other for other in RequestVerdict if other is not verdict]

    def sentence(of: RequestVerdict) -> str:
        return look.language.tr(f"journey.request.verdict.{of.value}.what")

    assert sentence(verdict) not in [sentence(other) for other in others]
    assert look.language.tr(f"journey.request.verdict.{verdict.value}.do")


def test_enter_passes_no_side_that_nobody_saw(counter):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    panel = counter.router.case.document
    counter.qtbot.waitUntil(lambda: panel.preview.picture.has_picture)
    assert not panel.primary.isEnabled()
    counter.key(Qt.Key.Key_Return)
    assert counter.state.sides == ()
    counter.camera.plugged.clear()
    counter.qtbot.waitUntil(panel.primary.isEnabled, timeout=10_000)
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: len(counter.state.sides) == 1, timeout=10_000)
    assert counter.state.sides[0].by_hand


def test_escape_leaves_typing_and_stays_at_the_step(counter):
    counter.sign_in()
    counter.open_case()
    request = counter.router.case.request
    counter.key(Qt.Key.Key_F4)
    assert request.typing
    counter.key(Qt.Key.Key_Escape)
    assert not request.typing
    assert not request.back.isEnabled()
    counter.to_document()
    document = counter.router.case.document
    counter.key(Qt.Key.Key_F4)
    assert document.typing
    counter.key(Qt.Key.Key_Escape)
    assert not document.typing
    assert counter.router.case.open_step is StepKind.DOCUMENT
