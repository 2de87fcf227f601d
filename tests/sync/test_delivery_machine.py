"""Delivery under everything at once; see ``tests/fakes/delivery_machine.py`` for what must hold.

A few short runs here; ``packaging/fuzz/delivery.py`` goes on for as long as it is told.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.fakes.central_side import founded
from tests.fakes.delivery_machine import DeliveryMachine

pytestmark = pytest.mark.process


def test_whatever_happens_every_record_is_stored_once_and_nobody_has_to_help(tmp_path):
    class Founded(DeliveryMachine):
        template = founded(tmp_path / "central")

    run_state_machine_as_test(
        Founded,
        settings=settings(
            max_examples=5,
            stateful_step_count=14,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
