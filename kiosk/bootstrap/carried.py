"""Deliveries by a medium that is carried, wired: after each of them what arrived counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kiosk.bootstrap.membership import Membership
from kiosk.services.courier import Courier, CourierSummary
from kiosk.services.delivery import Progress


class CarriedDeliveries:
    """Reads and writes media; see :class:`kiosk.services.courier.Courier`."""

    def __init__(
        self, courier: Courier, membership: Membership, afterwards: Callable[[], None]
    ) -> None:
        """Afterwards: called when a visit has ended, however it ended."""
        self._courier = courier
        self._membership = membership
        self._afterwards = afterwards

    def run(
        self,
        medium: Path,
        *,
        give: bool,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CourierSummary:
        """Take in what came back; with ``give``, write what waits too."""
        visit = self._courier.give if give else self._courier.take
        try:
            return visit(medium, progress, cancelled)
        finally:
            self._membership.reload()
            self._afterwards()
