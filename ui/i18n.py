"""The language of the screen: one object that every widget asks, and that tells when it changes."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from PySide6.QtCore import (
    QCoreApplication,
    QDate,
    QLibraryInfo,
    QLocale,
    QObject,
    QTranslator,
    Signal,
)

from kiosk.texts import Texts

NBSP = "\u00a0"
_MINUTE = 60


def spaced_code(code: str) -> str:
    """A code that people compare, in groups of four, kept on one line."""
    return NBSP.join(code[start : start + 4] for start in range(0, len(code), 4))


class Language(QObject):
    """Texts, dates and numbers in the language in force; switched live.

    Signals:
        changed: another language is in force; widgets write their texts again.
    """

    changed = Signal()

    def __init__(
        self, texts: Mapping[str, Texts], code: str, parent: QObject | None = None
    ) -> None:
        """Texts: by language code (``fr``, ``en``); code: the one to start with."""
        super().__init__(parent)
        self._texts = dict(texts)
        self._code = code
        self._locale = _locale(code)

    @property
    def code(self) -> str:
        """Code of the language in force, ``fr`` or ``en``."""
        return self._code

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes that can be chosen, in the order they were given."""
        return tuple(self._texts)

    def beside(self) -> "Language":
        """Another screen's language: the same texts, chosen independently of this one."""
        return Language(self._texts, self._code)

    def choose(self, code: str) -> None:
        """Put another language in force. Raises KeyError for an unknown one."""
        if code not in self._texts:
            raise KeyError(code)
        if code == self._code:
            return
        self._code = code
        self._locale = _locale(code)
        self.changed.emit()

    def tr(self, key: str, **values: object) -> str:  # type: ignore[override]  # a key, not Qt's source text
        """Text of a key, placeholders filled in; ``n`` chooses between ``.one`` and ``.other``."""
        return self._texts[self._code](key, **values)

    def has(self, key: str) -> bool:
        """Whether a text of this key exists in the language in force."""
        return key in self._texts[self._code]

    def speaking(self, code: str) -> "Language":
        """The same texts in one language, whatever the screen shows; KeyError for an unknown one.

        For what is written to somebody else than the agent: the customer's sheet.
        """
        return Language({code: self._texts[code]}, code)

    def day(self, value: date) -> str:
        """``13 juillet 1990`` / ``13 July 1990``; the first of a month is ``1er`` in French."""
        return self._written(value, "{day} MMMM yyyy")

    def weekday(self, value: date) -> str:
        """``Lundi 23 novembre`` / ``Monday 23 November``."""
        text = self._written(value, "dddd {day} MMMM")
        return text[:1].upper() + text[1:]

    def full_day(self, value: date) -> str:
        """``lundi 23 novembre 2026`` / ``Monday 23 November 2026``: a date to keep."""
        return self._written(value, "dddd {day} MMMM yyyy")

    def _written(self, value: date, pattern: str) -> str:
        """A date by a pattern of Qt; French writes the first day of a month ``1er``."""
        first = value.day == 1 and self._code == "fr"
        return self._locale.toString(_qdate(value), pattern.format(day="'1er'" if first else "d"))

    def weekday_within(self, value: date) -> str:
        """The same within a sentence: French writes it with a small letter."""
        text = self.weekday(value)
        return text[:1].lower() + text[1:] if self._code == "fr" else text

    def time(self, value: datetime) -> str:
        """Local time of an aware moment: ``9 h 12`` / ``9:12``."""
        return self.wall_time(value.astimezone())

    def wall_time(self, value: datetime) -> str:
        """Time of a moment in its own zone, as :meth:`time` writes it."""
        if self._code == "fr":
            return f"{value.hour}{NBSP}h{NBSP}{value.minute:02d}"
        return f"{value.hour}:{value.minute:02d}"

    def duration(self, value: timedelta) -> str:
        """``2 min 40`` of a span; ``40 s`` below a minute, ``1 h 05`` from an hour on."""
        seconds = round(value.total_seconds())
        if seconds < _MINUTE:
            return f"{seconds}{NBSP}s"
        # From an hour on seconds are not told.
        minutes, rest = divmod(seconds, _MINUTE)
        unit = "min"
        if minutes >= _MINUTE:
            minutes, rest = divmod(minutes, _MINUTE)
            unit = "h"
        return f"{minutes}{NBSP}{unit}{NBSP}{rest:02d}"

    def moment(self, value: datetime) -> str:
        """Day and time of an aware moment."""
        local = value.astimezone()
        return f"{self.weekday(local.date())}, {self.time(value)}"

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with the separators of the language, French ones as no-break spaces."""
        return self._locale.toString(float(value), "f", decimals).replace("\u202f", NBSP)

    def key_name(self, key: str) -> str:
        """What stands on a key cap: ``Entrée`` for ``Return``, ``Échap`` for ``Esc``."""
        parts = [_KEY_NAMES.get((self._code, part), part) for part in key.split("+")]
        return "+".join(parts)


class QtWords(QObject):
    """The few words that Qt writes by itself, in the language in force.

    They are those of the choice of a folder, and of the menu of a line that is typed in.
    """

    def __init__(self, language: Language, parent: QObject | None = None) -> None:
        """In force from now on, until :meth:`end`. Needs a QCoreApplication."""
        super().__init__(parent)
        self._language = language
        self._translator = QTranslator(self)
        language.changed.connect(self._load)
        self._load()

    def end(self) -> None:
        """Qt's own words again. Safe to call twice."""
        QCoreApplication.removeTranslator(self._translator)

    def _load(self) -> None:
        self.end()
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if self._translator.load(f"qtbase_{self._language.code}", folder):
            QCoreApplication.installTranslator(self._translator)


_KEY_NAMES = {
    ("fr", "Return"): "Entrée",
    ("fr", "Left"): "←",
    ("en", "Left"): "←",
    ("fr", "Right"): "→",
    ("en", "Right"): "→",
    ("fr", "Esc"): "Échap",
    ("fr", "Del"): "Suppr",
    ("en", "Return"): "Enter",
    ("fr", "Space"): "Espace",
    ("fr", "Backspace"): "Retour arr.",
}


def _locale(code: str) -> QLocale:
    return QLocale({"fr": "fr_FR", "en": "en_GB"}.get(code, code))


def _qdate(value: date) -> QDate:
    return QDate(value.year, value.month, value.day)
