from pathlib import Path

import pytest

from kiosk.devices.cameras import CameraDevice, choose_camera, list_cameras
from kiosk.domain.errors import NoCameraError


def plug_in(root: Path, node: str, name: str, index: str, link: str = "") -> None:
    folder = root / "sys" / "class" / "video4linux" / node
    folder.mkdir(parents=True)
    (folder / "name").write_text(name + "\n", encoding="utf-8")
    (folder / "index").write_text(index + "\n", encoding="utf-8")
    device = root / "dev" / node
    device.parent.mkdir(exist_ok=True)
    device.touch()
    if link:
        links = root / "dev" / "v4l" / "by-id"
        links.mkdir(parents=True, exist_ok=True)
        (links / link).symlink_to(device)


def test_no_camera_no_list(tmp_path):
    assert list_cameras(tmp_path, "linux") == ()


def test_cameras_come_with_names_and_stable_places(tmp_path):
    plug_in(tmp_path, "video10", "Second", "0")
    plug_in(tmp_path, "video2", "HD Pro Webcam C920", "0", "usb-046d_HD_Pro-video-index0")
    plug_in(tmp_path, "video3", "HD Pro Webcam C920", "1", "usb-046d_HD_Pro-video-index1")
    assert list_cameras(tmp_path, "linux") == (
        CameraDevice("/dev/v4l/by-id/usb-046d_HD_Pro-video-index0", "HD Pro Webcam C920"),
        CameraDevice("/dev/video10", "Second"),
    )


def test_a_camera_just_pulled_out_is_not_listed(tmp_path):
    plug_in(tmp_path, "video0", "Gone", "0")
    (tmp_path / "dev" / "video0").unlink()
    assert list_cameras(tmp_path, "linux") == ()


def test_other_systems_offer_numbered_places_without_claiming_that_a_camera_is_there():
    for platform in ("win32", "darwin"):
        places = list_cameras(platform=platform)
        assert places
        assert all(place.is_number and not place.confirmed for place in places)


class TestChoice:
    first = CameraDevice("/dev/v4l/by-id/usb-a", "A")
    second = CameraDevice("/dev/video4", "B")

    def test_without_a_setting_the_first_one(self):
        assert choose_camera("", (self.first, self.second)) == self.first

    def test_the_one_that_is_set(self):
        assert choose_camera("/dev/video4", (self.first, self.second)) == self.second

    def test_a_place_that_is_not_listed_may_still_be_tried(self):
        chosen = choose_camera("/dev/video9", (self.first,))
        assert chosen.device_id == "/dev/video9"
        assert not chosen.confirmed

    def test_no_camera_at_all(self):
        with pytest.raises(NoCameraError):
            choose_camera("", ())
