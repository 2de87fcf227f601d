"""The ground of a page: gutter, question as title, a line under it."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.theme import Space, Type
from ui.widgets.label import Label
from ui.widgets.look import Look


class Page(QWidget):
    """Title, hint and ``body``; ``corner`` is the row at the right of the title."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._outer = QVBoxLayout(self)
        self.title = Label(look, "", Type.H1, wrap=True)
        self.hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        words = QVBoxLayout()
        words.setSpacing(Space.XS)
        words.addWidget(self.title)
        words.addWidget(self.hint)
        head = QHBoxLayout()
        head.setSpacing(Space.XL)
        head.addLayout(words, 1)
        self.corner = QHBoxLayout()
        self.corner.setSpacing(Space.M)
        head.addLayout(self.corner)
        self._outer.addLayout(head)
        self.body = QVBoxLayout()
        self._outer.addLayout(self.body, 1)
        look.theme.changed.connect(self._restyle_page)
        look.language.changed.connect(self.retranslate)
        self._restyle_page()

    def retranslate(self) -> None:
        """Write every word again."""

    def _restyle_page(self) -> None:
        theme = self.look.theme
        side = theme.gutter
        top = (Space.M if theme.low else Space.XL) if theme.tablet else Space.XXXL
        self._outer.setContentsMargins(side, top, side, theme.air if theme.tablet else Space.XXL)
        self._outer.setSpacing(theme.air if theme.tablet else Space.XXL)
        self.body.setSpacing(theme.air if theme.tablet else Space.XXL)
