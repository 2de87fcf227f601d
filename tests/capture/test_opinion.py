"""A second reader confirms what it sees too, and nothing else."""

import numpy as np
import pytest

from kiosk.capture.decode import ALPHABET
from kiosk.capture.opinion import confirms, confirms_line, disputes, seen_text

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
