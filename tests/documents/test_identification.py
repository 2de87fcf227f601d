"""Which document it is: from zones, from lines that are no zone, from words of a heading."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.catalogue import Acceptance, load
from kiosk.documents.identification import (
    identify,
    identify_lines,
    identify_marks,
    sides_agree,
)
from kiosk.documents.mrz import parse
from kiosk.documents.series import Family, load_series
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import DocumentKind, Side, Verdict
from kiosk.texts import Texts
from tests.documents import vectors
from tests.documents.vectors import TODAY

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "documents"
DATA = (FOLDER / "series.toml").read_bytes()
SERIES = load_series(DATA)
CATALOGUE = load(
    *((FOLDER / f"{name}.toml").read_bytes() for name in ("catalogue", "features", "series"))
)


def known(lines, today=TODAY):
    return identify(parse(lines, today).document, SERIES, today)


@pytest.mark.parametrize(
    ("lines", "family", "kind", "side", "series"),
    [
        (vectors.CARD_2021, Family.ID_CARD, "fr-id-card-2021", Side.BACK, "2021"),
        (vectors.CARD_1988_COMPOUND, Family.ID_CARD, "fr-id-card-1988", Side.FRONT, "2004"),
        (vectors.CARD_1988, Family.ID_CARD, "fr-id-card-1988", Side.FRONT, "1988"),
        (vectors.PASSPORT_2026, Family.PASSPORT, "fr-passport", Side.FRONT, "2026"),
        (vectors.PASSPORT_LEAP, Family.PASSPORT, "fr-passport", Side.FRONT, "2006"),
        (vectors.CARD_BELGIUM_LONG, Family.ID_CARD, "eu-id-card", Side.BACK, "2021"),
        (vectors.PASSPORT_GBR, Family.PASSPORT, "passport", Side.FRONT, "2006"),
    ],
)
def test_a_zone_names_family_kind_side_and_series(lines, family, kind, side, series):
    found = known(lines)
    assert (found.family, found.side) == (family, side)
    assert found.kind is DocumentKind(kind)
    assert found.series == f"{kind}.{series}"
    assert not found.forbidden


def test_a_series_is_not_told_where_two_fit():
    # A permit that expires in 2029 may have been issued before or after 10 August 2020.
    assert known(vectors.PERMIT_KOSOVO).series == ""
    assert known(vectors.PERMIT).series == "fr-residence-permit.2020"
    card = parse(vectors.CARD_BELGIUM_LONG, TODAY).document
    for expiry in (date(2029, 1, 1), date(9998, 12, 31)):
        assert identify(replace(card, expiry_date=expiry), SERIES, TODAY).series == ""


def test_a_card_of_the_other_size_is_of_the_earlier_series():
    card = parse(vectors.CARD_BELGIUM_LONG, TODAY).document
    old = replace(card, layout="TD2", expiry_date=date(2028, 1, 1))
    assert identify(old, SERIES, TODAY).series == "eu-id-card.before-2021"


@pytest.mark.parametrize(
    ("lines", "name"), [(vectors.VISA_A, "visa-a"), (vectors.VISA_B, "visa-b")]
)
def test_visas_are_named(lines, name):
    found = known(lines)
    assert found.family is Family.VISA
    assert found.series == f"other.{name}"


def test_a_refugee_s_travel_document_is_a_passport_of_no_kind_known_here():
    found = known(vectors.REFUGEE)
    assert (found.family, found.kind, found.series) == (Family.PASSPORT, DocumentKind.OTHER, "")


@pytest.mark.parametrize("second", "<ABCDEFGHIJKLMNOPQRSTUVWXYZ")
def test_every_second_letter_of_a_passport_is_one(second):
    """P< and the harmonised letters of 2026, and those that a State may still use."""
    lines = (f"P{second}{vectors.PASSPORT_LEAP[0][2:]}", vectors.PASSPORT_LEAP[1])
    parsed = parse(lines, TODAY)
    assert parsed.document.layout == "TD3"
    assert parsed.digits_agree
    assert known(lines).family is Family.PASSPORT
    # Refugees, stateless persons and aliens are no nationals, a laissez-passer is no passport.
    own = second not in "RSTL"
    assert (parsed.document.kind is DocumentKind.FR_PASSPORT) is own


def test_a_driving_licence_and_a_vehicle_paper_are_named_instead_of_failed():
    licence = identify_lines(["D1FRA13AA000026181231MARTIN<<9"], SERIES)
    assert (licence.family, licence.issuer) == (Family.DRIVING_LICENCE, "FRA")
    paper = identify_lines(["CRFRAAB123CD6<<VF1BB05CF38000000", "X" * 32], SERIES)
    assert paper.family is Family.VEHICLE_PAPER
    assert identify_lines(["D1FRA"], SERIES).family is Family.UNKNOWN
    assert identify_lines([], SERIES).family is Family.UNKNOWN


@pytest.mark.parametrize(
    ("heading", "side", "family", "kind"),
    [
        ("RÉPUBLIQUE FRANÇAISE CARTE NATIONALE D’IDENTITÉ", "front", "id-card", "fr-id-card-2021"),
        ("RÉPUBLIQUE FRANÇAISE CARTE NATIONALE D'IDENTITE", "back", "id-card", "fr-id-card-1988"),
        ("FRCARTE D’IDENTITÉ  IDENTITY CARD", "front", "id-card", "fr-id-card-2021"),
        ("CARTE D’IDENTITÉ", "front", "id-card", None),
        ("BE IDENTITEITSKAART CARTE D’IDENTITÉ", "front", "id-card", "eu-id-card"),
        ("TITRE DE SÉJOUR / RESIDENCE PERMIT", "front", "residence-permit", "fr-residence-permit"),
        ("PERMIS DE CONDUIRE", "front", "driving-licence", None),
        ("PASSEPORT / PASSPORT", "back", "passport", None),
        ("BIBLIOTHÈQUE MUNICIPALE", "front", "unknown", None),
        ("", "front", "unknown", None),
        ("PASSEPORT TITRE DE SÉJOUR", "front", "unknown", None),
    ],
)
def test_words_of_a_heading(heading, side, family, kind):
    found = identify_marks([heading], SERIES, Side(side))
    assert found.family is Family(family)
    assert found.kind == (kind and DocumentKind(kind))
    assert not found.forbidden


@pytest.mark.parametrize("heading", ["carte Vitale", "Assurance Maladie", "SÉCURITÉ SOCIALE"])
def test_a_social_security_document_is_forbidden_whatever_else_it_says(heading):
    found = identify_marks([heading, "CARTE D’IDENTITÉ"], SERIES, Side.FRONT)
    assert found.forbidden
    assert found.family is Family.SOCIAL_SECURITY
    assert found.kind is None


def test_sides_that_name_another_family_are_looked_at():
    card = parse(vectors.CARD_2021, TODAY).document
    assert sides_agree(["id-card", ""], card).verdict is Verdict.PASS
    assert sides_agree(["passport", ""], card).verdict is Verdict.UNSURE
    assert sides_agree(["passport", "id-card"], card).verdict is Verdict.UNSURE
    assert sides_agree(["unknown", ""], card).verdict is Verdict.NOT_DONE


def test_names_of_states():
    assert SERIES.issuer_name("D", "fr") == "Allemagne"
    assert SERIES.issuer_name("BEL", "en") == "Belgium"
    assert SERIES.issuer_name("TKM", "fr") == "TKM"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_series_and_family_has_its_words(language):
    texts = Texts.load(language)
    for series in SERIES.series:
        assert texts(f"document_series.{series.series_id}")
    for family in Family:
        assert texts(f"document_families.{family.value}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'version = "2026-11-26"', b"version = 1"),
        (b"as_of = 2026-11-26", b'as_of = "today"'),
        (b'id = "fr-passport.2006"', b'id = "passport.2007"'),
        (b'id = "fr-passport.2006"', b'id = "fr-passport.2026"'),
        (b'kind = "fr-passport"', b'kind = "fr-pass"'),
        (b'layouts = ["TD3"]', b'layouts = ["TD9"]'),
        (b'codes = ["P"]', b'codes = "P"'),
        (b'issuers = ["ITA"]', b'issuers = ["QQQ"]'),
        (b"zone = false", b"zone = 0"),
        (b"years = 10", b"years = 0"),
        (b"years = 10", b"years = true"),
        (b"from = 2004-01-02", b"from = 2014-01-02"),
        (b'words = ["PERMISDECONDUIRE"', b'words = ["permis"'),
        (b'family = "passport"', b'family = "pass"'),
        (b"forbidden = true", b'forbidden = "yes"'),
        (b"width = 30", b"width = 99"),
        (b"[issuers.BEL]", b"[issuers.QQQ]"),
        (b'en = "Belgium"', b'de = "Belgien"'),
        (b"[[mark]]", b"[[marks]]"),
    ],
)
def test_wrong_data_is_refused(old, new):
    assert old in DATA
    with pytest.raises(CatalogueError):
        load_series(DATA.replace(old, new, 1))


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(data):
    with pytest.raises(CatalogueError):
        load_series(data)


# --- what the catalogue says of a document --------------------------------------------------------


def test_a_procedure_accepts_refuses_or_leaves_it_to_the_policy():
    accepts = CATALOGUE.acceptance_of
    assert accepts("online-request", DocumentKind.FR_PASSPORT) is Acceptance.ACCEPTED
    assert accepts("online-request", DocumentKind.FR_RESIDENCE_PERMIT) is Acceptance.POLICY
    assert accepts("online-request", DocumentKind.OTHER) is Acceptance.REFUSED
    assert accepts("another", DocumentKind.FR_PASSPORT) is Acceptance.REFUSED


@pytest.mark.parametrize(
    ("day", "verdict"),
    [(date(2026, 8, 3), Acceptance.POLICY), (date(2026, 8, 4), Acceptance.REFUSED)],
)
def test_a_rule_for_a_series_holds_from_its_day(day, verdict):
    kind, paper = DocumentKind.EU_ID_CARD, "eu-id-card.it-paper"
    assert CATALOGUE.acceptance_of("online-request", kind, paper, day) is verdict


def test_what_only_one_series_bears_is_looked_for_on_that_one_only():
    def features(series):
        return {f.feature_id for f in CATALOGUE.must_look_at(DocumentKind.EU_ID_CARD, series)}

    flag = "eu-id-card.flag-code"
    assert flag in features("eu-id-card.2021")
    assert flag not in features("eu-id-card.before-2021")
    assert flag not in features("")
