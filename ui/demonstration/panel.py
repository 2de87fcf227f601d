"""The visitor's panel: what lies under the camera, in which light, and whether the network answers.

A window of its own, outside the counter's; it knows the stage, never a case.
"""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from kiosk.devices.specimens import Specimen
from kiosk.domain.evidence import Side
from ui.demonstration.handset import Handset
from ui.demonstration.network import Cable
from ui.demonstration.office import AGENT_NAME, PIN, CentralSide, Code, drawn
from ui.demonstration.post import Post
from ui.demonstration.stage import CONDITIONS, Stage
from ui.theme import Size, Space, Tone, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.scroll import ScrollArea
from ui.workers.desk import Desk

_FOREIGN = "https://example.org/menu"
_ODD_CODES = ("expired", "wrong-office", "forged", "foreign")


class StagePanel(QWidget):
    """Small choices; each takes effect at once."""

    def __init__(
        self, look: Look, stage: Stage, central: CentralSide, cable: Cable, post: Post
    ) -> None:
        super().__init__()
        self._look = look
        self._stage = stage
        self._central = central
        self._cable = cable
        self._desk = Desk("requests")
        self._specimen = next(iter(stage.specimens))
        self.setObjectName("demonstration-panel")
        self.setMinimumWidth(Size.RAIL_WIDTH)
        self._title = Label(look, "", Type.H2)
        self._hint = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self._pin = Label(look, "", Type.STRONG, wrap=True)
        self._document_card = Card(look, " ")
        self.documents = ChoiceGroup(look, keys=False)
        self.sides = ChoiceGroup(look, columns=2, keys=False)
        self._code_card = Card(look, " ")
        self.code_button = Button(look, "", icon="qrcode")
        self.odd_codes = ChoiceGroup(look, keys=False)
        self.clear_button = Button(look, "", icon="x")
        self._light_card = Card(look, " ")
        self.light = ChoiceGroup(look, keys=False)
        self.handset = Handset(look, post)
        self._network_card = Card(look, " ")
        self.network = ChoiceGroup(look, keys=False)
        self._build()
        self._bind()
        self.retranslate()
        self.documents.select(self._specimen)
        self.light.select("fair")
        self.network.select("on")

    def _build(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(Space.M, Space.L, Space.S, Space.L)
        column.setSpacing(Space.L)
        self._code_card.body.addWidget(self.code_button)
        self._code_card.body.addWidget(self.odd_codes)
        self._document_card.body.addWidget(self.sides)
        self._document_card.body.addWidget(self.clear_button)
        self._document_card.body.addWidget(self.documents)
        self._light_card.body.addWidget(self.light)
        self._network_card.body.addWidget(self.network)
        for widget in (
            self._title,
            self._hint,
            self._pin,
            self.handset,
            self._code_card,
            self._document_card,
            self._light_card,
            self._network_card,
        ):
            column.addWidget(widget)
        column.addStretch(1)
        scroll = ScrollArea(self._look)
        scroll.setWidget(inner)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        outer.addWidget(scroll)

    def _bind(self) -> None:
        self._look.language.changed.connect(self.retranslate)
        self.documents.changed.connect(self._choose)
        self.sides.changed.connect(self._lay)
        self.clear_button.clicked.connect(self._stage.clear)
        self.code_button.clicked.connect(partial(self._hold, "valid"))
        self.odd_codes.changed.connect(self._hold_odd)
        self.light.changed.connect(self._light)
        self.network.changed.connect(self._plug)

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        self.setWindowTitle(tr("demonstration.title"))
        self._title.setText(tr("demonstration.title"))
        self._hint.setText(tr("demonstration.hint"))
        self._pin.setText(tr("demonstration.pin", name=AGENT_NAME, pin=PIN))
        self._document_card.set_title(tr("demonstration.document"))
        self._code_card.set_title(tr("demonstration.code"))
        self._light_card.set_title(tr("demonstration.light"))
        self._network_card.set_title(tr("demonstration.network"))
        self.clear_button.setText(tr("demonstration.nothing"))
        self.documents.show_choices(
            tuple(
                Choice(
                    specimen_id,
                    f"{specimen.holder.surname} {specimen.holder.given_names[0]}",
                    f"{tr(f'document_kinds.{specimen.kind.value}')}, "
                    f"{tr(f'demonstration.variant.{specimen.variant}')}",
                )
                for specimen_id, specimen in self._stage.specimens.items()
            )
        )
        self.odd_codes.show_choices(
            tuple(
                Choice(kind, tr(f"demonstration.code_kind.{kind}"), tone=Tone.WARN)
                for kind in _ODD_CODES
            )
        )
        self.light.show_choices(
            tuple(Choice(name, tr(f"demonstration.condition.{name}")) for name in CONDITIONS)
        )
        self.network.show_choices(
            (
                Choice("on", tr("demonstration.network_on")),
                Choice("off", tr("demonstration.network_off"), tone=Tone.WARN),
            )
        )
        self._write_specimen()

    def end(self) -> None:
        """Stop making requests; call before the office closes."""
        self.handset.stop()
        self._desk.close()

    def _write_specimen(self) -> None:
        tr = self._look.language.tr
        specimen = self._stage.specimens[self._specimen]
        name = specimen.holder.surname
        self.code_button.setText(tr("demonstration.code_kind.valid", name=name))
        self.code_button.updateGeometry()
        self.sides.show_choices(
            tuple(
                Choice(side.value, tr(f"demonstration.side.{side.value}"))
                for side in Side
                if side in specimen.files
            )
        )

    def _choose(self, values: tuple[str, ...]) -> None:
        self._specimen = values[0]
        self._write_specimen()
        self.sides.select(Side.FRONT.value)
        self._stage.lay(self._specimen, Side.FRONT)

    def _lay(self, values: tuple[str, ...]) -> None:
        self._stage.lay(self._specimen, Side(values[0]))

    def _light(self, values: tuple[str, ...]) -> None:
        self._stage.light(values[0])

    def _plug(self, values: tuple[str, ...]) -> None:
        self._cable.plugged = values[0] == "on"

    def _hold_odd(self, values: tuple[str, ...]) -> None:
        self._hold(values[0])

    def _hold(self, kind: str, _checked: bool = False) -> None:
        """Have the central side issue the code, away from the screen, then hold it up."""
        specimen = self._stage.specimens[self._specimen]
        self.code_button.set_busy(True)
        task = self._desk.submit(partial(_make_code, self._central, specimen, kind))
        task.done.connect(self._show_code)
        task.ended.connect(self._not_busy)

    def _not_busy(self) -> None:
        self.code_button.set_busy(False)

    def _show_code(self, code: Code) -> None:
        self._stage.hold_code(code.png)


def _make_code(central: CentralSide, specimen: Specimen, kind: str) -> Code:
    match kind:
        case "expired":
            return central.request(specimen, hours="1", not_before_hours="-48")
        case "wrong-office":
            return central.request(specimen, office="069002")
        case "forged":
            return drawn(_forged(central.request(specimen).text))
        case "foreign":
            return drawn(_FOREIGN)
        case _:
            return central.request(specimen)


def _forged(token: str) -> str:
    """The same request under a signature that is not its own."""
    head, body, signature = token.split(".")
    turned = f"{signature[1:]}{signature[0]}"
    return f"{head}.{body}.{turned}"
