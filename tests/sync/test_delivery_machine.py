"""Delivery under everything at once; see ``tests/fakes/delivery_machine.py`` for what must hold.

A few short runs here; ``packaging/fuzz/delivery.py`` goes on for as long as it is told.
"""

from __future__ import annotations

import socket

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from kiosk.domain.errors import UnreachableError, VaultError
from tests.fakes.central_side import founded
from tests.fakes.delivery_machine import DeliveryMachine
from tests.fakes.field import FieldDevice
from tests.fakes.mortal_collector import MortalCollector

pytestmark = [pytest.mark.process, pytest.mark.timeout(900)]
ONE_RUN = settings(
    max_examples=1,
    stateful_step_count=1,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


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


def test_an_enrolment_that_fails_is_told_as_what_it_was(tmp_path, monkeypatch):
    """And not as what the delivery at the end met, with a device that was none."""
    opened: list[FieldDevice] = []

    def cut(device: FieldDevice, _code: str) -> FieldDevice:
        opened.append(device)
        raise UnreachableError("cut")

    class Founded(DeliveryMachine):
        template = founded(tmp_path / "central")

    monkeypatch.setattr(FieldDevice, "enrol", cut)
    with pytest.raises(UnreachableError, match="cut"):
        run_state_machine_as_test(Founded, settings=ONE_RUN)
    with pytest.raises(VaultError):
        opened[0].store.begin().__enter__()


def test_a_collector_that_ends_instead_of_answering_is_noticed(tmp_path):
    """Whatever else listens on its port is not taken for it."""
    collector = MortalCollector(founded(tmp_path / "central"))
    with socket.create_server(("127.0.0.1", collector.port)):
        with pytest.raises(AssertionError, match="cannot listen"):
            collector.start()
        collector.kill()
    collector.start()
    assert collector.alive
    collector.close()
