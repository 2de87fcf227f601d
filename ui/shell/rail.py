"""The dark column at the left of a counter screen, and its short form above a tablet's page."""

from enum import StrEnum
from functools import partial

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from ui.theme import Radius, Size, Space, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.label import Label
from ui.widgets.logo import Wordmark
from ui.widgets.look import Look
from ui.widgets.paint import draw_box, draw_focus, draw_key_cap, key_cap_width
from ui.widgets.steps import StepBar, StepItem, StepRail


class Section(StrEnum):
    """Places one can go to outside a case."""

    HOME = "home"
    HISTORY = "history"
    DELIVERIES = "deliveries"
    HARDWARE = "hardware"
    SETTINGS = "settings"
    ROUND = "round"
    APPOINTMENTS = "appointments"
    HELP = "help"


USUAL_SECTIONS = tuple(
    section for section in Section if section not in (Section.ROUND, Section.APPOINTMENTS)
)
"""What every device has; a round or appointments stand second where there are any."""

SECTION_ICONS = {
    Section.HOME: "home",
    Section.HISTORY: "history",
    Section.DELIVERIES: "cloud-upload",
    Section.HARDWARE: "printer",
    Section.SETTINGS: "settings",
    Section.HELP: "help-circle",
    Section.ROUND: "list-check",
    Section.APPOINTMENTS: "calendar",
}


