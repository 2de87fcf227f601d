"""No bit of a record or its entry changes unnoticed: a sample of ``bench flips`` on every run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAYLOAD = 1500


@pytest.mark.process
def test_every_changed_bit_of_entry_header_and_payload_is_refused_at_both_gates():
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "packaging/bench/flips.py", "--json", "--payload", str(PAYLOAD)],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["passed"] == 0
    assert found["entry"]["changes"] > 8 * 900
    assert found["age_header"]["changes"] > 3000
    assert found["payload"]["changes"] == PAYLOAD
    assert found["chunks"]["changes"] > 30
