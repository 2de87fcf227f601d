"""Codes to customers: a real server over TLS, a real mail server, a real gateway."""

import contextlib
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from hypothesis import given
from hypothesis import strategies as st

from central.archive.database import Database
from central.archive.layout import FolderError, Layout
from central.archive.rows import DeviceRow
from central.contact.challenges import PER_ADDRESS, Challenges, RefusedError, Ways
from central.contact.messages import (
    MailSender,
    Message,
    NotSentError,
    SmsSender,
    all_texts,
    senders_of,
)
from central.contact.page import HEADERS, code_in, language_of
from central.contact.settings import MailSettings, SmsSettings, load_settings, parse_settings
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.errors import ContactStatementError
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.ports import CollectorLink
from kiosk.sync.contact import (
    CODE_SIGNS,
    EMAIL,
    MOBILE,
    ChallengeStatus,
    Confirmation,
    ContactOrder,
    ContactState,
    open_confirmation,
    sign_confirmation,
)
from kiosk.sync.messages import Problem, decode, encode
from tests.fakes.central_side import CentralSide, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.ports import give_back, take_port
from ui.demonstration.post import Post

CASE = "c" * 32
OTHER_CASE = "d" * 32
CHALLENGE = "1" * 32
ADDRESSES = {EMAIL: "Client@example.org", MOBILE: "+33639980000"}


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    running = Post()
    running.start()
    yield running
    running.stop()


def order(channel: str = EMAIL, case: str = CASE, **more: str) -> ContactOrder:
    return ContactOrder(
        case=case, channel=channel, address=more.pop("address", ADDRESSES[channel]), **more
    )


# --- over the wire --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def contact_side(tmp_path_factory: pytest.TempPathFactory, post: Post) -> Iterator[CentralSide]:
    data = founded(tmp_path_factory.mktemp("contact") / "data")
    file = Layout(data).contact_settings
    post.write_settings(file)
    file.write_text(file.read_text() + '\n[page]\nurl = "https://codes.example.org/"\n')
    with serving(data) as running:
        yield running


@dataclass
class Caller:
    """A device that asks for codes."""

    device: EnrolledDevice
    link: CollectorLink

    @property
    def challenge(self) -> str:
        return self.device.identity.device_id[4:] * 2

    def path(self, challenge: str, what: str = "") -> str:
        base = f"/v1/devices/{self.device.identity.device_id}/contacts/{challenge}"
        return f"{base}/{what}" if what else base

    def start(self, said: ContactOrder, challenge: str = "") -> tuple[int, bytes]:
        answer = self.link.call("PUT", self.path(challenge or self.challenge), encode(said))
        return answer.status, answer.body

    def ask(self, what: str, said: ContactOrder, challenge: str = "") -> tuple[int, bytes]:
        answer = self.link.call("POST", self.path(challenge or self.challenge, what), encode(said))
        return answer.status, answer.body


@pytest.fixture
def caller(contact_side: CentralSide) -> Iterator[Caller]:
    device = EnrolledDevice().enrol(contact_side.enrol_code())
    link = device.link()
    yield Caller(device, link)
    link.close()


def unique(device: EnrolledDevice, channel: str) -> str:
    """An address of this test alone, so that the limits of others do not count."""
    number = int(device.identity.device_id[4:], 16)
    return f"c{number}@example.org" if channel == EMAIL else f"+3363998{number % 10000:04d}"


@pytest.mark.process
@pytest.mark.parametrize("channel", [EMAIL, MOBILE])
def test_a_code_goes_to_the_customer_and_comes_back_as_a_signed_word(
    caller: Caller, post: Post, channel: str, contact_side: CentralSide
) -> None:
    address = unique(caller.device, channel)
    said = order(channel, address=address)
    status, body = caller.start(said)
    assert status == 201
    assert decode(body, ContactState).status == ChallengeStatus.SENT
    assert caller.start(said)[0] == 200  # asked again: not sent again
    found = [m for m in post.messages if m.address == address]
    assert len(found) == 1
    assert "https://codes.example.org/c/" in found[0].text

    typed = order(channel, address=address, code=" ".join(found[0].code))
    status, body = caller.ask("check", typed)
    state = decode(body, ContactState)
    assert (status, state.status) == (200, ChallengeStatus.CONFIRMED)
    public = caller.device.policy.collector.log_public
    word = open_confirmation(state.statement, {key_id_of(public): public})
    assert (word.case_id, word.channel, word.address) == (CASE, channel, address)
    assert (word.device_id, word.challenge_id) == (
        caller.device.identity.device_id,
        caller.challenge,
    )
    with contact_side.ledger() as ledger:
        row = ledger.challenges.get(caller.challenge)
    assert row is not None
    assert (row.salt, row.code_hash) == (b"", b"")
    # The address is neither in the log nor in the database.
    assert contact_side.log.read_text().count(address) == 0
    for file in Layout(contact_side.data).collector.glob("collector.db*"):
        held = file.read_bytes()
        assert address.encode() not in held


