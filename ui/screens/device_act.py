"""One act with the device: what will happen, what it needs, how far it is, how it ended.

Rules, in order: what happens to records that wait is said first; nothing is sent before the last
four characters of this very device were typed, where the act destroys something; what stopped an
act is said with its code.
"""

from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.screens.page import Page
from ui.theme import Size, Space, Tone, Type
from ui.viewmodels.device import CLOSING, DESTROYING, Act
from ui.widgets.action_bar import ActionBar
from ui.widgets.announce import announce
from ui.widgets.banner import Banner
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.halves import Halves
from ui.widgets.label import IconLabel, Label
from ui.widgets.line_edit import LineEdit
from ui.widgets.look import Look

CONFIRM_CHARS = 4
_SENTENCES = 3
_FIELDS = ("code", "badge", "name")
_CODE_CHARS = 1200
"""A code in lines of a letter holds white space, too."""


@dataclass(frozen=True, slots=True)
class ActFacts:
    """What the form says.

    Attributes:
        device: id of this device.
        waiting: records that have not arrived.
        stuck: records that a person must look at.
        cases: open cases.
        awaited: badges of agents whose keys hang on the device secret of before.
    """

    act: Act
    device: str
    waiting: int = 0
    stuck: int = 0
    cases: int = 0
    awaited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """An act under way, or its end, in words.

    Attributes:
        text: what happens, or what became of it.
        detail: one more sentence.
        running: it is under way; ``can_stop`` and ``stopping`` matter only then.
    """

    text: str
    detail: str = ""
    tone: Tone = Tone.INFO
    running: bool = False
    can_stop: bool = False
    stopping: bool = False


