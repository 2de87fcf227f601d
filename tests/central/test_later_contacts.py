"""Addresses that were deferred at the counter: confirmed after the customer has left, or not."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from central.archive.database import Database
from central.archive.erasure_rows import ErasureRow
from central.archive.later_rows import LaterRow
from central.archive.layout import Layout
from central.archive.rows import DeviceRow, EntryRow
from central.contact.challenges import Challenges, RefusedError, Ways
from central.contact.later import AWAITED, VALIDITY, Later, later_lines
from central.contact.messages import NotSentError, Sent
from central.contact.settings import MailSettings
from kiosk.crypto.age import Identity
from kiosk.crypto.digests import sha256
from kiosk.crypto.jws import verify_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SealedRecordError
from kiosk.domain.ids import CaseId, DeviceId, OfficeId, RecordId
from kiosk.journeys.service_steps import ContactChannel, ContactFacts, ContactStatus
from kiosk.services.later_contacts import LATER_PREFIX, seal_deferred
from kiosk.services.terms import Terms
from kiosk.sync.contact import EMAIL, MOBILE
from kiosk.sync.later_contacts import (
    BUCKET_BYTES,
    TYP,
    LaterAddress,
    LaterContacts,
    open_later,
    seal_later,
)
from tests.fakes.central_side import CentralSide, ask, central, founded, serving
from tests.fakes.contact import TEXTS
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.ports import take_port
from tests.fakes.provider import REFUSED, answered, seal_case
from ui.demonstration.post import Post

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
DEVICE, RECORD = DeviceId("dev-0011223344556677"), RecordId("a" * 32)
KEY, IDENTITY = SigningKey.from_seed(b"k" * 32), Identity.from_seed(b"c" * 32)
MAIL, PHONE = "client@example.org", "+33639980001"
BOTH = LaterContacts(
    RECORD, CaseId("c" * 32), "fr", (LaterAddress(EMAIL, MAIL), LaterAddress(MOBILE, PHONE))
)


@dataclass
class Box:
    """Keeps messages, or refuses those to some addresses."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def send(self, address: str, text: Sent) -> None:
        if address in self.refused:
            raise NotSentError("down")
        settings = MailSettings(host="localhost", sender="poste@example.org")
        mail: EmailMessage = text.mail(settings, address)
        words = mail.get_content() if "@" in address else text.short()
        self.sent.append((address, words))

    def answer(self, address: str) -> tuple[str, str]:
        """Secret of the page, and the code, of the newest message to an address."""
        words = [text for to, text in self.sent if to == address][-1]
        secret = re.search(r"/c/([\w-]+)", words)
        code = re.search(r"\b(\d{6}|[A-Z2-9]{4})\b", words.replace(str(secret and secret[0]), ""))
        assert secret
        assert code
        return secret[1], code[1]


class Service:
    """The contact service over a database in which one record deferred two addresses."""

    def __init__(self, database: Database, **ways: str) -> None:
        self.database, self.box = database, Box()
        both = replace(BOTH, language=ways.get("language", "fr"))
        self.blob = seal_later(both, IDENTITY.recipient).blob
        self.ways = Ways(
            {EMAIL: self.box, MOBILE: self.box}, TEXTS, ways.get("page", "https://poste.example")
        )
        self.lost: tuple[DeviceId, ...] = ()
        self.later = Later(database, KEY, self.ways, IDENTITY, lambda _: self.lost)
        self.codes = Challenges(database, KEY, self.ways)
        with database.writing() as ledger:
            ledger.put_device(DeviceRow(DEVICE, bytes(32), OfficeId("1"), ""))
            ledger.add_entries((EntryRow(DEVICE, 0, "", bytes(32), RECORD),))
            ledger.later.add(LaterRow(DEVICE, 0, RECORD, sha256(self.blob), AWAITED))

    def states(self) -> list[tuple[str, str]]:
        with self.database.reading() as ledger:
            return [(line.channel, line.state) for line in later_lines(ledger)]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "collector.db")
    yield opened
    opened.close()


@pytest.fixture
def service(database: Database) -> Service:
    return Service(database)


