"""Sheets of made-up acts: one for each outcome, in each way of writing."""

from datetime import UTC, date, datetime, timedelta

from kiosk.domain.decision import Outcome, Reason
from kiosk.domain.ids import OfficeId, RecordId
from kiosk.journeys.service_steps import ContactChannel
from kiosk.services.answer_facts import AnswerFacts, RecordCode, Standing, words_of
from ui.screens.sheet_words import Variant

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
CODE = RecordCode(RecordId("a" * 32), 7, "3F7K9QRD")
LINKED = RecordCode(RecordId("b" * 32), 8, "AB12CD34", "distribution")
FIGURES = {
    "age": "18",
    "android": "6",
    "ios": "13",
    "number_elected": "09\u00a070\u00a081\u00a000\u00a050",
    "elected_week_opens": "9\u00a0h",
    "elected_week_closes": "18\u00a0h",
    "elected_saturday_opens": "9\u00a0h",
    "elected_saturday_closes": "12\u00a0h",
    "number_everyone": "09\u00a069\u00a039\u00a091\u00a011",
    "week_opens": "8\u00a0h\u00a030",
    "week_closes": "19\u00a0h",
    "saturday_opens": "8\u00a0h\u00a030",
    "saturday_closes": "13\u00a0h",
}


def act(outcome, procedure="online-request", reasons=(), records=(CODE,), **more) -> AnswerFacts:
    words = words_of(reasons)
    office = OfficeId("075012")
    return AnswerFacts(procedure, outcome, words, office, AT, records, **more)


ACTS = {
    "accepted": act(Outcome.ACCEPTED, standing=Standing.PROVISIONAL, has_request=True),
    "confirmed": act(
        Outcome.ACCEPTED, standing=Standing.CONFIRMED, confirmed_at=AT, has_request=True
    ),
    "creation": act(
        Outcome.ACCEPTED,
        "counter-creation",
        standing=Standing.PROVISIONAL,
        contacts_open=(ContactChannel.MOBILE,),
        codes_follow=True,
    ),
    "letter": act(
        Outcome.ACCEPTED,
        "registered-letter",
        records=(CODE, LINKED),
        standing=Standing.PROVISIONAL,
    ),
    "refused": act(
        Outcome.REFUSED, reasons=(Reason.EXPIRED, Reason.NAME_DIFFERS), has_request=True
    ),
    "suspended": act(
        Outcome.SUSPENDED,
        reasons=(Reason.PERSON_DIFFERS,),
        has_request=True,
        request_until=AT + timedelta(days=20),
    ),
    "abandoned": act(
        Outcome.ABANDONED,
        reasons=(Reason.CUSTOMER_WITHDRAWS,),
        has_request=True,
        request_until=AT + timedelta(days=20),
    ),
    "advised": act(
        Outcome.ADVISED,
        "welcome",
        channel="online-remote",
        ready_by=AT + timedelta(days=1),
    ),
    "file": act(Outcome.ADVISED, "paper-file", letter_about=date(2026, 12, 21)),
    "no-show": act(
        Outcome.NO_SHOW,
        "registered-letter",
        reasons=(Reason.ADDRESSEE_ABSENT,),
        kept_until=date(2026, 12, 10),
    ),
    "visit": act(
        Outcome.NO_SHOW,
        "home-visit",
        reasons=(Reason.VISIT_POSTPONED,),
        visit_on=date(2026, 12, 1),
    ),
}
GOLDEN = (
    *((name, Variant.NORMAL) for name in ACTS),
    ("confirmed", Variant.LARGE),
    ("refused", Variant.EASY),
    ("letter", Variant.ENGLISH),
    ("no-show", Variant.LARGE),
)
