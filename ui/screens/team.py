"""The team of a device: a manager makes codes, lifts lock-outs, ends the shift of who left."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.domain.agent import Role
from ui.screens.page import Page
from ui.theme import Space, Tone, Type
from ui.widgets.announce import announce
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.label import Label
from ui.widgets.line_edit import LineEdit
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class MemberItem:
    """One agent; role is a value of :class:`~kiosk.domain.agent.Role`.

    Attributes:
        state: ``locked``, ``at_work``, ``awaited`` or ``away``.
        own: the manager who looks at the page.
    """

    agent_id: str
    name: str
    role: str
    state: str
    own: bool = False


_TONES = {
    "locked": ("lock", Tone.BAD),
    "at_work": ("user-check", Tone.OK),
    "awaited": ("key", Tone.WARN),
    "away": ("user", Tone.NEUTRAL),
}


class TeamScreen(Page):
    """The agents on the left; on the right what can be done for the one chosen, or a new one.

    Signals:
        invited(str, str, str): badge, short name and role of the agent a code is wanted for.
        unlock_requested(str), end_requested(str): agent id.
        returned(): back to the settings.
    """

    invited = Signal(str, str, str)
    unlock_requested = Signal(str)
    end_requested = Signal(str)
    returned = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("team")
        self._members: tuple[MemberItem, ...] = ()
        self._chosen: MemberItem | None = None
        self.back = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left", key="Esc")
        self.back.setObjectName("back")
        self.add = Button(look, "", icon="plus")
        self.add.setObjectName("add-agent")
        self._list_card = Card(look, " ")
        self._list = RowList(look, clickable=True)
        self._form = Card(look, " ")
        self._labels = [Label(look, "", Type.LABEL_STRONG, "ink2") for _ in range(2)]
        self.badge = LineEdit(look)
        self.badge.setObjectName("badge")
        self.badge.setMaxLength(40)
        self.name = LineEdit(look)
        self.name.setObjectName("short-name")
        self.name.setMaxLength(40)
        self.roles = ChoiceGroup(look, keys=False)
        self.make = Button(look, "", kind=ButtonKind.PRIMARY, icon="key")
        self.make.setObjectName("make-code")
        self._member = Card(look, " ")
        self._about = Label(look, "", Type.BODY, "ink2", wrap=True)
        self.renew = Button(look, "", icon="key")
        self.renew.setObjectName("renew-code")
        self.unlock = Button(look, "", icon="lock-open")
        self.unlock.setObjectName("unlock-agent")
        self.end = Button(look, "", icon="logout")
        self.end.setObjectName("end-agent")
        self._code_card = Card(look, " ")
        self.code = Label(look, "", Type.FIGURE, "primary")
        self.code.setObjectName("one-time-code")
        self._code_hint = Label(look, "", Type.BODY, wrap=True)
        self._problem = Label(look, "", Type.STRONG, "bad", wrap=True)
        self._problem.setObjectName("team-problem")
        self._build()
        self._bind()
        self._show_right()
        self.retranslate()

    def _build(self) -> None:
        self.corner.addWidget(self.add, 0, Qt.AlignmentFlag.AlignTop)
        self.corner.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        self._list_card.body.addWidget(self._list)
        self._list_card.body.addStretch(1)
        for label, field in zip(self._labels, (self.badge, self.name), strict=True):
            box = QVBoxLayout()
            box.setSpacing(Space.XS)
            box.addWidget(label)
            box.addWidget(field)
            self._form.body.addLayout(box)
        self._form.body.addWidget(self.roles)
        self._form.body.addWidget(self.make)
        self._member.body.addWidget(self._about)
        for button in (self.renew, self.unlock, self.end):
            self._member.body.addWidget(button)
        self._code_card.body.addWidget(self.code)
        self._code_card.body.addWidget(self._code_hint)
        right = QVBoxLayout()
        right.setSpacing(Space.M)
        right.addWidget(self._problem)
        for card in (self._code_card, self._member, self._form):
            right.addWidget(card)
        right.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(Space.XXL)
        row.addWidget(self._list_card, 3)
        row.addLayout(right, 3)
        self.body.addLayout(row, 1)

    def _bind(self) -> None:
        self.back.clicked.connect(self.returned)
        self.add.clicked.connect(self.begin_new)
        self._list.chosen.connect(self._choose)
        self.make.clicked.connect(self._invite_new)
        self.renew.clicked.connect(self._invite_again)
        self.unlock.clicked.connect(self._unlock)
        self.end.clicked.connect(self._end)

    def show_members(self, members: tuple[MemberItem, ...]) -> None:
        """Show the team; who was chosen stays chosen."""
        self._members = members
        chosen = self._chosen
        if chosen is not None:
            same = [one for one in members if one.agent_id == chosen.agent_id]
            self._chosen = same[0] if same else None
        self.retranslate()
        self._show_right()

    def begin_new(self) -> None:
        """The form for a new agent."""
        self._chosen = None
        self.code.setText("")
        self.show_problem("")
        self.badge.clear()
        self.name.clear()
        self.roles.select(Role.AGENT.value)
        self._show_right()
        self.badge.setFocus()

    def show_code(self, code: str, name: str, hours: int) -> None:
        """The code, once: the page that comes next forgets it."""
        tr = self.look.language.tr
        self.show_problem("")
        self.code.setText(code)
        self._code_card.set_title(tr("team.code.title", name=name))
        self._code_hint.setText(tr("team.code.hint", n=hours))
        self._show_right()
        announce(self, " ".join(code), assertive=True)

    def show_problem(self, text: str) -> None:
        """Why something was not done; ``""`` for nothing."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))
        if text:
            announce(self, text, assertive=True)

    def forget(self) -> None:
        """Nobody looks any more: no code stays."""
        self.begin_new()
        self._members = ()
        self._list.show_items(())

    def _show_right(self) -> None:
        has_code = bool(self.code.text())
        self._code_card.setVisible(has_code)
        self._member.setVisible(self._chosen is not None and not has_code)
        self._form.setVisible(self._chosen is None and not has_code)
        self._problem.setVisible(bool(self._problem.text()))
        chosen = self._chosen
        if chosen is not None:
            self.renew.setVisible(not chosen.own)
            self.unlock.setVisible(chosen.state == "locked")
            self.end.setVisible(chosen.state == "at_work" and not chosen.own)

    def _choose(self, agent_id: str) -> None:
        self._chosen = next((m for m in self._members if m.agent_id == agent_id), None)
        self.code.setText("")
        self.show_problem("")
        self.retranslate()
        self._show_right()

    def _invite_new(self) -> None:
        badge, name = self.badge.text().strip(), self.name.text().strip()
        if not badge or not name:
            self.show_problem(self.look.language.tr("team.form.missing"))
            field: QWidget = self.name if badge else self.badge
            field.setFocus()
            return
        if any(member.agent_id == badge for member in self._members):
            self.show_problem(self.look.language.tr("team.form.known"))
            return
        self.invited.emit(badge, name, self.roles.selected[0])

    def _invite_again(self) -> None:
        if self._chosen is not None:
            self.invited.emit(self._chosen.agent_id, self._chosen.name, self._chosen.role)

    def _unlock(self) -> None:
        if self._chosen is not None:
            self.unlock_requested.emit(self._chosen.agent_id)

    def _end(self) -> None:
        if self._chosen is not None:
            self.end_requested.emit(self._chosen.agent_id)

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        self.title.setText(tr("team.title"))
        self.hint.setText(tr("team.hint"))
        self.back.setText(tr("common.back"))
        self.add.setText(tr("team.add"))
        self._list_card.set_title(tr("team.list"))
        self._list.show_items(tuple(self._row(member) for member in self._members))
        self._form.set_title(tr("team.form.title"))
        for label, field, key in zip(
            self._labels, (self.badge, self.name), ("badge", "name"), strict=True
        ):
            label.setText(tr(f"team.form.{key}"))
            field.setAccessibleName(tr(f"team.form.{key}"))
        chosen_role = self.roles.selected or (Role.AGENT.value,)
        self.roles.show_choices(
            tuple(
                Choice(role.value, tr(f"common.role.{role.value}"), tr(f"team.may.{role.value}"))
                for role in Role
            )
        )
        self.roles.select(*chosen_role)
        self.make.setText(tr("team.form.make"))
        self.renew.setText(tr("team.renew"))
        self.unlock.setText(tr("team.unlock"))
        self.end.setText(tr("team.end"))
        if self._chosen is not None:
            self._member.set_title(self._chosen.name)
            self._about.setText(tr(f"team.about.{self._chosen.state}"))
        for button in (self.back, self.add, self.make, self.renew, self.unlock, self.end):
            button.updateGeometry()

    def _row(self, member: MemberItem) -> RowItem:
        tr = self.look.language.tr
        icon, tone = _TONES[member.state]
        role = tr(f"common.role.{member.role}")
        detail = f"{role}, {member.agent_id}"
        return RowItem(
            member.agent_id, member.name, detail, icon, tone, tr(f"team.state.{member.state}")
        )
