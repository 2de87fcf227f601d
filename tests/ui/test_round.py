"""The round on a tablet and the appointments of a counter: one hand, and no names at a door."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from kiosk.config import Profile
from kiosk.domain.decision import Reason
from kiosk.journeys.model import CaseAbandoned, StepKind
from tests.fakes.capture import ScriptedCamera, ScriptedReader
from tests.fakes.carrier import CarrierFleet, Device, carrier_fleet
from tests.fakes.office import PIN
from tests.ui.advice_pages import SERVICE
from tests.ui.test_every_page import faults
from ui.router import Router
from ui.router.services import services_of
from ui.shell import Section, Shell
from ui.theme import Size, ThemeName
from ui.widgets.look import Look
from ui.widgets.missed import MissedVisit

pytestmark = pytest.mark.process
NAME = "ROUSSEL"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierFleet]:
    with carrier_fleet(tmp_path_factory.mktemp("fleet")) as found:
        yield found


class Screen:
    """Shell and router over a device of the fleet, signed in."""

    def __init__(self, look: Look, qtbot, device: Device, size: tuple[int, int]) -> None:
        self.qtbot = qtbot
        self.device = device
        self.shell = Shell(look)
        qtbot.addWidget(self.shell)
        self.shell.resize(*size)
        self.shell.show()
        qtbot.waitExposed(self.shell)
        self.shell.activateWindow()
        services = services_of(device.kiosk, ScriptedCamera)
        object.__setattr__(services, "make_reader", ScriptedReader)
        self.router = Router(look, self.shell, services)
        self.router.start()
        self.wait(lambda: bool(self.router.sign_in.selected))
        QTest.keyClicks(self.shell.focusWidget(), PIN)
        QTest.keyClick(self.shell.focusWidget(), Qt.Key.Key_Return)
        rounds = self.router.rounds
        assert rounds is not None
        self.rounds = rounds
        self.wait(lambda: rounds.model.facts.loaded_at is not None)
        self.settle()

    @property
    def page(self):
        return self.rounds.screen

    def wait(self, holds: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(holds, timeout=30_000)

    def settle(self) -> None:
        self.wait(
            lambda: (
                self.router.desk.idle and self.router.courier.idle and not self.router.journey.busy
            )
        )
        QApplication.processEvents()

    def press(self, button: QWidget) -> None:
        assert button.isVisible()
        assert button.isEnabled()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.settle()

    def words(self) -> str:
        labels = self.shell.findChildren(QLabel)
        return " | ".join(label.text() for label in labels if label.isVisible())

    @property
    def step(self) -> StepKind | None:
        return self.router.case.open_step

    def states(self) -> list[str]:
        session = self.router.session.session
        assert session is not None
        return [item.state.value for item in self.device.kiosk.rounds.today(session)]


@pytest.fixture
def open_screen(look: Look, qtbot, fleet: CarrierFleet) -> Iterator[Callable[..., Screen]]:
    opened: list[Screen] = []

    def opener(device: Device, size: tuple[int, int] = (800, 1280)) -> Screen:
        screen = Screen(look, qtbot, device, size)
        opened.append(screen)
        return screen

    yield opener
    for screen in opened:
        screen.router.close()
        screen.shell.close()


@pytest.fixture
def tablet(fleet: CarrierFleet) -> Device:
    return fleet.device()


def test_a_carrier_begins_at_the_round_and_no_name_is_on_it(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    for _ in range(2):
        fleet.plan(tablet)
    screen = open_screen(tablet)
    assert screen.shell.page is screen.page
    assert "impasse des Peupliers" in screen.words()
    assert NAME not in screen.words()
    assert "Maëlle" not in screen.words()
    screen.press(screen.page.bar.primary)
    assert screen.step is StepKind.NOTICE
    screen.press(screen.router.case.panels[StepKind.NOTICE].back)
    assert screen.step is StepKind.VISIT
    assert NAME in screen.words()


def test_a_visit_is_begun_from_the_round_only(tablet: Device) -> None:
    services = services_of(tablet.kiosk, ScriptedCamera)
    assert "home-visit" in services.procedures
    assert "home-visit" not in services.offered()


def test_absent_takes_two_touches_and_can_be_undone_before_the_second(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    screen = open_screen(tablet)
    screen.press(screen.page.bar.missed.reasons["absent"])
    assert screen.step is StepKind.CONFIRM
    assert tablet.kiosk.delivery.status() == ()
    confirm = screen.router.case.panels[StepKind.CONFIRM]
    screen.press(confirm.back)
    assert screen.step is StepKind.VISIT
    screen.press(screen.router.case.visit.choices.reasons["moved"])
    screen.press(confirm.primary)
    screen.press(screen.router.case.receipt.next_button)
    assert screen.shell.page is screen.page
    assert screen.states() == ["ended"]
    assert "A déménagé" in screen.words()


def test_who_is_there_after_all_is_verified(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    screen = open_screen(tablet)
    screen.press(screen.page.bar.missed.reasons["absent"])
    screen.press(screen.router.case.panels[StepKind.CONFIRM].back)
    screen.press(screen.router.case.visit.primary)
    assert screen.step is StepKind.NOTICE


def test_putting_off_asks_for_a_day_that_is_no_sunday(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    screen = open_screen(tablet)
    missed = screen.page.bar.missed
    screen.press(missed.reasons["postponed"])
    assert all(day.weekday() != 6 for day in missed.offered)
    screen.press(missed.cancel)
    assert screen.step is None
    screen.press(missed.reasons["postponed"])
    screen.press(missed.days[1])
    view = screen.router.journey.view
    assert view is not None
    assert view.state.visit is not None
    assert view.state.visit.postponed_to == missed.offered[1]
    assert view.state.decision is not None
    assert view.state.decision.reasons == (Reason.VISIT_POSTPONED,)
    assert "Nouveau jour\u00a0: " in screen.words()
    told = screen.words().partition("Nouveau jour\u00a0: ")[2]
    assert told[0].islower()  # within a sentence


def test_a_day_agreed_on_stands_on_the_sheet_and_in_the_list(
    open_screen, look: Look, fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    screen = open_screen(tablet)
    missed = screen.page.bar.missed
    screen.press(missed.reasons["postponed"])
    day = missed.offered[0]
    screen.press(missed.days[0])
    screen.press(screen.router.case.panels[StepKind.CONFIRM].primary)
    screen.wait(screen.router.case.receipt.isVisible)
    language = look.language
    assert language.full_day(day) in screen.router.case.receipt.sheet().text
    screen.press(screen.router.case.receipt.next_button)
    screen.wait(screen.page.isVisible)
    screen.wait(
        lambda: (
            language.tr("round.postponed_to", day=language.weekday_within(day)) in screen.words()
        )
    )
    assert language.tr("round.loaded_at", time="").strip() in screen.words()


def test_who_is_met_after_all_has_no_other_day(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    screen = open_screen(tablet)
    missed = screen.page.bar.missed
    screen.press(missed.reasons["postponed"])
    screen.press(missed.days[0])
    screen.press(screen.router.case.panels[StepKind.CONFIRM].back)
    screen.press(screen.router.case.visit.primary)
    assert screen.step is StepKind.NOTICE
    view = screen.router.journey.view
    assert view is not None
    assert view.state.visit is not None
    case = screen.router.journey
    case.dispatch(CaseAbandoned())
    screen.settle()
    assert case.view is not None
    assert case.view.state.visit is not None
    assert case.view.state.visit.postponed_to is None


def test_no_public_holiday_is_offered_for_another_visit(look, qtbot) -> None:
    widget = MissedVisit(look)
    qtbot.addWidget(widget)
    widget.shut_on = SERVICE.is_shut
    widget.set_today(date(2026, 12, 24))
    assert [day.day for day in widget.offered] == [26, 28, 29, 30, 31]
    assert widget.days[0].text().startswith("Samedi")


def test_another_visit_than_the_next_is_chosen_by_a_touch(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    ids = [fleet.plan(tablet).row.visit_id for _ in range(3)]
    screen = open_screen(tablet)
    assert screen.page.selected.visit.visit_id == ids[0]
    screen.press(screen.page.rows.rows[2])
    assert screen.page.selected.visit.visit_id == ids[2]
    screen.press(screen.page.bar.missed.reasons["refuses"])
    screen.press(screen.router.case.panels[StepKind.CONFIRM].primary)
    screen.router.case.leave_receipt()
    screen.settle()
    assert screen.states() == ["planned", "planned", "ended"]


def test_nothing_of_the_round_stays_after_the_shift(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    screen = open_screen(tablet)
    screen.router.session.leave()
    screen.wait(lambda: screen.shell.page is screen.router.sign_in)
    screen.settle()
    labels = [label.text() for label in screen.shell.findChildren(QLabel)]
    labels += [label.text() for label in screen.page.findChildren(QLabel)]
    assert not any("Peupliers" in text for text in labels)
    assert screen.rounds.model.facts.visits == ()


def test_at_midnight_the_page_is_empty(open_screen, fleet: CarrierFleet, tablet: Device) -> None:
    fleet.plan(tablet)
    screen = open_screen(tablet)
    tablet.clock.advance(days=1)
    screen.rounds.model.refresh()
    screen.settle()
    assert "Peupliers" not in screen.words()
    with tablet.kiosk.store.begin() as uow:
        assert uow.values.names("round/") == ()


# --- doorstep privacy ---


def test_a_tablet_that_lies_about_is_covered_and_the_touch_does_nothing_else(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    screen = open_screen(tablet)
    router = screen.router
    assert router.privacy.active
    router.privacy.expired.emit()
    assert router.cover.isVisible()
    assert router.cover.size() == screen.shell.size()
    place = screen.page.bar.primary.mapTo(screen.shell, QPoint(20, 20))
    under = screen.shell.childAt(place)
    assert under is not None
    assert under is router.cover or router.cover.isAncestorOf(under)
    QTest.mouseClick(router.cover, Qt.MouseButton.LeftButton, pos=place)
    screen.settle()
    assert not router.cover.isVisible()
    assert screen.step is None


def test_a_key_under_the_cover_gives_no_order(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    screen = open_screen(tablet)
    screen.router.privacy.expired.emit()
    QTest.keyClick(screen.router.cover, Qt.Key.Key_Return)
    screen.settle()
    assert not screen.router.cover.isVisible()
    assert screen.step is None


def test_a_counter_is_not_covered(open_screen, fleet: CarrierFleet) -> None:
    screen = open_screen(fleet.device(Profile.COUNTER), (1600, 1000))
    assert not screen.router.privacy.active
    assert screen.shell.page is screen.router.sections.home


# --- conflicts ---


def test_a_conflict_stays_on_the_page_of_deliveries_until_it_was_read(
    open_screen, fleet: CarrierFleet, tablet: Device
) -> None:
    visit_id = fleet.plan(tablet).row.visit_id
    screen = open_screen(tablet)
    screen.press(screen.page.bar.missed.reasons["absent"])
    fleet.planner.cancel(visit_id, datetime.now(UTC) - timedelta(seconds=1))
    screen.press(screen.router.case.panels[StepKind.CONFIRM].primary)
    screen.router.case.leave_receipt()
    screen.wait(lambda: bool(screen.router.sections.conflicts))
    screen.settle()
    session = screen.router.session.session
    assert session is not None
    screen.router.sections.show(Section.DELIVERIES, session)
    screen.settle()
    card = screen.router.sections.deliveries.conflicts
    assert card.isVisible()
    assert "retirée de votre tournée" in screen.words()
    assert any(chip.objectName() == "chip-conflicts" for chip in screen.shell.top.chips)
    screen.press(card.seen)
    assert not card.seen.isVisible()
    assert not any(chip.objectName() == "chip-conflicts" for chip in screen.shell.top.chips)
    screen.router.sections.show(Section.HISTORY, session)
    screen.settle()
    assert "retirée de votre tournée" in screen.words()


# --- the counter ---


def test_appointments_of_a_counter_are_listed_by_name_and_opened(
    open_screen, fleet: CarrierFleet
) -> None:
    counter = fleet.device(Profile.COUNTER, office="033001")
    fleet.plan(None, fleet.request(office="033001"), office="033001")
    screen = open_screen(counter, (1600, 1000))
    session = screen.router.session.session
    assert session is not None
    screen.router.sections.show(Section.APPOINTMENTS, session)
    screen.settle()
    assert "Maëlle Roussel" in screen.words()
    screen.press(screen.page.bar.primary)
    assert screen.step is StepKind.NOTICE
    view = screen.router.journey.view
    assert view is not None
    assert view.state.procedure == "online-request"


def test_the_code_of_the_text_message_is_typed_at_the_step_of_the_code(
    open_screen, fleet: CarrierFleet
) -> None:
    counter = fleet.device(Profile.COUNTER, office="033002")
    planned = fleet.plan(None, fleet.request(office="033002"), office="033002")
    screen = open_screen(counter, (1600, 1000))
    screen.router.sections.procedure_requested.emit("online-request")
    screen.wait(lambda: screen.step is StepKind.REQUEST)
    screen.settle()
    panel = screen.router.case.request
    screen.press(panel.type_button)
    panel.entry.edit.setText("0000-0001")
    screen.press(panel.primary)
    assert "code d’activation" in screen.words()
    panel.entry.edit.setText(planned.code.lower())
    screen.press(panel.primary)
    assert screen.step is StepKind.NOTICE


# --- looks ---


@pytest.mark.parametrize("theme_name", list(ThemeName))
@pytest.mark.parametrize("size", [(800, 1280), (1280, 800), (1280, 720)])
def test_nothing_is_cut_or_too_small_for_a_thumb(
    open_screen, look: Look, fleet: CarrierFleet, tablet: Device, theme_name: ThemeName, size
) -> None:
    look.theme.choose(theme_name)
    for _ in range(2):
        fleet.plan(tablet)
    screen = open_screen(tablet, size)
    for button in (*screen.page.bar.missed.reasons.values(), screen.page.bar.primary):
        assert button.height() >= Size.TARGET_TABLET
    assert faults(screen.page) == []
    assert faults(screen.page.bar) == []
    screen.press(screen.page.bar.missed.reasons["postponed"])
    assert faults(screen.page.bar) == []
    screen.press(screen.page.bar.missed.cancel)
    screen.press(screen.page.bar.primary)
    screen.press(screen.router.case.panels[StepKind.NOTICE].back)
    assert faults(screen.router.case.visit) == []
