"""The live picture: the document in its corners, all else dimmed, and one sentence under it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Type
from ui.widgets.announce import announce
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_ring
from ui.widgets.picture import PictureView

__all__ = ["Dot", "PictureView", "Preview", "Ring"]

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]


class Ring(QWidget):
    """A progress ring; empty when there is nothing to wait for."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._progress = 0.0
        self.setFixedSize(Size.RING, Size.RING)

    def set_progress(self, progress: float) -> None:
        """0..1."""
        self._progress = progress
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_ring(painter, QRectF(self.rect()), self._progress, self._look.theme)
        painter.end()


class _Strip(QWidget):
    """The band under the picture."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        look.theme.changed.connect(self.update)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        rect = QRectF(self.rect()).adjusted(0, -float(Radius.CARD), 0, 0)
        path.addRoundedRect(rect, Radius.CARD, Radius.CARD)
        painter.setClipRect(self.rect())
        painter.fillPath(path, self._look.theme.color("strip"))
        painter.end()


class Dot(QWidget):
    """The small light that says the picture is live."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setFixedSize(Size.DOT, Size.DOT)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.theme.color("live"))
        painter.drawEllipse(self.rect())
        painter.end()


class Preview(QWidget):
    """Live picture with the message strip under it (over it, it would hide the lines to read).

    Signals:
        picture_resized(int, int): size in device pixels that the capture thread should deliver.
    """

    picture_resized = Signal(int, int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._message = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.NONE)
        self.picture = PictureView(look)
        self.picture.resized.connect(self.picture_resized)
        column.addWidget(self.picture, 1)
        self._note = Label(look, "", Type.TITLE, "onstrip", wrap=True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(self.picture)
        inside.setContentsMargins(Space.HUGE, Space.GUTTER, Space.HUGE, Space.GUTTER)
        inside.addWidget(self._note)
        self._note.hide()
        strip = _Strip(look)
        row = QHBoxLayout(strip)
        row.setContentsMargins(Space.XL, Space.M, Space.XXL, Space.M)
        row.setSpacing(Space.M)
        self._ring = Ring(look)
        self._icon = IconLabel(look, "camera", "onstrip2", Size.ICON_LARGE)
        self._text = Label(look, "", Type.TITLE, "onstrip", wrap=True)
        self._dot = Dot(look)
        self._live = Label(look, "", Type.BODY, "onstrip2")
        row.addWidget(self._ring)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self._dot)
        row.addWidget(self._live)
        strip.setMinimumHeight(Size.STRIP)
        column.addWidget(strip)
        look.language.changed.connect(self.retranslate)
        self.show_message("", live=False)
        self.retranslate()

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the picture area in device pixels."""
        return self.picture.device_size

    @property
    def message(self) -> str:
        """The sentence in force."""
        return self._message

    def show_frame(self, image: "Picture", outline: "npt.ArrayLike | None" = None) -> None:
        """Image: (h, w, 3) uint8 BGR, C-contiguous; outline: (4, 2) clockwise, in its pixels."""
        self._note.hide()
        self.picture.show_picture(image, outline)

    def show_note(self, text: str) -> None:
        """A sentence instead of a picture: no camera, picture not kept."""
        self.picture.show_picture(None)
        self._note.setText(text)
        self._note.show()

    def show_message(self, text: str, progress: float | None = None, *, live: bool = True) -> None:
        """The sentence under the picture; progress 0..1 of a reading, None when none runs."""
        if text and text != self._message:
            announce(self, text)
        self._message = text
        self._text.setText(text)
        self._ring.setVisible(progress is not None)
        self._icon.setVisible(progress is None)
        if progress is not None:
            self._ring.set_progress(progress)
        self._dot.setVisible(live)
        self._live.setVisible(live)

    def clear(self) -> None:
        """No picture, no sentence."""
        self._note.hide()
        self.picture.show_picture(None)
        self.show_message("", live=False)

    def retranslate(self) -> None:
        """Write the fixed words again."""
        self._live.setText(self._look.language.tr("common.live"))
        self.picture.setAccessibleName(self._look.language.tr("common.live_picture"))
