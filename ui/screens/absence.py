"""The notice of absence: left for the addressee, on the same paper as a receipt.

It bears the number of the letter (as text, and as a code that a counter scans), the last day on
which it is kept, and what to bring. It names nobody.
"""

from datetime import date
from pathlib import Path

from kiosk.documents.items import shown
from kiosk.domain.ids import OfficeId
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import Presence
from ui.i18n import Language
from ui.screens.slip import SlipFacts, keep_slip


def leave_notice(state: CaseState, office_id: OfficeId, folder: Path, language: Language) -> str:
    """Print the notice of a sealed case, or keep it where no printer is; nobody is there to ask.

    Returns:
        What was done, for the agent; ``""`` where no notice is left: somebody was there.

    Raises:
        DiskFullError: it could neither be printed nor kept.
    """
    item, met, record = state.item, state.presence, state.record
    if item is None or record is None or met is None or met.presence is not Presence.ABSENT:
        return ""
    if met.kept_until is None:
        return ""
    day = record.sealed_at.astimezone().date()
    notice = absence_notice(item.number, day, met.kept_until, office_id, language)
    kept = keep_slip(notice, folder / f"visavis-{record.seq:06d}-avis.pdf")
    if kept is None:
        return language.tr("absence.printed")
    return language.tr("absence.saved", file=kept.name)


def absence_notice(
    number: str, presented_on: date, kept_until: date, office_id: OfficeId, language: Language
) -> SlipFacts:
    """The words of the notice, in the customer's language."""
    tr = language.tr
    return SlipFacts(
        (
            ("title", tr("absence.title")),
            ("body", tr("absence.came", day=language.day(presented_on))),
            ("strong", tr("absence.number")),
            ("code", shown(number)),
            ("strong", tr("absence.kept", day=language.day(kept_until))),
            ("body", tr("absence.where", office=office_id)),
            ("body", tr("absence.bring")),
            ("body", tr("absence.yourself")),
            ("body", tr("absence.after")),
        ),
        number,
    )
