"""The device itself: how it stands on the left, what can be done with it on the right."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from ui.screens.page import Page
from ui.theme import Size, Space, Tone, Type
from ui.widgets.banner import Banner
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.halves import Halves
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the page shows, already in words.

    Attributes:
        device: id of the device.
        rows: what it is and knows; empty while that is being read.
        machine: its parts that one can touch.
        acts: what can be done; ``name`` is told when it is chosen.
        message: how the last act ended, ``""`` for nothing.
        tone: of that.
    """

    device: str = ""
    rows: tuple[RowItem, ...] = ()
    machine: tuple[RowItem, ...] = ()
    acts: tuple[RowItem, ...] = ()
    message: str = ""
    tone: Tone = Tone.INFO


class DeviceScreen(Page):
    """State and acts.

    Signals:
        act_chosen(str): value of an :class:`~ui.viewmodels.device.Act`.
        returned(): back to the settings.
    """

    act_chosen = Signal(str)
    returned = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("device")
        self._facts = DeviceFacts()
        self.back = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left", key="Esc")
        self.back.setObjectName("back")
        self.said = Banner(look)
        self._state = Card(look, " ")
        self._reading = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._rows = RowList(look)
        self._acts = Card(look, " ")
        self._choices = RowList(look, clickable=True)
        self._machine = Card(look, " ")
        self._parts = RowList(look)
        self.corner.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        self._state.body.addWidget(self._reading)
        self._state.body.addWidget(self._rows)
        self._state.body.addStretch(1)
        self._acts.body.addWidget(self._choices)
        self._machine.body.addWidget(self._parts)
        self._machine.body.addStretch(1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.XXL)
        column.addWidget(self._acts)
        column.addWidget(self._machine, 1)
        self.body.addWidget(self.said)
        self.body.addWidget(Halves(self._state, right, least=Size.SIDE_PANEL), 1)
        self.back.clicked.connect(self.returned)
        self._choices.chosen.connect(self.act_chosen)
        self.retranslate()

    def show_facts(self, facts: DeviceFacts) -> None:
        """Show these."""
        before, self._facts = self._facts, facts
        if not facts.message:
            self.said.hide()
        elif (facts.message, facts.tone) != (before.message, before.tone):
            self.said.show_message(facts.message, facts.tone, ms=0)
        self.retranslate()

    @override
    def retranslate(self) -> None:
        tr, facts = self.look.language.tr, self._facts
        self.title.setText(tr("device.title"))
        self.hint.setText(tr("device.hint", device=facts.device))
        self.back.setText(tr("common.back"))
        self.back.updateGeometry()
        self._state.set_title(tr("device.state"))
        self._acts.set_title(tr("device.acts"))
        self._reading.setText(tr("device.reading"))
        self._reading.setVisible(not facts.rows)
        self._rows.setVisible(bool(facts.rows))
        self._rows.show_items(facts.rows)
        self._choices.show_items(facts.acts)
        self._machine.set_title(tr("device.machine"))
        self._machine.setVisible(bool(facts.machine))
        self._parts.show_items(facts.machine)
