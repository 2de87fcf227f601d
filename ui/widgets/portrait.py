"""The portrait of the document beside the person: the agent compares, the screen only helps."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import Space, Type
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.picture import PictureView
from ui.widgets.zoom import ZoomView

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]


_PORTRAIT_CROP = 1.25
"""A portrait has air around the head: so much may go, and no face is ever cut."""
_SHARES = (2, 1)
"""The portrait is what is looked at on the screen; the person stands in front of it."""
_SIDE_BY_SIDE = (1, 1)
"""With a live picture, both are looked at."""


class PortraitCompare(QWidget):
    """Two pictures side by side, captions under them; words where a picture is missing."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        grid = QGridLayout(self)
        self._grid = grid
        grid.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        grid.setHorizontalSpacing(Space.XXL)
        grid.setVerticalSpacing(Space.S)
        self.portrait = ZoomView(look, crop=_PORTRAIT_CROP)
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
        grid.setRowStretch(0, 1)
        self._share(_SHARES)

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

    def show_side_by_side(self, live: bool) -> None:
        """Whether the live picture is looked at on the screen as well."""
        self._share(_SIDE_BY_SIDE if live else _SHARES)

    def _share(self, shares: tuple[int, int]) -> None:
        for column, share in enumerate(shares):
            self._grid.setColumnStretch(column, share)

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
