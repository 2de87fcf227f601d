"""A welcome on the real screens: by keys, into the next procedure, and one record each time."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from kiosk.domain.decision import Outcome
from kiosk.journeys.blocks import Terms
from kiosk.journeys.model import StepKind
from kiosk.journeys.procedures import procedures
from tests.fakes.cases import SIDES
from tests.fakes.office import office_on_disk
from tests.ui.counter import Counter
from ui.screens.sheet_words import Variant

KEYS = {number: getattr(Qt.Key, f"Key_{number}") for number in range(1, 10)}


@pytest.fixture
def office(tmp_path):
    made = office_on_disk(tmp_path, journeys=procedures(Terms(SIDES)))
    made.session()
    yield made
    made.store.close()


@pytest.fixture
def counter(office, qtbot, look, tmp_path):
    desk = Counter(qtbot, look, office, tmp_path / "slips")
    desk.sign_in()
    yield desk
    desk.close()


def press(counter, *numbers):
    for number in numbers:
        counter.key(KEYS[number])
        settled(counter)


def settled(counter):
    """The key has arrived (it might have been a scanner's), the answer is stored and shown."""
    counter.qtbot.waitUntil(lambda: not counter.router.scanner.pending, timeout=10_000)
    counter.qtbot.waitUntil(
        lambda: counter.router.desk.idle and not counter.router.journey.busy, timeout=10_000
    )


def welcome(counter):
    counter.key(Qt.Key.Key_N)
    counter.at(StepKind.PURPOSE)


def sealed(office):
    return len(office.outbox())


def test_an_eligible_customer_is_led_to_the_creation_by_keys_alone(counter, office):
    welcome(counter)
    press(counter, 1, 1)  # training account, nothing begun
    counter.at(StepKind.ELIGIBILITY)
    press(counter, 1, 1, 1, 1)  # adult, identity card, Android, recent
    counter.type("0690123456")
    counter.key(Qt.Key.Key_Return)
    settled(counter)
    press(counter, 1)  # has an account
    counter.at(StepKind.CHANNEL)
    assert "0690123456" not in repr(counter.state)
    counter.key(Qt.Key.Key_Return)
    # The creation begins with the notice.
    counter.at(StepKind.NOTICE)
    assert counter.state.procedure == "counter-creation"
    assert sealed(office) == 1


def test_a_request_that_was_begun_online_is_asked_for_at_once(counter, office):
    welcome(counter)
    press(counter, 1, 2)
    counter.at(StepKind.REQUEST)
    assert counter.state.procedure == "online-request"
    assert sealed(office) == 1


def test_the_language_that_the_customer_reads_goes_on_with_them(counter):
    welcome(counter)
    window = counter.router.customer.window
    window.languages.findChild(QAbstractButton, "language-en").click()
    counter.qtbot.waitUntil(lambda: counter.state.language == "en")
    press(counter, 1, 2)
    counter.at(StepKind.REQUEST)
    assert counter.router.customer.language_code() == "en"
    counter.qtbot.waitUntil(lambda: counter.state.language == "en")
    counter.router.case.put_aside()
    counter.on(counter.router.sections.home)
    assert counter.router.customer.language_code() == "fr"


def test_the_sheet_is_proposed_in_the_language_that_the_customer_reads(counter):
    counter.key(Qt.Key.Key_D)
    counter.at(StepKind.PAPER_FILE)
    window = counter.router.customer.window
    window.languages.findChild(QAbstractButton, "language-en").click()
    counter.qtbot.waitUntil(lambda: counter.state.language == "en")
    press(counter, 1, 2, 3)
    counter.key(Qt.Key.Key_Return)
    receipt = counter.router.case.receipt
    counter.on(receipt)
    assert receipt.variant is Variant.ENGLISH
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    counter.key(Qt.Key.Key_D)
    counter.at(StepKind.PAPER_FILE)
    counter.key(Qt.Key.Key_Return)
    counter.on(receipt)
    assert receipt.variant is Variant.NORMAL


def test_the_customer_sees_code_and_address_of_the_way_and_can_have_the_screen_turned(counter):
    welcome(counter)
    press(counter, 1, 1)
    counter.at(StepKind.ELIGIBILITY)
    press(counter, 1, 1, 1, 1)
    counter.type("0690123456")
    counter.key(Qt.Key.Key_Return)
    settled(counter)
    press(counter, 1)
    counter.at(StepKind.CHANNEL)
    panel, window = counter.router.case.channel, counter.router.customer.window
    assert window.words.key == "channel"
    assert (window.qr.payload, window.address.text()) == window.words.link
    assert window.qr.payload == panel.qr.payload != ""
    counter.key(Qt.Key.Key_F7)
    assert window.isVisible()
    assert window.qr.isVisible()
    assert window.address.isVisible()
    counter.qtbot.mouseClick(window.give_back, Qt.MouseButton.LeftButton)
    counter.shell.activateWindow()
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.NOTICE)
    assert window.words.link is None
    assert not window.qr.isVisible()


