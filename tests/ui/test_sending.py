"""When records leave by themselves, what waits to be asked for, and how that is told."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtNetwork import QNetworkInformation
from PySide6.QtWidgets import QLabel, QPushButton

from kiosk.domain.errors import NotEnrolledError, UnreachableError
from kiosk.domain.ids import RecordId
from kiosk.ports import OutboxRow, OutboxState
from kiosk.services.delivery import DeliveryStep, Progress
from kiosk.services.owed import Owed
from tests.ui import samples
from tests.ui.counter import Counter, NoDelivery
from ui.demonstration.network import NothingSent
from ui.screens.deliveries import DeliveriesFacts, DeliveryItem
from ui.shell import Section
from ui.viewmodels.delivery import EVERY_MS, DeliveryFacts, DeliveryModel
from ui.workers.desk import Desk
from ui.workers.network import NetworkWatch

Reach = QNetworkInformation.Reachability
BIG = 300_000


@pytest.fixture
def delivery(counter: Counter) -> NoDelivery:
    counter.qtbot.waitUntil(lambda: not counter.router.delivery.facts.sending, timeout=10_000)
    found = counter.router.delivery._delivery
    found.asked.clear()
    return found


def queue(counter: Counter, delivery: NoDelivery, size: int) -> None:
    """A record of this size waits, sealed three minutes ago."""
    at = counter.office.clock.now() - timedelta(minutes=3)
    row = OutboxRow(7, RecordId("0" * 32), OutboxState.WAITING, at, at, 0, "", size)
    delivery.rows = (row,)


def words(page) -> str:
    return " ".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def press(counter: Counter, page, name: str) -> None:
    counter.qtbot.mouseClick(page.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def show(counter: Counter, section: Section):
    counter.router.sections._choose(section.value)
    return counter.shell.page


def test_a_big_record_says_what_it_waits_for_until_somebody_sends_it(counter, delivery):
    delivery.metered = True
    queue(counter, delivery, BIG)
    counter.sign_in()
    counter.router.delivery.refresh()
    page = show(counter, Section.DELIVERIES)
    counter.qtbot.waitUntil(lambda: "attend une connexion non limitée" in words(page))
    assert "il y a 3 minutes" in words(page)
    press(counter, page, "send-now")
    counter.qtbot.waitUntil(lambda: delivery.asked == [False])


def test_a_small_record_on_a_metered_link_waits_for_the_network_only(counter, delivery):
    delivery.metered = True
    queue(counter, delivery, 1000)
    counter.sign_in()
    counter.router.delivery.refresh()
    page = show(counter, Section.DELIVERIES)
    counter.qtbot.waitUntil(lambda: "partira dès que le réseau répond" in words(page))
    assert "non limitée" not in words(page)


def test_the_link_is_said_in_the_settings_and_what_waited_then_goes(counter, delivery):
    counter.sign_in()
    page = show(counter, Section.SETTINGS)
    assert page.link.selected == ("unlimited",)
    press(counter, page, "choice-metered")
    counter.qtbot.waitUntil(lambda: delivery.metered)
    assert page.link.selected == ("metered",)
    assert delivery.asked == []
    press(counter, page, "choice-unlimited")
    counter.qtbot.waitUntil(lambda: delivery.asked == [None])
    assert not delivery.metered
    assert page.link.selected == ("unlimited",)


def test_the_end_of_a_shift_sends(counter, delivery):
    counter.sign_in()
    delivery.asked.clear()
    press(counter, counter.shell, "end-shift")
    press(counter, counter.shell, "end-now")
    counter.on(counter.router.sign_in)
    counter.qtbot.waitUntil(lambda: delivery.asked == [None])


def test_a_network_that_comes_back_sends(counter, delivery):
    counter.router.network.see(Reach.Disconnected)
    assert delivery.asked == []
    counter.router.network.see(Reach.Online)
    counter.qtbot.waitUntil(lambda: delivery.asked == [None])


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ((Reach.Online, Reach.Online), 0),
        ((Reach.Unknown, Reach.Online), 0),
        ((Reach.Disconnected, Reach.Disconnected), 0),
        ((Reach.Disconnected, Reach.Unknown, Reach.Local), 1),
        ((Reach.Online, Reach.Disconnected, Reach.Site, Reach.Online), 1),
        ((Reach.Disconnected, Reach.Online) * 2, 2),
    ],
)
def test_only_a_change_from_nothing_is_a_network_that_comes_back(qapp, seen, told):
    watch, heard = NetworkWatch(), []
    watch.came_back.connect(lambda: heard.append(1))
    for state in seen:
        watch.see(state)
    assert len(heard) == told


# --- the model ------------------------------------------------------------------------------------


class Scripted:
    """A delivery that reaches the central side, or is at fault, and keeps what it was told."""

    def __init__(self) -> None:
        self.asked: list[bool | None] = []
        self.pace: float | None = None
        self.wait_s = 0
        self.said = [False]
        self.fault: Exception | None = None
        self.owes = Owed()
        self.brings = NothingSent(reason="")

    def run_once(self, *_watch: object, metered: bool | None = None) -> NothingSent:
        self.asked.append(metered)
        if self.fault is not None:
            raise self.fault
        reason = UnreachableError.code if self.wait_s else self.brings.reason
        return replace(self.brings, reason=reason, pace=self.pace, wait_s=self.wait_s)

    def owed(self) -> Owed:
        return self.owes

    def status(self) -> tuple[OutboxRow, ...]:
        return ()

    def is_metered(self) -> bool:
        return self.said[-1]

    def set_metered(self, *, metered: bool) -> None:
        self.said.append(metered)


@pytest.fixture
def courier(qtbot):
    desk = Desk("test")
    yield desk
    desk.close()


def test_what_was_asked_for_during_a_delivery_is_asked_for_after_it(qtbot, courier, counter):
    scripted = Scripted()
    model = DeliveryModel(scripted, courier, counter.office.clock)
    model.send()
    model.send_all()
    model.send()
    qtbot.waitUntil(lambda: len(scripted.asked) == 2 and not model.facts.sending)
    assert scripted.asked == [None, False]


class Slow(Scripted):
    """A delivery of five records that waits before each of them until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Semaphore(0)
        self.passed = 0

    def run_once(self, progress=None, cancelled=None, *, metered: bool | None = None):
        self.asked.append(metered)
        self.passed = 0
        for step in (Progress(DeliveryStep.TIME), *self._records()):
            if cancelled():
                return NothingSent(reason="", stopped=True)
            progress(step)
            assert self.gate.acquire(timeout=10)
            self.passed += 1
        return NothingSent(reason="")

    @staticmethod
    def _records() -> list[Progress]:
        return [Progress(DeliveryStep.RECORDS, number, 5) for number in range(5)]