@pytest.mark.process
def test_a_wrong_code_costs_a_try_and_one_of_another_form_none(caller: Caller, post: Post) -> None:
    address = unique(caller.device, EMAIL)
    caller.start(order(address=address))
    found = post.newest(EMAIL, address)
    assert found is not None
    wrong = "000000" if found.code != "000000" else "111111"
    status, body = caller.ask("check", order(address=address, code="12345"))
    assert (status, decode(body, Problem).error) == (422, "code-form")
    for left in (4, 3, 2, 1):
        state = decode(caller.ask("check", order(address=address, code=wrong))[1], ContactState)
        assert (state.status, state.tries_left) == (ChallengeStatus.SENT, left)
    state = decode(caller.ask("check", order(address=address, code=wrong))[1], ContactState)
    assert state.status == ChallengeStatus.EXHAUSTED
    state = decode(caller.ask("check", order(address=address, code=found.code))[1], ContactState)
    assert (state.status, state.statement) == (ChallengeStatus.EXHAUSTED, "")


@pytest.mark.process
def test_nobody_else_may_ask(caller: Caller, contact_side: CentralSide) -> None:
    address = unique(caller.device, EMAIL)
    caller.start(order(address=address))
    other = Caller(EnrolledDevice().enrol(contact_side.enrol_code()), caller.link)
    # The other device's path, signed by this one; then the other device itself.
    assert other.ask("state", order(address=address))[0] == 403
    link = other.device.link()
    try:
        mine = Caller(other.device, link)
        assert mine.ask("state", order(address=address), caller.challenge)[0] == 404
        assert mine.start(order(address=address), caller.challenge)[0] == 404
    finally:
        link.close()
    assert caller.ask("state", order(address=address, case=OTHER_CASE))[0] == 404
    assert caller.ask("state", order(address="other@example.org"))[0] == 404
    assert caller.ask("state", order(address=address), "2" * 32)[0] == 404


@pytest.mark.process
def test_the_page_takes_the_code_on_the_customers_own_phone(
    caller: Caller, post: Post, contact_side: CentralSide
) -> None:
    address = unique(caller.device, MOBILE)
    said = order(MOBILE, address=address)
    caller.start(said)
    found = post.newest(MOBILE, address)
    assert found is not None
    path = "/c/" + found.text.rpartition("/c/")[2]
    context = ssl.create_default_context(
        cadata=Layout(contact_side.data).ca_certificate.read_text()
    )
    with httpx.Client(verify=context, base_url=contact_side.url, timeout=60) as phone:
        page = phone.get(path)
        assert page.status_code == 200
        assert page.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
        assert "<script" not in page.text
        assert address not in page.text
        assert 'lang="fr"' in page.text
        assert 'lang="en"' in phone.get(f"{path}?lang=en").text.partition("<head>")[0]
        lower = phone.post(path, data={"code": found.code.lower() + "x"})
        assert "Aucun essai" in lower.text
        wrong = "AAAA" if found.code != "AAAA" else "BBBB"
        assert "Il reste 4 essais" in phone.post(path, data={"code": wrong}).text
        assert "confirmé" in phone.post(path, data={"code": found.code}).text
        assert "confirmé" in phone.get(path).text
        assert phone.get("/c/nobody").status_code == 404
        assert phone.post(path, content=b"x" * 5000).status_code == 413
    state = decode(caller.ask("state", said)[1], ContactState)
    assert state.status == ChallengeStatus.CONFIRMED
    assert path not in contact_side.log.read_text()


@pytest.mark.process
def test_a_side_that_sends_nothing_says_so(side: CentralSide) -> None:
    device = EnrolledDevice().enrol(side.enrol_code())
    link = device.link()
    try:
        status, body = Caller(device, link).start(order())
    finally:
        link.close()
    assert (status, decode(body, Problem).error) == (503, "channel-closed")


# --- rules, with a clock that moves ---------------------------------------------------------------


