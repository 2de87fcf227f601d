"""Benchmark: how surely and how fast the files of a folder are read, held to what is true of them.

    python packaging/bench/read.py --folder DIR [--truth FILE] [--json] [--jobs N]

Files are read exactly as ``visavis read`` reads them. The truth is one JSON object a line,
``{"file": "a.jpg", "mrz": ["P<UTO...", "..."]}``; ``file`` is relative to the folder, ``mrz`` is
empty where the file shows no zone, and a file with several zones has several lines. Without
``--truth``, ``truth.jsonl`` in the folder is taken if it is there.

Per zone of the truth: ``exact`` (read as it is, accepted or not), ``accepted`` (and certain),
``unread``. Per zone that was accepted: ``accepted_but_wrong`` where the truth has no such zone in
that file: it must be 0, and is the exit code 1 where it is not. Files without a line in the truth
are counted and named ``unjudged``: nothing is claimed about them.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.commands.read_pool import FileAnswer, ReadPool, default_jobs
from kiosk.devices.document_files import SUFFIXES
from kiosk.texts import Texts

TRUTH_FILE = "truth.jsonl"
Zone = tuple[str, ...]


class TruthError(ValueError):
    """The truth file is not of the form above; the message names the line, never its text."""


@dataclass
class Figures:
    """Counts over a folder; see the module."""

    files: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    zones: int = 0
    exact: int = 0
    accepted: int = 0
    wrong: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    not_exact: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    documents: int = 0
    accepted_documents: int = 0
    codes: int = 0
    ms: list[int] = field(default_factory=list)

    def count(self, name: str, answer: dict[str, Any], truth: list[Zone] | None) -> None:
        """One file.

        Args:
            name: relative to the folder.
            answer: the object of ``visavis read --json``.
            truth: its zones; None where nothing is known.
        """
        self.files += 1
        if "error" in answer:
            self.errors[name] = answer["error"]["code"]
        else:
            self.ms.append(answer["elapsed_ms"])
        documents = answer.get("documents", [])
        self.documents += len(documents)
        self.accepted_documents += sum(document["accepted"] for document in documents)
        self.codes += len(answer.get("codes", []))
        if truth is None:
            self.unjudged.append(name)
            return
        read = Counter(tuple(document["mrz"]) for document in documents)
        certain = Counter(tuple(d["mrz"]) for d in documents if d["accepted"])
        true = Counter(truth)
        self.zones += true.total()
        self.exact += (read & true).total()
        self.accepted += (certain & true).total()
        self.wrong += [name] * sum(n for zone, n in certain.items() if zone not in true)
        missing = (true - read).total()
        others = (read - true).total()
        self.not_exact += [name] * min(missing, others)
        self.unread += [name] * max(0, missing - others)

    def as_json(self, *, with_truth: bool) -> dict[str, Any]:
        """For the report."""
        ordered = sorted(self.ms)
        rank = max(0, math.ceil(0.95 * len(ordered)) - 1)
        known: dict[str, Any] = {
            "files": self.files,
            "documents": self.documents,
            "accepted_documents": self.accepted_documents,
            "codes": self.codes,
            "errors": self.errors,
            "median_ms": round(statistics.median(ordered)) if ordered else None,
            "p95_ms": ordered[rank] if ordered else None,
        }
        if not with_truth:
            return known
        return known | {
            "zones": self.zones,
            "exact": self.exact,
            "accepted": self.accepted,
            "accepted_but_wrong": len(self.wrong),
            "wrong": self.wrong,
            "not_exact": self.not_exact,
            "unread": self.unread,
            "unjudged": self.unjudged,
        }


def load_truth(file: Path) -> dict[str, list[Zone]]:
    """Zones by file. Raises TruthError, OSError."""
    truth: dict[str, list[Zone]] = {}
    try:
        lines = file.read_text("utf-8-sig").splitlines()  # some editors begin with a mark
    except UnicodeDecodeError as exc:
        raise TruthError("not UTF-8") from exc
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            name, mrz = entry["file"], entry["mrz"]
        except (ValueError, KeyError, TypeError) as exc:
            raise TruthError(f"line {number}") from exc
        if not isinstance(name, str) or not isinstance(mrz, list):
            raise TruthError(f"line {number}")
        if not all(isinstance(part, str) for part in mrz):
            raise TruthError(f"line {number}")
        zones = truth.setdefault(Path(name).as_posix(), [])
        if mrz:
            zones.append(tuple(mrz))
    return truth


def files_of(folder: Path) -> list[Path]:
    """What is readable by its name, in order; folders inside too."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())


def measure(
    folder: Path, files: Sequence[Path], truth: dict[str, list[Zone]] | None, jobs: int
) -> Figures:
    """Read the files and count."""
    figures = Figures()
    with ReadPool(max(1, min(jobs, len(files))), Texts.load("en")) as pool:
        answers: list[FileAnswer] = list(pool.answers(files))
    for path, answer in zip(files, answers, strict=True):
        name = path.relative_to(folder).as_posix()
        figures.count(name, answer.object, truth.get(name) if truth is not None else None)
    return figures


def main(options: Namespace) -> int:
    """Measure and print; ``options``: folder, truth, json, jobs. The exit code."""
    folder = Path(options.folder)
    truth_file = Path(options.truth) if options.truth else folder / TRUTH_FILE
    if not folder.is_dir():
        print(f"no such folder: {folder}", file=sys.stderr)
        return 2
    truth = None
    try:
        if options.truth or truth_file.is_file():
            truth = load_truth(truth_file)
    except (OSError, TruthError) as exc:
        print(f"{truth_file.name}: {exc}", file=sys.stderr)
        return 2
    files = files_of(folder)
    named = {path.relative_to(folder).as_posix() for path in files}
    absent = sorted(set(truth or ()) - named)
    figures = measure(folder, files, truth, options.jobs or default_jobs())
    report = figures.as_json(with_truth=truth is not None)
    if truth is not None:
        report["absent"] = absent
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        for key, value in report.items():
            print(f"{key:20} {value}")
    return 1 if figures.wrong else 0
