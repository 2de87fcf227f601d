"""The notice of absence: left for the addressee, on the same paper as a receipt.

It bears the number of the letter (as text, and as a code that a counter scans), the last day on
which it is kept, and what to bring. It names nobody.
"""

from datetime import date

from kiosk.documents.items import shown
from kiosk.domain.ids import OfficeId
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import Presence
from ui.i18n import Language
from ui.screens.slip import SlipFacts


def leaves_notice(state: CaseState) -> bool:
    """Whether a notice is left: nobody was there to take the letter."""
    return (
        state.record is not None
        and state.item is not None
        and state.presence is not None
        and state.presence.presence is Presence.ABSENT
        and state.presence.kept_until is not None
    )


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
