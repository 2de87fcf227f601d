"""Figures of a program that is run to its end in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def figures(*words: str | Path, expected: int = 0) -> dict[str, Any]:
    """What ``python WORDS`` prints as JSON; it must end with ``expected``."""
    # Without the coverage tracer, which would double the time of thousands of openings.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return json.loads(done.stdout)
