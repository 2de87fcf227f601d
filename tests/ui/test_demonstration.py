"""The demonstration as a visitor starts it: real processes, no display, a record that arrives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.process
@pytest.mark.parametrize(
    "procedure", ["accepted", "old-card", "creation", "creation-offline", "home-visit-conflict"]
)
def test_headless_demonstration_ends_with_a_verified_record_on_the_central_side(
    tmp_path, procedure
):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ui", "demo", "--headless", "--json"),
            *("--procedure", procedure),
            *("--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")),
        ],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert [one["outcome"] for one in summary["procedures"]] == ["accepted"]
    assert summary["sealed"] == summary["synced"] == summary["receipts_verified"] == 1
    assert summary["journal"]["verified"] is True
    assert all(Path(file).is_file() for file in summary["screenshots"])
    assert not list((tmp_path / "data").glob("office-*"))
