"""The doctor's findings: what is wrong, who mends it, and that one fault hides no other."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from kiosk.domain.errors import (
    AlreadyRunningError,
    CameraBusyError,
    KeyStoreError,
    UnreachableError,
)
from kiosk.domain.ids import AgentId, RecordId
from kiosk.ports import Frame, JournalRow, LinkAnswer, OutboxRow, OutboxState
from kiosk.services import diagnosis
from kiosk.services.diagnosis import Finding, Grade, Mender, examine, worst
from kiosk.services.pin_costs import MeasuredCost
from kiosk.services.secret_change import SecretStanding
from kiosk.texts import LANGUAGES, Texts
from tests.fakes.clock import FakeClock
from tests.fakes.key_stores import MemoryKeyStore
from tests.fakes.store import InMemoryStore

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


class StillCamera:
    """A camera that shows one grey picture, or fails to open."""

    name = "still"

    def __init__(self, failure: Exception | None = None) -> None:
        self._failure = failure
        self.stopped = 0

    def start(self) -> None:
        if self._failure:
            raise self._failure

    def read(self, timeout_ms: int = 1000) -> Frame:  # noqa: ARG002 - as the port names it
        return Frame(np.full((480, 640, 3), 128, np.uint8), 0, 0)

    def stop(self) -> None:
        self.stopped += 1


class AnsweringLink:
    """A central side that answers every call in one way."""

    def __init__(self, answer: LinkAnswer | Exception) -> None:
        self._answer = answer
        self.closed = False

    def call(self, *_call, **_named) -> LinkAnswer:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def close(self) -> None:
        self.closed = True


def store_with(**outbox: OutboxState) -> InMemoryStore:
    store = InMemoryStore()
    if outbox:
        with store.begin() as uow:
            for seq, state in enumerate(outbox.values()):
                uow.journal.append(JournalRow(seq, "verify_close", None, NOW, ""))
                uow.outbox.put(OutboxRow(seq, RecordId("a"), state, NOW, NOW, 1, "", 10))
            uow.commit()
    return store


def full_keys() -> MemoryKeyStore:
    return MemoryKeyStore(database=bytes(32), device_signing=bytes(32), device_secret=bytes(32))


def test_a_fault_of_one_part_hides_no_other():
    camera = StillCamera(CameraBusyError("in use"))
    findings = examine(
        {
            "camera": lambda: diagnosis.camera(camera),
            "keys": lambda: diagnosis.keys(full_keys()),
            "screens": diagnosis.screens,
        }
    )
    assert [item.grade for item in findings] == [Grade.FAULT, Grade.WARNING, Grade.UNKNOWN]
    assert findings[0].what == "errors.CAPTURE-002.what"
    assert findings[0].mender is Mender.AGENT
    assert camera.stopped == 1
    assert worst(findings) is Grade.FAULT


def test_worst_is_the_gravest_and_not_knowing_is_no_fault():
    unknown = Finding("a", Grade.UNKNOWN, "")
    warning = Finding("b", Grade.WARNING, "")
    assert worst([unknown]) is Grade.OK
    assert worst([unknown, warning]) is Grade.WARNING
    assert worst([]) is Grade.OK


def test_who_mends_what():
    assert diagnosis.finding_of("network", UnreachableError()).mender is Mender.AGENT
    assert diagnosis.finding_of("keys", KeyStoreError()).mender is Mender.SUPPORT
    assert diagnosis.finding_of("store", AlreadyRunningError()).grade is Grade.UNKNOWN


def test_a_working_camera_tells_its_size():
    found = diagnosis.camera(StillCamera())
    assert (found.grade, found.values["width"], found.values["height"]) == (Grade.OK, 640, 480)


@pytest.mark.parametrize(
    ("free", "grade"),
    [(0, Grade.FAULT), (64 * 1024**2, Grade.WARNING), (10 * 1024**3, Grade.OK)],
)
def test_room_on_the_disk(free, grade):
    store = InMemoryStore()
    store.free = free
    assert diagnosis.disk(store).grade is grade


@pytest.mark.parametrize(
    ("wall", "last", "grade"),
    [
        (NOW, None, Grade.OK),
        (NOW, NOW - timedelta(days=1), Grade.OK),
        (NOW, NOW + timedelta(days=1), Grade.WARNING),
        (NOW.replace(year=1970), None, Grade.WARNING),
        (NOW.replace(year=2107), None, Grade.WARNING),
    ],
)
def test_a_clock_off_by_years_or_behind_the_journal_is_noticed(wall, last, grade):
    assert diagnosis.clock(FakeClock(wall=wall), last).grade is grade


def test_keys_missing_and_present():
    assert diagnosis.keys(MemoryKeyStore(database=bytes(32))).values["names"] == (
        "device-signing, device-secret"
    )
    real = full_keys()
    real.is_demonstration = False
    assert diagnosis.keys(real).grade is Grade.OK
    assert diagnosis.keys(real, escrowed=False).grade is Grade.WARNING


def test_the_store_is_sound_or_damaged():
    assert diagnosis.store(InMemoryStore(), ()).grade is Grade.OK
    assert diagnosis.store(InMemoryStore(), ("page 3",)).grade is Grade.FAULT


def test_records_that_wait_and_records_that_are_stuck():
    waiting = store_with(a=OutboxState.WAITING, b=OutboxState.STORED)
    assert diagnosis.outbox(waiting).values == {"n": 1}
    stuck = store_with(a=OutboxState.WAITING, b=OutboxState.QUARANTINED)
    assert diagnosis.outbox(stuck).grade is Grade.FAULT


@pytest.mark.parametrize(
    ("answer", "grade"), [(LinkAnswer(200, b""), Grade.OK), (LinkAnswer(503, b""), Grade.WARNING)]
)
def test_the_central_side_answers_well_or_oddly(answer, grade):
    link = AnsweringLink(answer)
    assert diagnosis.network(link).grade is grade
    assert link.closed


def test_a_central_side_that_is_down_or_not_known():
    link = AnsweringLink(UnreachableError("refused"))
    (found,) = examine({"network": lambda: diagnosis.network(link)})
    assert (found.grade, found.what, link.closed) == (
        Grade.FAULT,
        "errors.SYNC-001.what",
        True,
    )
    assert diagnosis.network(None).grade is Grade.UNKNOWN


def test_a_missing_part_of_the_program_is_named():
    assert diagnosis.versions({"visavis": "1", "onnxruntime": ""}).values["names"] == "onnxruntime"
    assert diagnosis.versions({"visavis": "1"}).grade is Grade.OK


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_its_words(language):
    texts = Texts.load(language)
    store = InMemoryStore()
    store.free = 0
    findings = [
        diagnosis.camera(StillCamera()),
        diagnosis.screens(),
        diagnosis.store(store, ()),
        diagnosis.store(store, ("page",)),
        diagnosis.outbox(store),
        diagnosis.outbox(store_with(a=OutboxState.REFUSED)),
        diagnosis.keys(MemoryKeyStore()),
        diagnosis.keys(full_keys()),
        diagnosis.keys(full_keys(), escrowed=False),
        diagnosis.secret(SecretStanding()),
        diagnosis.secret(SecretStanding((AgentId("a-17"),), (), NOW.date())),
        diagnosis.secret(SecretStanding((), (AgentId("a-17"),))),
        diagnosis.pins(None),
        diagnosis.pins(MeasuredCost(65536, 6, 1, 402, NOW)),
        diagnosis.pins(MeasuredCost(19 * 1024, 2, 1, 912, NOW)),
        diagnosis.enrolment(None),
        diagnosis.enrolment(3),
        diagnosis.clock(FakeClock(wall=NOW), None),
        diagnosis.clock(FakeClock(wall=NOW.replace(year=1970)), None),
        diagnosis.disk(store),
        diagnosis.network(None),
        diagnosis.network(AnsweringLink(LinkAnswer(500, b""))),
        diagnosis.versions({"visavis": ""}),
        diagnosis.finding_of("store", AlreadyRunningError()),
        *examine(diagnosis.not_reached(("keys",))),
    ]
    for item in findings:
        assert texts(item.what, **item.values)
        assert not item.how or texts(item.how, **item.values)
        assert texts(f"doctor.subject.{item.subject}")
        assert texts(f"doctor.who.{item.mender}")
        assert texts(f"doctor.grade.{item.grade}")
