"""Printed values: their form, their agreement with the zone, and what is sure."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.mrz import parse
from kiosk.documents.printed_checks import FieldSource, SeenSide, printed_checks, spelling
from kiosk.documents.printed_layouts import load_printed
from kiosk.documents.printed_values import compare_with_zone, form_of, settle
from kiosk.domain.errors import CatalogueError
from kiosk.domain.evidence import PRINTED_FIELDS, DocumentKind, PrintedValue, Side, Verdict
from tests.documents import vectors
from tests.documents.vectors import TODAY

DATA = (
    Path(__file__).resolve().parents[2] / "resources" / "documents" / "printed.toml"
).read_bytes()
CARD = parse(vectors.CARD_2021, TODAY).document
OLD = parse(vectors.CARD_1988_COMPOUND, TODAY).document  # issued in June 2012


def value(name, text):
    return PrintedValue(name, text, sure=False)


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("expiry_date", "14 06 2022", "2022-06-14"),
        ("expiry_date", "14062022", "2022-06-14"),
        ("expiry_date", "14/06/2022", "2022-06-14"),
        ("expiry_date", "31 04 2022", None),
        ("expiry_date", "14 06 22", None),
        ("expiry_date", "1406 2022 8", None),
        ("document_number", "N° 120675K01234", "120675K01234"),
        ("document_number", "X4RTBPFW4", "X4RTBPFW4"),
        ("document_number", "x4", None),
        ("surname", "LEFÈVRE", "LEFÈVRE"),
        ("surname", "D'ARTAGNAN", "D’ARTAGNAN"),
        ("surname", "LE GOFF", "LE GOFF"),
        ("surname", "LEF3VRE", None),
        ("surname", "NOM / Surname", None),
        ("surname", "", None),
        ("given_names", "Maëlys-Gaëlle,Marie", "Maëlys-Gaëlle, Marie"),
        ("given_names", "Paul,, Émile", None),
        ("birth_place", "SAINT-DENIS (RÉUNION)", "SAINT-DENIS (RÉUNION)"),
        ("birth_place", "12 RUE", None),
    ],
)
def test_forms(name, text, kept):
    assert form_of(name, text) == kept


@given(st.sampled_from(PRINTED_FIELDS), st.text(max_size=80))
def test_any_text_has_a_form_or_none_and_can_be_compared(name, text):
    kept = form_of(name, text)
    if kept is not None:
        assert form_of(name, kept) is not None or name.endswith("date")
        for document in (CARD, OLD, None):
            assert compare_with_zone(name, kept, document).verdict in Verdict


@pytest.mark.parametrize(
    ("document", "name", "text", "verdict"),
    [
        (CARD, "surname", "MARTIN", Verdict.PASS),
        (CARD, "surname", "MARTINE", Verdict.FAIL),
        (CARD, "given_names", "Maëlys, Gaëlle, Marie", Verdict.PASS),
        (CARD, "given_names", "Maëlys-Gaëlle, Marie, Anne", Verdict.PASS),
        (CARD, "given_names", "Maëlys-Gaëlle", Verdict.UNSURE),  # the zone says more
        (CARD, "given_names", "Corinne", Verdict.FAIL),
        (CARD, "document_number", "X4RTBPFW4", Verdict.PASS),
        (CARD, "document_number", "X4RTBPFWA", Verdict.FAIL),
        (CARD, "birth_date", "1990-07-13", Verdict.PASS),
        (CARD, "birth_date", "1890-07-13", Verdict.UNSURE),
        (CARD, "birth_date", "1990-07-18", Verdict.FAIL),
        (CARD, "expiry_date", "2030-02-11", Verdict.PASS),
        (CARD, "expiry_date", "2030-02-17", Verdict.FAIL),
        (CARD, "issue_date", "2020-02-12", Verdict.PASS),
        (CARD, "issue_date", "2020-02-19", Verdict.UNSURE),
        (CARD, "issue_date", "2031-02-12", Verdict.FAIL),
        (CARD, "birth_place", "PARIS", Verdict.NOT_DONE),
        (OLD, "expiry_date", "2022-06-14", Verdict.PASS),
        (OLD, "expiry_date", "2022-08-14", Verdict.FAIL),
        (OLD, "issue_date", "2012-06-15", Verdict.PASS),
        (OLD, "issue_date", "2012-05-15", Verdict.FAIL),
        (None, "surname", "MARTIN", Verdict.NOT_DONE),
    ],
)
def test_agreement_with_the_zone(document, name, text, verdict):
    assert compare_with_zone(name, text, document).verdict is verdict


def test_a_name_that_goes_on_beyond_a_full_field_agrees_by_its_beginning():
    cut = replace(CARD, surname="NILAVADHANANAN", surname_truncated=True)
    agreement = compare_with_zone("surname", "NILAVADHANANANDA", cut)
    assert (agreement.verdict, agreement.detail) == (Verdict.PASS, "prefix")


def test_a_partial_birth_date_is_not_contradicted_by_a_full_one():
    partial = parse(vectors.CARD_PARTIAL_BIRTH, TODAY).document
    assert compare_with_zone("birth_date", "1975-04-03", partial).verdict is Verdict.UNSURE


def sure(values, document):
    return {v.name: v.sure for v in settle(values, document)}


def test_nothing_is_sure_without_a_zone():
    values = [value("surname", "MARTIN"), value("expiry_date", "2030-02-11")]
    assert not any(sure(values, None).values())


def test_a_place_is_sure_beside_a_field_that_agrees_and_none_that_contradicts():
    place, name = value("birth_place", "PARIS"), value("surname", "MARTIN")
    wrong = value("birth_date", "1999-01-01")
    assert sure([place], CARD) == {"birth_place": False}
    assert sure([place, name], CARD) == {"birth_place": True, "surname": True}
    assert not sure([place, name, wrong], CARD)["birth_place"]


def test_dates_of_an_old_card_fit_each_other_to_the_day_or_neither_is_sure():
    expiry, issue = value("expiry_date", "2022-06-14"), value("issue_date", "2012-06-15")
    assert all(sure([expiry, issue], OLD).values())
    assert sure([expiry], OLD) == {"expiry_date": True}
    other = value("issue_date", "2012-06-16")
    assert not any(sure([expiry, other], OLD).values())


# --- checks ---------------------------------------------------------------------------------------


NUMBER = value("document_number", "X4RTBPFW4")
FRONT = SeenSide(Side.FRONT, "id-card", (value("surname", "MARTIN"), NUMBER))
BACK = SeenSide(Side.BACK, "", (NUMBER,))
OTHER = (value("surname", "GARNIER"), value("document_number", "T4ZC9NX21"))


def verdicts(sides, document=CARD, sources=None):
    return {c.code: c.verdict for c in printed_checks(sides, document, sources or {})}


def match(front, document=CARD, back=BACK):
    """What is said of two sides of which the front shows these values."""
    return verdicts([replace(FRONT, printed=front), back], document)["document.sides_match"]


def test_sides_of_one_document():
    found = verdicts([FRONT, BACK])
    assert found["document.sides_agree"] is Verdict.PASS
    assert found["document.sides_match"] is Verdict.PASS
    assert found["printed.names"] is Verdict.PASS
    assert found["printed.number"] is Verdict.PASS
    assert found["printed.birth_date"] is Verdict.NOT_DONE


def test_a_front_of_another_document_is_never_accepted_with_this_back():
    found = verdicts([SeenSide(Side.FRONT, "passport", OTHER), BACK])
    assert found["document.sides_agree"] is Verdict.UNSURE
    assert found["document.sides_match"] is Verdict.FAIL
    assert found["printed.names"] is Verdict.UNSURE
    assert found["printed.number"] is Verdict.UNSURE


@pytest.mark.parametrize(
    "front",
    [
        OTHER[1:],
        OTHER[:1],
        (value("surname", "MARTIN"), OTHER[1]),
        (OTHER[0], value("document_number", "T4ZC9NX21000")),
        (OTHER[0], value("document_number", "X4RT8PFW4")),
    ],
)
def test_what_a_bad_cut_may_have_made_is_a_doubt_for_the_agent(front):
    assert match(front) is Verdict.UNSURE


def test_the_number_alone_shows_that_two_sides_belong_together():
    of_a_relative = (value("surname", "MARTIN"),)
    of_the_former_card = (*of_a_relative, value("birth_date", "1990-07-13"))
    for front in ((), of_a_relative, of_the_former_card):
        assert match(front) is Verdict.UNSURE
    assert match((NUMBER,)) is Verdict.PASS
    assert match((NUMBER,), back=SeenSide(Side.BACK)) is Verdict.PASS  # it bears the zone


def test_a_number_that_contradicts_is_not_mended_by_one_beside_it_that_agrees():
    for front in ((NUMBER, OTHER[1]), (OTHER[1], NUMBER), (*OTHER, NUMBER), (NUMBER, *OTHER)):
        assert match(front) is Verdict.UNSURE
    assert match((*OTHER, OTHER[1])) is Verdict.FAIL


def test_the_back_of_an_old_card_must_show_the_number_of_its_front():
    front = SeenSide(Side.FRONT, "id-card", (value("surname", OLD.surname),))
    number = value("document_number", OLD.document_number)
    for printed, verdict in (((), Verdict.UNSURE), ((number,), Verdict.PASS)):
        found = verdicts([front, SeenSide(Side.BACK, "", printed)], OLD)
        assert found["document.sides_match"] is verdict


def test_two_sides_of_which_nothing_was_read_are_compared_by_the_agent():
    seen = [SeenSide(Side.FRONT), SeenSide(Side.BACK)]
    assert verdicts(seen) == {"document.sides_match": Verdict.UNSURE}
    assert verdicts([replace(side, by_hand=True) for side in seen]) == {
        "document.sides_match": Verdict.NOT_DONE
    }
    assert verdicts(seen[1:]) == verdicts(seen, replace(CARD, layout="")) == {}


def test_where_a_date_came_from_is_said_and_a_correction_is_looked_at_again():
    checks = printed_checks(
        [],
        OLD,
        {"expiry_date": FieldSource.READ, "issue_date": FieldSource.CORRECTED},
    )
    assert [(c.code, c.verdict, c.detail) for c in checks] == [
        ("printed.expiry_date", Verdict.PASS, "read"),
        ("printed.issue_date", Verdict.UNSURE, "corrected"),
    ]


def test_accents_come_from_print_where_the_letters_are_those_of_the_zone():
    sides = [
        (
            "id-card",
            (value("given_names", "Maëlys-Gaëlle, Marie"), value("surname", "GARNIER")),
        )
    ]
    assert spelling(sides, CARD) == {"given_names": "Maëlys-Gaëlle, Marie"}
    twice = [*sides, ("", (value("given_names", "Maelys-Gaëlle, Marie"),))]
    assert spelling(twice, CARD) == {}


@given(
    st.lists(
        st.builds(PrintedValue, st.sampled_from(PRINTED_FIELDS), st.just("MARTIN"), st.just(False)),
        max_size=3,
    )
)
def test_details_hold_no_value(values):
    names = [v for v in values if v.name in ("surname", "given_names", "birth_place")]
    for check in printed_checks([SeenSide(Side.FRONT, "id-card", tuple(names))], CARD, {}):
        assert "MARTIN" not in check.detail


# --- places ---------------------------------------------------------------------------------------


def test_places_of_the_old_card():
    back = load_printed(DATA).of(DocumentKind.FR_ID_CARD_1988, Side.BACK)
    assert back is not None
    assert {"expiry_date", "issue_date"} <= {field.name for field in back.fields}
    assert load_printed(DATA).of(DocumentKind.OTHER, Side.FRONT) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'version = "2026-11-26"', b"version = 2"),
        (b'kind = "passport"', b'kind = "pass"'),
        (b'kind = "passport"', b'kind = "fr-passport"'),
        (b'side = "back"', b'side = "top"'),
        (b"ratio = 0.705", b"ratio = 9.0"),
        (b"ratio = 0.705", b""),
        (b'name = "surname"', b'name = "nickname"'),
        (b'name = "surname"', b'name = "given_names"'),
        (b"box = [0.368", b"box = [1.368"),
        (b"portrait = [0.0", b"portrait = [2.0"),
        (b"[[layout]]", b"[[layouts]]"),
    ],
)
def test_wrong_places_are_refused(old, new):
    assert old in DATA
    with pytest.raises(CatalogueError):
        load_printed(DATA.replace(old, new, 1))


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(data):
    with pytest.raises(CatalogueError):
        load_printed(data)


def test_the_day_of_a_leap_year():
    leap = replace(CARD, expiry_date=date(2030, 2, 28))
    assert compare_with_zone("issue_date", "2020-02-28", leap).verdict is Verdict.PASS
    assert compare_with_zone("issue_date", "2020-02-29", leap).verdict is Verdict.UNSURE
