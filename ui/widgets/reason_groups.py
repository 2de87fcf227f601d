"""Reasons in groups that open and close: what is suggested first, the rest out of the way.

Rules, in order: a group that holds a chosen reason is open; closing a group never hides a choice;
the order of what is chosen is that of the closed list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.theme import Space
from ui.widgets.button import Button, ButtonKind
from ui.widgets.choices import Choice, ChoiceButton, ChoiceGroup
from ui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """A group of reasons.

    Attributes:
        name: of the group, for its widgets.
        title: what it is about.
        choices: its reasons; a group without any is not shown.
        fixed: stays open, and shows no button.
    """

    name: str
    title: str
    choices: tuple[Choice, ...]
    fixed: bool = False


class ReasonGroups(QWidget):
    """Groups of ticks.

    Signals:
        changed(tuple): values chosen, in the order of ``order``.
    """

    changed = Signal(tuple)

    def __init__(self, look: Look, names: Sequence[str], order: Sequence[str]) -> None:
        """Names: every group that may be shown; order: of the values that are told."""
        super().__init__()
        self._order = tuple(order)
        self._heads: dict[str, Button] = {}
        self._groups: dict[str, ChoiceGroup] = {}
        self._titles: dict[str, str] = {}
        self._fixed: frozenset[str] = frozenset()
        self._open: set[str] = set()
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.S)
        for name in names:
            head = Button(look, "", kind=ButtonKind.QUIET, icon="plus")
            head.setObjectName(f"reasons-{name}")
            head.clicked.connect(partial(self._toggle, name))
            group = ChoiceGroup(look, multiple=True, columns=2, keys=False)
            group.changed.connect(self._tell)
            self._heads[name], self._groups[name] = head, group
            column.addWidget(head, 0, Qt.AlignmentFlag.AlignLeft)
            column.addWidget(group)

    @property
    def selected(self) -> tuple[str, ...]:
        """Values chosen, in order."""
        chosen = {value for group in self._groups.values() for value in group.selected}
        return tuple(value for value in self._order if value in chosen)

    def show_groups(self, groups: Sequence[ReasonGroup]) -> None:
        """Show these groups; what was chosen stays chosen where it is still offered."""
        kept = self.selected
        given = {group.name: group for group in groups}
        self._fixed = frozenset(group.name for group in groups if group.fixed)
        self._titles = {group.name: group.title for group in groups}
        for name, widget in self._groups.items():
            group = given.get(name)
            widget.show_choices(group.choices if group else ())
        self.select(*kept)

    def select(self, *values: str) -> None:
        """Choose these and no others, without a signal."""
        for group in self._groups.values():
            group.select(*values)
        self._write()

    def button(self, value: str) -> ChoiceButton:
        """The widget of a value. Raises KeyError."""
        for group in self._groups.values():
            try:
                return group.button(value)
            except KeyError:
                continue
        raise KeyError(value)

    def close_all(self) -> None:
        """Another case: nothing stays open."""
        self._open = set()

    def _toggle(self, name: str) -> None:
        self._open ^= {name}
        self._write()

    def _tell(self, _values: tuple[str, ...]) -> None:
        self._write()
        self.changed.emit(self.selected)

    def _write(self) -> None:
        for name, group in self._groups.items():
            head = self._heads[name]
            shown = name in self._titles and group.count > 0
            chosen = bool(group.selected)
            opened = name in self._open or name in self._fixed or chosen
            head.setVisible(shown and name not in self._fixed)
            head.setEnabled(not chosen)
            head.setText(self._titles.get(name, ""))
            head.set_icon("minus" if opened else "plus")
            group.setVisible(shown and opened)
