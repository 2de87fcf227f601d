"""When to try again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.sync.retry import (
    CAP_S,
    LONGEST_TOLD_S,
    QUIET_S,
    after_told_s,
    delay_s,
    pause_ms,
    spread_ms,
    told_wait_s,
)

DRAWS = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, 10**6), DRAWS)
def test_never_longer_than_the_cap(failures: int, draw: float) -> None:
    assert 0 <= delay_s(failures, draw) < CAP_S


@given(st.integers(1, 1000), DRAWS)
def test_the_bound_never_shrinks(failures: int, draw: float) -> None:
    assert delay_s(failures, draw) <= delay_s(failures + 1, draw)


def test_it_grows_to_the_cap() -> None:
    assert [delay_s(n, 0.5) for n in (1, 2, 3, 20)] == [0.5, 1.0, 2.0, CAP_S / 2]


@pytest.mark.parametrize(("failures", "draw"), [(0, 0.5), (1, 1.0), (1, -0.1)])
def test_other_input_is_refused(failures: int, draw: float) -> None:
    with pytest.raises(ValueError, match="failure"):
        delay_s(failures, draw)


def test_a_regular_pause_is_spread_by_a_fifth_both_ways() -> None:
    assert [spread_ms(60_000, draw) for draw in (0.0, 0.5)] == [48_000, 60_000]


@given(DRAWS)
def test_a_spread_pause_stays_within_its_fifth(draw: float) -> None:
    assert 48_000 <= spread_ms(60_000, draw) <= 72_000


@pytest.mark.parametrize("draw", [-0.1, 1.0])
def test_a_spread_needs_a_draw(draw: float) -> None:
    with pytest.raises(ValueError, match="draw"):
        spread_ms(60_000, draw)


def test_the_pause_grows_while_there_is_nothing_to_bring_on() -> None:
    assert [pause_ms(turns, left=False) // 1000 for turns in range(6)] == [60, *QUIET_S, 900]


@given(st.integers(0, 10**6))
def test_what_is_left_waits_no_longer_than_after_failures(turns: int) -> None:
    assert pause_ms(turns, left=True) <= min(pause_ms(turns, left=False), 1000 * CAP_S)


def test_turns_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="turns"):
        pause_ms(-1, left=False)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("99999999999999", LONGEST_TOLD_S), ("soon", 0), ("-5", 0), ("٣", 0)],
)
def test_a_word_of_the_central_side_is_read_as_whole_seconds(value: str, seconds: int) -> None:
    assert told_wait_s((("date", "now"), ("retry-after", value))) == seconds


def test_no_word_is_no_wait() -> None:
    assert told_wait_s(()) == 0
    assert told_wait_s((("retry-after", "Fri, 27 Nov 2026 06:00:00 GMT"),)) == 0


@given(st.integers(1, LONGEST_TOLD_S), DRAWS)
def test_nobody_comes_before_the_time_that_was_told(told: int, draw: float) -> None:
    assert told <= after_told_s(told, draw) <= told + 1
    assert after_told_s(0, draw) == 0
