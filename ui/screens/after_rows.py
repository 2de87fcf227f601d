"""What the agent does once a record is sealed, in rows, for the page of the receipt.

Rules, in order: where something is handed over, that comes first, with the lines of the journal; a
letter has words of its own for every outcome, since "go on online" says nothing of a letter, and a
creation has them for an acceptance: it ends in the application; nobody who was not there is given
anything.
"""

from typing import Final

from kiosk.domain.decision import Outcome
from kiosk.journeys.procedures import COUNTER_CREATION, REGISTERED_LETTER
from kiosk.services.answer_facts import AnswerFacts
from ui.i18n import Language
from ui.widgets.list_row import RowItem

_WITHOUT_DOCUMENT: Final = frozenset({Outcome.ADVISED, Outcome.NO_SHOW})
"""Acts in which nobody laid a document on the desk."""
_AT_THE_DOOR: Final = "addressee-refuses"
"""Nobody was verified, though somebody was there."""


def rows_after(
    facts: AnswerFacts, language: Language, *, past: bool = False
) -> tuple[RowItem, ...]:
    """Rows in order. ``past``: the sheet of an old act is given again."""
    tr = language.tr
    # A day is agreed on with somebody.
    met = _AT_THE_DOOR in facts.words or facts.visit_on is not None
    absent = facts.outcome is Outcome.NO_SHOW and not met
    receipt = RowItem("hand_over", tr("receipt.hand_over"), tr("receipt.hand_over_hint"), "printer")
    if past:
        told = RowItem("past", tr("answer_sheet.past"), tr("answer_sheet.past_hint"), "book")
        return (told, receipt)
    rows = [_outcome(facts, language)]
    if facts.outcome not in _WITHOUT_DOCUMENT:
        hint = tr("receipt.give_back_hint")
        rows.append(RowItem("give_back", tr("receipt.give_back"), hint, "id"))
    if not absent:
        rows.append(receipt)
    return tuple(rows)


def _outcome(facts: AnswerFacts, language: Language) -> RowItem:
    tr, outcome = language.tr, facts.outcome
    proofs = [record.seq for record in facts.records if record.about == "distribution"]
    if proofs:
        lines = tr("receipt.letter.handed.next", line=facts.records[0].seq, proof=proofs[0])
        return RowItem("outcome", tr("receipt.letter.handed.next_title"), lines, "mail")
    if facts.procedure == REGISTERED_LETTER:
        case = "kept"
        if outcome is Outcome.NO_SHOW:
            case = "returned" if facts.kept_until is None else "notice"
        key = f"receipt.letter.{case}"
        return RowItem("outcome", tr(f"{key}.next_title"), tr(f"{key}.next"), "mail")
    if facts.visit_on is not None:
        words = tr("receipt.visit.next", day=language.weekday_within(facts.visit_on))
        return RowItem("outcome", tr("receipt.visit.next_title"), words, "calendar")
    key = f"receipt.outcome.{outcome.value}"
    if outcome is not Outcome.ACCEPTED:
        return RowItem("outcome", tr(f"{key}.next_title"), tr(f"{key}.next"), "user")
    if facts.procedure == COUNTER_CREATION:
        key = "receipt.creation"
    words = tr(f"{key}.next")
    if facts.contacts_open:
        words += " " + tr(f"receipt.contacts.{'codes' if facts.codes_follow else 'open'}")
    return RowItem("outcome", tr(f"{key}.next_title"), words, "send")
