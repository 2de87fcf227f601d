"""The window: arranges rail, bars and page for counter or tablet, and refuses to be closed."""

from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.shell.bars import ChipItem, TopBar
from ui.shell.help import HelpFacts, HelpPanel
from ui.shell.notice import Notice
from ui.shell.pages import Pages
from ui.shell.rail import Rail, Section, TopRail
from ui.theme import (
    COUNTER_MIN_HEIGHT,
    COUNTER_MIN_WIDTH,
    LOW_MAX_HEIGHT,
    Density,
    Size,
    Space,
    Tone,
)
from ui.widgets.announce import Toast, announce
from ui.widgets.look import Look
from ui.widgets.scroll import ScrollArea
from ui.widgets.steps import StepItem

__all__ = ["ChipItem", "Shell"]

AGENT_CHIP = "agent"
_OF_ITS_PAGE = frozenset({Tone.NEUTRAL, Tone.INFO, Tone.OK})
_PLACING = frozenset(
    {QEvent.Type.Show, QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.Move}
)


class Shell(QWidget):
    """The frame around every page.

    Below 1500 x 960 px the tablet layout is used. In kiosk mode the window covers its screen and a
    request to close it is refused until :meth:`unlock_close`.

    A notice lies over the head of the page, so that nothing moves away under a finger.

    Signals:
        section_chosen(str): value of a :class:`Section`.
        lock_requested(): lock button or Ctrl+L.
        help_opening(): the panel of F1 is about to be shown.
        help_page_requested(): the page of the help, from the panel of F1.
        switch_requested(): F9, or the chip of the agent: a colleague wants the desk.
        close_refused(): somebody tried to close the window.
    """

    section_chosen = Signal(str)
    lock_requested = Signal()
    help_opening = Signal()
    help_page_requested = Signal()
    switch_requested = Signal()
    close_refused = Signal()

    def __init__(self, look: Look, *, kiosk: bool = False) -> None:
        super().__init__()
        self._look = look
        self._kiosk = kiosk
        self._may_close = not kiosk
        self._title = ""
        self.setWindowTitle("Vis-à-vis")
        self.setObjectName("shell")
        self.rail = Rail(look)
        self.top = TopBar(look)
        self._tabs = TopRail(look)
        self._pages = Pages()
        self._scroll = ScrollArea(look)
        self._bars: dict[QWidget, QWidget] = {}
        self._bar_stack = Pages()
        self.notice = Notice(look)
        self._toast = Toast(self, look)
        self._toast_page: QWidget | None = None
        self._help = HelpPanel(self, look)
        self._build()
        self._bind()
        self.show_bare()

    def _build(self) -> None:
        self._scroll.setWidget(self._pages)
        self._bar_stack.hide()
        right = QVBoxLayout()
        right.setSpacing(Space.NONE)
        right.addWidget(self.top)
        right.addWidget(self._tabs)
        self.notice.setParent(self)
        self.notice.hide()
        right.addWidget(self._scroll, 1)
        right.addWidget(self._bar_stack)
        row = QHBoxLayout(self)
        # The wide layout must not keep the window wide: only then can the narrow one come.
        row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumSize(Size.WINDOW_MIN_WIDTH, Size.WINDOW_MIN_HEIGHT)
        row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        row.setSpacing(Space.NONE)
        row.addWidget(self.rail)
        row.addLayout(right, 1)

    def _bind(self) -> None:
        self.rail.section_chosen.connect(self.section_chosen)
        self._tabs.section_chosen.connect(self.section_chosen)
        self.rail.help_requested.connect(self.toggle_help)
        self.top.help_requested.connect(self.toggle_help)
        self._help.more_requested.connect(self.help_page_requested)
        self.top.lock_requested.connect(self.lock_requested)
        self.top.chip_pressed.connect(self._press_chip)
        QShortcut(QKeySequence("F9"), self).activated.connect(self.switch_requested)
        self.notice.installEventFilter(self)
        self._scroll.installEventFilter(self)
        self._look.theme.changed.connect(self._restyle)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._keep_in_sight)

    def _press_chip(self, name: str) -> None:
        if name == AGENT_CHIP:
            self.switch_requested.emit()

    @property
    def page(self) -> QWidget | None:
        """The page shown."""
        return self._pages.current

    def set_sections(self, sections: tuple[Section, ...]) -> None:
        """The places that this device has, in order."""
        self.rail.set_sections(sections)
        self._tabs.set_sections(sections)

    def set_page(self, page: QWidget, actions: QWidget | None = None) -> None:
        """Show a page and its buttons; pages are kept, showing one again is cheap."""
        if actions is not None:
            self._bars[page] = actions
        if page is not self._pages.current:
            self.notice.dismiss()
            if self._toast_page is not None and page is not self._toast_page:
                self.quiet()
        self._pages.show_page(page)
        bar = self._bars.get(page)
        self._bar_stack.setVisible(bar is not None)
        if bar is not None:
            self._bar_stack.show_page(bar)
        self._scroll.verticalScrollBar().setValue(0)
        self._keep_focus_off_the_frame(page, bar)

    def remove_page(self, page: QWidget) -> None:
        """Forget a page and its buttons; both are deleted."""
        bar = self._bars.pop(page, None)
        if bar is not None:
            self._bar_stack.remove_page(bar)
            bar.deleteLater()
        self._pages.remove_page(page)
        page.deleteLater()

    def forget_other_pages(self) -> None:
        """Another device begins: of all pages only the one shown stays."""
        for page in self._pages.others():
            self.remove_page(page)

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Words of the top bar; another title is announced, as it means another page."""
        if title != self._title:
            self._title = title
            announce(self, f"{title}. {subtitle}" if subtitle else title)
        self.top.set_title(title, subtitle)

    def set_office(self, office: str, desk: str = "") -> None:
        """Words at the foot of the rail."""
        self.rail.set_office(office, desk)

    def show_chips(self, items: tuple[ChipItem, ...]) -> None:
        """Chips of the top bar."""
        self.top.show_chips(items)

    def show_navigation(self, current: Section) -> None:
        """Signed in, no case open."""
        self.rail.show_navigation(current)
        self._tabs.show_navigation(current)
        self.top.set_lock_visible(True)

    def show_steps(self, items: tuple[StepItem, ...], current: int) -> None:
        """A case is open."""
        self.rail.show_steps(items, current)
        self._tabs.show_steps(items, current)
        self.top.set_lock_visible(True)

    def show_bare(self) -> None:
        """Nobody is signed in."""
        self.rail.show_bare()
        self._tabs.show_bare()
        self.top.set_lock_visible(False)

    def set_help(self, facts: HelpFacts) -> None:
        """What F1 shows."""
        self._help.set_facts(facts)

    def toggle_help(self) -> None:
        """Show or hide the help panel."""
        if self._help.isVisible():
            self._help.dismiss()
        else:
            self.help_opening.emit()
            self._help.reveal()

    def toast(self, text: str, tone: Tone = Tone.OK, ms: int = 0) -> None:
        """A short word that goes away by itself: after ``ms``, or once it can have been read.

        One that says that something is done goes with the page it was said on, or just before; a
        warning stays on the next page too.
        """
        self._toast.show_text(text, tone, ms)
        self._toast_page = None
        if tone in _OF_ITS_PAGE:
            QTimer.singleShot(0, self, self._keep_toast_page)

    def quiet(self) -> None:
        """Another customer: a word about the one before goes away now."""
        self._toast.finish()
        self._toast_page = None

    def _keep_toast_page(self) -> None:
        """Whatever led to another page with this word has done so by now."""
        if self._toast.isVisible():
            self._toast_page = self.page

    def enter_kiosk(self) -> None:
        """Cover the screen. Without a window manager X keeps a small window: hence the geometry."""
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.showFullScreen()
        self.setGeometry(self.screen().geometry())

    def unlock_close(self) -> None:
        """From now on the window may be closed."""
        self._may_close = True

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            super().closeEvent(event)
        else:
            event.ignore()
            self.close_refused.emit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        small = self.width() < COUNTER_MIN_WIDTH or self.height() < COUNTER_MIN_HEIGHT
        low = self.height() <= LOW_MAX_HEIGHT and self.height() < self.width()
        density = Density.TABLET if small else Density.COUNTER
        self._look.theme.set_density(density, low=small and low)
        self._restyle()
        if self._help.isVisible():
            self._help.place()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.color("bg"))
        painter.end()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The notice follows its words and the place of the page."""
        if event.type() in _PLACING:
            self._place_notice()
        return super().eventFilter(watched, event)

    def _place_notice(self) -> None:
        layout = self.notice.layout()
        if layout is None or self.notice.isHidden():
            return
        page = self._scroll.geometry()
        height = layout.totalHeightForWidth(page.width())
        self.notice.setGeometry(page.x(), page.y(), page.width(), height)
        self.notice.raise_()

    def _keep_in_sight(self, _old: QWidget | None, focus: QWidget | None) -> None:
        """On a low screen the field that gets the focus, however it got it, is scrolled to."""
        page = self._pages.current
        if focus is None or page is None or not page.isAncestorOf(focus):
            return
        if focus.height() < self._scroll.viewport().height():
            self._scroll.ensureWidgetVisible(focus, Space.NONE, Space.WIDE)

    def _keep_focus_off_the_frame(self, page: QWidget, bar: QWidget | None) -> None:
        """When a page goes, Qt hands its focus to the next control: Space would then lock."""
        focus = cast("QWidget | None", self.focusWidget())  # the stubs leave None out
        homes = (page,) if bar is None else (page, bar)
        if focus is not None and any(home.isAncestorOf(focus) for home in homes):
            return
        self.setFocus()

    def _restyle(self) -> None:
        tablet = self._look.theme.tablet
        self.rail.setVisible(not tablet)
        self._tabs.setVisible(tablet)
        self.update()
