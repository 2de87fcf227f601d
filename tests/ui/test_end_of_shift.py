"""The end of a shift: asked once in the page, then nothing of the agent stays on the desk."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from kiosk.audit.entries import EntryKind, open_entry
from kiosk.journeys.model import StepKind
from tests.fakes.office import Office
from tests.ui.counter import Counter
from ui.screens.home import HomeFacts, HomeScreen


def part(page: QWidget, name: str) -> QWidget:
    return page.findChild(QWidget, name)


def press(counter: Counter, name: str) -> None:
    button = counter.router.sections.home.findChild(QPushButton, name)
    counter.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def closings(office: Office) -> list[dict]:
    with office.store.begin() as uow:
        rows = uow.journal.range(0, uow.journal.size())
    kinds = (EntryKind.VERIFY_CLOSE, EntryKind.SHIFT_CLOSE)
    public = office.device_key.public
    return [open_entry(row.jws, public).facts for row in rows if row.kind in kinds]


def test_the_question_comes_first_and_enter_alone_ends_nothing(counter: Counter, office: Office):
    counter.sign_in()
    home = counter.router.sections.home
    assert not part(home, "end-of-shift").isVisible()
    press(counter, "end-shift")
    assert part(home, "end-of-shift").isVisible()
    assert counter.focused is part(home, "stay")
    counter.key(Qt.Key.Key_Return)
    counter.key(Qt.Key.Key_Space)
    counter.qtbot.waitUntil(lambda: not part(home, "end-of-shift").isVisible())
    assert counter.router.session.session is not None
    assert closings(office) == []


def test_the_end_closes_the_shift_and_leaves_nothing_of_the_agent(counter: Counter, office: Office):
    counter.sign_in()
    press(counter, "end-shift")
    press(counter, "end-now")
    counter.on(counter.router.sign_in)
    assert counter.router.session.session is None
    assert counter.router.session.agent is None
    assert closings(office) == [{"agent": "camille"}]
    with office.store.begin() as uow:
        assert all(row.wrapped_shift_key is None for row in uow.agents.all())
    counter.sign_in()
    assert counter.shell.page is counter.router.sections.home


def test_open_cases_are_told_before_and_sealed_as_abandoned(counter: Counter, office: Office):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.router.case.put_aside()
    home = counter.router.sections.home
    counter.on(home)
    counter.qtbot.waitUntil(lambda: bool(counter.router.sections._home_model.drafts))
    press(counter, "end-shift")
    assert "1 dossier en cours sera scellé comme abandonné" in home._ending.words.text()
    press(counter, "end-now")
    counter.on(counter.router.sign_in)
    closed, shift = closings(office)
    assert (closed["outcome"], closed["sealed"]) == ("abandoned", True)
    assert shift == {"agent": "camille"}
    with office.store.begin() as uow:
        assert uow.drafts.all() == ()
    assert StepKind.DOCUMENT is not counter.router.case.open_step


def test_a_question_left_open_does_not_wait_for_the_next_agent(counter: Counter):
    counter.sign_in()
    press(counter, "end-shift")
    counter.router.session.lock()
    counter.on(counter.router.sign_in)
    counter.sign_in()
    assert not part(counter.router.sections.home, "end-of-shift").isVisible()


def test_without_open_cases_the_words_say_so(qtbot, look):
    page = HomeScreen(look)
    qtbot.addWidget(page)
    page.show_facts(HomeFacts("Camille"))
    assert "Aucun dossier n’est en cours" in page._ending.words.text()
