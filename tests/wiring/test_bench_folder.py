"""The benchmark of a folder counts what is true, and calls nothing right that it cannot know."""

import importlib.util
import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from kiosk.devices.specimens import load_specimens
from kiosk.domain.evidence import Side
from kiosk.paths import RESOURCES

ROOT = Path(__file__).parents[2]
SPECIMENS = load_specimens(RESOURCES / "specimens")
PASSPORT = SPECIMENS["fr-passport-berthier"]


def run_bench(*words):
    """The benchmark as a person starts it: exit code, figures."""
    script = ROOT / "packaging" / "bench" / "read.py"
    done = subprocess.run(
        [sys.executable, str(script), "--json", *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr


def _bench():
    file = ROOT / "packaging" / "bench" / "folder.py"
    spec = importlib.util.spec_from_file_location("bench_folder", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BENCH = _bench()
A, B = ("A" * 44, "1" * 44), ("B" * 44, "2" * 44)


def answer(*documents, ms=100):
    return {
        "documents": [{"mrz": list(m), "accepted": ok} for m, ok in documents],
        "elapsed_ms": ms,
    }


def counted(*files):
    figures = BENCH.Figures()
    for name, said, truth in files:
        figures.count(name, said, truth)
    return figures.as_json(with_truth=True)


def test_exact_accepted_wrong_and_unread_are_told_apart():
    report = counted(
        ("right", answer((A, True)), [A]),
        ("careful", answer((A, False)), [A]),
        ("wrong", answer((B, True)), [A]),
        ("unsure", answer((B, False)), [A]),
        ("none", answer(), [A]),
        ("invented", answer((B, True)), []),
        ("empty", answer(), []),
        ("two", answer((A, True), (B, True)), [A, B]),
        ("broken", {"error": {"code": "CAPTURE-010"}}, [A]),
    )
    assert (report["zones"], report["exact"], report["accepted"]) == (8, 4, 3)
    assert report["accepted_but_wrong"] == 2
    assert report["wrong"] == ["wrong", "invented"]
    assert report["unread"] == ["none", "broken"]
    assert report["not_exact"] == ["wrong", "unsure"]
    assert report["errors"] == {"broken": "CAPTURE-010"}


def test_the_percentile_is_one_of_the_times():
    report = counted(*((str(n), answer(ms=n), []) for n in range(1, 101)))
    assert (report["median_ms"], report["p95_ms"]) == (50, 95)


def test_nothing_is_claimed_about_files_without_a_truth():
    report = counted(("a", answer((A, True)), None))
    assert (report["zones"], report["accepted_but_wrong"], report["unjudged"]) == (0, 0, ["a"])


@pytest.mark.parametrize("line", ["{", "[]", '{"file": 3, "mrz": []}', '{"file": "a", "mrz": [1]}'])
def test_a_truth_of_another_form_names_its_line(tmp_path, line):
    file = tmp_path / "truth.jsonl"
    file.write_text('{"file": "a", "mrz": []}\n' + line + "\n", "utf-8")
    with pytest.raises(BENCH.TruthError, match="line 2"):
        BENCH.load_truth(file)


def test_a_truth_is_read_as_editors_write_it(tmp_path):
    file = tmp_path / "truth.jsonl"
    file.write_bytes(
        b'\xef\xbb\xbf{"file": "a", "mrz": ["x"]}\r\n\r\n{"file": "a", "mrz": ["y"]}\r\n'
    )
    assert BENCH.load_truth(file) == {"a": [("x",), ("y",)]}
    file.write_bytes('{"file": "é", "mrz": []}'.encode("latin-1"))
    with pytest.raises(BENCH.TruthError, match="UTF-8"):
        BENCH.load_truth(file)


def test_a_folder_is_read_and_held_to_its_truth(tmp_path, capsys):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a.jpg").write_bytes(PASSPORT.files[Side.FRONT].read_bytes())
    truth = tmp_path / "truth.jsonl"
    truth.write_text(json.dumps({"file": "inside/a.jpg", "mrz": PASSPORT.mrz}) + "\n", "utf-8")
    options = Namespace(folder=str(tmp_path), truth=None, json=True, jobs=1)
    assert BENCH.main(options) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["exact"], report["accepted"], report["accepted_but_wrong"]) == (1, 1, 0)
    false = json.dumps({"file": "inside/a.jpg", "mrz": []})
    truth.write_text(false + "\n", "utf-8")
    assert BENCH.main(options) == 1
    assert BENCH.main(Namespace(folder=str(tmp_path / "no"), truth=None, json=True, jobs=1)) == 2


@pytest.mark.process
def test_a_folder_without_a_truth_is_read_and_nothing_is_judged(tmp_path):
    (tmp_path / "a.jpg").write_bytes(PASSPORT.files[Side.FRONT].read_bytes())
    (tmp_path / "b.png").write_bytes(b"no picture")
    code, report, _ = run_bench("--folder", tmp_path, "--jobs", "1")
    assert code == 0
    assert (report["files"], report["documents"], report["accepted_documents"]) == (2, 1, 1)
    assert list(report["errors"]) == ["b.png"]
    assert report["median_ms"] > 0
    assert report["p95_ms"] >= report["median_ms"]
    assert not {"exact", "accepted_but_wrong", "unread", "unjudged"} & set(report)


@pytest.mark.process
def test_a_truth_elsewhere_is_taken_and_what_is_wrong_ends_with_one(tmp_path):
    folder, truth = tmp_path / "pictures", tmp_path / "said.jsonl"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(PASSPORT.files[Side.FRONT].read_bytes())
    other = [PASSPORT.mrz[0], PASSPORT.mrz[1].replace("0", "8", 1)]
    truth.write_text(json.dumps({"file": "a.jpg", "mrz": other}) + "\n", "utf-8")
    code, report, _ = run_bench("--folder", folder, "--truth", truth, "--jobs", "1")
    assert code == 1
    assert (report["exact"], report["accepted_but_wrong"], report["wrong"]) == (0, 1, ["a.jpg"])
    truth.write_text("{\n", "utf-8")
    code, report, said = run_bench("--folder", folder, "--truth", truth)
    assert (code, report) == (2, None)
    assert "line 1" in said
    assert "Traceback" not in said
