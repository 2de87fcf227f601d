"""One central side for the whole run; each test enrols devices of its own."""

from collections.abc import Iterator

import pytest

from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.enrolled import EnrolledDevice


@pytest.fixture(scope="session")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CentralSide]:
    data = founded(tmp_path_factory.mktemp("central") / "data")
    with serving(data) as running:
        yield running


@pytest.fixture
def device(side: CentralSide) -> EnrolledDevice:
    return EnrolledDevice().enrol(side.enrol_code())