@pytest.fixture
def slow(counter: Counter, delivery: NoDelivery) -> Iterator[Slow]:
    slow = Slow()
    slow.status = counter.router.delivery._delivery.status
    counter.router.delivery._delivery = slow
    yield slow
    slow.gate.release(50)


def shown(counter: Counter) -> list[str]:
    page = counter.router.sections.deliveries
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def test_each_record_is_told_while_it_is_sent_and_the_rest_can_be_left(
    counter: Counter, delivery: NoDelivery, slow: Slow
):
    counter.sign_in()
    queue(counter, delivery, 1000)
    counter.router.delivery.refresh()
    counter.router.sections.show(Section.DELIVERIES, counter.router.session.session)
    page = counter.router.sections.deliveries
    stop = page.findChild(QPushButton, "stop-sending")
    assert not stop.isVisible()
    page.findChild(QPushButton, "send-now").click()
    counter.qtbot.waitUntil(lambda: "Demande de l’heure au service central." in shown(counter))
    assert stop.isVisible()
    slow.gate.release(3)
    counter.qtbot.waitUntil(lambda: "Envoi du dossier 3 sur 5." in shown(counter))
    stop.click()
    assert not stop.isEnabled()
    slow.gate.release()
    counter.qtbot.waitUntil(lambda: not counter.router.delivery.facts.sending)
    assert slow.passed == 4  # the record under way arrived, the two behind it were left
    told = "Envoi arrêté. Ce qui attend partira au prochain envoi."
    counter.qtbot.waitUntil(lambda: told in shown(counter))
    assert not stop.isVisible()
    counter.router.delivery.send()  # the next regular one goes on, and says nothing of the stop
    slow.gate.release(10)
    counter.qtbot.waitUntil(lambda: slow.asked == [False, None])
    counter.qtbot.waitUntil(lambda: not counter.router.delivery.facts.sending)
    assert told not in shown(counter)


