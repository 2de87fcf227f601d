"""Hardware: what the desk has, whether it answers, and a look through the camera."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout
from typing_extensions import override

from ui.screens.page import Page
from ui.theme import Space, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look
from ui.widgets.preview import Preview


@dataclass(frozen=True, slots=True)
class HardwareFacts:
    """What the page shows.

    Attributes:
        rows: state of each device, already in words.
        testing: the camera test is running.
        message: a sentence about the test, ``""`` for the usual one.
    """

    rows: tuple[RowItem, ...] = ()
    testing: bool = False
    message: str = ""


class HardwareScreen(Page):
    """State on the left, camera test on the right; feed ``preview`` while the test runs.

    Signals:
        test_requested(): open the camera.
        test_stopped(): close it.
    """

    test_requested = Signal()
    test_stopped = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("hardware")
        self._facts = HardwareFacts()
        self._devices = Card(look, " ")
        self._rows = RowList(look)
        self._test = Card(look, " ")
        self._test_hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self.preview = Preview(look)
        self._button = Button(look, "", icon="camera")
        self._button.setObjectName("camera-test")
        self._devices.body.addWidget(self._rows)
        self._devices.body.addStretch(1)
        self._test.body.addWidget(self._test_hint)
        self._test.body.addWidget(self.preview, 1)
        self._test.body.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()
        row.setSpacing(Space.XXL)
        row.addWidget(self._devices, 4)
        row.addWidget(self._test, 5)
        self.body.addLayout(row, 1)
        self._button.clicked.connect(self._press)
        self.retranslate()

    def show_facts(self, facts: HardwareFacts) -> None:
        """Show these."""
        stopped = self._facts.testing and not facts.testing
        self._facts = facts
        self._rows.show_items(facts.rows)
        if stopped:
            self.preview.clear()
        self.retranslate()

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        facts = self._facts
        self.title.setText(tr("hardware.title"))
        self.hint.setText(tr("hardware.hint"))
        self._devices.set_title(tr("hardware.devices"))
        self._test.set_title(tr("hardware.camera_test"))
        self._test_hint.setText(tr("hardware.test_hint"))
        self._button.set_icon("camera-off" if facts.testing else "camera")
        self._button.setText(tr("hardware.stop" if facts.testing else "hardware.test"))
        self._button.updateGeometry()
        usual = "hardware.running" if facts.testing else "hardware.idle"
        if not self.preview.picture.has_picture:
            self.preview.show_note(tr("hardware.starting" if facts.testing else "hardware.invite"))
        self.preview.show_message(facts.message or tr(usual), live=facts.testing)

    def _press(self) -> None:
        if self._facts.testing:
            self.test_stopped.emit()
        else:
            self.test_requested.emit()
