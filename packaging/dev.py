#!/usr/bin/env python3
"""Set up, run, test and measure Vis-à-vis from a fresh checkout. Standard library only, any OS.

    python3 packaging/dev.py run [...]     set up, then the demonstration office
    python3 packaging/dev.py test [...]    set up with the test tools, then every check
                                           (extra words go to pytest)
    python3 packaging/dev.py setup         set up only
    python3 packaging/dev.py bench [NAME] [--json]
    python3 packaging/dev.py lock          refresh the locked requirements (needs ``uv``)

Safe to interrupt and to repeat: the stamp that says "set up" is written last, and names the exact
lock files and Python it stands for.
"""

import argparse
import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "packaging" / "requirements"
VENV = Path(os.environ.get("VISAVIS_VENV") or ROOT / ".venv")
WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
STAMP = VENV / "visavis-setup.json"
INTEROP = ROOT / "tests" / "interop"
MODULES = ("age-encryption", "playwright-core", "axe-core")
OLDEST = (3, 11)
BENCHMARKS = (
    *("startup", "frame", "memory", "read", "seal", "codes", "printed"),
    *("powerloss", "canary", "flips", "journal", "kills", "drafts", "effort"),
    *("ingest", "fleet", "link", "soak"),
)
WITH_TEST_TOOLS = frozenset({"kills", "drafts", "ingest", "fleet", "link", "soak"})

# Shared library -> Debian package. Qt needs the first group without a screen, the second with one.
LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
FEDORA = {
    "libglib2.0-0": "glib2",
    "libegl1": "mesa-libEGL",
    "libgl1": "mesa-libGL",
    "libfontconfig1": "fontconfig",
    "libdbus-1-3": "dbus-libs",
    "libxkbcommon0": "libxkbcommon",
    "libxcb-cursor0": "xcb-util-cursor",
    "libxcb-icccm4": "xcb-util-wm",
    "libxcb-keysyms1": "xcb-util-keysyms",
    "libxcb-shape0": "libxcb",
    "libxcb-xkb1": "libxcb",
    "libxkbcommon-x11-0": "libxkbcommon-x11",
}


class SetupError(Exception):
    """Something that the person at the keyboard must do; the message says what."""


def say(text):
    """One line of progress; on the error stream, so that ``--json`` output stays clean."""
    print(text, file=sys.stderr, flush=True)


def may_install():
    """Whether this script may install system packages by itself."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def missing_libraries():
    """Debian names of the shared libraries that Qt needs and that do not load here."""
    if not sys.platform.startswith("linux"):
        return []
    missing = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return sorted(set(missing))


def apt_install(packages):
    """Install Debian packages as root, without recommendations."""
    say("Installing system packages: " + " ".join(packages))
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            raise SetupError("This command failed: " + " ".join(command))


def system_packages():
    """Make sure that Qt's system libraries are there, or say exactly what to type."""
    missing = missing_libraries()
    if missing and may_install():
        apt_install(missing)
        missing = missing_libraries()
    if not missing:
        return
    if shutil.which("apt-get"):
        command = "sudo apt-get install --no-install-recommends " + " ".join(missing)
    elif shutil.which("dnf"):
        command = "sudo dnf install " + " ".join(sorted({FEDORA[name] for name in missing}))
    else:
        command = "install the libraries known to Debian as: " + " ".join(missing)
    raise SetupError("Qt needs system libraries that are missing here. Type:\n\n    " + command)


def wanted_stamp(with_tests):
    """What must be installed: interpreter and digests of the lock files."""
    locks = ["run.lock", "models.lock"] + (["test.lock"] if with_tests else [])
    digests = {
        name: hashlib.sha256((REQUIREMENTS / name).read_bytes()).hexdigest() for name in locks
    }
    if with_tests:
        digests["interop"] = hashlib.sha256(
            (INTEROP / "package-lock.json").read_bytes()
        ).hexdigest()
    digests["pyproject.toml"] = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return {"python": sys.version, "root": str(ROOT), "locks": digests}


