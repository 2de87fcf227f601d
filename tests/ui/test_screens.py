"""Pages outside a journey: what they show, what they ask for."""

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from kiosk.audit.entries import EntryKind
from kiosk.domain.agent import Role
from tests.ui import samples
from ui.screens.deliveries import DeliveriesFacts
from ui.screens.fault import FaultFacts
from ui.screens.hardware import HardwareFacts
from ui.screens.history import KIND_LOOKS, HistoryFacts
from ui.screens.home import HomeFacts
from ui.screens.sign_in import SignInFacts, initials_of
from ui.theme import TextSize, ThemeName
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.look import Look
from ui.widgets.person_pin import PersonPin


@pytest.fixture
def show(look: Look, qtbot):
    kept = []

    def _show(name: str):
        shell = samples.window(look, name, 1920, 1080)
        qtbot.addWidget(shell)
        kept.append(shell)
        shell.activateWindow()
        qtbot.waitUntil(shell.isActiveWindow)
        return shell, shell.page

    return _show


def words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def press(qtbot, window: QWidget, name: str) -> None:
    qtbot.mouseClick(window.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


# --- sign-in ----------------------------------------------------------------------------------


def test_agent_signs_in_with_the_keyboard_only(show, qtbot):
    shell, page = show("sign_in")
    page.show_facts(SignInFacts(samples.AGENTS))
    page.findChild(QPushButton, "choice-dominique").setFocus()
    qtbot.keyClick(shell.focusWidget(), Qt.Key.Key_Space)
    qtbot.keyClicks(shell.focusWidget(), "314159")
    with qtbot.waitSignal(page.pin_entered) as entered:
        qtbot.keyClick(shell, Qt.Key.Key_Return)
    assert entered.args == ["dominique", "314159"]
    page.reset()


def test_code_without_a_name_asks_for_the_name(show, qtbot):
    shell, page = show("sign_in")
    page.show_facts(SignInFacts(()))
    page.show_facts(SignInFacts(samples.AGENTS))
    page.pad.setFocus()
    qtbot.keyClicks(page.pad.field, "314159")
    with qtbot.assertNotEmitted(page.pin_entered):
        qtbot.keyClick(shell, Qt.Key.Key_Return)
    assert "Choisissez d’abord votre nom." in words(page)


def test_what_was_typed_before_a_name_is_kept_until_one_is_chosen(show, qtbot):
    shell, page = show("sign_in")
    page.show_facts(SignInFacts(()))
    page.show_facts(SignInFacts(samples.AGENTS))
    page.pad.setFocus()
    qtbot.keyClicks(page.pad.field, "314159")
    qtbot.keyClick(shell, Qt.Key.Key_Return)
    assert page.pad.field.text() == "314159"
    agents = page.findChild(ChoiceGroup, "agents")
    agents.button("dominique").click()
    assert "Choisissez d’abord votre nom." not in words(page)
    with qtbot.waitSignal(page.pin_entered) as entered:
        qtbot.keyClick(shell, Qt.Key.Key_Return)
    assert entered.args == ["dominique", "314159"]
    page.pad.set_busy(False)
    agents.button("sacha").click()  # another person: the code of the first one is none of theirs
    assert page.pad.field.text() == ""


def test_a_code_typed_before_a_second_person_is_chosen_is_kept(look, qtbot):
    page = PersonPin(look, "people.unlock.primary")
    qtbot.addWidget(page)
    people = (Choice("a", "A. Martin"), Choice("b", "B. Durand"))
    page.show_people(people, "?", ("", ""))
    given = []
    page.given.connect(lambda *told: given.append(told))
    qtbot.keyClicks(page.pad.field, "271828")
    page.pad._submit.click()
    assert (given, page.pad.field.text()) == ([], "271828")
    chosen = page.findChild(ChoiceGroup, "people")
    chosen.button("b").click()
    page.pad._submit.click()
    assert given == [("b", "271828")]
    page.show_error("?")
    assert page.pad.field.text() == ""


def test_wrong_pin_says_how_many_tries_are_left(show):
    _, page = show("sign_in")
    page.show_wrong_pin(2)
    assert "Code refusé. Il reste 2 essais." in words(page)
    page.show_wrong_pin(1)
    assert any(text.endswith("1 essai.") for text in words(page))
    page.show_wrong_pin(0)
    assert any("attendre" in text for text in words(page))


@pytest.mark.parametrize(
    ("seconds", "sentence"), [(1, "1 seconde."), (45, "45 secondes."), (121, "3 minutes.")]
)
def test_wait_is_told_and_closes_the_pad(show, seconds, sentence):
    _, page = show("sign_in")
    page.show_wait(seconds)
    assert page.pad.error.endswith(sentence)
    assert not page.pad.field.isEnabled()
    page.show_wait(0)
    assert page.pad.field.isEnabled()
    assert page.pad.error == ""


def test_locked_desk_says_that_work_is_kept(show):
    _, page = show("sign_in")
    page.show_facts(SignInFacts(samples.AGENTS, "sacha", locked=True))
    assert "Votre travail est gardé. Tapez votre code pour reprendre." in words(page)
    assert page.selected == "sacha"


def test_the_only_agent_is_chosen_already(show):
    _, page = show("sign_in")
    page.show_facts(SignInFacts(samples.AGENTS[2:]))
    assert page.selected == "sacha"


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Camille R.", "CR"), ("élodie", "É"), ("Jean de la Tour", "JT"), ("", ""), (". -", "")],
)
def test_initials_are_taken_from_the_name(name, initials):
    assert initials_of(name) == initials


