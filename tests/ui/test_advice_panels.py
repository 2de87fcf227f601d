"""Welcome, eligibility, ways and paper file: one event for each answer, and never a name."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pypdfium2
import pytest
from PySide6.QtWidgets import QLabel

from kiosk.advice.answer_codes import coded, decoded
from kiosk.advice.eligibility import Answers
from kiosk.advice.eligibility_rules import Paper, System, load_eligibility
from kiosk.advice.phones import MobileVerdict
from kiosk.domain.errors import AnswerRefusedError
from kiosk.journeys.model import LanguageChosen, SteppedBack
from kiosk.journeys.procedures import COUNTER_CREATION, ONLINE_REQUEST
from kiosk.journeys.service_steps import (
    AdviceGiven,
    EligibilityAnswered,
    PaperFileChecked,
    Purpose,
    PurposeChosen,
    Situation,
)
from tests.advice.service_files import CONTENTS
from tests.ui import advice_pages
from tests.ui.advice_pages import NEW, YES, desk, panel, said
from ui.screens.sheet_advice import html_of
from ui.screens.sheet_print import Printing, keep_sheet
from ui.viewmodels.sheet import AdviceSheet, SheetBlock

FRENCH = re.compile(r"\b(le|la|les|une?|des|du|vous|votre|pour)\b", re.IGNORECASE)
"""Words that stand in every French text of more than a line, and in no English one."""


@pytest.fixture
def made(look, qtbot):
    """A panel after some events, and the events that it emits."""

    def make(*events, **parts):
        page = panel(look, *events, **parts)
        qtbot.addWidget(page)
        page.told = []
        page.happened.connect(page.told.append)
        page.show()
        return page

    return make


def values(page):
    return list(page.choices._buttons)


def texts(widget):
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


# --- codes of the answers -------------------------------------------------------------------------


def test_answers_come_back_from_their_codes():
    answers = Answers(True, Paper.RESIDENCE_PERMIT, False, System.IOS, 0, MobileVerdict.NOT_MOBILE)
    assert decoded(coded(answers)) == answers
    assert decoded(reversed(coded(answers))) == answers
    assert coded(Answers()) == ()


@pytest.mark.parametrize(
    "pair",
    [
        ("weather", "fine"),
        ("adult", "perhaps"),
        ("document", "library-card"),
        ("version", "twelve"),
        ("version", "-3"),
        ("mobile", "malformed"),
        ("mobile", "+33612345678"),
    ],
)
def test_unknown_codes_are_refused(pair):
    with pytest.raises(AnswerRefusedError):
        decoded([pair])


# --- welcome --------------------------------------------------------------------------------------


def test_a_purpose_and_a_situation_make_one_event(made):
    page = made()
    page.choices.button("cpf").click()
    assert page.told == []
    assert values(page) == ["new", "started-online", "has-letter", "paper-file"]
    page.choices.button("started-online").click()
    assert page.told == [PurposeChosen(Purpose.TRAINING_ACCOUNT, Situation.STARTED_ONLINE)]


@pytest.mark.parametrize(
    ("purpose", "situation"),
    [
        (Purpose.REGISTERED_LETTER, Situation.HAS_LETTER),
        (Purpose.QUESTION, Situation.ONLY_A_QUESTION),
    ],
)
def test_a_letter_and_a_question_need_no_second_answer(made, purpose, situation):
    page = made()
    page.choices.button(purpose.value).click()
    assert page.told == [PurposeChosen(purpose, situation)]


def test_escape_leads_from_the_situation_to_the_purpose(made):
    page = made()
    assert not page.back.isEnabled()
    page.choices.button("dife").click()
    assert page.back.isEnabled()
    page.go_back()
    assert values(page)[0] == "cpf"
    assert page.told == []


def test_what_is_not_carried_out_here_is_not_offered(made):
    page = made(at=desk((ONLINE_REQUEST,)))
    page.choices.button("cpf").click()
    assert values(page) == ["new", "started-online"]
    page.go_back()
    page.choices.button("franceconnect").click()
    assert values(page) == ["new", "started-online"]


def test_the_way_by_post_is_not_offered_for_another_service(made):
    page = made()
    page.choices.button("franceconnect").click()
    assert values(page) == ["new", "started-online"]


# --- eligibility ----------------------------------------------------------------------------------


def test_each_answer_is_one_event_with_all_answers_so_far(made):
    page = made(NEW, said(*YES[:1]))
    page.choices.button("fr-passport").click()
    (event,) = page.told
    assert isinstance(event, EligibilityAnswered)
    pairs = [(item.question, item.answer) for item in event.facts.answers]
    assert pairs == [("adult", "yes"), ("document", "fr-passport")]
    assert (event.facts.eligible, event.facts.obstacle) == (None, "")


def test_the_first_answer_that_fails_names_the_obstacle(made):
    page = made(NEW)
    page.choices.button("no").click()
    (event,) = page.told
    assert (event.facts.eligible, event.facts.obstacle) == (False, "not-adult")


def test_before_the_first_answer_the_page_says_that_there_is_none(made, look):
    page = made(NEW)
    assert page._nothing.text() == look.language.tr("journey.eligibility.none_so_far")
    assert not page._nothing.isHidden()
    page = made(NEW, said(*YES[:1]))
    assert page._nothing.isHidden()


def test_the_last_answer_makes_the_customer_eligible(made):
    page = made(NEW, said(*YES[:5]))
    page.choices.button("yes").click()
    (event,) = page.told
    assert (event.facts.eligible, event.facts.obstacle) == (True, "")


def test_versions_are_offered_by_the_figures_of_the_day(made):
    page = made(NEW, said(*YES[:3]))
    assert values(page) == ["12", "6", "5", "0"]
    assert "Entre Android\u00a06 et Android\u00a011" in texts(page)
    at = desk()
    data = CONTENTS["eligibility"].replace(b"doubtful_below = 15\n", b"")
    sure = replace(at.service, eligibility=load_eligibility(data))
    page = made(NEW, said(*YES[:2], ("system", "ios")), at=replace(at, service=sure))
    assert values(page) == ["13", "12", "0"]


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        ("06 90 12 34 56", "eligible"),
        ("01 23 45 67 89", "not-mobile"),
        ("+44 7911 123456", "not-eligible"),
    ],
)
def test_of_a_number_only_the_verdict_leaves_the_panel(made, qtbot, typed, verdict):
    page = made(NEW, said(*YES[:4]))
    qtbot.keyClicks(page.number.edit, typed)
    page.go_on()
    (event,) = page.told
    assert event.facts.answers[-1].answer == verdict
    assert page.number.edit.text() == ""
    assert not any(typed.replace(" ", "")[-6:] in repr(item) for item in page.told)


def test_a_number_that_is_none_is_told_and_nothing_is_sent(made, qtbot):
    page = made(NEW, said(*YES[:4]))
    qtbot.keyClicks(page.number.edit, "06 12 34")
    page.go_on()
    assert page.told == []
    assert any("complet" in text for text in texts(page))


def test_a_number_of_an_unknown_range_is_read_twice_then_taken(made, qtbot):
    page = made(NEW, said(*YES[:4]))
    qtbot.keyClicks(page.number.edit, "06 91 12 34 56")
    page.go_on()
    assert page.told == []
    assert "+590" in page.banner.text
    assert "1234" not in page.banner.text.replace(" ", "")
    page.go_on()
    assert page.told[0].facts.answers[-1].answer == "eligible"


def test_who_has_no_mobile_number_is_told_so(made):
    page = made(NEW, said(*YES[:4]))
    page.none.button("none").click()
    assert page.told[0].facts.obstacle == "not-mobile"


def test_back_takes_the_last_answer_away_and_then_leaves_the_step(made):
    page = made(NEW, said(*YES[:2]))
    page.go_back()
    assert [item.question for item in page.told[0].facts.answers] == ["adult"]
    page = made(NEW)
    page.go_back()
    assert page.told == [SteppedBack()]


def test_coming_back_shows_the_answers_and_enter_goes_on(made):
    page = made(NEW, said(*YES, eligible=True), SteppedBack())
    assert page.name == "eligibility"
    page.go_on()
    assert page.told[0].facts.eligible


def test_enter_without_an_answer_says_so(made):
    page = made(NEW)
    page.go_on()
    assert page.told == []
    assert page.banner.text


def test_a_clock_that_is_far_off_is_told_and_stops_the_way_on(made):
    page = made(NEW, at=desk(now=datetime(2001, 1, 1, tzinfo=UTC)))
    assert "date" in page.banner.text
    assert not page.primary.isEnabled()


def test_nothing_of_one_customer_is_left_for_the_next(made, qtbot):
    page = made(NEW, said(*YES[:4]))
    qtbot.keyClicks(page.number.edit, "06 12 34")
    page.forget()
    assert page.number.edit.text() == ""


# --- ways -----------------------------------------------------------------------------------------


def test_the_counter_is_proposed_first_and_leads_on(made):
    page = made(NEW, said(*YES, eligible=True))
    assert values(page) == ["counter", "online-face-to-face", "online-remote"]
    page.go_on()
    (event,) = page.told
    assert isinstance(event, AdviceGiven)
    assert (event.facts.channel, event.facts.next_procedure) == ("counter", COUNTER_CREATION)
    assert event.facts.ready_by is None


def test_the_remote_way_says_by_when_and_what_it_needs(made):
    page = made(NEW, said(*YES, eligible=True))
    page.choices.button("online-remote").click()
    shown = " ".join(texts(page)).replace("\u00a0", " ")
    assert "prêt au plus tard mardi 24 novembre à 9 h 12" in shown
    assert "caméra" in shown
    assert "microphone" in shown
    assert page.qr.payload == "https://lidentitenumerique.laposte.fr"
    page.go_on()
    assert page.told[0].facts.ready_by == datetime(2026, 11, 24, 8, 12, tzinfo=UTC)
    assert page.told[0].facts.next_procedure == ""


@pytest.mark.parametrize(
    ("code", "when"),
    [
        ("fr", "mardi 24 novembre à 9 h 12 (heure de Paris), si vous faites la demande maintenant"),
        ("en", "Tuesday 24 November at 9:12 (Paris time), if you apply now"),
    ],
)
def test_the_sheet_of_the_remote_way_says_whose_time_it_is_and_from_when(made, code, when):
    page = made(NEW, LanguageChosen(code), said(*YES, eligible=True))
    page.choices.button("online-remote").click()
    words = html_of(page.sheet()).replace("\u00a0", " ")
    assert when in words
    assert "24" in words.partition(when)[2]


@pytest.mark.parametrize(
    ("purpose", "number", "other"),
    [
        (Purpose.ELECTED_ACCOUNT, "09 70 81 00 50", "0 969 399 111"),
        (Purpose.TRAINING_ACCOUNT, "0 969 399 111", "09 70 81 00 50"),
    ],
)
def test_the_sheet_of_an_elected_member_names_their_own_adviser(made, purpose, number, other):
    page = made(PurposeChosen(purpose, Situation.NEW), said(*YES, eligible=True))
    words = html_of(page.sheet()).replace("\u00a0", " ")
    assert number in words
    assert other not in words
    assert "19 h" in words


def test_the_remote_way_over_a_weekend(made):
    friday = desk(now=datetime(2026, 11, 20, 14, tzinfo=UTC))
    page = made(NEW, said(*YES, eligible=True), at=friday)
    shown = " ".join(texts(page)).replace("\u00a0", " ")
    assert "lundi 23 novembre à 15 h 00" in shown


def test_who_has_no_smartphone_hears_why_and_the_way_by_post(made):
    answers = (*YES[:2], ("system", "none"))
    page = made(NEW, said(*answers, eligible=False, obstacle="no-smartphone"))
    assert values(page) == ["paper"]
    page.go_on()
    assert (page.told[0].facts.channel, page.told[0].facts.next_procedure) == ("paper", "")
    sheet = page.sheet()
    words = html_of(sheet)
    assert "smartphone" in words
    assert "lundi 21 décembre" in words
    assert sheet.address == "https://www.moncompteformation.gouv.fr"


def test_each_way_says_its_day_and_hour_on_the_screen_and_on_paper(made):
    page = made(NEW, said(*YES, eligible=True))
    shown = " ".join(texts(page)).replace("\u00a0", " ")
    assert "lundi 23 novembre à 9 h 12" in shown
    assert "jour du passage" in shown
    assert "lundi 23 novembre à 9 h 12" in html_of(page.sheet()).replace("\u00a0", " ")
    page.choices.button("online-face-to-face").click()
    assert "le jour de votre passage" in html_of(page.sheet())


def test_a_sheet_speaks_to_the_customer(made):
    answers = (*YES[:2], ("system", "none"))
    barred = made(NEW, said(*answers, eligible=False, obstacle="no-smartphone"))
    eligible = made(NEW, said(*YES, eligible=True))
    for page in (barred, eligible):
        assert "client" not in html_of(page.sheet()).lower()


def test_the_record_keeps_the_way_that_was_named(made):
    answers = (*YES[:2], ("system", "none"))
    page = made(NEW, said(*answers, eligible=False, obstacle="no-smartphone"))
    page.go_on()
    facts = page.told[0].facts
    assert (facts.alternative, facts.letter_about) == ("paper-procedure", date(2026, 12, 21))


def test_an_elected_member_gets_the_number_of_the_dedicated_adviser(made):
    answers = (("adult", "yes"), ("document", "other"))
    barred = said(*answers, eligible=False, obstacle="document-not-accepted")
    elected = PurposeChosen(Purpose.ELECTED_ACCOUNT, Situation.NEW)
    foot = " ".join(made(elected, barred).sheet().foot).replace("\u00a0", " ")
    assert "09 70 81 00 50" in foot
    assert "conseiller dédié" in foot
    foot = " ".join(made(NEW, barred).sheet().foot).replace("\u00a0", " ")
    assert "0 969 399 111" in foot


def test_a_way_that_pages_say_is_closed_to_somebody_is_told_with_its_doubt(made):
    answers = (("adult", "yes"), ("document", "residence-permit"))
    page = made(NEW, said(*answers, eligible=False, obstacle="document-not-accepted"))
    assert values(page) == ["paper"]
    doubt = "fermée aux personnes étrangères"
    assert doubt in " ".join(texts(page))
    assert doubt in html_of(page.sheet())
    answers = (*YES[:2], ("system", "none"))
    page = made(NEW, said(*answers, eligible=False, obstacle="no-smartphone"))
    assert doubt not in html_of(page.sheet())


def test_the_question_of_age_names_the_birth_date(made):
    shown = " ".join(texts(made(NEW))).replace("\u00a0", " ")
    assert "né le 23 novembre 2008 ou avant" in shown


def test_a_minor_gets_a_sheet_with_the_reason_and_no_way(made):
    page = made(NEW, said(("adult", "no"), eligible=False, obstacle="not-adult"))
    assert values(page) == []
    sheet = page.sheet()
    assert "majeur" in html_of(sheet)
    assert "18" in html_of(sheet)
    assert sheet.address == ""
    page.go_on()
    assert page.told[0].facts.channel == ""


def test_a_carrier_has_no_counter_to_lead_to(made):
    page = made(NEW, said(*YES, eligible=True), at=desk((ONLINE_REQUEST,)))
    assert values(page) == ["online-face-to-face", "online-remote", "counter"]
    office = page.choices.button("counter")
    assert office.accessibleName() == "Dans un bureau de poste"
    page.go_on()
    assert page.told[0].facts.channel == "online-face-to-face"
    assert page.told[0].facts.next_procedure == ""


def test_the_sheet_is_asked_for_by_its_button(made, qtbot):
    page = made(NEW, said(*YES, eligible=True))
    with qtbot.waitSignal(page.sheet_requested) as asked:
        page.print_button.click()
    assert asked.args[0].title == "Créer mon identité numérique au guichet"


def test_the_sheet_is_in_the_language_of_the_customer_and_the_page_in_the_agents(made):
    answers = (*YES[:2], ("system", "none"))
    barred = said(*answers, eligible=False, obstacle="no-smartphone")
    page = made(NEW, LanguageChosen("en"), barred)
    words = html_of(page.sheet())
    assert "Monday 21 December" in words.replace("\u00a0", " ")
    assert not FRENCH.search(words)
    assert FRENCH.search(" ".join(texts(page)))


# --- paper file -----------------------------------------------------------------------------------


def test_what_is_not_ticked_is_missing(made):
    page = made(journey=advice_pages.PAPER_FILE)
    page.items.button("account").click()
    page.go_on()
    (event,) = page.told
    assert isinstance(event, PaperFileChecked)
    assert event.facts.present == ("account",)
    assert len(event.facts.missing) == 7
    assert event.facts.letter_about is None
    lines = page.sheet().blocks[0].lines
    assert len(lines) == 7
    assert lines[0].startswith("Une preuve d’identité")


def test_what_is_missing_is_listed_in_the_language_of_the_customer(made):
    page = made(LanguageChosen("en"), journey=advice_pages.PAPER_FILE)
    page.items.button("account").click()
    words = html_of(page.sheet())
    assert len(page.sheet().blocks[0].lines) == 7
    assert not FRENCH.search(words)
    assert FRENCH.search(" ".join(texts(page)))


def test_a_complete_file_says_about_when_the_letter_comes(look, qtbot):
    page = advice_pages.paper_complete(look)
    qtbot.addWidget(page)
    told = []
    page.happened.connect(told.append)
    page.go_on()
    assert told[0].facts.missing == ()
    assert told[0].facts.letter_about.isoformat() == "2026-12-21"
    assert "lundi 21 décembre" in html_of(page.sheet())


def test_the_next_customer_finds_nothing_ticked(made):
    page = made(journey=advice_pages.PAPER_FILE)
    page.items.button("account").click()
    page.forget()
    assert page.items.selected == ()


def test_a_closed_procedure_says_so(made):
    at = desk()
    closed = replace(at.service, paper_last_day=datetime(2026, 11, 22, tzinfo=UTC).date())
    page = made(journey=advice_pages.PAPER_FILE, at=replace(at, service=closed))
    assert "plus proposée" in page.banner.text


# --- sheets ---------------------------------------------------------------------------------------

SHEET = AdviceSheet(
    "test",
    "Une <feuille> & « plus »",
    (SheetBlock("À apporter", ("Une pièce", "Un <b>téléphone</b>"), listed=True),),
    "https://lidentitenumerique.laposte.fr",
    "lidentitenumerique.laposte.fr",
    ("Une question ? 0 969 399 111",),
)


def test_a_sheet_is_one_page_that_says_every_word(tmp_path, look):
    file = tmp_path / "sheet.pdf"
    keep_sheet(SHEET, file)
    document = pypdfium2.PdfDocument(file)
    assert len(document) == 1
    text = document[0].get_textpage().get_text_range()
    for words in ("Une <feuille> & « plus »", "Un <b>téléphone</b>", "0 969 399 111"):
        assert words in text
    document.close()


def test_words_of_a_sheet_are_never_markup():
    assert "<b>téléphone" not in html_of(SHEET)


def test_without_a_printer_a_sheet_is_kept(tmp_path, look):
    kept = Printing(list).print_or_keep(SHEET, tmp_path / "slips" / "sheet.pdf")
    assert kept.no_printer
    assert kept.file.read_bytes().startswith(b"%PDF")
