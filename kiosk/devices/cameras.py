"""Which cameras are plugged in, by name.

OpenCV knows numbers only, and their order changes with the back end; Linux offers stable links and
names in its device tree. On Windows and macOS numbered places are offered instead.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from kiosk.domain.errors import NoCameraError

NUMBERED_PLACES = 4


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A place where a camera is, or may be.

    Attributes:
        device_id: what the configuration stores: ``/dev/v4l/by-id/...``, ``/dev/video0`` or ``0``.
        name: for people.
        confirmed: the system says that a camera is there; False for a numbered place.
    """

    device_id: str
    name: str
    confirmed: bool = True

    @property
    def is_number(self) -> bool:
        """Whether it is a numbered place instead of a path."""
        return self.device_id.isdecimal()


def list_cameras(root: Path = Path("/"), platform: str = sys.platform) -> tuple[CameraDevice, ...]:
    """Cameras of this machine, best first; never opens one.

    Args:
        root: where ``sys`` and ``dev`` are.
        platform: as ``sys.platform``.
    """
    if not platform.startswith("linux"):
        return tuple(
            CameraDevice(str(number), f"Caméra {number + 1}", confirmed=False)
            for number in range(NUMBERED_PLACES)
        )
    links = _stable_links(root / "dev" / "v4l" / "by-id")
    found = []
    for folder in sorted((root / "sys" / "class" / "video4linux").glob("video*"), key=_number):
        node = root / "dev" / folder.name
        if not node.exists() or _text(folder / "index") not in ("", "0"):
            continue  # a camera's second node carries metadata, no pictures
        device_id = links.get(folder.name, f"/dev/{folder.name}")
        found.append(CameraDevice(device_id, _text(folder / "name") or folder.name))
    return tuple(found)


def _stable_links(folder: Path) -> dict[str, str]:
    """Node name to stable path."""
    if not folder.is_dir():
        return {}
    return {link.resolve().name: f"/dev/v4l/by-id/{link.name}" for link in sorted(folder.iterdir())}


def _number(folder: Path) -> int:
    digits = folder.name.removeprefix("video")
    return int(digits) if digits.isdecimal() else sys.maxsize


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""


def choose_camera(device: str, listed: tuple[CameraDevice, ...]) -> CameraDevice:
    """The camera that a setting means.

    Args:
        device: a number, a device path, or ``""`` for the first camera.
        listed: from :func:`list_cameras`.

    Raises:
        NoCameraError: none is set and none is plugged in.
    """
    for camera in listed:
        if device in ("", camera.device_id):
            return camera
    if not device:
        raise NoCameraError("none plugged in")
    return CameraDevice(device, device, confirmed=False)
