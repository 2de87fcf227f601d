"""Cameras and readers, loaded when they are asked for: their libraries are slow to load."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.config import CameraKind, Config
from kiosk.domain.errors import CatalogueError, NoCameraError
from kiosk.paths import RESOURCES
from kiosk.ports import Clock, FrameSource, PrintedTextReader, Store

SPECIMENS: Final = RESOURCES / "specimens"

if TYPE_CHECKING:
    from kiosk.devices.specimen_camera import SpecimenCamera
    from kiosk.documents.twoddoc import TrustList
    from kiosk.services.printed_reading import PrintedReader
    from kiosk.services.readers import Readers
    from kiosk.services.reading import LiveReader


def open_camera(config: Config) -> FrameSource:
    """The configured camera, not started.

    Raises:
        NoCameraError: no camera is plugged in, or none at the configured place.
        CatalogueError: the specimens are missing.
    """
    match config.camera.kind:
        case CameraKind.SPECIMEN:
            return _specimen_camera(config)
        case CameraKind.REPLAY:
            from kiosk.devices.replay_camera import ReplayCamera

            return ReplayCamera(Path(config.camera.path))
        case CameraKind.LIVE:
            return _live_camera(config.camera.device)


def load_reader(clock: Clock, *, specimens: bool, store: Store | None = None) -> "LiveReader":
    """The reader of live pictures, its model not loaded yet.

    Args:
        clock: device time.
        specimens: also know the authority that sealed the specimens, as one made for tests.
        store: the vault, for the list of those who seal documents; none is known without it.

    Raises:
        CatalogueError: the specimens are wanted and missing.
    """
    from kiosk.services.reading import LiveReader

    known_signers(store, specimens=specimens)  # what is missing is told at once
    return LiveReader(load_readers(), clock, lambda: known_signers(store, specimens=specimens))


def load_readers(*, thorough: bool = False) -> "Readers":
    """Finder and readers, their models not loaded yet. Raises CatalogueError.

    ``thorough``: codes are searched harder, for still pictures.
    """
    from kiosk.devices.code_reader import ZxingCodeReader
    from kiosk.devices.finder import NetDocumentFinder
    from kiosk.devices.ocrb_reader import OcrbTextReader
    from kiosk.devices.print_reader import PaddlePrintReader
    from kiosk.devices.text_reader import PaddleModel, PaddleTextReader
    from kiosk.services.readers import Readers

    model = PaddleModel()  # one file in memory for zones and print
    return Readers(
        NetDocumentFinder(),
        OcrbTextReader(),
        ZxingCodeReader(thorough=thorough),
        PaddleTextReader(model),
        load_printed_reader(PaddlePrintReader(model)),
    )


def load_printed_reader(reader: PrintedTextReader) -> "PrintedReader":
    """The reader of printed fields, with its data. Raises CatalogueError."""
    from kiosk.documents.printed_layouts import load_printed
    from kiosk.documents.series import load_series
    from kiosk.services.printed_reading import PrintedReader

    folder = RESOURCES / "documents"
    try:
        layouts = (folder / "printed.toml").read_bytes()
        series = (folder / "series.toml").read_bytes()
    except OSError as exc:
        raise CatalogueError("documents") from exc
    return PrintedReader(reader, load_printed(layouts), load_series(series))


def known_signers(store: Store | None, *, specimens: bool) -> "TrustList":
    """Those whose seals this device can judge: the imported list, and the specimens' authority.

    Raises:
        CatalogueError: the specimens are wanted and missing.
    """
    from kiosk.devices.specimens import load_authority
    from kiosk.documents.twoddoc import TrustList
    from kiosk.services.trust import load_trust

    trust = TrustList() if store is None else load_trust(store)
    return trust.with_tests((load_authority(SPECIMENS),)) if specimens else trust


def _specimen_camera(config: Config) -> "SpecimenCamera":
    from kiosk.devices.specimen_camera import SpecimenCamera
    from kiosk.devices.specimens import load_specimens

    specimens = load_specimens(SPECIMENS)
    camera = SpecimenCamera(specimens, seed=config.camera.seed)
    if config.camera.specimen:
        if config.camera.specimen not in specimens:
            raise CatalogueError("unknown specimen")
        camera.show(config.camera.specimen)
    return camera


def _live_camera(device: str) -> FrameSource:
    from kiosk.devices.cameras import CameraDevice, list_cameras
    from kiosk.devices.live_camera import LiveCamera

    if device:
        known = {camera.device_id: camera for camera in list_cameras()}
        return LiveCamera(known.get(device) or CameraDevice(device, device, confirmed=False))
    cameras = list_cameras()
    if not cameras:
        raise NoCameraError("none found")
    return LiveCamera(cameras[0])
