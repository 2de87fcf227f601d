"""The customer's window: on the second screen, or over the agent's where there is one only.

Rules, in order:

1. It shows one person's own data and nothing else: no list, no picture of a camera, no name of an
   agent, no verdict before the answer. It is made blank whenever it is not sure whose turn it is.
2. Nothing on it moves the case, except what the customer types in answer to a question.
3. It has a language of its own; the agent's does not change with it.
4. On a second screen it never takes the focus from the agent; turned to the customer it has it.
"""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent, QScreen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.journeys.service_steps import ContactChannel
from ui.customer.entry import Entry, EntryPage
from ui.theme import Size, Space, Tone, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.label import Badge, Label
from ui.widgets.language_switch import LanguageSwitch
from ui.widgets.logo import Wordmark
from ui.widgets.look import Look
from ui.widgets.qr import QrCode
from ui.widgets.scroll import ScrollArea


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the notice: icon, and the key of its texts."""

    icon: str
    key: str


@dataclass(frozen=True, slots=True)
class Words:
    """A page of words.

    Attributes:
        key: of title and sentence (``customer.<key>.title`` and ``.text``).
        values: for their placeholders.
        icon, tone: of the badge; no badge where the icon is ``""``.
        points: below the sentence.
        rows: the customer's own data, name of the row and value.
        link: what a QR code holds, and the same as a person types it; ``None`` for no code.
        stage: which of the three steps of the service is under way, 0 for none.
        title: title in the customer's words where it is no text of ours, else ``""``.
    """

    key: str
    values: tuple[tuple[str, str], ...] = ()
    icon: str = ""
    tone: Tone = Tone.INFO
    points: tuple[Point, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    stage: int = 0
    link: tuple[str, str] | None = None


BLANK = Words("welcome")
NOTICE = Words(
    "notice",
    points=(
        Point("target", "purpose"),
        Point("id", "data"),
        Point("camera-off", "images"),
        Point("clock", "retention"),
        Point("user-check", "rights"),
        Point("hand-stop", "refusal"),
    ),
)
_STAGES = 3


class CustomerWindow(QWidget):
    """A window of its own.

    Signals:
        entered(str): what the customer typed in answer to the question on the screen.
        returned(): the customer gives the screen back (turned screen only).
        language_chosen(str): code of the language in force here now.
    """

    entered = Signal(str)
    returned = Signal()
    language_chosen = Signal(str)

    def __init__(self, look: Look) -> None:
        """Look: the theme of the desk with a language of the customer's own."""
        super().__init__()
        self._look = look
        self._words = BLANK
        self._asking: tuple[Entry, ContactChannel] | None = None
        self._turned = False
        self._may_close = False
        self.setObjectName("customer")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # a page of words has no button to hold it
        self.setWindowTitle("Vis-à-vis")
        self._mark = Wordmark(look)
        self.languages = LanguageSwitch(look)
        self._stage = Label(look, "", Type.CUSTOMER_STRONG, "primary", wrap=True)
        self._badge = Badge(look, "info-circle", Tone.INFO, Size.BADGE_LARGE)
        self.title = Label(look, "", Type.DISPLAY, wrap=True)
        self.title.setObjectName("customer-title")
        self.text = Label(look, "", Type.CUSTOMER, "ink2", wrap=True)
        self.text.setObjectName("customer-text")
        self._points = Card(look)
        self._points.body.setSpacing(Space.S)
        self._data = Card(look)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(Space.WIDE)
        self._grid.setVerticalSpacing(Space.M)
        self._grid.setColumnStretch(1, 1)
        self._data.body.addLayout(self._grid)
        self._cells: list[tuple[str, Label, Label]] = []
        self._make_link()
        self.entry = EntryPage(look)
        self.give_back = Button(look, "", kind=ButtonKind.SECONDARY, icon="rotate-3d", key="Esc")
        self.give_back.setObjectName("customer-return")
        self._drawn: list[tuple[Point, Label, Label]] = []
        self._build()
        self.entry.entered.connect(self.entered)
        self.give_back.clicked.connect(self.returned)
        self.languages.chosen.connect(self.language_chosen)
        look.theme.changed.connect(self._restyle)
        look.language.changed.connect(self.retranslate)
        self.show_words(BLANK)
        self._restyle()

    def _make_link(self) -> None:
        self.qr = QrCode(self._look, fixed_px=Size.QR_CUSTOMER)
        self.qr.setObjectName("customer-qr")
        self.address = Label(self._look, "", Type.CUSTOMER_STRONG, wrap=True)
        self.address.setObjectName("customer-address")

    def _build(self) -> None:
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._head = QHBoxLayout()
        self._head.addWidget(self._mark)
        self._head.addStretch(1)
        self._head.addWidget(self.languages)
        self._column.addStretch(1)
        self._column.addWidget(self._stage)
        line = QHBoxLayout()
        line.setSpacing(Space.XL)
        line.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.title, 1)
        self._column.addLayout(line)
        for widget in (self.text, self._points, self._data, self.qr, self.address, self.entry):
            self._column.addWidget(widget)
        self._column.addStretch(2)
        foot = QHBoxLayout()
        foot.addWidget(self.give_back)
        foot.addStretch(1)
        self._column.addLayout(foot)
        scroll = ScrollArea(self._look)
        scroll.setWidget(inner)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        outer.setSpacing(Space.NONE)
        outer.addLayout(self._head)
        outer.addWidget(scroll, 1)

    # --- what is shown ------------------------------------------------------------------------

    @property
    def words(self) -> Words:
        """What is shown."""
        return self._words

    @property
    def asking(self) -> tuple[Entry, ContactChannel] | None:
        """What the customer is asked to type, None where nothing is."""
        return self._asking

    def blank(self) -> None:
        """Show nothing of anybody."""
        self.show_words(BLANK)

    def show_words(self, words: Words) -> None:
        """Show a page of words; what was typed before is gone."""
        self._asking = None
        self.entry.clear()
        self.entry.hide()
        self._words = words
        self._draw_points(words.points)
        self.retranslate()
        self.setFocus()

    def ask(self, entry: Entry, channel: ContactChannel, address: str) -> None:
        """Ask for a code that was sent to ``address``, or for an address.

        Asked again for the same, what the customer has typed so far stays.
        """
        if self._asking == (entry, channel) and self._words.values == (("address", address),):
            return
        self._asking = (entry, channel)
        self._words = Words(
            f"{entry.value}.{channel.value}", values=(("address", address),), stage=1
        )
        self._draw_points(())
        self.entry.begin(entry, channel, address)
        self.entry.show()
        self.retranslate()

    def show_problem(self, key: str, **values: object) -> None:
        """What was wrong with what was typed, by the key of its text."""
        self.entry.set_busy(False)
        self.entry.show_problem(self._look.language.tr(key, **values))

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        words = self._words
        values = dict(words.values)
        self.title.setText(tr(f"customer.{words.key}.title", **values))
        self.text.setText(tr(f"customer.{words.key}.text", **values))
        full = bool(words.points or words.link) or self._asking is not None
        self.title.set_style(Type.H1 if full else Type.DISPLAY)
        stage = tr(f"customer.stage.{words.stage}", count=_STAGES) if words.stage else ""
        self._stage.setText(stage)
        self._stage.setVisible(bool(stage))
        self._badge.setVisible(bool(words.icon))
        if words.icon:
            self._badge.show_icon(words.icon, words.tone)
        for point, title, text in self._drawn:
            title.setText(tr(f"customer.points.{point.key}.title"))
            text.setText(tr(f"customer.points.{point.key}.text"))
        self._draw_rows(words.rows)
        self._draw_link(words.link)
        self.give_back.setText(tr("customer.give_back"))
        self.give_back.updateGeometry()
        self.give_back.setVisible(self._turned)

    def _draw_link(self, link: tuple[str, str] | None) -> None:
        """The way on, to scan with the own telephone or to type."""
        for widget in (self.qr, self.address):
            widget.setVisible(link is not None and self._asking is None)
        if link is not None:
            payload, address = link
            self.qr.show_code(
                payload, self._look.language.tr("journey.channel.qr", address=address)
            )
            self.address.setText(address)

    def _draw_rows(self, rows: tuple[tuple[str, str], ...]) -> None:
        """The customer's own data, name beside value."""
        self._data.setVisible(bool(rows))
        if [name for name, _ in rows] != [name for name, _, _ in self._cells]:
            for _, *old in self._cells:
                for label in old:
                    label.hide()
                    label.deleteLater()
            self._cells = []
            for number, (name, _) in enumerate(rows):
                left = Label(self._look, "", Type.CUSTOMER, "ink2")
                right = Label(self._look, "", Type.CUSTOMER_STRONG, wrap=True)
                self._grid.addWidget(left, number, 0, Qt.AlignmentFlag.AlignTop)
                self._grid.addWidget(right, number, 1)
                self._cells.append((name, left, right))
        for (name, left, right), (_, value) in zip(self._cells, rows, strict=True):
            left.setText(self._look.language.tr(f"customer.row.{name}"))
            right.setText(value)

    def _draw_points(self, points: tuple[Point, ...]) -> None:
        """Make the labels of the points; only where other points are shown."""
        self._points.setVisible(bool(points))
        if points == tuple(point for point, _, _ in self._drawn):
            return
        while (item := self._points.body.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._drawn = []
        for point in points:
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
            line.setSpacing(Space.L)
            badge = Badge(self._look, point.icon, Tone.INFO)
            line.addWidget(badge, 0, Qt.AlignmentFlag.AlignTop)
            words = QVBoxLayout()
            words.setSpacing(Space.HAIR)
            title = Label(self._look, "", Type.CUSTOMER_STRONG, wrap=True)
            text = Label(self._look, "", Type.CUSTOMER, "ink2", wrap=True)
            words.addWidget(title)
            words.addWidget(text)
            line.addLayout(words, 1)
            self._points.body.addWidget(row)
            self._drawn.append((point, title, text))

    # --- where it is shown --------------------------------------------------------------------

    @property
    def turned(self) -> bool:
        """Whether it lies over the agent's screen."""
        return self._turned

    def show_on(self, screen: QScreen) -> None:
        """Stand on a second screen, whole, never taking the focus."""
        self._turned = False
        self.setWindowFlags(
            Qt.WindowType.Window
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowDoesNotAcceptFocus
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, on=True)
        self.setGeometry(screen.geometry())
        self.retranslate()
        self.show()

    def turn(self, over: QWidget) -> None:
        """Lie over the agent's window, which the agent turns to the customer."""
        self._turned = True
        self.setWindowFlags(
            Qt.WindowType.Window
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, on=False)
        self.setGeometry(over.frameGeometry() if over.isWindow() else over.rect())
        self.retranslate()
        self.show()
        self.raise_()
        self.activateWindow()

    def turn_back(self) -> None:
        """Leave the agent's screen."""
        if self._turned:
            self._turned = False
            self.hide()

    def end(self) -> None:
        """Close for good."""
        self._may_close = True
        self.close()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            super().closeEvent(event)
        else:
            event.ignore()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.color("bg"))
        painter.fillRect(self._head.geometry(), self._look.theme.color("rail"))
        painter.end()

    def _restyle(self) -> None:
        side = Space.HUGE if not self._look.theme.tablet else Space.GUTTER
        self._head.setContentsMargins(side, Space.S, side, Space.S)
        self._column.setContentsMargins(side, Space.L, side, Space.L)
        self._column.setSpacing(Space.L)
        self.update()
