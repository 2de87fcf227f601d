"""The window frame: rail, top bar, work area, action bar, help; it knows no journey.

``Shell(look, *, kiosk=False)``: put pages in with ``set_page(page, actions=None)``; words with
``set_title``, ``set_office``; chips with ``show_chips``; the rail with
``show_navigation(section)``, ``show_steps(items, current)`` or ``show_bare()``;
``toast(text, tone)``; ``unlock_close()``; ``toggle_help()`` and ``set_help(HelpFacts(entries,
line))``. Signals ``section_chosen(str)``, ``lock_requested()``, ``close_refused()``.
"""

from ui.shell.help import HelpEntry, HelpFacts
from ui.shell.rail import USUAL_SECTIONS, Section
from ui.shell.window import ChipItem, Shell

__all__ = [
    "USUAL_SECTIONS",
    "ChipItem",
    "HelpEntry",
    "HelpFacts",
    "Section",
    "Shell",
]
