"""Requests made from the document, and requests spoilt byte by byte, against a running collector.

Short here; ``packaging/fuzz/collector.py`` goes on for as long as it is told (docs/fuzzing.md).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fakes.contract import wrong_signatures
from tests.fakes.contract_world import World, world

pytestmark = pytest.mark.process
SHORT = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    # No shrinking: the collector remembers what it was told, a smaller request meets another one.
    phases=[Phase.generate],
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("fuzz")) as made:
        yield made
        log = made.side.log.read_text()
        assert "Traceback" not in log
        assert '"status": 500' not in log


def test_every_signed_request_is_answered_as_documented(fuzzed):
    caller = fuzzed.caller

    @settings(SHORT, max_examples=250)
    @given(case=caller.cases())
    def one(case):
        caller.send(case, caller.auth)

    one()
    assert {status // 100 for _, status in caller.answered} >= {2, 4}


def test_no_request_of_anybody_else_is_answered(fuzzed):
    caller = fuzzed.caller

    @settings(SHORT, max_examples=100)
    @given(case=caller.cases(), auth=st.sampled_from(wrong_signatures(caller.key)))
    def one(case, auth):
        caller.send_wrongly(case, auth)

    one()


def test_no_mangled_request_brings_it_down(fuzzed):
    log = f"/v1/devices/{fuzzed.device.identity.device_id}/log"
    paths = (log, f"{log}?x=1", "/v1/policy", "/v1/time?nonce=a", "/v1/results?after=0", "/c/x")

    @settings(SHORT, max_examples=200)
    @given(data=st.data(), path=st.sampled_from(paths))
    def one(data, path):
        fields = fuzzed.signed_fields("GET", path)
        fuzzed.mangler.send(data.draw(fuzzed.mangler.mangled("GET", path, fields)))

    one()
