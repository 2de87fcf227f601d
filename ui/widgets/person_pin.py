"""A person and their PIN: who else stands at the desk, and the proof of it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.theme import Space
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.empty import EmptyState
from ui.widgets.look import Look
from ui.widgets.pin_pad import PinPad


class PersonPin(QWidget):
    """People on the left, the code on the right.

    Signals:
        given(str, str): agent id and what was typed.
    """

    given = Signal(str, str)

    def __init__(self, look: Look, submit: str, above: QWidget | None = None) -> None:
        """What is shown.

        Args:
            look: theme and language.
            submit: text of the button under the code, by key.
            above: stands above the people, or None.
        """
        super().__init__()
        self._look = look
        self._names: dict[str, str] = {}
        self._typed_for = ""
        self._who = Card(look, " ")
        self._code = Card(look, " ")
        self._people = ChoiceGroup(look, keys=False, columns=2)
        self._people.setObjectName("people")
        self._empty = EmptyState(look, "users", "")
        self.pad = PinPad(look, submit=submit, close=True)
        self._who.body.addWidget(self._people)
        self._who.body.addWidget(self._empty, 1)
        self._who.body.addStretch(1)
        self._code.body.addWidget(self.pad)
        self._code.body.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        row.setSpacing(Space.XXL)
        left = QVBoxLayout()
        left.setSpacing(Space.M)
        if above is not None:
            left.addWidget(above)
        left.addWidget(self._who, 1)
        row.addLayout(left, 3)
        row.addWidget(self._code, 2)
        self._people.changed.connect(self._chosen)
        self.pad.entered.connect(self._entered)
        self.setFocusProxy(self.pad)

    @property
    def selected(self) -> str:
        """The person chosen, or ``""``."""
        chosen = self._people.selected
        return chosen[0] if chosen else ""

    def show_people(self, people: tuple[Choice, ...], who: str, nobody: tuple[str, str]) -> None:
        """Offer these; the only one is chosen already.

        Args:
            people: ``value`` is the agent id.
            who: the question above them.
            nobody: title and hint where there is none.
        """
        self._names = {choice.value: choice.label for choice in people}
        before = self.selected
        self._who.set_title(who)
        self._people.show_choices(people)
        self._people.setVisible(bool(people))
        self._empty.setVisible(not people)
        self._empty.show_text(*nobody)
        keep = before if before in self._names else ""
        only = people[0].value if len(people) == 1 else keep
        self._people.select(*((only,) if only else ()))
        self._typed_for = self.selected
        self._write_title()

    def set_asking(self, asking: bool) -> None:
        """Whether people and code are there at all; else only what stands above them."""
        self._who.setVisible(asking)
        self._code.setVisible(asking)

    def show_error(self, text: str) -> None:
        """Say what was wrong; the code is typed again."""
        self.pad.show_error(text)

    def ask_first(self, text: str) -> None:
        """Say what is chosen before the code counts; what was typed stays."""
        self.pad.ask_first(text)

    def reset(self) -> None:
        """Forget code and sentence."""
        self.pad.set_locked(False)
        self.pad.show_error("")

    def _chosen(self, _values: tuple[str, ...]) -> None:
        """The code of one person is none of another's; what was typed before a name is kept."""
        before, self._typed_for = self._typed_for, self.selected
        self._write_title()
        if before:
            self.pad.show_error("")
        else:
            self.pad.ask_first("")
            self.pad.setFocus()

    def _write_title(self) -> None:
        tr = self._look.language.tr
        name = self._names.get(self.selected)
        self._code.set_title(tr("sign_in.code_for", name=name) if name else tr("sign_in.pin"))

    def _entered(self, pin: str) -> None:
        if self.selected:
            self.given.emit(self.selected, pin)
        else:
            self.pad.ask_first(self._look.language.tr("sign_in.choose_first"))
