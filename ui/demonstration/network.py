"""The network cable of the demonstration: pulled out, every delivery finds nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kiosk.domain.errors import UnreachableError
from kiosk.ports import OutboxRow
from ui.router.services import Services
from ui.viewmodels.delivery import Delivers, Summary


@dataclass(frozen=True, slots=True)
class NothingSent:
    """Summary of a delivery that reached nobody."""

    sent: int = 0
    stored: int = 0
    failed: int = 0
    reason: str = UnreachableError.code


class Cable:
    """Between the counter and the central side."""

    def __init__(self) -> None:
        self.plugged = True

    def through(self, services: Services) -> Services:
        """The same services, delivering through this cable."""
        return replace(services, delivery=_Through(self, services.delivery))


class _Through:
    def __init__(self, cable: Cable, delivery: Delivers) -> None:
        self._cable = cable
        self._delivery = delivery

    def run_once(self) -> Summary:
        return self._delivery.run_once() if self._cable.plugged else NothingSent()

    def status(self) -> tuple[OutboxRow, ...]:
        rows: Sequence[OutboxRow] = self._delivery.status()
        return tuple(rows)
