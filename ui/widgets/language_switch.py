"""Language of the screen, switched live."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.theme import Size, Space
from ui.widgets.button import Button, ButtonKind
from ui.widgets.look import Look


class LanguageSwitch(QWidget):
    """One button a language, each in its own words; the one in force is blue.

    Signals:
        chosen(str): code; already in force.
    """

    chosen = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        row.setSpacing(Space.M)
        self._buttons: dict[str, Button] = {}
        for code in look.language.codes:
            button = Button(look, look.language.tr(f"common.language.{code}"))
            button.setObjectName(f"language-{code}")
            button.set_height(Size.TARGET_BAR)
            button.clicked.connect(partial(self._choose, code))
            self._buttons[code] = button
            row.addWidget(button)
        look.language.changed.connect(self._mark)
        self._mark()

    def _choose(self, code: str, _checked: bool = False) -> None:
        self._look.language.choose(code)
        self.chosen.emit(code)

    def _mark(self) -> None:
        for code, button in self._buttons.items():
            here = code == self._look.language.code
            button.set_kind(ButtonKind.PRIMARY if here else ButtonKind.SECONDARY)
