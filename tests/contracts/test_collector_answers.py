"""Every documented answer of the collector is given by a running one, and no other is.

A tour of real calls provokes each status and each word of the document. What was seen and what is
documented must be the same set; what cannot be provoked from outside is named, with its reason.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import schemathesis
from requests.auth import AuthBase

from central.archive.later_rows import LaterRow
from central.archive.layout import Layout
from central.archive.result_rows import ProviderRow, ResultRow, ResultState
from central.archive.storage import open_database
from central.authority.policies import Policies
from central.collector.admission import LONGEST_S, MOST_AT_WORK
from kiosk.audit.entries import EntryKind
from kiosk.audit.records import RecordContents, seal_record
from kiosk.crypto import age
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import RecordId
from kiosk.services.journal import ORIGIN_SEQ, RATCHET_ORIGIN
from kiosk.services.part_upload import PART_TYPE
from kiosk.services.record_upload import BLOB_TYPE
from kiosk.sync.contact import ContactOrder, SheetOrder
from kiosk.sync.enrolment import parse_code, sign_claim
from kiosk.sync.later_contacts import LATER_FACT, LATER_TO_FACT
from kiosk.sync.messages import (
    MAX_BLOB_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_PART_BYTES,
    EnrolmentPost,
    LogPush,
    RecipientPut,
    encode,
)
from kiosk.sync.questions import AnswerPost, QuestionPut
from kiosk.sync.results import RESULT_FACT, RESULT_TO_FACT
from kiosk.sync.rounds import announce_recipient
from tests.central.test_collector import push
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.contract import DOCUMENT, DeviceAuth, Document
from tests.fakes.enrolled import EnrolledDevice
from ui.demonstration.post import Post

pytestmark = pytest.mark.process
NOWHERE = "127.0.0.1:9"
"""The discard port of this machine: nobody hands a message over there."""
JSON = "application/json"
CASE = "c" * 32
DAY = "2026-11-26"

UNSEEN = {
    # A device is never removed: the word is for the moment between two transactions.
    "device-unknown": {404},
}

Seen = tuple[str, str, int, str]


@dataclass
class Tour:
    """Calls that are judged by the document and remembered."""

    side: CentralSide
    device: EnrolledDevice
    ca: Path
    seen: set[Seen]
    document: Document = field(default_factory=Document)

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(self.ca)
        self.schema = schemathesis.openapi.from_path(DOCUMENT)
        self.auth = DeviceAuth(self.device.key)
        self.id = self.device.identity.device_id

    def template(self, path: str) -> str:
        """The documented path that a real one is of."""
        bare = path.partition("?")[0]
        fits = [
            known
            for known in self.document.root["paths"]
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", known), bare)
        ]
        (found,) = fits
        return found

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        auth: AuthBase | None = None,
        **headers: str,
    ) -> requests.Response:
        """One call, judged and remembered; unsigned unless ``auth`` is given."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = requests.Request(method, self.side.url + path, named, data=body, auth=auth)
        prepared = self.session.prepare_request(request)
        response = self.session.send(prepared, allow_redirects=False, timeout=60)
        template = self.template(path)
        self.schema[template][method].validate_response(response)
        is_problem = response.status_code >= 400 and "json" in response.headers["content-type"]
        word = response.json()["error"] if is_problem else ""
        self.seen.add((method, template, response.status_code, word))
        return response

    def call(
        self, method: str, what: str, body: bytes = b"", kind: str = JSON, **headers: str
    ) -> tuple[int, str]:
        """A signed call about this device; its status and word."""
        path = what if what.startswith("/") else f"/v1/devices/{self.id}/{what}"
        answer = self.ask(method, path, body, self.auth, Content_Type=kind, **headers)
        word = answer.json().get("error", "") if answer.status_code >= 400 else ""
        return answer.status_code, word

    def real(self, path: str, device: str = "") -> str:
        """A documented path with names that this device would use."""
        values = {"seq": "1", "challenge": "f" * 32, "day": DAY, "secret": "x"}
        values |= {"question": "e" * 32, "asker": self.id, "device": device or self.id}
        values["position"] = "1"
        return re.sub(r"{(\w+)}", lambda found: values[found[1]], path)


def order(address: str, channel: str = "email", case: str = CASE, code: str = "") -> bytes:
    return encode(ContactOrder(case=case, channel=channel, address=address, code=code))


Scene = Callable[[Tour, Post, Path], None]
SCENES: list[Scene] = []


