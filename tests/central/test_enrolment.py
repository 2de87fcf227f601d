"""Enrolling a device at a real central side: one code, one device."""

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.audit.entries import EntryKind, open_entry
from kiosk.crypto.certificates import make_ca
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    AlreadyEnrolledError,
    CertificateError,
    EnrolmentError,
    NotEnrolledError,
    PolicyInvalidError,
    UnreachableError,
)
from kiosk.ports import LinkAnswer
from kiosk.services.fleet import DEVICE_KEY, require_membership
from kiosk.sync.enrolment import parse_code
from kiosk.sync.messages import AuthorityAnswer, decode, encode
from tests.fakes.central_side import CentralSide
from tests.fakes.enrolled import Call, EnrolledDevice

pytestmark = pytest.mark.process


def test_a_device_knows_who_it_is_afterwards(side: CentralSide) -> None:
    device = EnrolledDevice()
    identity = device.enrolment.enrol(side.enrol_code("075012"))
    assert identity.office_id == "075012"
    assert identity.device_id == f"dev-{device.key.key_id}"
    stored, policy = require_membership(device.store)
    assert stored == identity
    assert policy.version == 1
    assert device.keys.get("device-secret") is not None


def test_its_journal_begins_with_the_enrolment(device: EnrolledDevice) -> None:
    header = open_entry(device.entries()[0], device.key.public)
    assert (header.seq, header.kind, header.policy_v) == (0, EntryKind.ENROLLED, 1)


def test_a_lost_answer_costs_nothing(side: CentralSide) -> None:
    device, code = EnrolledDevice(), side.enrol_code()

    def losing(call: Call) -> LinkAnswer:
        call.go()
        raise UnreachableError("reply lost")

    def busy(_call: Call) -> LinkAnswer:
        return LinkAnswer(503, b'{"error":"busy"}')

    for trouble in (busy, losing, losing, losing):
        device.links.trouble = trouble
        with pytest.raises(UnreachableError):
            device.enrolment.enrol(code)
    with pytest.raises(NotEnrolledError):
        require_membership(device.store)
    device.links.trouble = Call.go
    first = device.enrolment.enrol(code)
    with side.ledger() as ledger:
        assert ledger.device(first.device_id) is not None


def test_a_code_gives_the_same_certificate_to_the_same_key(side: CentralSide) -> None:
    code = side.enrol_code()
    one = EnrolledDevice()
    first = one.enrolment.enrol(code)
    again = EnrolledDevice(keys=one.keys)
    assert again.enrolment.enrol(code).certificate == first.certificate


def test_a_code_is_good_for_one_device(side: CentralSide) -> None:
    code = side.enrol_code()
    EnrolledDevice().enrolment.enrol(code)
    other = EnrolledDevice()
    with pytest.raises(EnrolmentError, match="code-used"):
        other.enrolment.enrol(code)
    with pytest.raises(NotEnrolledError):
        require_membership(other.store)


def test_an_expired_code_is_refused(side: CentralSide) -> None:
    with pytest.raises(EnrolmentError, match="code-expired"):
        EnrolledDevice().enrolment.enrol(side.enrol_code(hours=-1))


def test_an_unknown_code_is_refused(side: CentralSide) -> None:
    code = replace(parse_code(side.enrol_code()), secret=b"x" * 16)
    with pytest.raises(EnrolmentError, match="code-unknown"):
        EnrolledDevice().enrolment.enrol(code.text())


def test_a_second_enrolment_is_refused(side: CentralSide, device: EnrolledDevice) -> None:
    with pytest.raises(AlreadyEnrolledError):
        device.enrolment.enrol(side.enrol_code())


def test_a_code_that_pins_another_authority_is_refused(side: CentralSide) -> None:
    code = replace(parse_code(side.enrol_code()), ca_sha256=bytes(32))
    device = EnrolledDevice()
    with pytest.raises(CertificateError):
        device.enrolment.enrol(code.text())
    assert device.links.calls == []


def test_a_policy_of_another_root_is_refused(side: CentralSide) -> None:
    code = replace(parse_code(side.enrol_code()), root_public=SigningKey.generate().public)
    device = EnrolledDevice()
    with pytest.raises(PolicyInvalidError):
        device.enrolment.enrol(code.text())
    assert device.links.calls == []


# TLS libraries read certificates under each of these labels.
@pytest.mark.parametrize("label", ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"])
def test_a_second_authority_smuggled_beside_the_pinned_one_is_refused(
    side: CentralSide, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    device = EnrolledDevice()
    stranger = make_ca("Another", device.clock.now())[0].decode()
    stranger = stranger.replace(" CERTIFICATE-", f" {label}-")
    honest = device.links.first_contact

    def smuggling(url: str) -> LinkAnswer:
        answer = honest(url)
        told = decode(answer.body, AuthorityAnswer)
        return replace(
            answer, body=encode(AuthorityAnswer(ca=told.ca + stranger, policy=told.policy))
        )

    monkeypatch.setattr(device.links, "first_contact", smuggling)
    with pytest.raises(CertificateError):
        device.enrolment.enrol(side.enrol_code())


def test_secrets_in_a_plain_file_do_not_join_a_real_fleet(side: CentralSide) -> None:
    device, code = EnrolledDevice(), side.enrol_code()
    device.keys.is_demonstration = True
    with pytest.raises(EnrolmentError, match="demonstration"):
        device.enrolment.enrol(code)
    assert device.links.calls == []
    EnrolledDevice().enrolment.enrol(code)


def test_nobody_there_changes_nothing(side: CentralSide, tmp_path: Path) -> None:
    code = replace(parse_code(side.enrol_code()), url="https://127.0.0.1:1")
    device = EnrolledDevice()
    with pytest.raises(UnreachableError):
        device.enrolment.enrol(code.text())
    with pytest.raises(NotEnrolledError):
        require_membership(device.store)
    # The key of the first try is used again, so that the code is not spent on two devices.
    seed = device.keys.get(DEVICE_KEY)
    device.enrolment.enrol(side.enrol_code())
    assert device.keys.get(DEVICE_KEY) == seed
