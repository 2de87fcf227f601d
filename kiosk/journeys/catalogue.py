"""The procedures offered on a device, by name."""

from kiosk.domain.errors import JourneyInvalidError
from kiosk.journeys.procedure import Journey


class JourneyCatalogue:
    """Procedures by name."""

    def __init__(self, *journeys: Journey) -> None:
        """Journeys: those offered on this device."""
        self._journeys = {journey.name: journey for journey in journeys}

    def names(self) -> tuple[str, ...]:
        """Names, in the order they were given."""
        return tuple(self._journeys)

    def get(self, name: str) -> Journey:
        """A procedure by name. Raises JourneyInvalidError where there is none."""
        try:
            return self._journeys[name]
        except KeyError as exc:
            raise JourneyInvalidError("unknown procedure") from exc