def scene(visit: Scene) -> Scene:
    """A part of the tour; one test runs them all, because only the whole can be judged."""
    SCENES.append(visit)
    return visit


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    running = Post()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def toured(tmp_path_factory, post) -> Iterator[CentralSide]:
    data = founded(tmp_path_factory.mktemp("tour") / "data")
    settings = Layout(data).contact_settings
    post.write_settings(settings)
    text = re.sub(r'(\[sms\]\nurl = "http://)[^/]+', rf"\g<1>{NOWHERE}", settings.read_text())
    settings.write_text(text + '\n[page]\nurl = "https://codes.example.org/"\n')
    with serving(data) as running:
        yield running


def tour_of(side: CentralSide, seen: set[Seen], folder: Path) -> Tour:
    device = EnrolledDevice().enrol(side.enrol_code())
    ca = folder / "ca.pem"
    ca.write_text(device.identity.ca_pem)
    return Tour(side, device, ca, seen)


@pytest.fixture
def tour(toured, tmp_path) -> Iterator[Tour]:
    made = tour_of(toured, set(), tmp_path)
    yield made
    made.session.close()


# --- what every call of a kind answers alike ------------------------------------------------------


@scene
def who_is_not_the_device_is_refused_by_every_signed_call(
    tour: Tour, post: Post, folder: Path
) -> None:
    stranger = DeviceAuth(SigningKey.generate())
    other = f"dev-{'0' * 16}"
    for method, path in sorted(tour.document.signed()):
        real = tour.real(path)
        assert tour.ask(method, real).json()["error"] == "signature"
        assert tour.ask(method, real, auth=stranger).json()["error"] == "signature"
        old = tour.ask(method, real, auth=DeviceAuth(tour.device.key, timedelta(minutes=6)))
        assert old.json()["error"] == "stale-signature"
        assert old.json()["time"]
        if "{device}" in path:
            answer = tour.ask(method, tour.real(path, other), auth=tour.auth)
            assert answer.json()["error"] == "another-device"
            answer = tour.ask(method, tour.real(path, "a%2Fb"), auth=tour.auth)
            assert answer.json()["error"] == "no-such-call"
    for method in ("GET", "POST"):
        assert tour.ask(method, "/c/a%2Fb").status_code == 404


def _documented(tour: Tour, word: str) -> Iterator[tuple[str, str]]:
    for answer in tour.document.answers():
        if word in answer.words:
            yield answer.method, answer.path


@scene
def another_body_than_the_signed_one_is_refused(tour: Tour, post: Post, folder: Path) -> None:
    seq, sealed = tour.device.seal()
    log_all(tour)
    other = DeviceAuth(tour.device.key, body=b"what was signed")
    for method, path in _documented(tour, "digest"):
        real = tour.real(path).replace("/records/1", f"/records/{seq}")
        answer = tour.ask(method, real, sealed.blob[:2000], other)
        assert (answer.status_code, answer.json()["error"]) == (422, "digest"), path


@scene
def what_is_no_message_is_refused(tour: Tour, post: Post, folder: Path) -> None:
    for method, path in _documented(tour, "message"):
        signed = tour.auth if (method, path) in tour.document.signed() else None
        for body in (b"{}", b"", b"[", b'{"a":"\\ud800"}', b"<html>", b"\xff"):
            answer = tour.ask(method, tour.real(path), body, signed)
            assert (answer.status_code, answer.json()["error"]) == (400, "message"), path


@scene
def what_is_too_large_is_refused_after_it_was_read(tour: Tour, post: Post, folder: Path) -> None:
    seq, _ = tour.device.seal()
    log_all(tour)
    for method, path in _documented(tour, "too-large"):
        if (method, path) in tour.document.signed("provider"):
            continue  # where there is a provider, see there
        real = tour.real(path).replace("/records/1", f"/records/{seq}")
        signed = tour.auth if (method, path) in tour.document.signed() else None
        body, more = bytes(MAX_MESSAGE_BYTES + 1), {}
        if path.endswith("records/{seq}"):
            body = bytes(MAX_BLOB_BYTES + 1)
        elif method == "POST" and path.endswith("/upload"):
            body, more = b"", {"Upload_Length": str(MAX_BLOB_BYTES + 1)}
        answer = tour.ask(method, real, body, signed, **more)
        word = answer.json()["error"]
        # 64 KiB without the end of an age header say already that it is none.
        expected = (422, "not-sealed") if len(body) > MAX_BLOB_BYTES else (413, "too-large")
        assert (answer.status_code, word) == expected, path


@scene
def a_record_beyond_every_bound_is_refused(tour: Tour, post: Post, folder: Path) -> None:
    seq, sealed = tour.device.seal()
    log_all(tour)
    header, _ = age.split(sealed.blob)
    status = tour.call("PUT", f"records/{seq}", header + bytes(MAX_BLOB_BYTES), BLOB_TYPE)
    assert status == (413, "too-large")


