"""An agent who knows the screens: does all that a procedure asks for, and nothing more.

What the automatic agent does beyond (ticking parts of the face, choosing what is chosen already) an
agent may do; it is no part of what the procedure costs at least.
"""

import time

from PySide6.QtCore import Qt
from typing_extensions import override

from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Side, Verdict
from ui.demonstration.automatic import AutomaticAgent
from ui.demonstration.effort import Meter
from ui.demonstration.stage import Stage
from ui.router import Router


class MeteredStage(Stage):
    """A stage that tells a meter what is put before the camera, and when."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self._meter = meter
        self._since: float | None = None

    def watch(self, router: Router) -> None:
        """Hear when the camera has taken what was presented."""
        router.capture.code_seen.connect(self._taken)
        router.capture.side_read.connect(self._taken)

    @override
    def lay(self, specimen_id: str, side: Side) -> None:
        self._present(side.value)
        super().lay(specimen_id, side)

    @override
    def hold_code(self, png: bytes) -> None:
        self._present("code")
        super().hold_code(png)

    def _present(self, what: str) -> None:
        self._meter.presented(what)
        self._since = time.monotonic()

    def _taken(self, _what: object) -> None:
        if self._since is not None:
            self._meter.camera_s += time.monotonic() - self._since
            self._since = None


class DeftAgent(AutomaticAgent):
    """Takes the shortest way that the screens allow."""

    @override
    def _leave(self) -> None:
        """Stay: the next customer begins here."""

    @override
    def _open_request(self) -> None:
        """From a receipt straight to the next request."""
        on_receipt = self._shell.page is self._router.case.receipt
        self._press(Qt.Key.Key_N if on_receipt else Qt.Key.Key_Q)

    @override
    def _compare(self, verdict: Verdict) -> None:
        keys = {Verdict.PASS: Qt.Key.Key_1, Verdict.FAIL: Qt.Key.Key_2}
        self._press(keys.get(verdict, Qt.Key.Key_3))
        self._take("person")
        self._press(Qt.Key.Key_Return)

    @override
    def _decide(self, expected: Outcome) -> None:
        outcomes = self._router.case.decision.outcomes
        if outcomes.selected != (expected.value,):
            self._click(self._option(outcomes, expected.value))
        self._press(Qt.Key.Key_Return)
