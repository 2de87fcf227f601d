"""A second reader confirms what it sees too, and nothing else."""

import numpy as np
import pytest

from kiosk.capture.decode import ALPHABET
from kiosk.capture.opinion import confirms, confirms_line, disputes, look_at_line, seen_text

LINES = (
    "IDFRAX4RTBPFW46<<<<<<<<<<<<<<<",
    "9007138F3002119FRA<<<<<<<<<<<6",
    "MARTIN<<MAELYS<GAELLE<MARIE<<<",
)
OTHERS = [LINES[1], LINES[2]]


def scores_of(text: str) -> np.ndarray:
    """Probabilities of a reader that is sure of ``text``: a blank between letters."""
    steps = np.full((2 * len(text) + 1, 38), 0.0005, np.float32)
    steps[0::2, 0] = 1
    for i, character in enumerate(text):
        steps[2 * i + 1, ALPHABET.index(character) + 1] = 1
    return steps / steps.sum(1, keepdims=True)


def test_text_is_seen_without_fillers():
    assert seen_text(scores_of("AB<<C<")) == "ABC"
    assert seen_text(scores_of("")) == ""


def test_the_same_text_confirms_whatever_the_number_of_fillers():
    second = [scores_of(LINES[0][:-3]), *map(scores_of, OTHERS)]
    assert confirms(LINES, second, digits_hold=True)


@pytest.mark.parametrize("change", ["IDFRAX4RTBPFW46", "1DFRAX4RTBPFW46", "IDFRAX4RT8PFW4G"])
def test_lookalikes_confirm_where_layout_or_digits_tell_them_apart(change):
    second = [scores_of(change), *map(scores_of, OTHERS)]
    assert confirms(LINES, second, digits_hold=True)


@pytest.mark.parametrize(
    ("number", "one", "other"),
    [
        (0, "IDFRAX4RTBPFW46", "IOFRAX4RTBPFW46"),  # letters both, and no digit covers the code
        (2, "MARTIN<<MAELYS<GAELLE<MARIE", "MARTIN<<MAEIYS<GAELLE<MARIE"),
        (2, "MARTIN<<MAELYS<GAELLE<MARIE", "MARTIN<<MAELYS<CAELLE<MARIE"),
    ],
)
def test_lookalikes_that_both_may_stand_there_contradict(number, one, other):
    assert LINES[number].startswith(one)
    second = [scores_of(other if k == number else line) for k, line in enumerate(LINES)]
    assert not confirms(LINES, second, digits_hold=True)


def test_a_digit_seen_in_a_name_stands_for_the_letter_it_is_most_like_alone():
    name = "ODILON<<IRIS".ljust(30, "<")
    seen = scores_of(name.replace("O", "0", 1))
    held = [*LINES[:2], name]
    assert confirms_line(held, 2, seen, digits_hold=True)
    for twin in "DQ":
        assert not confirms_line([*LINES[:2], twin + name[1:]], 2, seen, digits_hold=True)


def test_a_blind_twin_in_a_number_contradicts_although_every_digit_holds():
    lines = (
        "P<UTOERIKSSON<<ANNA<MARIA".ljust(44, "<"),
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    )
    for twin in (
        "1898902C36UTO7408122F1204159ZE184226B10",
        "L898902C3GUTO7408122F1204159ZE184226B10",
    ):
        held = confirms(lines, [scores_of(lines[0]), scores_of(twin)], digits_hold=True)
        # 1 for L in the number is a twin; G for the check digit 6 is none: only digits stand there.
        assert held is twin.startswith("L")


def test_lookalikes_do_not_accuse_a_document():
    second = [scores_of("1DFRAX4RTBPFW46"), *map(scores_of, OTHERS)]
    assert not confirms(LINES, second, digits_hold=False)


@pytest.mark.parametrize(
    "change", ["IDFRAX4RTTBPFW46", "IDFRAX4TBPFW46", "IDFRAX4RTBPFW47", "IDFRAX4RTBPHW46", ""]
)
def test_a_lost_doubled_or_other_letter_contradicts(change):
    second = [scores_of(change), *map(scores_of, OTHERS)]
    assert not confirms(LINES, second, digits_hold=True)


def test_another_number_of_lines_contradicts():
    assert not confirms(LINES, [scores_of(LINES[0])], digits_hold=True)


NAMES = "P<FRASPECIMEN<<NATACHA<MARIE<<<<<<<<<<<<<<<<"
PASSPORT = (NAMES, "07CD123044FRA7307122F1603062<<<<<<<<<<<<<<04")


@pytest.mark.parametrize(
    "seen",
    [
        "PFRASPECIMENNATACHAMARIE",
        "PFRASPECIMENCCNATACHAMARIECCCCCCCCCCCCCE",
        "PCFRASPECIMENNATACHAMARIECCECCCCCC",
        "PAFRASPECIMENNATACHAMARIE",
        "PFRASPECIMENNATACHAMARIEKKKKKKCKKK",
    ],
)
def test_fillers_taken_for_one_letter_are_no_contradiction(seen):
    assert confirms_line(PASSPORT, 0, scores_of(seen), digits_hold=True)


