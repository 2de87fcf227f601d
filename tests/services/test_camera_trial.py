"""A camera on trial: how it delivers, what is read, and the verdict in plain words."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.guidance import Guidance
from kiosk.capture.noise import noise_between
from kiosk.devices.code_reader import ZxingCodeReader
from kiosk.devices.finder import NetDocumentFinder
from kiosk.devices.ocrb_reader import OcrbTextReader
from kiosk.devices.specimen_camera import SpecimenCamera
from kiosk.devices.specimens import load_specimens
from kiosk.domain.errors import (
    CameraBlackError,
    CameraTimeoutError,
    CameraUnpluggedError,
    CaptureError,
    NoCameraError,
)
from kiosk.paths import RESOURCES
from kiosk.ports import Frame
from kiosk.services.camera_trial import MAX_INTERRUPTIONS, CameraTrial, pace_of
from kiosk.services.camera_verdict import CameraMeasures, Grade, TrialReason, judge
from kiosk.services.readers import Readers
from kiosk.services.reading import LiveReader
from tests.fakes.clock import FakeClock

GOOD = CameraMeasures(
    name="Caméra",
    seconds=10.0,
    width=1280,
    height=720,
    rate=30.0,
    lost=0.01,
    exposure=0.5,
    noise=2.0,
    glare_share=0.0,
    sharpness=0.4,
    observed=60,
    reading_ms=80.0,
    reading_p95_ms=140.0,
    cpu_ms=90.0,
    shown_share=0.9,
    first_document_ms=900,
    documents=4,
    plain_sides=0,
    layouts=("TD3",),
    failed_checks=0,
    codes=(),
    guidance=((Guidance.READING, 1.0),),
    interruptions=(),
)


@dataclass
class TimedCamera:
    """A :class:`kiosk.ports.FrameSource` on a fake clock: what happens at each picture is written.

    Attributes:
        clock: goes on by one period a picture.
        script: errors by the number of the call.
    """

    clock: FakeClock
    period_ms: int = 33
    level: int = 120
    script: dict[int, CaptureError] = field(default_factory=dict)
    opens: bool = True
    stopped: int = 0
    calls: int = 0
    name = "Caméra d’essai"

    def start(self) -> None:
        if not self.opens:
            raise NoCameraError("scripted")

    def read(self, timeout_ms: int = 1000) -> Frame:  # noqa: ARG002 - the time is the clock's
        self.calls += 1
        self.clock.advance(seconds=self.period_ms / 1000)
        if self.calls in self.script:
            raise self.script[self.calls]
        rng = np.random.default_rng(self.calls)
        noise = rng.normal(0, 3.0, (96, 128, 3))
        image = np.clip(self.level + noise, 0, 255).astype(np.uint8)
        return Frame(image, self.calls, self.clock.monotonic_ms())

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture(scope="module")
def specimens():
    return load_specimens(RESOURCES / "specimens")


def reader(clock) -> LiveReader:
    parts = Readers(NetDocumentFinder(), OcrbTextReader(), ZxingCodeReader())
    return LiveReader(parts, clock)


def trial(camera: TimedCamera, seconds: float = 3) -> CameraMeasures:
    return CameraTrial(camera, reader(camera.clock), camera.clock, lambda: 0.0).run(seconds)


def test_the_pace_the_light_and_the_noise_of_a_camera_are_measured():
    camera = TimedCamera(FakeClock())
    measures = trial(camera)
    assert measures.rate == pytest.approx(30.3, abs=0.2)
    assert measures.lost == pytest.approx(0, abs=0.01)
    assert (measures.width, measures.height) == (128, 96)
    assert measures.exposure == pytest.approx(120 / 255, abs=0.01)
    assert measures.noise == pytest.approx(1.7, abs=0.4)  # three colours become one grey
    assert (measures.documents, measures.first_document_ms) == (0, None)
    assert sum(share for _, share in measures.guidance) == pytest.approx(1)
    assert camera.stopped == 1


def test_a_camera_that_does_not_open_is_an_error_and_no_verdict():
    with pytest.raises(NoCameraError):
        trial(TimedCamera(FakeClock(), opens=False))


def test_a_camera_without_one_picture_is_an_error_and_is_closed():
    camera = TimedCamera(FakeClock(), script={1: CameraTimeoutError("scripted")})
    with pytest.raises(CameraTimeoutError):
        trial(camera)
    assert camera.stopped == 1


def test_what_interrupts_is_counted_and_makes_unfit():
    script: dict[int, CaptureError] = {9: CameraBlackError("scripted")}
    measures = trial(TimedCamera(FakeClock(), script=script))
    assert measures.interruptions == ("CAPTURE-005",)
    assert judge(measures).grade is Grade.UNFIT


def test_a_camera_that_is_pulled_out_ends_the_trial():
    script: dict[int, CaptureError] = {9: CameraUnpluggedError("scripted")}
    camera = TimedCamera(FakeClock(), script=script)
    assert trial(camera, 600).interruptions == ("CAPTURE-004",)
    assert camera.calls == 9


def test_a_camera_that_fails_again_and_again_does_not_go_on_for_ever():
    clock = FakeClock()
    script = {n: CameraTimeoutError("scripted") for n in range(2, 10_000)}
    camera = TimedCamera(clock, period_ms=1, script=script)
    assert len(trial(camera, 600).interruptions) == MAX_INTERRUPTIONS


def test_the_specimen_camera_reads_a_passport_without_naming_anybody(specimens):
    clock = FakeClock()
    camera = SpecimenCamera(specimens, fps=0, moving_s=0)
    camera.show("fr-passport-berthier")

    class Ticking(FakeClock):
        def monotonic_ms(self) -> int:
            self.mono_ms += 20
            return self.mono_ms

    measures = CameraTrial(camera, reader(clock), Ticking()).run(1.5)
    assert measures.documents >= 1
    assert measures.layouts == ("TD3",)
    assert measures.first_document_ms is not None
    assert measures.sharpness is not None
    assert measures.cpu_ms > 0
    assert "BERTHIER" not in str(measures.as_json())


# --- the verdict ----------------------------------------------------------------------------------


def test_nothing_against_it_is_fit():
    assert judge(GOOD) == judge(replace(GOOD, noise=None))
    assert judge(GOOD).grade is Grade.FIT
    assert judge(GOOD).reasons == ()


@pytest.mark.parametrize(
    ("change", "reason", "grade"),
    [
        ({"rate": 12.0}, TrialReason.SLOW, Grade.LIMITS),
        ({"rate": 12.0, "exposure": 0.18}, TrialReason.SLOW_LIGHT, Grade.LIMITS),
        ({"rate": 3.0}, TrialReason.SLOW, Grade.UNFIT),
        ({"width": 640, "height": 480}, TrialReason.SMALL, Grade.LIMITS),
        ({"width": 320, "height": 240}, TrialReason.SMALL, Grade.UNFIT),
        ({"lost": 0.2}, TrialReason.LOSSES, Grade.LIMITS),
        ({"exposure": 0.05}, TrialReason.DARK, Grade.LIMITS),
        ({"exposure": 0.95}, TrialReason.BRIGHT, Grade.LIMITS),
        ({"glare_share": 0.5}, TrialReason.GLARE, Grade.LIMITS),
        ({"noise": 14.0}, TrialReason.NOISY, Grade.LIMITS),
        ({"sharpness": 0.05}, TrialReason.BLURRED, Grade.LIMITS),
        ({"reading_ms": 900.0}, TrialReason.SLOW_READING, Grade.LIMITS),
        ({"documents": 0, "shown_share": 0.0}, TrialReason.NOT_SHOWN, Grade.LIMITS),
        ({"documents": 0, "plain_sides": 1}, TrialReason.PLAIN_SIDE, Grade.LIMITS),
        ({"documents": 0}, TrialReason.NOT_READ, Grade.UNFIT),
        ({"interruptions": ("CAPTURE-004",)}, TrialReason.INTERRUPTED, Grade.UNFIT),
    ],
)
def test_each_obstacle_has_its_reason(change, reason, grade):
    verdict = judge(replace(GOOD, **change))
    assert reason in verdict.reasons
    assert verdict.grade is grade


def test_a_camera_that_was_shown_nothing_is_never_called_fit():
    assert judge(replace(GOOD, documents=0, shown_share=0.1)).grade is not Grade.FIT


@pytest.mark.parametrize(
    ("marks", "rate", "lost"),
    [
        ([], 0, 0),
        ([(0, 0)], 0, 0),
        ([(0, 5), (1, 5)], 0, 0),
        ([(n, 33 * n) for n in range(30)], 30.3, 0),
        ([(2 * n, 66 * n) for n in range(30)], 30.3, 0),  # not taken, but delivered
        ([(n, 33 * n + (0, 20)[n % 2]) for n in range(31)], 30.3, None),
        ([(n, 33 * n + 330 * (n > 10)) for n in range(30)], 22.5, 0.26),
    ],
)
def test_the_pace_is_told_from_numbers_and_times(marks, rate, lost):
    measured = pace_of(marks)
    assert measured[0] == pytest.approx(rate, abs=0.2)
    if lost is not None:
        assert measured[1] == pytest.approx(lost, abs=0.02)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5000)), max_size=40))
def test_any_marks_give_a_rate_and_a_share(steps):
    marks, number, at = [], 0, 0
    for more, later in steps:
        number, at = number + more, at + later
        marks.append((number, at))
    rate, lost = pace_of(marks)
    assert rate >= 0
    assert 0 <= lost <= 1


def test_what_moves_is_not_taken_for_noise():
    rng = np.random.default_rng(5)
    before, after = (np.clip(rng.normal(100, 4, (240, 320)), 0, 255).astype(np.uint8) for _ in "ab")
    after[100:140, 100:140] = 255
    assert noise_between(before, after) == pytest.approx(4, abs=0.4)
    assert noise_between(before, before[:100]) is None
    assert noise_between(before[:4], after[:4]) is None
