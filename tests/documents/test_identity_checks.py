"""The identity that a customer confirmed, and where they were born."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.birth_places import commune_code, country_code
from kiosk.documents.countries import parse_countries
from kiosk.documents.identity_checks import CODES, identity_checks
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import PrintedValue, Verdict
from kiosk.paths import RESOURCES
from kiosk.texts import LANGUAGES, Texts
from tests.fakes.cases import DOCUMENT

CARD = replace(DOCUMENT, surname="LEFEVRE", given_names=("ANTOINE", "LOUIS"))
PRINT = [("", (PrintedValue("surname", "LEFÈVRE", sure=True),))]


def verdicts(surname, given, sides=()):
    return {c.code: (c.verdict, c.detail) for c in identity_checks(surname, given, CARD, sides)}


def test_accents_are_no_difference_from_the_zone():
    found = verdicts("Lefèvre", ("Antoine", "Louis"))
    assert found == {
        "identity.surname": (Verdict.PASS, "equal"),
        "identity.given_names": (Verdict.PASS, "equal"),
    }


def test_another_person_fails_and_a_near_one_is_asked():
    assert verdicts("Martin", ("Antoine", "Louis"))["identity.surname"][0] is Verdict.FAIL
    assert verdicts("Lefèvre", ("Louis",))["identity.given_names"][0] is Verdict.FAIL
    near = verdicts("de Lefèvre", ("Antoine", "Louis", "Marie"))
    assert near["identity.surname"] == (Verdict.UNSURE, "particles")
    assert near["identity.given_names"] == (Verdict.UNSURE, "prefix")


def test_an_accent_that_the_print_has_otherwise_is_asked():
    names = ("Antoine", "Louis")
    assert verdicts("LEFÈVRE", names, PRINT)["identity.spelling"][0] is Verdict.PASS
    other = verdicts("LEFEVRE", names, PRINT)["identity.spelling"]
    assert other == (Verdict.UNSURE, "accents")
    assert "identity.spelling" not in verdicts("Martin", names, PRINT)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_check_has_its_words(language, code):
    texts = Texts.load(language)
    for word in ("label", "pass", "fail", "unsure", "not_done"):
        assert texts(f"checks.{code}.{word}")


@pytest.mark.parametrize(
    ("typed", "year", "code"),
    [
        ("75112", 1990, "75112"),
        (" 2a 004 ", 1980, "2A004"),
        ("2B033", None, "2B033"),
        ("20004", 1970, "20004"),
        ("20004", None, "20004"),
        ("97105", 1990, "97105"),
        ("98735", 1990, "98735"),
        ("20004", 1976, None),
        ("75000", 1990, None),
        ("00123", 1990, None),
        ("96001", 1990, None),
        ("97100", 1990, None),
        ("99100", 1990, None),
        ("7511", 1990, None),
        ("751122", 1990, None),
        ("2C001", 1990, None),
        ("٧٥١١٢", 1990, None),
        ("", 1990, None),
    ],
)
def test_codes_of_communes(typed, year, code):
    assert commune_code(typed, year) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [("99352", "99352"), ("99 109", "99109"), ("99100", None), ("99099", None), ("75112", None)],
)
def test_codes_of_countries(typed, code):
    assert country_code(typed) == code


COUNTRIES = parse_countries((RESOURCES / "documents" / "countries.toml").read_bytes())


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Algérie", ("99352", "Algérie")),
        ("algerie", ("99352", "Algérie")),
        ("alg", ("99352", "Algérie")),
        ("le Maroc", ("99350", "Maroc")),
        ("Guinée", ("99330", "Guinée")),
        ("Congo", ("99324", "Congo")),
        ("cote d'ivoire", ("99326", "Côte d’Ivoire")),
        ("Royaume Uni", ("99132", "Royaume-Uni")),
        ("99115", ("99115", "99115")),  # Czechoslovakia is no more, and people were born there
        ("99109", ("99109", "Allemagne")),
        ("Cor", None),  # two of them
        ("al", None),
        ("France", None),
        ("99100", None),
        ("Atlantide", None),
        ("", None),
    ],
)
def test_countries_as_typed(typed, found):
    assert COUNTRIES.find(typed) == found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[countries]",
        b'[countries]\n99100 = "France"',
        b'[countries]\nx = "y"',
        b"\xff",
        b"a=1",
    ],
)
def test_wrong_data_of_countries_is_refused(data):
    with pytest.raises(CatalogueError):
        parse_countries(data)


@given(st.text(max_size=40))
def test_anything_typed_is_a_country_or_none(typed):
    found = COUNTRIES.find(typed)
    assert found is None or country_code(found[0]) == found[0]