def test_both_addresses_are_written_to_and_what_is_confirmed_is_signed(service: Service) -> None:
    assert service.states() == [("", "awaited")]
    assert service.later.keep(DEVICE, 0, service.blob, NOW)
    assert service.later.turn(NOW, 0.5) == 1
    assert sorted(to for to, _ in service.box.sent) == [PHONE, MAIL]
    later = NOW + timedelta(days=2)
    secret, code = service.box.answer(MAIL)
    assert service.codes.check_on_page(secret, code, later).status == "confirmed"
    assert service.later.settle(later) == 1
    assert dict(service.states()) == {EMAIL: "confirmed", MOBILE: "sent"}
    with service.database.reading() as ledger:
        line = ledger.later.line(RECORD, EMAIL)
    assert line is not None
    said, _ = verify_compact(line.statement, {KEY.key_id: KEY.public}, TYP)
    assert RECORD.encode() in said
    assert MAIL.encode() not in said
    assert service.later.settle(NOW + VALIDITY) == 1
    assert dict(service.states()) == {EMAIL: "confirmed", MOBILE: "expired"}


def test_once_its_messages_are_out_no_address_is_left(service: Service, tmp_path: Path) -> None:
    service.later.keep(DEVICE, 0, service.blob, NOW)
    service.later.turn(NOW, 0.5)
    with service.database.reading() as ledger:
        row = ledger.later.get(DEVICE, 0)
    assert row is not None
    assert row.sealed is None
    service.database.close()
    for file in tmp_path.iterdir():
        assert not any(word in file.read_bytes() for word in (MAIL.encode(), PHONE.encode()))


def test_nothing_is_sent_twice(service: Service) -> None:
    assert service.later.keep(DEVICE, 0, service.blob, NOW)
    assert not service.later.keep(DEVICE, 0, service.blob, NOW)
    service.later.turn(NOW, 0.5)
    assert not service.later.keep(DEVICE, 0, service.blob, NOW)
    assert service.later.turn(NOW + timedelta(days=1), 0.5) == 0
    assert len(service.box.sent) == 2


def test_a_message_that_cannot_be_handed_over_is_tried_for_a_day(service: Service) -> None:
    service.box.refused = {PHONE}
    service.later.keep(DEVICE, 0, service.blob, NOW)
    service.later.turn(NOW, 0.5)
    assert dict(service.states()) == {
        "": "waiting (not handed over: mobile)",
        EMAIL: "sent",
        MOBILE: "sending",
    }
    service.box.refused = set()
    service.later.turn(NOW + timedelta(hours=1), 0.5)
    assert dict(service.states()) == {EMAIL: "sent", MOBILE: "sent"}
    assert len(service.box.sent) == 2


def test_after_a_day_it_is_given_up_and_the_list_says_so(service: Service) -> None:
    service.box.refused = {PHONE, MAIL}
    service.later.keep(DEVICE, 0, service.blob, NOW)
    service.later.turn(NOW, 0.5)
    service.later.turn(NOW + timedelta(days=1), 0.5)
    assert service.states()[0] == ("", "failed (not handed over: email)")
    assert service.later.turn(NOW + timedelta(days=9), 0.5) == 0


def test_a_process_that_dies_with_a_message_in_hand_leaves_it_to_the_next(
    service: Service,
) -> None:
    class Died(BaseException):
        pass

    send = service.box.send

    def dying(address: str, text: Sent) -> None:
        send(address, text)
        raise Died

    service.box.send = dying  # type: ignore[method-assign] # it dies here
    service.later.keep(DEVICE, 0, service.blob, NOW)
    with pytest.raises(Died):
        service.later.turn(NOW, 0.5)
    service.box.send = send  # type: ignore[method-assign] # as it was
    first = service.box.answer(MAIL)
    assert service.later.turn(NOW + timedelta(minutes=1), 0.5) == 0
    assert service.later.turn(NOW + timedelta(minutes=3), 0.5) == 1
    at = NOW + timedelta(hours=1)
    assert service.codes.check_on_page(*first, at).status == "replaced"
    assert service.codes.check_on_page(*service.box.answer(MAIL), at).status == "confirmed"
    service.later.settle(at)
    assert dict(service.states()) == {EMAIL: "confirmed", MOBILE: "sent"}


