"""The catalogue of documents: kinds, security features, parts of the face, topics of questions.

Rules, in order: the data is given as bytes (reading files is not done here); every value is checked
and typed; an unknown key is an error; every document kind of the program stands in it. Features are
drawn of different kinds first, then at random, and never one that was drawn before. Source: ETSI TS
119 461 V2.1.1, VAL-8.3.3 (at least three features of different kinds, some drawn at random).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random
from typing import Any, Final

from kiosk.documents.data import (
    Box,
    box_of,
    choice_of,
    day_of,
    flag_of,
    only,
    table_of,
    tables_of,
    text_of,
    texts_of,
    toml_of,
)
from kiosk.documents.series import SeriesCatalogue, load_series
from kiosk.domain.decision import OF_SIGNS, Reason
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import DocumentKind, Side

_TYPED_DATES: Final = frozenset({"expiry_date", "issue_date"})


class FeatureKind(StrEnum):
    """How a security feature is examined."""

    LOOK = "look"
    TOUCH = "touch"
    TILT = "tilt"
    LIGHT = "light"
    UV = "uv"
    MAGNIFIER = "magnifier"


NEEDS_TOOL: Final = frozenset({FeatureKind.UV, FeatureKind.MAGNIFIER})
"""Kinds of feature that need a tool: a lamp of 365 nm, a magnifier."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A security feature; its words are the texts ``features.<feature_id>.name`` and ``.how``.

    Attributes:
        feature_id: ``<document>.<name>``.
        document: kind of document that bears it.
        kind: how it is examined.
        side: where it is.
        box: where on that side, None where it has no one place.
        source: where this is written.
        series: only these series bear it; empty: all of the kind.
        except_series: these series of the kind do not bear it.
        as_of: day of that knowledge.
    """

    feature_id: str
    document: DocumentKind
    kind: FeatureKind
    side: Side
    box: Box | None
    source: str
    as_of: date
    series: tuple[str, ...] = ()
    except_series: tuple[str, ...] = ()

    def fits(self, series: str) -> bool:
        """Whether documents of this series bear it; ``""``: whether it may be looked for on any."""
        return (not self.series or series in self.series) and series not in self.except_series


@dataclass(frozen=True, slots=True)
class KindEntry:
    """How a kind of document is handled.

    Attributes:
        kind: which.
        sides: to present, in order.
        zone_side: where the machine-readable zone stands.
        typed_dates: printed dates to type: ``expiry_date``, ``issue_date``.
        source: where this is written.
        as_of: day of that knowledge.
        without_zone: documents of this kind exist that have no machine-readable zone.
    """

    kind: DocumentKind
    sides: tuple[Side, ...]
    zone_side: Side
    typed_dates: tuple[str, ...]
    source: str
    as_of: date
    without_zone: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of damage or alteration; its words are the text ``signs.<sign_id>``.

    Attributes:
        sign_id: ``<reason>.<name>``; the reason is the one that it suggests.
        source: where this is written.
    """

    sign_id: str
    source: str

    @property
    def reason(self) -> Reason:
        """The reason that this sign suggests."""
        return Reason(self.sign_id.partition(".")[0])


