"""Every ending of every procedure as a named play, and the device that plays them.

Rules, in order:

1. The plays are derived: one for each ending of :mod:`kiosk.journeys.endings`. None is listed here.
2. They are played in one window, over the real vault, to the page that the case ends on; what a
   record says decides how a play ended, never its script.
3. Reading the document is told (:mod:`ui.demonstration.told`); every check of it is made.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QSize

from kiosk.bootstrap.hardware import known_signers
from kiosk.domain.decision import Outcome
from kiosk.journeys.blocks import Terms
from kiosk.journeys.endings import Ending, endings
from kiosk.journeys.procedure import Form
from kiosk.journeys.procedures import HOME_VISIT, ONLINE_REQUEST, procedures
from kiosk.journeys.service_facts import UNHANDED
from ui.demonstration.automatic import Pictures, StuckError, wait_until
from ui.demonstration.carrier import TABLET
from ui.demonstration.causes import CAUSES, ORDINARY, Cause
from ui.demonstration.hands import Hand, Visit
from ui.demonstration.network import Cable
from ui.demonstration.office import Code
from ui.demonstration.stepwise import End, StepwiseAgent
from ui.demonstration.told import ToldStage
from ui.router.services import services_of
from ui.router.window import Window
from ui.theme import Size

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk
    from kiosk.devices.specimens import Specimen
    from ui.router.services import Services

_DECIDED = (Outcome.REFUSED, Outcome.SUSPENDED)
_OF_ISSUE: Final = frozenset({"office", "hours", "not_before_hours"})
"""Options of a request that a round is never planned with."""
SMALL_COUNTER: Final = QSize(Size.COUNTER_MIN_WIDTH, Size.COUNTER_MIN_HEIGHT)
"""The smallest screen at a counter that the pages are made for."""
DELIVERY_S: Final = 120.0
_PLACES = {Form.COUNTER: "counter", Form.CARRIER: "carrier"}


class Issues(Protocol):
    """Whoever issues requests and plans visits: the central side."""

    def request(self, specimen: "Specimen", **options: str) -> Code:
        """A request that announces the holder of a specimen."""

    def plan(self, device_id: str, code: Code) -> str:
        """Give a request to a carrier's round, for today; the visit."""


def place_of(ending: Ending) -> str:
    """``counter`` or ``carrier``."""
    return _PLACES[ending.form]


def name_of(ending: Ending) -> str:
    """``counter-online-request-refused-expired``."""
    parts = (place_of(ending), ending.procedure, ending.outcome.value)
    return "-".join((*parts, *([] if ending.reason is None else [ending.reason.value])))


def every_ending() -> tuple[Ending, ...]:
    """Every ending of every procedure, where it is carried out."""
    return tuple(
        ending
        for form in Form
        for journey in procedures(Terms({}, form=form))
        for ending in endings(journey)
    )


def cause_of(ending: Ending) -> Cause:
    """Why a case ends like that."""
    if ending.outcome is Outcome.NO_SHOW:
        missing = next((p for p, d in UNHANDED.items() if ending.reason in d.reasons), None)
        return ORDINARY if missing is None else Cause(presence=missing)
    if ending.outcome not in _DECIDED or ending.reason is None:
        return ORDINARY
    cause = CAUSES[ending.reason]
    if ending.procedure == HOME_VISIT and _OF_ISSUE & set(cause.announced):
        return Cause(
            said=True
        )  # no round is planned with such a request: only the agent can say it
    return cause


@dataclass(frozen=True, slots=True)
class PlayedEnding:
    """How a play ended.

    Attributes:
        ending: that was to be reached.
        end: what was reached.
        picture: of the last page, None where none was taken.
    """

    ending: Ending
    end: End
    picture: Path | None = None

    @property
    def reached(self) -> bool:
        """Whether the record says what the ending wants."""
        decision, wanted = self.end.state.decision, self.ending
        return (
            decision is not None
            and self.end.state.procedure == wanted.procedure
            and decision.outcome is wanted.outcome
            and (wanted.reason is None or wanted.reason in decision.reasons)
        )


