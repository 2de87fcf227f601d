"""What the authority makes: keys, policy, codes, requests."""

import json
import os
import socket
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from central.archive.layout import FolderError, Layout
from central.authority.explaining import EXPLANATIONS, explained
from central.authority.policies import Policies, changed_policy
from central.authority.requests import parse_birth_date
from kiosk.crypto.age import Identity
from kiosk.documents.requests import judge
from kiosk.domain.errors import PolicyInvalidError
from kiosk.domain.evidence import DocumentKind, PartialDate
from kiosk.domain.ids import OfficeId
from kiosk.domain.request import RequestVerdict
from kiosk.sync.enrolment import parse_code
from tests.fakes.central_side import ask, central, founded

OFFICE = OfficeId("075012")
PERSON = ("--surname", "Berthier", "--given-names", "Corinne, Maëlys", "--birth-date", "1965-12-06")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return founded(tmp_path_factory.mktemp("authority") / "data")


def verdict(data: Path, token: str, at: datetime, office: OfficeId = OFFICE) -> RequestVerdict:
    issuers = Policies(Layout(data)).in_force().request_issuers
    return judge(token, {i.kid: i.public for i in issuers}, at, office)[0]


# --- founding ---


def test_every_secret_is_for_its_owner_only(data: Path) -> None:
    layout = Layout(data)
    secrets = [
        layout.root_key,
        layout.ca_key,
        layout.issuer_key,
        layout.log_key,
        layout.enrolment_key,
        layout.server_key,
        layout.identity,
    ]
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
        assert stat.S_IMODE(layout.collector.stat().st_mode) == 0o700


def test_the_collector_holds_no_key_that_opens_a_record(data: Path) -> None:
    layout = Layout(data)
    identity = Identity.parse(layout.identity.read_text().strip())
    for path in layout.collector.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert identity.text.encode() not in content
            assert identity.seed not in content
    (recipient,) = Policies(layout).in_force().recipients
    assert recipient.age == identity.recipient


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("mine")
    with pytest.raises(FolderError):
        founded(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["something"]


def test_no_central_side_here_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="init"):
        Policies(Layout(tmp_path))


# --- the policy ---


def test_every_line_of_the_policy_is_explained(data: Path) -> None:
    policy = Policies(Layout(data)).in_force()
    text = explained(policy)
    for name, meaning in EXPLANATIONS.items():
        assert f"# {meaning}\n{name} = " in text


def test_a_change_makes_the_next_version(tmp_path: Path) -> None:
    policies = Policies(Layout(founded(tmp_path / "data")))
    now = datetime(2026, 11, 25, tzinfo=UTC)
    changes = {
        "evidence_images": "true",
        "feature_count": "4",
        "retention.blob_grace_hours": "6",
        "notices": "Fermeture à 17 h | Réunion jeudi",
        "accepted_documents": "fr-passport, fr-id-card-2021",
    }
    policies.change(changes, now)
    policy = policies.in_force()
    assert (policy.version, policy.issued_at) == (2, now)
    assert (policy.evidence_images, policy.feature_count) == (True, 4)
    assert policy.retention.blob_grace_hours == 6
    assert policy.notices == ("Fermeture à 17 h", "Réunion jeudi")
    assert policy.accepted_documents == (DocumentKind.FR_PASSPORT, DocumentKind.FR_ID_CARD_2021)


def test_a_policy_may_be_signed_before_its_day(data: Path) -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    policy = changed_policy(Policies(Layout(data)).in_force(), {"valid_from": "2027-01-01"}, now)
    assert policy.valid_from == date(2027, 1, 1)
    assert changed_policy(policy, {"feature_count": "4"}, now).valid_from == date(2027, 1, 1)
    assert changed_policy(policy, {"valid_from": ""}, now).valid_from is None