def test_a_regular_delivery_without_a_record_passes_without_a_word(counter: Counter, slow: Slow):
    counter.sign_in()
    counter.router.sections.show(Section.DELIVERIES, counter.router.session.session)
    counter.router.delivery.send()
    counter.qtbot.waitUntil(lambda: counter.router.delivery.facts.progress is not None)
    assert not counter.router.delivery.facts.told
    page = counter.router.sections.deliveries
    assert not page.findChild(QPushButton, "stop-sending").isVisible()
    assert not page.findChild(QLabel, "course").isVisible()


def test_a_delivery_that_was_stopped_says_nothing_of_the_network(
    qtbot, courier, counter: Counter, slow: Slow
):
    model = DeliveryModel(slow, courier, counter.office.clock)
    model.send_all()
    model.send_all()  # would follow it
    qtbot.waitUntil(lambda: model.facts.progress is not None)
    model.break_off()
    slow.gate.release(5)
    qtbot.waitUntil(lambda: not model.facts.sending)
    assert (model.facts.online, model.facts.stopped, slow.asked) == (None, True, [False])


def test_a_stop_that_left_nothing_behind_is_not_told(counter: Counter, delivery, slow: Slow):
    """Everything was sent when the press came."""
    counter.sign_in()
    queue(counter, delivery, 1000)
    counter.router.delivery.refresh()
    counter.router.sections.show(Section.DELIVERIES, counter.router.session.session)
    page = counter.router.sections.deliveries
    page.findChild(QPushButton, "send-now").click()
    slow.gate.release(5)
    counter.qtbot.waitUntil(lambda: "Envoi du dossier 5 sur 5." in shown(counter))
    page.findChild(QPushButton, "stop-sending").click()
    slow.gate.release()
    counter.qtbot.waitUntil(lambda: not counter.router.delivery.facts.sending)
    facts = counter.router.delivery.facts
    assert (facts.stopped, facts.online) == (False, True)
    assert "Envoi arrêté. Ce qui attend partira au prochain envoi." not in shown(counter)


def test_closing_the_window_does_not_wait_for_the_records_behind(
    qtbot, courier, counter: Counter, slow: Slow
):
    model = DeliveryModel(slow, courier, counter.office.clock)
    model.send_all()
    qtbot.waitUntil(lambda: model.facts.progress is not None)
    model.stop()
    slow.gate.release()
    courier.close()
    assert slow.passed == 1


def test_a_pace_stays_until_another_is_measured(qtbot, courier, counter):
    scripted = Scripted()
    model = DeliveryModel(scripted, courier, counter.office.clock)
    for measured, known in ((None, None), (9000.0, 9000.0), (None, 9000.0)):
        scripted.pace = measured
        with qtbot.waitSignal(model.finished):
            model.send()
        assert model.facts.pace == known


