"""Contact, identity and the customer's window can be read and pressed in each look."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget

from kiosk.domain.evidence import PrintedValue
from kiosk.journeys.blocks import Terms
from kiosk.journeys.model import ConsentAnswered, DocumentConfirmed
from kiosk.journeys.procedures import counter_creation
from kiosk.journeys.service_steps import (
    ContactChannel,
    ContactDeferred,
    ContactFacts,
    ContactsFinished,
    ContactStatus,
    ContactTyped,
)
from kiosk.services.contact import Standing
from kiosk.sync.contact import ChallengeStatus
from tests.fakes.cases import CARD_SIDES, SIDES, PaperCase
from tests.ui.case_pages import DOCUMENTS
from tests.ui.test_every_page import SIZES, faults
from ui.customer import CustomerWindow
from ui.customer.entry import Entry
from ui.customer.window import BLANK, NOTICE, Words
from ui.demonstration.handset import Handset
from ui.demonstration.post import Post, Received
from ui.router.frame import rail
from ui.shell import Shell
from ui.steps.contact import ContactPanel
from ui.steps.identity import IdentityPanel
from ui.steps.panel import StepPanel
from ui.theme import TextSize, ThemeName
from ui.viewmodels.contact import Line
from ui.viewmodels.journey import CaseView
from ui.widgets.look import Look
from ui.widgets.steps import StepItem

EMAIL, MOBILE = ContactChannel.EMAIL, ContactChannel.MOBILE
JOURNEY = counter_creation(Terms(SIDES))
AT = datetime(2026, 11, 26, 9, 12, tzinfo=UTC)
CONFIRMED = ContactFacts(EMAIL, "camille.durand@example.org", ContactStatus.CONFIRMED, "1" * 32)
SENT = ContactFacts(MOBILE, "+33639980000", ContactStatus.SENT, "2" * 32, AT, 1)
LATER = replace(CONFIRMED, status=ContactStatus.DEFERRED)
TYPED = ContactFacts(MOBILE, "+33639980000")
OUT = Standing("2" * 32, ChallengeStatus.SENT, AT, AT + timedelta(minutes=10), 5)
LINES = {
    "empty": {},
    "sent": {EMAIL: Line(CONFIRMED), MOBILE: Line(SENT, OUT)},
    "ended": {
        EMAIL: Line(CONFIRMED),
        MOBILE: Line(SENT, replace(OUT, status=ChallengeStatus.EXHAUSTED)),
    },
    "offline": {EMAIL: Line(LATER), MOBILE: Line(TYPED, problem="SYNC-001")},
    "hurry": {EMAIL: Line(CONFIRMED), MOBILE: Line(SENT, OUT, "CONTACT-004", 30)},
    "wrong": {EMAIL: Line(problem="CONTACT-001")},
}


class StillModel(QObject):
    """Lines that do not move."""

    changed = Signal()

    def __init__(self, lines: dict[ContactChannel, Line]) -> None:
        super().__init__()
        self._lines = lines

    def line(self, channel: ContactChannel) -> Line:
        return self._lines.get(channel, Line())


def contact_panel(look: Look, lines: str) -> tuple[StepPanel, PaperCase]:
    case = PaperCase(JOURNEY)
    case.dispatch(ConsentAnswered("2026-11", given=True))
    panel = ContactPanel(look, DOCUMENTS)
    panel.use(StillModel(LINES[lines]))  # type: ignore[arg-type]  # the same signal and method
    panel.show_case(CaseView(case.state, JOURNEY))
    return panel, case


def identity_panel(look: Look, abroad: bool) -> tuple[StepPanel, PaperCase]:
    case = PaperCase(JOURNEY)
    case.dispatch(ConsentAnswered("2026-11", given=True))
    for channel, address in ((EMAIL, "a@example.org"), (MOBILE, "+33639980000")):
        case.dispatch(ContactTyped(channel, address))
        case.dispatch(ContactDeferred(channel))
    case.dispatch(ContactsFinished())
    front, back = CARD_SIDES
    print_ = (
        PrintedValue("given_names", "Maëlle, Anne", sure=True),
        PrintedValue("birth_place", "AJACCIO", sure=True),
    )
    case.dispatch(replace(front, facts=replace(front.facts, printed=print_)))
    case.dispatch(back)
    case.dispatch(DocumentConfirmed())
    panel = IdentityPanel(look, DOCUMENTS)
    panel.show_case(CaseView(case.state, JOURNEY))
    panel.entries["surname"].edit.setText("Roussèl")
    if abroad:
        panel.where.select("abroad")
        panel.where.changed.emit(("abroad",))
        panel.country.edit.setText("alg")
    return panel, case


PAGES: dict[str, Callable[[Look], tuple[StepPanel, PaperCase]]] = {
    **{f"contact-{name}": (lambda look, name=name: contact_panel(look, name)) for name in LINES},
    "identity": lambda look: identity_panel(look, abroad=False),
    "identity-abroad": lambda look: identity_panel(look, abroad=True),
}
CUSTOMER: dict[str, Callable[[CustomerWindow], None]] = {
    "blank": lambda window: window.show_words(BLANK),
    "notice": lambda window: window.show_words(NOTICE),
    "code": lambda window: window.ask(Entry.CODE, EMAIL, "camille.durand@example.org"),
    "sms": lambda window: window.ask(Entry.CODE, MOBILE, "+33639980000"),
    "address": lambda window: window.ask(Entry.ADDRESS, EMAIL, ""),
    "identity": lambda window: window.show_words(
        Words("identity", icon="user-check", rows=(("surname", "Roussèl"),), stage=2)
    ),
    "answer": lambda window: window.show_words(
        Words("answer.accepted", icon="circle-check", rows=(("slip", "3F7K9QRD"),))
    ),
}


@pytest.fixture
def shown(look: Look, qtbot) -> Callable[[str, int, int], Shell]:
    def show(name: str, width: int, height: int) -> Shell:
        panel, case = PAGES[name](look)
        shell = Shell(look)
        shell.resize(width, height)
        shell.set_page(panel, panel.bar)
        steps = rail(JOURNEY)
        shell.show_steps(tuple(StepItem(k.value, "") for k in steps), steps.index(case.state.step))
        qtbot.addWidget(shell)
        shell.show()
        return shell

    return show


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [*SIZES, (800, 1280)], ids=["counter", "tablet", "upright"])
@pytest.mark.parametrize("code", ["fr", "en"])
@pytest.mark.parametrize("text_size", [TextSize.NORMAL, TextSize.LARGEST])
def test_nothing_is_cut_off(look: Look, qtbot, shown, name, size, code, text_size):
    look.language.choose(code)
    look.theme.set_text_size(text_size)
    shell = shown(name, *size)
    for theme in ThemeName:
        look.theme.choose(theme)
        qtbot.waitUntil(lambda: not faults(shell), timeout=2000)
        assert shell.page.width() <= shell.width()


@pytest.mark.parametrize("name", CUSTOMER)
@pytest.mark.parametrize("size", [(1280, 720), (1280, 800), (800, 1280), (1920, 1080)])
@pytest.mark.parametrize("code", ["fr", "en"])
def test_the_customers_window_fits_every_screen(look: Look, qtbot, name, size, code):
    window = CustomerWindow(Look(look.theme, look.language.beside()))
    qtbot.addWidget(window)
    window.languages.findChildren(QAbstractButton)[("fr", "en").index(code)].click()
    CUSTOMER[name](window)
    window.resize(*size)
    window.show()
    for theme in ThemeName:
        look.theme.choose(theme)
        qtbot.waitUntil(lambda: not faults(window), timeout=2000)
    assert look.language.code == "fr"  # the agent's screen keeps its own
    window.end()


@pytest.mark.parametrize("name", CUSTOMER)
def test_screen_readers_find_a_name_for_every_control(look: Look, qtbot, name):
    window = CustomerWindow(Look(look.theme, look.language.beside()))
    qtbot.addWidget(window)
    CUSTOMER[name](window)
    window.show()
    controls = [
        widget
        for kind in (QAbstractButton, QLineEdit)
        for widget in window.findChildren(kind)
        if widget.isVisible()
    ]
    for control in controls:
        node = QAccessible.queryAccessibleInterface(control)
        assert node.text(QAccessible.Text.Name), control.objectName()
    window.end()


def test_a_window_that_is_turned_says_how_to_give_it_back(look: Look, qtbot):
    window = CustomerWindow(Look(look.theme, look.language.beside()))
    over = QWidget()
    qtbot.addWidget(over)
    qtbot.addWidget(window)
    over.resize(900, 700)
    over.show()
    window.turn(over)
    assert window.give_back.isVisible()
    assert window.geometry() == over.frameGeometry()
    with qtbot.waitSignal(window.returned):
        window.give_back.click()
    window.turn_back()
    assert not window.isVisible()
    window.end()


@pytest.mark.process
def test_on_two_displays_the_customers_window_stands_on_the_other_one(tmp_path: Path) -> None:
    common = {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    screens = [
        {"name": "guichet", "x": 0, "y": 0, "width": 1920, "height": 1080, **common},
        {"name": "client", "x": 1920, "y": 0, "width": 1280, "height": 800, **common},
    ]
    config = tmp_path / "two.json"
    config.write_text(json.dumps({"screens": screens}))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.two_screens"],
        cwd=root,
        env=os.environ
        | {"QT_QPA_PLATFORM": f"offscreen:configfile={config}", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["visible"]
    assert not told["turnable"]
    assert told["place"] == [1920, 0, 1280, 800]
    assert told["words"] == "welcome"


def test_the_pictured_telephone_shows_what_the_post_took_in(look: Look, qtbot) -> None:
    post = Post()
    handset = Handset(look, post)
    qtbot.addWidget(handset)
    handset.resize(360, 500)
    handset.show()
    assert "Aucun message" in words_on(handset)
    post.take(Received("mobile", "+33639980000", "Vis-à-vis : votre code est AB2D."))
    qtbot.waitUntil(lambda: "AB2D" in words_on(handset))
    assert "+33 6 39 98 00 00" in words_on(handset)
    handset.clear_button.click()
    qtbot.waitUntil(lambda: "AB2D" not in words_on(handset))
    handset.stop()


def words_on(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())
