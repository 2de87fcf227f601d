"""The help: numbers that tell whether they answer, answers as one types, and the way back."""

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from kiosk.advice.eligibility_rules import Paper
from kiosk.bootstrap.service import read_service
from kiosk.config import ServiceConfig
from kiosk.domain.errors import ConfigFileError
from kiosk.journeys.model import StepKind
from kiosk.paths import RESOURCES
from tests.fakes.office import office_on_disk
from tests.ui.counter import Counter
from ui.router.interruptions import ASIDE_KEY
from ui.screens.help_lines import difference_text, opening_text
from ui.screens.help_page import HelpScreen
from ui.shell import Section
from ui.shell.help import HelpPanel, KeyCap
from ui.steps.panel import STOP_KEY
from ui.theme import Density
from ui.viewmodels.help import HelpBook

SERVICE = read_service(RESOURCES / "service", ServiceConfig())
OPEN = datetime(2026, 11, 23, 9, 12, tzinfo=UTC)


@pytest.fixture
def page(look, qtbot):
    made = HelpScreen(look)
    qtbot.addWidget(made)
    made.resize(1600, 1000)
    made.show_lines(SERVICE.help_now(OPEN))
    made.show_book(HelpBook(SERVICE, look.language, OPEN.date()))
    made.show()
    yield made
    made.hide()


@pytest.fixture
def desk(look, qtbot, tmp_path):
    office = office_on_disk(tmp_path)
    office.session()
    desk = Counter(qtbot, look, office, tmp_path / "slips")
    yield desk
    desk.close()
    office.store.close()


@pytest.fixture
def counter(desk):
    desk.sign_in()
    return desk


def shown(page):
    return [row.objectName().removeprefix("row-") for row in page.list.rows]


def said(service, look, moment):
    return [opening_text(now, look.language) for now in service.help_now(moment)]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 13, 17, 59, tzinfo=UTC), "Répond jusqu’à 19 h 00"),
        (datetime(2026, 11, 13, 18, 0, tzinfo=UTC), "Répondra samedi 14 novembre à 8 h 30."),
        (datetime(2026, 11, 23, 7, 29, tzinfo=UTC), "Répond aujourd’hui à partir de 8 h 30."),
        (
            datetime(2026, 11, 11, 9, 0, tzinfo=UTC),
            "Fermé : 11 novembre. Répondra jeudi 12 novembre à 8 h 30.",
        ),
    ],
)
def test_a_number_says_until_when(look, moment, words):
    assert [text.replace("\u00a0", " ") for text in said(SERVICE, look, moment)] == [words] * 2


def test_an_overseas_office_sees_the_difference(look):
    config = ServiceConfig(territory="la-reunion")
    (first, *_) = read_service(RESOURCES / "service", config).help_now(OPEN)
    words = difference_text(first, look.language).replace("\u00a0", " ")
    assert words == "Il est 10 h 12 à Paris. Vos horloges avancent de 3 h sur Paris."
    (first, *_) = SERVICE.help_now(OPEN)
    assert difference_text(first, look.language) == ""


def test_an_unknown_territory_is_an_error_of_the_settings():
    with pytest.raises(ConfigFileError):
        read_service(RESOURCES / "service", ServiceConfig(territory="atlantis"))


def test_the_switches_of_the_site_reach_the_rules():
    config = ServiceConfig(paper_last_day=OPEN.date(), residence_permits="accepted")
    service = read_service(RESOURCES / "service", config)
    assert service.paper_open(OPEN.date())
    assert not service.paper_open(datetime(2026, 11, 24, tzinfo=UTC).date())
    assert service.eligibility.document(Paper.RESIDENCE_PERMIT, OPEN.date()).accepted


def test_answers_come_as_one_types_and_enter_opens_the_first(page, qtbot):
    qtbot.keyClicks(page.search, "prime carte perimee")
    assert shown(page)[0] == "expired-card"
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert page._open == "expired-card"
    assert page.list.isHidden()
    page.step_back()
    assert shown(page)[0] == "expired-card"
    page.step_back()
    assert page.search.text() == ""
    assert page.topics.isVisible()


def test_a_topic_lists_its_courses_and_questions(page, qtbot):
    page.topics.rows[2].click()
    assert shown(page)[0] == "course:create-counter"
    assert len(shown(page)) > 20
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert page.topics.isVisible()