def test_nothing_goes_by_itself_before_the_central_side_asked_for_it(qtbot, courier, counter):
    scripted, clock = Scripted(), counter.office.clock
    scripted.wait_s = 90
    model = DeliveryModel(scripted, courier, clock, draw=lambda: 0.5)
    with qtbot.waitSignal(model.finished):
        model.send()
    assert model._timer.interval() == 90_500
    scripted.wait_s = 0
    clock.advance(seconds=90)
    model.send()
    assert not model.facts.sending
    assert scripted.asked == [None]
    # A person is not held up; the central side judges anew.
    with qtbot.waitSignal(model.finished):
        model.send_all()
    with qtbot.waitSignal(model.finished):
        model.send()
    assert scripted.asked == [None, False, None]


def test_the_timer_comes_when_the_central_side_asked_for_it(qtbot, courier, counter):
    scripted, clock = Scripted(), counter.office.clock
    scripted.wait_s = 90
    model = DeliveryModel(scripted, courier, clock, draw=lambda: 0.5)
    with qtbot.waitSignal(model.finished):
        model.send()
    scripted.wait_s = 0
    clock.advance(seconds=90.5)
    with qtbot.waitSignal(model.finished):
        model._due()
    assert model._timer.interval() == EVERY_MS
    assert scripted.asked == [None, None]


def test_a_timer_that_comes_early_comes_again_when_the_central_side_asked_for_it(
    qtbot, courier, counter
):
    scripted, clock = Scripted(), counter.office.clock
    scripted.wait_s = 90
    model = DeliveryModel(scripted, courier, clock, draw=lambda: 0.5)
    with qtbot.waitSignal(model.finished):
        model.send()
    scripted.wait_s = 0
    clock.advance(seconds=90)
    model._due()
    assert scripted.asked == [None]
    assert model._timer.interval() == 500
    clock.advance(seconds=0.5)
    with qtbot.waitSignal(model.finished):
        model._due()
    assert scripted.asked == [None, None]


# --- how often nobody's deliveries come -----------------------------------------------------------


@pytest.fixture
def regular(
    qtbot, courier, counter
) -> Iterator[tuple[DeliveryModel, Scripted, Callable[..., int]]]:
    """A model, what it delivers, and how many deliveries the next seconds bring."""
    scripted, clock = Scripted(), counter.office.clock
    model = DeliveryModel(scripted, courier, clock, draw=lambda: 0.5)

    def over(seconds: float) -> int:
        before, until = len(scripted.asked), clock.monotonic_ms() + 1000 * seconds
        while clock.monotonic_ms() < until:
            clock.advance(seconds=min(model._timer.interval(), until - clock.monotonic_ms()) / 1000)
            model._due()
            qtbot.waitUntil(lambda: courier.idle and not model.facts.sending)
        return len(scripted.asked) - before

    yield model, scripted, over
    model.stop()


def test_deliveries_become_seldom_while_there_is_nothing_to_send(regular):
    _, scripted, over = regular
    assert over(60) == 1
    assert [over(60 * minutes) for minutes in (1, 2, 5, 15, 15)] == [1] * 5
    assert over(4 * 3600) == 16
    assert set(scripted.asked) == {None}


@pytest.mark.parametrize(
    "owes", [Owed(entries=9), Owed(records=frozenset({8})), Owed(addresses=frozenset({"a"}))]
)
def test_what_is_new_in_the_vault_goes_within_a_minute_at_any_hour(regular, owes):
    _, scripted, over = regular
    over(3600)
    scripted.owes = owes
    assert over(60) == 1


def test_what_could_not_be_brought_on_is_tried_every_five_minutes(regular):
    _, scripted, over = regular
    scripted.owes = Owed(records=frozenset({7}))
    over(3600)
    assert over(3600) == 12


def test_a_network_that_is_away_is_looked_for_every_five_minutes(regular):
    _, scripted, over = regular
    scripted.brings = NothingSent()
    over(3600)
    assert over(3600) == 12


