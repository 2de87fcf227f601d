"""One automatic check in a sentence, with its verdict; a near match can be confirmed by a tick."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.domain.evidence import Verdict
from ui.theme import Radius, Size, Space, Stroke, Tone, Type
from ui.widgets.choices import Choice, ChoiceButton
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box

VERDICT_TONES = {
    Verdict.PASS: Tone.OK,
    Verdict.FAIL: Tone.BAD,
    Verdict.UNSURE: Tone.WARN,
    Verdict.NOT_DONE: Tone.NEUTRAL,
}
VERDICT_ICONS = {
    Verdict.PASS: "circle-check",
    Verdict.FAIL: "circle-x",
    Verdict.UNSURE: "alert-triangle",
    Verdict.NOT_DONE: "circle-dashed",
}


class CheckRow(QWidget):
    """Icon, sentence, a line more, and the tick for what the agent may confirm.

    Signals:
        ticked_changed(bool): the tick was set or taken away.
    """

    ticked_changed = Signal(bool)

    def __init__(
        self,
        look: Look,
        sentence: str,
        verdict: Verdict,
        *,
        detail: str = "",
        tick: str = "",
        number: int = 0,
    ) -> None:
        """A row as it stays; ``number``: the digit that sets the tick, 0 for none."""
        super().__init__()
        self._look = look
        self._verdict = verdict
        tone = VERDICT_TONES[verdict]
        row = QHBoxLayout(self)
        loud = self._loud
        side = Space.L if loud else Space.XS
        row.setContentsMargins(
            side, Space.M if loud else Space.S, side, Space.M if loud else Space.S
        )
        row.setSpacing(Space.M)
        icon = IconLabel(look, VERDICT_ICONS[verdict], tone.ink, Size.ICON_LARGE)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(Space.M if tick else Space.XS)
        style = Type.STRONG if loud else Type.BODY
        self._sentence = Label(look, sentence, style, wrap=True)
        verdict_name = look.language.tr(f"common.verdict.{verdict.value}")
        self._sentence.setAccessibleName(f"{verdict_name}. {sentence}")
        words.addWidget(self._sentence)
        self._detail = Label(look, detail, Type.LABEL, "ink2", wrap=True)
        words.addWidget(self._detail)
        self._tick: ChoiceButton | None = None
        if tick:
            choice = Choice("tick", tick, tone=Tone.WARN)
            self._tick = ChoiceButton(look, choice, number, multiple=True)
            self._tick.toggled.connect(self.ticked_changed)
            words.addWidget(self._tick)
        row.addLayout(words, 1)
        # Only now: a widget without a parent would be shown as a window of its own.
        self._detail.setVisible(bool(detail))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        look.theme.changed.connect(self.update)

    @property
    def ticked(self) -> bool:
        """Whether the agent confirmed the near match."""
        return self._tick is not None and self._tick.isChecked()

    @property
    def open(self) -> bool:
        """Whether a near match still waits for its tick."""
        return self._tick is not None and not self._tick.isChecked()

    @property
    def tick_button(self) -> ChoiceButton | None:
        """The tick, None where nothing can be confirmed."""
        return self._tick

    def set_ticked(self, ticked: bool) -> None:
        """Set or take away the tick."""
        if self._tick is not None:
            self._tick.setChecked(ticked)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._loud:
            return
        theme = self._look.theme
        tone = VERDICT_TONES[self._verdict]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = theme.color(tone.ink)
        draw_box(
            painter, QRectF(self.rect()), Radius.BUTTON, theme.color(tone.fill), line, Stroke.BAND
        )
        painter.end()

    @property
    def _loud(self) -> bool:
        return self._verdict in (Verdict.FAIL, Verdict.UNSURE)
