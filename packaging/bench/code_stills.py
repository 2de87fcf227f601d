"""Benchmark: codes on stored pictures: read surely, told as there but not sure, or not seen.

    python packaging/bench/code_stills.py [--json] [--seeds N] [--first N] [--only SYMBOLOGY]

Every scene of ``codes.py`` gives one picture, and each stands alone, as for ``visavis read FILE``.
``wrong`` counts payloads that are not in the picture; ``invented`` counts pictures without a code
(documents, print, stripes, noise) of which a code is told that cannot be read surely. Exit 1: a
payload is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from code_scenes import SYMBOLOGIES
from codes import all_scenes

from kiosk.devices.code_reader import ZxingCodeReader


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", choices=[*SYMBOLOGIES, "several", "none"])
    options = parser.parse_args()
    options.frames, options.condition = 1, None
    cv2.setNumThreads(1)
    counts: dict[str, Counter[str]] = {}
    busy: list[float] = []
    for scene in all_scenes(options):
        reader = ZxingCodeReader(thorough=True)
        begin = time.thread_time()
        seen = reader.seen(scene.frames[0])
        busy.append((time.thread_time() - begin) * 1000)
        found = {(code.symbology, code.payload) for code in seen.certain}
        true = {payload for _, payload in scene.expected}
        count = counts.setdefault(scene.symbology, Counter())
        count["pictures"] += 1
        count["read"] += bool(scene.expected) and scene.expected <= found
        count["wrong"] += sum(payload not in true for _, payload in found)
        if not scene.expected:
            count["invented"] += bool(seen.unsure)
        elif not scene.expected <= found:
            count["unsure" if seen.unsure else "not_seen"] += 1
    figures: dict[str, object] = {name: dict(count) for name, count in counts.items()}
    figures["processor_ms"] = {
        "median": round(float(np.median(busy)), 1),
        "p95": round(float(np.percentile(busy, 95)), 1),
    }
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:12} {value}")
    return int(any(count["wrong"] for count in counts.values()))


if __name__ == "__main__":
    sys.exit(main())