def is_set_up(with_tests):
    """Whether the environment already holds (at least) what is wanted."""
    try:
        present = json.loads(STAMP.read_text("utf-8"))
        wanted = wanted_stamp(with_tests)
        return (
            PYTHON.exists()
            and (not with_tests or all((INTEROP / "node_modules" / n).is_dir() for n in MODULES))
            and present["python"] == wanted["python"]
            and present["root"] == wanted["root"]
            and wanted["locks"].items() <= present["locks"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def make_environment():
    """Create the virtual environment, anew when it belongs to another Python."""
    if PYTHON.exists():
        version = subprocess.run(
            [str(PYTHON), "-c", "import sys; print(sys.version)"],
            check=False,
            capture_output=True,
            text=True,
        )
        if version.returncode == 0 and version.stdout.strip() == sys.version.strip():
            return
        say("The environment belongs to another Python: making it anew.")
        shutil.rmtree(VENV)
    say(f"Making the virtual environment {VENV}")
    command = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if may_install():
        apt_install([package])
        if subprocess.run(command, check=False).returncode == 0:
            return
    raise SetupError(
        f"Python cannot make virtual environments here. On Debian or Ubuntu, type:\n\n"
        f"    sudo apt-get install {package}"
    )


def pip_install(*words):
    """Run pip in the environment; hashes are required for everything that is fetched."""
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "-q",
        "--no-deps",
    ]
    if subprocess.run([*command, *words], check=False, cwd=ROOT).returncode != 0:
        raise SetupError(
            "Packages could not be installed. Is the network there? Nothing is half-done: "
            "the same command goes on where it stopped."
        )


def test_tools():
    """What the tests ask other programs for: Node.js, systemd, a TPM, PostgreSQL, a browser."""
    needed = {
        "nodejs": ("node", "nodejs"),
        "npm": ("npm",),
        "postgresql": ("initdb",),
        "chromium": ("chromium", "chromium-browser"),
    }
    if sys.platform.startswith("linux"):
        needed["systemd"] = ("systemd-creds",)
        needed["swtpm"] = ("swtpm",)
        needed["tpm2-tools"] = ("tpm2_pcrextend",)
    # Debian keeps the programs of the server apart from those that everybody calls.
    apart = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *apart])

    def there(name):
        return shutil.which(name, path=places)

    def missing():
        return [package for package, names in needed.items() if not any(map(there, names))]

    if missing() and may_install():
        apt_install(missing())
    if missing():
        packages = " ".join(missing())
        if shutil.which("apt-get"):
            command = "sudo apt-get install --no-install-recommends " + packages
        elif shutil.which("dnf"):
            command = "sudo dnf install " + packages
        else:
            command = "install Node.js 20 or newer with npm, PostgreSQL and Chromium; on Linux "
            command += "systemd 252, swtpm and tpm2-tools"
        raise SetupError("The tests need programs that are missing here. Type:\n\n    " + command)
    say("Installing the locked packages (tests/interop/package-lock.json)")
    command = [shutil.which("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    if subprocess.run([*command, "--loglevel=error"], check=False, cwd=INTEROP).returncode != 0:
        raise SetupError("npm could not install the packages of tests/interop. Try again.")


def setup(with_tests):
    """Bring this checkout to a state where the program (and its checks) run."""
    if is_set_up(with_tests):
        return
    STAMP.unlink(missing_ok=True)
    system_packages()
    make_environment()
    lock = "test.lock" if with_tests else "run.lock"
    say(f"Installing the locked packages ({lock})")
    pip_install("--require-hashes", "-r", str(REQUIREMENTS / lock))
    pip_install("--require-hashes", "-r", str(REQUIREMENTS / "models.lock"))
    pip_install("--no-build-isolation", "-e", str(ROOT))
    if with_tests:
        test_tools()
    temporary = STAMP.with_suffix(".new")
    temporary.write_text(json.dumps(wanted_stamp(with_tests)), "utf-8")
    temporary.replace(STAMP)
    say("Set up.")


def has_display():
    """Whether a window can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(words):
    """The demonstration office; without a display, played by the automatic agent."""
    setup(with_tests=False)
    command = [str(PYTHON), "-m", "ui", "demo", *words]
    if not has_display() and "--headless" not in words:
        say("No display here: the automatic agent plays the office, pictures and summary on disk.")
        command.append("--headless")
    if WINDOWS:
        return subprocess.run(command, check=False, cwd=ROOT).returncode
    os.chdir(ROOT)
    os.execv(command[0], command)
    return 0


def checked(name, command, environment, aside=False):
    """Run one check: its name, exit status, seconds; and what it said, where that is kept aside."""
    say(f"== {name}" + (" (beside the tests)" if aside else ""))
    start = time.monotonic()
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if aside else {}
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, **streams)
    return name, done.returncode, time.monotonic() - start, done.stdout or b""


def test(words):
    """Every check that must hold before a change lands."""
    setup(with_tests=True)
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", QT_SCALE_FACTOR="1")
    environment.pop("QT_QPA_FONTDIR", None)
    python = [str(PYTHON), "-m"]
    workers = [] if any(w.startswith("-n") for w in words) else ["-n", "2"]
    first = [
        ("format", [*python, "ruff", "format", "--check", "--quiet", "."]),
        ("lint", [*python, "ruff", "check", "--quiet", "."]),
    ]
    # These have one processor each: beside the tests, they take what those leave idle.
    beside = [
        ("types", [*python, "mypy"]),
        ("import contract", [str(BIN / "lint-imports"), "--no-cache"]),
    ]
    tests = [*python, "pytest", "-q", "--cov", "--cov-report=term", *workers, *words]
    results = [checked(*check, environment) for check in first]
    with ThreadPoolExecutor(len(beside)) as pool:
        going = [pool.submit(checked, *check, environment, aside=True) for check in beside]
        last = checked("tests", tests, environment)
        results += [one.result() for one in going] + [last]
    for name, _, _, told in results:
        if told:
            say(f"== {name}\n" + told.decode("utf-8", "replace").rstrip())
    for name, code, seconds, _ in results:
        say(f"{'ok    ' if code == 0 else 'FAILED'} {name:16} {seconds:6.1f} s")
    return 1 if any(code for _, code, _, _ in results) else 0


def bench(words):
    """The benchmarks: figures printed, or one JSON object with ``--json``."""
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument("name", nargs="?", choices=BENCHMARKS)
    parser.add_argument("--json", action="store_true")
    options, rest = parser.parse_known_args(words)
    names = [options.name] if options.name else list(BENCHMARKS)
    # These need servers and doubles of the tests.
    setup(with_tests=not WITH_TEST_TOOLS.isdisjoint(names))
    figures = {}
    worst = 0
    for name in names:
        say(f"== bench {name}")
        script = ROOT / "packaging" / "bench" / f"{name}.py"
        done = subprocess.run(
            [str(PYTHON), str(script), "--json", *rest],
            check=False,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        worst = max(worst, done.returncode)
        figures[name] = json.loads(done.stdout) if done.stdout.strip() else None
        if not options.json:
            print(name, json.dumps(figures[name], indent=2, ensure_ascii=False))
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))
    return worst


def lock(_words):
    """Write the lock files anew from the ``.in`` files, with hashes and without any address."""
    uv = shutil.which("uv")
    if uv is None:
        raise SetupError("The lock files are made with uv. Type:  pip install uv")
    base = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    base += ["--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header"]
    for name, more in (("run", []), ("test", ["-c", "run.lock"]), ("models", ["--no-deps"])):
        subprocess.run(
            [*base, f"{name}.in", "-o", f"{name}.lock", *more], check=True, cwd=REQUIREMENTS
        )
    return 0


def main(words):
    """Dispatch; every expected trouble ends in one plain sentence and exit code 3."""
    if sys.version_info[:2] < OLDEST:
        say("Vis-à-vis needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")
        return 2
    commands = {
        "run": run,
        "test": test,
        "bench": bench,
        "lock": lock,
        "setup": lambda _words: setup(with_tests=False) or 0,
    }
    if not words or words[0] not in commands:
        say(__doc__)
        return 0 if words and words[0] in ("-h", "--help") else 2
    try:
        return commands[words[0]](words[1:])
    except SetupError as exc:
        say(str(exc))
        return 3
    except KeyboardInterrupt:
        say("Interrupted. The same command goes on where it stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