def test_two_processes_behind_a_slow_server_send_each_message_once(service: Service) -> None:
    second = RecordId("b" * 32)
    blob = seal_later(replace(BOTH, record_id=second), IDENTITY.recipient).blob
    with service.database.writing() as ledger:
        ledger.add_entries((EntryRow(DEVICE, 1, "", bytes(32), second),))
        ledger.later.add(LaterRow(DEVICE, 1, second, sha256(blob), AWAITED))
    other = Later(service.database, KEY, service.ways, IDENTITY, lambda _: ())
    send, clock = service.box.send, [NOW]

    def slow(address: str, text: Sent) -> None:
        send(address, text)
        clock[0] += timedelta(seconds=70)
        if len(service.box.sent) == 3:  # the first envelope is done, the second at work
            assert other.turn(clock[0], 0.5) == 0

    service.box.send = slow  # type: ignore[method-assign] # a server that takes its time
    for seq, sealed in enumerate((service.blob, blob)):
        service.later.keep(DEVICE, seq, sealed, NOW)
    while service.later.turn(clock[0], 0.5):
        pass
    assert sorted(to for to, _ in service.box.sent) == [PHONE, PHONE, MAIL, MAIL]


def test_five_wrong_codes_end_it(service: Service) -> None:
    service.later.keep(DEVICE, 0, service.blob, NOW)
    service.later.turn(NOW, 0.5)
    secret, code = service.box.answer(MAIL)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        service.codes.check_on_page(secret, wrong, NOW)
    service.later.settle(NOW)
    assert dict(service.states())[EMAIL] == "exhausted"


def test_a_device_with_two_histories_reaches_no_customer(service: Service) -> None:
    with service.database.writing() as ledger:
        device = ledger.device(DEVICE)
        assert device is not None
        ledger.put_device(replace(device, quarantined=True))
    service.later.keep(DEVICE, 0, service.blob, NOW)
    service.later.turn(NOW, 0.5)
    assert service.states() == [("", "waiting (quarantined)")]
    assert service.box.sent == []


def test_a_device_that_is_lost_reaches_no_customer(service: Service) -> None:
    service.lost = (DEVICE,)
    service.later.keep(DEVICE, 0, service.blob, NOW)
    service.later.turn(NOW, 0.5)
    assert service.states() == [("", "waiting (lost)")]
    assert service.box.sent == []


@pytest.mark.parametrize("here", [True, False])
def test_a_record_that_is_erased_reaches_no_customer(service: Service, here: bool) -> None:
    if here:
        service.later.keep(DEVICE, 0, service.blob, NOW)
    with service.database.writing() as ledger:
        ledger.erasures.add_order(ErasureRow(RECORD, "o", "a", ""))
        ledger.erasures.apply(RECORD, "")
    assert not service.later.keep(DEVICE, 0, service.blob, NOW)
    assert service.later.turn(NOW, 0.5) == 0
    assert service.states() == [("", "erased")]
    with service.database.reading() as ledger:
        row = ledger.later.get(DEVICE, 0)
    assert row is not None
    assert row.sealed is None


def test_an_order_that_came_before_the_envelope_keeps_it_out(service: Service) -> None:
    with service.database.writing() as ledger:
        ledger.erasures.add_order(ErasureRow(RECORD, "o", "a", ""))
    assert not service.later.keep(DEVICE, 0, service.blob, NOW)
    assert service.states() == [("", "erased")]


def test_without_a_page_nothing_is_promised(database: Database) -> None:
    service = Service(database, page="")
    service.later.keep(DEVICE, 0, service.blob, NOW)
    service.later.turn(NOW, 0.5)
    assert service.states() == [("", "waiting (not configured)")]


def test_only_the_announced_bytes_are_taken(service: Service) -> None:
    for seq, blob, status in ((0, service.blob + b"x", 422), (1, service.blob, 404)):
        with pytest.raises(RefusedError) as caught:
            service.later.keep(DEVICE, seq, blob, NOW)
        assert caught.value.status == status


def test_an_envelope_is_read_by_its_own_key_and_for_its_own_record() -> None:
    blob = seal_later(BOTH, IDENTITY.recipient).blob
    assert open_later(blob, IDENTITY, RECORD) == BOTH
    one = seal_later(replace(BOTH, addresses=BOTH.addresses[:1]), IDENTITY.recipient).blob
    assert len(one) == len(blob)
    assert len(blob) < 2 * BUCKET_BYTES + 2048
    for identity, record in ((Identity.generate(), RECORD), (IDENTITY, RecordId("b" * 32))):
        with pytest.raises(SealedRecordError):
            open_later(blob, identity, record)


