"""What can be offered: the ways with their day and hour, what to bring, a QR code, and a sheet."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.advice.channels import ChannelId, DelayKind, Proposal
from kiosk.advice.dated import in_force
from kiosk.advice.eligibility import Alternative, Finding
from kiosk.advice.eligibility_rules import Paper
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import AdviceFacts, AdviceGiven
from ui.i18n import Language
from ui.steps.advice import AdvicePanel, moment_within
from ui.steps.panel import TURN_KEY
from ui.theme import Space, Type
from ui.viewmodels.advice import AdviceDesk
from ui.viewmodels.sheet import AdviceSheet, SheetBlock
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.qr import QrCode

_ICONS: Final = {
    ChannelId.COUNTER: "user-check",
    ChannelId.ONLINE_FACE_TO_FACE: "device-tablet",
    ChannelId.ONLINE_REMOTE: "camera",
    ChannelId.PAPER: "mail",
}
_FOREIGN: Final = frozenset({Paper.RESIDENCE_PERMIT, Paper.OTHER})
"""Documents of which one may be that of a foreign resident."""


class ChannelPanel(AdvicePanel):
    """Ways on the left, what the customer takes away on the right.

    Signals:
        link_shown(str, str): payload and short address of the way chosen, for the customer's
            screen; empty where there is none.
        turn_requested(): turn the screen to the customer, who scans the code.
    """

    link_shown = Signal(str, str)
    turn_requested = Signal()
    name = "channel"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue, desk: AdviceDesk) -> None:
        self.turn = Button(look, "", icon="rotate-3d", key=TURN_KEY)
        self.turn.setObjectName("turn")
        self.turn.hide()
        super().__init__(look, catalogue, desk)
        self._turnable = False
        self.turn.clicked.connect(self.turn_requested)
        self._finding = Finding()
        self._proposals: tuple[Proposal, ...] = ()
        self._chosen: ChannelId | None = None
        self._why = Card(look, " ")
        self._reason = Label(look, "", Type.STRONG, wrap=True)
        self._nearest = Label(look, "", Type.BODY, wrap=True)
        self._cautions = Label(look, "", Type.LABEL_STRONG, "warn", wrap=True)
        self._caution = QWidget()
        self.choices = ChoiceGroup(look)
        self._side = Card(look, " ")
        self._bring = Label(look, "", Type.BODY, wrap=True)
        self.qr = QrCode(look)
        self._address = Label(look, "", Type.STRONG, wrap=True)
        self._build()
        self.choices.changed.connect(self._choose)

    def _build(self) -> None:
        self._why.body.addWidget(self._reason)
        self._why.body.addWidget(self._nearest)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.L)
        caution = QHBoxLayout(self._caution)
        caution.setContentsMargins(Space.S, Space.NONE, Space.NONE, Space.NONE)
        caution.setSpacing(Space.M)
        icon = IconLabel(self.look, "alert-triangle", "warn")
        caution.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        caution.addWidget(self._cautions, 1)
        for widget in (self._why, self.choices, self._caution):
            column.addWidget(widget)
        column.addStretch(1)
        code = QHBoxLayout()
        code.setSpacing(Space.XL)
        code.addWidget(self.qr, 0, Qt.AlignmentFlag.AlignTop)
        code.addWidget(self._address, 1)
        self._side.body.addWidget(self._bring)
        self._side.body.addLayout(code)
        self._side.body.addStretch(1)
        self.columns(left, self._side, (5, 5))

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.print_button, self.turn)

    def set_turnable(self, turnable: bool) -> None:
        """Whether there is only this screen, so that it is turned to the customer."""
        self._turnable = turnable
        self.turn.setVisible(turnable and self._proposal is not None)

    def leads_on(self, value: str) -> bool:
        """Whether a way opens another procedure here and now."""
        return bool(self.desk.next_of_channel(ChannelId(value)))

    @override
    def forget(self) -> None:
        super().forget()
        self._chosen = None

    @override
    def go_on(self) -> None:
        proposal = self._proposal
        remote = proposal is not None and proposal.channel.delay is DelayKind.REMOTE
        facts = AdviceFacts(
            channel=proposal.channel.channel_id.value if proposal else "",
            ready_by=proposal.ready_by if proposal is not None and remote else None,
            next_procedure=self._next,
            alternative=self._finding.alternative.value if self._finding.alternative else "",
            letter_about=proposal.about if proposal is not None else None,
        )
        self.happened.emit(AdviceGiven(facts))

    @override
    def sheet(self) -> AdviceSheet:
        """The way chosen, or the reason and the nearest way."""
        tr = self.paper_language.tr
        proposal, blocks = self._proposal, list(self._why_blocks())
        if proposal is None:
            title = tr("sheet.not_eligible_title")
            return AdviceSheet("identity", title, tuple(blocks), foot=self.foot())
        channel = proposal.channel
        bring = tuple(tr(f"channel.bring.{item}") for item in channel.bring)
        blocks.append(SheetBlock(tr("sheet.bring"), bring, listed=True))
        when = self._when(proposal)
        if when is not None:
            blocks.append(when)
        return AdviceSheet(
            channel.channel_id.value,
            tr(f"channel.{channel.channel_id.value}.sheet"),
            tuple(blocks),
            channel.qr_payload,
            channel.short_address,
            self.foot(),
        )

    @override
    def show_state(self, state: CaseState) -> None:
        self._finding = self.desk.find(self.desk.answers(state), state)
        # Where there is no counter, whoever is here comes first: the office is another errand.
        self._proposals = tuple(sorted(self.desk.proposals(self._finding), key=self._is_elsewhere))
        offered = [item.channel.channel_id for item in self._proposals]
        if self._chosen not in offered:
            self._chosen = offered[0] if offered else None
        self._write_left()
        self._write_right()

    # --- what is shown ------------------------------------------------------------------------

    @property
    def _proposal(self) -> Proposal | None:
        found = (item for item in self._proposals if item.channel.channel_id is self._chosen)
        return next(found, None)

    @property
    def _next(self) -> str:
        return self.desk.next_of_channel(self._chosen)

    def _choose(self, values: tuple[str, ...]) -> None:
        if values:
            self._chosen = ChannelId(values[0])
            self.retranslate()

    def _write_left(self) -> None:
        tr = self.look.language.tr
        finding = self._finding
        barred = finding.barrier is not None
        self.title.setText(self.tr_("title_no" if barred else "title"))
        self.hint.setText(self.tr_("instruction_no" if barred else "instruction"))
        self._why.setVisible(barred)
        if finding.barrier is not None and finding.alternative is not None:
            self._why.set_title(self.tr_("reason"))
            self._reason.setText(tr(f"eligibility.barrier.{finding.barrier.value}"))
            key = f"eligibility.alternative.{finding.alternative.value}"
            self._nearest.setText(f"{tr(f'{key}.title')}. {self.figure(f'{key}.text')}")
        self.choices.show_choices(tuple(self._choice(item) for item in self._proposals))
        self.choices.select(*([self._chosen.value] if self._chosen else []))
        self.choices.setVisible(bool(self._proposals))
        cautions = self._caution_words(self.look.language, "eligibility.caution")
        self._cautions.setText("\n".join(cautions))
        self._caution.setVisible(bool(cautions))

    def _write_right(self) -> None:
        tr = self.look.language.tr
        proposal = self._proposal
        self.print_button.setText(self.tr_("print"))
        following = self._next
        self.primary.setText(
            self.tr_("primary_next", procedure=tr(f"journey.procedure.{following}"))
            if following
            else self.tr_("primary")
        )
        self._side.setVisible(proposal is not None)
        self.turn.set_texts(tr("journey.contact.turn"), tr("journey.contact.turn_short"))
        self.turn.setVisible(self._turnable and proposal is not None)
        if proposal is None:
            self.link_shown.emit("", "")
            return
        channel = proposal.channel
        self._side.set_title(self.tr_("bring"))
        items = (tr(f"channel.bring.{item}") for item in channel.bring)
        self._bring.setText("\n".join(f"• {item}" for item in items))
        self.qr.show_code(channel.qr_payload, self.tr_("qr", address=channel.short_address))
        self._address.setText(channel.short_address)
        self.link_shown.emit(channel.qr_payload, channel.short_address)

    def _choice(self, proposal: Proposal) -> Choice:
        channel = proposal.channel.channel_id
        language = self.look.language
        where = "_elsewhere" if self._is_elsewhere(proposal) else ""
        label = language.tr(f"channel.{channel.value}.label{where}")
        hint = self._hint(proposal, language, f"hint{where}")
        return Choice(channel.value, label, hint, _ICONS[channel])

    @staticmethod
    def _hint(proposal: Proposal, language: Language, name: str) -> str:
        """Words about a way with its moment, or its day, filled in."""
        moment = moment_within(proposal.ready_by, language) if proposal.ready_by else ""
        day = language.weekday_within(proposal.about) if proposal.about else ""
        key = f"channel.{proposal.channel.channel_id.value}.{name}"
        return language.tr(key, moment=moment, day=day)

    def _is_elsewhere(self, proposal: Proposal) -> bool:
        """A counter, and none here."""
        channel = proposal.channel.channel_id
        return channel is ChannelId.COUNTER and not self.leads_on(channel.value)

    def _caution_words(self, language: Language, group: str) -> tuple[str, ...]:
        told = tuple(language.tr(f"{group}.{item.value}") for item in self._finding.cautions)
        return (*told, language.tr(f"{group}.paper-reported")) if self._shut_out else told

    @property
    def _shut_out(self) -> bool:
        """The way by post is proposed to somebody to whom pages say that it is closed."""
        desk, view = self.desk, self.view
        if view is None or self._finding.alternative is not Alternative.PAPER_PROCEDURE:
            return False
        foreign = desk.answers(view.state).document in _FOREIGN
        return foreign and bool(in_force(desk.service.paper_file.reported, desk.today))

    def _why_blocks(self) -> tuple[SheetBlock, ...]:
        language = self.paper_language
        tr = language.tr
        finding, blocks = self._finding, []
        if finding.barrier is not None and finding.alternative is not None:
            key = f"eligibility.alternative.{finding.alternative.value}"
            reason = tr(f"eligibility.barrier.{finding.barrier.value}")
            blocks.append(SheetBlock(tr("sheet.reason"), (reason,)))
            said = f"answer_sheet.plain.alternative.{finding.alternative.value}"
            way = (tr(f"{key}.title"), self.figure(said, language))
            blocks.append(SheetBlock(tr("sheet.nearest"), way))
        cautions = self._caution_words(language, "sheet.caution")
        if cautions:
            blocks.append(SheetBlock(tr("sheet.cautions"), cautions))
        return tuple(blocks)

    def _when(self, proposal: Proposal) -> SheetBlock | None:
        language = self.paper_language
        if proposal.about is not None:
            day = language.tr("sheet.estimate", day=language.weekday_within(proposal.about))
            return SheetBlock(language.tr("sheet.about"), (day,))
        if proposal.channel.delay is DelayKind.REMOTE and proposal.ready_by is not None:
            moment = moment_within(proposal.ready_by, language)
            ready = self.figure("sheet.remote", language, moment=moment)
            return SheetBlock(language.tr("sheet.ready"), (ready,))
        if self._is_elsewhere(proposal):
            return None
        words = self._hint(proposal, language, "when")
        return SheetBlock(language.tr("sheet.when"), (words,))
