"""After the seal of a letter: the notice of absence, left on the same paper as a receipt.

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


def notice_of(state: CaseState, office_id: OfficeId, language: Language) -> SlipFacts | None:
    """The notice that a sealed case leaves, None where somebody was there."""
    item, met, record = state.item, state.presence, state.record
    if item is None or record is None or met is None or met.presence is not Presence.ABSENT:
        return None
    if met.kept_until is None or record.distribution is not None:
        return None
    day = record.sealed_at.astimezone().date()
    return absence_notice(item.number, (day, met.kept_until, met.fetch_by), office_id, language)


def absence_notice(
    number: str,
    days: tuple[date, date, date | None],
    office_id: OfficeId,
    language: Language,
) -> SlipFacts:
    """The words of the notice, in the customer's language.

    Args:
        number: of the letter.
        days: of the visit; the last one of keeping; the last one on which the office is open, None
            where it is open on the last one.
        office_id: where the letter is kept.
        language: of the words.
    """
    tr = language.tr
    presented_on, kept_until, fetch_by = days
    sooner = (
        ()
        if fetch_by is None
        else (("body", tr("absence.sooner", day=language.full_day(fetch_by))),)
    )
    return SlipFacts(
        (
            ("title", tr("absence.title")),
            ("body", tr("absence.came", day=language.day(presented_on))),
            ("strong", tr("absence.number")),
            ("code", shown(number)),
            ("strong", tr("absence.kept", day=language.full_day(kept_until))),
            *sooner,
            ("body", tr("absence.where", office=office_id)),
            ("body", tr("absence.bring")),
            ("body", tr("absence.yourself")),
            ("body", tr("absence.after")),
        ),
        number,
    )
