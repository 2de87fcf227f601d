"""Figures of eligibility, as dated data: documents, smallest versions of systems, smallest age.

Rules, in order: every figure has its days and its source; where public pages differ the service
page is the default, and the other figure stands beside it as a doubt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from kiosk.advice.dated import SPAN_KEYS, Span, never_twice, number_of, span_of, the_one
from kiosk.documents.data import choice_of, flag_of, only, tables_of, text_of, toml_of
from kiosk.domain.errors import CatalogueError


class Paper(StrEnum):
    """Document that the customer has; key of the text ``eligibility.document.<value>``."""

    FR_ID_CARD = "fr-id-card"
    FR_PASSPORT = "fr-passport"
    RESIDENCE_PERMIT = "residence-permit"
    OTHER = "other"
    EXPIRED = "expired"
    NONE = "none"


class System(StrEnum):
    """System of the customer's telephone; key of the text ``eligibility.system.<value>``."""

    ANDROID = "android"
    IOS = "ios"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DocumentRule:
    """Whether a document opens the digital identity; ``min_years``: of what length of validity."""

    document: Paper
    accepted: bool
    min_years: int
    span: Span


@dataclass(frozen=True, slots=True)
class SystemRule:
    """Smallest version; versions under ``doubtful_below`` are said by some not to suffice."""

    system: System
    minimum: int
    doubtful_below: int
    span: Span


@dataclass(frozen=True, slots=True)
class AgeRule:
    """Smallest age in full years."""

    years: int
    span: Span


@dataclass(frozen=True, slots=True)
class EligibilityRules:
    """All rules, with their past and coming values.

    Attributes:
        version: of the data.
        documents, systems, ages: see each.
    """

    version: str
    documents: tuple[DocumentRule, ...]
    systems: tuple[SystemRule, ...]
    ages: tuple[AgeRule, ...]

    def document(self, document: Paper, day: date) -> DocumentRule:
        """The rule on a document on a day. Raises NoFactError."""
        return the_one((rule for rule in self.documents if rule.document is document), day)

    def system(self, system: System, day: date) -> SystemRule:
        """The rule on a system on a day. Raises NoFactError."""
        return the_one((rule for rule in self.systems if rule.system is system), day)

    def age(self, day: date) -> int:
        """Smallest age in full years on a day. Raises NoFactError."""
        return the_one(self.ages, day).years

    def born_by(self, day: date) -> date:
        """The last birth date of somebody who is old enough on a day. Raises NoFactError.

        Who was born on 29 February is of age on 1 March of a year that has none.
        """
        year = day.year - self.age(day)
        try:
            return day.replace(year=year)
        except ValueError:
            return date(year, 2, 28)

    def with_permits(self, *, accepted: bool) -> "EligibilityRules":
        """The same rules, the switch for residence permits set by the site."""
        return replace(
            self,
            documents=tuple(
                replace(rule, accepted=accepted)
                if rule.document is Paper.RESIDENCE_PERMIT
                else rule
                for rule in self.documents
            ),
        )


def load_eligibility(data: bytes) -> EligibilityRules:
    """Type the data of ``eligibility.toml``.

    Raises:
        CatalogueError: no TOML, or a missing, unknown or wrong value, or two rules on one day.
    """
    table = toml_of(data, "eligibility")
    only(table, {"version", "document", "system", "age"}, "eligibility")
    documents = (_document_of(item) for item in tables_of(table, "document"))
    systems = (_system_of(item) for item in tables_of(table, "system"))
    ages = (_age_of(item) for item in tables_of(table, "age"))
    return EligibilityRules(
        text_of(table, "version"),
        never_twice(documents, lambda rule: rule.document.value),
        never_twice(systems, lambda rule: rule.system.value),
        never_twice(ages, lambda _: "age"),
    )


def _document_of(table: Mapping[str, Any]) -> DocumentRule:
    only(table, SPAN_KEYS | {"id", "accepted", "min_years"}, "document")
    years = number_of(table, "min_years", 20) if "min_years" in table else 0
    paper = choice_of(Paper, text_of(table, "id"))
    if paper in (Paper.NONE, Paper.EXPIRED):
        raise CatalogueError("document: no document in force")
    return DocumentRule(paper, flag_of(table, "accepted"), years, span_of(table))


def _system_of(table: Mapping[str, Any]) -> SystemRule:
    only(table, SPAN_KEYS | {"id", "minimum", "doubtful_below"}, "system")
    minimum = number_of(table, "minimum", 99)
    doubtful = number_of(table, "doubtful_below", 99) if "doubtful_below" in table else minimum
    system = choice_of(System, text_of(table, "id"))
    if system is System.NONE:
        raise CatalogueError("system: none")
    return SystemRule(system, minimum, doubtful, span_of(table))


def _age_of(table: Mapping[str, Any]) -> AgeRule:
    only(table, SPAN_KEYS | {"years"}, "age")
    return AgeRule(number_of(table, "years", 120), span_of(table))
