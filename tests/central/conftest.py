"""One central side for the whole run; each test enrols devices of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.authority.policies import Policies
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.enrolled import EnrolledDevice
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
