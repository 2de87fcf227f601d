"""The portrait of the document beside the person: the agent compares, the screen only helps."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import Space, Type
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.picture import PictureView

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]


_PORTRAIT_CROP = 1.25
"""A portrait has air around the head: so much may go, and no face is ever cut."""
_SHARES = (2, 1)
"""The portrait is what is looked at on the screen; the person stands in front of it."""


class PortraitCompare(QWidget):
    """Two pictures side by side, captions under them; words where a picture is missing."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        grid = QGridLayout(self)
        grid.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        grid.setHorizontalSpacing(Space.XXL)
        grid.setVerticalSpacing(Space.S)
        self.portrait = PictureView(look, contain=True, crop=_PORTRAIT_CROP, ground="sunken")
        self.live = PictureView(look, contain=True, ground="sunken")
        self._portrait_caption = Label(look, "", Type.STRONG, "ink2")
        self._live_caption = Label(look, "", Type.STRONG, "ink2")
        self._portrait_note = self._note_over(self.portrait)
        self._live_note = self._note_over(self.live)
        for column, (view, caption) in enumerate(
            ((self.portrait, self._portrait_caption), (self.live, self._live_caption))
        ):
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
            grid.addWidget(view, 0, column)
            grid.addWidget(caption, 1, column)
            grid.setColumnStretch(column, _SHARES[column])
        grid.setRowStretch(0, 1)

    def set_captions(self, portrait: str, live: str) -> None:
        """Words under the pictures."""
        self._portrait_caption.setText(portrait)
        self._live_caption.setText(live)
        self.portrait.setAccessibleName(portrait)
        self.live.setAccessibleName(live)

    def set_missing(self, portrait: str = "", live: str = "") -> None:
        """Words in place of a picture that is not there."""
        self._portrait_note.setText(portrait)
        self._live_note.setText(live)
        self._refresh()

    def show_portrait(self, image: "Picture | None") -> None:
        """Portrait cut from the document, (h, w, 3) uint8 BGR, C-contiguous."""
        self.portrait.show_picture(image)
        self._refresh()

    def show_live(self, image: "Picture | None") -> None:
        """The person, (h, w, 3) uint8 BGR, C-contiguous; None: the agent looks at the person."""
        self.live.show_picture(image)
        self._refresh()

    def _note_over(self, view: PictureView) -> Label:
        note = Label(self._look, "", Type.BODY, "ink2", wrap=True)
        note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(view)
        column.setContentsMargins(Space.XXL, Space.XXL, Space.XXL, Space.XXL)
        column.addWidget(note)
        return note

    def _refresh(self) -> None:
        self._portrait_note.setVisible(not self.portrait.has_picture)
        self._live_note.setVisible(not self.live.has_picture)
