"""The customer's sheet: its words, its pictures, and its way to paper."""

import re
import sys
import unicodedata
from dataclasses import replace

import cv2
import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QPageSize
from PySide6.QtPrintSupport import QPrinter

from kiosk.advice.eligibility import Alternative
from kiosk.domain.decision import VISIT_REASONS, Decision, Outcome, Reason
from kiosk.domain.errors import NoPrinterError, PrinterFailedError, SheetFileError
from kiosk.journeys.blocks import Terms
from kiosk.journeys.procedure import Form
from kiosk.journeys.procedures import procedures
from kiosk.journeys.service_steps import ContactChannel, ContactFacts, ContactStatus, ItemFacts
from kiosk.services.answer_facts import WORDS_OF, Standing, answer_of
from kiosk.texts import Texts
from tests.fakes.cases import DOCUMENT, REQUEST, SEALED, SIDES, new_case
from tests.ui.sheets import ACTS, AT, FIGURES, GOLDEN, act
from tests.ui.test_golden import GOLDEN as FOLDER
from tests.ui.test_golden import WRITE, pixels, share_that_differs
from ui.screens.sheet_paint import A4, ROLL, SheetPainter, image_of, points_of
from ui.screens.sheet_print import Printing, keep_sheet, paper_of
from ui.screens.sheet_words import Part, Variant, compose, next_steps

pytestmark = pytest.mark.usefixtures("utc")
ALL = {
    journey.name for form in Form for journey in procedures(Terms(SIDES, form=form))
}  # fmt: skip


