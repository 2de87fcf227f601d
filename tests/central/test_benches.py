"""The benches of delivery in their smallest form: they run, and nothing fails or is missing."""

import json
import subprocess
import sys

import pytest

from tests.fakes.programs import ROOT

pytestmark = pytest.mark.process


def bench(name, *words):
    script = ROOT / "packaging" / "bench" / f"{name}.py"
    done = subprocess.run(
        [sys.executable, str(script), "--json", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_ingest_takes_every_record_in_and_proves_it():
    figures = bench("ingest", "--quick", "--store", "embedded", "--processes", "2")
    (case,) = figures["cases"]
    assert case["faults"] == []
    assert case["records"] == 80
    assert case["receipt_p95_s"] > 0


def test_a_fleet_comes_back_and_no_call_fails():
    figures = bench("fleet", "--devices", "60", "--minutes", "0.02", "--processes", "1")
    assert figures["faults"] == []
    assert figures["served"] == 60
    assert figures["held"] == {"entries": 240, "records": 60, "leaves": 60}


def test_a_cut_on_a_weak_link_costs_one_part_at_most():
    figures = bench("link", "--quick")
    assert figures["cuts"] == 3
    assert figures["resent_per_later_cut"] <= 256 * 1024
