"""The burst of a keyboard-wedge scanner, and typing that must never be taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents import wedge
from kiosk.documents.wedge import HELD, MAX_CHARACTERS, SILENCE_MS, WedgeBurst, WedgeProblem
from tests.documents.test_codes import TOKEN
from tests.documents.test_twoddoc import FOREIGN, TITLE

ITEM = "RR123456785FR"


def typed(text, gap_ms=8, burst=None, start_ms=1000, *, in_field=True):
    """What came of each key: (delivered text, scans, problems), in order."""
    burst = burst or WedgeBurst()
    at, delivered, scans, problems = start_ms, "", [], []

    def take(answer, character):
        nonlocal delivered
        delivered += answer.release + (character if answer.deliver else "")
        if answer.scan:
            scans.append((answer.scan, answer.symbology))
        if answer.problem:
            problems.append(answer.problem)

    for character in text:
        if gap_ms > wedge.GAP_MS:
            take(burst.settle(at), "")
        take(burst.key(character, at, in_field=in_field), character)
        at += gap_ms
    take(burst.settle(at + SILENCE_MS + 1), "")
    assert not burst.pending
    return delivered, scans, problems


@pytest.mark.parametrize("end", ["\r", "\n", "\t", "\r\n", ""])
@pytest.mark.parametrize(
    "text", [ITEM, TOKEN, TITLE, FOREIGN, "https://exemple.fr/", "3017620422003"]
)
def test_a_scan_is_whole_and_reaches_no_field(text, end):
    assert typed(text + end) == ("", [(text, "")], [])


@pytest.mark.parametrize("text", ["123456\r", "Dupont\r", "ab\r", "\r", "x\t\t", "motdepasse1\r"])
@pytest.mark.parametrize("gap", [0, 20, 50])
def test_short_typing_is_typing_however_fast(text, gap):
    assert typed(text, gap) == (text, [], [])


@pytest.mark.parametrize("text", [ITEM + "\r", TOKEN + "\r", "une phrase assez longue\r"])
def test_slow_keys_are_never_a_scan(text):
    assert typed(text, gap_ms=51) == (text, [], [])


@pytest.mark.parametrize("end", ["\r", "\t"])
@pytest.mark.parametrize("text", ["q1234567", "11111111111", "NOTE12"])
def test_a_short_code_is_a_scan_where_no_field_takes_text(text, end):
    assert typed(text + end, 20, in_field=False) == ("", [(text, "")], [])
    assert typed(text + end, 20) == (text + end, [], [])


@pytest.mark.parametrize("end", ["\r", "\t"])
@pytest.mark.parametrize("text", ["q1234567", "11111111111", "NOTE12"])
def test_a_short_code_is_a_scan_in_a_field_too_where_no_hand_types_so_evenly_fast(text, end):
    assert typed(text + end, wedge.SURE_GAP_MS) == ("", [(text, "")], [])
    assert typed(text, wedge.SURE_GAP_MS) == (text, [], [])
    assert typed(text + end, wedge.SURE_GAP_MS + 1) == (text + end, [], [])
    assert typed(text + end, 0) == (text + end, [], [])  # put in by a program, at one moment


@pytest.mark.parametrize("text", ["12345\r", "o\r", "123456"])
def test_fewer_keys_or_no_enter_are_typing_everywhere(text):
    assert typed(text, 20, in_field=False) == (text, [], [])


@pytest.mark.parametrize("end", ["\r", "\r\n", "\t"])
def test_every_line_of_a_zone_is_a_scan(end):
    lines = [
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    ]
    delivered, scans, _ = typed(end.join(lines) + end)
    assert (delivered, [text for text, _ in scans]) == ("", lines)
    assert all(wedge.is_zone(line) for line in lines)
    assert wedge.is_zone("".join(lines))
    assert not wedge.is_zone(lines[0].lower())


@pytest.mark.parametrize(
    ("prefix", "name"), [("]d1", "DataMatrix"), ("]Q1", "QRCode"), ("]C0", "Code128")]
)
def test_an_aim_identifier_names_the_symbology(prefix, name):
    assert typed(prefix + ITEM + "\r") == ("", [(ITEM, name)], [])


@pytest.mark.parametrize(
    "marks",
    [
        ("\u241d", "\u241f"),
        ("\u2194", "\u25bc"),
        ("<GS>", "<US>"),
        ("{GS}", "{US}"),
    ],
)
def test_separators_as_scanners_type_them(marks):
    text = TITLE.replace("\x1d", marks[0]).replace("\x1f", marks[1])
    assert typed(text + "\r") == ("", [(TITLE, "")], [])


@pytest.mark.parametrize("text", [ITEM, TOKEN, "DC04FR0000011CE91D231301FR"])
def test_a_scanner_set_to_another_keyboard_is_told(text):
    on_azerty = text.translate(str.maketrans(wedge._QWERTY, wedge._AZERTY))
    on_qwerty = text.translate(str.maketrans(wedge._AZERTY, wedge._QWERTY))
    for garbled in (on_azerty, on_qwerty):
        assert typed(garbled + "\r") == ("", [], [WedgeProblem.OTHER_LAYOUT])


def test_locked_capitals_are_told():
    assert typed(TOKEN.swapcase() + "\r") == ("", [], [WedgeProblem.CAPITALS_LOCKED])


def test_a_text_without_end_is_swallowed_and_named():
    text = "x0" * MAX_CHARACTERS
    assert typed(text + "\r", gap_ms=1) == ("", [], [WedgeProblem.TOO_LONG])


def test_further_lines_of_one_code_belong_to_it():
    card = "BEGIN:VCARD\r\nFN:X\r\nEND:VCARD\r\n"
    assert typed(card) == ("", [("BEGIN:VCARD", "")], [])


def test_typing_after_a_scan_is_typing():
    burst = WedgeBurst()
    assert typed(ITEM + "\r", burst=burst)[1]
    assert typed("oui\r", 120, burst, start_ms=9000) == ("oui\r", [], [])


def test_a_key_that_types_nothing_ends_typing():
    burst = WedgeBurst()
    assert burst.key("a", 0) == HELD
    answer = burst.key("", 10)
    assert (answer.deliver, answer.release) == (True, "a")


def test_forgetting():
    burst = WedgeBurst()
    burst.key("a", 0)
    burst.reset()
    assert burst.settle(999) == HELD
    assert not burst.pending


@given(st.text(max_size=40), st.integers(51, 400), st.booleans())
def test_typing_at_human_speed_arrives_unchanged(text, gap, in_field):
    assert typed(text, gap, in_field=in_field) == (text, [], [])


@given(st.text(max_size=11), st.integers(0, 50), st.booleans())
def test_nothing_is_lost_or_doubled(text, gap, in_field):
    delivered, scans, problems = typed(text, gap, in_field=in_field)
    assert delivered == text or scans or problems


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(-100, 10_000)), max_size=60))
def test_any_keys_at_any_time_are_answered(keys):
    burst = WedgeBurst()
    for character, at_ms in keys:
        burst.key(character, at_ms)
    burst.settle(99_999)
    assert not burst.pending