def test_desk_without_agents_says_what_to_do(show):
    _, page = show("sign_in")
    page.show_facts(SignInFacts(()))
    assert "Aucun agent sur ce poste" in words(page)


def test_nobody_is_said_to_be_missing_before_the_vault_has_told_who_works_here(show):
    _, page = show("sign_in")
    page.show_facts(SignInFacts((), listed=False))
    assert page._empty.isHidden()
    page.show_facts(SignInFacts(()))
    assert not page._empty.isHidden()


def test_language_is_switched_before_signing_in(show, look: Look, qtbot):
    shell, page = show("sign_in")
    with qtbot.waitSignal(page.language_chosen) as chosen:
        press(qtbot, shell, "language-en")
    assert chosen.args == ["en"]
    assert "Who are you?" in words(page)
    assert page.selected == "camille"


# --- home -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "procedure"),
    [
        (Qt.Key.Key_Q, "online-request"),
        (Qt.Key.Key_N, "welcome"),
        (Qt.Key.Key_R, "registered-letter"),
        (Qt.Key.Key_G, "counter-creation"),
        (Qt.Key.Key_D, "paper-file"),
    ],
)
def test_each_procedure_starts_by_one_key(show, qtbot, key, procedure):
    shell, page = show("home")
    with qtbot.waitSignal(page.procedure_requested) as asked:
        qtbot.keyClick(shell, key)
    assert asked.args == [procedure]


def test_what_is_not_carried_out_here_has_no_key(show, qtbot):
    shell, page = show("home")
    page.show_facts(HomeFacts("Camille", procedures=("welcome", "online-request")))
    with qtbot.assertNotEmitted(page.procedure_requested):
        qtbot.keyClick(shell, Qt.Key.Key_D)
        qtbot.keyClick(shell, Qt.Key.Key_R)


def test_draft_is_resumed_from_the_list(show, qtbot):
    shell, page = show("home")
    with qtbot.waitSignal(page.draft_chosen) as chosen:
        press(qtbot, shell, "row-b")
    assert chosen.args == ["b"]


def test_home_counts_what_it_lists(show):
    _, page = show("home")
    assert "4 dossiers" in words(page)
    page.show_facts(HomeFacts("Camille", samples.DRAFTS[:1]))
    assert "1 dossier" in words(page)
    page.show_facts(HomeFacts("Camille"))
    assert "Rien à reprendre" in words(page)
    assert "DURAND Paul" not in words(page)


def test_the_sentences_of_the_operator_stand_on_home_one_at_a_time(show, qtbot):
    shell, page = show("home")
    assert page.notices.isHidden()
    told = ("<b>Fermeture à 17 h</b>", "Réunion jeudi")
    page.show_facts(HomeFacts("Camille", notices=told))
    assert page.notices.isVisible()
    assert "<b>Fermeture à 17 h</b>" in words(page)
    assert "Réunion jeudi" not in words(page)
    press(qtbot, shell, "next-notice")
    assert "Réunion jeudi" in words(page)
    page.show_facts(HomeFacts("Camille", notices=told))
    assert "Réunion jeudi" in words(page)
    page.show_facts(HomeFacts("Camille", notices=told[:1]))
    assert "<b>Fermeture à 17 h</b>" in words(page)
    assert page.notices.next.isHidden()
    page.show_facts(HomeFacts("Camille"))
    assert page.notices.isHidden()


# --- fault ------------------------------------------------------------------------------------


