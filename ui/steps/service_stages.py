"""The three steps of the service, as the customer knows them from its site: a strip of chips.

Source: domain.md 1.3.
"""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.theme import Space, Tone
from ui.widgets.chip import Chip
from ui.widgets.look import Look

STAGES = ("mobile", "identity", "verification")


class ServiceStages(QWidget):
    """What is done, what is under way, what comes."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._here = 0
        self._chips = [Chip(look) for _ in STAGES]
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        row.setSpacing(Space.M)
        for chip in self._chips:
            row.addWidget(chip)
        row.addStretch(1)
        look.language.changed.connect(self.retranslate)
        self.retranslate()

    def show_stage(self, here: int) -> None:
        """Number of the stage under way, from 0."""
        self._here = here
        self.retranslate()

    def retranslate(self) -> None:
        """Write the words again."""
        for number, (name, chip) in enumerate(zip(STAGES, self._chips, strict=True)):
            words = self._look.language.tr(f"journey.stages.{name}")
            if number < self._here:
                chip.show_text(words, Tone.OK, "circle-check")
            elif number == self._here:
                chip.show_text(words, Tone.INFO, "arrow-right")
            else:
                chip.show_text(words, Tone.NEUTRAL, "circle-dashed")
