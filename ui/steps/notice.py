"""The information notice in short, and the person's answer.

Source: GDPR article 13; the long version is printed or handed over.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.journeys.model import ConsentAnswered
from ui.steps.panel import TURN_KEY, StepPanel
from ui.theme import Space, Tone, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.label import Badge, Label
from ui.widgets.look import Look

NOTICE_VERSION = "2026-11-2"
"""Version of the words under ``notice`` in the texts; kept in the record."""
NOTICE_VERSION_PICTURES = "2026-11-2-pictures"
"""The same where the policy keeps pictures: the person is told so before anything is captured."""

_POINTS = (
    ("purpose", "target"),
    ("data", "id"),
    ("images", "camera-off"),
    ("recipients", "send"),
    ("retention", "clock"),
    ("rights", "user-check"),
    ("refusal", "hand-stop"),
)
_LOW_COLUMNS = 3
"""So many points stand beside each other in a low window, and all are read without scrolling."""


class _Point(QWidget):
    """One point of the notice."""

    def __init__(self, look: Look, icon: str) -> None:
        super().__init__()
        row = self._row = QHBoxLayout(self)
        row.setSpacing(Space.L)
        row.addWidget(Badge(look, icon, Tone.INFO), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(Space.HAIR)
        self.title = Label(look, "", Type.STRONG)
        self.text = Label(look, "", Type.BODY, "ink2", wrap=True)
        words.addWidget(self.title)
        words.addWidget(self.text)
        row.addLayout(words, 1)

    def keep_distance(self, down: Space) -> None:
        """Air above and below."""
        self._row.setContentsMargins(Space.NONE, down, Space.NONE, down)


class NoticePanel(StepPanel):
    """Short points to read out or to show; yes and no are equals.

    Signals:
        turn_requested(): turn the screen to the customer, who reads them in easy words.
    """

    turn_requested = Signal()

    name = "notice"
    keeps_hint = True

    def __init__(
        self, look: Look, catalogue: DocumentCatalogue, *, keep_images: bool = False
    ) -> None:
        """``keep_images``: the policy puts pictures of the document into the sealed record."""
        self._keep_images = keep_images
        self.version = NOTICE_VERSION_PICTURES if keep_images else NOTICE_VERSION
        self.no_button = Button(look, "", kind=ButtonKind.SECONDARY, icon="x", key="F6")
        self.no_button.setObjectName("consent-no")
        self.turn = Button(look, "", icon="rotate-3d", key=TURN_KEY)
        self.turn.setObjectName("turn")
        super().__init__(look, catalogue)
        self.turn.hide()
        self._card = Card(look, " ")
        self._points = {key: _Point(look, icon) for key, icon in _POINTS}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(Space.XL)
        self._card.body.setSpacing(Space.NONE)
        self._card.body.addLayout(self._grid)
        self._card.body.addStretch(1)
        self._version = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self.centered(self._card)
        look.theme.changed.connect(self._lay_points)
        self._lay_points()
        self.no_button.clicked.connect(self._refuse)
        self.turn.clicked.connect(self.turn_requested)

    def _lay_points(self) -> None:
        """Under each other, or as many beside each other as a low window takes."""
        low = self.look.theme.low
        columns = _LOW_COLUMNS if low else 1
        self.spread(wide=low)
        self._grid.setVerticalSpacing(Space.NONE if low else Space.M)
        self._card.title.setHidden(low)  # the line above it says the same
        for number, point in enumerate(self._points.values()):
            point.keep_distance(Space.XS if low else Space.S)
            self._grid.removeWidget(point)
            place = (number // columns, number % columns)
            self._grid.addWidget(point, *place, Qt.AlignmentFlag.AlignTop)
        for column in range(_LOW_COLUMNS):
            self._grid.setColumnStretch(column, int(column < columns))
        self._grid.removeWidget(self._version)
        row, column = divmod(len(_POINTS), columns)
        foot = Qt.AlignmentFlag.AlignBottom
        self._grid.addWidget(self._version, row, column, 1, columns - column, foot)

    def set_turnable(self, turnable: bool) -> None:
        """Whether there is only this screen, so that it is turned to the customer."""
        self.turn.setVisible(turnable)

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.no_button, self.turn)

    @override
    def go_on(self) -> None:
        self.happened.emit(ConsentAnswered(self.version, given=True))

    @override
    def refresh(self) -> None:
        tr = self.look.language.tr
        self._card.set_title(tr("notice.title"))
        self._card.title.setHidden(self.look.theme.low)
        self.no_button.setText(self.tr_("no"))
        self.turn.set_texts(tr("journey.contact.turn"), tr("journey.contact.turn_short"))
        for key, point in self._points.items():
            words = "images_kept" if key == "images" and self._keep_images else key
            point.title.setText(tr(f"notice.{words}.title"))
            point.text.setText(tr(f"notice.{words}.text"))
        self._version.setText(tr("notice.version", version=self.version))

    def _refuse(self) -> None:
        self.happened.emit(ConsentAnswered(self.version, given=False))
