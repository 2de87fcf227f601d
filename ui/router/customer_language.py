"""The language that the customer reads, between the customer's screen and the open case.

Rules, in order:

1. A case that comes back, also at another counter, shows the customer the language in its draft.
2. What the customer chooses goes into the open case once nothing else is on its way there: no page
   of the agent looks busy, and no order of the agent is lost.
3. While the desk is locked nothing goes into the case; a sealed one keeps what it was sealed with.
4. Chosen before a case was open, it goes into the next one; the case after that begins anew.
"""

from PySide6.QtCore import QObject, Qt

from kiosk.domain.ids import CaseId
from kiosk.journeys.model import LanguageChosen
from kiosk.sync.contact import message_language
from ui.router.customer import CustomerRouter
from ui.router.orders import CaseOrders
from ui.viewmodels.journey import CaseView, JourneyModel


class CustomerLanguage(QObject):
    """Keeps the two the same."""

    def __init__(
        self,
        customer: CustomerRouter,
        journey: JourneyModel,
        orders: CaseOrders,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._customer = customer
        self._language = customer.language
        self._journey = journey
        self._orders = orders
        self._case = CaseId("")
        self._language.changed.connect(self._flush)
        customer.uncovered.connect(self._flush)
        journey.changed.connect(self._follow)
        journey.left.connect(self._left)
        # Queued: first everybody sees what an order answered, then the next one goes out.
        journey.busy_changed.connect(self._flush, Qt.ConnectionType.QueuedConnection)

    def _follow(self, view: CaseView) -> None:
        if view.state.case_id == self._case:
            return
        self._case = view.state.case_id
        if view.state.language in self._language.codes:
            self._language.choose(view.state.language)

    def _left(self) -> None:
        self._case = CaseId("")

    def _flush(self) -> None:
        view = self._journey.view
        if view is None or self._customer.covered or self._journey.busy or view.state.closed:
            return
        # Before its first page the case says which language, not the screen.
        if view.state.case_id != self._case:
            return
        if message_language(view.state.language) != message_language(self._language.code):
            self._orders.send_quietly(LanguageChosen(self._language.code))
