"""What the frame says on every page: the chips of the top bar, and the keys that F1 explains."""

from kiosk.domain.agent import Agent
from ui.i18n import Language
from ui.shell import ChipItem, HelpEntry
from ui.theme import Tone
from ui.viewmodels.delivery import DeliveryFacts

_KEYS = (
    ("Return", "next"),
    ("Esc", "back"),
    ("F1", "help"),
    ("F2", "offer"),
    ("F3", "aside"),
    ("F4", "type"),
    ("F5", "retake"),
    ("F6", "opinion"),
    ("F7", "turn"),
    ("F8", "stop"),
    ("F9", "switch"),
    ("Ctrl+P", "print"),
    ("Ctrl+S", "keep"),
    ("Ctrl+E", "mail"),
    ("Ctrl+Z", "undo"),
    ("Ctrl+L", "lock"),
    ("Alt+1", "sections"),
    ("Q", "scan"),
    ("N", "new"),
    ("R", "letter"),
    ("G", "create"),
    ("D", "paper"),
    ("1", "answers"),
)


def help_entries(language: Language) -> tuple[HelpEntry, ...]:
    """The keys of the program, with what they do."""
    return tuple(HelpEntry(key, language.tr(f"help.key.{name}")) for key, name in _KEYS)


def chips_of(
    language: Language,
    facts: DeliveryFacts,
    unseen: int,
    agent: Agent | None,
    *,
    demonstration: bool,
) -> tuple[ChipItem, ...]:
    """Chips of the top bar.

    Args:
        language: in force.
        facts: of the deliveries.
        unseen: conflicts that nobody has read.
        agent: who is signed in; None also while the desk is locked.
        demonstration: whether this is one.
    """
    tr = language.tr
    chips: list[ChipItem] = []
    if demonstration:
        word = tr("common.chip.demonstration")
        chips.append(ChipItem("demonstration", word, "sparkles", Tone.WARN))
    if facts.waiting:
        text = tr("common.chip.waiting", n=facts.waiting)
        chips.append(ChipItem("waiting", text, "cloud-upload", Tone.WARN))
    if unseen:
        text = tr("conflict.count", n=unseen)
        chips.append(ChipItem("conflicts", text, "alert-triangle", Tone.WARN))
    if facts.online is not None:
        word, icon, tone = (
            ("online", "wifi", Tone.OK) if facts.online else ("offline", "wifi-off", Tone.WARN)
        )
        chips.append(ChipItem("network", tr(f"common.chip.{word}"), icon, tone))
    if agent is not None:
        hint = tr("common.switch_agent")
        chips.append(ChipItem("agent", agent.display_name, "user-check", Tone.NEUTRAL, hint))
    return tuple(chips)
