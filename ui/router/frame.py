"""The window around a case: which page of it is shown, its rail, its title and its number."""

from PySide6.QtCore import QObject

from kiosk.journeys.model import StepKind
from kiosk.journeys.procedure import Journey
from ui.router.services import Services
from ui.screens.receipt import ReceiptScreen
from ui.shell import Shell
from ui.steps.panel import StepPanel
from ui.steps.words import customer_of
from ui.viewmodels.journey import CaseView, JourneyModel
from ui.widgets.look import Look
from ui.widgets.steps import StepItem

_NOT_ON_THE_RAIL = (StepKind.SECOND_AGENT, StepKind.RECEIPT)
"""A colleague is asked between two steps; the receipt is all of them done."""


class CaseFrame(QObject):
    """Puts pages of the open case into the window."""

    def __init__(
        self,
        look: Look,
        shell: Shell,
        services: Services,
        journey: JourneyModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._journey = journey
        self._shown: StepPanel | None = None
        look.language.changed.connect(self.write)

    @property
    def shown(self) -> StepPanel | None:
        """The panel of the case, None while the receipt or nothing is."""
        return self._shown

    @property
    def uncovered(self) -> bool:
        """Whether a panel of the case is what the agent looks at: no help, no lock, no fault."""
        return self._shown is not None and self._shell.page is self._shown

    def put(self, panel: StepPanel) -> None:
        """Show a panel."""
        other = self._shell.page is not panel
        self._shown = panel
        self._shell.set_page(panel, panel.bar)
        self.write()
        if other:
            panel.take_focus()

    def put_receipt(self, receipt: ReceiptScreen) -> None:
        """Show the receipt: every step is done."""
        self._shown = None
        self._shell.set_page(receipt, receipt.bar)
        receipt.setFocus()  # no button may hold it: Enter is the next customer
        self.write()

    def clear(self) -> None:
        """The case is left; whatever is shown next is no page of it."""
        self._shown = None

    def write(self) -> None:
        """Rail, title and case number, where a case is open."""
        view = self._journey.view
        if view is None:
            return
        tr = self._look.language.tr
        steps = rail_of(view)
        items = tuple(
            StepItem(
                tr(f"journey.steps.{step.value}.title"), tr(f"journey.steps.{step.value}.hint")
            )
            for step in steps
        )
        step = view.state.step
        self._shell.show_steps(items, steps.index(step) if step in steps else len(steps))
        title = tr(f"journey.procedure.{view.state.procedure}")
        self._shell.set_title(
            title, customer_of(view.state.request, view.state.document, view.state.sides)
        )
        elapsed = self._services.clock.now() - view.state.opened_at
        minutes = max(0, int(elapsed.total_seconds() // 60))
        number = view.state.case_id[:8].upper()
        since = tr("journey.started", n=minutes) if minutes else tr("journey.started_now")
        self._shell.set_office(tr("journey.case", number=number), since)


def rail_of(view: CaseView) -> tuple[StepKind, ...]:
    """Steps to show: a step behind the case that was never walked through is left out."""
    state, steps = view.state, rail(view.journey)
    if state.step not in steps:
        return tuple(step for step in steps if step in state.trail)
    here = steps.index(state.step)
    return tuple(step for number, step in enumerate(steps) if number >= here or step in state.trail)


def rail(journey: Journey) -> tuple[StepKind, ...]:
    """Steps of a procedure that the rail shows, in order."""
    return tuple(step.kind for step in journey.steps if step.kind not in _NOT_ON_THE_RAIL)