def test_what_is_made_today_is_made_by_the_policy_of_today(tmp_path: Path) -> None:
    policies = Policies(Layout(founded(tmp_path / "central")))
    now = datetime(2026, 12, 1, tzinfo=UTC)
    policies.change({"valid_from": "2027-01-01", "feature_count": "4"}, now)
    policies.change({"valid_from": "2027-02-01", "feature_count": "5"}, now)
    days = (date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 31), date(2027, 2, 1))
    assert [policies.of_day(day).version for day in days] == [1, 2, 2, 3]
    assert policies.in_force().version == 3
    policies.change({"valid_from": "", "feature_count": "6"}, now)
    assert [policies.of_day(day).feature_count for day in days] == [6, 6, 6, 6]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recipients", "[]"),
        ("version", "9"),
        ("feature_count", "1"),
        ("feature_count", "three"),
        ("evidence_images", "yes"),
        ("accepted_documents", "library-card"),
        ("retention.draft_hours", "0"),
        ("of_tomorrow", "1"),
        ("valid_from", "tomorrow"),
        ("valid_from", "2027-02-29"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(data: Path, name: str, value: str) -> None:
    policy = Policies(Layout(data)).in_force()
    with pytest.raises(PolicyInvalidError):
        changed_policy(policy, {name: value}, datetime.now(UTC))


# --- the command line ---

pytestmark = pytest.mark.process


def test_init_answers_and_refuses_a_second_time(tmp_path: Path) -> None:
    target = tmp_path / "central"
    answer = ask("init", target, "--demonstration")
    assert answer["policy_version"] == 1
    assert ask("policy", "show", "--data", target)["demonstration"] is True
    again = central("init", target, "--demonstration", check=False)
    assert (again.returncode, again.stdout) == (3, "")
    assert "not empty" in again.stderr


def test_a_request_is_accepted_at_the_counter(data: Path, tmp_path: Path) -> None:
    png = tmp_path / "request.png"
    answer = ask("request", "new", "--data", data, *PERSON, "--png", png)
    (found,) = zxingcpp.read_barcodes(Image.open(png))
    assert found.text == answer["token"]
    assert verdict(data, answer["token"], datetime.now(UTC)) is RequestVerdict.VALID


def test_a_request_says_what_was_announced(data: Path) -> None:
    extra = ("--document-kind", "fr-passport", "--document-number", "12AB34567", "--office", OFFICE)
    token = ask("request", "new", "--data", data, *PERSON, *extra)["token"]
    issuers = Policies(Layout(data)).in_force().request_issuers
    keys = {i.kid: i.public for i in issuers}
    _, request = judge(token, keys, datetime.now(UTC), OFFICE)
    assert request is not None
    assert (request.surname, request.given_names) == ("Berthier", ("Corinne", "Maëlys"))
    assert request.birth_date == PartialDate(1965, 12, 6)
    assert request.document_kind is DocumentKind.FR_PASSPORT
    assert request.document_number == "12AB34567"
    other = verdict(data, token, datetime.now(UTC), OfficeId("069001"))
    assert other is RequestVerdict.WRONG_OFFICE


def test_requests_for_every_answer_can_be_made(data: Path) -> None:
    past = ("--not-before-hours", "-48", "--hours", "24")
    expired = ask("request", "new", "--data", data, *PERSON, *past)["token"]
    early = ask("request", "new", "--data", data, *PERSON, "--not-before-hours", "5")["token"]
    now = datetime.now(UTC)
    assert verdict(data, expired, now) is RequestVerdict.EXPIRED
    assert verdict(data, early, now) is RequestVerdict.NOT_YET_VALID
    assert verdict(data, early, now + timedelta(hours=6)) is RequestVerdict.VALID


def test_an_enrolment_code_is_a_picture_too(data: Path, tmp_path: Path) -> None:
    png = tmp_path / "code.png"
    where = ("--url", "https://10.0.0.5:8443", "--office", OFFICE, "--png", png)
    answer = ask("enrol-code", "--data", data, *where)
    (found,) = zxingcpp.read_barcodes(Image.open(png))
    assert found.text == answer["code"]
    assert parse_code(found.text).url == "https://10.0.0.5:8443"


def test_the_terminal_shows_the_code_and_its_text(data: Path) -> None:
    told = central("enrol-code", "--data", data, "--office", OFFICE).stdout
    assert "▀" in told
    assert "VVE1." in told


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("request", "new", *PERSON[:-1], "1965-02-30"), 2),
        (("request", "new", *PERSON[:-1], "hier"), 2),
        (("request", "new"), 2),
        (("policy", "set", "feature_count"), 2),
        (("policy", "set", "feature_count=1"), 2),
        (("enrol-code",), 2),
        (("enrol-code", "--office", "x" * 3000), 2),
        (("enrol-code", "--office", "1", "--url", "http://localhost:1"), 2),
        (("audit", "open", "0" * 32, "--identity", "/nowhere"), 3),
        (("nothing",), 2),
    ],
)
def test_wrong_use_has_its_exit_status(data: Path, arguments: tuple[str, ...], status: int) -> None:
    folder = () if arguments == ("nothing",) else ("--data", data)
    done = central(*arguments, *folder, check=False)
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_a_command_without_its_folder_says_what_to_do(tmp_path: Path) -> None:
    done = central("policy", "show", "--data", tmp_path, check=False)
    assert done.returncode == 3
    assert "init" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("enrol-code", "--office", "../x"), "an office is written like 075012"),
        (("enrol-code", "--office", "1", "--url", "http://x"), "https://NAME:PORT"),
        (("audit", "open", "0" * 32, "--identity", "/nowhere"), "nowhere is not there"),
        (("serve", "--host", "192.0.2.1"), "cannot listen on 192.0.2.1, port 8443"),
    ],
)
def test_what_went_wrong_is_said_in_words(
    data: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = central(*arguments, "--data", data, check=False)
    assert done.returncode in {2, 3}
    assert words in " ".join(done.stderr.replace("│", " ").split())


def test_a_port_that_is_taken_is_named(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = central("serve", "--port", port, "--data", data, check=False)
    assert done.returncode == 3
    assert f"cannot listen on 127.0.0.1, port {port}" in done.stderr


def test_the_folder_that_holds_no_central_side_is_named(tmp_path: Path) -> None:
    done = central("serve", "--data", tmp_path / "nowhere", check=False)
    assert str(tmp_path / "nowhere") in done.stderr


def test_policy_show_is_json_too(data: Path) -> None:
    told = central("policy", "show", "--data", data, "--json").stdout
    assert json.loads(told)["version"] == 1


@pytest.mark.parametrize("text", ["1990", "1990-13-01", "1990-1", "", "a-b-c", "1990-00-00"])
def test_a_birth_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_birth_date(text)


def test_a_birth_date_may_be_partly_unknown() -> None:
    assert parse_birth_date("1958-XX-XX") == PartialDate(1958)
