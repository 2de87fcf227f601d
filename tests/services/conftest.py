"""A desk over the store in memory."""

import pytest

from tests.fakes.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
