"""Secrets as systemd credentials with a TPM: the real ``systemd-creds`` and a TPM in software.

A chip's firmware and driver are all that is missing here: the program asks a real TPM 2.0
implementation (libtpms, by ``swtpm``), which keeps its state like a chip does.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.devices.chip_counter import TpmCounter
from kiosk.devices.credential_store import PROGRAM, CredentialKeyStore
from kiosk.domain.errors import CredentialStoreError
from kiosk.ports import KeyStore
from tests.contracts.key_store import KeyStoreContract

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux"),
]
SECRET = bytes(range(32))
START_S = 60.0
SECURE_BOOT = 7
"""The register of the TPM that systemd binds a credential to: the state of Secure Boot."""

Chip = Callable[[str], None]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short: the name of a socket has about a hundred characters."""
    return tmp_path_factory.mktemp("tpm")


@pytest.fixture
def chip(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chip]:
    """Puts a chip of this name into the machine and starts it; the one before it is taken out."""
    monkeypatch.setenv("SYSTEMD_CREDENTIAL_SECRET", str(place / "host.secret"))
    monkeypatch.setenv("SYSTEMD_TPM2_DEVICE", f"swtpm:path={place / 's'}")
    running: list[subprocess.Popen[bytes]] = []

    def take_out() -> None:
        while running:
            running[-1].kill()
            running.pop().wait()
        for name in ("s", "s.ctrl"):
            (place / name).unlink(missing_ok=True)

    def put_in(name: str) -> None:
        take_out()
        state = place / name
        state.mkdir(exist_ok=True)
        words = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}"]
        words += ["--server", f"type=unixio,path={place / 's'}"]
        words += ["--ctrl", f"type=unixio,path={place / 's.ctrl'}"]
        words += ["--flags", "not-need-init,startup-clear"]
        running.append(
            subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        deadline = time.monotonic() + START_S
        while not answers(place / "s.ctrl"):
            assert running[-1].poll() is None, "swtpm does not start"
            assert time.monotonic() < deadline, "swtpm does not answer"
            time.sleep(0.01)

    put_in("chip")
    yield put_in
    take_out()


def answers(path: Path) -> bool:
    """Whether somebody listens at this socket."""
    with socket.socket(socket.AF_UNIX) as door:
        return path.exists() and door.connect_ex(str(path)) == 0


@pytest.fixture
def program(place: Path) -> str:
    """The real program, on a machine that says it has firmware and driver of a TPM.

    What a caller leaves in the chip is cleared away after each call: the resource manager of the
    kernel (``/dev/tpmrm0``) does that on a real machine.
    """
    path = place / PROGRAM
    door = f"-T swtpm:path={place / 's'}"
    path.write_text(
        "#!/bin/sh\n"
        '[ "$1" = has-tpm2 ] && exit 0\n'
        f'{shutil.which(PROGRAM)} "$@"\n'
        "answer=$?\n"
        f"tpm2_flushcontext {door} -l; tpm2_flushcontext {door} -t\n"
        "exit $answer\n"
    )
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "credentials"


@pytest.mark.usefixtures("chip")
class TestCredentialKeyStoreWithTpm(KeyStoreContract):
    @pytest.fixture
    def keys(self, folder: Path, program: str) -> KeyStore:
        return CredentialKeyStore(folder, program)


def test_the_chip_takes_part_and_its_secret_comes_back_after_a_restart(
    folder: Path, program: str, chip: Chip
):
    store = CredentialKeyStore(folder, program)
    assert store.uses_tpm
    store.put("database", SECRET)
    chip("chip")
    assert store.get("database") == SECRET


def test_the_whole_disk_in_another_machine_opens_nothing(folder: Path, program: str, chip: Chip):
    """Disk and host key were copied; only the chip is another one."""
    store = CredentialKeyStore(folder, program)
    store.put("database", SECRET)
    chip("another chip")
    with pytest.raises(CredentialStoreError):
        store.get("database")
    chip("chip")
    assert store.get("database") == SECRET


def test_the_chip_alone_opens_nothing(folder: Path, program: str, place: Path, chip: Chip):
    store = CredentialKeyStore(folder, program)
    store.put("database", SECRET)
    (place / "host.secret").unlink()
    chip("chip")
    with pytest.raises(CredentialStoreError):
        store.get("database")


def test_another_way_of_starting_the_machine_opens_nothing(
    folder: Path, program: str, place: Path, chip: Chip
):
    """Secure Boot switched off, or a system signed by somebody else: the register tells."""
    store = CredentialKeyStore(folder, program)
    store.put("database", SECRET)
    digest = "11" * 32
    subprocess.run(
        ["tpm2_pcrextend", "-T", f"swtpm:path={place / 's'}", f"{SECURE_BOOT}:sha256={digest}"],
        check=True,
        capture_output=True,
    )
    with pytest.raises(CredentialStoreError):
        store.get("database")
    chip("chip")
    assert store.get("database") == SECRET


# --- the counter ----------------------------------------------------------------------------------


@pytest.fixture
def tools(place: Path, chip: Chip, monkeypatch: pytest.MonkeyPatch) -> Chip:
    """The programs that ask the chip find it where it is."""
    monkeypatch.setenv("TPM2TOOLS_TCTI", f"swtpm:path={place / 's'}")
    return chip


def test_the_chip_counts_on_over_a_restart_and_by_device(tools: Chip):
    counter = TpmCounter("/data/one")
    first = counter.read()
    assert first is not None
    counter.advance()
    counter.advance()
    assert counter.read() == first + 2
    tools("chip")
    assert TpmCounter("/data/one").read() == first + 2
    assert TpmCounter("/data/two").read() != TpmCounter("/data/one").read()


def test_a_counter_that_somebody_made_anew_begins_above_the_old_one(tools: Chip):
    counter = TpmCounter("/data/one")
    counter.read()
    counter.advance()
    before = counter.read()
    assert before is not None
    subprocess.run(["tpm2_nvundefine", counter.index, "-C", "o"], check=True, capture_output=True)
    again = TpmCounter("/data/one").read()
    assert again is not None
    assert again > before


def test_a_counter_that_was_made_and_never_counted_counts_on(tools: Chip):
    """The power went between the two."""
    counter = TpmCounter("/data/one")
    rights = "ownerread|ownerwrite|authread|authwrite|nt=counter"
    made = ["tpm2_nvdefine", counter.index, "-C", "o", "-s", "8", "-a", rights]
    subprocess.run(made, check=True, capture_output=True)
    first = counter.read()
    assert first is not None
    counter.advance()
    assert TpmCounter("/data/one").read() == first + 1


def test_a_counter_that_cannot_be_read_once_is_not_counted_on(
    tools: Chip, monkeypatch: pytest.MonkeyPatch
):
    """A count too many would look like a journal that was put back."""
    first = TpmCounter("/data/one").read()
    counter = TpmCounter("/data/one")
    really, said = counter._ask, []

    def ask(program: str, *words: str) -> bytes:
        said.append(program)
        return b"" if said == ["tpm2_nvread"] else really(program, *words)

    monkeypatch.setattr(counter, "_ask", ask)
    assert counter.read() is None
    assert "tpm2_nvincrement" not in said
    assert TpmCounter("/data/one").read() == first


def test_a_chip_that_is_not_there_or_falls_silent_counts_nothing(
    tools: Chip, place: Path, monkeypatch: pytest.MonkeyPatch
):
    counter = TpmCounter("/data/one")
    assert counter.read() is not None
    monkeypatch.setenv("TPM2TOOLS_TCTI", f"swtpm:path={place / 'nobody'}")
    assert counter.read() is None
    counter.advance()
    assert TpmCounter("/data/one").read() is None
    monkeypatch.setenv("PATH", str(place))
    assert TpmCounter("/data/one").read() is None
