"""The stick on the page of deliveries: what the buttons do, and what is told of each visit."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog

from kiosk.domain.errors import FolderFullError, FolderMissingError
from kiosk.services.courier import CourierSummary
from kiosk.services.delivery import DeliveryStep, Progress
from tests.fakes.office import office_on_disk
from tests.ui.counter import Counter
from ui.router.folders import FolderChoice
from ui.router.stick import StickRouter
from ui.screens.deliveries import DeliveriesFacts, DeliveriesScreen
from ui.theme import Tone
from ui.widgets.look import Look
from ui.workers.desk import Desk


class ScriptedStick:
    """A stick that behaves as a test says, and waits when told to."""

    def __init__(self):
        self.outcome = CourierSummary()
        self.visits = []
        self.gate = threading.Event()
        self.gate.set()
        self.error = None
        self.stopped = False

    def run(self, medium, *, give, progress=None, cancelled=None):
        self.visits.append((medium, give))
        progress(Progress(DeliveryStep.RECORDS, 2, 7))
        self.gate.wait(60)
        self.stopped = cancelled()
        if self.error is not None:
            raise self.error
        return self.outcome


@pytest.fixture
def courier():
    desk = Desk("courier")
    yield desk
    desk.close()


@pytest.fixture
def stick():
    return ScriptedStick()


@pytest.fixture
def page(qtbot, look, stick, courier, request):
    screen = DeliveriesScreen(look)
    qtbot.addWidget(screen)
    screen.resize(1100, 700)
    screen.show_facts(DeliveriesFacts())
    screen.router = StickRouter(look, screen.stick, stick, courier)
    screen.router.folders.choose = lambda *_: "/media/stick"
    screen.router.folders.likely = lambda: "/media"
    screen.show()
    yield screen
    screen.router.close()


def said(page):
    banner = page.stick._said
    return "" if banner.isHidden() else banner.text


def tone(page):
    return page.stick._said._tone


def visit(qtbot, page, button):
    with qtbot.waitSignal(page.router.model.finished):
        button.click()


def over_the_choice(qtbot, router, ask, act):
    """Ask for a folder, and do something over the choice; the choice blocks, as it does to us."""
    done = []

    def look():
        if router.folders._dialog is not None and router.folders._dialog.isVisible():
            act()
            done.append(True)

    watch = QTimer()
    watch.setInterval(20)
    watch.timeout.connect(look)
    watch.start()
    late = QTimer()
    late.setSingleShot(True)
    late.timeout.connect(router.forget)
    late.start(8000)
    ask()
    qtbot.waitUntil(lambda: bool(done))
    watch.stop()
    assert late.isActive()
    late.stop()


def test_without_a_fleet_there_is_no_stick(qtbot, look):
    screen = DeliveriesScreen(look)
    qtbot.addWidget(screen)
    screen.show()
    assert screen.stick.isHidden()


def test_writing_tells_how_many_are_on_it_and_kept_here(qtbot, page, stick):
    stick.outcome = CourierSummary(stored=1, written=3)
    visit(qtbot, page, page.stick.write)
    assert stick.visits == [(Path("/media/stick"), True)]
    assert "1 reçu vérifié." in said(page)
    assert "3 dossiers sont sur la clé" in said(page)
    assert "Éjectez" in said(page)


def test_reading_only_reads(qtbot, page, stick):
    stick.outcome = CourierSummary(stored=2)
    visit(qtbot, page, page.stick.read)
    assert stick.visits == [(Path("/media/stick"), False)]
    assert "2 reçus vérifiés." in said(page)


def test_nobody_chose_a_folder_and_nothing_happens(qtbot, page, stick):
    asked = []
    page.router.folders.choose = lambda _window, _title, first: asked.append(first) or ""
    for _ in range(2):
        page.stick.write.click()
        qtbot.waitUntil(lambda: bool(asked))
        assert asked.pop() == "/media"
    assert stick.visits == []


def test_the_choice_of_the_folder_goes_with_whoever_asked(qtbot, page, stick):
    page.router.folders.choose = page.router.folders._ask
    over_the_choice(qtbot, page.router, page.stick.write.click, page.router.forget)
    assert page.router.folders._dialog is None
    assert stick.visits == []


def test_a_folder_that_is_chosen_over_a_lock_is_not_written_on(qtbot, page, stick):
    asked = []

    def choose(*_):
        page.router.forget()
        asked.append(True)
        return "/media/stick"

    page.router.folders.choose = choose
    page.stick.write.click()
    qtbot.waitUntil(lambda: bool(asked))
    assert stick.visits == []
    assert not page.router.model.facts.running


def test_a_volume_that_does_not_answer_holds_nothing_up(qtbot, page, stick):
    threads, gate = [], threading.Event()

    def likely():
        threads.append(threading.get_ident())
        gate.wait(60)
        return "/media/gone"

    firsts = []
    page.router.folders.likely = likely
    page.router.folders.choose = lambda _window, _title, first: (
        firsts.append(first) or "/media/stick"
    )
    with qtbot.waitSignal(page.router.model.finished):
        page.stick.write.click()
    gate.set()
    qtbot.waitUntil(lambda: page.router.folders._volumes.idle)
    assert firsts == [""]
    assert threads[0] != threading.get_ident()
    assert len(stick.visits) == 1


class LongStick:
    """A stick that is written for as long as nobody stops it."""

    def __init__(self):
        self.stopped = False

    def run(self, _medium, *, give, progress=None, cancelled=None):
        progress(Progress(DeliveryStep.RECORDS, 0, 40))
        over = threading.Event()
        for _ in range(500):
            if cancelled():
                self.stopped = True
                break
            over.wait(0.01)
        return CourierSummary(written=1, left=39 if give else 0)


@pytest.fixture
def desk_with_stick(qtbot, look, tmp_path):
    office = office_on_disk(tmp_path)
    office.session()
    counter = Counter(qtbot, look, office, tmp_path / "slips", carried=LongStick())
    counter.sign_in()
    counter.router.stick.folders.likely = lambda: ""
    yield counter
    counter.close()
    office.store.close()


def test_closing_the_program_stops_a_stick_that_is_being_written(desk_with_stick, tmp_path):
    stick = desk_with_stick.router.stick
    stick.folders.choose = lambda *_: str(tmp_path)
    desk_with_stick.router.sections.deliveries.stick.write.click()
    desk_with_stick.qtbot.waitUntil(lambda: stick.model.facts.total == 40)
    desk_with_stick.router.close()
    assert desk_with_stick.carried.stopped
    desk_with_stick.router.sections.deliveries.stick.write.set_busy(False)  # nobody was told


def test_a_lock_closes_the_choice_of_the_folder(desk_with_stick):
    router = desk_with_stick.router
    write = router.sections.deliveries.stick.write.click
    over_the_choice(desk_with_stick.qtbot, router.stick, write, router.session.lock)
    assert router.stick.folders._dialog is None
    assert not router.stick.model.facts.running


def test_progress_is_told_and_one_visit_goes_at_a_time(qtbot, page, stick):
    stick.gate.clear()
    page.stick.write.click()
    qtbot.waitUntil(lambda: "3 sur 7" in said(page))
    page.stick.read.click()
    page.stick.write.click()
    page.stick.halt.click()
    with qtbot.waitSignal(page.router.model.finished):
        stick.gate.set()
    assert len(stick.visits) == 1
    assert stick.stopped


def test_a_full_stick_says_what_is_on_it_and_what_to_do(qtbot, page, stick):
    stick.outcome = CourierSummary(written=4, left=2, reason=FolderFullError.code)
    visit(qtbot, page, page.stick.write)
    assert "4 dossiers sont sur la clé" in said(page)
    assert "2 dossiers n’y sont pas encore." in said(page)
    assert "La clé est pleine." in said(page)
    assert "Éjectez" not in said(page)


def test_nothing_waited_is_said_only_where_nothing_did(qtbot, page, stick):
    visit(qtbot, page, page.stick.write)
    assert "Aucun dossier n’attendait" in said(page)
    assert tone(page) is Tone.OK
    visit(qtbot, page, page.stick.read)
    assert "Aucun reçu sur cette clé pour les dossiers en attente." in said(page)
    assert "Rien d’autre à faire" not in said(page)
    assert tone(page) is Tone.INFO


def test_a_record_with_a_problem_is_told_and_warned_of(qtbot, page, stick):
    stick.outcome = CourierSummary(failed=2)
    visit(qtbot, page, page.stick.write)
    assert "2 dossiers posent un problème et restent ici" in said(page)
    assert "n’attendait" not in said(page)
    assert tone(page) is Tone.WARN


def test_a_visit_that_was_stopped_warns_of_what_is_not_on_the_stick(qtbot, page, stick):
    stick.outcome = CourierSummary(written=1, left=6)
    visit(qtbot, page, page.stick.write)
    assert "6 dossiers n’y sont pas encore." in said(page)
    assert tone(page) is Tone.WARN


def test_a_fault_is_a_sentence(qtbot, page, stick):
    stick.error = FolderMissingError("ENOENT")
    visit(qtbot, page, page.stick.write)
    assert "La clé n’est pas là" in said(page)


def test_the_words_follow_the_language(qtbot, page, look, stick):
    visit(qtbot, page, page.stick.write)
    look.language.choose("en")
    assert page.stick.write.text() == "Write on a stick"
    assert "Nothing more to do" in said(page)


def test_where_the_network_is_away_the_stick_comes_before_the_list(page):
    assert page.body.indexOf(page.stick) > page.body.indexOf(page._card)
    page.show_facts(DeliveriesFacts(problem="Le service central ne répond pas."))
    assert page.body.indexOf(page.stick) < page.body.indexOf(page._card)
    page.show_facts(DeliveriesFacts())
    assert page.body.indexOf(page.stick) > page.body.indexOf(page._card)


def test_the_choice_of_a_folder_speaks_the_language_of_the_screen(
    qtbot, look: Look, monkeypatch, page
):
    seen: list[str] = []
    label = QFileDialog.DialogLabel

    def look_at(dialog: QFileDialog) -> int:
        seen.extend(dialog.labelText(one) for one in (label.LookIn, label.FileType))
        return 0

    monkeypatch.setattr(QFileDialog, "exec", look_at)
    folders = FolderChoice(look, page)
    folders.likely = lambda: ""
    folders.ask("Titre", lambda _: None)
    qtbot.waitUntil(lambda: not folders.asking, timeout=5000)
    folders.close()
    assert seen == [look.language.tr("folders.look_in"), look.language.tr("folders.kind")]
