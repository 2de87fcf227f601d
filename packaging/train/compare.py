"""Score exported nets on the fixed sets of drawn strips, and time a line.

python packaging/train/compare.py --models NET.onnx [NET.onnx ...] --count 400
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
from glyphs import training_bank
from sets import score, validation_sets
from showings import scores_of

_TIMED = 200


def _line_ms(model: Path, picture: np.ndarray) -> float:
    """Median of one line by itself, one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options)
    strip = {"strips": picture[None, None].astype(np.float32)}
    spent = []
    for _ in range(_TIMED):
        start = time.perf_counter()
        session.run(None, strip)
        spent.append(time.perf_counter() - start)
    return round(1000 * float(np.median(spent)), 2)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--ocr-b", type=Path, default=Path("/usr/share/fonts/opentype/ocr-b"))
    parser.add_argument("--faces", type=Path, default=Path("/usr/share/fonts/truetype"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    bank = training_bank(options.ocr_b, options.faces)
    sets = validation_sets(bank, options.ocr_b, options.faces, options.count)
    for model in options.models:
        figures = {
            name: score(lambda pictures, m=model: scores_of(m, pictures), strips)
            for name, strips in sets.items()
        }
        one = next(iter(sets.values())).pictures[0]
        print(json.dumps({"model": model.name, "line_ms": _line_ms(model, one), **figures}))


if __name__ == "__main__":
    main()
