"""The catalogue of documents and features: typed, complete, and drawn with some chance."""

from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.catalogue import (
    NEEDS_TOOL,
    Acceptance,
    Box,
    FeatureKind,
    draw_features,
    load,
)
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import DocumentKind, Side
from kiosk.journeys.blocks import Terms
from kiosk.journeys.model import StepKind
from kiosk.journeys.procedure import Form
from kiosk.journeys.procedures import procedures

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "documents"
KINDS = (FOLDER / "catalogue.toml").read_bytes()
FEATURES = (FOLDER / "features.toml").read_bytes()
SERIES = (FOLDER / "series.toml").read_bytes()
CATALOGUE = load(KINDS, FEATURES, SERIES)


def chance(seed):
    return Random(seed)  # noqa: S311 - a draw that a test can repeat


WITH_FEATURES = [kind for kind in DocumentKind if kind is not DocumentKind.OTHER]


def test_every_kind_of_document_is_described():
    assert {entry.kind for entry in CATALOGUE.kinds} == set(DocumentKind)
    assert CATALOGUE.sides()[DocumentKind.FR_PASSPORT] == (Side.FRONT,)
    card = CATALOGUE.entry(DocumentKind.FR_ID_CARD_2021)
    assert card.sides == (Side.FRONT, Side.BACK)
    assert card.zone_side is Side.BACK
    assert card.as_of == date(2026, 11, 23)


def test_only_the_old_card_has_a_date_to_type():
    typed = {entry.kind: entry.typed_dates for entry in CATALOGUE.kinds if entry.typed_dates}
    assert typed == {DocumentKind.FR_ID_CARD_1988: ("expiry_date",)}


def test_what_is_accepted_without_a_policy():
    assert CATALOGUE.accepted_by("online-request") == {
        DocumentKind.FR_ID_CARD_2021,
        DocumentKind.FR_ID_CARD_1988,
        DocumentKind.FR_PASSPORT,
    }
    assert CATALOGUE.accepted_by("another") == frozenset()


DAY = date(2026, 11, 27)
CREATION = ("online-request", "counter-creation", "home-visit")
ANSWERS = {
    **{
        (procedure, kind): verdict
        for procedure in CREATION
        for kind, verdict in {
            DocumentKind.FR_ID_CARD_2021: Acceptance.ACCEPTED,
            DocumentKind.FR_ID_CARD_1988: Acceptance.ACCEPTED,
            DocumentKind.FR_PASSPORT: Acceptance.ACCEPTED,
            DocumentKind.FR_RESIDENCE_PERMIT: Acceptance.POLICY,
            DocumentKind.EU_ID_CARD: Acceptance.POLICY,
            DocumentKind.PASSPORT: Acceptance.POLICY,
            DocumentKind.OTHER: Acceptance.REFUSED,
        }.items()
    },
    **{
        ("registered-letter", kind): Acceptance.ACCEPTED
        for kind in DocumentKind
        if kind is not DocumentKind.OTHER
    },
    ("registered-letter", DocumentKind.OTHER): Acceptance.REFUSED,
}


def test_every_procedure_that_looks_at_a_document_has_an_answer_for_every_kind():
    forms = (Terms(sides=CATALOGUE.sides(), form=form) for form in Form)
    scanning = {
        journey.name
        for terms in forms
        for journey in procedures(terms)
        if any(step.kind is StepKind.DOCUMENT for step in journey.steps)
    }
    assert {(p, k) for p in scanning for k in DocumentKind} == set(ANSWERS)
    for (procedure, kind), verdict in ANSWERS.items():
        assert CATALOGUE.acceptance_of(procedure, kind, day=DAY) is verdict, (procedure, kind)


@pytest.mark.parametrize("procedure", sorted({procedure for procedure, _ in ANSWERS}))
@pytest.mark.parametrize(
    ("series", "day", "verdict"),
    [
        ("eu-id-card.it-paper", date(2026, 8, 3), None),
        ("eu-id-card.it-paper", date(2026, 8, 4), Acceptance.REFUSED),
        ("eu-id-card.gr-laminated", date(2026, 8, 3), None),
        ("eu-id-card.gr-laminated", date(2026, 8, 4), Acceptance.REFUSED),
        ("eu-id-card.before-2021", date(2031, 8, 3), None),
    ],
)
def test_cards_without_a_working_zone_end_on_their_day(procedure, series, day, verdict):
    kind = DocumentKind.EU_ID_CARD
    expected = verdict or ANSWERS[procedure, kind]
    assert CATALOGUE.acceptance_of(procedure, kind, series, day) is expected


