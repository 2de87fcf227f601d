"""The sheet by e-mail, on the real receipt: one key, one address, an honest answer."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from central.contact.sheets import require_plain
from kiosk.domain.errors import ContactNotSentError, ContactTooOftenError, UnreachableError
from kiosk.services.sheet_mail import SheetMailer
from kiosk.sync.contact import SheetOrder
from tests.fakes.office import Office, office_on_disk
from tests.ui.counter import Counter
from tests.ui.sheets import ACTS, FIGURES
from tests.ui.test_giving_answers import chosen, note, to_receipt
from ui.screens.sheet_words import Variant, compose

CONTROL = Qt.KeyboardModifier.ControlModifier


class MailRoom:
    """A central side that mails, or does not."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, SheetOrder]] = []
        self.trouble: Exception | None = None
        self.line = threading.Event()
        self.line.set()

    def mail_sheet(self, seq: int, order: SheetOrder) -> None:
        self.line.wait(60)
        if self.trouble is not None:
            raise self.trouble
        self.sent.append((seq, order))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = office_on_disk(tmp_path)
    office.session()
    yield office
    office.store.close()


@pytest.fixture
def room() -> MailRoom:
    return MailRoom()


@pytest.fixture
def counter(qtbot, look, office, room, tmp_path) -> Iterator[Counter]:
    made = Counter(qtbot, look, office, tmp_path / "slips", sheet_mail=SheetMailer(room))
    yield made
    made.close()


def receipt(counter: Counter):
    return counter.router.case.receipt


def ask(counter: Counter, address: str) -> None:
    counter.key(Qt.Key.Key_E, CONTROL)
    assert receipt(counter).mail.edit.hasFocus()
    counter.type(address)
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: counter.router.case.sheet_mail.desk.idle, timeout=10_000)


def answered(counter: Counter, word: str) -> None:
    counter.qtbot.waitUntil(lambda: word in note(counter), timeout=10_000)


def test_the_sheet_goes_to_the_address_that_the_customer_says(counter, room):
    to_receipt(counter)
    ask(counter, "client2@example.org")
    answered(counter, "envoyée par e-mail")
    ((seq, order),) = room.sent
    assert seq == receipt(counter).facts.records[0].seq
    assert order.address == "client2@example.org"
    assert (order.language, order.variant) == ("fr", "normal")
    assert order.text == receipt(counter).sheet().text
    assert not receipt(counter).mail.isVisible()
    assert receipt(counter).mail.edit.text() == ""
    counter.on(receipt(counter))


def test_the_chosen_way_of_writing_is_the_one_that_is_sent(counter, room):
    to_receipt(counter)
    chosen(counter, Qt.Key.Key_4, Variant.ENGLISH)
    ask(counter, "client@example.org")
    answered(counter, "envoyée par e-mail")
    assert (room.sent[0][1].language, room.sent[0][1].variant) == ("en", "english")


def test_a_sheet_that_is_asked_for_while_the_line_is_slow_waits_its_turn(counter, room):
    to_receipt(counter)
    room.line.clear()
    mail = receipt(counter).mail
    mail.sent.emit("client@example.org")
    mail.sent.emit("client@example.org")
    chosen(counter, Qt.Key.Key_3, Variant.EASY)
    mail.sent.emit("client@example.org")
    room.line.set()
    counter.qtbot.waitUntil(lambda: counter.router.case.sheet_mail.desk.idle, timeout=10_000)
    assert [order.variant for _, order in room.sent] == ["normal", "easy"]


def test_what_is_no_address_is_not_sent_and_can_be_corrected(counter, room):
    to_receipt(counter)
    ask(counter, "client")
    answered(counter, "bonne forme")
    assert room.sent == []
    assert receipt(counter).mail.isVisible()


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (UnreachableError("cable"), "rien ne partira seul"),
        (ContactNotSentError(), "messagerie"),
        (ContactTooOftenError("3600"), "Trop d’envois"),
    ],
)
def test_what_did_not_go_out_is_said_and_not_promised(counter, room, trouble, said):
    room.trouble = trouble
    to_receipt(counter)
    ask(counter, "client@example.org")
    answered(counter, said)
    room.trouble = None
    counter.key(Qt.Key.Key_Return)
    answered(counter, "envoyée par e-mail")
    assert len(room.sent) == 1


