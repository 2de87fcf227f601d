"""The identity document: live picture, both sides, and what was read, as it is read."""

from datetime import date
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.evidence import Check, IdentityDocument, Side
from kiosk.journeys.guards import document_complete
from kiosk.journeys.model import (
    CaptureRestarted,
    DocumentConfirmed,
    FieldTyped,
    SideCaptured,
    SideFacts,
)
from ui.steps.halves import Half, Halves
from ui.steps.panel import RETAKE_KEY, TYPE_KEY, Pictures, StepPanel
from ui.steps.plain_form import TYPED
from ui.steps.read_card import ReadCard
from ui.steps.sight import guidance_sentence, measures_of, progress_of
from ui.steps.words import (
    error_words,
    identity_of,
)
from ui.viewmodels.journey import CaseView
from ui.widgets.button import Button
from ui.widgets.look import Look
from ui.workers.camera import Sight
from ui.workers.desk import Failure

if TYPE_CHECKING:
    from kiosk.capture.doubt import OpenReading

_SHARES, _DENSE_SHARES = (70, 30), (60, 40)
"""Of the picture and of what is read, in hundredths of the width."""


class DocumentPanel(StepPanel):
    """Live picture left, fields right; hands-free: a side is taken as soon as it is read.

    Signals:
        again_requested(): as in :class:`StepPanel`.
        typing_changed(bool): the zone is typed by hand, the camera is not needed.
        settled(object): the lines of a zone, every open character chosen by the agent.
    """

    typing_changed = Signal(bool)
    settled = Signal(object)
    name = "document"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.type_button = Button(look, "", icon="keyboard", key=TYPE_KEY)
        self.type_button.setObjectName("type-by-hand")
        self.retake_button = Button(look, "", icon="refresh", key=RETAKE_KEY)
        self.retake_button.setObjectName("retake")
        super().__init__(look, catalogue)
        self._left = Halves(look, catalogue)
        self.preview, self.quality = self._left.preview, self._left.quality
        self.typed, self.settling = self._left.typed, self._left.settling
        self.read = ReadCard(look, catalogue)
        self.dates = self.read.dates
        self._today = date.min
        self._pictures = Pictures()
        self._last: Sight | None = None
        self._in_doubt: OpenReading | None = None
        self._blind = False
        self._both_examined = False
        self._identity: tuple[str, str] | None = None
        self.columns(self._left, self.read, _SHARES)
        self._bind()

    def _bind(self) -> None:
        self.type_button.clicked.connect(self._toggle_typing)
        self.retake_button.clicked.connect(self._retake)
        self.typed.blank_taken.connect(self._take_blank)
        self.typed.changed.connect(self._refresh_typing)
        self.settling.changed.connect(self._refresh_primary)
        self.dates.expiry.changed.connect(self._refresh_primary)
        self.dates.issue.changed.connect(self._refresh_primary)
        self.look.theme.changed.connect(self._share_room)

    # --- what the router gives ----------------------------------------------------------------

    @override
    def set_today(self, today: date) -> None:
        """Also for the centuries of a typed zone."""
        self._today = today

    @override
    def show_pictures(self, pictures: Pictures) -> None:
        self._pictures = pictures

    # --- what the agent does ------------------------------------------------------------------

    @property
    def typing(self) -> bool:
        """Whether the zone is being typed."""
        return self._left.shown is Half.TYPING

    @property
    def settles(self) -> bool:
        """Whether the agent settles what the camera left open."""
        return self._left.shown is Half.SETTLING

    @property
    def expected(self) -> Side | None:
        """The side to present now, None when all are there."""
        sides = self.view.state.sides_expected if self.view else ()
        return sides[0] if sides else None

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.type_button, self.retake_button)

    @override
    def go_on(self) -> None:
        if self.settles:
            if self.settling.text:
                self.settled.emit(self.settling.text)
            return
        if self.typing:
            self._use_typed()
            return
        open_date = self.open_date
        if open_date:
            entry = self.dates.entry(open_date)
            if entry.day is not None:
                self.happened.emit(FieldTyped(open_date, entry.day, entry.source))
        elif self._say_wrong_date():
            return
        elif self._complete:
            self.happened.emit(DocumentConfirmed())
        elif self._can_take_blank:
            self._take_blank()

    @override
    def go_back(self) -> None:
        if self.settles:
            self._retake()
        elif self.typing:
            self._toggle_typing()
        else:
            super().go_back()

    @override
    def show_case(self, view: CaseView) -> None:
        self._leave_settling()  # the case moved: what was in doubt is read, or gone
        self._in_doubt = None
        identity = identity_of(view.state.document)
        if identity != self._identity:  # another document: no date of the former one is left
            self._identity = identity
            self.dates.forget()
        super().show_case(view)
        self._focus_open_date()
        if self._both_examined:
            self._take_other_side()

    def show_settled(self, taken: bool) -> None:
        """What the camera made of the text: not taken, it may see something else by now."""
        if not self.settles or taken:
            return
        seen = self._last.observation.open_reading if self._last else None
        if seen is not None and seen.lines != getattr(self.settling.reading, "lines", ()):
            self.settling.begin(seen)
        self.settling.refuse()
        self._refresh_primary()

    @property
    def open_date(self) -> str:
        """Name of the date that Enter confirms now, ``""`` for none.

        The date in focus goes before the other one. Both wait until every side is there: the next
        side may be another document's.
        """
        document = self._document
        if document is None or self.typing or self.settles or self.expected is not None:
            return ""
        return self.dates.open_in(document, self._in_focus)

    @property
    def _in_focus(self) -> QWidget | None:
        return cast("QWidget | None", self.window().focusWidget())  # the stubs leave None out

    def _say_wrong_date(self) -> bool:
        """A text that is no date stops the way on: it must not be dropped in silence."""
        return self.expected is None and self.dates.say_wrong()

    def _focus_open_date(self) -> None:
        """The next date to confirm or to type has the focus; none is left: Enter goes on."""
        if self.expected is not None or self.typing or self.settles:
            return
        name = "expiry_date" if self._wants_expiry else self.open_date
        if name:
            self.dates.entry(name).setFocus()
        elif self.dates.holds_confirmed(self._in_focus):
            self.setFocus()

    @override
    def take_focus(self) -> None:
        super().take_focus()
        self._focus_open_date()

    def _use_typed(self) -> None:
        """The zone where its digits hold, or the form where it is complete."""
        if not self.typed.plainly:
            reading = self.typed.zone.accepted
            if reading is not None:
                side = self.catalogue.entry(reading.document.kind).zone_side
                self._take_typed(side, reading.document, reading.checks)
            return
        document = self.typed.plain.confirm()
        if document is not None:
            self._both_examined = True
            side = self.expected or self.catalogue.entry(document.kind).zone_side
            self._take_typed(side, document, (TYPED,))
        elif self.typed.say_missing():
            self.show_problem(self.typed.plain.missing)

    def _take_typed(
        self, side: Side, document: IdentityDocument, checks: tuple[Check, ...]
    ) -> None:
        facts = SideFacts(side, frames_agreeing=0, by_hand=True, sharpness=0.0)
        self._leave_typing()
        self.happened.emit(SideCaptured(facts, document, checks))

    def _take_other_side(self) -> None:
        """The agent examined both sides of a document that was typed: the other one is there."""
        side, document = self.expected, self._document
        if side is None or document is None or document.layout:
            self._both_examined = self._both_examined and side is not None
            return
        self._both_examined = False
        facts = SideFacts(side, frames_agreeing=0, by_hand=True, sharpness=0.0)
        self.happened.emit(SideCaptured(facts, None))

    def _take_blank(self) -> None:
        """The agent looked at a side that holds no zone."""
        side = self.expected
        if side is None:
            return
        by_hand = self.typing or self._last is None
        facts = SideFacts(side, frames_agreeing=0, by_hand=by_hand, sharpness=0.0)
        self._leave_typing()
        self.happened.emit(SideCaptured(facts, None))

    def _retake(self) -> None:
        if self.settles:
            self._leave_settling()
            self.retranslate()
            self.again_requested.emit()
            return
        self._leave_typing()
        if self.view is not None and self.view.state.sides:
            self.happened.emit(CaptureRestarted())
        else:
            self.again_requested.emit()

    def _toggle_typing(self) -> None:
        if self.typing:
            self._leave_typing()
        else:
            self._leave_settling()
            self._turn_to(Half.TYPING)
            request = self.view.state.request if self.view else None
            announced = request.document_kind if request else None
            self.typed.begin(self._today, announced, self._in_doubt)
            self.typing_changed.emit(True)
        self.retranslate()

    def _turn_to(self, half: Half) -> None:
        if self._left.turn_to(half):
            self.setFocus()

    def _leave_typing(self) -> None:
        if self.typing:
            self._turn_to(Half.LIVE)
            self.typing_changed.emit(False)

    def _leave_settling(self) -> None:
        if self.settles:
            self._turn_to(Half.LIVE)
            self.settling.end()

    # --- what is shown ------------------------------------------------------------------------

    @property
    def _document(self) -> IdentityDocument | None:
        return self.view.state.document if self.view else None

    @property
    def _complete(self) -> bool:
        return self.view is not None and document_complete(self.view.journey, self.view.state)

    @property
    def _wants_expiry(self) -> bool:
        """Everything is read but the printed date: it can be typed at once."""
        return self.expected is None and self.dates.lacks_expiry

    @property
    def _can_take_blank(self) -> bool:
        """Whether the side in view may be taken as one without a zone.

        Something has to lie there: Enter pressed twice must not pass a side nobody saw. Where the
        camera fails, or the zone is typed, the agent's word is taken.
        """
        seen = self._last is not None and self._last.observation.outline is not None
        if not (seen or self._blind or self.typing):
            return False
        request = self.view.state.request if self.view else None
        kind = self._document.kind if self._document else request.document_kind if request else None
        zone_side = self.catalogue.entry(kind).zone_side if kind else None
        if self._document is not None and not self._document.layout:
            zone_side = None  # typed from its print: no side has a zone
        return self.expected is not None and self.expected is not zone_side

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        side = self.expected
        key = side.value if side else "done"
        self.title.setText(self.tr_(f"title_{key}"))
        self.hint.setText(self.tr_(f"instruction_{key}"))
        tr = self.look.language.tr
        self.type_button.set_texts(tr("journey.type"), tr("journey.type_short"))
        self.type_button.set_icon("camera" if self.typing else "keyboard")
        if self.typing:
            self.type_button.set_texts(self.tr_("use_camera"), self.tr_("use_camera_short"))
        self.retake_button.set_texts(self.tr_("retake"), self.tr_("retake_short"))
        self.typed.retranslate()
        self.typed.blank.setVisible(self._can_take_blank and not self.typed.plainly)
        self.settling.retranslate()
        self._say_half()
        self.read.show_read(self.view, side, self._today)
        self.read.show_pictures(self.view.state, self._pictures.cards, self._pictures.strips)
        self._share_room()
        self.quality.setVisible(side is not None)
        if self._last is None or side is None:
            waiting = ("or_type" if self._blind else "waiting") if side else "all_read"
            message = "expiry_missing" if self._wants_expiry else waiting
            opening = side is not None and not self._blind and not self.preview.picture.has_picture
            self.preview.show_message(
                tr("hardware.starting") if opening else self.tr_(message), live=False
            )
            self.quality.show_measures(measures_of(None, self.look.language))
        self._refresh_primary()

    def _share_room(self) -> None:
        """In a low window a form has the whole width, while nothing was read to stand beside it.

        Fields that stand two by two need more of it.
        """
        self.share(_DENSE_SHARES if self.read.dense else _SHARES)
        alone = self.look.theme.low and self.typing and self._document is None
        self.read.setVisible(not alone)

    def _say_half(self) -> None:
        """What is done in the left half, where it is not the camera that works."""
        tr = self.look.language.tr
        if self.settles:
            self.title.setText(tr("settling.step_title"))
            self.hint.setText(tr("settling.step_instruction"))
            self.retake_button.set_texts(tr("settling.look_again"), tr("settling.look_again_short"))
            self.back.setEnabled(True)
        elif self.typing:
            plainly = self.typed.plainly
            self.title.setText(tr("plain.title" if plainly else "zone.title"))
            self.hint.setText(tr("plain.hint" if plainly else "journey.entry.zone_hint"))
            self.back.setEnabled(True)

    @override
    def show_sight(self, sight: Sight) -> None:
        self._last = sight
        self._blind = False
        in_doubt = sight.observation.open_reading
        if self.settles:
            return
        self._in_doubt = in_doubt or self._in_doubt
        if in_doubt is not None and self.expected is not None and not self.typing:
            self._settle(in_doubt)
            return
        if self.expected is not None and not self.typing:
            self.primary.setEnabled(self._can_take_blank)
        self.preview.show_frame(sight.image, sight.outline)
        if self.expected is None:
            self.preview.show_message(self.tr_("all_read"), live=True)
            return
        language = self.look.language
        if self._lies_as_read(sight):
            self.preview.show_message(language.tr("guidance.wrong-side"), live=True)
        else:
            self.preview.show_message(
                guidance_sentence(sight.observation, language), progress_of(sight.observation)
            )
        self.quality.show_measures(measures_of(sight.observation, language))

    def _lies_as_read(self, sight: Sight) -> bool:
        """Whether the side that was taken still lies there, while the other one is due."""
        document = self._document
        if sight.observation.reading is None or document is None or not document.layout:
            return False
        return self.expected is not self.catalogue.entry(document.kind).zone_side

    def _settle(self, reading: "OpenReading") -> None:
        """The camera is sure of all but some characters: they are the agent's."""
        self._turn_to(Half.SETTLING)
        self.settling.begin(reading)
        self.retranslate()

    @override
    def show_camera_fault(self, failure: Failure) -> None:
        self._last = None
        self._blind = True
        what, do = error_words(failure.code, self.look.language)
        self.preview.show_note(f"{what} {do}")
        self.preview.show_message(self.tr_("or_type"), live=False)
        self._refresh_primary()
        self.quality.show_measures(measures_of(None, self.look.language))

    @override
    def forget(self) -> None:
        """Another case: nothing is carried over."""
        self.view = None
        self._pictures = Pictures()
        self._last = None
        self._blind = False
        self._leave_typing()
        self._leave_settling()
        self.typed.clear()
        self._in_doubt = None
        self._both_examined = False
        self._identity = None
        self.dates.forget()
        self.preview.clear()

    def _refresh_typing(self) -> None:
        self.banner.dismiss()
        self._say_half()
        self.typed.blank.setVisible(self._can_take_blank and not self.typed.plainly)
        self._refresh_primary()

    def _refresh_primary(self) -> None:
        if self.view is None:
            return
        if self.settles:
            self.primary.setText(self.look.language.tr("settling.confirm"))
            self.primary.setEnabled(bool(self.settling.text))
        elif self.typing:
            self.primary.setText(self.tr_("use_typed"))
            whole = self.typed.plainly or self.typed.zone.accepted is not None
            self.primary.setEnabled(whole)
        elif self.expected is not None:
            rest = len(self.view.state.sides_expected)
            self.primary.setText(self.tr_("to_back" if rest > 1 else "take_side"))
            self.primary.setEnabled(self._can_take_blank)
        else:
            open_ = bool(self.open_date)
            self.primary.setText(self.tr_("confirm_date" if open_ else "primary"))
            self.primary.setEnabled(open_ or self._complete)
        self.primary.updateGeometry()