class Acceptance(StrEnum):
    """What a procedure does with a document where no policy says otherwise."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class AcceptanceRule:
    """One rule of acceptance.

    Attributes:
        procedure: name of the journey.
        kind: of the document.
        series: only this one, ``""`` for all of the kind.
        verdict: what holds.
        first_day, last_day: when it holds; None: always.
        source: where this is written.
        as_of: day of that knowledge.
        except_issuers: States whose documents are refused whatever the verdict.
    """

    procedure: str
    kind: DocumentKind
    series: str
    verdict: Acceptance
    first_day: date | None
    last_day: date | None
    source: str
    as_of: date
    except_issuers: tuple[str, ...] = ()

    def holds_on(self, day: date | None) -> bool:
        """Whether the rule holds on a day; on any day where none is given."""
        return day is None or (
            (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
        )


@dataclass(frozen=True, slots=True)
class DocumentCatalogue:
    """Everything that is data about documents and persons.

    Attributes:
        version: of the kinds.
        features_version: of the features.
        kinds: one entry for each :class:`DocumentKind`.
        features: all of them.
        acceptance: rules, in the order of the data.
        series: series, marks and issuing States.
        face_zones: parts of the face to compare; texts ``face.<zone>``.
        questions: topics; texts ``questions.<topic>``.
        other_features: of packs that hold on other days; never drawn, only named.
        signs: signs of damage or alteration.
    """

    version: str
    features_version: str
    kinds: tuple[KindEntry, ...]
    features: tuple[Feature, ...]
    acceptance: tuple[AcceptanceRule, ...]
    face_zones: tuple[str, ...]
    questions: tuple[str, ...]
    series: SeriesCatalogue
    other_features: tuple[Feature, ...] = ()
    signs: tuple[Sign, ...] = ()

    def entry(self, kind: DocumentKind) -> KindEntry:
        """How a kind is handled."""
        return next(entry for entry in self.kinds if entry.kind is kind)

    def sides(self) -> dict[DocumentKind, tuple[Side, ...]]:
        """Sides to present, by kind."""
        return {entry.kind: entry.sides for entry in self.kinds}

    def accepted_by(self, procedure: str) -> frozenset[DocumentKind]:
        """Kinds that a procedure accepts where no policy says otherwise."""
        return frozenset(
            entry.kind
            for entry in self.kinds
            if self.acceptance_of(procedure, entry.kind) is Acceptance.ACCEPTED
        )

    def acceptance_of(
        self,
        procedure: str,
        kind: DocumentKind,
        series: str = "",
        day: date | None = None,
        issuer: str = "",
    ) -> Acceptance:
        """What a procedure does with a document; REFUSED where nothing is said of it.

        A rule for the series counts before one for the kind; a State that a rule leaves out is
        refused.
        """
        rules = [
            rule
            for rule in self.acceptance
            if (rule.procedure, rule.kind) == (procedure, kind)
            and rule.series in ("", series)
            and rule.holds_on(day)
        ]
        rules.sort(key=lambda rule: not rule.series)
        if not rules or issuer in rules[0].except_issuers:
            return Acceptance.REFUSED
        return rules[0].verdict

    def kinds_without_zone(self) -> tuple[DocumentKind, ...]:
        """Kinds of which some documents have no zone: these may be typed from their print."""
        return tuple(entry.kind for entry in self.kinds if entry.without_zone)

    def features_of(self, kind: DocumentKind) -> tuple[Feature, ...]:
        """All features of a kind of document."""
        return tuple(feature for feature in self.features if feature.document is kind)

    def must_look_at(self, kind: DocumentKind, series: str) -> tuple[Feature, ...]:
        """Features that a document of a series bears; of an unknown series, what all bear."""
        return tuple(feature for feature in self.features_of(kind) if feature.fits(series))

    def feature(self, feature_id: str) -> Feature:
        """One feature. Raises KeyError where there is none."""
        for feature in (*self.features, *self.other_features):
            if feature.feature_id == feature_id:
                return feature
        raise KeyError(feature_id)


def draw_features(
    catalogue: DocumentCatalogue,
    kind: DocumentKind,
    count: int,
    rng: Random,
    *,
    tools: Collection[FeatureKind] = (),
    drawn_before: Collection[str] = (),
    series: str = "",
) -> tuple[Feature, ...]:
    """Draw security features to examine.

    Args:
        catalogue: what to draw from.
        kind: of the document in hand.
        count: how many.
        rng: source of chance; give ``random.SystemRandom()`` at a counter.
        tools: kinds of ``NEEDS_TOOL`` for which a tool is at hand.
        drawn_before: ids that were drawn earlier in this case.
        series: of the document, ``""`` where it cannot be told.

    Returns:
        ``count`` features, kinds not seen yet first; fewer where the catalogue has no more.
    """
    known = catalogue.must_look_at(kind, series)
    rest = [
        feature
        for feature in known
        if feature.feature_id not in drawn_before
        and (feature.kind not in NEEDS_TOOL or feature.kind in tools)
    ]
    rng.shuffle(rest)
    seen = [feature.kind for feature in known if feature.feature_id in drawn_before]
    drawn: list[Feature] = []
    while rest and len(drawn) < count:
        # The kind seen least often so far; chance has ordered those that are equal.
        chosen = min(rest, key=lambda feature: seen.count(feature.kind))
        rest.remove(chosen)
        seen.append(chosen.kind)
        drawn.append(chosen)
    return tuple(drawn)


# --- reading the data -----------------------------------------------------------------------------


def load(catalogue: bytes, features: bytes, series: bytes) -> DocumentCatalogue:
    """Type the data of ``catalogue.toml``, ``features.toml`` and ``series.toml``.

    Raises:
        CatalogueError: no TOML, a missing, unknown or wrong value, a kind that is not described.
    """
    kinds_data = toml_of(catalogue, "catalogue")
    features_data = toml_of(features, "features")
    only(kinds_data, {"version", "valid_from", "kind", "acceptance", "person"}, "catalogue")
    only(features_data, {"version", "valid_from", "as_of", "feature", "sign"}, "features")
    person = table_of(kinds_data, "person")
    only(person, {"zones", "questions", "source", "as_of"}, "person")
    kinds = tuple(_entry_of(table) for table in tables_of(kinds_data, "kind"))
    if sorted(entry.kind for entry in kinds) != sorted(DocumentKind):
        raise CatalogueError("each kind of document once")
    as_of = day_of(features_data, "as_of")
    all_features = tuple(_feature_of(table, as_of) for table in tables_of(features_data, "feature"))
    if len({feature.feature_id for feature in all_features}) != len(all_features):
        raise CatalogueError("features: each id once")
    all_series = load_series(series)
    rules = tuple(
        rule for table in tables_of(kinds_data, "acceptance") for rule in _rules_of(table)
    )
    signs = tuple(_sign_of(table) for table in features_data.get("sign", ()))
    if len({sign.sign_id for sign in signs}) != len(signs):
        raise CatalogueError("signs: each id once")
    named = {rule.series for rule in rules}.union(
        *((*item.series, *item.except_series) for item in all_features)
    )
    if not named <= {"", *(item.series_id for item in all_series.series)}:
        raise CatalogueError("unknown series")
    return DocumentCatalogue(
        version=text_of(kinds_data, "version"),
        features_version=text_of(features_data, "version"),
        kinds=kinds,
        features=all_features,
        acceptance=rules,
        face_zones=texts_of(person, "zones"),
        questions=texts_of(person, "questions"),
        series=all_series,
        signs=signs,
    )


def _entry_of(table: Mapping[str, Any]) -> KindEntry:
    only(
        table,
        {"id", "sides", "zone_side", "typed_dates", "source", "as_of", "without_zone"},
        "kind",
    )
    sides = tuple(choice_of(Side, text) for text in texts_of(table, "sides"))
    zone_side = choice_of(Side, text_of(table, "zone_side"))
    typed = texts_of(table, "typed_dates")
    if zone_side not in sides or len(set(sides)) != len(sides) or not set(typed) <= _TYPED_DATES:
        raise CatalogueError("kind: sides or typed_dates")
    return KindEntry(
        kind=choice_of(DocumentKind, text_of(table, "id")),
        sides=sides,
        zone_side=zone_side,
        typed_dates=typed,
        source=text_of(table, "source"),
        as_of=day_of(table, "as_of"),
        without_zone=flag_of(table, "without_zone"),
    )


def _rules_of(table: Mapping[str, Any]) -> Iterator[AcceptanceRule]:
    """One rule for each procedure that the table names: one name, or a list of names."""
    listed = isinstance(table.get("procedure"), list)
    names = texts_of(table, "procedure") if listed else (text_of(table, "procedure"),)
    for name in names:
        yield _rule_of(table, name)


def _rule_of(table: Mapping[str, Any], procedure: str) -> AcceptanceRule:
    keys = {"procedure", "kind", "series", "verdict", "from", "until", "source", "as_of"}
    only(table, {*keys, "except_issuers"}, "acceptance")
    return AcceptanceRule(
        procedure=procedure,
        kind=choice_of(DocumentKind, text_of(table, "kind")),
        series=text_of(table, "series") if "series" in table else "",
        verdict=choice_of(Acceptance, text_of(table, "verdict")),
        first_day=day_of(table, "from") if "from" in table else None,
        last_day=day_of(table, "until") if "until" in table else None,
        source=text_of(table, "source"),
        as_of=day_of(table, "as_of"),
        except_issuers=texts_of(table, "except_issuers") if "except_issuers" in table else (),
    )


def _sign_of(table: Mapping[str, Any]) -> Sign:
    only(table, {"id", "source"}, "sign")
    sign = Sign(text_of(table, "id"), text_of(table, "source"))
    if not sign.sign_id.startswith(tuple(f"{reason.value}." for reason in OF_SIGNS)):
        raise CatalogueError("sign: an id begins with its reason")
    return sign


def _feature_of(table: Mapping[str, Any], as_of: date) -> Feature:
    keys = {"id", "document", "kind", "side", "box", "source", "series", "except_series", "as_of"}
    only(table, keys, "feature")
    feature_id, document = text_of(table, "id"), choice_of(DocumentKind, text_of(table, "document"))
    if not feature_id.startswith(f"{document.value}."):
        raise CatalogueError("feature: an id begins with its document")
    return Feature(
        feature_id=feature_id,
        document=document,
        kind=choice_of(FeatureKind, text_of(table, "kind")),
        side=choice_of(Side, text_of(table, "side")),
        box=box_of(table["box"]) if "box" in table else None,
        source=text_of(table, "source"),
        as_of=day_of(table, "as_of") if "as_of" in table else as_of,
        series=texts_of(table, "series") if "series" in table else (),
        except_series=texts_of(table, "except_series") if "except_series" in table else (),
    )