@pytest.fixture
def utc(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def sheet_of(look):
    def made(facts, variant=Variant.NORMAL, figures=FIGURES):
        return compose(facts, look.language, variant, figures)

    return made


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("procedure", ["paper-file", "welcome"])
def test_an_old_advice_of_which_nothing_was_kept_advises_nothing(procedure):
    facts = act(Outcome.ADVISED, procedure)
    assert next_steps(facts) != ("ask-help",)
    assert next_steps(replace(facts, sheet_known=False)) == ("ask-help",)


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("procedure", sorted(ALL))
def test_every_procedure_and_outcome_has_a_sheet(sheet_of, procedure, outcome, variant):
    sheet = sheet_of(act(outcome, procedure), variant)
    assert sheet.verdict.endswith(".")
    assert any(line.part is Part.STEP for line in sheet.lines), "says what comes next"
    assert FIGURES["number_everyone"] in sheet.text
    assert "3F7K\u00a09QRD" in sheet.text
    assert sheet.qr_text == f"VV1:{'a' * 32}:7:3F7K9QRD"


@pytest.mark.parametrize("variant", [Variant.NORMAL, Variant.EASY])
def test_a_moment_within_a_french_sentence_has_a_small_letter(sheet_of, variant):
    sheet = sheet_of(ACTS["confirmed"], variant)
    assert sheet.moment.startswith("Mercredi 25")
    assert sheet.standing.partition("\u00a0: ")[2].startswith("mercredi 25")


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("alternative", list(Alternative))
def test_who_does_not_meet_the_conditions_reads_what_else_there_is(sheet_of, alternative, variant):
    facts = act(Outcome.ADVISED, "welcome", obstacle="not-adult", alternative=alternative.value)
    sheet = sheet_of(facts, variant)
    steps = [line.text for line in sheet.lines if line.part is Part.STEP]
    helped = sheet_of(act(Outcome.ADVISED, "welcome", obstacle="not-adult"), variant)
    ask = next(line.text for line in helped.lines if line.part is Part.STEP)
    assert (steps == [ask]) is (alternative is Alternative.HELP_LINE)
    assert len(steps) == 1
    without = sheet_of(facts, variant, figures={})
    assert ask in [line.text for line in without.lines if line.part is Part.STEP]


@pytest.mark.parametrize("variant", list(Variant))
def test_an_elected_member_is_given_the_line_of_elected_members(sheet_of, variant):
    text = sheet_of(act(Outcome.ADVISED, "welcome", elected=True), variant).text
    assert FIGURES["number_elected"] in text
    assert FIGURES["number_everyone"] not in text
    hour = FIGURES["elected_week_closes"]
    assert hour in text


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_said_in_neutral_words(sheet_of, reason, variant):
    outcome = Outcome.REFUSED if reason.value.split("-")[0] != "addressee" else Outcome.NO_SHOW
    text = sheet_of(act(outcome, reasons=(reason,)), variant).text.lower()
    for word in ("fraud", "faux", "falsif", "forge", "fake", "suspect", "soupçon"):
        assert word not in text


def plain(text):
    """Capitals without accents, spaces or separators, so that no way of writing hides a name."""
    letters = unicodedata.normalize("NFKD", text).upper()
    return "".join(letter for letter in letters if letter.isalnum() or letter == "@")


PERSONAL = ("ROUSSEL", "MAELLE", "D2H6862M2", "88030", "1988", "IDFRA", "RI123456785FR")
PERSONAL += ("ROUSSILLON", "EXAMPLE", "@", "612345678")


def reasons_for(outcome):
    """Every reason that this outcome may carry."""
    if outcome in (Outcome.ACCEPTED, Outcome.ADVISED):
        return ()
    if outcome is Outcome.NO_SHOW:
        return VISIT_REASONS
    return tuple(reason for reason in Reason if reason not in VISIT_REASONS)


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("procedure", sorted(ALL))
def test_the_sheet_names_nobody(sheet_of, procedure, outcome, variant):
    contacts = (
        ContactFacts(ContactChannel.EMAIL, "m.roussillon@example.test", ContactStatus.DEFERRED),
        ContactFacts(ContactChannel.MOBILE, "+33612345678", ContactStatus.DEFERRED),
    )
    state = replace(
        new_case(),
        procedure=procedure,
        request=REQUEST,
        document=DOCUMENT,
        contacts=contacts,
        item=ItemFacts("RI123456785FR", "s10"),
        decision=Decision(outcome, reasons_for(outcome)),
        record=SEALED,
    )
    facts = answer_of(state)
    sheet = sheet_of(facts, variant)
    written = plain(f"{facts} {sheet} {sheet.text}")
    assert [word for word in PERSONAL if word in written] == []


def test_a_provisional_sheet_says_so_and_a_confirmed_one_says_when(sheet_of):
    assert "provisoire" in sheet_of(ACTS["accepted"]).standing
    assert not sheet_of(ACTS["accepted"]).firm
    assert "mercredi 25 novembre 2026" in sheet_of(ACTS["confirmed"]).standing
    assert "Confirmed" in sheet_of(ACTS["confirmed"], Variant.ENGLISH).standing
    assert sheet_of(ACTS["confirmed"]).firm


def test_a_taken_record_does_not_confirm_an_address(sheet_of):
    facts = ACTS["creation"]
    later = act(
        Outcome.ACCEPTED,
        "counter-creation",
        standing=Standing.PROVISIONAL,
        contacts_open=facts.contacts_open,
        confirmed_at=AT,
    )
    assert "coordonnées" in sheet_of(later).standing
    assert "Confirmé" not in sheet_of(later).standing
    assert "numéro de mobile" in sheet_of(later).text


def test_a_code_is_promised_only_where_the_contact_service_will_send_one(sheet_of):
    assert "confirm-contacts" in next_steps(ACTS["creation"])
    kept = replace(ACTS["creation"], codes_follow=False)
    assert "confirm-contacts" not in next_steps(kept)
    assert "un code pour confirmer" not in sheet_of(kept).text
    assert "numéro de mobile" in sheet_of(kept).text


def test_a_refused_request_must_be_made_anew(sheet_of):
    assert next_steps(ACTS["refused"])[0] == "new-request"
    assert "suspended" not in sheet_of(ACTS["refused"]).text
    assert "same-request" in next_steps(ACTS["suspended"])


def test_dates_to_keep_stand_out(sheet_of):
    dates = [line for line in sheet_of(ACTS["no-show"]).lines if line.part is Part.DATE]
    assert [line.text for line in dates] == ["jeudi 10 décembre 2026"]


def test_two_records_have_two_codes(sheet_of):
    codes = sheet_of(ACTS["letter"]).codes
    assert [item.label for item in codes] == ["Code de la vérification", "Code de la remise"]


def test_without_a_known_number_the_help_is_named_all_the_same(sheet_of):
    sheet = sheet_of(ACTS["refused"], figures={})
    assert not [line for line in sheet.lines if line.part is Part.NUMBER]
    assert "aide" in sheet.text


@pytest.mark.parametrize("variant", list(Variant))
def test_the_hours_of_the_help_are_said_to_be_those_of_paris(sheet_of, variant):
    """An overseas office would read them by its own clocks."""
    assert "Paris" in sheet_of(ACTS["refused"], variant).text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_easy_texts_have_short_sentences(language):
    texts = Texts.load(language)
    keys = texts.keys()
    easy = [key for key in keys if key.startswith("answer_sheet.easy.")]
    assert len(easy) > len(set(WORDS_OF.values()))
    for key in easy:
        for sentence in re.split(r"[.?!:]\s", texts.raw(key)):
            assert len(sentence.split()) <= 13, (key, sentence)
            assert ";" not in sentence


# --- pictures -------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="other systems draw text differently")
@pytest.mark.parametrize(("name", "variant"), GOLDEN, ids=[f"{n}-{v.value}" for n, v in GOLDEN])
def test_sheet_looks_as_it_was_approved(sheet_of, name, variant):
    got = pixels(image_of(sheet_of(ACTS[name], variant), 496))
    path = FOLDER / f"sheet-{name}-{variant.value}.png"
    if WRITE:
        cv2.imwrite(str(path), got, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert share_that_differs(got, cv2.imread(str(path))) <= 0.001


def test_large_print_is_at_least_eighteen_points_on_any_paper():
    for paper in (A4, ROLL):
        points = points_of(Variant.LARGE, paper)
        assert min(getattr(points, name) for name in points.__slots__) >= 18
        easy = points_of(Variant.EASY, paper)
        assert min(getattr(easy, name) for name in easy.__slots__) >= 14


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("name", sorted(ACTS))
def test_nothing_runs_off_the_page(sheet_of, name, variant):
    for paper in (A4, ROLL):
        layout = SheetPainter(sheet_of(ACTS[name], variant), paper)
        assert layout.pages <= 2
        for page in range(layout.pages):
            image = pixels(image_of(sheet_of(ACTS[name], variant), 600, paper, page))
            edge = round(600 * (paper.margin_mm - 1.5) / paper.width_mm)
            for band in (image[:, :edge], image[:, -edge:], image[-edge:], image[:edge]):
                assert band.min() == 255, "the margins stay white"


def test_the_code_on_the_sheet_can_be_read_again(sheet_of):
    from kiosk.devices.code_reader import ZxingCodeReader

    sheet = sheet_of(ACTS["accepted"])
    found = ZxingCodeReader().read(pixels(image_of(sheet, 1200)))
    assert sheet.qr_text in [code.payload.decode() for code in found]


# --- paper ----------------------------------------------------------------------------------------


def into(file, width_mm=210.0, height_mm=297.0):
    """A printer that prints into a file: Qt's own printing, and no paper."""

    def made() -> QPrinter:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(file))
        printer.setPageSize(QPageSize(QSizeF(width_mm, height_mm), QPageSize.Unit.Millimeter))
        return printer

    return made


def page_sizes_mm(file):
    import pypdfium2

    with pypdfium2.PdfDocument(file) as pdf:
        return [tuple(round(side / 72 * 25.4) for side in page.get_size()) for page in pdf]


def test_a_printer_gets_every_page(sheet_of, qapp, tmp_path):
    file = tmp_path / "a.pdf"
    printing = Printing(lambda: ["office"], into(file))
    sheet = sheet_of(ACTS["no-show"], Variant.LARGE)
    printing.print_sheet(sheet)
    assert page_sizes_mm(file) == [(210, 297)] * SheetPainter(sheet).pages


def test_a_narrow_printer_gets_a_roll(sheet_of, qapp, tmp_path):
    file = tmp_path / "roll.pdf"
    make = into(file, 80, 200)
    assert paper_of(make()) is ROLL
    sheet = sheet_of(ACTS["accepted"])
    Printing(lambda: ["carrier"], make).print_sheet(sheet)
    ((width, height),) = page_sizes_mm(file)
    assert width == 80
    assert height == pytest.approx(SheetPainter(sheet, ROLL).height_mm, abs=1.5)


def test_without_a_printer_the_sheet_is_kept_and_that_is_known(sheet_of, qapp, tmp_path):
    printing = Printing(list)
    with pytest.raises(NoPrinterError):
        printing.print_sheet(sheet_of(ACTS["accepted"]))
    kept = printing.print_or_keep(sheet_of(ACTS["accepted"]), tmp_path / "deep" / "x.pdf")
    assert kept.no_printer
    assert kept.file.read_bytes().startswith(b"%PDF-")


def test_a_printer_that_does_not_take_the_sheet_is_a_typed_error(sheet_of, qapp, tmp_path):
    nowhere = into(tmp_path / "no" / "such" / "folder" / "a.pdf")
    with pytest.raises(PrinterFailedError):
        Printing(lambda: ["off"], nowhere).print_sheet(sheet_of(ACTS["accepted"]))


def test_a_file_that_cannot_be_written_is_a_typed_error(sheet_of, qapp, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SheetFileError):
        keep_sheet(sheet_of(ACTS["accepted"]), tmp_path / "file" / "x.pdf")