class Playhouse:
    """One device with its window, open until :meth:`close`."""

    def __init__(self, kiosk: "Kiosk", form: Form, issues: Issues, folder: Path) -> None:
        """Open the window and sign in. Raises StuckError.

        Args:
            kiosk: enrolled, of the profile that goes with ``form``.
            form: counter or carrier.
            issues: the central side that it belongs to.
            folder: for pictures.
        """
        self.kiosk = kiosk
        self._form = form
        self._issues = issues
        self._cable = Cable()
        self._stage = ToldStage()
        self._tablet = form is Form.CARRIER
        self._visits: dict[str, str] = {}
        self.window = Window(kiosk.config.screen.language, "light")
        self.window.show(TABLET if self._tablet else SMALL_COUNTER)
        self.window.open_soon(self._services)
        wait_until(lambda: self.window.router is not None, "window")
        router = self.window.router
        if router is None:
            raise StuckError("window")
        self.router = router
        self.pictures = Pictures(self.window.shell, folder)
        self.agent = StepwiseAgent(self.window, router, self._stage, self.pictures)
        self.agent.hold(Hand.TOUCH, tablet=self._tablet, quick=True)
        self.agent.use_cable(self._cable)
        self.agent.hear()
        self.agent.sign_in()
        if self._tablet:
            self.agent.wait_round()

    def _services(self) -> "Services":
        kiosk = self.kiosk
        trust = partial(known_signers, kiosk.store, specimens=kiosk.demonstration)
        told = replace(
            services_of(kiosk, self._stage.open_camera),
            make_reader=lambda: self._stage.reader(kiosk.clock, trust),
        )
        return self._cable.through(told)

    def play(
        self, plays: Iterable[Ending], pictured: Callable[[Ending], bool] = lambda _ending: False
    ) -> list[PlayedEnding]:
        """Play these, one after the other. Raises StuckError."""
        visits = [self._visit(ending) for ending in plays]
        if any(visit.visit_id for visit in visits):
            self.agent.load(sum(bool(visit.visit_id) for visit in visits))
        played = []
        for visit in visits:
            try:
                end = self.agent.perform(visit)
            except StuckError as exc:
                self.pictures.take(f"{visit.name}-stuck")
                raise StuckError(f"{exc} ({self._standing()})") from exc
            picture = self._picture(visit) if pictured(visit.ending) else None
            played.append(PlayedEnding(visit.ending, end, picture))
            self.agent.leave()
        return played

    def deliver(self) -> tuple[int, int]:
        """Send everything; how many records were sealed, and how many stored."""
        delivery = self.router.delivery
        delivery.send()
        wait_until(
            lambda: not delivery.facts.sending and delivery.facts.waiting == 0,
            "delivery",
            DELIVERY_S,
        )
        return len(delivery.facts.rows), delivery.facts.stored

    def close(self) -> None:
        """Close the window."""
        self.window.close()

    def _standing(self) -> str:
        """Where the screen stands, for whoever looks for the reason."""
        page, router = self.window.shell.page, self.router
        locked = " locked" if router.session.is_locked else ""
        covered = " covered" if router.cover.isVisible() else ""
        busy = "" if router.desk.idle and not router.journey.busy else " busy"
        chosen = self.agent.rounds.screen.selected if self._tablet else None
        visit = "" if chosen is None else f" visit {chosen.visit.position} {chosen.state.value}"
        return f"on {'' if page is None else page.objectName()}{locked}{covered}{busy}{visit}"

    def _picture(self, visit: Visit) -> Path:
        self.pictures.take(visit.name)
        return self.pictures.files[-1]

    def _visit(self, ending: Ending) -> Visit:
        cause, code, visit_id = cause_of(ending), None, ""
        if ending.procedure in (HOME_VISIT, ONLINE_REQUEST):
            specimen = self._stage.specimens[cause.specimen]
            code = self._issues.request(specimen, **cause.announced)
        if code is not None and ending.procedure == HOME_VISIT:
            visit_id = self._issues.plan(self.kiosk.device_id, code)
        return Visit(name_of(ending), ending, cause, code, visit_id)
