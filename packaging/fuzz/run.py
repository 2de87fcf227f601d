"""What both harnesses share: the corpus on disk, the clock, the count, and how to stop.

A harness calls :func:`fuzz` with one function of bytes. Whatever that function lets through, other
than an error of the program's own tree, is a finding: libFuzzer stops and keeps the input.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import atheris

MINUTE_S = 60
SLOW_S = 20
EVERY = 200


class Count:
    """Executions and how they ended, kept in a file: libFuzzer ends the process by itself."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._began = time.monotonic()
        self._ends: dict[str, int] = {}
        self._total = 0

    def add(self, end: str) -> None:
        """One execution; ``end``: ``read`` or the code of the error."""
        self._ends[end] = self._ends.get(end, 0) + 1
        self._total += 1
        if self._total % EVERY == 0:
            self._keep()

    def _keep(self) -> None:
        minutes = round((time.monotonic() - self._began) / MINUTE_S, 1)
        told = {"minutes": minutes, "executions": self._total, "ends": self._ends}
        self._file.write_text(json.dumps(told) + "\n", "utf-8")


def fuzz(name: str, one: Callable[[bytes], str], seeds: Mapping[str, bytes]) -> None:
    """Run for the minutes asked; does not return.

    Args:
        name: of the harness.
        one: tries one input, says how it ended.
        seeds: real inputs to begin with.
    """
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--corpus", type=Path, default=Path("fuzz-corpus") / name)
    parser.add_argument("--max-len", type=int, default=8192)
    parser.add_argument("replay", nargs="*", help="inputs to try once instead")
    options = parser.parse_args()
    options.corpus.mkdir(parents=True, exist_ok=True)
    count = Count(options.corpus.with_name(f"{name}.json"))

    def counted(data: bytes) -> None:
        count.add(one(data))

    if options.replay:
        for file in options.replay:
            print(file, one(Path(file).read_bytes()))
        return
    for seed, data in seeds.items():
        (options.corpus / f"seed-{seed}").write_bytes(data)
    words = [
        *(sys.argv[0], str(options.corpus)),
        f"-max_total_time={int(options.minutes * MINUTE_S)}",
        *(f"-max_len={options.max_len}", f"-timeout={SLOW_S}", "-rss_limit_mb=4096"),
        f"-artifact_prefix={options.corpus}-finding-",
    ]
    atheris.Setup(words, counted)
    atheris.Fuzz()