def test_a_sheet_that_failed_after_the_next_customer_was_called_is_told(counter, room):
    told: list[str] = []
    counter.router.case.sheet_mail.sheet_lost.connect(told.append)
    to_receipt(counter)
    seq = receipt(counter).facts.records[0].seq
    room.trouble = ContactNotSentError()
    room.line.clear()
    counter.key(Qt.Key.Key_E, CONTROL)
    counter.type("client@example.org")
    counter.key(Qt.Key.Key_Return)
    receipt(counter).next_button.click()
    counter.on(counter.router.sections.home)
    with counter.qtbot.waitSignal(counter.router.case.sheet_mail.sheet_lost):
        room.line.set()
    (text,) = told
    assert f"ligne {seq} du journal" in text
    assert "rien n’est parti" in text
    assert "example.org" not in text
    assert text in [label.text() for label in counter.shell.findChildren(QLabel)]


def test_escape_closes_the_line_and_keeps_the_receipt(counter, room):
    to_receipt(counter)
    counter.key(Qt.Key.Key_E, CONTROL)
    counter.type("client@example.org")
    counter.key(Qt.Key.Key_Escape)
    assert not receipt(counter).mail.isVisible()
    assert receipt(counter).mail.edit.text() == ""
    assert room.sent == []
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)


def test_no_address_stays_when_the_receipt_is_left(counter):
    to_receipt(counter)
    counter.key(Qt.Key.Key_E, CONTROL)
    counter.type("client@example.org")
    receipt(counter).next_button.click()
    counter.on(counter.router.sections.home)
    assert receipt(counter).mail.edit.text() == ""


def test_no_address_stays_when_the_desk_is_given_to_another_agent(counter):
    to_receipt(counter)
    counter.key(Qt.Key.Key_E, CONTROL)
    counter.type("client@example.org")
    counter.key(Qt.Key.Key_F9)
    counter.on(counter.router.sign_in)
    assert receipt(counter).mail.edit.text() == ""


def to_past(counter: Counter) -> None:
    """The sheet of an act of today, from the list."""
    to_receipt(counter)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    sections = counter.router.sections
    sections._show_history()
    counter.on(sections.history)
    closed = counter.office.outbox()[0].seq
    sections.history.answer_chosen.emit(closed)
    counter.on(sections.past)


def test_the_sheet_of_a_past_act_goes_out_too_and_its_address_stays_nowhere(counter, room):
    to_past(counter)
    past = counter.router.sections.past
    assert past.mail_button.isVisible()
    counter.key(Qt.Key.Key_E, CONTROL)
    assert past.mail.edit.hasFocus()
    assert past.mail.edit.text() == ""
    counter.type("client@example.org")
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: len(room.sent) == 1, timeout=10_000)
    counter.qtbot.waitUntil(lambda: not past.mail.isVisible(), timeout=10_000)
    ((seq, order),) = room.sent
    assert seq == past.facts.records[0].seq
    assert (order.address, order.text) == ("client@example.org", past.sheet().text)
    assert past.mail.edit.text() == ""


def test_an_address_typed_for_a_past_sheet_goes_with_its_page(counter, room):
    to_past(counter)
    past = counter.router.sections.past
    counter.key(Qt.Key.Key_E, CONTROL)
    counter.type("client@example.org")
    past.next_button.click()
    counter.on(counter.router.sections.history)
    assert past.mail.edit.text() == ""
    assert room.sent == []


def test_a_device_of_no_fleet_has_no_such_key(qtbot, look, office, tmp_path):
    made = Counter(qtbot, look, office, tmp_path / "slips")
    try:
        to_receipt(made)
        assert not receipt(made).mail_button.isVisible()
        made.key(Qt.Key.Key_E, CONTROL)
        assert not receipt(made).mail.isVisible()
    finally:
        made.close()


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("name", sorted(ACTS))
def test_the_central_side_takes_every_real_sheet_for_one(look, name, variant):
    require_plain(compose(ACTS[name], look.language, variant, FIGURES).text)
