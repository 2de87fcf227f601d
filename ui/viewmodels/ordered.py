"""A delivery that somebody ordered on the page of the device, told apart from the regular ones."""

from PySide6.QtCore import QObject, Signal

from ui.viewmodels.delivery import DeliveryModel, Summary


class OrderedDelivery(QObject):
    """Sends everything when asked, and tells how that very delivery ended.

    Signals:
        ended(int, str): records proven stored, and the code of what stopped it, or ``""``.
    """

    ended = Signal(int, str)

    def __init__(self, delivery: DeliveryModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._delivery = delivery
        self._hearing = 0
        self._heard = False
        delivery.changed.connect(self._changed)
        delivery.finished.connect(self._finished)

    @property
    def under_way(self) -> bool:
        """Whether what was ordered is still being sent."""
        return self._hearing > 0

    def order(self) -> None:
        """Send all that waits."""
        # One that is under way was not ordered here: the next one is.
        self._hearing = 2 if self._delivery.facts.sending else 1
        self._delivery.send_all()

    def forget(self) -> None:
        """Who ordered is gone; what is being sent goes on."""
        self._hearing = 0
        self._heard = False

    def _changed(self, _facts: object) -> None:
        """One that breaks off is told by its obstacle alone; else the summary comes next."""
        facts = self._delivery.facts
        if facts.sending:
            self._heard = False
        elif self._hearing:
            self._hearing -= 1
            self._heard = self._hearing == 0
            if self._heard:
                self.ended.emit(0, facts.reason)

    def _finished(self, summary: Summary) -> None:
        if self._heard:
            self._heard = False
            self.ended.emit(summary.stored, summary.reason)
