"""The network cable of the demonstration: pulled out, every delivery finds nobody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kiosk.domain.errors import UnreachableError
from kiosk.ports import Contact, OutboxRow
from kiosk.services.delivery import Progress
from kiosk.services.owed import Owed
from kiosk.sync.contact import ContactOrder, ContactState
from ui.router.services import Services
from ui.viewmodels.delivery import Delivers, Summary


@dataclass(frozen=True, slots=True)
class NothingSent:
    """Summary of a delivery that reached nobody."""

    sent: int = 0
    stored: int = 0
    failed: int = 0
    reason: str = UnreachableError.code
    pace: float | None = None
    wait_s: int = 0
    stopped: bool = False


class Cable:
    """Between the counter and the central side."""

    def __init__(self) -> None:
        self.plugged = True

    def through(self, services: Services) -> Services:
        """The same services, delivering through this cable."""
        contacts = services.contacts
        return replace(
            services,
            delivery=_Through(self, services.delivery),
            contacts=None if contacts is None else contacts.through(self._contact),
        )

    def _contact(self, port: Contact) -> Contact:
        return _ThroughContact(self, port)


class _ThroughContact:
    def __init__(self, cable: Cable, port: Contact) -> None:
        self._cable = cable
        self._port = port

    def start(self, challenge_id: str, order: ContactOrder) -> ContactState:
        return self._plugged().start(challenge_id, order)

    def state(self, challenge_id: str, order: ContactOrder) -> ContactState:
        return self._plugged().state(challenge_id, order)

    def check(self, challenge_id: str, order: ContactOrder) -> ContactState:
        return self._plugged().check(challenge_id, order)

    def _plugged(self) -> Contact:
        if not self._cable.plugged:
            raise UnreachableError("cable")
        return self._port


class _Through:
    def __init__(self, cable: Cable, delivery: Delivers) -> None:
        self._cable = cable
        self._delivery = delivery

    def run_once(
        self,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        metered: bool | None = None,
    ) -> Summary:
        if not self._cable.plugged:
            return NothingSent()
        return self._delivery.run_once(progress, cancelled, metered=metered)

    def owed(self) -> Owed:
        return self._delivery.owed()

    def is_metered(self) -> bool:
        return self._delivery.is_metered()

    def set_metered(self, *, metered: bool) -> None:
        self._delivery.set_metered(metered=metered)

    def status(self) -> tuple[OutboxRow, ...]:
        rows: Sequence[OutboxRow] = self._delivery.status()
        return tuple(rows)
