"""The vault's thread: order, failures, and a clean end."""

import threading

import pytest

from kiosk.domain.errors import DiskFullError
from ui.workers.desk import Desk, Failure


@pytest.fixture
def desk(qtbot):
    desk = Desk("test")
    yield desk
    desk.close()


def answer_of(qtbot, desk, call):
    answers = []
    task = desk.submit(call)
    task.done.connect(answers.append)
    task.failed.connect(answers.append)
    with qtbot.waitSignal(task.ended):
        pass
    return answers[0]


def test_calls_run_one_after_the_other_in_one_other_thread(qtbot, desk):
    threads, order = set(), []

    def call(number):
        threads.add(threading.get_ident())
        order.append(number)
        return number

    tasks = [desk.submit(lambda n=n: call(n)) for n in range(20)]
    with qtbot.waitSignal(tasks[-1].ended):
        pass
    assert order == list(range(20))
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    assert desk.idle


def test_failure_on_purpose_carries_its_code(qtbot, desk):
    def call():
        raise DiskFullError("seal")

    assert answer_of(qtbot, desk, call) == Failure("VAULT-003", "seal")


def test_unknown_failure_gets_a_support_code_and_no_words(qtbot, desk):
    def call():
        raise ValueError("MARTIN Maëlys")

    failure = answer_of(qtbot, desk, call)
    assert failure.code == "KIOSK-001"
    assert len(failure.support) == 8
    assert "MARTIN" not in failure.shown_code + failure.detail


def test_closing_waits_for_the_call_under_way_and_drops_the_rest(qtbot):
    desk = Desk("closing")
    began, may_end, done = threading.Event(), threading.Event(), []

    def slow():
        began.set()
        may_end.wait(60)
        done.append("slow")

    desk.submit(slow)
    desk.submit(lambda: done.append("never"))
    assert began.wait(60)
    threading.Timer(0.05, may_end.set).start()
    desk.close()
    assert done == ["slow"]
    assert not desk.isRunning()


def test_a_desk_that_is_told_to_finish_makes_every_call_before_it_ends(qtbot):
    desk, done = Desk("finishing"), []
    for number in range(3):
        desk.submit(lambda n=number: done.append(n))
    desk.close(finish=True)
    assert done == [0, 1, 2]
    assert not desk.isRunning()