@scene
def a_central_side_whose_stores_fail_says_not_now_to_everything(
    tour: Tour, post: Post, folder: Path
) -> None:
    data = founded(folder / "failing")
    post.write_settings(Layout(data).contact_settings)
    with serving(data) as side:
        failing = tour_of(side, tour.seen, folder)
        with closing(sqlite3.connect(Layout(data).database, timeout=30)) as other, other:
            for (name,) in other.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table'"
            ).fetchall():
                if not name.startswith("sqlite"):
                    other.execute(f'DROP TABLE "{name}"')
        assert failing.ask("GET", "/readyz").status_code == 503
        assert failing.ask("GET", "/healthz").status_code == 200
        claim = sign_claim(bytes(16), "0.1.0", failing.device.key)
        for method, path in _documented(failing, "busy"):
            body = encode(EnrolmentPost(claim=claim)) if path == "/v1/enrolments" else b""
            signed = failing.auth if (method, path) in failing.document.signed() else None
            answer = failing.ask(method, failing.real(path), body, signed)
            assert (answer.status_code, answer.json()["error"]) == (503, "busy"), path
        failing.session.close()
        assert "Traceback" not in side.log.read_text()


# --- anybody --------------------------------------------------------------------------------------


@scene
def anybody_may_ask_the_time_and_the_authority(tour: Tour, post: Post, folder: Path) -> None:
    assert tour.ask("GET", "/healthz").text == "ok\n"
    assert tour.ask("GET", "/readyz").status_code == 200
    assert tour.ask("GET", "/v1/authority").status_code == 200
    note = tour.ask("GET", "/v1/time?nonce=abc").text
    assert note.split("\n")[2] == "abc"
    for nonce in ("", "?nonce=", "?nonce=" + "a" * 65, "?nonce=a%20b", "?nonce=%C3%A9"):
        assert tour.ask("GET", f"/v1/time{nonce}").status_code == 400


