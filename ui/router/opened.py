"""The kiosk behind a window: built when it is asked for, ended when its journal is closed.

Rules, in order: the window makes services from it as often as it must; what was cut off while the
keys were destroyed is done again by the next try, and by the next start of the program.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.config import Config
from kiosk.paths import Paths
from ui.router.services import Services, services_of

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk
    from kiosk.bootstrap.joining import Joined

Make = Callable[[Paths, Config], "Kiosk"]


def _build(paths: Paths, config: Config) -> "Kiosk":
    """Loaded late: the frame is painted first."""
    from kiosk.bootstrap import build

    return build(paths, config)


class DeviceServices:
    """Builds the kiosk of a data folder when asked, ends it, and closes it."""

    def __init__(self, paths: Paths, config: Config, make: Make = _build) -> None:
        """Make: builds a kiosk."""
        self._paths = paths
        self._config = config
        self._make = make
        self._kiosk: Kiosk | None = None
        self._file = ""

    def make(self) -> Services:
        """The services. Raises a KioskError where this device cannot start."""
        kiosk = self._built()
        kiosk.require_enrolled()
        return replace(services_of(kiosk), ending=self)

    def retire(self) -> str:
        """Destroy keys and vault of the closed device; name of the file of its journal.

        Raises:
            KioskError: not done; asked again, it goes on where it was.
        """
        kiosk = self._built()
        try:
            if kiosk.enrolled:  # else the last try was cut off after the keys, and is done by now
                self._file = f"{kiosk.device_id}-journal.txt"
                kiosk.retire()
        finally:
            self.close()
        return self._file

    def join(self, code: str, manager: str, name: str) -> "Joined":
        """Make the machine a device of another office; its services are made anew afterwards.

        Raises:
            KioskError: not done; may be asked again, with another code too.
        """
        from kiosk.bootstrap.joining import join, welcome

        kiosk = self._built()
        try:
            if kiosk.enrolled:  # the last try came no further
                return welcome(kiosk, manager, name)
            return join(kiosk, code, manager, name)
        finally:
            self.close()

    def copy_locked(self, out: Path) -> None:
        """Copy the files of a device whose keys are gone. Raises as kiosk.bootstrap.locked."""
        from kiosk.bootstrap.locked import copy_locked

        copy_locked(self._paths, out)

    def close(self) -> None:
        """Let the next program in. Safe to call twice."""
        kiosk, self._kiosk = self._kiosk, None
        if kiosk is not None:
            kiosk.close()

    def _built(self) -> "Kiosk":
        if self._kiosk is None:
            self._kiosk = self._make(self._paths, self._config)
        return self._kiosk
