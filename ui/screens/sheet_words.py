"""The customer's sheet in words: one composer for paper, PDF and screen.

Rules, in order:

1. What was decided comes first, then why, what next, by when, the help, the code.
2. Everything is said in the customer's language and wording, not the agent's.
3. A code that has no words is left out: a sheet never shows a key, and never guesses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from kiosk.advice.service import help_figures
from kiosk.domain.decision import Outcome
from kiosk.journeys.procedures import COUNTER_CREATION, PAPER_FILE, REGISTERED_LETTER, WELCOME
from kiosk.services.answer_facts import AnswerFacts, Standing
from ui.i18n import Language, spaced_code


class Variant(StrEnum):
    """How the sheet is written."""

    NORMAL = "normal"
    LARGE = "large"
    EASY = "easy"
    ENGLISH = "english"

    @property
    def language(self) -> str:
        """Code of its language: the customer's, whatever the agent's screen shows."""
        return "en" if self is Variant.ENGLISH else "fr"

    @property
    def wording(self) -> str:
        """``easy`` for short sentences with one idea each, else ``plain``."""
        return "easy" if self is Variant.EASY else "plain"


class Part(StrEnum):
    """What a line of the sheet is; the painter gives each its looks."""

    HEADING = "heading"
    REASON = "reason"
    STEP = "step"
    DATE = "date"
    BODY = "body"
    NUMBER = "number"
    SMALL = "small"


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``label`` stands above a date, before the text of everything else nothing does."""

    part: Part
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class CodeWords:
    """A code as the customer reads it: what it proves, its letters, its line in the journal."""

    label: str
    code: str
    line: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet, ready to be painted.

    Attributes:
        title: of the document.
        place: office.
        moment: when it was sealed.
        outcome: for the sign beside the verdict.
        firm: False while an acceptance is provisional.
        verdict: what was decided.
        standing: how firm it is, or ``""``.
        lines: everything else, top to bottom.
        codes: one for each record.
        code_hint: what the code is good for.
        qr_text: contents of the QR code.
        foot: rights and privacy, small.
        variant: how it is written.
    """

    title: str
    place: str
    moment: str
    outcome: Outcome
    firm: bool
    verdict: str
    standing: str
    lines: tuple[Line, ...]
    codes: tuple[CodeWords, ...]
    code_hint: str
    qr_text: str
    foot: tuple[str, ...]
    variant: Variant

    @property
    def text(self) -> str:
        """Everything in the order of reading: for screen readers, for tests."""
        parts = [self.place, self.moment, self.verdict, self.standing]
        parts += [" ".join(filter(None, (line.label, line.text))) for line in self.lines]
        parts += [f"{item.label} {item.code} {item.line}" for item in self.codes]
        return "\n".join(filter(None, (*parts, self.code_hint, *self.foot)))


_AFTER_REASON: Final = {
    "not-adult": "when-adult",
    "type-not-accepted": "bring-valid",
    "not-original": "bring-valid",
    "expired": "bring-valid",
    "damaged": "bring-valid",
    "document-checks": "bring-valid",
    "no-longer-valid": "bring-valid",
    "name-differs": "correct-request",
    "birth-date-differs": "correct-request",
    "number-differs": "correct-request",
    "wrong-office": "right-office",
    "request-over": "new-request",
    "proxy-presented": "come-yourself",
    "technical-failure": "come-back",
}
_AFTER_NO_SHOW: Final = {
    "addressee-absent": "new-date",
    "visit-postponed": "new-date",
    "addressee-refuses": "other-way",
    "addressee-moved": "tell-address",
}
_AFTER_UNHANDED: Final = {
    "addressee-absent": "fetch-letter",
    "visit-postponed": "fetch-letter",
    "addressee-refuses": "letter-returned",
    "addressee-moved": "tell-address",
}
_AFTER_ACCEPTED: Final = {COUNTER_CREATION: "open-app", REGISTERED_LETTER: "keep-letter"}
_TOLD: Final = frozenset(
    {"come-of-age", "renew-document", "paper-procedure", "other-telephone", "other-number"}
)
"""Alternatives that say themselves what to do; the one that is left is the help."""
_OF_ALTERNATIVES: Final = frozenset({"age", "android", "ios"})
_NAMES_NOBODY: Final = (WELCOME, PAPER_FILE)


def compose(
    facts: AnswerFacts,
    language: Language,
    variant: Variant = Variant.NORMAL,
    figures: Mapping[str, str] | None = None,
) -> Sheet:
    """The sheet of an act.

    Args:
        facts: what is to be said.
        language: texts of every language; the variant chooses.
        variant: how.
        figures: number and hours of the help by the placeholders of the texts, as
            ``ServiceFacts.figures`` gives them; None where no number is known.
    """
    return _Composer(facts, language.speaking(variant.language), variant, figures or {}).sheet()


def next_steps(facts: AnswerFacts) -> tuple[str, ...]:
    """Codes of what the customer does next, each once, at least one."""
    return tuple(dict.fromkeys(_steps(facts)))


def _steps(facts: AnswerFacts) -> Iterator[str]:
    match facts.outcome:
        case Outcome.ACCEPTED:
            if facts.codes_follow:
                yield "confirm-contacts"
            yield _AFTER_ACCEPTED.get(facts.procedure, "resume-online")
            if facts.confirmed_at is None:
                yield "wait-confirmation"
        case Outcome.REFUSED:
            yield from _after_refusal(facts)
        case Outcome.SUSPENDED:
            yield "second-look"
            if facts.request_until is not None:
                yield "same-request"
        case Outcome.ABANDONED:
            yield "same-request" if facts.request_until is not None else "come-back"
        case Outcome.ADVISED:
            yield from _after_advice(facts)
        case Outcome.NO_SHOW:
            yield from _after_no_show(facts)


def _after_refusal(facts: AnswerFacts) -> Iterator[str]:
    if facts.has_request:
        # A refusal uses the request up (services/used_requests.py).
        yield "new-request"
    found = [_AFTER_REASON[word] for word in facts.words if word in _AFTER_REASON]
    yield from found
    if not found:
        yield "ask-help"


def _after_no_show(facts: AnswerFacts) -> Iterator[str]:
    if facts.visit_on is not None:
        yield "visit-agreed"
        return
    known = _AFTER_UNHANDED if facts.procedure == REGISTERED_LETTER else _AFTER_NO_SHOW
    yield from (known.get(word, "ask-help") for word in facts.words or ("",))


def _after_advice(facts: AnswerFacts) -> Iterator[str]:
    if not facts.sheet_known:
        yield "ask-help"  # neither that a file is complete nor that anybody is eligible
    elif facts.missing:
        yield "complete-file"
    elif facts.procedure == PAPER_FILE:
        yield "send-file"
    elif facts.obstacle:
        yield "ask-help"
    else:
        yield "follow"


def _capital(text: str) -> str:
    """A text that stands by itself."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class _Composer:
    """Writes one sheet."""

    facts: AnswerFacts
    language: Language
    variant: Variant
    figures: Mapping[str, str]

    def sheet(self) -> Sheet:
        facts = self.facts
        foot = [self.tr("rights")]
        if facts.procedure in _NAMES_NOBODY:
            foot.insert(0, self.tr("nothing_personal"))
        return Sheet(
            title=self.tr("title"),
            place=self.tr("office", office=facts.office_id),
            moment=_capital(self.moment(facts.sealed_at)),
            outcome=facts.outcome,
            firm=facts.standing is not Standing.PROVISIONAL,
            verdict=self.of_procedure(
                "verdict", "postponed" if facts.visit_on else facts.outcome.value
            ),
            standing=self.standing(),
            lines=tuple(self.lines()),
            codes=tuple(self.codes()),
            code_hint=self.tr("code_hint"),
            qr_text=facts.records[0].qr_text,
            foot=tuple(foot),
            variant=self.variant,
        )

    def tr(self, key: str, **values: object) -> str:
        return self.language.tr(f"answer_sheet.{self.variant.wording}.{key}", **values)

    def of_procedure(self, group: str, name: str) -> str:
        """The words for this procedure where it has its own."""
        own = f"{group}.{name}-{self.facts.procedure}"
        known = self.language.has(f"answer_sheet.{self.variant.wording}.{own}")
        return self.tr(own if known else f"{group}.{name}")

    def moment(self, value: datetime) -> str:
        """As it is written within a sentence."""
        day = self.language.full_day(value.astimezone().date())
        return f"{day}, {self.language.time(value)}"

    def standing(self) -> str:
        facts = self.facts
        if facts.outcome is not Outcome.ACCEPTED:
            return ""
        if facts.confirmed_at is None:
            return self.tr("standing.provisional")
        if facts.contacts_open:
            return self.tr("standing.contacts")
        return self.tr("standing.confirmed", moment=self.moment(facts.confirmed_at))

    def lines(self) -> Iterator[Line]:
        reasons = [*self.reasons()]
        if reasons:
            yield Line(Part.HEADING, self.tr("why"))
            yield from (Line(Part.REASON, text) for text in reasons)
        missing = [*self.named("paper.item", self.facts.missing)]
        if missing:
            yield Line(Part.HEADING, self.tr("missing"))
            yield from (Line(Part.REASON, text) for text in missing)
        yield Line(Part.HEADING, self.tr("after"))
        for text in self.proposed():
            yield Line(Part.BODY, text)
        told = [*self.alternative()]
        yield from (Line(Part.STEP, text) for text in told)
        steps = next_steps(self.facts) if not told else ()
        yield from (Line(Part.STEP, self.tr(f"next.{step}")) for step in steps)
        yield from (Line(Part.DATE, text, label) for label, text in self.dates())
        yield Line(Part.HEADING, self.tr("help"))
        yield from self.help()

    def reasons(self) -> Iterator[str]:
        yield from (self.tr(f"reason.{word}") for word in self.facts.words)
        yield from (self.tr(f"contact.{item.value}") for item in self.facts.contacts_open)
        if self.facts.obstacle:
            yield from self.named("eligibility.barrier", (self.facts.obstacle,))

    def proposed(self) -> Iterator[str]:
        if self.facts.channel:
            yield from self.named("channel", (self.facts.channel,), ".sheet")

    def alternative(self) -> Iterator[str]:
        """The nearest other way, where the figures that it needs are known."""
        code = self.facts.alternative
        if code in _TOLD and self.figures.keys() >= _OF_ALTERNATIVES:
            yield self.tr(f"alternative.{code}", **self.figures)

    def named(self, group: str, codes: tuple[str, ...], end: str = "") -> Iterator[str]:
        """Words of the room of advice for its codes; rule 3."""
        keys = (f"{group}.{code}{end}" for code in codes)
        yield from (self.language.tr(key) for key in keys if self.language.has(key))

    def dates(self) -> Iterator[tuple[str, str]]:
        facts, language = self.facts, self.language
        if facts.kept_until is not None:
            yield self.tr("until.kept"), language.full_day(facts.kept_until)
        if facts.fetch_by is not None:
            yield self.tr("until.fetch"), language.full_day(facts.fetch_by)
        if facts.visit_on is not None:
            yield self.tr("until.visit"), language.full_day(facts.visit_on)
        if facts.request_until is not None:
            day = facts.request_until.astimezone().date()
            yield self.tr("until.request"), language.full_day(day)
        if facts.ready_by is not None:
            yield self.tr("until.ready"), self.moment(facts.ready_by)
        if facts.letter_about is not None:
            yield self.tr("until.letter"), language.full_day(facts.letter_about)

    def help(self) -> Iterator[Line]:
        line = help_figures(self.figures, elected=self.facts.elected)
        number = line.get("help_number", "")
        if number:
            yield Line(Part.NUMBER, number)
            yield Line(Part.BODY, self.tr("help_hours", **line))
            if self.facts.elected:
                yield Line(Part.BODY, self.tr("help_elected"))
        yield Line(Part.BODY, self.tr("help_line"))

    def codes(self) -> Iterator[CodeWords]:
        for number, record in enumerate(self.facts.records):
            linked = len(self.facts.records) > 1 and number == 0 and record.about == "record"
            about = "verification" if linked else record.about
            line = self.tr("line", number=self.language.number(record.seq))
            yield CodeWords(self.tr(f"code.{about}"), spaced_code(record.slip_code), line)
