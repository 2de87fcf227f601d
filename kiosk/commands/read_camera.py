"""``visavis read --camera CAMERA --seconds S``: is this camera fit for reading documents?

Nothing is stored, and no name, number or code is shown. Exit codes: 0 fit, also with limits;
1 unfit; 2 wrong use; 3 the camera does not open.
"""

from collections.abc import Callable, Iterator

import msgspec
import typer

from kiosk.commands.console import ExitCode, decimal, error_lines, leave, say, say_json
from kiosk.config import CameraConfig, CameraKind, Config
from kiosk.domain.errors import NoCameraError
from kiosk.ports import Frame, FrameSource
from kiosk.services.camera_verdict import CameraMeasures, Grade, TrialVerdict
from kiosk.texts import Texts

SHOWN_SPECIMEN = "fr-passport-berthier"
"""What lies under the specimen camera where nobody says what."""
_MAX_SENTENCES = 4


def judge_camera(camera: str, seconds: float, texts: Texts, *, json: bool) -> None:
    """Try the camera, say the verdict, leave. Raises any CaptureError of its start."""
    config = _config_of(camera)
    if config is None:
        typer.echo(texts("read.camera.unknown"), err=True)
        leave(ExitCode.WRONG_USE)
        return
    from kiosk.bootstrap.hardware import load_reader, open_camera
    from kiosk.devices.clock import SystemClock
    from kiosk.services.camera_trial import CameraTrial
    from kiosk.services.camera_verdict import judge

    clock = SystemClock()
    source = open_camera(config)
    reader = load_reader(clock, specimens=config.camera.kind is not CameraKind.LIVE)

    def announce() -> None:
        typer.echo(texts("read.camera.working", n=round(seconds)), err=True)

    try:
        measures = CameraTrial(_Announced(source, announce), reader, clock).run(seconds)
    except NoCameraError as exc:
        _say_closed(exc, config.camera, texts, json=json)
        leave(ExitCode.FAILED)
        return
    verdict = judge(measures)
    if json:
        say_json(as_json(measures, verdict, texts))
    else:
        for line in as_text(measures, verdict, texts):
            say(line)
    leave(ExitCode.NO if verdict.grade is Grade.UNFIT else ExitCode.DONE)


class _Announced:
    """A camera that is spoken of once it is open: nobody shows a document to one that is not."""

    def __init__(self, source: FrameSource, announce: Callable[[], None]) -> None:
        self._source, self._announce = source, announce

    @property
    def name(self) -> str:
        """Name of the camera."""
        return self._source.name

    def start(self) -> None:
        """Open, then announce. Raises any CaptureError of the camera."""
        self._source.start()
        self._announce()

    def read(self, timeout_ms: int = 1000) -> Frame:
        """The newest picture. Raises any CaptureError of the camera."""
        return self._source.read(timeout_ms)

    def stop(self) -> None:
        """Close."""
        self._source.stop()


def _say_closed(error: NoCameraError, camera: CameraConfig, texts: Texts, *, json: bool) -> None:
    """The camera did not open, in the words of a console: there is no button to touch here."""
    kind = "live" if camera.kind is CameraKind.LIVE else "replay"
    what = texts(f"read.camera.closed.{kind}.what", camera=camera.device)
    do = texts(f"read.camera.closed.{kind}.do")
    if json:
        say_json({"error": {"code": error.code, "detail": error.detail, "what": what, "do": do}})
    else:
        for line in (what, do, error_lines(error, texts)[-1]):
            typer.echo(line, err=True)


def _config_of(camera: str) -> Config | None:
    """The settings that mean this camera; None where the word means none."""
    kind, _, rest = camera.partition(":")
    if kind == CameraKind.SPECIMEN:
        shown = CameraConfig(CameraKind.SPECIMEN, specimen=rest or SHOWN_SPECIMEN)
        return Config(camera=shown)
    if kind == CameraKind.REPLAY and rest:
        return Config(camera=CameraConfig(CameraKind.REPLAY, path=rest))
    try:
        found = msgspec.convert({"device": camera}, CameraConfig)
    except msgspec.ValidationError:
        return None
    return Config(camera=found)


def as_json(measures: CameraMeasures, verdict: TrialVerdict, texts: Texts) -> dict[str, object]:
    """The trial as one object."""
    reasons = [
        {
            "code": reason.value,
            "what": texts(f"read.camera.reason.{reason.value}.what", **_values(measures)),
            "do": texts(f"read.camera.reason.{reason.value}.do"),
        }
        for reason in verdict.reasons
    ]
    return {"verdict": verdict.grade.value, "reasons": reasons, "measures": measures.as_json()}


def as_text(measures: CameraMeasures, verdict: TrialVerdict, texts: Texts) -> Iterator[str]:
    """The trial for a technician: the verdict, its reasons, then every figure."""
    name = "".join(c if c.isprintable() else "·" for c in measures.name)
    grade = texts(f"read.camera.grade.{verdict.grade.value}")
    yield texts("read.pair", label=name, value=grade)
    for reason in verdict.reasons:
        yield "  ! " + texts(f"read.camera.reason.{reason.value}.what", **_values(measures))
        yield "    " + texts(f"read.camera.reason.{reason.value}.do")
    for label, value in _figures(measures, texts):
        key = f"read.camera.label.{label}"
        yield "  " + texts("read.pair", label=texts(key), value=value)
    for said, share in measures.guidance[:_MAX_SENTENCES]:
        yield "  " + texts(
            "read.camera.said", share=round(share * 100), sentence=texts(f"guidance.{said.value}")
        )


def _values(measures: CameraMeasures) -> dict[str, object]:
    """What the sentences may speak of."""
    return {
        "size": f"{measures.width} × {measures.height}",
        "rate": round(measures.rate),
        "lost": round(measures.lost * 100),
        "ms": round(measures.reading_ms),
        "codes": ", ".join(dict.fromkeys(measures.interruptions)),
        "glare": round(measures.glare_share * 100),
    }


def _figures(measures: CameraMeasures, texts: Texts) -> Iterator[tuple[str, str]]:
    def share(value: float) -> str:
        return texts("read.camera.percent", n=round(value * 100))

    def ms(value: float) -> str:
        return texts("read.camera.ms", n=round(value))

    values = _values(measures)
    yield (
        "picture",
        texts("read.camera.picture", size=values["size"], rate=decimal(measures.rate, texts)),
    )
    yield "lost", share(measures.lost)
    yield "exposure", share(measures.exposure)
    if measures.noise is not None:
        yield "noise", texts("read.camera.levels", n=decimal(measures.noise, texts))
    if measures.sharpness is not None:
        yield "sharpness", share(measures.sharpness)
        yield "glare", share(measures.glare_share)
    read = texts("read.camera.documents", n=measures.documents)
    if measures.layouts:
        read += f" ({', '.join(measures.layouts)})"
    yield "documents", read
    if measures.failed_checks:
        yield "failed", str(measures.failed_checks)
    if measures.first_document_ms is not None:
        yield "first", ms(measures.first_document_ms)
    if measures.codes:
        named = (f"{texts(f'read.code.{kind}')} × {n}" for kind, n in measures.codes)
        yield "codes", ", ".join(named)
    yield "reading", ms(measures.reading_ms)
    yield "reading_p95", ms(measures.reading_p95_ms)
    yield "cpu", ms(measures.cpu_ms)