class NavButton(QPushButton):
    """One place to go to: on the rail with its key cap, on a tablet as a tab."""

    def __init__(self, look: Look, section: Section, *, tab: bool = False) -> None:
        super().__init__()
        self._look = look
        self._section = section
        self._tab = tab
        self._key = ""
        self._shortcut = QShortcut(self)
        self._shortcut.activated.connect(self.click)
        self.setObjectName(f"{'tab' if tab else 'nav'}-{section.value}")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self._restyle)
        look.language.changed.connect(self._restyle)
        self._restyle()

    @property
    def section(self) -> Section:
        """Where this button leads."""
        return self._section

    def set_number(self, number: int) -> None:
        """Its place, from 1, which is its key; 0: this device has no such section."""
        self._key = f"Alt+{number}" if number else ""
        self._shortcut.setKeys([QKeySequence(self._key)] if number else [])
        self.setVisible(bool(number))
        self.update()

    @override
    def sizeHint(self) -> QSize:
        theme = self._look.theme
        font = theme.font(Type.STEP_HERE)
        width = QFontMetrics(font).horizontalAdvance(self.text()) + theme.scaled(Size.ICON)
        width += 2 * Space.L + Space.M
        bar = Size.STEP_BAR_LOW if theme.low else Size.STEP_BAR
        height = theme.scaled(bar if self._tab else Size.NAV)
        return QSize(width, height)

    @override
    def minimumSizeHint(self) -> QSize:
        """A tab gives up its icon before a word is cut."""
        hint = self.sizeHint()
        if not self._tab:
            return hint
        words = QFontMetrics(self._look.theme.font(Type.LABEL_STRONG))
        return QSize(words.horizontalAdvance(self.text()) + Space.S, hint.height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._tab:
            self._paint_tab(painter)
        else:
            self._paint_rail(painter)
        painter.end()

    def _paint_rail(self, painter: QPainter) -> None:
        theme = self._look.theme
        rect = QRectF(self.rect())
        here = self.isChecked()
        if here or self.underMouse():
            draw_box(painter, rect, Radius.BUTTON, theme.color("railhi"))
        if here:
            thread = QRectF(0, Space.M, Size.THREAD, self.height() - 2 * Space.M)
            draw_box(painter, thread, Size.THREAD / 2, theme.color("railaccent"))
        if self.hasFocus():
            draw_focus(painter, rect, Radius.BUTTON, theme, "rail")
        ink = "onrail" if here else "onrail2"
        icon = theme.scaled(Size.ICON)
        pixmap = theme.pixmap(SECTION_ICONS[self._section], ink, icon, self.devicePixelRatioF())
        painter.drawPixmap(Space.XL, (self.height() - icon) // 2, pixmap)
        painter.setFont(theme.font(Type.STEP_HERE if here else Type.STEP))
        painter.setPen(theme.color(ink))
        left = Space.XL + icon + Space.L
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(left, 0, self.width() - left, self.height()), flags, self.text())
        cap = theme.scaled(Size.KEY_CAP)
        width = key_cap_width(theme, self._key)
        where = QRect(self.width() - width - Space.M, (self.height() - cap) // 2, width, cap)
        draw_key_cap(painter, where, self._key, theme, theme.color("onrail2"))

    def _paint_tab(self, painter: QPainter) -> None:
        theme = self._look.theme
        here = self.isChecked()
        rect = QRectF(self.rect())
        line = QRectF(0, Space.S, self.width(), Size.STEP_LINE)
        draw_box(painter, line, Size.STEP_LINE / 2, theme.color("accent" if here else "line"))
        if self.hasFocus():
            draw_focus(painter, rect, Radius.BUTTON, theme, "surface")
        font = theme.font(Type.LABEL_STRONG if here else Type.LABEL)
        painter.setFont(font)
        icon = theme.scaled(Size.ICON)
        words = QFontMetrics(font).horizontalAdvance(self.text())
        bare = self.width() < words + icon + Space.S
        left = round((self.width() - words) / 2) - icon - Space.S
        left = left if bare else round((self.width() - icon - Space.S - words) / 2)
        top = Space.S + Size.STEP_LINE
        ink = "ink" if here else "ink2"
        pixmap = theme.pixmap(SECTION_ICONS[self._section], ink, icon, self.devicePixelRatioF())
        if not bare:
            painter.drawPixmap(left, top + (self.height() - top - icon) // 2, pixmap)
        painter.setPen(theme.color(ink))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        where = QRect(left + icon + Space.S, top, words + Space.XS, self.height() - top)
        painter.drawText(where, flags, self.text())

    def _restyle(self) -> None:
        self.setText(self._look.language.tr(f"common.section.{self._section.value}"))
        self.setMinimumHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()


def _arrange(
    layout: QLayout | None, buttons: list[NavButton], sections: tuple[Section, ...]
) -> None:
    """Put the buttons of ``sections`` in order, each with its key; the others are hidden."""
    if not isinstance(layout, QBoxLayout):
        return
    by_section = {button.section: button for button in buttons}
    for button in buttons:
        button.set_number(0)
    for number, section in enumerate(sections):
        button = by_section[section]
        stretch = layout.stretch(layout.indexOf(button))
        layout.removeWidget(button)
        layout.insertWidget(number, button, stretch)
        button.set_number(number + 1)
    for button in buttons:
        layout.setStretchFactor(button, layout.stretch(0) if button.section in sections else 0)


class Rail(QWidget):
    """Mark, navigation or steps, the office, and help.

    Signals:
        section_chosen(str): value of a :class:`Section`.
        help_requested(): the help button or F1.
    """

    section_chosen = Signal(str)
    help_requested = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._nav = QWidget()
        self._buttons: list[NavButton] = []
        self.steps = StepRail(look)
        self._office = Label(look, "", Type.LABEL_STRONG, "onrail", wrap=True)
        self._desk = Label(look, "", Type.STEP_HINT, "onrail2", wrap=True)
        self._help = Button(look, "", kind=ButtonKind.RAIL, icon="help-circle", key="F1")
        self._help.setObjectName("rail-help")
        self._help.set_height(Size.TARGET_BAR)
        self._help.clicked.connect(self.help_requested)
        self._build()
        look.theme.changed.connect(self._restyle)
        look.language.changed.connect(self.retranslate)
        self.retranslate()
        self._restyle()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.XXL, Space.XXL, Space.XXL, Space.XXL)
        column.setSpacing(Space.S)
        head = QHBoxLayout()
        head.setContentsMargins(Space.S, Space.NONE, Space.NONE, Space.NONE)
        head.addWidget(Wordmark(self._look))
        column.addLayout(head)
        column.addSpacing(Space.GUTTER)
        nav = QVBoxLayout(self._nav)
        nav.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        nav.setSpacing(Space.S)
        for section in Section:
            button = NavButton(self._look, section)
            button.clicked.connect(partial(self._choose, section))
            self._buttons.append(button)
            nav.addWidget(button)
        self.set_sections(USUAL_SECTIONS)
        column.addWidget(self._nav)
        column.addWidget(self.steps)
        column.addStretch(1)
        foot = QVBoxLayout()
        foot.setContentsMargins(Space.XS, Space.NONE, Space.XS, Space.S)
        foot.setSpacing(Space.HAIR)
        foot.addWidget(self._office)
        foot.addWidget(self._desk)
        column.addLayout(foot)
        column.addWidget(self._help)

    def set_sections(self, sections: tuple[Section, ...]) -> None:
        """The places that this device has, in order."""
        _arrange(self._nav.layout(), self._buttons, sections)

    def show_navigation(self, current: Section) -> None:
        """The places to go to, ``current`` marked."""
        self.steps.hide()
        self._nav.show()
        for button in self._buttons:
            button.setChecked(button.section is current)

    def show_steps(self, items: tuple[StepItem, ...], current: int) -> None:
        """The steps of a case in place of the navigation."""
        self._nav.hide()
        self.steps.show()
        self.steps.show_steps(items, current)

    def show_bare(self) -> None:
        """Neither: nobody is signed in."""
        self._nav.hide()
        self.steps.hide()

    def set_office(self, office: str, desk: str) -> None:
        """Two lines at the foot: the office or the case, and a detail."""
        self._office.setText(office)
        self._desk.setText(desk)

    def retranslate(self) -> None:
        """Write the fixed words again."""
        self._help.setText(self._look.language.tr("common.help"))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.color("rail"))
        painter.end()

    def _choose(self, section: Section, _checked: bool = False) -> None:
        self.show_navigation(section)
        self.section_chosen.emit(section.value)

    def _restyle(self) -> None:
        self.setFixedWidth(self._look.theme.scaled(Size.RAIL_WIDTH))
        self.update()


class TopRail(QWidget):
    """The tablet's form: tabs, or the steps of a case, above the page.

    Signals:
        section_chosen(str): value of a :class:`Section`.
    """

    section_chosen = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.steps = StepBar(look)
        self._tabs = QWidget()
        row = QHBoxLayout(self._tabs)
        row.setContentsMargins(Space.XXL, Space.NONE, Space.XXL, Space.NONE)
        row.setSpacing(Space.M)
        self._buttons: list[NavButton] = []
        for section in Section:
            button = NavButton(look, section, tab=True)
            button.clicked.connect(partial(self._choose, section))
            self._buttons.append(button)
            row.addWidget(button, 1)
        self.set_sections(USUAL_SECTIONS)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.addWidget(self._tabs)
        column.addWidget(self.steps)
        look.theme.changed.connect(self.update)

    def set_sections(self, sections: tuple[Section, ...]) -> None:
        """As in :meth:`Rail.set_sections`."""
        _arrange(self._tabs.layout(), self._buttons, sections)

    def show_navigation(self, current: Section) -> None:
        """As in :meth:`Rail.show_navigation`."""
        self.steps.hide()
        self._tabs.show()
        for button in self._buttons:
            button.setChecked(button.section is current)

    def show_steps(self, items: tuple[StepItem, ...], current: int) -> None:
        """As in :meth:`Rail.show_steps`; once all are done the page needs the room more."""
        self._tabs.hide()
        self.steps.setVisible(current < len(items))
        self.steps.show_steps(items, current)

    def show_bare(self) -> None:
        """As in :meth:`Rail.show_bare`."""
        self._tabs.hide()
        self.steps.hide()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.color("surface"))
        painter.end()

    def _choose(self, section: Section, _checked: bool = False) -> None:
        self.show_navigation(section)
        self.section_chosen.emit(section.value)
