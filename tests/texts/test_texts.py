"""The texts: complete in both languages, and French as a printer would set it."""

import re

import pytest

from kiosk.domain import errors
from kiosk.domain.errors import CatalogueError, KioskError
from kiosk.journeys.blocks import Terms
from kiosk.journeys.procedure import Form
from kiosk.journeys.procedures import procedures
from kiosk.texts import LANGUAGES, MissingTextError, Texts
from tests.fakes.cases import SIDES

TEXTS = {language: Texts.load(language) for language in LANGUAGES}
KEYS = {language: TEXTS[language].keys() for language in LANGUAGES}


def codes(kind: type[KioskError] = KioskError) -> set[str]:
    found = {kind.code}
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            found |= codes(child)
    return found


def test_both_languages_hold_the_same_keys():
    french, english = (set(KEYS[language]) for language in ("fr", "en"))
    assert french - english == set()
    assert english - french == set()


@pytest.mark.parametrize("key", KEYS["fr"])
def test_both_languages_hold_the_same_placeholders(key):
    if key not in KEYS["en"]:
        pytest.fail(f"no English text for {key}")
    assert TEXTS["fr"].placeholders(key) == TEXTS["en"].placeholders(key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_says_what_happened_and_what_to_do(language):
    for code in sorted(codes()):
        assert TEXTS[language](f"errors.{code}.what").endswith(".")
        assert TEXTS[language](f"errors.{code}.do").endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", Form)
def test_everything_that_stands_against_an_acceptance_has_its_words(language, form):
    for journey in procedures(Terms(SIDES, form=form)):
        for name in journey.accept_when:
            if name != "checks_clear":  # told check by check
                assert TEXTS[language](f"journey.decision.obstacle.{name}").endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_explains_an_error_that_does_not_exist(language):
    explained = {key.split(".")[1] for key in KEYS[language] if key.startswith("errors.")}
    assert explained == codes()


def test_error_codes_are_given_once():
    leaves = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    kinds = [kind for kind in leaves if issubclass(kind, KioskError)]
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("key", KEYS["fr"])
def test_french_typography(key):
    text = TEXTS["fr"].raw(key)
    assert "'" not in text, "a typographic apostrophe is wanted"
    assert not re.search(r"[^\u00a0\u202f\d][;!?»]", text.replace("?»", "»")), "no-break space"
    assert not re.search(r"[^\u00a0\u202f\d/]:(?!//|\d)", text.replace("https:", "")), "no-break"
    assert not re.search(r"«[^\u00a0\u202f]", text), "no-break space after «"
    assert "..." not in text, "the ellipsis is one character"


@pytest.mark.parametrize("language", LANGUAGES)
def test_counted_texts_come_in_pairs(language):
    keys = set(KEYS[language])
    ones = {key.removesuffix(".one") for key in keys if key.endswith(".one")}
    assert {f"{stem}.other" for stem in ones} <= keys


@pytest.fixture
def folder(tmp_path):
    for language, one in (("fr", "{n} dossier en attente"), ("en", "{n} record waiting")):
        room = tmp_path / language
        room.mkdir()
        other = one.replace("dossier", "dossiers").replace("record", "records")
        (room / "home.toml").write_text(
            f'[home]\ntitle = "Vis-à-vis"\nhello = "{{name}} {{n}}"\n'
            f'[home.waiting]\none = "{one}"\nother = "{other}"\n',
            encoding="utf-8",
        )
    return tmp_path


@pytest.mark.parametrize(
    ("language", "n", "text"),
    [
        ("fr", 0, "0 dossier en attente"),
        ("fr", 1, "1 dossier en attente"),
        ("fr", 2, "2 dossiers en attente"),
        ("en", 0, "0 records waiting"),
        ("en", 1, "1 record waiting"),
        ("en", 2, "2 records waiting"),
    ],
)
def test_counting_follows_the_language(folder, language, n, text):
    assert Texts.load(language, folder)("home.waiting", n=n) == text


def test_a_placeholder_is_filled_once_and_never_interpreted(folder):
    texts = Texts.load("fr", folder)
    assert texts("home.hello", name="{n}", n=3) == "{n} 3"


def test_what_is_missing_is_a_fault_and_never_half_a_text(folder):
    texts = Texts.load("fr", folder)
    assert "home.waiting" in texts
    assert "home.nowhere" not in texts
    for key, values in (
        ("home.nowhere", {}),
        ("home.nowhere", {"n": 1}),
        ("home.waiting", {}),
        ("home.hello", {"name": "x"}),
    ):
        with pytest.raises(MissingTextError):
            texts(key, **values)


@pytest.mark.parametrize(
    "content", ["[home]\ntitle = 3\n", "[home\n", "[home]\ntitle = 'doubled'\n", "\udc80"]
)
def test_a_wrong_file_of_texts_is_a_catalogue_error(folder, content):
    (folder / "fr" / "other.toml").write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(CatalogueError):
        Texts.load("fr", folder)


def test_an_unknown_language_is_a_catalogue_error(folder):
    with pytest.raises(CatalogueError):
        Texts.load("de", folder)


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_every_procedure_tells_the_agent_what_to_do(language, form):
    for journey in procedures(Terms(SIDES, form=form)):
        for step in journey.steps:
            assert TEXTS[language](step.instruction)