@pytest.mark.parametrize("issuer", ["CYP", "IRL"])
def test_the_letter_takes_cards_of_schengen_states_only(issuer):
    kind = DocumentKind.EU_ID_CARD
    accepts = CATALOGUE.acceptance_of
    assert accepts("registered-letter", kind, issuer="D") is Acceptance.ACCEPTED
    assert accepts("registered-letter", kind, issuer=issuer) is Acceptance.REFUSED


@pytest.mark.parametrize("kind", list(DocumentKind))
def test_each_kind_says_what_to_ask_for_and_what_to_look_at(kind):
    entry = CATALOGUE.entry(kind)
    one_side = kind in (DocumentKind.FR_PASSPORT, DocumentKind.PASSPORT)
    assert entry.sides == ((Side.FRONT,) if one_side else (Side.FRONT, Side.BACK))
    front = one_side or kind is DocumentKind.FR_ID_CARD_1988
    assert entry.zone_side is (Side.FRONT if front else Side.BACK)
    looked_at = CATALOGUE.must_look_at(kind, "")
    assert bool(looked_at) is (kind is not DocumentKind.OTHER)
    assert {feature.side for feature in looked_at} <= set(entry.sides)


def test_every_answer_names_its_source_and_its_day():
    for said in (*CATALOGUE.kinds, *CATALOGUE.acceptance, *CATALOGUE.features):
        assert len(said.source) > 8
        assert date(2026, 1, 1) <= said.as_of <= DAY
    assert date.fromisoformat(CATALOGUE.version) >= max(r.as_of for r in CATALOGUE.acceptance)
    assert date.fromisoformat(CATALOGUE.features_version) <= DAY


@pytest.mark.parametrize("kind", WITH_FEATURES)
def test_every_document_has_six_features_of_three_kinds_without_tools(kind):
    bare = [f for f in CATALOGUE.features_of(kind) if f.kind not in NEEDS_TOOL]
    assert len(bare) >= 6
    assert len({f.kind for f in bare}) >= 3


def test_every_feature_is_on_a_side_that_is_presented():
    for feature in CATALOGUE.features:
        assert feature.side in CATALOGUE.sides()[feature.document]
        assert CATALOGUE.feature(feature.feature_id) is feature
        assert feature.source


def test_an_unknown_feature():
    with pytest.raises(KeyError):
        CATALOGUE.feature("fr-passport.nothing")


@given(st.sampled_from(WITH_FEATURES), st.integers(0, 12), st.integers())
def test_features_of_different_kinds_come_first(kind, count, seed):
    drawn = draw_features(CATALOGUE, kind, count, chance(seed))
    bare = [f for f in CATALOGUE.must_look_at(kind, "") if f.kind not in NEEDS_TOOL]
    assert len(drawn) == min(count, len(bare))
    assert len({f.feature_id for f in drawn}) == len(drawn)
    assert not {f.kind for f in drawn} & NEEDS_TOOL
    kinds = len({f.kind for f in bare})
    assert len({f.kind for f in drawn[:kinds]}) == min(count, kinds)


def test_chance_changes_the_draw_and_a_seed_repeats_it():
    draws = {
        tuple(
            f.feature_id for f in draw_features(CATALOGUE, DocumentKind.FR_PASSPORT, 3, chance(i))
        )
        for i in range(40)
    }
    assert len(draws) > 10
    again = [draw_features(CATALOGUE, DocumentKind.FR_PASSPORT, 3, chance(5)) for _ in range(2)]
    assert again[0] == again[1]


@given(st.integers())
def test_what_was_drawn_before_is_not_drawn_again(seed):
    first = draw_features(CATALOGUE, DocumentKind.FR_ID_CARD_2021, 3, chance(seed))
    ids = {f.feature_id for f in first}
    more = draw_features(CATALOGUE, DocumentKind.FR_ID_CARD_2021, 1, chance(seed), drawn_before=ids)
    assert len(more) == 1
    assert more[0].feature_id not in ids
    # The fourth kind comes before a kind that was seen.
    assert more[0].kind not in {f.kind for f in first}


def test_a_lamp_allows_features_under_ultraviolet_light():
    drawn = draw_features(CATALOGUE, DocumentKind.FR_PASSPORT, 5, chance(0), tools={FeatureKind.UV})
    assert FeatureKind.UV in {f.kind for f in drawn}


def test_no_feature_is_known_for_other_documents():
    assert draw_features(CATALOGUE, DocumentKind.OTHER, 3, chance(0)) == ()


