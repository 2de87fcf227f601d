"""A carrier's tablet and its central side: the real kiosk over a real collector, clocks by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from central.archive.layout import Layout
from central.authority.founding import LOCAL_HOSTS, found
from central.authority.policies import Policies
from central.authority.requests import Announced, new_request
from central.authority.rounds import Planned, Planner, Wanted
from kiosk.bootstrap import Kiosk, build
from kiosk.config import Config, Profile
from kiosk.crypto.passwords import Argon2Cost
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.errors import RefusedByCollectorError, UnreachableError
from kiosk.domain.evidence import DocumentKind
from kiosk.domain.ids import AgentId, DeviceId, OfficeId
from kiosk.paths import Paths
from kiosk.services.agents import Session
from tests.fakes.cases import DOCUMENT, REQUEST
from tests.fakes.central_side import CentralSide, serving
from tests.fakes.clock import FakeClock
from tests.fakes.office import PIN

CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)
OFFICE = OfficeId("075012")
AGENT = AgentId("f12")
WINDOW = (time(0, 0), time(23, 59))


@dataclass
class Device:
    """One device: ``kiosk`` is the program at work, ``reopen`` a restart of it."""

    folder: Path
    profile: Profile
    clock: FakeClock = field(default_factory=lambda: FakeClock(wall=datetime.now(UTC)))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        DemonstrationKeyStore(self.folder).put("database", bytes(range(32)))
        self.kiosk = self._built()

    def _built(self) -> Kiosk:
        config = Config(profile=self.profile)
        return build(Paths.of_device(self.folder), config, self.clock, cost=CHEAP)

    def reopen(self) -> Kiosk:
        self.kiosk.close()
        self.kiosk = self._built()
        return self.kiosk

    def enrol(self, code: str) -> Device:
        self.kiosk.enrolment.enrol(code)
        self.reopen().agents.add(AGENT, "Farid B.", Role.AGENT, PIN)
        return self

    def session(self) -> Session:
        return self.kiosk.sign_in.sign_in(AGENT, PIN)

    @property
    def device_id(self) -> DeviceId:
        return self.kiosk.device_id

    def ask_once(self) -> None:
        """Ask for a round, so that the authority may seal one to this device."""
        with suppress(UnreachableError, RefusedByCollectorError):
            self.kiosk.rounds.load(self.session())


@dataclass
class CarrierFleet:
    """A central side at work, and what its authority plans."""

    side: CentralSide
    folder: Path
    devices: list[Device] = field(default_factory=list)

    @property
    def planner(self) -> Planner:
        layout = Layout(self.side.data)
        return Planner(layout, Policies(layout).in_force())

    def device(self, profile: Profile = Profile.CARRIER, office: str = OFFICE) -> Device:
        device = Device(self.folder / f"device-{len(self.devices)}", profile)
        self.devices.append(device)
        device.enrol(self.side.enrol_code(office))
        device.ask_once()
        return device

    def request(
        self, office: str = OFFICE, validity: timedelta = timedelta(days=30), surname: str = ""
    ) -> str:
        layout = Layout(self.side.data)
        announced = Announced(
            surname=surname or REQUEST.surname,
            given_names=REQUEST.given_names,
            birth_date=REQUEST.birth_date,
            service="cpf",
            document_kind=DocumentKind.FR_ID_CARD_2021,
            document_number=DOCUMENT.document_number,
            office_id=OfficeId(office),
        )
        begins = datetime.now(UTC) - timedelta(days=2)
        policy = Policies(layout).in_force()
        return new_request(layout, policy, announced, begins, validity + timedelta(days=2))[1]

    def plan(
        self, device: Device | None, token: str = "", day: date | None = None, office: str = ""
    ) -> Planned:
        wanted = Wanted(
            request=token or self.request(),
            day=day or date.today(),
            begins=WINDOW[0],
            ends=WINDOW[1],
            device_id=None if device is None else device.device_id,
            office_id=OfficeId(office),
            line="" if device is None else "3 impasse des Peupliers, 2e étage gauche",
            locality="" if device is None else "75012 Paris",
        )
        return self.planner.add(wanted, datetime.now(UTC))

    def close(self) -> None:
        for device in self.devices:
            device.kiosk.close()


@contextmanager
def carrier_fleet(folder: Path) -> Iterator[CarrierFleet]:
    """A central side in ``folder`` whose collector is a real process."""
    data = folder / "central"
    found(Layout(data), LOCAL_HOSTS, "idp.test", datetime.now(UTC), demonstration=True)
    with serving(data) as side:
        fleet = CarrierFleet(side, folder)
        try:
            yield fleet
        finally:
            fleet.close()
