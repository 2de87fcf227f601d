"""One program at a time on one device's data."""

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.devices.instance_lock import InstanceLock
from kiosk.domain.errors import AlreadyRunningError, ConfigError

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from kiosk.devices.instance_lock import InstanceLock
lock = InstanceLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_told_that_the_first_is_there(tmp_path):
    with InstanceLock(tmp_path / "lock"), pytest.raises(AlreadyRunningError):
        InstanceLock(tmp_path / "lock")
    with InstanceLock(tmp_path / "lock"):
        pass


def test_a_lock_in_no_folder_is_a_settings_error(tmp_path):
    with pytest.raises(ConfigError):
        InstanceLock(tmp_path / "nowhere" / "lock")


@pytest.mark.process
def test_a_killed_holder_leaves_no_lock_behind(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunningError):
            InstanceLock(tmp_path / "lock")
        holder.kill()
        holder.wait()
        with InstanceLock(tmp_path / "lock"):
            pass
