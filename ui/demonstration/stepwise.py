"""The automatic agent, one act at a time: looks at the step that is shown, does what it asks for.

Rules, in order:

1. It knows steps, not procedures: whatever order a journey puts them in, it comes to an end.
2. One act, one change: after each act it waits until the case, or the page, is another one.
3. A case is stopped where nothing more is to be found out: at once for what only the agent knows,
   at the request where that is not accepted. Where the customer's was to be accepted, or for
   another reason, the play is stuck: something else was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from kiosk.domain.decision import Outcome, Reason
from kiosk.domain.evidence import Verdict
from kiosk.journeys.engine import accepts
from kiosk.journeys.guards import all_checks
from kiosk.journeys.model import CaseState, DecisionTaken, StepKind
from kiosk.journeys.procedures import HOME_VISIT
from kiosk.journeys.reasons import GROUPS, WALKED_AWAY, suggested_reasons
from kiosk.journeys.service_steps import Consulted, LookupStatus, Presence
from ui.demonstration.automatic import StuckError
from ui.demonstration.causes import Twist
from ui.demonstration.hands import Hand, Visit
from ui.demonstration.stepwise_service import Act, ServiceActs
from ui.demonstration.told import ToldStage
from ui.screens.starts import BUTTONS, TILES, Start
from ui.shell import Section
from ui.steps.checks import ChecksPanel
from ui.steps.features import FeaturesPanel
from ui.steps.panel import STOP_KEY, StepPanel
from ui.viewmodels.journey import CaseView
from ui.widgets.missed import REASONS

MOST_ACTS: Final = 80
"""Acts after which a case that does not end counts as stuck; a real one takes about twenty."""
_MISSED = {reason: name for name, (reason, _) in REASONS.items()}
_STARTS = {start.procedure: start for start in (*TILES, *BUTTONS)}


@dataclass(frozen=True, slots=True)
class End:
    """How a customer's visit ended.

    Attributes:
        state: of the case, sealed.
        found: whether the program brought the reason up by itself.
        page: name of the page that the screen ended on.
        steps: walked through, in order, each as often as it was come to.
    """

    state: CaseState
    found: bool
    page: str
    steps: tuple[StepKind, ...]


class StepwiseAgent(ServiceActs):
    """Plays any procedure."""

    _found = False
    _last: CaseState | None = None

    def perform(self, visit: Visit) -> End:
        """One customer, from the ground to the page that the case ends on. Raises StuckError."""
        self._play = visit.name
        self._found = False
        self._empty_stage()
        if isinstance(self._stage, ToldStage):
            self._stage.twist = visit.cause.twist
        acts = self._acts()
        steps: list[StepKind] = []
        self._begin(visit)
        for _ in range(MOST_ACTS):
            state = self._settled()
            if state is None or state.closed:
                break
            if not steps or steps[-1] is not state.step:
                steps.append(state.step)
                self._take(state.step.value)
            self._act(acts, visit, state)
            self._wait_change(state)
        state = self._last
        if state is None or not state.closed:
            raise StuckError(f"{visit.name}: does not end")
        page = self._shell.page
        self._take("" if page is None else page.objectName())
        return End(state, self._found, "" if page is None else page.objectName(), tuple(steps))

    def leave(self) -> None:
        """Back to where the next customer begins."""
        if self._on_receipt:
            self._leave()
            return
        self._go_to(Section.ROUND if self.tablet else Section.HOME)
        self.until(lambda: self._shell.page is self.ground, "home")

    def hear(self) -> None:
        """Follow the case from now on, also where its end leads straight to another page."""
        self._router.journey.changed.connect(self._note)

    # --- going on -----------------------------------------------------------------------------

    def _acts(self) -> Mapping[StepKind, Act]:
        return {
            **self.service_acts(),
            StepKind.REQUEST: self._show_request,
            StepKind.NOTICE: self._go_on,
            StepKind.DOCUMENT: self._show_document,
            StepKind.CHECKS: self._check,
            StepKind.FEATURES: self._look_at_features,
            StepKind.PERSON: self._look_at_person,
            StepKind.DECISION: self._take_decision,
            StepKind.CONFIRM: self._go_on,
        }

    def _note(self, view: CaseView) -> None:
        self._last = view.state

    def _settled(self) -> CaseState | None:
        """The case once its page is shown, or once it is over."""

        def here() -> bool:
            if self._router.journey.busy:
                return False
            view, last = self._router.journey.view, self._last
            if last is not None and last.closed:
                return view is None or view.state.case_id != last.case_id or self._on_receipt
            return view is not None and self._shell.page is self._panel(view.state.step)

        self.until(here, "the next page")
        return self._last

    @property
    def _on_receipt(self) -> bool:
        return self._shell.page is self._router.case.receipt

    def _wait_change(self, before: CaseState) -> None:
        self.until(lambda: self._last is not before, f"{before.step.value} to change")

    def _panel(self, step: StepKind) -> StepPanel:
        return self._router.case.panels[step]

    def _act(self, acts: Mapping[StepKind, Act], visit: Visit, state: CaseState) -> None:
        view = self._router.journey.view
        if view is None:
            raise StuckError(f"{visit.name}: no case")
        letter = any(step.kind is StepKind.PRESENCE for step in view.journey.steps)
        says = visit.cause.said or (visit.cause.presence is Presence.PROXY and not letter)
        if visit.ending.outcome is Outcome.ABANDONED:
            self._walk_away(visit)
        elif says and accepts(view.journey, state, DecisionTaken):
            self._stop_and_decide(visit, state)
        else:
            acts[state.step](visit, state)

    def _go_on(self, _visit: Visit, state: CaseState) -> None:
        self.way_on(self._panel(state.step))

    # --- beginning ----------------------------------------------------------------------------

    def _begin(self, visit: Visit) -> None:
        self._last = None
        if visit.ending.procedure == HOME_VISIT:
            self._begin_visit(visit)
        else:
            self._begin_at_home(_STARTS[visit.ending.procedure])
        self.until(lambda: self._last is not None, "a case")

    def _begin_at_home(self, start: Start) -> None:
        home = self._router.sections.home
        if self.tablet:
            self._go_to(Section.HOME)
        self.until(lambda: self._shell.page is home, "home")
        if self.hand is Hand.KEYS:
            self._press(Qt.Key(ord(start.key)))
        else:
            self.push(self._button(home, f"tile-{start.name}", f"start-{start.name}"))

    def _begin_visit(self, visit: Visit) -> None:
        screen = self.rounds.screen

        def next_one() -> bool:
            # Not an idle desk: with many visits and much else to do it may never be one.
            chosen = screen.selected if self._shell.page is screen else None
            return chosen is not None and chosen.visit.visit_id == visit.visit_id

        self.until(next_one, "the next visit")
        if visit.ending.outcome is not Outcome.NO_SHOW or visit.ending.reason is None:
            self.push(screen.bar.primary)
            return
        missed = screen.bar.missed
        self.push(missed.reasons[_MISSED[visit.ending.reason]])
        if visit.ending.reason is Reason.VISIT_POSTPONED:
            self.push(missed.days[0])

    def _go_to(self, section: Section) -> None:
        self.push(self._button(self._shell, f"nav-{section.value}", f"tab-{section.value}"))

    def _button(self, inside: QWidget, *names: str) -> QPushButton:
        """The one of these that is shown."""
        found = [inside.findChild(QPushButton, name) for name in names]
        shown = [b for b in found if isinstance(b, QPushButton) and b.isVisible()]
        if not shown:
            raise StuckError(f"{self._play}: no {names[0]}")
        return shown[0]

    # --- stopping -----------------------------------------------------------------------------

    def _stop(self, choice: str) -> None:
        """Interrupt the case, and say why."""
        stop = self._router.case.stop
        page = self._shell.page
        if self.hand is Hand.KEYS or not isinstance(page, StepPanel):
            self._press(Qt.Key(getattr(Qt.Key, f"Key_{STOP_KEY}")))
        else:
            self.push(page.stop)
        self.until(lambda: self._shell.page is stop, "interruption")
        self.choose(stop.choices, choice)
        self.until(lambda: stop.choices.selected == (choice,), "why")
        self.way_on(stop)

    def _walk_away(self, visit: Visit) -> None:
        if self._last is not None and self._last.decision is not None:
            self._go_on(visit, self._last)  # said before: only the seal is left
            return
        names = {reason: name for name, reason in WALKED_AWAY.items()}
        self._stop(names[visit.ending.reason or Reason.CUSTOMER_WITHDRAWS])

    def _stop_and_decide(self, visit: Visit, state: CaseState) -> None:
        if state.decision is not None:
            self._go_on(visit, state)
            return
        self._stop("decide")
        self.until(lambda: self._shell.page is self._router.case.decision, "decision")
        self._take_decision(visit, state)

    def _take_decision(self, visit: Visit, state: CaseState) -> None:
        panel, reason = self._router.case.decision, visit.ending.reason
        if panel.outcomes.selected != (visit.ending.outcome.value,):
            self.choose(panel.outcomes, visit.ending.outcome.value)
        self.until(lambda: bool(panel.outcomes.selected), "outcome")
        self._found = reason in suggested_reasons(state)
        if reason is not None and reason.value not in panel.reasons.selected:
            self._give(reason)
        self.way_on(panel)

    def _give(self, reason: Reason) -> None:
        """Tick a reason that is not suggested, in its group."""
        panel = self._router.case.decision
        button = panel.reasons.button(reason.value)
        if not button.isVisible():
            group = next(name for name, reasons in GROUPS.items() if reason in reasons)
            self.push(self._button(panel, f"reasons-{group}"))
        self.push(button)
        self.until(lambda: reason.value in panel.reasons.selected, "reason")

    # --- verification -------------------------------------------------------------------------

    def _show_request(self, visit: Visit, state: CaseState) -> None:
        if state.request_problem is not None:
            if visit.ending.reason not in suggested_reasons(state):
                raise StuckError(f"{visit.name}: request {state.request_problem.value}")
            self._stop_and_decide(visit, state)
        elif visit.code is None:
            raise StuckError(f"{visit.name}: no request")
        else:
            self._stage.hold_code(visit.code.png)

    def _show_document(self, visit: Visit, _state: CaseState) -> None:
        specimen = self._stage.specimens[visit.cause.specimen]
        side = self._router.case.document.expected
        if side is not None:
            self._stage.lay(specimen.specimen_id, side)
            self._wait_side(side)
            return
        self._stage.clear()
        self._confirm_print(date.fromisoformat(specimen.expires))
        self.way_on(self._router.case.document)

    def _check(self, visit: Visit, state: CaseState) -> None:
        panel = self._panel(StepKind.CHECKS)
        if not isinstance(panel, ChecksPanel):
            raise StuckError("checks")
        if visit.cause.reported and state.lookup is None:
            self.push(panel.lookup_button)
            self.push(panel.lookup.status.button(LookupStatus.HIT.value))
            self.push(panel.lookup.consulted.button(Consulted.SUPERVISOR.value))
            return
        failed = any(check.verdict is Verdict.FAIL for check in all_checks(state))
        doubts = visit.cause.twist is Twist.PRINT_CHANGED
        if not failed and not visit.cause.reported:
            for code, row in panel.rows.items():
                left_open = doubts and code.startswith("printed.")
                if row.tick_button is not None and not left_open:
                    self.push(row.tick_button)
        self.way_on(panel)
        if not self._router.journey.busy and any(row.open for row in panel.rows.values()):
            self.way_on(panel)  # a doubt stays open: said once, confirmed by the second Enter

    def _look_at_features(self, visit: Visit, state: CaseState) -> None:
        panel = self._panel(StepKind.FEATURES)
        if not isinstance(panel, FeaturesPanel):
            raise StuckError("features")
        sign = visit.cause.sign
        if sign is not None and not state.signs:
            self.push(panel.signs_button)
            named = next(v for v in panel.signs.values if v.startswith(sign.value))
            self.push(panel.signs.button(named))
            return
        if panel.noting_signs:
            self.push(panel.signs_button)
        answered = [item for item in state.features if item.verdict is not None]
        if len(answered) == len(state.features):
            self.way_on(panel)
            return
        verdict = visit.cause.feature
        if verdict is Verdict.FAIL and answered:
            verdict = Verdict.PASS  # one that does not conform is enough
        self.choose(panel.answers, verdict.value)

    def _look_at_person(self, visit: Visit, _state: CaseState) -> None:
        panel = self._router.case.person
        if not visit.cause.consistent:
            self.choose(panel.questions, "1")
            self.choose(panel.consistent, "no")
        self.choose(panel.answers, visit.cause.person.value)
        self.until(lambda: panel.answers.selected != (), "an answer")
        self.way_on(panel)
