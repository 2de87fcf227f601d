"""``visavis read`` from outside: order, hostile files, processes that die, a bar, Ctrl+C."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image

from kiosk.__main__ import build_app, run
from kiosk.commands.read_pool import ReadPool, default_jobs
from kiosk.devices.specimens import load_specimens
from kiosk.domain.errors import ModelError
from kiosk.domain.evidence import Side
from kiosk.paths import RESOURCES
from kiosk.texts import Texts

PASSPORT = load_specimens(RESOURCES / "specimens")["fr-passport-berthier"].files[Side.FRONT]
PHOTOS = Path(__file__).parents[1] / "devices" / "pictures"
TEXTS = Texts.load("en")
KINDS = zxingcpp.BarcodeFormat
WEB = "https://exemple.fr/SPECIMEN"


@pytest.fixture
def ask(tmp_path, capsys):
    def asked(*words: object) -> tuple[int, str, str]:
        code = run(build_app(), ["read", *map(str, words), "--data", str(tmp_path / "none")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


def stand_in(body: str) -> tuple[str, ...]:
    """A worker that does what a test says with each ``line`` asked."""
    loop = "import os, sys, time\nprint('{\"ready\": true}', flush=True)\nfor line in sys.stdin:\n"
    return (sys.executable, "-c", loop + f" {body}")


ANSWER = 'print(\'{"object": {}, "lines": [], "code": 0}\', flush=True)'


def test_answers_keep_the_order_and_the_sum_goes_to_the_error_stream(ask, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(PASSPORT.read_bytes())
    (folder / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    (folder / "c.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (folder / "notes.txt").write_text("not looked at")
    code, out, err = ask(folder, "--json", "--jobs", "2")
    answers = [json.loads(line) for line in out.splitlines()]
    assert [Path(answer["file"]).name for answer in answers] == ["a.jpg", "b.jpg", "c.heic"]
    assert answers[0]["documents"][0]["accepted"] is True
    assert answers[0]["opened"] == {"kind": "picture", "pictures": 1, "skipped": 0, "more": False}
    codes = {answer["error"]["code"] for answer in answers[1:]}
    assert codes <= {"CAPTURE-010", "CAPTURE-041"}
    assert "3 fichiers, 1 document lu de façon sûre, 2 fichiers impossibles à ouvrir." in err
    assert code == 3


def test_a_code_that_is_there_but_unsure_is_told_and_counted(ask, tmp_path):
    # A QR out of focus: only a restoration reads it, and of one picture that is not enough.
    code = np.array(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(WEB, KINDS.QRCode)))
    sheet = cv2.resize(code, None, fx=3.2, fy=3.2, interpolation=cv2.INTER_AREA)
    desk = np.full((720, 1280), 150, np.uint8)
    desk[200 : 240 + sheet.shape[0], 400 : 440 + sheet.shape[1]] = 250
    desk[220 : 220 + sheet.shape[0], 420 : 420 + sheet.shape[1]] = sheet
    for name, sigma in (("clear.png", 0.6), ("soft.png", 2.2)):
        cv2.imwrite(str(tmp_path / name), cv2.GaussianBlur(desk, (0, 0), sigma))
    code, out, _ = ask(tmp_path)
    texts = Texts.load("fr")
    assert code == 1
    assert texts("read.unsure_code", symbology="QRCode") in out
    assert texts("read.total.unsure_codes", n=1) in out
    assert texts("read.total.nothing", n=1) not in out
    assert out.count(WEB) == 1
    _, out, _ = ask(tmp_path / "soft.png", "--json")
    answer = json.loads(out)
    assert answer["unsure_codes"] == [{"symbology": "QRCode", "page": 0}]
    assert WEB not in out


@pytest.mark.skipif(sys.platform == "win32", reason="names that Windows does not allow")
def test_a_name_full_of_control_characters_is_shown_harmlessly(ask, tmp_path):
    file = tmp_path / "\x1b[2J\x07a\u202e.jpg"
    file.write_bytes(b"no picture")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jpg"))
    odd.write_bytes(b"no picture")
    code, out, _ = ask(file, odd)
    assert code == 3
    assert not set("\x1b\x07\u202e") & set(out)
    assert [json.loads(line)["error"]["code"] for line in ask(file, odd, "--json")[1].splitlines()]


def test_a_process_that_dies_costs_one_file():
    worker = stand_in(f"os.abort() if 'bad' in line else {ANSWER}")
    with ReadPool(1, TEXTS, command=worker) as pool:
        answers = list(pool.answers([Path("a"), Path("bad"), Path("c")]))
    assert [answer.error for answer in answers] == [False, True, False]
    assert answers[1].object["error"]["code"] == "CAPTURE-044"
    assert "CAPTURE-044 (gone)" in answers[1].lines[-1]


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(600)",
        "[print('{\"taken\": 1}', flush=True) or time.sleep(0.05) for _ in range(9999)]",
    ],
    ids=["silent", "endless"],
)
def test_a_process_that_hangs_is_ended(body):
    with ReadPool(1, TEXTS, quiet_s=2, whole_s=3, command=stand_in(body)) as pool:
        (answer,) = pool.answers([Path("a")])
    assert answer.object["error"]["code"] == "CAPTURE-043"


def test_a_reader_that_cannot_be_loaded_is_an_error_of_the_command():
    said = 'print(\'{"failed": "CAPTURE-020", "detail": "unreadable"}\', flush=True)'
    worker = (sys.executable, "-c", said)
    with ReadPool(1, TEXTS, command=worker) as pool, pytest.raises(ModelError):
        list(pool.answers([Path("a")]))


@pytest.mark.skipif(sys.platform == "win32", reason="asks for a process by its number")
def test_leaving_the_pool_ends_its_processes(tmp_path):
    mark = tmp_path / "pid"
    body = f"open({str(mark)!r}, 'w').write(str(os.getpid())) and {ANSWER}"
    with ReadPool(1, TEXTS, command=stand_in(body)) as pool:
        list(pool.answers([Path("a")]))
        pid = int(mark.read_text())
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_machine_reads_as_many_files_at_once_as_it_has_cores():
    assert 1 <= default_jobs() <= (os.cpu_count() or 1)


# A shell lets what it runs in the background ignore Ctrl+C, and so do the children of that.
_AS_AT_A_TERMINAL = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal")
def test_a_person_at_a_terminal_sees_a_bar_and_may_stop(tmp_path):
    for number in range(40):
        (tmp_path / f"{number:02}.jpg").write_bytes(PASSPORT.read_bytes())
    out = tmp_path / "out.jsonl"
    import pty  # not on Windows

    master, slave = pty.openpty()
    words = ["read", str(tmp_path), "--json", "--jobs", "2", "--data", str(tmp_path / "none")]
    with out.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", _AS_AT_A_TERMINAL, "-m", "kiosk", *words],
            stdout=file,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "COLUMNS": "100"},
        )
    os.close(slave)
    seen = b""
    while b"/40" not in seen or not out.stat().st_size:
        assert select.select([master], [], [], 120)[0], "nothing more is shown"
        seen += os.read(master, 65536)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    workers = children.read_text().split() if children.exists() else []
    os.killpg(process.pid, signal.SIGINT)
    # Somebody keeps looking at the terminal: a bar that nobody reads would hold the program up.
    ends = time.monotonic() + 60
    while process.poll() is None or select.select([master], [], [], 0.5)[0]:
        assert time.monotonic() < ends, "it did not stop"
        try:
            if select.select([master], [], [], 0.1)[0]:
                seen += os.read(master, 65536)
        except OSError:
            break
    os.close(master)
    assert process.wait(60) == 3
    assert "Lecture interrompue." in seen.decode("utf-8", "replace")
    assert b"Traceback" not in seen
    answers = out.read_text("utf-8").splitlines()
    assert 0 < len(answers) < 40
    assert all(json.loads(line)["documents"] for line in answers)
    # The sum comes last, and counts what was answered.
    told = seen.decode("utf-8", "replace").rpartition("Lecture interrompue.")[2]
    assert f"{len(answers)} fichier" in told
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a process was left behind"


# --- cameras --------------------------------------------------------------------------------------


def test_a_camera_is_judged(ask):
    code, out, _ = ask("--camera", f"replay:{PASSPORT}", "--seconds", "3", "--json")
    answer = json.loads(out)
    assert code in (0, 1)
    assert (answer["verdict"] == "unfit") == (code == 1)
    measures = answer["measures"]
    assert (measures["width"], measures["height"]) == (1476, 1039)
    assert 0 <= measures["lost"] <= 1
    assert {reason["code"] for reason in answer["reasons"]} <= set(_reasons())
    assert "BERTHIER" not in out


def _reasons() -> list[str]:
    from kiosk.services.camera_verdict import TrialReason

    return [reason.value for reason in TrialReason]


def test_the_verdict_is_told_in_words(ask):
    code, out, err = ask("--camera", "specimen", "--seconds", "4")
    assert code in (0, 1)
    assert "Caméra spécimen\u00a0: " in out
    assert "1280 × 720 pixels" in out
    assert "4 secondes" in err


def test_every_reason_and_every_grade_has_its_words():
    from kiosk.services.camera_verdict import Grade

    for language in ("fr", "en"):
        texts = Texts.load(language)
        for reason in _reasons():
            assert f"read.camera.reason.{reason}.what" in texts
            assert f"read.camera.reason.{reason}.do" in texts
        for grade in Grade:
            assert f"read.camera.grade.{grade.value}" in texts


def test_a_camera_that_is_not_there_is_a_failure_with_its_code(ask, tmp_path):
    assert ask("--camera", f"replay:{tmp_path / 'none.avi'}")[0] == 3
    code, out, _ = ask("--camera", f"replay:{tmp_path / 'none.avi'}", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (3, "CAPTURE-001")


@pytest.mark.parametrize(
    "camera",
    [
        "/dev/video987",
        "97",
        pytest.param(
            "0", marks=pytest.mark.skipif(Path("/dev/video0").exists(), reason="there is a camera")
        ),
    ],
)
def test_a_camera_that_does_not_open_is_told_in_words_of_a_console(ask, camera):
    texts = Texts.load("fr")
    code, out, err = ask("--camera", camera, "--seconds", "10")
    assert code == 3
    said = out + err
    assert texts("read.camera.closed.live.what", camera=camera) in said
    assert texts("read.camera.closed.live.do") in said
    assert "CAPTURE-001" in said
    assert "Réessayer" not in said
    assert texts("read.camera.working", n=10) not in said


def test_each_check_that_fails_is_named():
    from kiosk.commands.read import _checks_text
    from kiosk.domain.evidence import Check, Verdict

    checks = [Check(f"mrz.{name}", Verdict.FAIL) for name in ("document_number", "composite")]
    lines = list(_checks_text(checks, Texts.load("fr")))
    assert "numéro" in lines[0]
    assert "ensemble" in lines[1]


def test_a_camera_is_asked_for_wrongly(ask):
    assert ask("--camera", "rtsp://somewhere/else")[0] == 2
    assert ask("--camera", "0", PASSPORT)[0] == 2
    assert ask("--camera", "0", "--seconds", "0")[0] == 2


# --- every kind of file ---------------------------------------------------------------------------


def written_in_every_form(folder: Path) -> list[str]:
    """The passport as each kind of file that the command takes; their names."""
    page = Image.open(PASSPORT).convert("RGB")
    turned_over = Image.Exif()
    turned_over[274] = 3
    page.save(folder / "a.png")
    page.save(folder / "b.jpg", quality=88)
    page.save(folder / "c.webp", quality=85)
    page.save(
        folder / "d.tiff", save_all=True, append_images=[Image.new("RGB", (800, 500), "white")]
    )
    page.save(folder / "e.bmp")
    page.quantize(64).save(folder / "f.gif")
    page.save(folder / "g.avif", quality=80)
    page.save(folder / "h.pdf", resolution=300)
    page.convert("L").save(folder / "i-grey.png")
    page.convert("CMYK").save(folder / "j-cmyk.jpg", quality=90)
    page.rotate(180).save(folder / "k-turned-by-exif.jpg", quality=90, exif=turned_over)
    deep = np.asarray(page.convert("L")).astype(np.uint16) * 257
    Image.fromarray(deep).save(folder / "l-sixteen-bits.png")
    page.save(folder / "m-by-another-name.pdf", "PNG")
    small = page.resize((600, round(600 * page.height / page.width)))
    for name, size, shown in (("n-640", (640, 480), small), ("o-12-mp", (4000, 3000), page)):
        desk = Image.new("RGB", size, (90, 92, 96))
        desk.paste(shown, ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2))
        desk.save(folder / f"{name}.jpg", quality=92)
    clip = cv2.VideoWriter(str(folder / "p.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 15, (1280, 900))
    frame = cv2.resize(np.asarray(page)[..., ::-1], (1280, 900), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(3)
    for _ in range(12):
        clip.write(np.clip(frame + rng.normal(0, 2, frame.shape), 0, 255).astype(np.uint8))
    clip.release()
    for name in ("passport", "passport-turned"):
        (folder / f"q-{name}.heic").write_bytes((PHOTOS / f"{name}.heic").read_bytes())
    return sorted(file.name for file in folder.iterdir())


def test_every_kind_and_size_of_file_gives_the_same_document(ask, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    names = written_in_every_form(folder)
    code, out, err = ask(folder, "--json", "--jobs", "2")
    answers = {Path(a["file"]).name: a for a in map(json.loads, out.splitlines())}
    assert list(answers) == names
    lines = list(load_specimens(RESOURCES / "specimens")["fr-passport-berthier"].mrz)
    read = {name: [d["mrz"] for d in a.get("documents", [])] for name, a in answers.items()}
    assert read == {name: [lines] for name in names}
    kinds = {name: a["opened"]["kind"] for name, a in answers.items()}
    assert {n for n, kind in kinds.items() if kind != "picture"} == {"h.pdf", "p.avi"}
    accepted = sum(a["documents"][0]["accepted"] for a in answers.values())
    assert accepted >= len(names) - 2  # the smallest ones may be left to a person
    assert (code, f"{len(names)} fichiers" in err) == (int(accepted < len(names)), True)
