"""The answers that a colleague may give, in one place for both pages that offer them."""

from ui.theme import Tone
from ui.widgets.choices import Choice
from ui.widgets.look import Look

_ANSWERS = {
    "decision": (("pass", "circle-check", Tone.OK), ("fail", "circle-x", Tone.BAD)),
    "person": (
        ("pass", "user-check", Tone.OK),
        ("fail", "circle-x", Tone.BAD),
        ("unsure", "help-circle", Tone.WARN),
    ),
}


def answer_choices(look: Look, about: str) -> tuple[Choice, ...]:
    """The answers to a question, in words.

    Args:
        look: language.
        about: ``decision`` or ``person``.
    """
    key = f"journey.second-agent.answer.{about}"
    return tuple(
        Choice(verdict, look.language.tr(f"{key}.{verdict}"), "", icon, tone)
        for verdict, icon, tone in _ANSWERS[about]
    )