@scene
def a_crowd_is_told_when_to_come_again(tour: Tour, post: Post, folder: Path) -> None:
    def send(_: int) -> int:
        link = tour.device.link()
        try:
            return link.call("POST", f"/v1/devices/{tour.id}/log", entries).status
        finally:
            link.close()

    entries = encode(push(tour.device, 0, tour.device.entries()))
    crowd = MOST_AT_WORK + 2
    with closing(sqlite3.connect(Layout(tour.side.data).database, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")  # all of them wait for this writer
        with ThreadPoolExecutor(crowd) as pool:
            pushed = pool.map(send, range(crowd))
            answer = tour.ask("GET", "/v1/time?nonce=n")
            while answer.status_code == 200:
                answer = tour.ask("GET", "/v1/time?nonce=n")
            other.rollback()
            assert set(pushed) == {200}
    assert (answer.status_code, answer.json()["error"]) == (503, "crowded")
    assert 1 <= int(answer.headers["Retry-After"]) <= LONGEST_S
    assert tour.ask("GET", "/v1/time?nonce=n").status_code == 200


@scene
def a_code_enrols_one_device(tour: Tour, post: Post, folder: Path) -> None:
    def enrol(secret: bytes, key: SigningKey) -> int:
        body = encode(EnrolmentPost(claim=sign_claim(secret, "0.1.0", key)))
        return tour.ask("POST", "/v1/enrolments", body).status_code

    code, key = parse_code(tour.side.enrol_code()), SigningKey.generate()
    assert [enrol(code.secret, key), enrol(code.secret, key)] == [200, 200]
    assert enrol(code.secret, SigningKey.generate()) == 409
    assert enrol(bytes(16), key) == 403
    assert enrol(parse_code(tour.side.enrol_code(hours=-1)).secret, SigningKey.generate()) == 410
    assert tour.ask("POST", "/v1/enrolments", b'{"claim":"x"}').status_code == 422


@scene
def the_policy_is_sent_once(tour: Tour, post: Post, folder: Path) -> None:
    first = tour.ask("GET", "/v1/policy", auth=tour.auth)
    assert first.status_code == 200
    again = tour.ask("GET", "/v1/policy", auth=tour.auth, If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")


# --- journal and records --------------------------------------------------------------------------


def log_all(tour: Tour) -> None:
    message = push(tour.device, 0, tour.device.entries())
    assert tour.call("POST", "log", encode(message)) == (200, "")


@scene
def a_journal_is_taken_whole_or_not_at_all(tour: Tour, post: Post, folder: Path) -> None:
    device = tour.device
    device.seal()

    def send(message: LogPush) -> tuple[int, str]:
        return tour.call("POST", "log", encode(message))

    entries = device.entries()
    altered = entries[0][:-4] + ("AAAA" if entries[0][-4:] != "AAAA" else "BBBB")
    assert send(push(device, 0, [altered])) == (422, "entry")
    assert send(push(device, 0, [entries[1]])) == (422, "entry-place")
    assert send(replace_checkpoint(push(device, 0, entries), "x")) == (422, "checkpoint")
    assert send(push(device, 1, entries[1:])) == (409, "gap")
    assert send(push(device, 0, entries)) == (200, "")
    assert tour.call("GET", "log") == (200, "")
    foreign = {RESULT_FACT: b64u(bytes(32)), RESULT_TO_FACT: "0" * 16}
    before = device.clone()
    own = [recipient.age for recipient in device.policy.recipients]
    contents = RecordContents({"visavis": {}})
    sealed = seal_record(contents, own, device.agent_key, device.key)
    with before.store.begin() as uow:
        record_id = RecordId("b" * 32)
        before.journal.append(uow, EntryKind.VERIFY_CLOSE, foreign, sealed, record_id)
        uow.commit()
    assert send(push(before, 0, before.entries())) == (422, "result")
    foreign = {LATER_FACT: b64u(bytes(32)), LATER_TO_FACT: "0" * 16}
    before = device.clone()
    with before.store.begin() as uow:
        before.journal.append(uow, EntryKind.VERIFY_CLOSE, foreign, sealed, record_id)
        uow.commit()
    assert send(push(before, 0, before.entries())) == (422, "later")
    outsider = age.Identity.generate().recipient
    device.seal(recipients=(outsider,))
    assert send(push(device, 0, device.entries())) == (422, "recipients")


def replace_checkpoint(message: LogPush, checkpoint: str) -> LogPush:
    return LogPush(start=message.start, entries=message.entries, checkpoint=checkpoint)


@scene
def the_beginning_of_the_ratchet_is_taken_once(tour: Tour, post: Post, folder: Path) -> None:
    log_all(tour)
    with tour.device.store.begin() as uow:
        sealed, seq = uow.values.get(RATCHET_ORIGIN), uow.values.get(ORIGIN_SEQ)
    assert sealed is not None
    assert seq is not None
    path = f"ratchet/{int(seq)}"
    assert tour.call("POST", path, b"x", BLOB_TYPE) == (422, "origin")
    assert tour.call("POST", path, sealed, BLOB_TYPE) == (201, "")
    assert tour.call("POST", path, sealed, BLOB_TYPE) == (200, "")
    assert tour.call("POST", "ratchet/999", sealed, BLOB_TYPE) == (404, "entry-unknown")
    assert tour.call("POST", f"ratchet/{10**30}", b"", BLOB_TYPE) == (404, "entry-unknown")


def miscounted(device: EnrolledDevice) -> tuple[int, bytes]:
    """A record that is sealed to one more than its entry says."""
    ours = tuple(recipient.age for recipient in device.policy.recipients)
    to = (*ours, age.Identity.generate().recipient)
    sealed = seal_record(RecordContents({"visavis": {}}), to, device.agent_key, device.key)
    told = replace(sealed, recipients=sealed.recipients[: len(ours)])
    with device.store.begin() as uow:
        record_id = RecordId(f"{uow.journal.size():032x}")
        seq, _ = device.journal.append(uow, EntryKind.VERIFY_CLOSE, {}, told, record_id)
        uow.commit()
    return seq, sealed.blob


@scene
def a_record_is_taken_once_and_only_as_announced(tour: Tour, post: Post, folder: Path) -> None:
    seq, sealed = tour.device.seal()
    wrong, miscount = miscounted(tour.device)
    log_all(tour)

    def put(number: int, blob: bytes) -> tuple[int, str]:
        return tour.call("PUT", f"records/{number}", blob, BLOB_TYPE)

    assert put(999, sealed.blob) == (404, "entry-unknown")
    assert put(seq, bytes(70_000)) == (422, "not-sealed")
    assert put(seq, sealed.blob[:-1]) == (422, "not-the-announced-record")
    assert put(wrong, miscount) == (422, "recipients")
    assert put(seq, sealed.blob) == (201, "")
    assert put(seq, sealed.blob) == (200, "")
    assert put(seq, b"") == (422, "digest")


@scene
def a_record_in_parts_is_taken_once_and_only_as_announced(
    tour: Tour, post: Post, folder: Path
) -> None:
    seq, sealed = tour.device.seal()
    wrong, miscount = miscounted(tour.device)
    log_all(tour)

    def begin(number: int, length: str) -> tuple[int, str]:
        return tour.call("POST", f"records/{number}/upload", Upload_Length=length)

    def part(
        number: int, at: str, data: bytes, last: bool = False, body: bytes | None = None
    ) -> tuple[int, str]:
        where = {"Upload_Offset": at, "Upload_Complete": "?1" if last else "?0"}
        return tour.call("PATCH", f"records/{number}/upload", data, PART_TYPE, **where)

    length = str(len(sealed.blob))
    assert begin(999, length) == (404, "entry-unknown")
    assert part(999, "0", b"x") == (404, "entry-unknown")
    assert part(seq, "0", b"x") == (404, "upload-unknown")
    assert begin(seq, "x") == (400, "upload-length")
    assert begin(seq, "0") == (413, "too-large")
    assert begin(seq, length) == (201, "")
    assert part(seq, "x", b"x") == (400, "upload-offset")
    assert part(seq, "5", b"x") == (409, "offset")
    assert part(seq, "0", bytes(MAX_PART_BYTES + 1)) == (413, "too-large")
    assert part(seq, "0", bytes(70_000), last=True) == (422, "not-sealed")
    assert begin(seq, length) == (201, "")
    assert part(seq, "0", b"no age file", last=True) == (422, "digest")
    assert begin(seq, length) == (201, "")
    assert part(seq, "0", sealed.blob[:-1], last=True) == (422, "not-the-announced-record")
    assert begin(wrong, length) == (201, "")
    assert part(wrong, "0", miscount, last=True) == (422, "recipients")
    assert begin(seq, length) == (201, "")
    assert part(seq, "0", sealed.blob[:1000]) == (204, "")
    assert part(seq, "1000", sealed.blob[1000:], last=True) == (201, "")
    assert part(seq, "1000", sealed.blob[1000:], last=True) == (200, "")
    assert begin(seq, length) == (200, "")


@scene
def receipts_and_what_is_lacking_come_in_pages(tour: Tour, post: Post, folder: Path) -> None:
    tour.device.seal()
    tour.device.delivery.run_once()
    assert tour.call("GET", "receipts") == (200, "")
    assert tour.call("GET", "receipts?from=2&tree=999999999999") == (200, "")
    assert tour.call("GET", "receipts?from=x") == (400, "from")
    assert tour.call("GET", "receipts?tree=-1") == (400, "tree")
    assert tour.call("GET", "log?after=0") == (200, "")
    assert tour.call("GET", "log?after=x") == (400, "after")


@scene
def trees_of_the_log_are_proven(tour: Tour, post: Post, folder: Path) -> None:
    assert tour.call("GET", "log-consistency") == (200, "")
    assert tour.call("GET", "log-consistency?from=1&to=0") == (404, "no-such-tree")
    assert tour.call("GET", "log-consistency?to=999999999999") == (404, "no-such-tree")
    assert tour.call("GET", "log-consistency?from=x") == (400, "from")
    assert tour.call("GET", "log-consistency?to=-1") == (400, "to")


# --- contacts -------------------------------------------------------------------------------------


@scene
def a_code_is_sent_once_and_judged(tour: Tour, post: Post, folder: Path) -> None:
    name, missing = f"{tour.id[4:]}{1:016x}", f"{tour.id[4:]}{2:016x}"
    address = f"c{tour.id[4:]}@example.org"
    said = order(address)

    def ask(verb: str, challenge: str, what: str, body: bytes) -> tuple[int, str]:
        return tour.call(verb, f"contacts/{challenge}{what}", body)

    assert ask("PUT", name, "", order("nobody at all")) == (422, "address")
    assert ask("PUT", name, "", said) == (201, "")
    assert ask("PUT", name, "", said) == (200, "")
    assert ask("PUT", name, "", order(address, case="d" * 32)) == (404, "challenge")
    assert ask("PUT", missing, "", said) == (429, "too-often")
    for what in ("/state", "/check"):
        assert ask("POST", missing, what, said) == (404, "challenge")
    for what in ("", "/state", "/check"):
        verb = "POST" if what else "PUT"
        assert ask(verb, "not-hex", what, said) == (422, "challenge")
    assert ask("POST", name, "/state", said) == (200, "")
    assert ask("POST", name, "/check", order(address, code="x")) == (422, "code-form")
    found = post.newest("email", address)
    assert ask("POST", name, "/check", order(address, code=found.code)) == (200, "")
    page = "/c/" + found.text.rpartition("/c/")[2].split()[0]
    assert tour.ask("GET", page).status_code == 200


@scene
def a_message_that_nobody_takes_is_told(tour: Tour, post: Post, folder: Path) -> None:
    name, said = f"{tour.id[4:]}{3:016x}", order("+33639980001", "mobile")
    assert tour.call("PUT", f"contacts/{name}", said) == (502, "not-sent")
    assert tour.call("POST", f"contacts/{name}/state", said) == (502, "not-sent")
    checked = order("+33639980001", "mobile", code="AAAA")
    assert tour.call("POST", f"contacts/{name}/check", checked) == (502, "not-sent")


def sheet(address: str, text: str = "Bureau\nVotre identité est vérifiée.") -> bytes:
    return encode(SheetOrder(address=address, language="fr", variant="normal", text=text))


@scene
def a_sheet_is_mailed_once_about_a_record_that_is_known(
    tour: Tour, post: Post, folder: Path
) -> None:
    seq, _ = tour.device.seal()
    log_all(tour)
    address = f"s{tour.id[4:]}@example.org"

    def send(number: int, body: bytes) -> tuple[int, str]:
        return tour.call("POST", f"sheets/{number}", body)

    assert send(10**30, sheet(address)) == (404, "entry-unknown")
    assert send(0, sheet(address)) == (404, "entry-unknown")
    assert send(seq, sheet("nobody at all")) == (422, "address")
    assert send(seq, sheet(address, "a\x07b")) == (422, "text")
    assert [send(seq, sheet(address)), send(seq, sheet(address))] == [(201, ""), (200, "")]
    many = [send(seq, sheet(f"{number}{address}"))[0] for number in range(12)]
    assert many[-1] == 429


@scene
def a_side_whose_mail_server_is_away_says_so(tour: Tour, post: Post, folder: Path) -> None:
    data = founded(folder / "deaf")
    settings = Layout(data).contact_settings
    post.write_settings(settings)
    settings.write_text(re.sub(r"port = [0-9]+", "port = 9", settings.read_text()))
    with serving(data) as side:
        deaf = tour_of(side, tour.seen, folder)
        seq, _ = deaf.device.seal()
        log_all(deaf)
        assert deaf.call("POST", f"sheets/{seq}", sheet("a@example.org")) == (502, "not-sent")
        deaf.session.close()


@scene
def addresses_for_later_are_taken_as_announced(tour: Tour, post: Post, folder: Path) -> None:
    seq, _ = tour.device.seal()
    log_all(tour)
    sealed = b"sealed for the contact service"
    with closing(open_database(Layout(tour.side.data))) as database, database.writing() as ledger:
        row = LaterRow(
            tour.device.identity.device_id, seq, RecordId("a" * 32), sha256(sealed), "awaited"
        )
        ledger.later.add(row)

    def put(number: int, body: bytes) -> tuple[int, str]:
        return tour.call("PUT", f"later-contacts/{number}", body, BLOB_TYPE)

    assert put(10**30, sealed) == put(0, sealed) == (404, "entry-unknown")
    assert put(seq, b"other") == (422, "not-the-announced")
    assert [put(seq, sealed), put(seq, sealed)] == [(201, ""), (200, "")]


# --- results --------------------------------------------------------------------------------------


@scene
def a_result_is_taken_as_announced_and_fetched_by_its_provider(
    tour: Tour, post: Post, folder: Path
) -> None:
    device, key = tour.device.identity.device_id, SigningKey.generate()
    issuer = f"provider-{device}"
    seqs = [tour.device.seal()[0] for _ in range(2)]
    log_all(tour)
    blob = age.encrypt(b"result", (age.Identity.generate().recipient,))
    blobs = (blob, b"no age file")
    with closing(open_database(Layout(tour.side.data))) as database, database.writing() as ledger:
        ledger.results.put_provider(ProviderRow(issuer, "", "", key.public, 30, 3, "2026-11-26"))
        ledger.results.add(
            [
                ResultRow(
                    device, seq, RecordId(f"{device[4:]}{seq:016x}"), issuer, sha256(data),
                    ResultState.AWAITED, "2026-11-26",
                )
                for seq, data in zip(seqs, blobs, strict=True)
            ]
        )  # fmt: skip

    def put(number: int, body: bytes) -> tuple[int, str]:
        return tour.call("PUT", f"results/{number}", body, BLOB_TYPE)

    assert put(10**30, blob) == put(0, blob) == (404, "entry-unknown")
    assert put(seqs[0], b"other") == (422, "not-the-announced-result")
    assert put(seqs[1], blobs[1]) == (422, "not-sealed")
    assert [put(seqs[0], blob), put(seqs[0], blob)] == [(201, ""), (200, "")]
    with closing(open_database(Layout(tour.side.data))) as database, database.writing() as ledger:
        row = ledger.results.get(device, seqs[0])
        position = ledger.results.last_position() + 1000
        ledger.results.change(row, state=ResultState.QUEUED, position=position)
    provider = DeviceAuth(key)
    for method, path in sorted(tour.document.signed("provider")):
        real = tour.real(path)
        for wrong in (None, tour.auth, DeviceAuth(key, timedelta(minutes=6))):
            assert tour.ask(method, real, auth=wrong).json()["error"] == "signature"
        large = tour.ask(method, real, bytes(MAX_MESSAGE_BYTES + 1), provider)
        assert large.json()["error"] == "too-large"
    page = tour.ask("GET", "/v1/results?after=0", auth=provider)
    assert [item["position"] for item in page.json()["results"]] == [position]
    assert tour.ask("GET", "/v1/results?after=x", auth=provider).json()["error"] == "after"
    assert tour.ask("GET", f"/v1/results/{position}", auth=provider).content == blob
    for method, what in (("GET", ""), ("POST", "/acknowledge")):
        for number in (position + 1, 10**30):
            unknown = tour.ask(method, f"/v1/results/{number}{what}", auth=provider)
            assert unknown.json()["error"] == "result-unknown"
        assert tour.ask(method, f"/v1/results/x{what}", auth=provider).status_code == 404
    for _ in range(2):
        done = tour.ask("POST", f"/v1/results/{position}/acknowledge", auth=provider)
        assert done.status_code == 204
    with closing(open_database(Layout(tour.side.data))) as database, database.writing() as ledger:
        ledger.results.change(ledger.results.get(device, seqs[0]), sealed=None)
    assert tour.ask("GET", f"/v1/results/{position}", auth=provider).json()["error"] == "erased"


@scene
def a_page_takes_a_code_while_it_counts(tour: Tour, post: Post, folder: Path) -> None:
    address, other = f"p{tour.id[4:]}@example.org", f"q{tour.id[4:]}@example.org"
    assert tour.call("PUT", f"contacts/{tour.id[4:]}{4:016x}", order(address))[0] == 201
    page = "/c/" + post.newest("email", address).text.rpartition("/c/")[2].split()[0]
    form = "application/x-www-form-urlencoded"
    assert tour.ask("GET", page).status_code == 200
    assert tour.ask("POST", page, b"code=000000", Content_Type=form).status_code == 200
    assert tour.ask("POST", page, b"x" * 1025, Content_Type=form).status_code == 413
    assert tour.call("PUT", f"contacts/{tour.id[4:]}{5:016x}", order(other))[0] == 201
    for method in ("GET", "POST"):
        assert tour.ask(method, page, b"").status_code == 410
        assert tour.ask(method, "/c/nobody", b"").status_code == 404


@scene
def a_side_that_sends_nothing_says_so(tour: Tour, post: Post, folder: Path) -> None:
    with serving(founded(folder / "silent")) as side:
        silent = tour_of(side, tour.seen, folder)
        assert silent.call("PUT", f"contacts/{'a' * 32}", order("a@example.org")) == (
            503,
            "channel-closed",
        )
        mailed = silent.call("POST", "sheets/1", sheet("a@example.org"))
        assert mailed == (503, "channel-closed")
        silent.session.close()


# --- rounds ---------------------------------------------------------------------------------------


@scene
def a_round_is_sent_once_to_who_said_what_to_seal_to(tour: Tour, post: Post, folder: Path) -> None:
    assert tour.call("GET", "rounds/2026-02-30") == (400, "day")
    assert tour.call("GET", f"rounds/{DAY}") == (409, "recipient-unknown")
    token = announce_recipient(tour.device.key)
    forged = announce_recipient(SigningKey.generate())
    assert tour.call("PUT", "recipient", encode(RecipientPut(announcement=forged))) == (
        422,
        "recipient",
    )
    assert tour.call("PUT", "recipient", encode(RecipientPut(announcement=token))) == (204, "")
    for what in (f"rounds/{DAY}", "conflicts"):
        path = f"/v1/devices/{tour.id}/{what}"
        first = tour.ask("GET", path, auth=tour.auth)
        again = tour.ask("GET", path, auth=tour.auth, If_None_Match=first.headers["etag"])
        assert (first.status_code, again.status_code) == (200, 304)


@scene
def a_question_goes_through_the_office_and_is_answered_once(
    tour: Tour, post: Post, folder: Path
) -> None:
    other = tour_of(tour.side, tour.seen, folder)
    name = "1" * 32

    def put(number: str, agent: str = "a-1") -> tuple[int, str]:
        body = QuestionPut(case=CASE, agent=agent, about="person", seen="A" * 43)
        return tour.call("PUT", f"questions/{number}", encode(body))

    def answer(who: Tour, asker: str, number: str, word: str = "w") -> tuple[int, str]:
        post = AnswerPost(statement=word, voucher="v")
        return who.call("POST", f"answers/{asker}/{number}", encode(post))

    assert put("not-hex") == (422, "question")
    assert [put(name), put(name), put(name, "a-2")] == [(201, ""), (200, ""), (409, "question")]
    assert tour.call("GET", "questions/not-hex") == (422, "question")
    assert tour.call("GET", f"questions/{'2' * 32}") == (404, "question")
    assert tour.call("GET", f"questions/{name}") == (200, "")
    assert other.call("GET", "questions") == (200, "")
    assert answer(other, tour.id, "not-hex") == (422, "question")
    for stranger in ("dev-0000000000000000", "%00", "x", "%FF"):
        assert answer(other, stranger, name) == (404, "question")
    assert answer(tour, tour.id, name) == (409, "own-question")
    assert answer(other, tour.id, name) == (201, "")
    assert answer(other, tour.id, name) == (200, "")
    assert answer(other, tour.id, name, "other") == (409, "answered")
    assert tour.call("GET", f"questions/{name}") == (200, "")
    many = [put(f"{number:032x}") for number in range(100)]
    assert many[0] == (201, "")
    assert many[-1] == (429, "questions")
    other.session.close()


@scene
def a_device_of_two_histories_delivers_and_reaches_nobody(
    tour: Tour, post: Post, folder: Path
) -> None:
    clone = tour.device.clone()
    tour.device.seal()
    log_all(tour)
    clone.seal()
    assert tour.call("POST", "log", encode(push(clone, 0, clone.entries()))) == (409, "fork")
    assert tour.call("GET", "log") == (200, "")
    for method, path in _documented(tour, "quarantined"):
        answer = tour.ask(method, tour.real(path), b"", tour.auth)
        assert (answer.status_code, answer.json()["error"]) == (403, "quarantined"), path


@scene
def a_device_that_the_policy_calls_lost_delivers_and_reaches_nobody(
    tour: Tour, post: Post, folder: Path
) -> None:
    with serving(founded(folder / "losing")) as side:
        losing = tour_of(side, tour.seen, folder)
        Policies(Layout(side.data)).change({"lost": losing.id}, datetime.now(UTC))
        assert losing.call("GET", "log") == (200, "")
        for method, path in _documented(losing, "lost"):
            answer = losing.ask(method, losing.real(path), b"", losing.auth)
            assert (answer.status_code, answer.json()["error"]) == (403, "lost"), path
        losing.session.close()


# --- the whole ------------------------------------------------------------------------------------


def test_what_is_no_call_is_refused_alike_everywhere(tour):
    for path in ("/", "/nothing", "/v1/policy/", "//v1/policy", "/v1", "/healthz/x"):
        answer = tour.session.get(tour.side.url + path, allow_redirects=False)
        assert (answer.status_code, answer.json()["error"]) == (404, "no-such-call"), path
    digits = tour.session.put(
        f"{tour.side.url}/v1/devices/{tour.id}/records/{'1' * 5000}", data=b"x" * 100_000
    )
    assert (digits.status_code, digits.json()["error"]) == (404, "no-such-call")
    for path, verbs in (("/v1/policy", "GET, HEAD"), ("/v1/enrolments", "POST")):
        answer = tour.session.delete(tour.side.url + path)
        assert (answer.status_code, answer.json()["error"]) == (405, "method")
        assert sorted(answer.headers["allow"].split(", ")) == verbs.split(", ")
    head = tour.session.head(f"{tour.side.url}/healthz")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.timeout(600)
def test_every_documented_answer_is_given_and_no_other(toured, post, tmp_path):
    seen: set[Seen] = set()
    for number, visit in enumerate(SCENES):
        folder = tmp_path / str(number)
        folder.mkdir()
        tour = tour_of(toured, seen, folder)
        visit(tour, post, folder)
        tour.session.close()
    documented: set[Seen] = set()
    for answer in Document().answers():
        words = answer.words or {""}
        if answer.path.startswith("/c/") and answer.status == 404:
            words = {*words, ""}
        documented |= {(answer.method, answer.path, answer.status, word) for word in words}
    unseen = {one for one in documented if one[2] in UNSEEN.get(one[3], ())}
    assert seen - documented == set()
    assert documented - unseen - seen == set()
    assert not unseen & seen