@pytest.mark.parametrize(
    "seen",
    [
        "PFRASPECIMENNATACHAMARIEKCCCCCCCC",  # a name that ends with K
        "PFRASPECIMENNATACHAMARIEE",
        "PFRASPECIMENNATACHAMARIEA",
        "PFRASPECIMENNATACHAMARIEK",
        "PFRASPECIMENCNATACHAMARIE",
        "PFRASPECIMENENATACHAMARIECCCCCCCCCCC",
        "PFRASPECIMENKCCNATACHAMARIE",
        "PFRASPECIMENNATACHACMARIE",  # one filler between names may hide a letter
        "PEFRASPECIMENNATACHAMARIE",  # an emergency passport
        "PFRASPECIMENNATACHAMARIECKECKE",
        "PFRASPECIMENNATACHAMARI",
        "PFRASPECIMENNATACHAMARIECCCCCCX",
        "PFRASPECIMENNATTACHAMARIECCCCCC",
        "PFRASPECIMENNATACAMARIECCCCCC",
    ],
)
def test_what_may_hide_a_letter_is_a_contradiction(seen):
    assert not confirms_line(PASSPORT, 0, scores_of(seen), digits_hold=True)


def test_where_the_digits_accuse_the_document_fillers_must_be_seen_as_such():
    seen = scores_of("PFRASPECIMENCCNATACHAMARIECCCC")
    assert not confirms([NAMES], [seen], digits_hold=False)


def test_a_dispute_is_named_beside_fillers_that_were_taken_for_letters():
    seen = scores_of("PFRASPECIMENCCNATACHAMARUECCCCCCCCCC")
    (dispute,) = disputes(PASSPORT, 0, seen, digits_hold=True)
    assert (dispute.position, dispute.seen) == (NAMES.index("MARIE") + 3, "U")


def test_a_run_never_swallows_the_beginning_or_the_end_of_a_name():
    lines = ("P<FRAMARTIN<<GEORGE".ljust(44, "<"), PASSPORT[1])
    assert disputes(lines, 0, scores_of("PFRAMARTINGEORGES"), digits_hold=True) is None
    assert not confirms_line(lines, 0, scores_of("PFRAMARTINGEORGES"), digits_hold=True)


def hesitating(text: str, position: int, offered: dict[str, float]) -> np.ndarray:
    """The same, but for one character that the reader hesitates about."""
    steps = scores_of(text).copy()
    row = np.full(38, 1e-6, np.float32)
    for symbol, chance in offered.items():
        row[ALPHABET.index(symbol) + 1] = chance
    steps[2 * position + 1] = row / row.sum()
    return steps


@pytest.mark.parametrize(
    ("offered", "held"),
    [
        ({"8": 0.90, "R": 0.09}, True),  # of the letters it finds R by far the likeliest
        ({"8": 0.90, "R": 0.05, "B": 0.04}, False),
        ({"8": 0.90, "B": 0.09}, False),
        ({"8": 0.999}, False),  # no opinion on letters, and 8 is like B
        ({"P": 0.90, "R": 0.09}, False),  # a letter that may stand there
    ],
)
def test_a_symbol_that_may_not_stand_in_a_place_stands_for_the_likeliest_that_may(offered, held):
    line = LINES[0].replace("<", "")
    seen = hesitating(line, 3, offered)
    assert confirms_line(LINES, 0, seen, digits_hold=True) is held
    assert not confirms_line(LINES, 0, seen, digits_hold=False)


def test_a_digit_whose_likeliest_letter_is_another_one_does_not_confirm_its_look_alike():
    lines = (*LINES[:2], "ODILON<<IRIS".ljust(30, "<"))
    seen = {"0": 0.83, "D": 0.09}
    assert not confirms_line(lines, 2, hesitating("ODILONIRIS", 0, seen), digits_hold=True)
    other = (*LINES[:2], "DDILON<<IRIS".ljust(30, "<"))
    assert confirms_line(other, 2, hesitating("DDILONIRIS", 0, seen), digits_hold=True)


@pytest.mark.parametrize(
    ("seen", "held"),
    [
        ("PFRASPECIMENNATACHAMARIECCC", True),
        ("PFRASPECIMENNATACHAMARIECC", False),  # a name may end so
        ("PFRASPECIMENNATACHAMARIEECC", False),
    ],
)
def test_one_letter_thrice_at_the_end_is_no_name(seen, held):
    assert confirms_line(PASSPORT, 0, scores_of(seen), digits_hold=True) is held


def test_a_line_that_is_the_same_but_for_its_disputes_is_told():
    look = look_at_line(LINES, 2, scores_of("MARTINMAELYSGAELLEMARTE"), digits_hold=True)
    assert look.alike
    assert not look.same
    assert [(d.position, d.seen) for d in look.disputes] == [(25, "T")]
