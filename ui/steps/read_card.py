"""“Read on the document”: picture of the side, what it is, its fields, its dates, its zone."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout

from kiosk.documents.catalogue import Acceptance, DocumentCatalogue
from kiosk.documents.identification import identify
from kiosk.documents.printed_checks import spelling
from kiosk.domain.evidence import IdentityDocument, Side, Verdict
from kiosk.journeys.model import CaseState
from ui.steps.date_lines import DateLines
from ui.steps.words import (
    announced_document,
    day_or_dash,
    given_names,
    kind_in_words,
    partial_day,
    zone_line,
)
from ui.theme import Size, Space, TextSize, Tone, Type
from ui.viewmodels.journey import CaseView
from ui.widgets.card import Card
from ui.widgets.chip import Chip
from ui.widgets.field import FieldState, ReadList, ReadRow
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.preview import PictureView

if TYPE_CHECKING:
    from kiosk.ports import Picture

_FIELDS = ("surname", "given_names", "birth_date", "document_number", "expiry_date")
_FIRST = ("surname", "birth_date", "document_number")
_INKS = {Verdict.PASS: "ok", Verdict.FAIL: "bad", Verdict.UNSURE: "warn"}
_WARNINGS = {Acceptance.REFUSED: "refused_here", Acceptance.POLICY: "policy_here"}


class ReadCard(Card):
    """The right half of the document step; the dates to type are its :attr:`dates`."""

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.side = Chip(look, icon="id")
        super().__init__(look, " ", trailing=self.side)
        self._look = look
        self._catalogue = catalogue
        self.picture = PictureView(look, contain=True, ground="surface")
        self.picture.setMinimumHeight(Size.PICTURE_MIN * 2 // 3)
        self.picture.setMaximumHeight(Size.PICTURE_MIN)
        self.rows = ReadList(look)
        self.dates = DateLines(look)
        self.kind = Label(look, "", Type.STRONG, wrap=True)
        self.kind.setObjectName("document-kind")
        self.warning = Label(look, "", Type.LABEL_STRONG, "warn", wrap=True)
        self.warning.setObjectName("document-warning")
        self.zone_icon = IconLabel(look, "", "ok")
        self.zone = Label(look, "", Type.LABEL_STRONG, "ok", wrap=True)
        for widget in (
            self.picture,
            self.kind,
            self.warning,
            self.rows,
        ):
            self.body.addWidget(widget)
        dates = self._dates = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        dates.setSpacing(Space.M)
        for entry in (self.dates.expiry, self.dates.issue):
            dates.addWidget(entry, 1, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(dates)
        self.body.addStretch(1)
        self.body.addWidget(self.zone)
        self._look.theme.changed.connect(self._find_room)

    @property
    def dense(self) -> bool:
        """Whether two fields stand beside each other: dates are confirmed, in a low window.

        The largest letters need the whole width for one.
        """
        theme = self._look.theme
        wide = theme.low and theme.text_size is not TextSize.LARGEST
        return wide and bool(self.dates.visible)

    def show_pictures(
        self,
        state: CaseState,
        cards: "Mapping[Side, Picture]",
        strips: "Mapping[str, Picture]",
    ) -> None:
        """The side that was read, where there is room for it, and the lines beside the dates."""
        picture = cards.get(Side.FRONT, next(iter(cards.values()), None))
        self.picture.show_picture(picture)
        self.picture.setAccessibleName(self._tr("card"))
        if state.document is not None:
            self.dates.offer(state, strips)
        self._find_room()

    def _find_room(self) -> None:
        """No picture where the dates need its place; in a low window all stands two by two."""
        ways = QBoxLayout.Direction
        self._dates.setDirection(ways.LeftToRight if self.dense else ways.TopToBottom)
        self.rows.stand(2 if self.dense else 1)
        room = not self.dates.visible and not self._look.theme.tablet
        self.picture.setVisible(self.picture.has_picture and room)

    def show_read(self, view: CaseView, expected: Side | None, today: date) -> None:
        """What was read so far. ``expected``: the side to present now."""
        state, language = view.state, self._look.language
        document = state.document
        self.set_title(self._tr("card"))
        shown = expected or (state.sides[-1].side if state.sides else Side.FRONT)
        tone = Tone.OK if expected is None else Tone.INFO
        self.side.show_text(language.tr(f"common.side.{shown.value}"), tone, "id")
        wanted = self._catalogue.entry(document.kind).typed_dates if document else ()
        self.dates.show_lines(
            state,
            wanted,
            asked=expected is None,
            label=lambda name: self._tr(f"type_{name}"),
        )
        self.rows.show_rows(self._fields(state))
        self._show_kind(state, today)
        line, verdict = zone_line(state.reading_checks, language)
        self.zone.setText(line)
        self.zone.set_ink(_INKS.get(verdict, "ok"))

    # --- inside -------------------------------------------------------------------------------

    def _tr(self, key: str, **values: object) -> str:
        return self._look.language.tr(f"journey.document.{key}", **values)

    def _show_kind(self, state: CaseState, today: date) -> None:
        """Kind, country and series in words; a warning where this procedure does not take it.

        Before anything was read: the document to ask for, as the request announces it.
        """
        document = state.document
        if document is None:
            seen = next((side.seen_as for side in state.sides if side.seen_as), "")
            words = self._look.language.tr(f"document_families.{seen}") if seen else ""
            told = announced_document(state.request, self._look.language)
            asked = self._tr("announced", document=told) if told else ""
            self._name(self._tr("seen_as", kind=words) if words else asked, "")
            return
        series = self._catalogue.series
        known = identify(document, series, today)
        verdict = self._catalogue.acceptance_of(
            state.procedure, document.kind, known.series, today, document.issuer
        )
        warning = self._tr(_WARNINGS[verdict]) if verdict in _WARNINGS else ""
        self._name(kind_in_words(known, series, self._look.language), warning)

    def _name(self, name: str, warning: str) -> None:
        """What the document is, and why it may not be used here; ``""`` for nothing to say."""
        for label, text in ((self.kind, name), (self.warning, warning)):
            label.setText(text)
            label.setVisible(bool(text))

    def _fields(self, state: CaseState) -> tuple[ReadRow, ...]:
        document, language = state.document, self._look.language
        if document is None:
            # What is to be asked for tells more than two lines that are still empty.
            told = announced_document(state.request, language)
            return tuple(
                ReadRow(name, self._tr(f"field.{name}"), "", FieldState.EMPTY)
                for name in (_FIRST if told else _FIELDS)
            )
        bad = {
            check.code.removeprefix("mrz.")
            for check in state.reading_checks
            if check.verdict is Verdict.FAIL
        }
        printed = spelling([(side.seen_as, side.printed) for side in state.sides], document)
        values = {
            "surname": printed.get("surname", document.surname),
            "given_names": printed.get("given_names", given_names(document.given_names)),
            "birth_date": self._born(document),
            "document_number": document.document_number,
            "expiry_date": day_or_dash(document.expiry_date, language),
        }
        return tuple(
            ReadRow(
                name,
                self._tr(f"field.{name}"),
                value,
                _state_of(name, value, bad),
                self._reason_of(name, value, bad),
            )
            for name, value in values.items()
            # The line to type stands where the row stood, before and after it is confirmed.
            if name != "expiry_date" or self.dates.expiry.isHidden()
        )

    def _born(self, document: IdentityDocument) -> str:
        day = partial_day(document.birth_date, self._look.language)
        return self._tr("born", day=day, sex=document.sex) if document.sex else day

    def _reason_of(self, name: str, value: str, bad: set[str]) -> str:
        if name in bad:
            return self._tr("digit_wrong")
        if name == "expiry_date" and not value:
            return self._tr("expiry_missing")
        return ""


def _state_of(name: str, value: str, bad: set[str]) -> FieldState:
    if name in bad:
        return FieldState.ERROR
    if not value:
        return FieldState.WARN if name == "expiry_date" else FieldState.EMPTY
    return FieldState.OK