def test_fault_page_says_what_happened_what_to_do_and_a_code(show, qtbot):
    shell, page = show("fault")
    assert "Rien n’est perdu" in words(page)
    assert "VAULT-003" in words(page)
    with qtbot.waitSignal(page.retry_requested):
        qtbot.keyClick(shell, Qt.Key.Key_Return)
    with qtbot.waitSignal(page.home_requested):
        qtbot.keyClick(shell, Qt.Key.Key_Escape)


def test_fault_without_a_way_to_resume_offers_only_home(show, qtbot):
    shell, page = show("fault")
    page.show_facts(FaultFacts("AUDIT-001", "a", "b", can_retry=False))
    with qtbot.assertNotEmitted(page.retry_requested):
        qtbot.keyClick(shell, Qt.Key.Key_Return)


# --- settings ---------------------------------------------------------------------------------


def test_settings_take_effect_at_once_and_are_told(show, look: Look, qtbot):
    shell, page = show("settings")
    with qtbot.waitSignal(page.theme_chosen) as theme:
        press(qtbot, shell, "choice-dark")
    with qtbot.waitSignal(page.text_size_chosen) as size:
        press(qtbot, shell, "choice-large")
    with qtbot.waitSignal(page.language_chosen) as language:
        press(qtbot, shell, "choice-en")
    assert (theme.args, size.args, language.args) == (["dark"], ["large"], ["en"])
    assert look.theme.name is ThemeName.DARK
    assert look.theme.text_size is TextSize.LARGE
    assert "Settings" in words(page)


@pytest.mark.parametrize(("count", "words_"), [(1, "dossier scellé"), (2, "dossiers scellés")])
def test_one_sealed_case_is_counted_in_the_singular(show, count, words_):
    _, page = show("home")
    page.show_facts(HomeFacts("Camille", verifications=count))
    assert words_ in words(page)


# --- hardware, deliveries, history ------------------------------------------------------------


def test_camera_test_is_started_and_stopped_by_one_button(show, qtbot):
    shell, page = show("hardware")
    with qtbot.waitSignal(page.test_requested):
        press(qtbot, shell, "camera-test")
    page.show_facts(HardwareFacts(samples.HARDWARE, testing=True))
    with qtbot.waitSignal(page.test_stopped):
        press(qtbot, shell, "camera-test")


def test_deliveries_are_told_in_plain_words(show, qtbot):
    shell, page = show("deliveries")
    shown = " ".join(words(page))
    for word in ("En attente", "En cours", "Reçu attendu", "Arrivé", "À examiner", "Refusé"):
        assert word in shown
    assert "il y a 10 minutes" in shown
    with qtbot.waitSignal(page.send_requested):
        press(qtbot, shell, "send-now")
    page.show_facts(DeliveriesFacts(sending=True))
    with qtbot.assertNotEmitted(page.send_requested):
        press(qtbot, shell, "send-now")
    page.show_facts(DeliveriesFacts())
    assert "Rien à envoyer" in words(page)


def test_one_press_leaves_the_cases_whose_sheet_can_be_given_again(show, qtbot):
    shell, page = show("history")
    whole = len(page._rows.rows)
    press(qtbot, shell, "only-closed")
    assert [row.objectName() for row in page._rows.rows] == ["row-0"]
    assert "1 écriture" in words(page)
    press(qtbot, shell, "only-closed")
    assert len(page._rows.rows) == whole
    press(qtbot, shell, "only-closed")
    others = tuple(item for item in page._facts.items if item.kind != "verify_close")
    page.show_facts(HistoryFacts(others))
    assert page.look.language.tr("history.none_closed") in words(page)
    assert page.look.language.tr("history.none") not in words(page)
    page.show_facts(HistoryFacts(verified=True, day=date(2026, 10, 1), days=True))
    assert page.only.isHidden()  # an earlier day has no other lines


def test_history_names_every_kind_and_survives_an_unknown_one(show, qtbot):
    shell, page = show("history")
    shown = words(page)
    assert "Dossier scellé" in shown
    assert "Écriture du journal" in shown
    assert "Journal contrôlé, rien ne manque." in shown
    with qtbot.waitSignal(page.verify_requested):
        press(qtbot, shell, "verify-journal")
    page.show_facts(HistoryFacts(verified=False))
    assert "Le journal ne se contrôle pas. Prévenez le technicien." in words(page)


@pytest.mark.parametrize("kind", list(EntryKind))
@pytest.mark.parametrize("code", ["fr", "en"])
def test_every_kind_of_journal_entry_has_its_own_words_and_icon(language, kind, code):
    language.choose(code)
    assert language.tr(f"history.kind.{kind.value}") != language.tr("history.kind.other")
    assert kind.value in KIND_LOOKS


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_name(language, role):
    assert language.tr(f"common.role.{role.value}")