def test_a_sheet_of_advice_is_in_the_language_that_was_chosen_on_the_page_that_prints_it(counter):
    counter.key(Qt.Key.Key_D)
    counter.at(StepKind.PAPER_FILE)
    panel, window = counter.router.case.shown, counter.router.customer.window
    assert panel.sheet().title == counter.look.language.speaking("fr").tr("sheet.missing_title")
    window.languages.findChild(QAbstractButton, "language-en").click()
    counter.qtbot.waitUntil(lambda: counter.state.language == "en")
    assert panel.sheet().title == counter.look.language.speaking("en").tr("sheet.missing_title")


def test_a_question_leads_to_the_help(counter, office):
    welcome(counter)
    press(counter, 5)
    counter.on(counter.router.sections.help.page)
    assert counter.router.journey.view is None
    assert sealed(office) == 1


def test_without_a_way_the_reason_is_printed_and_the_record_names_nobody(counter, office, tmp_path):
    welcome(counter)
    press(counter, 3, 1)  # another service, nothing begun
    counter.at(StepKind.ELIGIBILITY)
    press(counter, 2)  # a minor
    counter.at(StepKind.CHANNEL)
    counter.key(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    counter.qtbot.waitUntil(lambda: counter.router.case.sheets.desk.idle, timeout=10_000)
    assert (tmp_path / "slips" / "visavis-identity.pdf").is_file()
    banner = counter.router.case.panels[StepKind.CHANNEL].banner
    assert "visavis-identity.pdf" in banner.text
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    assert counter.state.decision.outcome is Outcome.ADVISED
    assert counter.state.document is None
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    assert sealed(office) == 1


def test_a_paper_file_is_checked_from_home_by_one_key(counter, office):
    counter.key(Qt.Key.Key_D)
    counter.at(StepKind.PAPER_FILE)
    press(counter, 1, 2, 3)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    assert counter.state.paper_file.present == ("account", "identity-proof", "social-proof")
    assert sealed(office) == 1


def test_a_welcome_resumes_with_its_answers(counter, office):
    welcome(counter)
    press(counter, 2, 1)
    counter.at(StepKind.ELIGIBILITY)
    press(counter, 1, 2)
    case_id = counter.state.case_id
    counter.router.case.put_aside()
    counter.on(counter.router.sections.home)
    counter.router.sections.draft_chosen.emit(case_id)
    counter.at(StepKind.ELIGIBILITY)
    panel = counter.router.case.panels[StepKind.ELIGIBILITY]
    assert [row.name for row in panel._rows._rows] == ["adult", "document"]
    counter.key(Qt.Key.Key_Escape)
    counter.qtbot.waitUntil(lambda: len(counter.state.eligibility.answers) == 1, timeout=5000)


def test_an_abandoned_welcome_leads_nowhere(counter, office):
    welcome(counter)
    press(counter, 1, 1)
    counter.at(StepKind.ELIGIBILITY)
    counter.key(Qt.Key.Key_F8)
    counter.on(counter.router.case.stop)
    counter.key(KEYS[2])
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    assert counter.state.decision.outcome is Outcome.ABANDONED
