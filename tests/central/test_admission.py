"""Who is let in, who is put off, and when those come again."""

import asyncio
from contextlib import ExitStack

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.__main__ import system_time
from central.archive.database import Database
from central.archive.layout import Layout
from central.archive.payloads import FolderPayloads
from central.collector.admission import LONGEST_S, MOST_AT_WORK, SHORTEST_S, Admission
from central.collector.app import Collector
from central.collector.server import load_keys
from central.collector.uploads import Uploads
from kiosk.ports import LinkAnswer
from kiosk.services.answers import refusal_of
from kiosk.sync.messages import Problem, decode
from kiosk.sync.retry import told_wait_s
from tests.fakes.central_side import founded


class Time:
    def __init__(self):
        self.s = 1000.0

    def __call__(self):
        return self.s


def busy(admission, calls=MOST_AT_WORK + 1):
    working = ExitStack()
    for _ in range(calls):
        working.enter_context(admission.working())
    return working


def test_as_long_as_little_goes_on_everybody_is_let_in():
    admission = Admission(Time())
    with busy(admission, MOST_AT_WORK):
        assert [admission.wait_s() for _ in range(5)] == [0] * 5


def test_whoever_waits_for_a_body_is_not_at_work():
    admission = Admission(Time())
    with busy(admission):
        assert admission.wait_s() > 0
        with admission.listening():
            assert admission.wait_s() == 0
        assert admission.wait_s() > 0
    assert admission.wait_s() == 0


def test_those_who_are_put_off_come_back_in_a_row_at_the_pace_of_those_let_in():
    time = Time()
    admission = Admission(time)
    for _ in range(400):
        time.s += 0.01
        assert admission.wait_s() == 0
    with busy(admission):
        waits = [admission.wait_s() for _ in range(1000)]
    assert waits == sorted(waits)
    assert waits[0] in (SHORTEST_S, SHORTEST_S + 1)
    # A hundred were let in a second: a hundred are told the same second, but for the rounding.
    assert max(waits.count(wait) for wait in set(waits)) <= 101
    assert waits[-1] == pytest.approx(SHORTEST_S + 10, abs=1)


@given(st.lists(st.floats(0, 2), max_size=60), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_bounded_whatever_happened_before(pauses, draw):
    time = Time()
    admission = Admission(time, lambda: draw)
    with busy(admission):
        for pause in pauses:
            time.s += pause
            for _ in range(100):
                assert SHORTEST_S <= admission.wait_s() <= LONGEST_S


def test_a_turn_that_has_passed_holds_nobody_up():
    time = Time()
    admission = Admission(time)
    with busy(admission):
        for _ in range(500):
            admission.wait_s()
        time.s += 10_000
        assert admission.wait_s() <= SHORTEST_S + 1


@pytest.fixture
def collector(tmp_path):
    layout = Layout(founded(tmp_path / "central"))
    database = Database(layout.database)
    keys, payloads = load_keys(layout), FolderPayloads(layout.payloads)
    yield Collector(database, payloads, Uploads(layout.uploads), keys, system_time)
    database.close()


def ask(collector, path):
    async def asked():
        transport = httpx.ASGITransport(app=collector.application())
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
            return await client.get(path)

    return asyncio.run(asked())


def test_a_busy_collector_puts_off_the_beginning_of_a_delivery_and_nothing_else(collector):
    with busy(collector._admission):
        answer = ask(collector, "/v1/time?nonce=n")
        assert answer.status_code == 503
        assert decode(answer.content, Problem).error == "crowded"
        assert SHORTEST_S <= told_wait_s(answer.headers.items()) <= LONGEST_S
        assert ask(collector, "/v1/authority").status_code == 200
        assert ask(collector, "/v1/devices/dev-0/log").status_code == 401
    assert ask(collector, "/v1/time?nonce=n").status_code == 200


def test_the_device_hears_how_long(collector):
    with busy(collector._admission):
        answer = ask(collector, "/v1/time?nonce=n")
    fields = tuple(answer.headers.items())
    error = refusal_of(LinkAnswer(answer.status_code, answer.content, fields))
    assert error.wait_s == int(answer.headers["retry-after"])


def test_bodies_that_never_end_put_nobody_off(collector):
    async def played():
        asked_for, never = asyncio.Semaphore(0), asyncio.Event()

        async def body():
            asked_for.release()
            await never.wait()
            yield b"{}"

        transport = httpx.ASGITransport(app=collector.application())
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
            slow = [
                asyncio.create_task(client.post("/v1/enrolments", content=body()))
                for _ in range(MOST_AT_WORK + 1)
            ]
            for _ in slow:
                await asked_for.acquire()
            answer = await client.get("/v1/time?nonce=n")
            never.set()
            ended = await asyncio.gather(*slow)
            return answer, {answer.status_code for answer in ended}

    answer, ended = asyncio.run(played())
    assert answer.status_code == 200
    assert ended == {400}
