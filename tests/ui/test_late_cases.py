"""What was left lying ends while the window is open, and its page goes with it."""

from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy

from kiosk.audit.entries import EntryKind, open_entry
from kiosk.domain.ids import AgentId
from kiosk.journeys.model import StepKind
from kiosk.services.drafts import account_for_drafts
from tests.fakes.office import PIN, Office
from tests.ui.counter import Counter
from ui.router.late_cases import AT_WORK_S, EVERY_MS

HOURS = 3600


def closings(office: Office) -> list[dict]:
    with office.store.begin() as uow:
        rows = uow.journal.range(0, uow.journal.size())
    kept = [row for row in rows if row.kind == EntryKind.VERIFY_CLOSE]
    return [open_entry(row.jws, office.device_key.public).facts for row in kept]


def look(counter: Counter) -> None:
    """What the timer does; the vault's thread has answered."""
    counter.router.late._timer.timeout.emit()
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)


def test_a_case_behind_the_lock_ends_when_its_time_is_over(counter: Counter, office: Office):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.router.session.lock()
    counter.on(counter.router.sign_in)
    office.clock.advance(seconds=11 * HOURS)
    look(counter)
    assert (closings(office), counter.router.journey.view is None) == ([], False)
    office.clock.advance(seconds=2 * HOURS)
    asked = len(counter.router._services.delivery.asked)
    look(counter)
    (closed,) = closings(office)
    assert (closed["why"], closed["sealed"], closed["agent"]) == ("left", True, "camille")
    assert counter.router.journey.view is None
    assert counter.shell.page is counter.router.sign_in
    counter.qtbot.waitUntil(lambda: len(counter.router._services.delivery.asked) > asked)
    counter.sign_in()  # home, and not a page on which nothing can be done
    assert counter.router.sections._home_model.drafts == ()


def test_who_touches_the_screen_keeps_the_case_and_who_left_it_open_does_not(
    counter: Counter, office: Office, monkeypatch
):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    office.clock.advance(seconds=13 * HOURS)
    look(counter)
    assert closings(office) == []
    counter.at(StepKind.DOCUMENT)
    quiet = property(lambda _watch: AT_WORK_S)
    monkeypatch.setattr(type(counter.router.idle), "quiet_s", quiet)
    look(counter)
    counter.on(counter.router.sections.home)
    assert [closed["why"] for closed in closings(office)] == ["left"]


def test_it_looks_by_itself_and_stops_with_the_window(counter: Counter):
    timer = counter.router.late._timer
    assert (timer.isActive(), timer.interval()) == (True, EVERY_MS)
    ended = QSignalSpy(counter.router.late.ended)
    look(counter)
    assert ended.count() == 0
    counter.router.late.stop()
    assert not timer.isActive()


def test_a_case_that_ended_behind_the_lock_is_not_shown_again(counter: Counter, office: Office):
    """By ten wrong PINs, say: its agent is let in again by somebody, and finds home."""
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.router.session.lock()
    counter.on(counter.router.sign_in)
    case_id = counter.router.journey.view.state.case_id
    with office.store.begin() as uow:
        account_for_drafts(uow, office.journal, AgentId("camille"), "lockout")
        uow.commit()
    assert not office.proofing.is_open(case_id)
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    assert counter.router.journey.view is None


def test_a_receipt_that_is_still_shown_stays(counter: Counter):
    counter.sign_in()
    counter.open_case()
    counter.to_confirm()
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: counter.state.closed, timeout=10_000)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)
    page = counter.shell.page
    look(counter)
    assert counter.state.closed
    assert counter.shell.page is page


def test_a_clock_that_is_set_ends_nothing_and_nothing_stays_for_it(
    counter: Counter, office: Office
):
    """A year ahead, and a year back: thirteen hours of the machine end the case in both."""
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.router.session.lock()
    counter.on(counter.router.sign_in)
    office.clock.set_wall(office.clock.now() + timedelta(days=365))
    look(counter)
    assert closings(office) == []
    assert office.journal_kinds()[-1] == "clock_jump"
    office.clock.set_wall(office.clock.now() - timedelta(days=730))
    office.clock.advance(seconds=11 * HOURS)
    look(counter)
    assert closings(office) == []
    office.clock.advance(seconds=2 * HOURS)
    look(counter)
    assert [closed["why"] for closed in closings(office)] == ["left"]


def test_home_says_when_a_case_ends_by_the_time_that_passed(counter: Counter, office: Office):
    """Not by the clock of then: that was set since."""
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.key(Qt.Key.Key_Escape)
    office.clock.set_wall(office.clock.now() + timedelta(days=365))
    home, services = counter.router.sections, counter.router._services
    (draft,) = office.proofing.drafts(counter.router.session.session)
    assert home._draft_words(draft, "", "step")[1] == "step"
    office.clock.advance(seconds=11 * HOURS)
    (draft,) = office.proofing.drafts(counter.router.session.session)
    ends = services.clock.now() + timedelta(hours=1)
    assert home._look.language.time(ends) in home._draft_words(draft, "", "step")[1]
