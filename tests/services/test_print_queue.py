"""Work in small steps, and the print of accepted sides read that way."""

import pytest

from kiosk.domain.evidence import Side
from kiosk.services.gradual import Gradual
from kiosk.services.print_queue import PrintQueue


def counted(steps, outcome, seen):
    """Work that notes each step."""
    for number in range(steps):
        seen.append((outcome, number))
        yield
    return outcome


def test_work_is_done_step_by_step_and_gives_its_outcome_once():
    seen = []
    work = Gradual(counted(2, "done", seen))
    assert not work.step()
    assert not work.done
    with pytest.raises(IndexError):
        _ = work.outcome
    assert work.step(5)
    assert (work.outcome, len(seen)) == ("done", 2)
    assert work.step()
    assert work.whole() == "done"


def test_work_without_a_step_is_done_at_once():
    assert Gradual(counted(0, "nothing", [])).whole() == "nothing"


def test_sides_are_read_one_after_the_other_a_step_a_frame():
    seen, queue = [], PrintQueue()
    queue.add(Side.FRONT, Gradual(counted(2, "front", seen)))
    queue.add(Side.BACK, Gradual(counted(1, "back", seen)))
    frames = []
    for _ in range(6):
        queue.step()
        frames.append([side.side for side in queue.read])
    assert seen == [("front", 0), ("front", 1), ("back", 0)]
    assert frames[1] == []
    assert frames[2] == [Side.FRONT]
    assert frames[-1] == [Side.FRONT, Side.BACK]
    assert [side.fields for side in queue.read] == ["front", "back"]


def test_a_side_accepted_anew_takes_the_place_of_what_was_read_of_it():
    queue = PrintQueue()
    queue.add(Side.FRONT, Gradual(counted(0, "old", [])))
    queue.step()
    assert [side.fields for side in queue.read] == ["old"]
    queue.add(Side.FRONT, Gradual(counted(1, "new", [])))
    assert queue.read == ()
    queue.add(Side.FRONT, None)
    queue.step()
    assert queue.read == ()


def test_what_is_forgotten_is_neither_read_nor_told():
    seen, queue = [], PrintQueue()
    queue.add(Side.FRONT, Gradual(counted(3, "front", seen)))
    queue.add(Side.BACK, Gradual(counted(0, "back", seen)))
    queue.forget(Side.FRONT)
    queue.step()
    assert (seen, [side.side for side in queue.read]) == ([], [Side.BACK])
    queue.forget()
    assert queue.read == ()
