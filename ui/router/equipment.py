"""The state of the desk in three rows: camera, encrypted vault, network.

Rules, in order: what is not known yet is said to be not known; the disk is asked in the vault's
thread, since one that hangs must not hold the screen up; a disk that does not answer is a row, not
a fault: the work that needs it says so itself.
"""

from PySide6.QtCore import QObject, Signal

from kiosk.services.sealing import SPACE_RESERVE_BYTES
from ui.router.services import Services
from ui.theme import Tone
from ui.viewmodels.capture import CaptureModel
from ui.viewmodels.delivery import DeliveryModel
from ui.widgets.list_row import RowItem
from ui.widgets.look import Look
from ui.workers.desk import Desk, Failure

_LOW_BYTES = 1_000_000_000
_GIGABYTE, _MEGABYTE = 1_000_000_000, 1_000_000
_CAMERA_FAULTS = {
    "CAPTURE-001": "missing",
    "CAPTURE-002": "busy",
    "CAPTURE-003": "denied",
    "CAPTURE-004": "missing",
}


def _room(free: int) -> tuple[str, Tone]:
    """Full is what keeps a case from beginning; before that the room is short."""
    if free < SPACE_RESERVE_BYTES:
        return "full", Tone.BAD
    return ("short", Tone.WARN) if free < _LOW_BYTES else ("ready", Tone.OK)


class Equipment(QObject):
    """Knows what is plugged in here and whether it answers.

    Signals:
        changed(): the disk was asked, and answers otherwise than before.
    """

    changed = Signal()

    def __init__(
        self,
        look: Look,
        services: Services,
        desk: Desk,
        capture: CaptureModel,
        delivery: DeliveryModel,
        parent: QObject | None = None,
    ) -> None:
        """Desk: the vault's."""
        super().__init__(parent)
        self._look = look
        self._services = services
        self._desk = desk
        self._capture = capture
        self._delivery = delivery
        self._free: int | None = None
        self._failing = False

    def refresh(self) -> None:
        """Ask the disk again."""
        task = self._desk.submit(self._services.free_bytes)
        task.done.connect(self._answered)
        task.failed.connect(self._failed)

    @property
    def rows(self) -> tuple[RowItem, ...]:
        """As last known."""
        return (self._camera(), self._store(), self._network())

    def _camera(self) -> RowItem:
        tr = self._look.language.tr
        failure = self._capture.failure
        if failure is not None:
            state = _CAMERA_FAULTS.get(failure.code, "failing")
        else:
            state = "ready" if self._capture.camera_name else "unknown"
        tone = {"ready": Tone.OK, "unknown": Tone.NEUTRAL}.get(state, Tone.WARN)
        if failure is not None:
            detail = tr(f"errors.{failure.code}.what")
        else:
            detail = self._capture.camera_name or tr("hardware.camera.unknown_hint")
        name, word = tr("hardware.camera.name"), tr(f"hardware.camera.{state}")
        return RowItem("camera", name, detail, "camera", tone, word)

    def _store(self) -> RowItem:
        language = self._look.language
        free = self._free
        if free is None:
            state, tone = ("failing", Tone.BAD) if self._failing else ("unknown", Tone.NEUTRAL)
            detail = language.tr(f"hardware.store.{state}_hint")
        else:
            state, tone = _room(free)
            if free < _LOW_BYTES:
                megabytes = language.number(free // _MEGABYTE)
                key = "full_hint" if state == "full" else "free_mb"
                detail = language.tr(f"hardware.store.{key}", size=megabytes)
            else:
                gigabytes = language.number(free // _GIGABYTE)
                detail = language.tr("hardware.store.free", size=gigabytes)
        name, word = language.tr("hardware.store.name"), language.tr(f"hardware.store.{state}")
        return RowItem("store", name, detail, "database", tone, word)

    def _network(self) -> RowItem:
        language = self._look.language
        facts = self._delivery.facts
        state, tone = {
            None: ("unknown", Tone.NEUTRAL),
            True: ("online", Tone.OK),
            False: ("offline", Tone.WARN),
        }[facts.online]
        last = facts.last_at
        detail = language.tr("deliveries.never")
        if last is not None:
            detail = language.tr("deliveries.last", moment=language.time(last))
        icon = "wifi" if facts.online else "wifi-off"
        name, word = language.tr("hardware.network.name"), language.tr(f"hardware.network.{state}")
        return RowItem("network", name, detail, icon, tone, word)

    def _answered(self, free: int) -> None:
        if (free, False) != (self._free, self._failing):
            self._free, self._failing = free, False
            self.changed.emit()

    def _failed(self, _failure: Failure) -> None:
        if not self._failing:
            self._free, self._failing = None, True
            self.changed.emit()
