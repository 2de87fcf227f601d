"""A person's own data: found without an index of persons, and nothing of others handed over."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest

from central.archive.layout import Layout
from central.auditor.access import Access, find_access, withheld, write_access
from central.auditor.opening import Opening
from central.auditor.opening_log import held
from central.auditor.orders import Act, Subject
from central.auditor.person import Match, Person, new_person, read_person
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import session
from kiosk.audit.records import Attachment
from kiosk.documents.requests import request_key
from kiosk.domain.ids import RequestId
from tests.fakes.auditors import Auditors, auditors_of
from tests.fakes.cases import DOCUMENT, REQUEST
from tests.fakes.central_side import CentralSide, central, founded, serving
from tests.fakes.enrolled import AGENT, EnrolledDevice
from tests.fakes.sealed_cases import seal_case
from tests.services.test_sealing import REFUSED, decided

pytestmark = pytest.mark.process
PICTURE = Attachment("jpg", b"\xff\xd8 a picture of a card")
OTHER = replace(DOCUMENT, surname="OTHER", given_names=("NOBODY",), document_number="Z9Z9Z9Z9Z")
PERSON = Person("0" * 32, DOCUMENT.surname, DOCUMENT.given_names[0], str(DOCUMENT.birth_date))


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Iterator[tuple[Auditors, CentralSide, EnrolledDevice, list[str]]]:
    two = auditors_of(tmp_path_factory.mktemp("access"))
    with serving(two.layout.root) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        own = seal_case(device, decided(case="1" * 32), (PICTURE,))[1]
        request = replace(REQUEST, request_id=RequestId("another"))
        elses = replace(decided(case="2" * 32), document=OTHER, request=request)
        other = seal_case(device, elses)[1]
        bare = replace(decided(REFUSED, case="3" * 32), document=None, request=None)
        untold = seal_case(device, bare)[1]
        assert device.delivery.run_once().stored == 3
        yield two, side, device, [own, other, untold]


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def looked(two: Auditors, about: Subject, person: Person | None) -> Access:
    now = datetime.now(UTC)
    authority = two.authority(Act.ACCESS, at=now, about=about)
    present = two.present()
    with session(two.layout, present, authority) as at_work:
        return find_access(two.layout, Opening(two.layout, present.identity), at_work, person, now)


def ids(access: Access) -> list[str]:
    return [str(one.record["record_id"]) for one in access.copied]


def test_a_request_brings_its_record_and_no_other(office) -> None:
    two, _, _, (own, _, _) = office
    key = request_key(REQUEST.issuer, REQUEST.request_id)
    access = looked(two, Subject(request_keys=(key,)), None)
    assert (ids(access), access.looked) == ([own], 1)


def test_a_search_by_days_keeps_only_what_is_the_persons(office) -> None:
    two, _, _, (own, _, untold) = office
    about = Subject(office="075012", first=today(), last=today(), criteria=PERSON.digest)
    access = looked(two, about, PERSON)
    assert (ids(access), access.looked, access.untold) == ([own], 3, (untold,))
    with held(two.layout, two.control) as log:
        assert sum(line.act == "access" and bool(line.record_id) for line in log.lines) >= 3
        words = two.layout.openings.read_text()
    assert DOCUMENT.surname not in words
    assert PERSON.birth_date not in words


@pytest.mark.parametrize(
    ("about", "person", "why"),
    [
        (Subject(office="075012", first=today(), last=today()), None, "order"),
        (Subject(office="075012", first=today(), last=today()), PERSON, "order"),
        (
            Subject(office="075012", first="2026-01-01", last="2026-12-31", criteria=PERSON.digest),
            PERSON,
            "order",
        ),
        (Subject(office="075012", first="x", last="y", criteria=PERSON.digest), PERSON, "order"),
    ],
)
def test_a_search_without_bounds_or_for_somebody_else_is_refused(
    office, about: Subject, person: Person | None, why: str
) -> None:
    with pytest.raises(AuditRefusedError) as caught:
        looked(office[0], about, person)
    assert caught.value.why == why


def test_a_search_that_would_open_too_much_is_blocked_as_a_whole(tmp_path: Path) -> None:
    two = auditors_of(tmp_path, per_hour=1)
    with serving(two.layout.root) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        device.seal()
        device.delivery.run_once()
        about = Subject(office="075012", first=today(), last=today(), criteria=PERSON.digest)
        with pytest.raises(AuditRefusedError, match="too-many"):
            looked(two, about, PERSON)
    with held(two.layout, two.control) as log:
        assert [(line.result, line.why) for line in log.lines] == [("blocked", "too-many")]


def test_the_copy_is_readable_and_names_no_agent(office, tmp_path: Path) -> None:
    two, _, _, (own, _, _) = office
    now, present = datetime.now(UTC), office[0].present()
    authority = two.authority(Act.ACCESS, (own,), now)
    with session(two.layout, present, authority) as at_work:
        access = find_access(two.layout, Opening(two.layout, present.identity), at_work, None, now)
        write_access(tmp_path / "copy", access, at_work, now)
    files = sorted(str(p.relative_to(tmp_path / "copy")) for p in (tmp_path / "copy").rglob("*.*"))
    (picture,) = (tmp_path / "copy" / "fichiers").iterdir()
    assert picture.read_bytes() == PICTURE.data
    assert {"donnees.json", "donnees.pdf", "manifest.jws"} < set(files)
    told = json.loads((tmp_path / "copy" / "donnees.json").read_bytes())
    record = told["records"][0]["record"]
    assert record["visavis"]["agent_id"] == {"masked": True}
    assert record["visavis"]["decision"]["fraud_suspected"] == {"masked": True}
    with pypdfium2.PdfDocument(tmp_path / "copy" / "donnees.pdf") as document:
        words = "".join(page.get_textpage().get_text_range() for page in document)
    assert DOCUMENT.document_number in words
    assert AGENT not in words


def test_nothing_found_is_told_and_written_down(office) -> None:
    two = office[0]
    access = looked(two, Subject(records=("f" * 32,)), None)
    assert (access.copied, access.closed) == ((), ("f" * 32,))


def test_the_file_about_a_person_gives_nothing_away_in_an_order(tmp_path: Path) -> None:
    first = new_person(tmp_path / "a.json", "Lefèvre", "Antoine", "1984-03-22", "")
    second = new_person(tmp_path / "b.json", "Lefèvre", "Antoine", "1984-03-22", "")
    assert first.digest != second.digest
    assert read_person(tmp_path / "a.json") == first
    for wrong in (("", "", "", ""), ("Lefèvre", "", "", ""), ("L", "", "22/03/1984", "")):
        with pytest.raises(ValueError):
            new_person(tmp_path / "c.json", *wrong)
    with pytest.raises(ValueError, match="nobody"):
        read_person(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("claims", "number", "match"),
    [
        ({"family_name": "LEFÈVRE", "given_name": "Antoine Louis"}, "", Match.SAME),
        ({"family_name": "Lefevre", "given_name": "ANTOINE"}, "", Match.SAME),
        ({"family_name": "Lefebvre", "given_name": "Antoine"}, "", Match.OTHER),
        ({"family_name": "Lefèvre", "given_name": "Louis"}, "", Match.OTHER),
        ({}, "", Match.UNKNOWN),
        ({}, "x4r tbp fw4", Match.SAME),
        ({}, "X4RTBPFW5", Match.OTHER),
    ],
)
def test_a_record_is_told_by_number_or_by_name_and_birth(claims, number, match) -> None:
    born = {**claims, "birthdate": "1984-03-22"} if claims else {}
    record = {"verified_claims": {"claims": born}, "visavis": {"document": {"number": number}}}
    person = Person("0" * 32, "LEFÈVRE", "Antoine", "1984-03-22", "X4RTBPFW4")
    assert person.matches(record) is match


def test_what_is_withheld_leaves_the_record_as_it_was() -> None:
    record = {"visavis": {"agent_id": "a", "hands": [], "decision": {"fraud_suspected": True}}}
    shown = withheld(record)
    assert record["visavis"]["agent_id"] == "a"
    assert shown["visavis"]["hands"] == []


def test_one_auditor_copies_and_erases_at_the_command_line(tmp_path: Path) -> None:
    data = founded(tmp_path / "central")
    with serving(data) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        record = seal_case(device, decided())[1]
        device.delivery.run_once()
        mine = ("--identity", Layout(data).identity, "--data", data)
        why = ("--reason", "demande de la personne", "--ground", "art. 15 RGPD")
        copy = central("audit", "access", "--record", record, "--out", tmp_path / "c", *mine, *why)
        assert "1 records of 1" in copy.stdout
        held_ = central("audit", "hold", record, *mine, *why, "--json")
        assert json.loads(held_.stdout) == {"held": 1}
        refused = central("audit", "erase", record, *mine, *why, check=False)
        assert (refused.returncode, json.loads(refused.stdout)["why"]) == (1, "hold")
        central("audit", "release", record, *mine, *why)
        erased = json.loads(central("audit", "erase", record, *mine, *why, "--json").stdout)
        assert erased["records"][0]["erased"] is True
        again = central("audit", "open", record, *mine, check=False)
        assert json.loads(again.stdout)["why"] == "erased"
        assert central("audit", "reapply", "--data", data).returncode == 0
        assert central("audit", "verify", "--data", data).returncode == 0