def test_boxes_lie_inside_the_side():
    assert CATALOGUE.feature("fr-id-card-2021.moving-image").box == Box(0.04, 0.19, 0.29, 0.60)
    assert CATALOGUE.feature("fr-id-card-2021.single-block").box is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'version = "2026-11-26"', b"version = 3"),
        (b'version = "2026-11-26"', b""),
        (b'version = "2026-11-26"', b'version = "1"\nextra = 1'),
        (b'id = "fr-passport"', b'id = "fr-id-card-2021"'),
        (b'id = "fr-passport"', b'id = "library-card"'),
        (b'zone_side = "back"', b'zone_side = "top"'),
        (b'sides = ["front"]', b'sides = ["back"]'),
        (b'sides = ["front"]', b'sides = "front"'),
        (b'sides = ["front", "back"]', b'sides = ["front", "back", "back"]'),
        (b'["expiry_date"]', b'["birthday"]'),
        (b"without_zone = true", b"without_zone = 1"),
        (b"as_of = 2026-11-23", b'as_of = "2026-11-23"'),
        (b"as_of = 2026-11-23", b"as_of = 2026-11-23T10:00:00"),
        (b"[person]", b"[persons]"),
        (b'zones = ["shape"', b"zones = [1"),
        (b'zones = ["shape"', b'zones = [""'),
        (b"[[kind]]", b"[kind]"),
        (b"[person]", b"person = 3\n[other]"),
        (b"[person]", b"[[person"),
        (b"version", b"\xff"),
    ],
)
def test_a_wrong_catalogue_is_refused(old, new):
    assert old in KINDS
    with pytest.raises(CatalogueError):
        load(KINDS.replace(old, new, 1), FEATURES, SERIES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'id = "fr-passport.stitching"', b'id = "fr-passport.clean-film"'),
        (b'id = "fr-passport.stitching"', b'id = "stitching"'),
        (b'kind = "look"', b'kind = "smell"'),
        (b'side = "front"', b'side = "inside"'),
        (b"box = [0.04, 0.19, 0.29, 0.60]", b"box = [0.04, 0.19, 0.29]"),
        (b"box = [0.04, 0.19, 0.29, 0.60]", b"box = [0.04, 0.19, 0.29, 1.60]"),
        (b"box = [0.04, 0.19, 0.29, 0.60]", b"box = [0.84, 0.19, 0.29, 0.60]"),
        (b"box = [0.04, 0.19, 0.29, 0.60]", b"box = [0.04, 0.19, 0.0, 0.60]"),
        (b"box = [0.04, 0.19, 0.29, 0.60]", b'box = ["a", 0.19, 0.29, 0.60]'),
        (b"box = [0.04, 0.19, 0.29, 0.60]", b"box = 4"),
        (b'source = "', b'sauce = "'),
        (b"version", b"edition"),
        (b"[[feature]]", b"[[features]]"),
    ],
)
def test_wrong_features_are_refused(old, new):
    assert old in FEATURES
    with pytest.raises(CatalogueError):
        load(KINDS, FEATURES.replace(old, new, 1), SERIES)


def test_a_catalogue_without_a_part_on_persons_is_refused():
    with pytest.raises(CatalogueError):
        load(KINDS.partition(b"[person]")[0], FEATURES, SERIES)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(data):
    with pytest.raises(CatalogueError):
        load(data, FEATURES, SERIES)


def test_a_text_is_no_list_of_texts():
    head, _, rest = KINDS.partition(b"questions = ")
    with pytest.raises(CatalogueError):
        load(head + b'questions = "age"\n' + rest.partition(b"\n")[2], FEATURES, SERIES)


def test_a_box_may_reach_the_edges():
    wide = FEATURES.replace(b"[0.04, 0.19, 0.29, 0.60]", b"[0.5, 0.25, 0.5, 0.75]", 1)
    assert load(KINDS, wide, SERIES).features[0].box == Box(0.5, 0.25, 0.5, 0.75)


def test_both_dates_may_have_to_be_typed():
    both = KINDS.replace(b'["expiry_date"]', b'["expiry_date", "issue_date"]')
    entry = load(both, FEATURES, SERIES).entry(DocumentKind.FR_ID_CARD_1988)
    assert entry.typed_dates == ("expiry_date", "issue_date")


@pytest.mark.parametrize("value", [b"", b'kind = "x"\n', b"kind = [1]\n", b"kind = []\n"])
def test_kinds_are_a_list_of_tables(value):
    person = b"[person]" + KINDS.partition(b"[person]")[2]
    with pytest.raises(CatalogueError):
        load(b'version = "1"\n' + value + person, FEATURES, SERIES)
