"""What the import contract cannot see: what is loaded, what is locked, what is written in files."""

import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import kiosk
import kiosk.services

ROOT = Path(__file__).resolve().parents[2]
SERVICES = [m.name for m in pkgutil.iter_modules(kiosk.services.__path__, "kiosk.services.")]
# These look at pictures, and are loaded in the camera's thread only.
_EYES = (
    "camera_trial",
    "camera_verdict",
    "confirmation",
    "file_codes",
    "file_reading",
    "look",
    "observation",
    "outline_following",
    "plain_side",
    "print_queue",
    "printed_reading",
    "readers",
    "reading",
    "restoration",
    "seal_watch",
    "side_taking",
    "still_opinion",
    "zone_agreement",
    "zone_reading",
)
PICTURES = {f"kiosk.services.{name}" for name in _EYES}
HEAVY = {"PySide6", "sqlalchemy", "sqlcipher3", "cv2", "onnxruntime", "zxingcpp", "httpx"}


def loaded_by(statement: str) -> set[str]:
    """Top-level packages that a fresh interpreter holds after ``statement``."""
    code = f"{statement}; import sys; print(*{{n.split('.')[0] for n in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_services_load_no_adapter():
    light = [name for name in SERVICES if name not in PICTURES]
    assert len(light) > 10
    assert not HEAVY & loaded_by("import " + ", ".join(light))


def test_the_command_line_starts_light():
    assert not HEAVY & loaded_by("import kiosk.__main__")


def test_the_window_is_there_before_the_camera_libraries():
    assert not {"cv2", "onnxruntime", "zxingcpp", "sqlalchemy"} & loaded_by(
        "import ui.__main__, ui.shell, ui.screens.sign_in"
    )


@pytest.mark.parametrize("name", ["run.lock", "test.lock", "models.lock"])
def test_locks_have_hashes_and_no_address(name):
    text = (ROOT / "packaging" / "requirements" / name).read_text("utf-8")
    assert not re.search(r"https?:|file:|index-url|find-links", text)
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)


def tracked_files() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return [ROOT / name for name in done.stdout.split("\0") if name]


def test_no_home_folder_or_unfinished_mark_stands_in_the_sources():
    marks = ("TO" + "DO", "FIX" + "ME", "raise NotImplemented" + "Error")
    homes = ("/ro" + "ot/", "/home/" + "[a-z]+/")
    forbidden = re.compile("|".join((*homes, *marks)))
    hits = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_files()
        if path.suffix in {".py", ".md", ".toml", ".sh", ".txt"}
        for match in [forbidden.search(path.read_text("utf-8"))]
        if match
    ]
    assert hits == []


def test_only_the_archive_decides_which_database_is_opened():
    # Elsewhere `storage.toml` would be passed over, and an empty file answer "nothing wrong".
    opened = re.compile(r"\bDatabase\(")
    hits = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "central").rglob("*.py")
        if (ROOT / "central" / "archive") not in path.parents
        and opened.search(path.read_text("utf-8"))
    ]
    assert hits == []


def test_every_room_says_what_it_is_for():
    for package in ("kiosk", "ui", "central", "witness"):
        for init in (ROOT / package).rglob("__init__.py"):
            assert init.read_text("utf-8").lstrip().startswith('"""'), init


def test_the_program_names_the_version_that_is_packaged():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert kiosk.__version__ == project["version"]
