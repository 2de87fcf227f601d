"""What every widget needs to draw itself and to speak: the theme and the language in force."""

from dataclasses import dataclass

from ui.i18n import Language
from ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Look:
    """Theme and language, handed to every widget."""

    theme: Theme
    language: Language
