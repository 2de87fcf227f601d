"""A clock that moves only when a test says so."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class FakeClock:
    """Stands in for the device clock (``kiosk.ports.Clock``).

    Attributes:
        wall: device time, aware UTC.
        mono_ms: milliseconds since the fake boot.
        boot: identifier of the fake boot.
    """

    wall: datetime = field(default_factory=lambda: datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    mono_ms: int = 1_000
    boot: str = "boot-1"

    def now(self) -> datetime:
        return self.wall

    def monotonic_ms(self) -> int:
        return self.mono_ms

    @property
    def boot_id(self) -> str:
        return self.boot

    def advance(self, *, seconds: float = 0, days: float = 0) -> None:
        """Time passes: wall and monotonic clock go on together."""
        self.wall += timedelta(days=days, seconds=seconds)
        self.mono_ms += round((days * 86_400 + seconds) * 1000)

    def set_wall(self, wall: datetime) -> None:
        """Someone sets the device's clock: the monotonic clock does not notice."""
        self.wall = wall

    def reboot(self) -> None:
        """The machine starts again: another boot, the monotonic clock near zero."""
        self.boot = f"boot-{int(self.boot.rpartition('-')[2]) + 1}"
        self.mono_ms = 500
