"""No bit of a record or its entry changes unnoticed: a sample of ``bench flips`` on every run."""

import pytest

from tests.vault.figures import figures

PAYLOAD = 1500


@pytest.mark.process
def test_every_changed_bit_of_entry_header_and_payload_is_refused_at_both_gates():
    found = figures("packaging/bench/flips.py", "--json", "--payload", str(PAYLOAD))
    assert found["passed"] == 0
    assert found["entry"]["changes"] > 8 * 900
    assert found["age_header"]["changes"] > 3000
    assert found["payload"]["changes"] == PAYLOAD
    assert found["chunks"]["changes"] > 30
