"""A calm band between the bars and the page: what was scanned, and what it can be used for."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.theme import UNDO_MS, Size, Space, Tone
from ui.widgets.banner import Banner
from ui.widgets.button import Button
from ui.widgets.look import Look

OFFER_KEY = "F2"
OFFER_MS = 4 * UNDO_MS


class Notice(QWidget):
    """Hidden until it has something to say; goes away by itself, and with the page.

    Signals:
        taken(): the offer was taken (button or F2).
        closed(): it went away, the offer with it.
    """

    taken = Signal()
    closed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._column = QVBoxLayout(self)
        self.banner = Banner(look)
        self.offer = Button(look, "", key=OFFER_KEY)
        self.offer.setObjectName("take-offer")
        self.offer.set_height(Size.TARGET_BAR)
        self.banner.add_action(self.offer)
        self._column.addWidget(self.banner)
        self.offer.clicked.connect(self._take)
        self.banner.closed.connect(self._close)
        look.theme.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown, ``""`` while hidden."""
        return self.banner.text if not self.isHidden() else ""

    def show_text(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Say something for a while."""
        self.closed.emit()  # an offer that stood here before is gone
        self.offer.hide()
        self.show()
        self.banner.show_message(text, tone)

    def show_offer(self, text: str, offer: str) -> None:
        """Say something, and offer to do it."""
        self.offer.setText(offer)
        self.offer.show()
        self.offer.updateGeometry()
        self.show()
        self.banner.show_message(text, Tone.INFO, ms=OFFER_MS)

    def dismiss(self) -> None:
        """Go away, the offer with it."""
        if not self.isHidden():
            self.banner.dismiss()

    def _take(self) -> None:
        self.taken.emit()
        self.dismiss()

    def _close(self) -> None:
        self.hide()
        self.closed.emit()

    def _restyle(self) -> None:
        side = self._look.theme.gutter
        self._column.setContentsMargins(side, Space.L, side, Space.NONE)
