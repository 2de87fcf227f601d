"""From two empty folders to a verified receipt: the real programs, the real network, one case."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.bootstrap import Kiosk, build
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.evidence import DocumentKind, Side
from kiosk.domain.ids import AgentId
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.automatic import Script, play
from kiosk.paths import Paths
from kiosk.ports import OutboxState
from tests.fakes.cases import DOCUMENT, side
from tests.fakes.office import PIN

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.process
SIDES = (side(Side.FRONT), side(Side.BACK, DOCUMENT))


@dataclass
class Fleet:
    """A central side at work, and the folder of one device."""

    central: Path
    device: Path
    url: str

    def ask_central(self, *words: str) -> dict:
        done = run("central", *words, "--data", str(self.central), "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def ask_device(self, *words: str, pin: str = "") -> subprocess.CompletedProcess[str]:
        return run("kiosk", *words, "--data", str(self.device), given=pin)

    def kiosk(self) -> Kiosk:
        return build(Paths.of_device(self.device))


def run(program: str, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", program, *words],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    central = tmp_path_factory.mktemp("central") / "data"
    device = tmp_path_factory.mktemp("device")
    assert run("central", "init", str(central), "--demonstration").returncode == 0
    command = [sys.executable, "-m", "central", "serve", "--data", str(central), "--port", "0"]
    server = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        ready = json.loads(server.stdout.readline())
        DemonstrationKeyStore(device).put("database", bytes(range(32)))
        yield Fleet(central, device, ready["url"])
    finally:
        server.terminate()
        server.communicate(timeout=60)


def test_a_device_enrols_verifies_delivers_and_lets_go_only_what_is_safe(fleet):
    assert fleet.ask_device("agent", "add", "a17", "--name", "Camille R.").returncode == 3
    enrol(fleet)
    token = new_request(fleet)
    kiosk = fleet.kiosk()
    try:
        assert kiosk.demonstration
        session = kiosk.sign_in.sign_in(AgentId("a17"), PIN)
        end = play(
            kiosk.proofing.open_case("online-request", session), Script(codes=(token,), sides=SIDES)
        )
    finally:
        kiosk.close()
    assert end.decision == Decision(Outcome.ACCEPTED)
    assert end.record is not None
    assert len({feature.feature_id for feature in end.features}) == 3

    synced = fleet.ask_device("sync", "--once", "--json")
    assert synced.returncode == 0, synced.stderr + synced.stdout
    assert json.loads(synced.stdout) == {"stored": 1, "waiting": 0, "reason": ""}
    assert json.loads(fleet.ask_device("journal", "verify", "--json").stdout)["verified"] is True
    shown = json.loads(fleet.ask_device("journal", "show", "--json").stdout)["entries"]
    kinds = [entry["kind"] for entry in shown]
    assert kinds[0] == "enrolled"
    assert {"boot", "agent_added", "verify_open", "verify_close", "blob_purged"} <= set(kinds)

    kiosk = fleet.kiosk()
    try:
        (row,) = kiosk.delivery.status()
        assert (row.state, row.purged) == (OutboxState.STORED, True)
        session = kiosk.sign_in.sign_in(AgentId("a17"), PIN)
        again = kiosk.proofing.open_case("online-request", session).present_code(token)
        assert again.request_problem is RequestVerdict.USED_BEFORE
    finally:
        kiosk.close()


def enrol(fleet: Fleet) -> None:
    code = fleet.ask_central("enrol-code", "--office", "075012", "--url", fleet.url)["code"]
    enrolled = fleet.ask_device("enrol", code, "--json")
    assert enrolled.returncode == 0, enrolled.stderr
    assert json.loads(enrolled.stdout)["office_id"] == "075012"
    assert fleet.ask_device("enrol", code).returncode == 3
    added = fleet.ask_device("agent", "add", "a17", "--name", "Camille R.", "--pin-stdin", pin=PIN)
    assert added.returncode == 0, added.stderr


def new_request(fleet: Fleet) -> str:
    return fleet.ask_central(
        *("request", "new", "--surname", "Roussel", "--given-names", "Maëlle,Anne"),
        *("--birth-date", "1988-03-09", "--document-kind", DocumentKind.FR_ID_CARD_2021.value),
        *("--document-number", DOCUMENT.document_number, "--office", "075012"),
    )["token"]
