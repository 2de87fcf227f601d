"""What the camera sees, in words: guidance, measures, progress."""

from kiosk.texts import MissingTextError
from ui.i18n import Language
from ui.theme import Tone
from ui.widgets.quality import Measure
from ui.workers.camera import Seen

# The thresholds of kiosk.capture.guidance, which loads OpenCV: too slow for this thread.
_LEAST_SHARPNESS = 0.16
_LEAST_LIGHT = 0.13
_MOST_GLARE = 0.012
_MIDDLE = 0.14
_PROGRESS = {"hold-still": 0.3, "reading": 0.7, "done": 1.0}


def guidance_sentence(seen: Seen, language: Language) -> str:
    """What the agent should do now."""
    try:
        if seen.guidance.value == "glare" and seen.quality.glare_at is not None:
            where = language.tr(f"guidance.place.{_place_of(*seen.quality.glare_at)}")
            return language.tr("guidance.glare-at", where=where)
        return language.tr(f"guidance.{seen.guidance.value}")
    except MissingTextError:
        return language.tr("journey.document.waiting")


def _place_of(x: float, y: float) -> str:
    """The side of the document towards which a point lies; x and y from 0 to 1."""
    across, down = x - 0.5, y - 0.5
    if max(abs(across), abs(down)) < _MIDDLE:
        return "middle"
    if abs(across) >= abs(down):
        return "left" if across < 0 else "right"
    return "top" if down < 0 else "bottom"


def progress_of(seen: Seen) -> float | None:
    """How far the reading is, 0..1; None while nothing is being read."""
    if seen.reading is not None:
        return 1.0
    return _PROGRESS.get(seen.guidance.value)


def measures_of(seen: Seen | None, language: Language) -> tuple[Measure, ...]:
    """Sharpness, framing, reflections and light, each in a word."""
    tr = language.tr

    def measure(icon: str, name: str, word: str, tone: Tone) -> Measure:
        label = tr(f"journey.quality.{name}.label")
        return Measure(icon, label, tr(f"journey.quality.{word}"), tone)

    if seen is None:
        return tuple(
            measure(icon, name, "none", Tone.NEUTRAL)
            for icon, name in (
                ("target", "sharpness"),
                ("line-scan", "framing"),
                ("sun", "glare"),
                ("sunset-2", "light"),
            )
        )
    quality = seen.quality
    states = (
        ("target", "sharpness", quality.sharpness >= _LEAST_SHARPNESS),
        ("line-scan", "framing", seen.outline is not None),
        ("sun", "glare", quality.glare <= _MOST_GLARE),
        ("sunset-2", "light", quality.exposure >= _LEAST_LIGHT),
    )
    return tuple(
        measure(icon, name, f"{name}.{'good' if good else 'bad'}", Tone.OK if good else Tone.WARN)
        for icon, name, good in states
    )
