"""A draft brings back exactly what it kept, and refuses everything else."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.errors import DraftError
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.codec import decode, encode
from tests.fakes.cases import CARD_SIDES, PaperCase


def test_every_state_of_a_case_comes_back_the_same():
    case = PaperCase()
    seen = []
    play(case, Script(codes=("expired", "valid"), sides=CARD_SIDES), after_act=seen.append)
    assert len(seen) > 10
    assert [decode(encode(state)) for state in seen] == seen


def test_a_draft_written_before_print_was_read_still_opens():
    case = PaperCase()
    seen = []
    play(case, Script(codes=("valid",), sides=CARD_SIDES), after_act=seen.append)
    state = next(state for state in seen if state.sides)
    old = msgspec.msgpack.decode(encode(state))
    del old["state"]["field_sources"]
    for side in old["state"]["sides"]:
        del side["seen_as"], side["printed"]
    assert decode(msgspec.msgpack.encode(old)) == state


def test_a_draft_written_before_the_customers_language_was_kept_still_opens():
    state = replace(PaperCase().state, language="en")
    old = msgspec.msgpack.decode(encode(state))
    assert old["state"].pop("language") == "en"
    assert decode(msgspec.msgpack.encode(old)) == replace(state, language="")


def test_a_draft_of_a_newer_program_is_refused():
    data = msgspec.msgpack.encode({"v": 2, "state": {"new": "things"}})
    with pytest.raises(DraftError, match="version 2"):
        decode(data)


@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused_as_a_draft_error(data):
    with pytest.raises(DraftError):
        decode(data)


@given(st.data())
def test_a_damaged_draft_is_refused_or_is_a_case(data):
    whole = encode(replace(PaperCase().state, notice_version="1"))
    position = data.draw(st.integers(0, len(whole) - 1))
    value = data.draw(st.integers(0, 255))
    damaged = whole[:position] + bytes([value]) + whole[position + 1 :]
    try:
        decode(damaged)
    except DraftError:
        return
