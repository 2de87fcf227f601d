"""What the camera sees, in words: guidance, measures, progress."""

from kiosk.texts import MissingTextError
from ui.i18n import Language
from ui.theme import Tone
from ui.widgets.quality import Measure
from ui.workers.camera import Seen

_WANTED_FRAMES = 3


def guidance_sentence(seen: Seen, language: Language) -> str:
    """What the agent should do now."""
    try:
        return language.tr(f"guidance.{seen.guidance.value}")
    except MissingTextError:
        return language.tr("journey.document.waiting")


def progress_of(seen: Seen) -> float | None:
    """How far the reading is, 0..1; None while nothing is being read."""
    agreeing = int(getattr(seen, "frames_agreeing", 0) or 0)
    if seen.reading is not None:
        return 1.0
    if seen.outline is None:
        return None
    return min(1.0, (1 + agreeing) / (1 + _WANTED_FRAMES))


def measures_of(seen: Seen | None, language: Language) -> tuple[Measure, ...]:
    """Sharpness, framing, reflections and light, each in a word."""
    quality = getattr(seen, "quality", None)
    tr = language.tr

    def measure(icon: str, name: str, word: str, tone: Tone) -> Measure:
        return Measure(
            icon, tr(f"journey.quality.{name}.label"), tr(f"journey.quality.{word}"), tone
        )

    if seen is None or quality is None:
        return tuple(
            measure(icon, name, "none", Tone.NEUTRAL)
            for icon, name in (
                ("target", "sharpness"),
                ("line-scan", "framing"),
                ("sun", "glare"),
                ("sunset-2", "light"),
            )
        )
    sharp = quality.sharpness >= 0.35
    glare = quality.glare > 0.08
    light = quality.exposure
    framed = seen.outline is not None
    dim = light < 0.3
    return (
        measure(
            "target", "sharpness", "sharpness.good" if sharp else "sharpness.bad", _tone(sharp)
        ),
        measure("line-scan", "framing", "framing.good" if framed else "framing.bad", _tone(framed)),
        measure("sun", "glare", "glare.bad" if glare else "glare.good", _tone(not glare)),
        measure("sunset-2", "light", "light.bad" if dim else "light.good", _tone(not dim)),
    )


def _tone(good: bool) -> Tone:
    return Tone.OK if good else Tone.WARN