def test_on_a_tablet_with_a_keyboard_one_types_at_once_too(page, look, qtbot):
    look.theme.set_density(Density.TABLET)
    page.setFocus()
    assert not page.search.hasFocus()
    qtbot.keyClick(page, Qt.Key.Key_E)
    qtbot.keyClicks(page.search, "ncre")
    assert page.search.text() == "encre"
    assert shown(page)[0] == "paper-how-to-fill"


def test_a_search_finds_a_course_too_and_enter_opens_its_steps(page, qtbot):
    qtbot.keyClicks(page.search, "premiere connexoin")
    qtbot.keyClicks(page.search, " se connecter")
    found = [row.objectName() for row in page.list.rows]
    assert "row-course:first-use" in found
    page.read("course:first-use")
    words = [label.text() for label in page.findChildren(QLabel)]
    assert any(text.startswith("1. Sur le site du service") for text in words)


def test_nothing_found_is_said(page, qtbot):
    qtbot.keyClicks(page.search, "xyzzy")
    assert page._none.isVisible()
    assert shown(page) == []


def test_another_language_changes_answers_and_keeps_the_place(page, look):
    page.read("expired-card")
    look.language.choose("en")
    page.show_book(HelpBook(SERVICE, look.language, OPEN.date()))
    labels = [label.text() for label in page._answer.children() if hasattr(label, "text")]
    assert any("January 2004" in text for text in labels)


def test_a_clock_that_is_far_off_shows_no_figure(look, qtbot):
    page = HelpScreen(look)
    qtbot.addWidget(page)
    early = datetime(1970, 1, 1, tzinfo=UTC).date()
    page.show_lines(())
    page.show_book(HelpBook(SERVICE, look.language, early))
    page.show()
    assert page._none.isVisible()
    assert page.topics.isHidden()
    page.hide()


def test_the_section_is_reached_by_its_key_and_one_types_at_once(counter):
    counter.key(Qt.Key.Key_6, Qt.KeyboardModifier.AltModifier)
    page = counter.router.sections.help.page
    counter.on(page)
    counter.type("scam arnaque")
    assert page.search.text() == "scam arnaque"
    counter.key(Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    counter.on(counter.router.sections.home)


def test_over_a_case_the_help_leads_back_to_it(counter):
    counter.open_case()
    counter.key(Qt.Key.Key_F1)
    counter.shell._help.findChild(type(counter.shell._help._close), "help-more").click()
    page = counter.router.sections.help.over_case
    counter.on(page)
    assert page.bar is not None
    page.search.setText("carte")
    counter.key(Qt.Key.Key_Escape)
    counter.on(page)  # first out of what was found
    assert page.search.text() == ""
    counter.key(Qt.Key.Key_Escape)
    counter.at(StepKind.REQUEST)


def test_before_signing_in_the_panel_has_numbers_but_no_page(desk):
    desk.shell.toggle_help()
    assert len(desk.shell._help._facts.numbers) == 2
    assert not desk.shell._help._facts.more
    desk.shell.help_page_requested.emit()
    assert desk.shell.page is desk.router.sign_in


@pytest.mark.parametrize("code", ["fr", "en"])
def test_the_panel_of_f1_says_of_each_key_what_it_does(desk, look, code):
    look.language.choose(code)
    desk.shell.toggle_help()
    panel = desk.shell.findChild(HelpPanel)
    caps = [cap.text() for cap in panel.findChildren(KeyCap)]
    assert len(set(caps)) == len(caps)
    words = {label.text() for label in panel.findChildren(QLabel) if not label.isHidden()}
    expected = {
        STOP_KEY: "stop",
        ASIDE_KEY: "aside",
        "F1": "help",
        "F2": "offer",
        "F4": "type",
        "F5": "retake",
        "F7": "turn",
        "F9": "switch",
        "Return": "next",
        "Ctrl+P": "print",
        "Ctrl+S": "keep",
        "Ctrl+E": "mail",
        "Esc": "back",
        "Ctrl+L": "lock",
        "Ctrl+Z": "undo",
        "Alt+1": "sections",
        "N": "new",
    }
    assert {look.language.key_name(key) for key in expected} <= set(caps)
    assert {look.language.tr(f"help.key.{name}") for name in expected.values()} <= words


def test_the_section_stands_last_so_that_no_key_changed():
    assert list(Section)[-1] is Section.HELP
