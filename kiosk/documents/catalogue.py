"""The catalogue of documents: kinds, security features, parts of the face, topics of questions.

Rules, in order: the data is given as bytes (reading files is not done here); every value is checked
and typed; an unknown key is an error; every document kind of the program stands in it. Features are
drawn of different kinds first, then at random, and never one that was drawn before. Source: ETSI TS
119 461 V2.1.1, VAL-8.3.3 (at least three features of different kinds, some drawn at random).
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random
from typing import Any, Final, TypeVar

from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import DocumentKind, Side

_TYPED_DATES: Final = frozenset({"expiry_date", "issue_date"})
_Choice = TypeVar("_Choice", bound=StrEnum)


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
class Box:
    """A place on one side, as fractions (0 to 1) of its width and height, from the top left."""

    x: float
    y: float
    width: float
    height: float


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
    """

    feature_id: str
    document: DocumentKind
    kind: FeatureKind
    side: Side
    box: Box | None
    source: str


@dataclass(frozen=True, slots=True)
class KindEntry:
    """How a kind of document is handled.

    Attributes:
        kind: which.
        sides: to present, in order.
        zone_side: where the machine-readable zone stands.
        typed_dates: printed dates to type: ``expiry_date``, ``issue_date``.
        accepted: names of the procedures that accept it without a policy.
        source: where this is written.
        as_of: day of that knowledge.
        without_zone: documents of this kind exist that have no machine-readable zone.
    """

    kind: DocumentKind
    sides: tuple[Side, ...]
    zone_side: Side
    typed_dates: tuple[str, ...]
    accepted: tuple[str, ...]
    source: str
    as_of: date
    without_zone: bool = False


@dataclass(frozen=True, slots=True)
class DocumentCatalogue:
    """Everything that is data about documents and persons.

    Attributes:
        version: of the kinds.
        features_version: of the features.
        kinds: one entry for each :class:`DocumentKind`.
        features: all of them.
        face_zones: parts of the face to compare; texts ``face.<zone>``.
        questions: topics; texts ``questions.<topic>``.
    """

    version: str
    features_version: str
    kinds: tuple[KindEntry, ...]
    features: tuple[Feature, ...]
    face_zones: tuple[str, ...]
    questions: tuple[str, ...]

    def entry(self, kind: DocumentKind) -> KindEntry:
        """How a kind is handled."""
        return next(entry for entry in self.kinds if entry.kind is kind)

    def sides(self) -> dict[DocumentKind, tuple[Side, ...]]:
        """Sides to present, by kind."""
        return {entry.kind: entry.sides for entry in self.kinds}

    def accepted_by(self, procedure: str) -> frozenset[DocumentKind]:
        """Kinds that a procedure accepts where no policy says otherwise."""
        return frozenset(entry.kind for entry in self.kinds if procedure in entry.accepted)

    def kinds_without_zone(self) -> tuple[DocumentKind, ...]:
        """Kinds of which some documents have no zone: these may be typed from their print."""
        return tuple(entry.kind for entry in self.kinds if entry.without_zone)

    def features_of(self, kind: DocumentKind) -> tuple[Feature, ...]:
        """All features of a kind of document."""
        return tuple(feature for feature in self.features if feature.document is kind)

    def feature(self, feature_id: str) -> Feature:
        """One feature. Raises KeyError where there is none."""
        for feature in self.features:
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
) -> tuple[Feature, ...]:
    """Draw security features to examine.

    Args:
        catalogue: what to draw from.
        kind: of the document in hand.
        count: how many.
        rng: source of chance; give ``random.SystemRandom()`` at a counter.
        tools: kinds of ``NEEDS_TOOL`` for which a tool is at hand.
        drawn_before: ids that were drawn earlier in this case.

    Returns:
        ``count`` features, kinds not seen yet first; fewer where the catalogue has no more.
    """
    known = catalogue.features_of(kind)
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


