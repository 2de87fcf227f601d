"""Settings of the screen: language, look, text size; each takes effect at once."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout
from typing_extensions import override

from ui.screens.page import Page
from ui.theme import Space, TextSize, ThemeName, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.label import Label
from ui.widgets.look import Look

SYSTEM = "system"
"""The theme choice that follows the system."""
UNLIMITED, METERED = "unlimited", "metered"
"""Kinds of link."""


@dataclass(frozen=True, slots=True)
class SettingsFacts:
    """Version and device, for the card at the foot.

    Attributes:
        manages: whether the agent may manage the team of the device.
        tends: whether the agent may see the state of the device and act on it.
        metered: whether each byte of the device's link costs.
    """

    version: str
    device: str
    manages: bool = False
    metered: bool = False
    tends: bool = False


class SettingsScreen(Page):
    """Four questions, and what concerns the agent who is signed in.

    Signals:
        person_requested(str): ``pin`` (another PIN), ``activity`` (export), ``team`` or ``device``.
        language_chosen(str): code, already in force.
        theme_chosen(str): ``system``, ``light``, ``dark`` or ``contrast``, already in force.
        text_size_chosen(str): value of :class:`~ui.theme.TextSize`, already in force.
        metered_chosen(bool): whether each byte of the link costs, for this device.
    """

    language_chosen = Signal(str)
    theme_chosen = Signal(str)
    text_size_chosen = Signal(str)
    person_requested = Signal(str)
    metered_chosen = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("settings")
        self._facts = SettingsFacts("", "")
        self._language_card = Card(look, " ")
        self._theme_card = Card(look, " ")
        self._size_card = Card(look, " ")
        self._link_card = Card(look, " ")
        self._about_card = Card(look, " ")
        self._person_card = Card(look, " ")
        self.pin = Button(look, "", icon="key")
        self.pin.setObjectName("change-pin")
        self.activity = Button(look, "", icon="file-check")
        self.activity.setObjectName("export-activity")
        self.team = Button(look, "", icon="users")
        self.team.setObjectName("open-team")
        self.device = Button(look, "", icon="device-desktop")
        self.device.setObjectName("open-device")
        self._language = ChoiceGroup(look, low_columns=2, keys=False)
        self._theme = ChoiceGroup(look, keys=False)
        self._size = ChoiceGroup(look, keys=False)
        self.link = ChoiceGroup(look, keys=False)
        self._version = Label(look, "", Type.BODY, wrap=True)
        self._device = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._build()
        self._language.changed.connect(self._choose_language)
        self._theme.changed.connect(self._choose_theme)
        self._size.changed.connect(self._choose_size)
        self.link.changed.connect(self._choose_link)
        self.pin.clicked.connect(partial(self.person_requested.emit, "pin"))
        self.activity.clicked.connect(partial(self.person_requested.emit, "activity"))
        self.team.clicked.connect(partial(self.person_requested.emit, "team"))
        self.device.clicked.connect(partial(self.person_requested.emit, "device"))
        look.theme.changed.connect(self._mark)
        self.retranslate()

    def _build(self) -> None:
        for card, group in (
            (self._language_card, self._language),
            (self._theme_card, self._theme),
            (self._size_card, self._size),
            (self._link_card, self.link),
        ):
            card.body.addWidget(group)
            card.body.addStretch(1)
        self._about_card.body.addWidget(self._version)
        self._about_card.body.addWidget(self._device)
        self._about_card.body.addStretch(1)
        self._grid = QGridLayout()
        self._places = QGridLayout()
        self._places.setSpacing(Space.M)
        self._person_card.body.addLayout(self._places)
        self.body.addLayout(self._grid)
        self.body.addStretch(1)
        self.look.theme.changed.connect(self._place)
        self._place()

    def _place(self) -> None:
        """Two columns; in a low window three, and the buttons in one row."""
        low = self.look.theme.low
        columns, beside = (3, len(self._buttons)) if low else (2, 2)
        self._grid.setSpacing(self.look.theme.air if low else Space.XXL)
        cards = (
            (self._person_card, (0, 0, 1, columns)),
            (self._language_card, (1, 0, 1, 1)),
            (self._theme_card, (1, 1, 3, 1) if low else (1, 1, 1, 1)),
            (self._size_card, (1, 2, 2, 1) if low else (2, 0, 1, 1)),
            (self._link_card, (2, 0, 2, 1) if low else (2, 1, 1, 1)),
            (self._about_card, (3, 2, 1, 1) if low else (3, 0, 1, 2)),
        )
        for card, place in cards:
            self._grid.removeWidget(card)
            self._grid.addWidget(card, *place)
        for column in range(3):
            self._grid.setColumnStretch(column, int(column < columns))
        for row in (2, 3):  # what a card needs beyond the first row goes below it, not into it
            self._grid.setRowStretch(row, int(low))
        for at, button in enumerate(self._buttons):
            self._places.removeWidget(button)
            row, column = divmod(at, beside)
            self._places.addWidget(button, row, column, Qt.AlignmentFlag.AlignLeft)
            self._places.setColumnStretch(at, 0)
        self._places.setColumnStretch(beside, 1)

    @property
    def _buttons(self) -> tuple[Button, ...]:
        # In this order: who has no team to manage sees no hole.
        return self.pin, self.activity, self.device, self.team

    def show_facts(self, facts: SettingsFacts) -> None:
        """Show version, device and link."""
        self._facts = facts
        self.retranslate()

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        self.title.setText(tr("settings.title"))
        self.hint.setText(tr("settings.hint"))
        self._language_card.set_title(tr("settings.language"))
        self._theme_card.set_title(tr("settings.look"))
        self._size_card.set_title(tr("settings.text_size"))
        self._link_card.set_title(tr("settings.link.title"))
        self._about_card.set_title(tr("settings.about"))
        self._person_card.set_title(tr("settings.person.title"))
        self.pin.setText(tr("settings.person.pin"))
        self.activity.setText(tr("settings.person.activity"))
        self.team.setText(tr("settings.person.team"))
        self.team.setVisible(self._facts.manages)
        self.device.setText(tr("settings.person.device"))
        self.device.setVisible(self._facts.tends)
        for button in self._buttons:
            button.updateGeometry()
        self._version.setText(tr("settings.version", version=self._facts.version))
        self._device.setText(tr("settings.device", device=self._facts.device))
        self._language.show_choices(
            tuple(Choice(c, tr(f"common.language.{c}")) for c in self.look.language.codes)
        )
        icons = {SYSTEM: "device-desktop", "light": "sun", "dark": "moon", "contrast": "contrast"}
        self._theme.show_choices(
            tuple(
                Choice(name, tr(f"settings.theme.{name}"), tr(f"settings.theme_hint.{name}"), icon)
                for name, icon in icons.items()
            )
        )
        self._size.show_choices(
            tuple(Choice(size.value, tr(f"settings.size.{size.value}")) for size in TextSize)
        )
        icons = {UNLIMITED: "wifi", METERED: "clock"}
        self.link.show_choices(
            tuple(
                Choice(name, tr(f"settings.link.{name}"), tr(f"settings.link.{name}_hint"), icon)
                for name, icon in icons.items()
            )
        )
        self._mark()

    def _mark(self) -> None:
        theme = self.look.theme
        self._language.select(self.look.language.code)
        self._theme.select(theme.override.value if theme.override else SYSTEM)
        self._size.select(theme.text_size.value)
        self.link.select(METERED if self._facts.metered else UNLIMITED)

    def _choose_language(self, values: tuple[str, ...]) -> None:
        self.look.language.choose(values[0])
        self.language_chosen.emit(values[0])

    def _choose_theme(self, values: tuple[str, ...]) -> None:
        self.look.theme.choose(None if values[0] == SYSTEM else ThemeName(values[0]))
        self.theme_chosen.emit(values[0])

    def _choose_size(self, values: tuple[str, ...]) -> None:
        self.look.theme.set_text_size(TextSize(values[0]))
        self.text_size_chosen.emit(values[0])

    def _choose_link(self, values: tuple[str, ...]) -> None:
        self.metered_chosen.emit(values[0] == METERED)
