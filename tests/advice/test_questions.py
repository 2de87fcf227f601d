"""Questions and answers: complete words, figures of the day, and a search that forgives."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.advice.dated import Span
from kiosk.advice.questions import Topic, load_questions
from kiosk.advice.search import Entry, SearchIndex, folded, words_of
from kiosk.advice.service import FILES, load_service
from kiosk.domain.errors import CatalogueError, NoFactError
from kiosk.texts import LANGUAGES, Texts
from tests.advice.service_files import CONTENTS, SERVICE

DAY = date(2026, 11, 26)
KEYS = {language: Texts.load(language).keys() for language in LANGUAGES}
TEXTS = {language: Texts.load(language) for language in LANGUAGES}


def words(language, day=DAY):
    figures = SERVICE.figures(day, language)
    return lambda key: TEXTS[language](key, **figures)


def index(language):
    return SERVICE.questions.index(words(language), language, DAY)


INDEX = {language: index(language) for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_and_course_has_its_words(language):
    say = words(language)
    for item in SERVICE.questions.questions:
        for part in ("ask", "answer", "words"):
            assert say(f"faq.{item.question_id}.{part}")
        assert say(f"faq.{item.question_id}.answer").endswith(".")
    for course in SERVICE.questions.tutorials:
        assert say(f"tutorial.{course.tutorial_id}.title")
        for step in range(1, course.steps + 1):
            assert say(f"tutorial.{course.tutorial_id}.step{step}").endswith(".")
        assert f"tutorial.{course.tutorial_id}.step{course.steps + 1}" not in TEXTS[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_belong_to_a_question_that_does_not_exist(language):
    known = {item.question_id for item in SERVICE.questions.questions}
    told = {key.split(".")[1] for key in KEYS[language] if key.startswith("faq.")}
    assert told == known


def test_there_are_enough_questions_and_every_topic_has_some():
    assert len(SERVICE.questions.questions) >= 40
    for topic in Topic:
        assert SERVICE.questions.about(topic, DAY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_dated_figure_is_written_in_the_words_themselves(language):
    numbers = ("09 70", "0 969", "8 h 30", "4 semaines", "four weeks", "Android 6", "iOS 13")
    for key in KEYS[language]:
        if key.startswith(("faq.", "tutorial.")):
            text = TEXTS[language].raw(key).replace("\u00a0", " ")
            assert not any(number in text for number in numbers), key


def test_figures_follow_the_day():
    assert "iOS\u00a013" in words("fr")("faq.which-phone.answer").replace(" ", "\u00a0")
    with pytest.raises(NoFactError):
        SERVICE.figures(date(2001, 1, 1), "fr")


@pytest.mark.parametrize(
    ("language", "query", "expected"),
    [
        ("fr", "carte périmée", "expired-card"),
        ("fr", "perimee carte", "expired-card"),
        ("fr", "PÉRIMÉE", "expired-card"),
        ("fr", "peri", "expired-card"),
        ("fr", "prérimée", "expired-card"),
        ("fr", "prolongation carte d’identité", "expired-card"),
        ("fr", "pas reçu le code", "code-not-received"),
        ("fr", "combien ça coute", "is-it-free"),
        ("fr", "dom tom numéro", "overseas-number"),
        ("fr", "mineur 17 ans", "minor"),
        ("fr", "recomandé absence", "paper-letter"),
        ("fr", "horair aide", "help-hours"),
        ("fr", "encre", "paper-how-to-fill"),
        ("fr", "smartfone", "which-phone"),
        ("fr", "verificaton en ligen", "online-verification"),
        ("fr", "mot de pase cpf", "training-password"),
        ("fr", "conseiller elu", "help-elected"),
        ("fr", "panne internt", "offline"),
        ("fr", "s’installer calme et bien éclairé", "course:remote"),
        ("fr", "se connecter premiere foi", "course:first-use"),
        ("en", "for the first time", "course:first-use"),
        ("en", "expired card", "expired-card"),
        ("en", "cod not recieved", "code-not-received"),
        ("en", "how much", "is-it-free"),
        ("en", "scam", "scam"),
        ("en", "wrong ofice", "wrong-office"),
    ],
)
def test_the_search_forgives(language, query, expected):
    found = [hit.entry_id for hit in INDEX[language].search(query)]
    assert expected in found[:2]


def test_what_was_found_is_told_as_it_is_written():
    (first, *_) = INDEX["fr"].search("perimee crate")
    assert first.entry_id == "expired-card"
    assert {"périmée", "carte"} <= set(first.matched)


@pytest.mark.parametrize("query", ["", "   ", "?!", "xyzzy"])
def test_nothing_found_is_an_empty_answer(query):
    assert INDEX["fr"].search(query) == ()


def test_a_number_is_never_taken_for_another():
    assert "minor" not in [hit.entry_id for hit in INDEX["fr"].search("2035")]


@settings(deadline=None)
@given(st.text(max_size=300), st.integers(1, 10))
def test_any_query_gets_a_ranked_answer(query, most):
    found = INDEX["fr"].search(query, most)
    assert len(found) <= most
    scores = [hit.score for hit in found]
    assert scores == sorted(scores, reverse=True)
    assert len({hit.entry_id for hit in found}) == len(found)


@settings(deadline=None)
@given(st.sampled_from(SERVICE.questions.questions), st.randoms())
def test_word_order_does_not_matter(item, random):
    typed = list(words_of(words("fr")(f"faq.{item.question_id}.ask")))
    straight = INDEX["fr"].search(" ".join(typed))
    random.shuffle(typed)
    shuffled = INDEX["fr"].search(" ".join(typed))
    assert {hit.entry_id for hit in straight[:1]} == {hit.entry_id for hit in shuffled[:1]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_a_question_find_it(language):
    for item in SERVICE.questions.questions:
        query = words(language)(f"faq.{item.question_id}.ask")
        assert INDEX[language].search(query)[0].entry_id == item.question_id


def test_words_are_folded_and_parted():
    assert words_of("L’Œuvre de 24h, périmée ?") == ("l", "oeuvre", "de", "24", "h", "perimee")
    assert folded("ÉLU") == "elu"


def test_only_telling_words_count_unless_there_are_no_others():
    small = SearchIndex([Entry("a", "the cat", ""), Entry("b", "the the", "")], stop=["the"])
    assert [hit.entry_id for hit in small.search("the cat")] == ["a"]
    assert [hit.entry_id for hit in small.search("the")] == ["b"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'id = "minor"', b'id = "scam"'),
        (b'topic = "training"', b'topic = "weather"'),
        (b"steps = 3", b"steps = 0"),
        (b"[stop]", b"[go]"),
    ],
)
def test_wrong_questions_are_a_catalogue_error(old, new):
    assert old in CONTENTS["questions"]
    with pytest.raises(CatalogueError):
        load_questions(CONTENTS["questions"].replace(old, new))


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_broken_file_is_a_catalogue_error(name):
    missing = {key: data for key, data in CONTENTS.items() if key != name}
    for files in (missing, CONTENTS | {name: b"\xff"}, CONTENTS | {name: b"[["}):
        with pytest.raises(CatalogueError):
            load_service(files)


def test_the_version_is_the_newest_of_the_parts():
    newer = CONTENTS["phones"].replace(b'version = "2026-11-26"', b'version = "2027-01-05"')
    assert load_service(CONTENTS | {"phones": newer}).version == "2027-01-05"


def test_a_fact_holds_on_its_first_and_last_day():
    span = Span("here", date(2026, 1, 1), date(2026, 1, 31))
    assert [span.holds_on(date(2026, 1, day)) for day in (1, 31)] == [True, True]
    assert not span.holds_on(date(2025, 12, 31))
    assert not span.holds_on(date(2026, 2, 1))
    assert span.meets(Span("there", date(2026, 1, 31)))
    assert not span.meets(Span("there", date(2026, 2, 1)))
