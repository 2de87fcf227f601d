"""The printed dates that no zone tells: offered as read, typed or confirmed by the agent.

Rules, in order: a line is there where the kind of document asks for its date; what was read for
sure is written in; a text that is no date is said, never dropped in silence; another document takes
every date of the former one away.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from kiosk.domain.evidence import IdentityDocument
from kiosk.journeys.facts import printed_days
from kiosk.journeys.model import CaseState
from ui.steps.entries import DateEntry
from ui.widgets.look import Look

if TYPE_CHECKING:
    from kiosk.ports import Picture

NAMES = ("expiry_date", "issue_date")


class DateLines:
    """The lines of the expiry date and of the issue date."""

    def __init__(self, look: Look) -> None:
        """Two entries, for the card to lay out."""
        self.expiry = DateEntry(look)
        self.expiry.edit.setObjectName("expiry-entry")
        self.issue = DateEntry(look)
        self.issue.edit.setObjectName("issue-entry")

    def entry(self, name: str) -> DateEntry:
        """The line of ``expiry_date`` or ``issue_date``."""
        return self.expiry if name == "expiry_date" else self.issue

    @property
    def visible(self) -> tuple[str, ...]:
        """Names of the lines that are there."""
        return tuple(name for name in NAMES if not self.entry(name).isHidden())

    def show_lines(
        self,
        state: CaseState,
        wanted: tuple[str, ...],
        *,
        asked: bool,
        label: Callable[[str], str],
    ) -> None:
        """Show the lines that the document asks for.

        Args:
            state: of the case.
            wanted: names of dates that its kind has in print only.
            asked: Enter confirms them now.
            label: words above the line of a name.
        """
        document = state.document
        for name in NAMES:
            entry = self.entry(name)
            optional = name == "issue_date" and document is not None and document.layout == "FR-ID"
            known = getattr(document, name, None)
            open_ = name in state.typed_fields or (known is None and (name in wanted or optional))
            entry.setVisible(document is not None and open_)
            entry.set_asked(asked)
            entry.retranslate(label(name))

    def offer(self, state: CaseState, strips: "Mapping[str, Picture]") -> None:
        """Lay the printed lines beside the dates to type, and write in what was read for sure."""
        for name in NAMES:
            entry = self.entry(name)
            entry.show_strip(strips.get(name))
            days = printed_days(state, name)
            known = getattr(state.document, name, None)
            sure = date.fromisoformat(next(iter(days))) if len(days) == 1 else None
            entry.offer(sure, known if name in state.typed_fields else None)

    def open_in(self, document: IdentityDocument, focused: QWidget | None) -> str:
        """Name of the date that Enter confirms, the one in focus first; ``""`` for none."""
        names = [
            name
            for name in self.visible
            if (day := self.entry(name).day) is not None and day != getattr(document, name)
        ]
        first = [name for name in names if self.entry(name).edit is focused]
        return next(iter(first or names), "")

    def say_wrong(self) -> bool:
        """Whether a text is no date; its line says so and has the focus."""
        for name in self.visible:
            entry = self.entry(name)
            if entry.judge() is None and entry.edit.text().strip():
                entry.setFocus()
                return True
        return False

    @property
    def lacks_expiry(self) -> bool:
        """Whether the expiry date is asked for and nothing is written in yet."""
        return "expiry_date" in self.visible and not self.expiry.edit.text()

    def holds_confirmed(self, focused: QWidget | None) -> bool:
        """Whether the focus is in a line whose date is confirmed."""
        lines = (self.expiry, self.issue)
        return any(entry.edit is focused and entry.confirmed for entry in lines)

    def forget(self) -> None:
        """Another document: nothing is carried over."""
        for entry in (self.expiry, self.issue):
            entry.forget()
