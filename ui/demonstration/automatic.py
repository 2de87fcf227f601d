"""The automatic agent: plays a customer's visit on the real screens, by keyboard and touch alone.

It sees what an agent sees (the page, its buttons, the step) and presses what an agent presses. It
takes no short cut through the models: only public widgets get events.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Side, Verdict
from kiosk.domain.ids import RecordId
from kiosk.journeys.model import CaseState, StepKind
from kiosk.journeys.service_steps import Presence
from ui.demonstration.office import AGENT, PIN, Code, drawn
from ui.demonstration.plays import Play
from ui.demonstration.stage import Stage
from ui.router import Router
from ui.router.window import Window
from ui.shell import Section
from ui.steps.checks import ChecksPanel
from ui.steps.panel import STOP_KEY, StepPanel
from ui.widgets.choices import ChoiceButton, ChoiceGroup
from ui.widgets.signature_pad import SignaturePad
from ui.workers.camera import Sight

_STEP_S = 60.0
"""Longest time for one step: reading with a busy processor included."""
_READ_S = 90.0
_PATIENCE_S = 30.0
"""How long an agent waits for a picture before pressing the button."""
_POLL_MS = 15
_SIGHTS_BEFORE_PICTURE = 8
ITEM = "RR123456785FR"
"""Number of the letter: the worked example of the format, no real one."""
_PRESENCE_KEYS = {
    Presence.IN_PERSON: Qt.Key.Key_1,
    Presence.PROXY: Qt.Key.Key_2,
    Presence.ABSENT: Qt.Key.Key_3,
    Presence.REFUSES: Qt.Key.Key_4,
}
_SIGNATURE = (
    *((0.20, 0.60), (0.26, 0.36), (0.30, 0.62), (0.36, 0.44), (0.40, 0.60), (0.46, 0.48)),
    *((0.50, 0.60), (0.58, 0.32), (0.56, 0.60), (0.66, 0.52), (0.78, 0.56)),
)
"""A hand that writes, as fractions of the pad: nobody's."""
_LAYOUT_ROUNDS = 6
"""A layout inside a layout inside a scroll area asks anew, one level in each round."""


class StuckError(Exception):
    """The screens did not come to where they should; the message names the step."""


@dataclass(frozen=True, slots=True)
class Played:
    """How a play ended."""

    name: str
    outcome: Outcome
    record_id: RecordId
    elapsed_s: float


class Pictures:
    """Screenshots of a window, numbered in the order taken."""

    def __init__(self, window: QWidget, folder: Path) -> None:
        self._window = window
        self._folder = folder
        self.files: list[Path] = []

    def take(self, name: str, window: QWidget | None = None) -> None:
        """Grab the window as it is, once what was just written has found its place.

        Args:
            name: of the picture.
            window: another window than the agent's, or None.
        """
        for _ in range(_LAYOUT_ROUNDS):
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / f"{len(self.files) + 1:02d}-{name}.png"
        (window or self._window).grab().save(str(file))
        self.files.append(file)


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = _STEP_S) -> None:
    """Run the event loop until something holds. Raises StuckError."""
    if holds():
        return
    loop = QEventLoop()
    poll, limit = QTimer(), QTimer()
    poll.timeout.connect(lambda: loop.quit() if holds() else None)
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    poll.start(_POLL_MS)
    limit.start(int(timeout_s * 1000))
    loop.exec()
    poll.stop()
    limit.stop()
    if not holds():
        raise StuckError(what)


