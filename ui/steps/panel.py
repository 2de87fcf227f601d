"""The ground of every panel: question, instruction, banner, body, and the band of buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.evidence import Side
from kiosk.journeys.model import SteppedBack
from ui.theme import Space, Tone, Type
from ui.viewmodels.journey import CaseView
from ui.widgets.action_bar import ActionBar
from ui.widgets.banner import Banner
from ui.widgets.button import Button, ButtonKind
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.workers.camera import Sight
from ui.workers.desk import Failure

if TYPE_CHECKING:
    from kiosk.ports import Picture

STOP_KEY = "F8"
TYPE_KEY = "F4"
RETAKE_KEY = "F5"
_PLACING = frozenset({QEvent.Type.Show, QEvent.Type.Resize, QEvent.Type.LayoutRequest})
TURN_KEY = "F7"
_UPRIGHT = 900
"""Below this width a tablet held upright shows two columns under each other, in pixels."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What was cut from the document of a case, (h, w, 3) uint8 BGR; never stored.

    Attributes:
        cards: the sides taken, straightened.
        strips: printed lines, by field.
        portrait: None where none was read, or it is not kept.
    """

    cards: "Mapping[Side, Picture]" = field(default_factory=dict)
    strips: "Mapping[str, Picture]" = field(default_factory=dict)
    portrait: "Picture | None" = None


class StepPanel(QWidget):
    """A page of a case.

    Signals:
        happened(object): an event of :mod:`kiosk.journeys.model`, for the case.
        stop_requested(): the agent wants to interrupt the case.
        again_requested(): read codes or sides anew.
    """

    happened = Signal(object)
    stop_requested = Signal()
    again_requested = Signal()

    name = ""
    """Name of the step; texts stand under ``journey.<name>``."""

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        """Catalogue: kinds of document, features, parts of the face."""
        super().__init__()
        self.look = look
        self.catalogue = catalogue
        self.view: CaseView | None = None
        self._columns: QBoxLayout | None = None
        self.setObjectName(f"step-{self.name}")
        self._column = QVBoxLayout(self)
        self.title = Label(look, "", Type.H1, wrap=True)
        self.hint = Label(look, "", Type.BODY, "ink2", wrap=True)
        self.banner = Banner(look)
        self.body = QVBoxLayout()
        self.back = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left", key="Esc")
        self.back.setObjectName("back")
        self.stop = Button(look, "", icon="hand-stop", key=STOP_KEY)
        self.stop.setObjectName("stop")
        self.primary = Button(
            look, "", kind=ButtonKind.PRIMARY, key="Return", trailing="arrow-right"
        )
        self.primary.setObjectName("primary")
        self._build_ground()
        self.bar = self._make_bar()
        self.back.clicked.connect(self.go_back)
        self.stop.clicked.connect(self.stop_requested)
        self.primary.clicked.connect(self.go_on)
        look.theme.changed.connect(self._restyle)
        look.language.changed.connect(self.retranslate)
        self._restyle()

    def _build_ground(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(Space.XS)
        words.addWidget(self.title)
        words.addWidget(self.hint)
        self._column.addLayout(words)
        self._column.addLayout(self.body, 1)
        self.banner.setParent(self)
        self.banner.hide()
        self.banner.shown.connect(self._place_banner)

    @override
    def event(self, event: QEvent) -> bool:
        answer = super().event(event)
        if event.type() in _PLACING:
            self._place_banner()
        return answer

    def _place_banner(self) -> None:
        """Over the words, down to the work, which must not move under a finger."""
        if self.banner.isHidden():
            return
        self._column.activate()
        body = self.body.geometry()
        top = self._column.contentsMargins().top() // 2
        foot = max(body.top() - Space.S, top)
        head = QRect(body.left(), top, body.width(), foot - top)
        line = QRect(head)
        if self.hint.isVisible():
            line.setTop(self.hint.geometry().top() - Space.XS)
        self.banner.lie_in(line, head)

    def _make_bar(self) -> ActionBar:
        others = (self.stop, *self.extra_buttons())
        return ActionBar(self.look, back=self.back, others=others, primary=self.primary)

    # --- what a panel adds --------------------------------------------------------------------

    def extra_buttons(self) -> tuple[Button, ...]:
        """Buttons of this panel between interruption and the way on."""
        return ()

    def set_today(self, today: date) -> None:
        """Day of the act at the office, before each case that is shown."""

    def show_pictures(self, pictures: Pictures) -> None:
        """Pictures of the document, before each case that is shown."""

    def refresh(self) -> None:
        """Show ``view``; called whenever case or language changed."""

    def go_on(self) -> None:
        """Enter, or the blue button."""

    def show_sight(self, sight: Sight) -> None:
        """A new picture of the camera."""

    def show_camera_fault(self, failure: Failure) -> None:
        """The camera does not answer."""

    def forget(self) -> None:
        """Another case: nothing is carried over."""
        self.view = None

    def take_focus(self) -> None:
        """The page has just appeared: no button may hold the focus, Enter is the way on."""
        self.setFocus()

    # --- what all have in common --------------------------------------------------------------

    def keep_case(self, view: CaseView) -> None:
        """The case moved in nothing that stands on this page: no word of it is written anew."""
        self.view = view

    def show_case(self, view: CaseView) -> None:
        """Show a case as stored."""
        self.view = view
        self.banner.dismiss()
        self.back.setEnabled(view.journey.step(view.state.step).back and bool(view.state.trail))
        self.retranslate()

    def set_busy(self, busy: bool) -> None:
        """An order is on its way: nothing else can be sent."""
        self.primary.set_busy(busy)

    def show_problem(self, text: str, tone: Tone = Tone.WARN) -> None:
        """A sentence above the work; stays until the next event."""
        self.banner.show_message(text, tone, ms=0)

    def go_back(self) -> None:
        """Esc, or the button at the left."""
        self.happened.emit(SteppedBack())

    def tr_(self, key: str, **values: object) -> str:
        """Text of this panel: ``journey.<name>.<key>``."""
        return self.look.language.tr(f"journey.{self.name}.{key}", **values)

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self.look.language.tr
        self.title.setText(self.tr_("title"))
        self.hint.setText(self.tr_("instruction"))
        self.back.setText(tr("common.back"))
        self.stop.setText(tr("journey.stop.button"))
        self.primary.setText(self.tr_("primary"))
        if self.view is not None:
            self.refresh()
        for button in (self.back, self.stop, self.primary, *self.extra_buttons()):
            button.updateGeometry()

    def columns(self, left: QWidget, right: QWidget, shares: tuple[int, int]) -> None:
        """Two columns below the instruction; under each other on a tablet held upright."""
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(Space.XXL)
        self._columns.addWidget(left, shares[0])
        self._columns.addWidget(right, shares[1])
        self.body.addLayout(self._columns, 1)

    def share(self, shares: tuple[int, int]) -> None:
        """Other shares of the width for the two columns."""
        if self._columns is not None:
            for place, share in enumerate(shares):
                self._columns.setStretch(place, share)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._columns is not None:
            upright = self.width() < _UPRIGHT and self.window().height() > self.window().width()
            ways = QBoxLayout.Direction
            self._columns.setDirection(ways.TopToBottom if upright else ways.LeftToRight)

    def centered(self, widget: QWidget) -> None:
        """One column in the middle, as wide as lines can be read."""
        row = self._centered = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(widget, 6)
        row.addStretch(1)
        self.body.addLayout(row, 1)
        self.body.setAlignment(Qt.AlignmentFlag.AlignTop)

    def spread(self, *, wide: bool) -> None:
        """Give the column of :meth:`centered` the whole width, or take it back."""
        for edge in (0, 2):
            self._centered.setStretch(edge, 0 if wide else 1)

    def _restyle(self) -> None:
        theme = self.look.theme
        side = theme.gutter
        top = theme.air if theme.tablet else Space.XXXL
        self._column.setContentsMargins(side, top, side, theme.air if theme.tablet else Space.XXL)
        self._column.setSpacing(Space.M if theme.tablet else Space.XL)
        self.hint.setVisible(not theme.tablet or self.keeps_hint)

    keeps_hint = False
    """Whether the instruction is shown on a tablet too."""