def test_a_delivery_that_brought_something_is_followed_by_quick_ones(regular):
    _, scripted, over = regular
    over(3600)
    scripted.owes, scripted.brings = Owed(records=frozenset({7})), NothingSent(1, 1, reason="")
    assert over(60) == 1
    scripted.owes, scripted.brings = Owed(), NothingSent(reason="")
    assert [over(60), over(60), over(120)] == [1, 1, 1]


@pytest.mark.parametrize("ask", ["send", "send_all"])
def test_whoever_asks_is_answered_at_once_and_the_pace_is_quick_again(qtbot, courier, regular, ask):
    model, scripted, over = regular
    over(3600)
    before = len(scripted.asked)
    with qtbot.waitSignal(model.finished):
        getattr(model, ask)()
    assert len(scripted.asked) == before + 1
    assert over(60) == 1


def test_a_window_that_was_closed_begins_nothing_more(qtbot, courier, regular):
    model, scripted, _ = regular
    scripted.owes = Owed(entries=1)
    model._due()
    model.stop()
    qtbot.waitUntil(lambda: courier.idle)
    assert scripted.asked == []


def test_what_the_link_is_is_known_before_anything_was_sent(qtbot, courier, counter):
    scripted = Scripted()
    scripted.said, scripted.fault = [True], NotEnrolledError()
    model = DeliveryModel(scripted, courier, counter.office.clock)
    model.start()
    qtbot.waitUntil(lambda: model.facts.reason == NotEnrolledError.code)
    assert model.facts.metered
    model.stop()


@pytest.mark.parametrize(("draw", "share"), [(0.0, 0.8), (0.5, 1.0)])
def test_no_two_devices_keep_the_same_pause(qtbot, courier, counter, draw, share):
    model = DeliveryModel(Scripted(), courier, counter.office.clock, draw=lambda: draw)
    assert model._timer.interval() == EVERY_MS * share


def test_the_rest_is_told_in_minutes(counter):
    at = counter.office.clock.now()
    row = OutboxRow(7, RecordId("0" * 32), OutboxState.WAITING, at, at, 0, "", 3_000_000)
    assert DeliveryFacts((row,), pace=10_000.0).minutes_left == 5
    assert DeliveryFacts((row,)).minutes_left == 0


def test_a_slow_link_is_told_in_plain_words(look, qtbot):
    shell = samples.window(look, "deliveries", 1280, 720)
    qtbot.addWidget(shell)
    page = shell.page
    waiting = (DeliveryItem(7, OutboxState.WAITING, 60),)
    page.show_facts(DeliveriesFacts(waiting, pace_kbs=10, minutes_left=5))
    told = "Connexion lente (10\u00a0Ko/s)\u00a0: environ 5 minutes pour ce qui attend."
    assert told in words(page)
    page.show_facts(DeliveriesFacts(waiting, pace_kbs=10))
    assert "Connexion lente" not in words(page)
    page.show_facts(DeliveriesFacts(waiting, problem="Hors ligne", pace_kbs=10, minutes_left=5))
    assert "Connexion lente" not in words(page), "no pace without a link"


def test_what_waits_for_another_link_names_no_older_obstacle(look, qtbot):
    shell = samples.window(look, "deliveries", 1280, 720)
    qtbot.addWidget(shell)
    held = (DeliveryItem(7, OutboxState.WAITING, 60, "SYNC-001", held=True),)
    shell.page.show_facts(DeliveriesFacts(held))
    qtbot.waitUntil(lambda: "attend une connexion non limitée" in words(shell.page))
    assert "SYNC-001" not in words(shell.page)


def test_a_welcome_page_says_what_to_do(counter, delivery):
    counter.sign_in()
    page = show(counter, Section.DELIVERIES)
    delivery.reason = "SYNC-032"
    press(counter, page, "send-now")
    counter.qtbot.waitUntil(lambda: "Connectez-vous au Wi-Fi" in words(page))