class DeviceActScreen(Page):
    """A form first, then the course of the act in its place.

    Signals:
        ordered(): the form is complete; see ``code``, ``badge`` and ``name``.
        stopped(): stop the act.
        returned(): back to the device.
    """

    ordered = Signal()
    stopped = Signal()
    returned = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("device-act")
        self._facts = ActFacts(Act.KEYS, "")
        self._course: CourseFacts | None = None
        self._said = Banner(look)
        self._explain = Card(look, " ")
        self._sentences = [Label(look, "", Type.BODY, wrap=True) for _ in range(_SENTENCES)]
        self._form = Card(look, " ")
        self._form.setObjectName("act-form")
        self._labels = {name: Label(look, "", Type.LABEL_STRONG, "ink2") for name in _FIELDS}
        self._fields = {name: LineEdit(look) for name in _FIELDS}
        self._ask = Label(look, "", Type.LABEL_STRONG, "ink2", wrap=True)
        self._typed = LineEdit(look)
        self._typed.setObjectName("act-confirm")
        self._error = Label(look, "", Type.STRONG, "bad", wrap=True)
        self._error.setObjectName("act-error")
        self._boxes: dict[str, QVBoxLayout] = {}
        self._going = Card(look, " ")
        self._what = Banner(look)
        self._detail = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._detail.setObjectName("act-detail")
        self._stop = Button(look, "", kind=ButtonKind.DANGER, icon="x")
        self._stop.setObjectName("act-stop")
        self.back = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left", key="Esc")
        self.back.setObjectName("back")
        self.primary = Button(look, "", kind=ButtonKind.PRIMARY, key="Return")
        self.primary.setObjectName("primary")
        self.bar = ActionBar(look, back=self.back, primary=self.primary)
        self._halves = Halves(self._explain, self._form, least=Size.SIDE_PANEL)
        self._build()
        self._bind()
        self.retranslate()

    def _build(self) -> None:
        for label in self._sentences:
            line = QHBoxLayout()
            line.setSpacing(Space.S)
            icon = IconLabel(self.look, "info-circle", "primary", Size.ICON)
            line.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(label, 1)
            self._explain.body.addLayout(line)
        self._explain.body.addStretch(1)
        for name in _FIELDS:
            field = self._fields[name]
            field.setObjectName(f"act-{name}")
            field.setMaxLength(_CODE_CHARS if name == "code" else Size.TARGET_MIN)
            self._boxes[name] = self._add(self._labels[name], field)
        self._typed.setMaxLength(CONFIRM_CHARS)
        self._boxes["confirm"] = self._add(self._ask, self._typed)
        self._boxes["code"].insertWidget(1, self._error)
        self._form.body.addStretch(1)
        self._going.body.addWidget(self._what)
        self._going.body.addWidget(self._detail)
        self._going.body.addWidget(self._stop, 0, Qt.AlignmentFlag.AlignLeft)
        self._going.body.addStretch(1)
        self.body.addWidget(self._said)
        self.body.addWidget(self._halves)
        self.body.addWidget(self._going)
        self.body.addStretch(1)

    def _add(self, label: QWidget, field: QWidget) -> QVBoxLayout:
        box = QVBoxLayout()
        box.setSpacing(Space.XS)
        box.addWidget(label)
        box.addWidget(field)
        self._form.body.addLayout(box)
        return box

    def _bind(self) -> None:
        self.primary.clicked.connect(self._press)
        self.back.clicked.connect(self.returned)
        self._stop.clicked.connect(self.stopped)

    @property
    def act(self) -> Act:
        """Which one."""
        return self._facts.act

    @property
    def tells_course(self) -> bool:
        """Whether the act is under way or over, and no form any more."""
        return self._course is not None

    @property
    def asks_code(self) -> bool:
        """Whether the form waits for an enrolment code."""
        return self.act is Act.TRANSFER and self._course is None

    def take_code(self, code: str) -> None:
        """A scanner read the enrolment code."""
        self.show_error("")
        self._fields["code"].setText(code.strip())
        self._fields["code"].setCursorPosition(0)
        self._fields["badge"].setFocus()

    @property
    def code(self) -> str:
        """The enrolment code as it was typed or pasted."""
        return self._fields["code"].text().strip()

    @property
    def badge(self) -> str:
        """Badge of the first manager there."""
        return self._fields["badge"].text().strip()

    @property
    def name(self) -> str:
        """Short name of that manager; the badge where none was typed."""
        return self._fields["name"].text().strip() or self.badge

    def begin(self, facts: ActFacts) -> None:
        """The form of an act, nothing typed."""
        self._facts, self._course = facts, None
        self.clear()
        self.retranslate()

    def update_facts(self, facts: ActFacts) -> None:
        """Other numbers; what was typed stays."""
        self._facts = facts
        self.retranslate()

    def clear(self) -> None:
        """Nothing typed, nothing said."""
        for field in (*self._fields.values(), self._typed):
            field.clear()
        self.show_error("")

    def take_focus(self) -> None:
        """To the first thing to type, or to the page."""
        first: QWidget = self
        if self._course is None and self.act in DESTROYING:
            first = self._fields["code"] if self.act is Act.TRANSFER else self._typed
        first.setFocus()

    def show_error(self, text: str, name: str = "code") -> None:
        """Why the form is not taken, over its field; ``""`` for nothing.

        Args:
            text: what is wrong.
            name: ``code``, ``badge`` or ``confirm``.
        """
        self.primary.set_busy(False)
        self._error.setText(text)
        if not text:
            self._error.hide()
            return
        self._boxes[name].insertWidget(1, self._error)
        self._error.show()
        announce(self, text, assertive=True)
        # Once the sentence has its room: the field, and what is wrong with it, stay in sight.
        field = self._typed if name == "confirm" else self._fields[name]
        field.clearFocus()
        QTimer.singleShot(0, field, field.setFocus)

    def show_wrong_badge(self) -> None:
        """The badge of the first manager is none."""
        self.show_error(self.look.language.tr("device.act.transfer.badge_missing"), "badge")

    def show_course(self, course: CourseFacts) -> None:
        """The act is under way, or over."""
        ended = self._course is None or (self._course.running and not course.running)
        self._course = course
        self.primary.set_busy(False)
        self.retranslate()
        if ended:
            self.setFocus()

    def _press(self) -> None:
        if self._course is not None:
            self.returned.emit()
            return
        key, name = self._missing()
        self.show_error(self.look.language.tr(key) if key else "", name)
        if not key:
            self.primary.set_busy(True)
            self.ordered.emit()

    def _missing(self) -> tuple[str, str]:
        """Key of what is wrong with the form, and the name of its field; empty for nothing."""
        if self.act not in DESTROYING:
            return "", ""
        if self.act is Act.TRANSFER and not self.code:
            return "device.act.transfer.code_missing", "code"
        if self.act is Act.TRANSFER and not self.badge:
            return "device.act.transfer.badge_missing", "badge"
        if self._typed.text().strip().upper() != self._last:
            return "device.confirm_wrong", "confirm"
        return "", ""

    @property
    def _last(self) -> str:
        return self._facts.device[-CONFIRM_CHARS:].upper()

    @override
    def retranslate(self) -> None:
        tr, act = self.look.language.tr, self._facts.act
        key = f"device.act.{act.value}"
        self.title.setText(tr(f"{key}.title"))
        self.hint.setText(tr("device.hint", device=self._facts.device))
        course = self._course
        self._halves.setVisible(course is None)
        self._going.setVisible(course is not None)
        self._write_form(key)
        self.back.setText(tr("common.back"))
        if course is None:
            self.primary.setText(tr(f"{key}.primary"))
        else:
            self._write_course(course)
            self.primary.setText(tr("device.act.finish"))
        self.back.setVisible(course is None)
        self.primary.setVisible(course is None or not course.running)
        for button in (self.back, self.primary, self._stop):
            button.updateGeometry()

    def _write_form(self, key: str) -> None:
        tr, facts = self.look.language.tr, self._facts
        destroying = facts.act in DESTROYING
        self._explain.set_title(tr("device.act.explain"))
        for number, label in enumerate(self._sentences, start=1):
            label.setText(tr(f"{key}.explain_{number}"))
        self._form.set_title(tr("device.act.form"))
        for name in _FIELDS:
            text = tr(f"device.act.transfer.{name}")
            self._labels[name].setText(text)
            self._fields[name].setAccessibleName(text)
            for widget in (self._labels[name], self._fields[name]):
                widget.setVisible(facts.act is Act.TRANSFER)
        ask = tr("device.confirm", code=self._last)
        self._ask.setText(ask)
        self._typed.setAccessibleName(ask)
        self._form.setVisible(destroying)
        blocked = facts.act in CLOSING and facts.cases > 0
        self.primary.setEnabled(not blocked or self._course is not None)
        words, tone = self._warning()
        if words and destroying and self._course is None:
            if (words, self._said.isHidden()) != (self._said.text, False):
                self._said.show_message(words, tone, ms=0)
        else:
            self._said.hide()

    def _warning(self) -> tuple[str, Tone]:
        """What stands in the way, what happens to the records that wait, or to agents."""
        tr, facts = self.look.language.tr, self._facts
        if facts.act is Act.SECRET_END:
            names = ", ".join(facts.awaited)
            return tr("device.act.secret_end.awaited", names=names) if names else "", Tone.WARN
        if facts.cases:
            cases = tr("device.open", n=facts.cases)
            return tr("device.act.open_cases", cases=cases), Tone.BAD
        if facts.stuck:
            return tr("device.act.stuck"), Tone.BAD
        if facts.waiting:
            return tr("device.act.waiting", n=facts.waiting), Tone.WARN
        return tr("device.act.none_waiting"), Tone.OK

    def _write_course(self, course: CourseFacts) -> None:
        tr = self.look.language.tr
        self._going.set_title(tr("device.act.course"))
        if (course.text, self._what.isHidden()) != (self._what.text, False):
            self._what.show_message(course.text, course.tone, ms=0)
        self._detail.setText(course.detail)
        self._detail.setVisible(bool(course.detail))
        self._stop.setText(tr("device.act.stopping" if course.stopping else "device.act.stop"))
        self._stop.setEnabled(not course.stopping)
        self._stop.setVisible(course.running and course.can_stop)