def deferred(number: int, decision=None):
    state = answered(number) if decision is None else answered(number, decision)
    contact = ContactFacts(ContactChannel.EMAIL, MAIL, ContactStatus.DEFERRED)
    return replace(state, request=None, contacts=(contact,))


def test_only_deferred_addresses_of_an_accepted_case_are_sealed() -> None:
    terms = Terms(contact_recipient=IDENTITY.recipient)
    assert seal_deferred(deferred(1), RECORD, terms) is not None
    assert seal_deferred(deferred(1), RECORD, Terms()) is None
    assert seal_deferred(deferred(1, REFUSED), RECORD, terms) is None
    confirmed = ContactFacts(ContactChannel.EMAIL, MAIL, ContactStatus.CONFIRMED)
    assert seal_deferred(replace(deferred(1), contacts=(confirmed,)), RECORD, terms) is None


@pytest.mark.parametrize(
    ("chosen", "written"), [("", "fr"), ("fr", "fr"), ("en", "en"), ("uk", "fr")]
)
def test_the_messages_come_in_the_language_that_the_customer_chose(
    chosen: str, written: str
) -> None:
    state = replace(deferred(1), language=chosen)
    sealed = seal_deferred(state, RECORD, Terms(contact_recipient=IDENTITY.recipient))
    assert sealed is not None
    assert open_later(sealed.blob, IDENTITY, RECORD).language == written


def test_a_later_message_is_written_in_the_language_of_its_envelope(database: Database) -> None:
    service = Service(database, language="en")
    service.later.keep(DEVICE, 0, service.blob, NOW)
    service.later.turn(NOW, 0.5)
    words = dict(service.box.sent)
    assert "at the post office" in words[MAIL]
    assert "To confirm this number" in words[PHONE]
    secret, _ = service.box.answer(MAIL)
    row = service.codes.of_page(secret, NOW)
    assert row is not None
    assert row.language == "en"


@pytest.fixture
def post() -> Iterator[Post]:
    running = Post()
    running.start()
    yield running
    running.stop()


def opened_service(data: Path, post: Post) -> int:
    """Have a central side confirm later; the port that its page will be on."""
    settings = Layout(data).contact_settings
    port = take_port()
    post.write_settings(settings)
    assert central("contact", "confirm-later", "--data", data, check=False).returncode == 2
    with settings.open("a") as file:
        file.write(f'\n[page]\nurl = "https://localhost:{port}"\n')
    ask("contact", "confirm-later", "--data", data)
    return port


def type_the_code(side: CentralSide, post: Post) -> str:
    """What the customer reads after the code of the newest message was typed on its page."""
    pause, message = threading.Event(), post.newest(EMAIL, MAIL)
    while message is None:
        pause.wait(0.1)
        message = post.newest(EMAIL, MAIL)
    secret = re.search(r"/c/([\w-]+)", message.text)
    assert secret
    context = ssl.create_default_context(cafile=Layout(side.data).ca_certificate)
    page = f"{side.url}/c/{secret[1]}"
    return httpx.post(
        page, data={"code": message.code}, verify=context, trust_env=False, timeout=60
    ).text


@pytest.mark.process
def test_the_whole_way_from_a_counter_without_network_to_the_operators_list(
    tmp_path: Path, post: Post
) -> None:
    data = founded(tmp_path / "central")
    with serving(data, opened_service(data, post)) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        sealed = seal_case(device, deferred(1))
        assert sealed.codes_follow
        with device.store.begin() as uow:
            (name,) = uow.values.names(LATER_PREFIX)
            assert MAIL.encode() not in (uow.values.get(name) or b"")
        assert device.delivery.run_once().stored == 1
        with device.store.begin() as uow:
            assert uow.values.names(LATER_PREFIX) == ()
        answer = type_the_code(side, post)
        assert "c’est confirmé" in answer
        assert "agent voit" not in answer
        pause, lines = threading.Event(), ask("contact", "later", "--data", data)["later"]
        while lines[0]["state"] != "confirmed":
            pause.wait(0.2)
            lines = ask("contact", "later", "--data", data)["later"]
        assert lines[0]["record_id"] == sealed.record_id
        assert lines[0]["statement"]
        assert MAIL not in side.log.read_text()
        assert side.stop() == 0
    for file in data.rglob("*"):
        if file.is_file():
            assert MAIL.encode() not in file.read_bytes(), file
