"""Giving the customer the sheet: printed, kept, in another way of writing, and given again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from kiosk.audit.entries import EntryKind
from kiosk.ports import OutboxState
from kiosk.services.answer_facts import Standing
from tests.fakes.office import Office, office_on_disk
from tests.ui.counter import Counter
from tests.ui.printers import SlowPrinter
from tests.ui.sheets import FIGURES
from ui.screens.sheet_words import Variant
from ui.viewmodels.delivery import DeliveryFacts

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = office_on_disk(tmp_path)
    office.session()
    yield office
    office.store.close()


@pytest.fixture
def printer() -> SlowPrinter:
    return SlowPrinter()


@pytest.fixture
def counter(qtbot, look, office, printer, tmp_path) -> Iterator[Counter]:
    counter = Counter(qtbot, look, office, tmp_path / "slips", printing=printer)
    yield counter
    printer.paper.set()
    counter.close()


def to_receipt(counter: Counter) -> None:
    counter.sign_in()
    counter.open_case()
    counter.to_confirm()
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)


def chosen(counter: Counter, key: Qt.Key, variant: Variant) -> None:
    """Press a key, and wait until it is sure that no scanner pressed it."""
    counter.key(key)
    receipt = counter.router.case.receipt
    counter.qtbot.waitUntil(lambda: receipt.variant is variant, timeout=10_000)


def note(counter: Counter) -> str:
    return counter.router.case.receipt._note.text()


def test_the_desk_works_on_while_the_printer_waits(counter, printer):
    to_receipt(counter)
    counter.key(Qt.Key.Key_P, CONTROL)
    assert "imprimante" in note(counter)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    assert printer.pieces == []
    printer.paper.set()
    counter.qtbot.waitUntil(lambda: len(printer.pieces) == 1, timeout=10_000)


def test_the_way_of_writing_is_chosen_by_a_key(counter, printer):
    printer.paper.set()
    to_receipt(counter)
    receipt = counter.router.case.receipt
    chosen(counter, Qt.Key.Key_2, Variant.LARGE)
    counter.key(Qt.Key.Key_P, CONTROL)
    counter.qtbot.waitUntil(lambda: counter.router.case.sheets.desk.idle, timeout=10_000)
    assert [sheet.variant for sheet in printer.pieces] == [Variant.LARGE]
    chosen(counter, Qt.Key.Key_3, Variant.EASY)
    assert "C’est bon" in receipt.preview.accessibleName()
    chosen(counter, Qt.Key.Key_4, Variant.ENGLISH)
    assert "Your identity" in receipt.preview.accessibleName()


def test_the_next_customer_begins_with_the_normal_sheet(counter):
    to_receipt(counter)
    chosen(counter, Qt.Key.Key_2, Variant.LARGE)
    receipt = counter.router.case.receipt
    receipt.show_facts(receipt.facts)
    assert receipt.variant is Variant.NORMAL


def test_a_failing_printer_is_told_and_the_act_stands(counter, printer):
    printer.broken = True
    printer.paper.set()
    to_receipt(counter)
    counter.key(Qt.Key.Key_P, CONTROL)
    counter.qtbot.waitUntil(lambda: "PRINT-002" in note(counter), timeout=10_000)
    assert counter.state.record is not None


def test_the_sheet_is_kept_as_pdf_on_demand(counter, tmp_path):
    to_receipt(counter)
    counter.key(Qt.Key.Key_S, CONTROL)
    counter.qtbot.waitUntil(lambda: counter.router.case.sheets.desk.idle, timeout=10_000)
    (file,) = (tmp_path / "slips").glob("*-normal.pdf")
    assert file.name in note(counter)


def test_help_figures_stand_on_the_sheet(counter):
    to_receipt(counter)
    receipt = counter.router.case.receipt
    receipt.figures = lambda _language: FIGURES
    assert FIGURES["number_everyone"] in receipt.sheet().text


def stored(office: Office, seq: int):
    with office.store.begin() as uow:
        row = replace(uow.outbox.get(seq), state=OutboxState.STORED)
        uow.outbox.put(row)
        uow.commit()
    return row


def test_the_receipt_turns_confirmed_when_the_central_side_has_the_record(counter, office):
    to_receipt(counter)
    receipt = counter.router.case.receipt
    assert receipt.facts.standing is Standing.PROVISIONAL
    row = stored(office, receipt.facts.records[0].seq)
    counter.router.delivery.changed.emit(DeliveryFacts((row,), online=True))
    assert receipt.facts.standing is Standing.CONFIRMED
    assert "Confirmé par le service central" in receipt.sheet().text


def test_the_history_gives_the_confirmed_sheet_again(counter, office):
    to_receipt(counter)
    seq = counter.router.case.receipt.facts.records[0].seq
    stored(office, seq)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    counter.key(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    sections = counter.router.sections
    counter.on(sections.history)
    counter.qtbot.waitUntil(lambda: bool(sections.history._rows.rows), timeout=10_000)
    rows = {row.objectName(): row for row in sections.history._rows.rows}
    counter.qtbot.mouseClick(rows[f"row-{seq}"], Qt.MouseButton.LeftButton)
    counter.on(sections.past)
    assert sections.past.facts.standing is Standing.CONFIRMED
    assert sections.past.facts.words == ()
    counter.key(Qt.Key.Key_Return)
    counter.on(sections.history)


def test_only_closed_acts_have_a_sheet(counter):
    to_receipt(counter)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    counter.key(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    history = counter.router.sections.history
    counter.on(history)
    counter.qtbot.waitUntil(lambda: bool(history._rows.rows), timeout=10_000)
    pressable = [row for row in history._rows.rows if hasattr(row, "clicked")]
    assert len(pressable) == 1


def to_history(counter: Counter) -> None:
    counter.key(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    counter.on(counter.router.sections.history)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)


def listed(counter: Counter) -> list[str]:
    return [row.objectName() for row in counter.router.sections.history._rows.rows]


@pytest.fixture
def two_days_later(counter, office) -> str:
    """A customer was served the day before yesterday; the name of that line."""
    to_receipt(counter)
    row = f"row-{counter.router.case.receipt.facts.records[0].seq}"
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    office.clock.advance(days=2)
    to_history(counter)
    assert row not in listed(counter)
    return row


def test_the_sheet_of_an_earlier_day_is_given_again(counter, office, two_days_later):
    sections = counter.router.sections
    day = office.clock.now().astimezone().date() - timedelta(days=2)
    counter.key(Qt.Key.Key_Left, CONTROL)
    counter.qtbot.waitUntil(lambda: listed(counter) == [two_days_later], timeout=10_000)
    assert counter.look.language.day(day) in sections.history.hint.text()
    counter.qtbot.mouseClick(sections.history._rows.rows[0], Qt.MouseButton.LeftButton)
    counter.on(sections.past)
    assert "Votre identité est vérifiée" in sections.past.sheet().text
    counter.key(Qt.Key.Key_Return)
    counter.on(sections.history)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)
    assert listed(counter) == [two_days_later]  # the same day is still shown
    counter.key(Qt.Key.Key_Left, CONTROL)
    counter.qtbot.waitUntil(lambda: not sections.history.days.earlier.isEnabled(), timeout=10_000)
    counter.key(Qt.Key.Key_Right, CONTROL)
    counter.qtbot.waitUntil(lambda: two_days_later not in listed(counter), timeout=10_000)
    assert not sections.history.days.later.isEnabled()


def test_a_day_is_typed_and_the_page_comes_back_to_today(counter, office, two_days_later):
    sections = counter.router.sections
    day = office.clock.now().astimezone().date() - timedelta(days=2)
    edit = sections.history.days.edit
    edit.setFocus()
    counter.type(f"{day:%d/%m/%Y}")
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: listed(counter) == [two_days_later], timeout=10_000)
    assert edit.text() == ""
    edit.setFocus()
    counter.type(f"{day - timedelta(days=1):%d/%m/%Y}")
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: listed(counter) == [], timeout=10_000)
    edit.setFocus()
    counter.type("31/02/2026")
    counter.key(Qt.Key.Key_Return)
    assert edit.text() == "31/02/2026"  # said, and left to be mended
    to_history(counter)
    assert sections.history._card.title.text() == counter.look.language.tr("history.list")
    assert edit.text() == ""


def test_a_case_that_ended_without_a_record_says_that_it_has_no_sheet(counter, office):
    counter.sign_in()
    with office.store.begin() as uow:
        facts = {"case": "0" * 32, "agent": "camille", "outcome": "abandoned", "sealed": False}
        office.journal.append(uow, EntryKind.VERIFY_CLOSE, facts)
        uow.commit()
    to_history(counter)
    said = []
    counter.shell.toast = lambda text, *_: said.append(text)
    history = counter.router.sections.history
    counter.qtbot.mouseClick(history._rows.rows[0], Qt.MouseButton.LeftButton)
    words = counter.look.language.tr("history.no_sheet")
    counter.qtbot.waitUntil(lambda: said == [words], timeout=10_000)
    assert counter.shell.page is history
