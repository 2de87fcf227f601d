"""What a policy may say of witnesses, and what an older one, which says nothing, means."""

import json
from typing import Any

import pytest

from kiosk.audit.witnesses import NO_QUORUM
from kiosk.crypto.cosignatures import Cosigner
from kiosk.crypto.jws import sign_compact
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import PolicyInvalidError, ReceiptInvalidError, ReceiptUnwitnessedError
from kiosk.sync.policy import TYP, open_policy, policy_json
from kiosk.sync.receipts import LogKey, require_witnesses
from tests.fakes.membership import LOG, POLICY_IN_FORCE, ROOT

A, B = (SigningKey.from_seed(bytes([number]) * 32) for number in (21, 22))
ONE, TWO = Cosigner("w.test/1", A.public), Cosigner("w.test/2", B.public)


def opened(witnesses: dict[str, Any] | None) -> Any:
    values = json.loads(policy_json(POLICY_IN_FORCE))
    del values["witnesses"]
    if witnesses is not None:
        values["witnesses"] = witnesses
    return open_policy(sign_compact(json.dumps(values).encode(), ROOT, TYP), ROOT.public)


def test_a_policy_of_before_demands_no_witness():
    assert opened(None).witnesses.terms == NO_QUORUM
    assert LogKey("log.test", LOG.public).quorum == NO_QUORUM


def test_witnesses_are_read_from_their_keys():
    terms = opened({"keys": [ONE.text(), TWO.text()], "quorum": 2}).witnesses.terms
    assert (terms.cosigners, terms.needed) == ((ONE, TWO), 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"keys": [ONE.text()], "quorum": 2},
        {"keys": [], "quorum": 1},
        {"keys": [ONE.text(), ONE.text()], "quorum": 2},
        {"keys": [ONE.text(), Cosigner("w.test/other", A.public).text()], "quorum": 2},
        {"keys": [ONE.text(), Cosigner("w.test/1", B.public).text()], "quorum": 2},
        {"keys": [Cosigner("w.test/1", LOG.public).text()], "quorum": 1},
        {"keys": [verifier_key("log.test", LOG.public)], "quorum": 1},
        {"keys": ["a+b+c"], "quorum": 1},
        {"keys": [ONE.text()], "quorum": -1},
        {"keys": [ONE.text()] * 17, "quorum": 1},
    ],
)
def test_witnesses_that_are_not_so_many_other_parties_are_refused(wrong: dict[str, Any]):
    with pytest.raises(PolicyInvalidError, match="contents"):
        opened(wrong)


def test_too_few_witnesses_is_a_receipt_that_proves_nothing():
    terms = opened({"keys": [ONE.text()], "quorum": 1}).witnesses.terms
    with pytest.raises(ReceiptUnwitnessedError) as caught:
        require_witnesses("log.test\n1\nx\n\n— log.test QUJDREVG\n", terms)
    assert isinstance(caught.value, ReceiptInvalidError)
    assert caught.value.code == "SYNC-031"
