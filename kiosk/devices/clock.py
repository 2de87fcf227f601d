"""The clocks of this machine."""

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """See :class:`kiosk.ports.Clock`.

    The monotonic clock counts while the machine sleeps where the system offers such a clock
    (``CLOCK_BOOTTIME`` on Linux), so that a lock-out does not stand still with the lid closed.
    """

    def __init__(self) -> None:
        self._boot_id = _boot_id()

    def now(self) -> datetime:
        """Device time, aware UTC. May be wrong by years."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary moment of this boot; never goes back."""
        boottime: int | None = getattr(time, "CLOCK_BOOTTIME", None)
        if boottime is None:
            return time.monotonic_ns() // 1_000_000
        return time.clock_gettime_ns(boottime) // 1_000_000

    @property
    def boot_id(self) -> str:
        """The kernel's boot id; elsewhere one that is new at each start of the program."""
        return self._boot_id


def _boot_id() -> str:
    try:
        return uuid.UUID(_BOOT_ID.read_text("ascii").strip()).hex
    except (OSError, ValueError):
        return uuid.uuid4().hex