class AutomaticAgent:
    """Plays visits in an open window."""

    def __init__(self, window: Window, router: Router, stage: Stage, pictures: Pictures) -> None:
        self._window = window
        self._shell = window.shell
        self._router = router
        self._stage = stage
        self._pictures = pictures
        self._play = ""
        self._sights = 0
        router.capture.sighted.connect(self._count)
        router.capture.code_seen.connect(self._picture_of_code)
        router.capture.side_read.connect(self._picture_of_side)

    def rest(self) -> None:
        """Look no more: somebody else goes on in this window."""
        capture = self._router.capture
        capture.sighted.disconnect(self._count)
        capture.code_seen.disconnect(self._picture_of_code)
        capture.side_read.disconnect(self._picture_of_side)

    def _own_name(self) -> QPushButton | None:
        """The name of the demonstration's agent on the sign-in page."""
        found = self._router.sign_in.findChild(QPushButton, f"choice-{AGENT}")
        return found if isinstance(found, QPushButton) else None

    def sign_in(self) -> None:
        """Type the demonstration's PIN."""
        screen = self._router.sign_in
        wait_until(lambda: self._shell.page is screen and self._own_name() is not None, "sign-in")
        own_name = self._own_name()
        if own_name is not None:
            own_name.click()
        wait_until(lambda: screen.selected == AGENT, "choice of the agent")
        self._pictures.take("sign-in")
        QTest.keyClicks(self._focused(), PIN)
        self._press(Qt.Key.Key_Return)
        wait_until(lambda: self._shell.page is self.ground, "home")
        wait_until(lambda: self._router.desk.idle, "home facts")
        self._pictures.take("home")

    def play(self, play: Play, code: Code | None) -> CaseState:
        """One visit, from home to home. Raises StuckError."""
        self._play = play.name
        self._empty_stage()
        if play.letter is not None:
            specimen = self._stage.specimens[play.specimen]
            self._take_letter(play.letter)
            if play.letter is not Presence.ABSENT:
                self._at(StepKind.NOTICE)
                self._take("notice")
                self._press(Qt.Key.Key_Return)
                self._at(StepKind.DOCUMENT)
                self._present(play.specimen, date.fromisoformat(specimen.expires))
                self._examine(play)
                self._sign()
            return self._seal()
        if code is None:
            raise StuckError(f"{play.name}: no request")
        self._open_request()
        self._at(StepKind.REQUEST)
        self._wait_sights("request")
        self._take("request")
        self._stage.hold_code(code.png)
        self._at(StepKind.NOTICE, _READ_S)
        self._take("notice")
        self._press(Qt.Key.Key_Return)
        self._at(StepKind.DOCUMENT)
        if play.abandon_at is StepKind.DOCUMENT:
            self._abandon()
        else:
            self.present(play)
        return self._seal()

    def present(self, play: Play) -> None:
        """From the empty step of the document to the decision."""
        specimen = self._stage.specimens[play.specimen]
        self._present(play.specimen, date.fromisoformat(specimen.expires))
        self._examine(play)

    @property
    def ground(self) -> QWidget:
        """The page where work begins and ends."""
        return self._router.sections.home

    # --- steps --------------------------------------------------------------------------------

    def _empty_stage(self) -> None:
        """The desk as a customer finds it: what the one before showed has left the picture."""
        self._stage.clear()
        wait_until(lambda: self._stage.empty, f"{self._play}: an empty desk")

    def _open_request(self) -> None:
        """The key of the tile at home."""
        self._press(Qt.Key.Key_Q)

    def _take_letter(self, presence: Presence) -> None:
        """The letter is scanned by hand at home, and shown to the camera once more."""
        self._scan(ITEM)
        self._at(StepKind.PRESENCE)
        self._press(Qt.Key.Key_Escape)
        self._at(StepKind.ITEM)
        self._stage.hold_code(drawn(ITEM).png)
        self._wait_sights("item")
        self._take("item")
        self._press(Qt.Key.Key_Return)
        self._at(StepKind.PRESENCE)
        self._stage.clear()
        self._take("presence")
        self._press(_PRESENCE_KEYS[presence])

    def _sign(self) -> None:
        """A signature by mouse."""
        self._at(StepKind.SIGNATURE)
        panel = self._router.case.panels[StepKind.SIGNATURE]
        pad = panel.findChild(SignaturePad)
        if pad is None:
            raise StuckError(f"{self._play}: no pad")
        self.draw_signature(pad)
        self._take("signature")
        self._press(Qt.Key.Key_Return)

    @staticmethod
    def draw_signature(pad: SignaturePad) -> None:
        """Write on the pad."""
        box = pad.rect()
        places = [
            QPoint(box.x() + round(x * box.width()), box.y() + round(y * box.height()))
            for x, y in _SIGNATURE
        ]
        QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(pad, place)
        QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=places[-1])

    def _scan(self, text: str) -> None:
        """A hand-held scanner types."""
        wait_until(lambda: self._router.desk.idle, f"{self._play}: home")
        QTest.keyClicks(self._focused(), text)
        QTest.keyClick(self._focused(), Qt.Key.Key_Return)

    def _present(self, specimen_id: str, expires: date) -> None:
        self._lay_sides(specimen_id)
        self._confirm_print(expires)
        self._press(Qt.Key.Key_Return)
        self._wait_checks()

    def _wait_checks(self) -> None:
        """Checks that leave nothing open go on by themselves."""
        after = (StepKind.CHECKS, StepKind.FEATURES)
        wait_until(lambda: self._step in after, f"{self._play}: after the document")

    def _lay_sides(self, specimen_id: str) -> None:
        """One side after the other, as the panel asks for them."""
        for _ in range(len(Side)):
            side = self._router.case.document.expected
            if side is None:
                break
            self._stage.lay(specimen_id, side)
            self._wait_side(side)
        self._stage.clear()

    def _confirm_print(self, expires: date) -> None:
        """Type what the zone does not hold, confirm what was read in print."""
        panel, capture = self._router.case.document, self._router.capture
        # The printed dates come a moment after their side.
        wait_until(
            lambda: not (capture.awaits_print or self._router.journey.busy),
            f"{self._play}: document read",
        )
        entry = panel.read.dates.expiry.edit
        if entry.isVisible() and not entry.text():
            entry.setFocus()
            QTest.keyClicks(entry, f"{expires:%d%m%Y}")
            # Keys are held until they are known to be no scanner's.
            wait_until(lambda: panel.dates.expiry.day == expires, f"{self._play}: date typed")
        self._confirm_dates()
        self._take("document-read")

    def _wait_side(self, side: Side) -> None:
        """Hands-free; Enter, as an agent does, where a side is not taken by itself."""
        before = len(self._state.sides)

        def taken() -> bool:
            return len(self._state.sides) > before

        try:
            wait_until(taken, f"{self._play}: {side.value}", _PATIENCE_S)
        except StuckError:
            self._take("document-by-hand")
            self._press(Qt.Key.Key_Return)
            wait_until(taken, f"{self._play}: {side.value}", _READ_S)

    def _confirm_dates(self) -> None:
        """Enter for each date that the page still asks for."""
        panel = self._router.case.document
        while name := panel.open_date:
            self._take(f"document-{name.replace('_', '-')}")
            self._press(Qt.Key.Key_Return)
            wait_until(
                lambda name=name: panel.open_date != name,  # type: ignore[misc]  # a default
                f"{self._play}: {name}",
            )

    def _examine(self, play: Play) -> None:
        if self._step is StepKind.CHECKS:
            self._review()
        after = (StepKind.FEATURES, StepKind.DECISION)
        wait_until(lambda: self._step in after, f"{self._play}: after the checks")
        if self._step is StepKind.FEATURES:
            self._answer_features()
            self._compare(play.person)
        ends = (StepKind.DECISION, StepKind.SIGNATURE, StepKind.CONFIRM)
        wait_until(lambda: self._step in ends, f"{self._play}: after the person")
        if self._step is StepKind.DECISION:
            self._at(StepKind.DECISION)
            self._decide(play.expected)

    def _review(self) -> None:
        """Tick what is to be compared with the document."""
        self._at(StepKind.CHECKS)
        panel = self._router.case.panels[StepKind.CHECKS]
        if isinstance(panel, ChecksPanel):
            for row in panel.rows.values():
                if row.tick_button is not None:
                    self._click(row.tick_button)
        self._take("checks")
        self._press(Qt.Key.Key_Return)

    def _answer_features(self) -> None:
        first = True
        while any(item.verdict is None for item in self._state.features):
            if first:
                self._take("features")
                first = False
            before = sum(item.verdict is not None for item in self._state.features)
            self._press(Qt.Key.Key_1)
            wait_until(
                lambda before=before: (  # type: ignore[misc]  # a default in a lambda
                    sum(item.verdict is not None for item in self._state.features) > before
                ),
                "answer to a feature",
            )
        if self._step is StepKind.FEATURES:
            self._press(Qt.Key.Key_Return)
        self._at(StepKind.PERSON)

    def _compare(self, verdict: Verdict) -> None:
        panel = self._router.case.person
        for zone in ("shape", "ears", "eyes"):
            self._click(panel.zones.button(zone))
        self._click(panel.questions.button("1"))
        self._click(panel.consistent.button("yes"))
        keys = {Verdict.PASS: Qt.Key.Key_1, Verdict.FAIL: Qt.Key.Key_2}
        self._press(keys.get(verdict, Qt.Key.Key_3))
        self._take("person")
        self._press(Qt.Key.Key_Return)

    def _decide(self, expected: Outcome) -> None:
        self._click(self._option(self._router.case.decision.outcomes, expected.value))
        self._take("decision")
        self._press(Qt.Key.Key_Return)

    def _abandon(self) -> None:
        self._wait_sights("document")
        self._press(Qt.Key(getattr(Qt.Key, f"Key_{STOP_KEY}")))
        stop = self._router.case.stop
        wait_until(lambda: self._shell.page is stop, "interruption")
        self._click(self._option(stop.choices, "withdraws"))
        self._take("interruption")
        self._press(Qt.Key.Key_Return)

    def _seal(self) -> CaseState:
        self._at(StepKind.CONFIRM)
        self._take("confirm")
        self._press(Qt.Key.Key_Return)
        receipt = self._router.case.receipt
        wait_until(lambda: self._shell.page is receipt, "receipt")
        self._take("receipt")
        state = self._state
        self._leave()
        return state

    def _leave(self) -> None:
        """Home for the next customer."""
        self._press(Qt.Key.Key_Return)
        wait_until(lambda: self._shell.page is self.ground, "home after the receipt")

    def give_up(self) -> None:
        """After a play that got stuck: its case is abandoned, and work stands where it begins.

        Raises StuckError where that does not succeed either.
        """
        self._take("stuck")
        self._empty_stage()
        wait_until(lambda: not self._router.journey.busy, f"{self._play}: an answer")
        view, case = self._router.journey.view, self._router.case
        if view is not None and not view.state.closed:
            if view.state.decision is None:
                self._interrupt()
            # A case in which nothing is to be read again is sealed at once.
            ends = (case.panels[StepKind.CONFIRM], case.receipt, self.ground)
            self._wait_page(*ends)
            if self._shell.page is ends[0]:
                self._press(Qt.Key.Key_Return)
                self._wait_page(*ends[1:])
        if self._shell.page is case.receipt:
            self._leave()
        elif self._shell.page is not self.ground:
            at_home = self.ground is self._router.sections.home
            section = Section.HOME if at_home else Section.ROUND
            self._shell.section_chosen.emit(section.value)
        self._wait_page(self.ground)

    def _wait_page(self, *pages: QWidget) -> None:
        wait_until(
            lambda: not self._router.journey.busy and self._shell.page in pages,
            f"{self._play}: the way back",
        )

    def _interrupt(self) -> None:
        """Whatever is asked for: the customer goes."""
        stop, page = self._router.case.stop, self._shell.page
        if page is not stop and isinstance(page, StepPanel):
            self._click(page.stop)
        wait_until(lambda: self._shell.page is stop, f"{self._play}: interruption")
        self._click(self._option(stop.choices, "withdraws"))
        self._press(Qt.Key.Key_Return)

    # --- eyes and fingers ---------------------------------------------------------------------

    @property
    def _state(self) -> CaseState:
        view = self._router.journey.view
        if view is None:
            raise StuckError("no case is open")
        return view.state

    @property
    def _step(self) -> StepKind | None:
        return None if self._router.journey.busy else self._router.case.open_step

    def _at(self, step: StepKind, timeout_s: float = _STEP_S) -> None:
        panel = self._router.case.panels[step]
        wait_until(
            lambda: self._step is step and self._shell.page is panel,
            f"{self._play}: {step.value}",
            timeout_s,
        )

    def _press(self, key: Qt.Key) -> None:
        wait_until(lambda: not self._router.journey.busy, f"{self._play}: an answer")
        QTest.keyClick(self._focused(), key)

    @staticmethod
    def _click(button: QPushButton) -> None:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=button.rect().center())

    def _option(self, group: ChoiceGroup, value: str) -> ChoiceButton:
        """An option that is offered. Raises StuckError, with the page and what is offered."""
        if value not in group.values:
            page = self._shell.page
            where = "" if page is None else page.objectName()
            offered = ", ".join(group.values) or "nothing"
            raise StuckError(f"{self._play}: no {value} on {where}, which offers {offered}")
        return group.button(value)

    def _focused(self) -> QWidget:
        focused: QWidget | None = self._shell.focusWidget()  # None, whatever its stub says
        return self._shell if focused is None else focused

    def _take(self, name: str) -> None:
        QApplication.processEvents()
        self._pictures.take(f"{self._play}-{name}")

    def _wait_sights(self, what: str) -> None:
        self._sights = 0
        wait_until(lambda: self._sights >= _SIGHTS_BEFORE_PICTURE, f"{self._play}: {what} in view")

    def _count(self, _sight: Sight) -> None:
        self._sights += 1

    def _picture_of_code(self, _text: str) -> None:
        self._pictures.take(f"{self._play}-code")

    def _picture_of_side(self, _event: object) -> None:
        self._pictures.take(f"{self._play}-side")
