"""The demonstration as a visitor starts it: real processes, no display, a record that arrives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def demo(tmp_path, procedure):
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
    assert summary["journal"]["verified"] is True
    assert all(Path(file).is_file() for file in summary["screenshots"])
    assert not list((tmp_path / "data").glob("office-*"))
    return summary


@pytest.mark.process
@pytest.mark.parametrize(
    "procedure", ["accepted", "old-card", "creation", "creation-offline", "home-visit-conflict"]
)
def test_headless_demonstration_ends_with_a_verified_record_on_the_central_side(
    tmp_path, procedure
):
    summary = demo(tmp_path, procedure)
    assert [one["outcome"] for one in summary["procedures"]] == ["accepted"]
    assert summary["sealed"] == summary["synced"] == summary["receipts_verified"] == 1


@pytest.mark.process
@pytest.mark.parametrize("procedure", ["welcome", "paper-file"])
def test_an_act_that_verifies_nobody_leaves_one_record_each_that_arrives(tmp_path, procedure):
    summary = demo(tmp_path, procedure)
    played = summary["procedures"]
    assert {one["procedure"] for one in played} == {procedure}
    assert {one["outcome"] for one in played} == {"advised"}
    assert summary["sealed"] == summary["synced"] == summary["receipts_verified"] == len(played)
    ends = {one["name"]: one["ends_on"] for one in played}
    assert set(ends.values()) == ({"receipt", "help"} if procedure == "welcome" else {"receipt"})
