"""The clocks and places of a real device."""

import os
import stat

import pytest

from kiosk.devices.clock import SystemClock
from kiosk.domain.errors import ConfigError
from kiosk.paths import RESOURCES, Paths


def test_the_wall_clock_is_aware_and_the_monotonic_one_never_goes_back():
    clock = SystemClock()
    assert clock.now().utcoffset().total_seconds() == 0
    times = [clock.monotonic_ms() for _ in range(100)]
    assert times == sorted(times)


def test_the_boot_id_is_that_of_the_machine_where_it_has_one():
    first, second = SystemClock(), SystemClock()
    assert len(first.boot_id) == 32
    if os.path.exists("/proc/sys/kernel/random/boot_id"):  # noqa: PTH110
        assert first.boot_id == second.boot_id


def test_the_data_lies_where_it_was_asked_and_belongs_to_this_user_only(tmp_path):
    paths = Paths.of_device(tmp_path / "new" / "data")
    paths.prepare()
    paths.prepare()
    assert paths.vault.parent == tmp_path / "new" / "data"
    if os.name == "posix":
        assert stat.S_IMODE(paths.data.stat().st_mode) == 0o700


def test_without_a_wish_the_data_lies_in_the_folder_of_the_system():
    assert Paths.of_device().data.name == "vis-a-vis"


def test_a_place_that_cannot_be_a_folder_is_a_settings_error(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(ConfigError):
        Paths.of_device(file / "data").prepare()


def test_the_resources_came_with_the_program():
    assert (RESOURCES / "texts" / "fr" / "errors.toml").is_file()