def load(catalogue: bytes, features: bytes) -> DocumentCatalogue:
    """Type the data of ``catalogue.toml`` and ``features.toml``.

    Raises:
        CatalogueError: no TOML, a missing, unknown or wrong value, a kind that is not described.
    """
    kinds_data = _toml(catalogue, "catalogue")
    features_data = _toml(features, "features")
    _only(kinds_data, {"version", "kind", "person"}, "catalogue")
    _only(features_data, {"version", "as_of", "feature"}, "features")
    person = _table(kinds_data, "person")
    _only(person, {"zones", "questions", "source", "as_of"}, "person")
    kinds = tuple(_entry_of(table) for table in _tables(kinds_data, "kind"))
    if sorted(entry.kind for entry in kinds) != sorted(DocumentKind):
        raise CatalogueError("each kind of document once")
    all_features = tuple(_feature_of(table) for table in _tables(features_data, "feature"))
    if len({feature.feature_id for feature in all_features}) != len(all_features):
        raise CatalogueError("features: each id once")
    return DocumentCatalogue(
        version=_text(kinds_data, "version"),
        features_version=_text(features_data, "version"),
        kinds=kinds,
        features=all_features,
        face_zones=_texts(person, "zones"),
        questions=_texts(person, "questions"),
    )


def _entry_of(table: Mapping[str, Any]) -> KindEntry:
    _only(
        table,
        {"id", "sides", "zone_side", "typed_dates", "accepted", "source", "as_of", "without_zone"},
        "kind",
    )
    sides = tuple(_choice(Side, text) for text in _texts(table, "sides"))
    zone_side = _choice(Side, _text(table, "zone_side"))
    typed = _texts(table, "typed_dates")
    if zone_side not in sides or len(set(sides)) != len(sides) or not set(typed) <= _TYPED_DATES:
        raise CatalogueError("kind: sides or typed_dates")
    return KindEntry(
        kind=_choice(DocumentKind, _text(table, "id")),
        sides=sides,
        zone_side=zone_side,
        typed_dates=typed,
        accepted=_texts(table, "accepted"),
        source=_text(table, "source"),
        as_of=_day(table, "as_of"),
        without_zone=_flag(table, "without_zone"),
    )


def _feature_of(table: Mapping[str, Any]) -> Feature:
    _only(table, {"id", "document", "kind", "side", "box", "source"}, "feature")
    feature_id, document = _text(table, "id"), _choice(DocumentKind, _text(table, "document"))
    if not feature_id.startswith(f"{document.value}."):
        raise CatalogueError("feature: an id begins with its document")
    return Feature(
        feature_id=feature_id,
        document=document,
        kind=_choice(FeatureKind, _text(table, "kind")),
        side=_choice(Side, _text(table, "side")),
        box=_box(table["box"]) if "box" in table else None,
        source=_text(table, "source"),
    )


def _box(value: object) -> Box:
    numbers = value if isinstance(value, list) else []
    if len(numbers) != 4 or not all(isinstance(n, (int, float)) and 0 <= n <= 1 for n in numbers):
        raise CatalogueError("box: four numbers from 0 to 1")
    box = Box(*(float(number) for number in numbers))
    if box.x + box.width > 1 or box.y + box.height > 1 or not box.width or not box.height:
        raise CatalogueError("box: inside the side, and not empty")
    return box


def _toml(data: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise CatalogueError(f"{name} is no TOML") from exc


def _only(table: Mapping[str, Any], keys: Collection[str], name: str) -> None:
    unknown = set(table) - set(keys)
    if unknown:
        raise CatalogueError(f"{name}: unknown {min(unknown)}")


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    if not isinstance(value, dict):
        raise CatalogueError(f"{key}: a table")
    return value


def _tables(table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = table.get(key)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise CatalogueError(f"{key}: tables")
    return value


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise CatalogueError(f"{key}: a text")
    return value


def _texts(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise CatalogueError(f"{key}: a list of texts")
    return tuple(value)


def _flag(table: Mapping[str, Any], key: str) -> bool:
    value = table.get(key, False)
    if type(value) is not bool:
        raise CatalogueError(f"{key}: true or false")
    return value


def _day(table: Mapping[str, Any], key: str) -> date:
    value = table.get(key)
    if type(value) is not date:
        raise CatalogueError(f"{key}: a day")
    return value


def _choice(choices: type[_Choice], text: str) -> _Choice:
    try:
        return choices(text)
    except ValueError as exc:
        raise CatalogueError(f"{choices.__name__}: unknown value") from exc
