"""Where the decoder's guards come from: how sure the net is, and how often it is right.

    python packaging/train/calibrate.py --model NET.onnx

Zones of random text are drawn from the training's shapes with other seeds, and from shapes that
were never trained on. Rules, in order:

1. Temperature: the number T by which the logits are divided so that the probabilities of letters
   say what they mean (least negative log likelihood). ``export.py --temperature`` folds it in.
2. Guards: for every letter that stands on its place in a zone that was decoded, two numbers: its
   chance among what the place may hold, and that of its likeliest twin, which no check digit tells
   from it. The table shows, guard by guard, which share of letters a limit calls
   doubtful, and how many wrong letters it lets through undoubted. A limit is well chosen where the
   next stricter one catches nothing more.
3. Zones: what all guards together let through, before any check digit and after.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from glyphs import held_out_bank, training_bank
from showings import scores_of
from zones import SEVERITIES, drawn_zones

from kiosk.capture.decode import ALPHABET, certainty, letters_of, read_zone
from kiosk.capture.settle import settle
from kiosk.documents.layouts import LAYOUTS, allowed
from kiosk.documents.mrz import digits_hold

_TEMPERATURES = np.round(np.arange(0.6, 2.05, 0.1), 2)
_CLEAR = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_TWIN = (0.3, 0.2, 0.12, 0.08, 0.05, 0.03)


@dataclass(frozen=True)
class Drawn:
    """Probabilities (n, 176, 38) of the strips of drawn zones, one after the other."""

    scores: np.ndarray
    zones: list[tuple[str, ...]]

    def groups(self) -> list[tuple[np.ndarray, tuple[str, ...]]]:
        """Each zone's probabilities and lines."""
        sizes = [len(zone) for zone in self.zones]
        ends = np.cumsum(sizes)
        parts = [self.scores[e - n : e] for e, n in zip(ends, sizes, strict=True)]
        return list(zip(parts, self.zones, strict=True))


def cooled(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities after dividing the logits by the temperature."""
    powered = np.power(np.maximum(scores, 1e-12), 1 / temperature)
    return (powered / powered.sum(-1, keepdims=True)).astype(np.float32)


def letter_likelihood(drawn: Drawn, temperature: float) -> tuple[float, float]:
    """Mean negative log likelihood of letters, and expected calibration error."""
    chances, tops, right = [], [], []
    for scores, lines in drawn.groups():
        for line_scores, line in zip(scores, lines, strict=True):
            letters = letters_of(cooled(line_scores, temperature))
            if len(letters) != len(line):
                continue
            truth = [ALPHABET.index(c) for c in line]
            vectors = np.stack([letter.scores for letter in letters])
            chances += list(vectors[np.arange(len(truth)), truth])
            tops += list(vectors.max(1))
            right += list(vectors.argmax(1) == truth)
    bins = np.minimum((np.array(tops) * 20).astype(int), 19)
    error = 0.0
    for b in range(20):
        inside = bins == b
        if inside.any():
            gap = abs(np.array(tops)[inside].mean() - np.array(right)[inside].mean())
            error += float(inside.mean() * gap)
    return float(-np.log(np.maximum(chances, 1e-6)).mean()), error


def measures(drawn: Drawn) -> np.ndarray:
    """Letters (m, 3) of decoded zones: chance, twin, and whether it is right."""
    rows = []
    for scores, lines in drawn.groups():
        reading = read_zone(list(scores))
        if reading is None:
            continue
        classes = LAYOUTS[reading.layout].classes
        for i, (line, read) in enumerate(zip(lines, reading.lines, strict=False)):
            for k, (want, got) in enumerate(zip(line, read, strict=False)):
                vector, permitted = reading.scores[i][k], allowed(classes[i][k])
                if ALPHABET[int(vector.argmax())] in permitted:
                    rows.append((*certainty(vector, got, permitted), want == got))
    return np.array(rows)


def _table(name: str, limits: Sequence[float], doubtful: np.ndarray, wrong: np.ndarray) -> None:
    """``doubtful`` (limits, m) bool."""
    print(f"\n{name}: limit, doubtful letters, wrong letters not doubted (of {wrong.sum()})")
    for limit, row in zip(limits, doubtful, strict=True):
        print(f"  {limit:5.2f}  {100 * row.mean():7.3f} %  {int((wrong & ~row).sum())}")


def print_guards(rows: np.ndarray) -> None:
    """One table a guard, each alone."""
    wrong = rows[:, 2] == 0
    print(f"\n{len(rows)} letters of decoded zones")
    _table("chance at least", _CLEAR, rows[None, :, 0] < np.array(_CLEAR)[:, None], wrong)
    _table("twin at most", _TWIN, rows[None, :, 1] > np.array(_TWIN)[:, None], wrong)


def print_zones(drawn: Drawn) -> None:
    """What the decoder as it stands makes of whole zones."""
    decoded = undoubted = certain = wrong = wrong_undoubted = wrong_certain = 0
    for scores, lines in drawn.groups():
        reading = read_zone(list(scores))
        if reading is None:
            continue
        reading = settle(reading)
        bad = reading.lines != lines
        clear = not reading.doubts
        whole = clear and digits_hold(reading.lines)
        decoded, undoubted, certain = decoded + 1, undoubted + clear, certain + whole
        wrong += bad
        wrong_undoubted += bad and clear
        wrong_certain += bad and whole
    print(
        f"zones {len(drawn.zones)}: decoded {decoded} (wrong {wrong}), without a doubt {undoubted}"
    )
    print(f"  (wrong {wrong_undoubted}), and check digits right {certain} (wrong {wrong_certain})")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--count", type=int, default=400, help="zones of each severity")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--ocr-b", type=Path, default=Path("/usr/share/fonts/opentype/ocr-b"))
    parser.add_argument("--faces", type=Path, default=Path("/usr/share/fonts/truetype"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    banks = {
        "trained shapes": training_bank(options.ocr_b, options.faces),
        "new shapes": held_out_bank(options.ocr_b, options.faces),
    }
    everything = []
    for name, bank in banks.items():
        for number, (severity, limits) in enumerate(SEVERITIES.items()):
            strips, zones = drawn_zones(bank, limits, options.count, options.seed + number)
            drawn = Drawn(scores_of(options.model, strips), zones)
            print(f"\n== {name}, {severity}")
            print_zones(drawn)
            everything.append(drawn)
    joined = Drawn(
        np.concatenate([d.scores for d in everything]), [z for d in everything for z in d.zones]
    )
    print("\ntemperature, negative log likelihood, calibration error")
    for temperature in _TEMPERATURES:
        likelihood, error = letter_likelihood(joined, temperature)
        print(f"  {temperature:.1f}  {likelihood:.5f}  {error:.5f}")
    print_guards(measures(joined))


if __name__ == "__main__":
    main()
