"""Power cuts at every moment of a recorded day: nothing acknowledged is lost, nothing is broken."""

import sys
from pathlib import Path

import pytest

from tests.vault.figures import ROOT, figures

BENCH = ROOT / "packaging" / "bench" / "powerloss.py"
IMAGES = 5000

_CARELESS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from kiosk.vault import opening
opening._SETTINGS = tuple(
    (name, "NORMAL", "1") if name == "synchronous" else (name, value, expected)
    for name, value, expected in opening._SETTINGS
)
import powerloss
print(json.dumps(powerloss.measure(None, 300, 1)))
"""

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="SQLCipher's VFS calls are exported on Linux"
    ),
]


def test_no_cut_loses_what_was_acknowledged_or_breaks_the_store(tmp_path: Path):
    found = figures(str(BENCH), "--json", "--images", str(IMAGES), "--dir", str(tmp_path))
    assert found["images"] == IMAGES
    assert (found["lost"], found["corrupt"]) == (0, 0), found["examples"]
    # The cuts were not harmless by chance: most found changes on their way, of every kind.
    assert set(found["kinds"]) == {"dropped", "all", "prefix", "subset", "sectors", "junk"}
    assert found["kinds"]["dropped"] < IMAGES / 10
    assert found["acknowledgements"] > 100


def test_the_same_day_with_fewer_syncs_is_found_to_lose_records():
    found = figures("-c", _CARELESS, str(BENCH.parent))
    assert found["lost"] > 10
