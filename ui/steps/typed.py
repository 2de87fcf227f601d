"""The half of the document step where one types: the zone, or a document without one."""

from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.evidence import DocumentKind
from ui.steps.plain_form import PlainForm
from ui.steps.zone_entry import ZoneEntry
from ui.theme import Space
from ui.widgets.announce import announce
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.look import Look

if TYPE_CHECKING:
    from kiosk.capture.doubt import OpenReading

PLAIN_KEY = "F7"
_FORMS = {
    DocumentKind.FR_PASSPORT: "passport",
    DocumentKind.PASSPORT: "passport",
    DocumentKind.FR_ID_CARD_1988: "old-card",
}


class Typing(IntEnum):
    """What is typed."""

    ZONE = 0
    PLAIN = 1


class TypedHalf(Card):
    """Zone by default; F7 turns to the form of a document without a zone, and back.

    Signals:
        changed(): something was typed, or the other form is shown.
        blank_taken(): the side in hand holds no zone, the agent examined it.
    """

    changed = Signal()
    blank_taken = Signal()

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__(look)
        self._today = date.min
        self._mode = Typing.ZONE
        self.zone = ZoneEntry(look, catalogue.series)
        self.plain = PlainForm(look, catalogue)
        self.blank = Button(look, "", icon="eye")
        self.blank.setObjectName("side-without-zone")
        self.other = Button(look, "", icon="id", key=PLAIN_KEY)
        self.other.setObjectName("document-without-zone")
        self._build()
        self.zone.changed.connect(self.changed)
        self.plain.changed.connect(self.changed)
        self.blank.clicked.connect(self.blank_taken)
        self.other.clicked.connect(self._turn)
        self._arrange()

    def _build(self) -> None:
        for widget in (self.zone, self.plain):
            self.body.addWidget(widget, 1)
        foot = QHBoxLayout()
        foot.setSpacing(Space.M)
        buttons = QWidget()
        ways = self._ways = QBoxLayout(QBoxLayout.Direction.TopToBottom, buttons)
        ways.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        ways.setSpacing(Space.M)
        ways.addWidget(self.blank)
        ways.addWidget(self.other)
        foot.addWidget(buttons)
        foot.addStretch(1)
        self.body.addLayout(foot)
        self._look.theme.changed.connect(self._lay_ways)
        self._lay_ways()

    def _lay_ways(self) -> None:
        """The other ways stand beside each other where the window is low."""
        ways = QBoxLayout.Direction
        self._ways.setDirection(ways.LeftToRight if self._look.theme.low else ways.TopToBottom)

    @property
    def plainly(self) -> bool:
        """Whether the form of a document without a zone is shown."""
        return self._mode is Typing.PLAIN

    def begin(
        self, today: date, announced: DocumentKind | None, seen: "OpenReading | None"
    ) -> None:
        """Start with the zone of the kind announced; ``seen`` gives the pictures of its lines."""
        self._today = today
        self._mode = Typing.ZONE
        self._arrange()
        form = _FORMS.get(announced, "card") if announced else "card"
        self.zone.begin(today, form, seen)

    def clear(self) -> None:
        """Another case: nothing is carried over."""
        self._mode = Typing.ZONE
        self.zone.clear()
        self.plain.clear()
        self._arrange()

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        self.blank.setText(tr("journey.document.blank"))
        self.other.setText(tr("plain.has_zone" if self.plainly else "plain.has_none"))
        self.blank.updateGeometry()
        self.other.updateGeometry()
        self.zone.retranslate()
        self.plain.retranslate()

    def say_missing(self) -> str:
        """What is still missing in the form, told aloud as well."""
        text = self.plain.missing
        if text:
            announce(self, text, assertive=True)
        return text

    def _turn(self) -> None:
        self._mode = Typing.ZONE if self.plainly else Typing.PLAIN
        self._arrange()
        self.retranslate()
        if self.plainly:
            self.plain.begin(self._today)
        else:
            self.zone.setFocus()
        self.changed.emit()

    def _arrange(self) -> None:
        self.zone.setVisible(not self.plainly)
        self.plain.setVisible(self.plainly)
