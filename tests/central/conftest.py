"""One central side for the whole run; each test enrols devices of its own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.authority.codes import new_code
from central.authority.policies import Policies
from kiosk.domain.ids import OfficeId
from kiosk.transport.https_link import Deadlines, HttpsLinks
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.fault_proxy import FaultProxy
from tests.fakes.field import FieldDevice, enrolled_at
from tests.fakes.mortal_collector import MortalCollector


@pytest.fixture(scope="session")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CentralSide]:
    data = founded(tmp_path_factory.mktemp("central") / "data")
    with serving(data) as running:
        yield running


@pytest.fixture
def device(side: CentralSide) -> EnrolledDevice:
    return EnrolledDevice().enrol(side.enrol_code())


@pytest.fixture
def proxy(side: CentralSide) -> Iterator[FaultProxy]:
    """A network in between, without a fault until a test says so."""
    with FaultProxy(int(side.url.rpartition(":")[2])) as running:
        yield running


@pytest.fixture
def enrol_behind(side: CentralSide, proxy: FaultProxy) -> Callable[[Deadlines], EnrolledDevice]:
    """Enrols a device that knows the collector by the proxy's address only."""

    def enrol(deadlines: Deadlines) -> EnrolledDevice:
        now, validity = datetime.now(UTC), timedelta(hours=1)
        code = new_code(Layout(side.data), proxy.url, OfficeId("075012"), now, validity)
        made = EnrolledDevice()
        made.links._links = HttpsLinks(made.clock, deadlines)
        return made.enrol(code.text())

    return enrol


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[MortalCollector]:
    """A collector of this test alone, that can be killed and put back; copies are kept a day."""
    collector = MortalCollector(founded(tmp_path / "central"))
    Policies(Layout(collector.data)).change({"retention.blob_grace_hours": "24"}, datetime.now(UTC))
    collector.start()
    yield collector
    collector.close()


@pytest.fixture
def fielded(mortal: MortalCollector, tmp_path: Path) -> Iterator[FieldDevice]:
    """A device in the field, enrolled at that collector."""
    device = enrolled_at(mortal, tmp_path / "device")
    yield device
    device.store.close()
