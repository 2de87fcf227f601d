"""Keys on the screen, for a customer who has no keyboard: digits, signs of a code, an address."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from ui.theme import Size, Space, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.look import Look

DIGITS = ("123", "456", "789", " 0")
SIGNS = ("23456789", "ABCDEFGH", "JKLMNPQR", "STUVWXYZ")
"""Capitals and digits that no font confuses, as the codes by text message are made of them."""
ADDRESS = {
    "fr": ("1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn@.-_"),
    "en": ("1234567890", "qwertyuiop", "asdfghjkl@", "zxcvbnm.-_"),
}


class Keypad(QWidget):
    """Rows of keys, and one that takes the last sign away. The keys never take the focus.

    Signals:
        typed(str): one sign.
        erased(): take the last one away.
    """

    typed = Signal(str)
    erased = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._rows: tuple[str, ...] = ()
        self._keys: list[Button] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._grid.setSpacing(Space.M)
        look.theme.changed.connect(self._restyle)
        look.language.changed.connect(self._name_erase)

    def show_rows(self, rows: tuple[str, ...]) -> None:
        """Show these keys, one string a row."""
        if rows == self._rows:
            return
        self._rows = rows
        for old in self._keys:
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._keys = []
        for number, row in enumerate(rows):
            for column, sign in enumerate(row):
                if sign == " ":
                    continue  # an empty place
                key = self._key(sign)
                key.clicked.connect(partial(self._type, sign))
                self._grid.addWidget(key, number, column)
        erase = self._key("")
        erase.set_kind(ButtonKind.QUIET)
        erase.set_icon("backspace")
        erase.setObjectName("pad-erase")
        erase.clicked.connect(self.erased)
        last = rows[-1] if rows else ""
        self._grid.addWidget(erase, max(0, len(rows) - 1), len(last))
        self._name_erase()
        self._restyle()

    def key(self, sign: str) -> Button:
        """The key of a sign. Raises KeyError."""
        for button in self._keys:
            if button.text() == sign:
                return button
        raise KeyError(sign)

    def _key(self, sign: str) -> Button:
        button = Button(self._look, sign)
        button.set_type(Type.DIGIT)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if sign:
            button.setObjectName(f"pin-{sign}")
        self._keys.append(button)
        return button

    def _type(self, sign: str, _checked: bool = False) -> None:
        self.typed.emit(sign)

    def _name_erase(self) -> None:
        if self._keys:
            self._keys[-1].setAccessibleName(self._look.language.tr("common.erase_digit"))

    def _restyle(self) -> None:
        tablet = self._look.theme.tablet
        for button in self._keys:
            button.set_height(Size.TARGET_COUNTER if tablet else Size.TARGET_TABLET, scaled=False)
