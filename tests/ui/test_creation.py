"""Creation at the counter, on the real screens of agent and customer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit

from kiosk.crypto.signing import key_id_of
from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Side
from kiosk.domain.ids import DeviceId
from kiosk.journeys.blocks import Terms
from kiosk.journeys.model import ConsentAnswered, StepKind
from kiosk.journeys.procedures import COUNTER_CREATION, counter_creation
from kiosk.journeys.service_steps import ContactChannel, ContactConfirmed, ContactStatus
from kiosk.services.contact import Contacts, ContactWords
from kiosk.vault.store import open_store
from tests.fakes.cases import DOCUMENT, SIDES
from tests.fakes.clock import FakeClock
from tests.fakes.contact import NearContact, near_contact
from tests.fakes.office import PIN, Office
from tests.ui.counter import Counter
from ui.customer.entry import Entry
from ui.customer.window import BLANK, NOTICE

EMAIL, MOBILE = ContactChannel.EMAIL, ContactChannel.MOBILE
DEVICE = DeviceId("dev-0011223344556677")
ADDRESSES = {EMAIL: "client@example.org", MOBILE: "06 39 98 00 00"}


@pytest.fixture
def near(tmp_path: Path) -> Iterator[NearContact]:
    with near_contact(tmp_path, DEVICE, FakeClock()) as made:
        yield made


@pytest.fixture
def counter(qtbot, look, tmp_path: Path, near: NearContact) -> Iterator[Counter]:
    words = ContactWords(DEVICE, lambda: {key_id_of(near.key.public): near.key.public})
    store = open_store(tmp_path / "vault.db", bytes(range(32)))
    office = Office(
        store, near.clock, journeys=(counter_creation(Terms(SIDES)),), word=words.require
    )
    office.session()
    contacts = Contacts(near, words)
    made = Counter(
        qtbot, look, office, tmp_path / "slips", contacts=contacts, procedure=COUNTER_CREATION
    )
    yield made
    made.close()
    store.close()


def to_contact(counter: Counter) -> None:
    counter.sign_in()
    counter.key(Qt.Key.Key_G)
    counter.at(StepKind.NOTICE)
    assert counter.router.customer.window.words == NOTICE
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONTACT)


def line(counter: Counter, channel: ContactChannel):
    return counter.router.contacts.line(channel)


def wait(counter: Counter, holds: Callable[[], bool]) -> None:
    counter.qtbot.waitUntil(
        lambda: holds() and counter.router.contacts.idle and not counter.router.journey.busy,
        timeout=10_000,
    )


def send(counter: Counter, channel: ContactChannel) -> None:
    counter.router.case.contact.cards[channel].address.edit.setFocus()
    counter.type(ADDRESSES[channel])
    counter.key(Qt.Key.Key_Return)
    wait(counter, lambda: line(counter, channel).standing is not None)


def tap(counter: Counter, text: str) -> None:
    """The customer types on the keys of the own screen, and confirms."""
    entry = counter.router.customer.window.entry
    for sign in text:
        counter.qtbot.mouseClick(entry.keys.key(sign), Qt.MouseButton.LeftButton)
    counter.qtbot.mouseClick(entry.submit, Qt.MouseButton.LeftButton)


def confirm(counter: Counter, near: NearContact, channel: ContactChannel) -> None:
    send(counter, channel)
    assert counter.router.customer.window.asking == (Entry.CODE, channel)
    tap(counter, near.mailbox.code)
    wait(counter, lambda: line(counter, channel).status is ContactStatus.CONFIRMED)


def to_identity(counter: Counter) -> None:
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DOCUMENT)
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.IDENTITY)


def test_the_customer_types_both_codes_and_the_identity_is_read_aloud(counter, near):
    to_contact(counter)
    confirm(counter, near, EMAIL)
    confirm(counter, near, MOBILE)
    assert counter.router.customer.window.asking is None
    to_identity(counter)
    assert counter.router.customer.window.words.stage == 2
    panel = counter.router.case.identity
    panel.entries["surname"].edit.setText("Roussèl")
    panel.entries["birth_place"].edit.setText("Ajaccio")
    panel.code.edit.setText("2a004")
    rows = dict(counter.router.customer.window.words.rows)
    assert rows["surname"] == "Roussèl"
    assert rows["birth_place"] == "Ajaccio"
    assert panel.corrected == ("surname",)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    identity = counter.state.identity
    assert identity.surname == "Roussèl"
    assert identity.given_names == ("Maelle", "Anne")
    assert (identity.birth_place, identity.birth_country) == ("2A004", "99100")
    assert identity.corrected == ("surname",)
    assert counter.router.customer.window.words.stage == 3
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.FEATURES)
    counter.answer_features()
    counter.key(Qt.Key.Key_1)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONFIRM)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    assert counter.state.decision.outcome is Outcome.ACCEPTED
    window = counter.router.customer.window
    assert window.words.key == "answer.accepted"
    assert dict(window.words.rows) == {"slip": counter.state.record.slip_code}
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    assert window.words == BLANK


def test_no_code_is_on_the_screen_of_the_agent_nor_in_the_draft(counter, near):
    to_contact(counter)
    confirm(counter, near, EMAIL)
    send(counter, MOBILE)
    code = near.mailbox.code
    counter.router.customer.window.entry.code.setText(code)
    shown = [w.text() for w in counter.shell.findChildren(QLabel)]
    shown += [w.text() for w in counter.shell.findChildren(QLineEdit)]
    assert not any(code in text for text in shown)
    assert code not in repr(counter.state)


def test_a_wrong_code_says_how_many_tries_are_left(counter, near):
    to_contact(counter)
    send(counter, EMAIL)
    wrong = "000000" if near.mailbox.code != "000000" else "111111"
    window = counter.router.customer.window
    tap(counter, "12")
    counter.qtbot.waitUntil(lambda: "6 chiffres" in window.entry.problem.text())
    tap(counter, wrong)
    counter.qtbot.waitUntil(lambda: "4 essais" in window.entry.problem.text())
    assert window.entry.code.text() == ""
    tap(counter, near.mailbox.code)
    wait(counter, lambda: line(counter, EMAIL).status is ContactStatus.CONFIRMED)


def test_a_corrected_number_is_confirmed_anew_and_the_old_code_is_dead(counter, near):
    to_contact(counter)
    send(counter, MOBILE)
    old = near.mailbox.code
    card = counter.router.case.contact.cards[MOBILE]
    card.address.edit.clear()
    card.address.edit.setFocus()
    counter.type("06 39 98 00 01")
    assert counter.router.case.contact.cards[MOBILE].is_changed
    counter.key(Qt.Key.Key_Return)
    wait(
        counter, lambda: len(near.mailbox.sent) == 2 and line(counter, MOBILE).standing is not None
    )
    assert near.mailbox.sent[-1][0] == "+33639980001"
    if old != near.mailbox.code:
        tap(counter, old)
        window = counter.router.customer.window
        counter.qtbot.waitUntil(lambda: "4 essais" in window.entry.problem.text())
    tap(counter, near.mailbox.code)
    wait(counter, lambda: line(counter, MOBILE).status is ContactStatus.CONFIRMED)


def test_a_code_typed_on_the_own_phone_is_noticed(counter, near):
    to_contact(counter)
    send(counter, EMAIL)
    facts = line(counter, EMAIL).facts
    order_of = counter.contacts
    order_of.check(counter.state.case_id, facts, near.mailbox.code)  # as the page does
    wait(counter, lambda: line(counter, EMAIL).status is ContactStatus.CONFIRMED)


def test_without_a_network_both_are_confirmed_later_and_the_case_goes_on(counter, near):
    near.plugged = False
    to_contact(counter)
    for channel in (EMAIL, MOBILE):
        card = counter.router.case.contact.cards[channel]
        card.address.edit.setFocus()
        counter.type(ADDRESSES[channel])
        counter.key(Qt.Key.Key_Return)
        wait(counter, lambda channel=channel: line(counter, channel).offline)
        assert "Pas de réseau" in card.state.text()
        counter.qtbot.mouseClick(card.later, Qt.MouseButton.LeftButton)
        wait(
            counter, lambda channel=channel: line(counter, channel).status is ContactStatus.DEFERRED
        )
        assert card.state.text() == "Sera confirmé plus tard."
    to_identity(counter)
    assert [c.status for c in counter.state.contacts] == [ContactStatus.DEFERRED] * 2


def test_a_network_lost_while_a_code_is_out_is_told_as_such_and_the_code_still_counts(
    counter, near
):
    to_contact(counter)
    send(counter, EMAIL)
    near.plugged = False
    card, window = counter.router.case.contact.cards[EMAIL], counter.router.customer.window
    tap(counter, near.mailbox.code)
    language = counter.look.language
    counter.qtbot.waitUntil(lambda: window.entry.problem.text() == language.tr("customer.offline"))
    wait(counter, lambda: line(counter, EMAIL).offline)
    assert card.state.text() == language.tr("journey.contact.offline_sent")
    assert not card.later.isHidden()
    near.plugged = True
    tap(counter, near.mailbox.code)
    wait(counter, lambda: line(counter, EMAIL).status is ContactStatus.CONFIRMED)


def test_a_network_lost_while_nobody_types_is_told_and_its_return_too(counter, near):
    to_contact(counter)
    send(counter, EMAIL)
    near.plugged = False
    counter.router.contacts._ask_states()
    wait(counter, lambda: line(counter, EMAIL).offline)
    near.plugged = True
    counter.router.contacts._ask_states()
    wait(counter, lambda: not line(counter, EMAIL).offline)
    assert line(counter, EMAIL).status is ContactStatus.SENT


def test_the_screen_cannot_confirm_an_address_by_itself(counter, near):
    to_contact(counter)
    send(counter, EMAIL)
    panel = counter.router.case.contact
    panel.happened.emit(ContactConfirmed(EMAIL, "a.b.c"))
    counter.qtbot.waitUntil(panel.banner.isVisible)
    assert counter.state.contacts[0].status is ContactStatus.SENT


def test_a_lock_blanks_the_customers_screen_and_forgets_what_was_typed(counter, near):
    to_contact(counter)
    send(counter, EMAIL)
    window = counter.router.customer.window
    window.entry.code.setText("123")
    counter.router.session.lock()
    counter.qtbot.waitUntil(lambda: window.words == BLANK)
    assert window.entry.code.text() == ""
    assert ADDRESSES[EMAIL] not in [w.text() for w in window.findChildren(QLabel)]
    # What is confirmed meanwhile, on the own telephone, opens no page of the agent's.
    facts = line(counter, EMAIL).facts
    counter.contacts.check(counter.state.case_id, facts, near.mailbox.code)
    counter.router.contacts._ask_states()
    counter.qtbot.waitUntil(lambda: counter.router.contacts._desk.idle)
    assert counter.shell.page is counter.router.sign_in
    assert window.words == BLANK
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONTACT)
    wait(counter, lambda: line(counter, EMAIL).status is ContactStatus.CONFIRMED)
    counter.qtbot.waitUntil(lambda: window.words.key == "contact")


def test_the_customer_may_type_the_address(counter, near):
    to_contact(counter)
    panel = counter.router.case.contact
    counter.qtbot.mouseClick(panel.cards[EMAIL].customer, Qt.MouseButton.LeftButton)
    window = counter.router.customer.window
    assert window.asking == (Entry.ADDRESS, EMAIL)
    assert window.turned
    assert window.isVisible()
    tap(counter, "jo@a.fr")
    assert panel.cards[EMAIL].typed == "jo@a.fr"
    counter.qtbot.waitUntil(lambda: not window.isVisible())
    counter.key(Qt.Key.Key_Return)
    wait(counter, lambda: line(counter, EMAIL).standing is not None)
    assert near.mailbox.sent[-1][0] == "jo@a.fr"


def test_a_birth_abroad_needs_a_country_and_a_missing_commune_code_a_second_word(counter, near):
    near.plugged = False
    to_contact(counter)
    for channel in (EMAIL, MOBILE):
        counter.router.case.contact.cards[channel].address.edit.setFocus()
        counter.type(ADDRESSES[channel])
        counter.key(Qt.Key.Key_Return)
        wait(counter, lambda channel=channel: line(counter, channel).offline)
        card = counter.router.case.contact.cards[channel]
        counter.qtbot.mouseClick(card.later, Qt.MouseButton.LeftButton)
        wait(counter, lambda channel=channel: line(counter, channel).settled)
    to_identity(counter)
    panel = counter.router.case.identity
    panel.entries["birth_place"].edit.setText("Oran")
    counter.key(Qt.Key.Key_Return)
    assert panel.banner.isVisible()  # no code of a commune
    counter.qtbot.mouseClick(panel.where.button("abroad"), Qt.MouseButton.LeftButton)
    counter.key(Qt.Key.Key_Return)
    assert counter.router.case.open_step is StepKind.IDENTITY
    panel.country.edit.setText("algerie")
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    identity = counter.state.identity
    assert (identity.birth_place, identity.birth_country) == ("", "99352")


def test_messages_come_in_the_language_that_the_customer_reads(counter, near, look):
    to_contact(counter)
    window = counter.router.customer.window
    english = window.languages.findChild(QAbstractButton, "language-en")
    english.click()
    send(counter, EMAIL)
    assert "your code is" in near.mailbox.sent[-1][1]
    assert look.language.code == "fr"
    counter.router.case.put_aside()
    counter.qtbot.waitUntil(lambda: window.words == BLANK)
    assert counter.router.customer.language_code() == "fr"  # the next customer begins anew


def speak_english(counter: Counter) -> None:
    window = counter.router.customer.window
    window.languages.findChild(QAbstractButton, "language-en").click()


def test_the_language_goes_with_the_case_and_comes_back_with_it(counter, near):
    to_contact(counter)
    speak_english(counter)
    counter.qtbot.waitUntil(lambda: counter.state.language == "en")
    counter.router.case.put_aside()
    counter.on(counter.router.sections.home)
    assert counter.router.customer.language_code() == "fr"
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle)
    counter.router.sections.draft_chosen.emit(counter.router.sections._home_model.drafts[0].case_id)
    counter.at(StepKind.CONTACT)
    assert counter.router.customer.language_code() == "en"
    send(counter, EMAIL)
    assert "your code is" in near.mailbox.sent[-1][1]


def test_a_language_chosen_while_the_agent_types_takes_nothing_away(counter, near):
    to_contact(counter)
    edit = counter.router.case.contact.cards[EMAIL].address.edit
    edit.setFocus()
    counter.type("client@exa")
    speak_english(counter)
    assert counter.router.journey.busy
    counter.type("mple.org")
    counter.qtbot.waitUntil(lambda: counter.state.language == "en")
    assert edit.text() == "client@example.org"
    assert counter.focused is edit


def test_a_key_pressed_while_the_language_is_kept_is_not_lost(counter, near):
    counter.sign_in()
    counter.key(Qt.Key.Key_G)
    counter.at(StepKind.NOTICE)
    speak_english(counter)
    assert counter.router.journey.busy
    counter.qtbot.keyClick(counter.focused, Qt.Key.Key_Return)
    counter.at(StepKind.CONTACT)
    assert counter.state.language == "en"


def test_a_key_pressed_while_an_address_is_kept_is_not_lost(counter, near):
    to_contact(counter)
    confirm(counter, near, EMAIL)
    send(counter, MOBILE)
    counter.router.contacts.defer(MOBILE, ADDRESSES[MOBILE])
    assert counter.router.journey.busy
    counter.qtbot.keyClick(counter.focused, Qt.Key.Key_F8)
    counter.on(counter.router.case.stop)
    assert {c.status for c in counter.state.contacts} == {
        ContactStatus.CONFIRMED,
        ContactStatus.DEFERRED,
    }


def test_a_language_chosen_before_the_case_or_behind_the_lock_is_kept_once_it_can_be(counter, near):
    counter.sign_in()
    speak_english(counter)
    counter.key(Qt.Key.Key_G)
    counter.at(StepKind.NOTICE)
    counter.qtbot.waitUntil(lambda: counter.state.language == "en")
    counter.router.session.lock()
    counter.on(counter.router.sign_in)
    window = counter.router.customer.window
    window.languages.findChild(QAbstractButton, "language-fr").click()
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle)
    assert counter.state.language == "en"
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.NOTICE)
    counter.qtbot.waitUntil(lambda: counter.state.language == "fr")


def test_a_case_put_aside_takes_the_code_up_again(counter, near):
    to_contact(counter)
    send(counter, EMAIL)
    code = near.mailbox.code
    counter.router.case.put_aside()
    counter.on(counter.router.sections.home)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle)
    counter.router.sections.draft_chosen.emit(counter.router.sections._home_model.drafts[0].case_id)
    counter.at(StepKind.CONTACT)
    assert counter.router.customer.window.asking == (Entry.CODE, EMAIL)
    tap(counter, code)
    wait(counter, lambda: line(counter, EMAIL).status is ContactStatus.CONFIRMED)


def test_the_screen_is_turned_for_notice_and_identity_and_comes_back_with_the_step(counter, near):
    counter.sign_in()
    counter.key(Qt.Key.Key_G)
    counter.at(StepKind.NOTICE)
    window = counter.router.customer.window
    counter.key(Qt.Key.Key_F7)
    assert window.isVisible()
    assert window.words == NOTICE
    counter.qtbot.mouseClick(window.give_back, Qt.MouseButton.LeftButton)
    assert not window.isVisible()
    counter.shell.activateWindow()
    counter.key(Qt.Key.Key_F7)
    assert window.isVisible()
    counter.router.journey.dispatch(ConsentAnswered("2026-11", given=True))
    counter.at(StepKind.CONTACT)
    assert not window.isVisible()
