"""A device has codes sent and judged: the real services over TLS to a real central side."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from central.archive.layout import Layout
from kiosk.crypto.signing import key_id_of
from kiosk.domain.errors import (
    ContactAddressError,
    ContactChallengeError,
    ContactCodeFormError,
    ContactStatementError,
    ContactTooOftenError,
    ContactUnavailableError,
    EventRefusedError,
    NotEnrolledError,
    ProtocolError,
    UnreachableError,
)
from kiosk.domain.ids import CaseId
from kiosk.journeys.service_steps import ContactChannel, ContactFacts
from kiosk.ports import LinkAnswer
from kiosk.services.contact import Contacts, ContactWords
from kiosk.services.contact_link import CentralContact
from kiosk.sync.contact import ChallengeStatus, ContactOrder
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.enrolled import Call, EnrolledDevice
from ui.demonstration.post import Post

pytestmark = pytest.mark.process
CASE = CaseId("e" * 32)


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    running = Post()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def sending(tmp_path_factory: pytest.TempPathFactory, post: Post) -> Iterator[CentralSide]:
    data = founded(tmp_path_factory.mktemp("sending") / "data")
    post.write_settings(Layout(data).contact_settings)
    with serving(data) as running:
        yield running


def contacts_of(device: EnrolledDevice) -> Contacts:
    public = device.policy.collector.log_public
    words = ContactWords(device.identity.device_id, lambda: {key_id_of(public): public})
    return Contacts(CentralContact(device.link, device.identity.device_id), words)


@pytest.fixture
def enrolled(sending: CentralSide) -> EnrolledDevice:
    return EnrolledDevice().enrol(sending.enrol_code())


@pytest.fixture
def contact(enrolled: EnrolledDevice) -> ContactFacts:
    number = int(enrolled.identity.device_id[4:], 16) % 10_000
    return ContactFacts(ContactChannel.MOBILE, f"+3363998{number:04d}")


def sent(contacts: Contacts, contact: ContactFacts) -> ContactFacts:
    standing = contacts.send(CASE, contact, "en")
    assert standing.status is ChallengeStatus.SENT
    return replace(contact, challenge_id=standing.challenge_id)


def test_a_code_comes_back_as_a_word_that_another_device_cannot_use(
    enrolled: EnrolledDevice, contact: ContactFacts, post: Post, sending: CentralSide
) -> None:
    contacts = contacts_of(enrolled)
    held = sent(contacts, contact)
    message = post.newest("mobile", contact.address)
    assert message is not None
    assert "your code is" in message.text
    with pytest.raises(ContactCodeFormError):
        contacts.check(CASE, held, "123456")
    with pytest.raises(ContactTooOftenError) as hurry:
        contacts.send(CASE, contact, "fr")
    assert 0 < int(hurry.value.detail) <= 30
    standing = contacts.check(CASE, held, message.code)
    assert standing.status is ChallengeStatus.CONFIRMED

    other = EnrolledDevice().enrol(sending.enrol_code())
    with pytest.raises(ContactChallengeError):
        contacts_of(other).state(CASE, held)
    public = other.policy.collector.log_public
    words = ContactWords(other.identity.device_id, lambda: {key_id_of(public): public})
    with pytest.raises(EventRefusedError):
        words.require(CASE, held, standing.statement)


def test_troubles_on_the_way_are_told_apart(
    enrolled: EnrolledDevice, contact: ContactFacts, side: CentralSide
) -> None:
    contacts = contacts_of(enrolled)

    def cut(_call: Call) -> LinkAnswer:
        raise UnreachableError("cable")

    def portal(_call: Call) -> LinkAnswer:
        return LinkAnswer(200, b"<html>Welcome</html>")

    def broken(_call: Call) -> LinkAnswer:
        return LinkAnswer(500, b'{"error":"?"}')

    def busy(_call: Call) -> LinkAnswer:
        return LinkAnswer(503, b'{"error":"busy"}')

    for trouble, error in (
        (cut, UnreachableError),
        (busy, UnreachableError),
        (portal, ProtocolError),
        (broken, ProtocolError),
    ):
        enrolled.links.trouble = trouble
        with pytest.raises(error):
            contacts.send(CASE, contact, "fr")
    enrolled.links.trouble = Call.go
    with pytest.raises(ContactAddressError):
        contacts.send(CASE, replace(contact, address="0639980000"), "fr")
    with pytest.raises(ContactChallengeError):
        contacts.state(CASE, replace(contact, challenge_id="9" * 32))
    silent = EnrolledDevice().enrol(side.enrol_code())
    with pytest.raises(ContactUnavailableError):
        contacts_of(silent).send(CASE, contact, "fr")
    nobody = CentralContact(lambda: None, enrolled.identity.device_id)
    with pytest.raises(NotEnrolledError):
        Contacts(nobody, ContactWords(enrolled.identity.device_id, dict)).send(CASE, contact, "fr")


def test_an_answer_lost_on_the_way_costs_no_second_message(
    enrolled: EnrolledDevice, contact: ContactFacts, post: Post
) -> None:
    port = CentralContact(enrolled.link, enrolled.identity.device_id)
    lost = []

    def lose_first(call: Call) -> LinkAnswer:
        answer = call.go()
        if not lost:
            lost.append(answer)
            raise UnreachableError("lost")
        return answer

    order = ContactOrder(case=CASE, channel="mobile", address=contact.address)
    enrolled.links.trouble = lose_first
    with pytest.raises(UnreachableError):
        port.start("7" * 32, order)
    assert port.start("7" * 32, order).status == "sent"
    assert sum(m.address == contact.address for m in post.messages) == 1


def test_a_central_side_that_says_confirmed_without_a_word_is_not_believed(
    enrolled: EnrolledDevice, contact: ContactFacts
) -> None:
    contacts = contacts_of(enrolled)
    held = sent(contacts, contact)
    moment = "2026-11-26T09:00:00+00:00"
    for statement in ("", "a.b.c"):
        body = (
            f'{{"status":"confirmed","sent_at":"{moment}","expires_at":"{moment}",'
            f'"tries_left":4,"statement":"{statement}"}}'
        ).encode()
        enrolled.links.trouble = lambda _call, body=body: LinkAnswer(200, body)
        with pytest.raises(ContactStatementError):
            contacts.state(CASE, held)
