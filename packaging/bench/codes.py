"""Benchmark: machine-readable codes, live: each library alone and the reader of the program.

    python packaging/bench/codes.py [--json] [--seeds N] [--first N] [--frames N]
                                    [--only SYMBOLOGY] [--condition NAME] [--alone]

A scene counts as read when one of its frames (a second of a hand-held code) gave the right payload.
A payload that is not in the scene is wrong. ``--alone`` leaves the libraries out, to look for wrong
payloads in many scenes; ``--first`` is the number of the first scene, for others than the usual.
``processor_*`` is the time of the one thread that works, without the waits of a shared machine.
Exit 1: a figure is worse than its goal.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import zxingcpp

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import code_scenes
from code_scenes import CONDITIONS, SYMBOLOGIES, Scene

from kiosk.capture.picture import Picture, grey_of
from kiosk.devices.code_reader import ZxingCodeReader

GOAL_MEDIAN_MS = 15.0
Found = set[tuple[str, bytes]]
_KINDS = zxingcpp.BarcodeFormat
_ALL = zxingcpp.BarcodeFormats([_KINDS.__members__[name] for name in SYMBOLOGIES])


def zxing(frame: Picture) -> Found:
    """zxing-cpp with its own settings, every symbology at once."""
    found = zxingcpp.read_barcodes(grey_of(frame), formats=_ALL)
    return {(code.format.name, bytes(code.bytes)) for code in found}


def second_library() -> Callable[[Picture], Found] | None:
    """ZBar through pyzbar; None where it is not installed. It knows QR and the linear codes."""
    try:
        from pyzbar import pyzbar
    except ImportError:
        return None
    names = {"QRCODE": "QRCode", "CODE128": "Code128", "CODE39": "Code39", "EAN13": "EAN13"}
    symbols = [pyzbar.ZBarSymbol[name] for name in names]

    def read(frame: Picture) -> Found:
        found = pyzbar.decode(grey_of(frame), symbols=symbols)
        return {(names[code.type], bytes(code.data)) for code in found if code.type in names}

    return read


def ours() -> Callable[[Picture], Found]:
    """The reader of the program, as for live frames, new for each scene."""
    reader = ZxingCodeReader()
    return lambda frame: {(s.symbology, s.payload) for s in reader.read(frame)}


def all_scenes(options: argparse.Namespace) -> Iterator[Scene]:
    """Every scene that was asked for."""

    def times(scenes: int) -> range:
        return range(scenes * options.first, scenes * (options.first + options.seeds))

    wanted = [options.only] if options.only else [*SYMBOLOGIES, "several", "none"]
    for name in wanted:
        if name == "several":
            yield from code_scenes.several(times(4), options.frames)
        elif name == "none":
            folder = ROOT / "resources" / "specimens"
            pictures = tuple(
                np.asarray(cv2.imread(str(file)), np.uint8)
                for file in sorted(folder.glob("*-front.jpg"))
            )
            yield from code_scenes.nothing(times(12), options.frames, pictures)
        else:
            conditions = (options.condition,) if options.condition else CONDITIONS
            yield from code_scenes.scenes(name, times(1), options.frames, conditions)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--only", choices=[*SYMBOLOGIES, "several", "none"])
    parser.add_argument("--condition", choices=CONDITIONS)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    zbar = None if options.alone else second_library()
    read: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    wrong: dict[tuple[str, str], int] = defaultdict(int)
    times: dict[str, list[float]] = defaultdict(list)
    busy: dict[str, list[float]] = defaultdict(list)
    for scene in all_scenes(options):
        readers = {"ours": ours()} if options.alone else {"zxing": zxing, "ours": ours()}
        if zbar is not None:
            readers["zbar"] = zbar
        for name, reader in readers.items():
            found: Found = set()
            for frame in scene.frames:
                begin, cpu = time.perf_counter(), time.thread_time()
                found |= reader(frame)
                times[name].append((time.perf_counter() - begin) * 1000)
                busy[name].append((time.thread_time() - cpu) * 1000)
            share = len(found & scene.expected) / max(1, len(scene.expected))
            read[scene.symbology, scene.condition, name].append(share)
            payloads = {payload for _, payload in scene.expected}
            wrong[scene.symbology, name] += sum(payload not in payloads for _, payload in found)
    return report(read, wrong, (times, busy), as_json=options.json)


def report(
    read: dict[tuple[str, str, str], list[float]],
    wrong: dict[tuple[str, str], int],
    timed: tuple[dict[str, list[float]], dict[str, list[float]]],
    *,
    as_json: bool,
) -> int:
    """Tables for people on stderr, figures on stdout; the exit code."""
    times, busy = timed
    names = sorted(times)
    symbologies = list(dict.fromkeys(key[0] for key in read))
    figures: dict[str, object] = {}
    worse = False
    for symbology in symbologies:
        rows = {}
        for name in names:
            values = [
                v for key, vs in read.items() if (key[0], key[2]) == (symbology, name) for v in vs
            ]
            rows[name] = {
                "read": round(sum(values) / len(values), 3),
                "wrong": wrong[symbology, name],
            }
        best = max((rows[name]["read"] for name in names if name != "ours"), default=0.0)
        if symbology != "none":
            worse |= rows["ours"]["read"] < best
        worse |= rows["ours"]["wrong"] > 0
        figures[symbology] = {"scenes": len(values), **rows}
        print(
            f"{symbology:12s}",
            *(f"{n} {r['read']:6.1%} wrong {r['wrong']}" for n, r in rows.items()),
            sep="   ",
            file=sys.stderr,
        )
        for condition in dict.fromkeys(key[1] for key in read if key[0] == symbology):
            shares = (f"{n} {np.mean(read[symbology, condition, n]):5.0%}" for n in names)
            if symbology != "none":
                print(f"    {condition:10s}", *shares, sep="  ", file=sys.stderr)
    for name in names:
        figures[f"{name}_ms"] = {
            "median": round(float(np.median(times[name])), 2),
            "p95": round(float(np.percentile(times[name], 95)), 2),
            "processor_median": round(float(np.median(busy[name])), 2),
            "processor_p95": round(float(np.percentile(busy[name], 95)), 2),
        }
        print(name, figures[f"{name}_ms"], file=sys.stderr)
    # One thread works, so its processor time is what a frame costs where nothing else runs.
    worse |= float(np.median(busy["ours"])) > GOAL_MEDIAN_MS
    print(json.dumps(figures) if as_json else f"goal met: {not worse}")
    return int(worse)


if __name__ == "__main__":
    sys.exit(main())
