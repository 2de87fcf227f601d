"""The same document at several counters: told of records that an order names, naming nobody."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.auditor.comparison import (
    Comparison,
    compare_documents,
    comparison_json,
    comparison_lines,
)
from central.auditor.opening import Opening
from central.auditor.opening_log import held
from central.auditor.orders import Act, Subject
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import session
from kiosk.documents.requests import request_key
from kiosk.domain.ids import RequestId
from tests.fakes.auditors import Auditors, auditors_of
from tests.fakes.cases import DOCUMENT, REQUEST
from tests.fakes.central_side import central, founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.sealed_cases import seal_case
from tests.services.test_sealing import ABANDONED, REFUSED, decided

pytestmark = pytest.mark.process
SPACED = f"{DOCUMENT.document_number[:4]} {DOCUMENT.document_number[4:]}".lower()
OTHER = replace(DOCUMENT, document_number="Z9Z9Z9Z9Z")
ELSEWHERE = replace(DOCUMENT, issuer="BEL")


@pytest.fixture(scope="module")
def offices(tmp_path_factory) -> Iterator[tuple[Auditors, dict[str, str]]]:
    """One document at two offices, another one, its number elsewhere, and a case without any."""
    two = auditors_of(tmp_path_factory.mktemp("compare"))
    with serving(two.layout.root) as side:
        here = EnrolledDevice().enrol(side.enrol_code())
        there = EnrolledDevice().enrol(side.enrol_code("069003"))
        request = replace(REQUEST, request_id=RequestId("another"))
        spaced = replace(DOCUMENT, document_number=SPACED)
        records = {
            "first": seal_case(here, decided(ABANDONED, case="1" * 32))[1],
            "other": seal_case(here, replace(decided(case="2" * 32), document=OTHER))[1],
            "abroad": seal_case(here, replace(decided(case="3" * 32), document=ELSEWHERE))[1],
            "bare": seal_case(here, replace(decided(REFUSED, case="4" * 32), document=None))[1],
            "second": seal_case(
                there, replace(decided(case="5" * 32), document=spaced, request=request)
            )[1],
        }
        assert here.delivery.run_once().stored == 4
        assert there.delivery.run_once().stored == 1
        yield two, records


def compared(two: Auditors, about: Subject) -> Comparison:
    now = datetime.now(UTC)
    authority = two.authority(Act.COMPARE, at=now, about=about)
    present = two.present()
    with session(two.layout, present, authority) as at_work:
        return compare_documents(two.layout, Opening(two.layout, present.identity), at_work, now)


def test_one_document_at_two_counters_is_told_and_named_nowhere(offices) -> None:
    two, records = offices
    found = compared(two, Subject(records=tuple(records.values())))
    (same,) = found.same
    assert [one.record_id for one in same.shown] == [records["first"], records["second"]]
    assert [one.office for one in same.shown] == ["075012", "069003"]
    assert [one.outcome for one in same.shown] == ["abandoned", "accepted"]
    assert (same.counters, found.looked, found.untold) == (2, 5, (records["bare"],))
    told = json.dumps(comparison_json(found)) + "".join(comparison_lines(found))
    for secret in (DOCUMENT.document_number, SPACED, DOCUMENT.surname, str(DOCUMENT.birth_date)):
        assert secret not in told


def test_each_record_is_written_down_before_and_counts(offices) -> None:
    two, records = offices
    with held(two.layout, two.control) as log:
        before = log.size
    compared(two, Subject(records=(records["first"], records["other"], "f" * 32)))
    with held(two.layout, two.control) as log:
        lines = log.lines[before:]
    assert [(line.act, line.result) for line in lines] == [("compare", "granted")] * 2
    assert {line.record_id for line in lines} == {records["first"], records["other"]}


def test_requests_and_days_of_an_office_can_be_compared_too(offices) -> None:
    two, records = offices
    keys = tuple(request_key(REQUEST.issuer, name) for name in (REQUEST.request_id, "another"))
    (same,) = compared(two, Subject(request_keys=keys)).same
    assert records["second"] in [one.record_id for one in same.shown]
    today = datetime.now(UTC).date().isoformat()
    of_one_office = compared(two, Subject(office="075012", first=today, last=today))
    assert (of_one_office.same, of_one_office.looked) == ((), 4)


def test_a_comparison_looks_for_nobody_and_stays_below_the_quota(tmp_path: Path) -> None:
    two = auditors_of(tmp_path, per_hour=1)
    with serving(two.layout.root) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        records = tuple(seal_case(device, decided(case=f"{number:032x}"))[1] for number in range(2))
        device.delivery.run_once()
        with pytest.raises(AuditRefusedError, match="order"):
            compared(two, Subject(records=records, criteria="x" * 43))
        with pytest.raises(AuditRefusedError, match="too-many"):
            compared(two, Subject(records=records))


def test_one_auditor_compares_at_the_command_line(tmp_path: Path) -> None:
    data = founded(tmp_path / "central")
    with serving(data) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        one, two = (seal_case(device, decided(case=f"{n:032x}"))[1] for n in range(2))
        device.delivery.run_once()
        mine = ("--identity", Layout(data).identity, "--data", data)
        why = ("--reason", "signal d’un bureau", "--ground", "enquête interne")
        asked = ("audit", "compare", "--record", one, *mine, *why)
        nothing = central("audit", "compare", *mine, *why, check=False)
        assert nothing.returncode == 2
        assert "name records, requests" in nothing.stderr
        alone = central(*asked, "--json")
        assert json.loads(alone.stdout)["same_document"] == []
        both = central(*asked, "--record", two, check=False)
        assert both.returncode == 1
        assert "document 1: 2 records, 1 counters, 1 agents" in both.stdout
        assert DOCUMENT.document_number not in both.stdout