class Box:
    """A sender that keeps what it sent, or refuses."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.broken = False

    def send(self, address, text) -> None:
        if self.broken:
            raise NotSentError("down")
        self.sent.append((address, text.short()))

    @property
    def code(self) -> str:
        text = self.sent[-1][1]
        return text.partition("est ")[2].partition(".")[0]


NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
DEVICE = DeviceId("dev-1")


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture
def challenges(tmp_path: Path, box: Box, key: SigningKey) -> Iterator[Challenges]:
    database = Database(tmp_path / "c.db")
    with database.writing() as ledger:
        for name in (DEVICE, DeviceId("dev-2")):
            ledger.put_device(DeviceRow(name, b"k" * 32, OfficeId("1"), NOW.isoformat()))
    yield Challenges(database, key, Ways({EMAIL: box, MOBILE: box}, all_texts()))
    database.close()


def names() -> Iterator[str]:
    for number in range(1, 1000):
        yield f"{number:032x}"


def test_a_code_counts_ten_minutes(challenges: Challenges, box: Box) -> None:
    challenges.start(DEVICE, CHALLENGE, order(), NOW)
    late = NOW + timedelta(minutes=10)
    state = challenges.check(DEVICE, CHALLENGE, order(code=box.code), late)
    assert (state.status, state.statement) == (ChallengeStatus.EXPIRED, "")
    in_time = challenges.check(DEVICE, CHALLENGE, order(code=box.code), NOW)
    assert in_time.status == ChallengeStatus.EXPIRED  # it does not come back


def test_a_new_code_ends_the_one_before(challenges: Challenges, box: Box) -> None:
    challenges.start(DEVICE, CHALLENGE, order(), NOW)
    first = box.code
    later = NOW + timedelta(seconds=31)
    challenges.start(DEVICE, "2" * 32, order(address="right@example.org"), later)
    old = challenges.check(DEVICE, CHALLENGE, order(code=first), later)
    assert old.status == ChallengeStatus.REPLACED
    right = order(address="right@example.org", code=box.code)
    assert challenges.check(DEVICE, "2" * 32, right, later).status == ChallengeStatus.CONFIRMED


def test_a_code_has_capitals_only_and_small_letters_count_as_such(
    challenges: Challenges, box: Box
) -> None:
    assert not {sign for sign in CODE_SIGNS if sign.lower() in CODE_SIGNS and sign.isalpha()}
    for number in range(4):  # a code may have no letter
        name = f"{number:032x}"
        address = f"+3363998000{number}"
        challenges.start(DEVICE, name, order(MOBILE, address=address), NOW)
        assert set(box.code) <= set(CODE_SIGNS)
        typed = order(MOBILE, address=address, code=f" {box.code.lower()} ")
        assert challenges.check(DEVICE, name, typed, NOW).status == ChallengeStatus.CONFIRMED


def test_limits_of_an_address_and_of_a_pause(challenges: Challenges) -> None:
    fresh = names()
    moment = NOW
    for _ in range(PER_ADDRESS):
        challenges.start(DEVICE, next(fresh), order(), moment)
        with pytest.raises(RefusedError) as refused:
            challenges.start(DEVICE, next(fresh), order(), moment + timedelta(seconds=10))
        assert (refused.value.status, refused.value.wait_s) == (429, 20)
        moment += timedelta(minutes=1)
    with pytest.raises(RefusedError) as refused:
        challenges.start(DeviceId("dev-2"), next(fresh), order(), moment)
    assert refused.value.wait_s == 3600 - 60 * PER_ADDRESS
    challenges.start(DEVICE, next(fresh), order(address="b@example.org"), moment)
    challenges.start(DEVICE, next(fresh), order(), NOW + timedelta(hours=1, seconds=1))


def test_a_message_that_was_not_handed_over_is_no_challenge(
    challenges: Challenges, box: Box
) -> None:
    box.broken = True
    with pytest.raises(RefusedError, match="502"):
        challenges.start(DEVICE, CHALLENGE, order(), NOW)
    with pytest.raises(RefusedError, match="502"):
        challenges.state(DEVICE, CHALLENGE, order(), NOW)


@pytest.mark.parametrize(
    "said",
    [
        order(address="no-at.example.org"),
        order(address="a@b\r\nBcc: x@example.org"),
        order(address="a@localhost"),
        order(address="é@example.org"),
        order(address=" a@example.org"),
        order(MOBILE, address="0612345678"),
        order(MOBILE, address="+33 6 12"),
    ],
)
def test_what_is_no_address_is_refused(challenges: Challenges, said: ContactOrder) -> None:
    with pytest.raises(RefusedError, match="422 address"):
        challenges.start(DEVICE, CHALLENGE, said, NOW)


def test_messages_fit_and_name_nobody(challenges: Challenges, box: Box) -> None:
    challenges.start(DEVICE, CHALLENGE, order(MOBILE), NOW)
    text = box.sent[-1][1]
    assert len(text) <= 160
    assert set("’\u00a0…") & set(text) == set()


def test_a_statement_by_another_key_or_altered_is_nothing(key: SigningKey) -> None:
    said = Confirmation(DEVICE, order().case, EMAIL, "a@example.org", CHALLENGE, NOW)  # type: ignore[arg-type]
    token = sign_confirmation(said, key)
    pinned = {key.key_id: key.public}
    assert open_confirmation(token, pinned) == said
    other = SigningKey.generate()
    for bad in (sign_confirmation(said, other), token[:-4] + "AAAA", "x.y.z", "", token * 20):
        with pytest.raises(ContactStatementError):
            open_confirmation(bad, pinned)


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[mail]\nhost = 'smtp.example.org'\nsender = 'a@example.org'\nsecurity = 'none'\n",
        "[sms]\nurl = 'http://sms.example.org/'\n",
        "[sms]\nurl = 'ftp://sms.example.org/'\n",
        "[page]\nurl = 'http://codes.example.org'\n",
        "[mail]\nhost = 'h'\n",
        "[other]\n",
        "[mail\npassword = 'geheim'",
    ],
)
def test_unsafe_or_unknown_settings_are_refused_without_quoting_them(text: str) -> None:
    with pytest.raises(FolderError) as refused:
        parse_settings(text.encode())
    assert "geheim" not in str(refused.value)


def test_settings_that_others_can_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "contact.toml"
    assert senders_of(load_settings(file)) == {}
    file.write_text("[sms]\nurl = 'https://sms.example.org/'\ntoken = 'x'\n")
    file.chmod(0o644)
    with pytest.raises(FolderError, match="owner"):
        load_settings(file)
    file.chmod(0o600)
    assert set(senders_of(load_settings(file))) == {MOBILE}


def test_the_page_speaks_the_language_of_the_message_unless_asked() -> None:
    assert language_of("", "en-GB,en;q=0.9") == "en"
    assert language_of("", "en-GB", "fr") == "fr"
    assert language_of("en", "", "fr") == "en"
    assert language_of("../x", "de", "") == "fr"
    assert json.dumps(dict(HEADERS))  # plain values


# --- encrypted mail -------------------------------------------------------------------------------


@pytest.fixture
def tls_mail(tmp_path: Path) -> Iterator[tuple[int, list[str], Path]]:
    """A mail server that insists on STARTTLS: its port, what it took in, its authority."""
    layout = Layout(founded(tmp_path / "tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(layout.server_certificate, layout.server_key)
    taken: list[str] = []

    class Handler:
        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
            taken.extend(envelope.rcpt_tos)
            return "250 OK"

    port = take_port()
    server = Controller(
        Handler(),
        hostname="127.0.0.1",
        port=port,
        ready_timeout=60,
        tls_context=context,
        require_starttls=True,
    )
    server.start()
    yield port, taken, layout.ca_certificate
    server.stop()
    give_back(port)


def mail_to(port: int) -> MailSender:
    return MailSender(MailSettings(host="localhost", sender="a@example.org", port=port))


def test_mail_goes_over_starttls_to_a_server_that_is_known(tls_mail, monkeypatch) -> None:
    port, taken, authority = tls_mail
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    mail_to(port).send("b@example.org", Message(all_texts()["fr"], "123456", 10, ""))
    assert taken == ["b@example.org"]


def test_no_code_goes_to_a_mail_server_that_nobody_vouches_for(tls_mail) -> None:
    port, taken, _ = tls_mail
    with pytest.raises(NotSentError):
        mail_to(port).send("b@example.org", Message(all_texts()["fr"], "123456", 10, ""))
    assert taken == []


def test_a_gateway_that_refuses_has_not_sent(post: Post) -> None:
    url = parse_settings(post.settings().encode()).sms.url
    with pytest.raises(NotSentError):
        SmsSender(SmsSettings(url=url, token="wrong")).send(
            "+33639980000", Message(all_texts()["fr"], "ABCD", 10, "")
        )


@pytest.mark.process
def test_an_operator_tries_the_way_before_a_customer_does(post: Post, tmp_path: Path) -> None:
    data = founded(tmp_path / "tried")
    answer = central("contact", "try", "a@example.org", "--data", data, "--json", check=False)
    assert (answer.returncode, json.loads(answer.stdout)["why"]) == (1, "not configured")
    post.write_settings(Layout(data).contact_settings)
    for address in ("tried@example.org", "+33639989999"):
        done = central("contact", "try", address, "--data", data, "--json")
        assert json.loads(done.stdout)["sent"] is True
        assert any(message.address == address for message in post.messages)
    assert central("contact", "try", "06", "--data", data, check=False).returncode == 2


@given(st.binary(max_size=200))
def test_any_settings_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(FolderError):
        parse_settings(data)


@given(st.text(max_size=300))
def test_any_statement_is_refused_as_such(token: str) -> None:
    key = SigningKey.from_seed(bytes(32))
    with pytest.raises(ContactStatementError):
        open_confirmation(token, {key.key_id: key.public})


@given(st.binary(max_size=400))
def test_any_form_holds_a_code_or_none(form: bytes) -> None:
    assert len(code_in(form)) <= 40
