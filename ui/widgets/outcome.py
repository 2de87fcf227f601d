"""How an outcome looks, on every page and on paper: a sign with a shape of its own, and a tone."""

from types import MappingProxyType
from typing import Final

from kiosk.domain.decision import Outcome
from ui.theme import Tone

OUTCOME_LOOKS: Final = MappingProxyType(
    {
        Outcome.ACCEPTED: ("circle-check", Tone.OK),
        Outcome.REFUSED: ("circle-x", Tone.BAD),
        Outcome.SUSPENDED: ("clock", Tone.WARN),
        Outcome.ABANDONED: ("hand-stop", Tone.NEUTRAL),
        Outcome.ADVISED: ("info-circle", Tone.INFO),
        Outcome.NO_SHOW: ("clock", Tone.NEUTRAL),
    }
)
SOFTER_TONES: Final = MappingProxyType({Outcome.REFUSED: Tone.WARN, Outcome.SUSPENDED: Tone.INFO})
"""On the customer's own screen: who is refused there is not shown red before everybody in line."""


def customer_look(outcome: Outcome) -> tuple[str, Tone]:
    """Sign and tone on the customer's screen."""
    icon, tone = OUTCOME_LOOKS[outcome]
    return icon, SOFTER_TONES.get(outcome, tone)
