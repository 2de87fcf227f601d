"""The demonstration office: a real central side in its own process, and a device enrolled with it.

Rules, in order:

1. Everything lies in one folder that belongs to this run; folders of runs that died are removed by
   the next one.
2. The central side is the real program, spoken to over HTTPS on the loopback only.
3. All persons and documents are specimens; secrets are in the visible demonstration store.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segno

from kiosk.bootstrap import Kiosk, build
from kiosk.config import CameraConfig, CameraKind, Config, Profile
from kiosk.crypto.passwords import Argon2Cost
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.errors import UnreachableError
from kiosk.domain.ids import AgentId
from kiosk.paths import RESOURCES, Paths
from ui.demonstration.post import Post

if TYPE_CHECKING:
    from kiosk.devices.specimens import Specimen

OFFICE = "075012"
AGENT = AgentId("camille")
AGENT_NAME = "Camille R."
PIN = "271828"
COLLEAGUES = (
    (AgentId("dominique"), "Dominique L.", Role.MANAGER),
    (AgentId("sacha"), "Sacha T.", Role.AGENT),
)
"""For what needs a second person: hand-over, unlocking, four eyes. The same PIN opens them."""
_READY_S = 60.0
_COMMAND_S = 60.0


@dataclass(frozen=True, slots=True)
class Code:
    """A verification request as the customer shows it.

    Attributes:
        text: the token.
        png: picture of the QR code.
    """

    text: str
    png: bytes


def drawn(text: str) -> Code:
    """Any text as the picture of a QR code."""
    picture = io.BytesIO()
    segno.make_qr(text, error="m").save(picture, kind="png", scale=8, border=4)
    return Code(text, picture.getvalue())


class CentralSide:
    """``visavis-central`` in a folder of its own."""

    def __init__(self, folder: Path, post: Post | None = None) -> None:
        """Post: started; takes in what is sent to customers, nothing is sent where None."""
        self._folder = folder
        self._post = post
        self._keeper: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        """Found it and serve. Raises UnreachableError."""
        self._command("init", str(self._folder), "--demonstration", "--json")
        if self._post is not None:
            self._post.write_settings(self._folder / "collector" / "contact.toml")
        # A proxy may take a registered letter in this fleet: the demonstration shows that, too.
        self._command("policy", "set", "proxy_allowed=true", *self._data, "--json")
        self.serve()

    def serve(self) -> None:
        """Serve on a free port. Raises UnreachableError."""
        command = [sys.executable, "-m", "ui.demonstration.keeper", str(self._folder)]
        log = (self._folder / "serve.log").open("ab")
        with log:
            self._keeper = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=_environment(),
            )
        self.url = self._wait_ready(self._keeper)

    def stop(self) -> None:
        """End the server. Safe to call twice."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        if keeper.stdin is not None:
            keeper.stdin.close()
        try:
            keeper.wait(15)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()
        if keeper.stdout is not None:
            keeper.stdout.close()

    def enrol_code(self) -> str:
        """A one-time code for one device."""
        answer = self._command(
            "enrol-code", "--office", OFFICE, "--url", self.url, *self._data, "--json"
        )
        return str(answer["code"])

    def plan(self, device_id: str, code: Code) -> str:
        """Give a request to a carrier's round, for today; the visit."""
        door = ("--line", "3 impasse des Peupliers, 2e étage", "--locality", "75012 Paris")
        window = ("--window", "00:00-23:59")
        answer = self._command(
            "round", "add", code.text, "--device", device_id, *door, *window, *self._data, "--json"
        )
        return str(answer["visit_id"])

    def cancel(self, code: Code) -> None:
        """Cancel a request, as its issuer would."""
        self._command("request", "cancel", code.text, *self._data, "--json")

    def request(self, specimen: "Specimen", **options: str) -> Code:
        """A request that announces the holder of a specimen."""
        announced = {
            "surname": specimen.holder.surname,
            "given-names": ",".join(specimen.holder.given_names),
            "birth-date": specimen.holder.birth_date,
            "document-kind": specimen.kind.value,
            "document-number": specimen.number,
            **{name.replace("_", "-"): value for name, value in specimen.request.items()},
            **{name.replace("_", "-"): value for name, value in options.items()},
        }
        png = self._folder / "request.png"
        flags = [part for name, value in announced.items() for part in (f"--{name}", value)]
        answer = self._command("request", "new", *flags, *self._data, "--png", str(png), "--json")
        return Code(str(answer["token"]), png.read_bytes())

    @property
    def _data(self) -> tuple[str, str]:
        return ("--data", str(self._folder))

    def _command(self, *words: str) -> Mapping[str, Any]:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "central", *words],
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
            env=_environment(),
        )
        if done.returncode != 0:
            raise UnreachableError(f"central {words[0]}: exit {done.returncode}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    @staticmethod
    def _wait_ready(keeper: subprocess.Popen[str]) -> str:
        """Address of the server, from its ready line."""
        timer = threading.Timer(_READY_S, keeper.kill)
        timer.start()
        try:
            line = keeper.stdout.readline() if keeper.stdout is not None else ""
        finally:
            timer.cancel()
        try:
            return str(json.loads(line)["url"])
        except (ValueError, KeyError) as exc:
            raise UnreachableError("central did not start") from exc


class DemonstrationOffice:
    """The central side and the device, in one folder for this run."""

    def __init__(self, data: Path) -> None:
        """Data: folder of the demonstration; what dead runs left in it is removed."""
        remove_leftovers(data)
        self.folder = data / f"office-{os.getpid()}"
        self.folder.mkdir(parents=True)
        self.post = Post()
        self.post.start()
        self.central = CentralSide(self.folder / "central", self.post)
        self.kiosk: Kiosk | None = None
        self.tablet: Kiosk | None = None
        self._more: list[Kiosk] = []

    def open(self) -> Kiosk:
        """Start everything; the wired kiosk of the enrolled counter.

        Raises:
            UnreachableError: the central side does not start.
            KioskError: the device cannot be set up.
        """
        self.kiosk = self._device("device", Profile.COUNTER)
        return self.kiosk

    def open_tablet(self) -> Kiosk:
        """The wired kiosk of a carrier's tablet of the same office. Raises as :meth:`open`."""
        self.tablet = self._device("tablet", Profile.CARRIER)
        return self.tablet

    def open_more(self, name: str, profile: Profile) -> Kiosk:
        """One device more of the same office, that has seen nobody yet. Raises as :meth:`open`."""
        kiosk = self._device(name, profile)
        self._more.append(kiosk)
        return kiosk

    def _device(self, name: str, profile: Profile) -> Kiosk:
        """A device of its own, enrolled, with the one agent."""
        if not self.central.url:
            self.central.start()
        paths = Paths(self.folder / name)
        paths.prepare()
        config = Config(profile=profile, camera=CameraConfig(kind=CameraKind.SPECIMEN))
        keys = DemonstrationKeyStore(paths.data)
        fresh = build(paths, config, keys=keys)
        try:
            fresh.enrolment.enrol(self.central.enrol_code())
        finally:
            fresh.close()
        # The usual cost of a PIN: a device of a demonstration is not worth the time to measure.
        kiosk = build(paths, config, keys=keys, cost=Argon2Cost())
        kiosk.agents.add(AGENT, AGENT_NAME, Role.AGENT, PIN)
        for agent_id, called, role in COLLEAGUES:
            kiosk.agents.add(agent_id, called, role, PIN)
        return kiosk

    def close(self) -> None:
        """End everything and remove the folder. Safe to call twice."""
        for kiosk in (self.kiosk, self.tablet, *self._more):
            if kiosk is not None:
                kiosk.close()
        self.central.stop()
        self.post.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_leftovers(data: Path) -> None:
    """Remove folders of runs that are no more."""
    for folder in data.glob("office-*"):
        pid = folder.name.removeprefix("office-")
        if pid.isdecimal() and not _alive(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    if os.name != "posix":
        return pid == os.getpid()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _environment() -> dict[str, str]:
    """Children find the program even where it is not installed."""
    root = str(RESOURCES.parent)
    before = os.environ.get("PYTHONPATH", "")
    return os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{before}" if before else root}
