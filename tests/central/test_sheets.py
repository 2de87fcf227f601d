"""The customer's sheet by e-mail: what is sent, to whom, how often, and what stays of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import product
from pathlib import Path
from typing import cast

import pytest

from central.archive.database import Database
from central.archive.faults import StoreError
from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.rows import DeviceRow, EntryRow
from central.contact.challenges import RefusedError
from central.contact.messages import NotSentError, Sent
from central.contact.settings import MailSettings
from central.contact.sheets import (
    ADDRESSES_PER_RECORD,
    PER_ADDRESS,
    SheetMessage,
    Sheets,
)
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    ContactAddressError,
    ContactUnavailableError,
    NotEnrolledError,
    UnreachableError,
)
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.services.contact_link import CentralContact
from kiosk.services.sheet_mail import SheetMailer
from kiosk.sync.contact import SheetOrder
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.contact import TEXTS
from tests.fakes.enrolled import EnrolledDevice
from ui.demonstration.post import Post

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
DEVICE = DeviceId("dev-0011223344556677")
SHEET = "Bureau 075012\nVotre identité est vérifiée.\nDonnez ce code : 3F7K 9QRD"
ADDRESS = "client@example.org"


@dataclass
class Box:
    """A sender that keeps messages, or refuses."""

    mails: list[EmailMessage] = field(default_factory=list)
    broken: bool = False

    def send(self, address: str, text: Sent) -> None:
        if self.broken:
            raise NotSentError("down")
        settings = MailSettings(host="localhost", sender="poste@example.org")
        self.mails.append(text.mail(settings, address))


@dataclass
class Office:
    """Sheets over a database with two records of one device, and an entry without one."""

    database: Database
    box: Box

    def __post_init__(self) -> None:
        self.sheets = Sheets(self.database, SigningKey.from_seed(b"k" * 32), self.box, TEXTS)
        with self.database.writing() as ledger:
            ledger.put_device(DeviceRow(DEVICE, bytes(32), OfficeId("1"), ""))
            records = (RecordId("a" * 32), RecordId("b" * 32), None)
            ledger.add_entries(
                tuple(EntryRow(DEVICE, n, "", bytes(32), one) for n, one in enumerate(records))
            )

    def send(self, seq: int = 0, at: datetime = NOW, **changes: str) -> bool:
        values = {"address": ADDRESS, "language": "fr", "variant": "normal", "text": SHEET}
        return self.sheets.send(DEVICE, seq, SheetOrder(**(values | changes)), at)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = Database(tmp_path / "collector.db")
    yield Office(database, Box())
    database.close()


class ReplicaAway:
    """A database whose replica goes away while a mail is on its way."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @contextmanager
    def writing(self, *scopes: str, local: bool = False) -> Iterator[Ledger]:
        if self._office.box.mails and not local:
            raise StoreError("replica")
        with self._office.database.writing(*scopes, local=local) as ledger:
            yield ledger


def test_a_mail_that_left_is_told_as_sent_where_the_replica_went_away_meanwhile(office: Office):
    away = cast("Database", ReplicaAway(office))
    office.sheets = Sheets(away, SigningKey.from_seed(b"k" * 32), office.box, TEXTS)
    assert office.send()
    office.sheets = Sheets(office.database, SigningKey.from_seed(b"k" * 32), office.box, TEXTS)
    assert not office.send(at=NOW + timedelta(days=1)), "not a second time, however late"
    assert len(office.box.mails) == 1


def refused(office: Office, **arguments) -> tuple[int, str]:
    with pytest.raises(RefusedError) as caught:
        office.send(**arguments)
    return caught.value.status, caught.value.word


def test_the_sheet_arrives_word_for_word_under_our_own_subject(office: Office) -> None:
    assert office.send()
    (mail,) = office.box.mails
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Votre passage au bureau de poste")
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, page = mail.iter_parts()
    assert plain.get_content().startswith(SHEET)
    assert "n’est pas gardée" in plain.get_content()
    assert "<p>Votre identité est vérifiée.</p>" in page.get_content()


@pytest.mark.parametrize(("variant", "size"), [("normal", "16"), ("easy", "20"), ("large", "26")])
def test_letters_are_as_large_as_was_asked_for(office: Office, variant: str, size: str) -> None:
    office.send(variant=variant)
    assert f"font-size:{size}px" in list(office.box.mails[0].iter_parts())[1].get_content()


def test_an_english_sheet_has_an_english_subject(office: Office) -> None:
    office.send(language="en", variant="english")
    assert office.box.mails[0]["Subject"] == "Your visit to the post office"


def test_no_word_of_a_sheet_becomes_markup() -> None:
    order = SheetOrder(address=ADDRESS, language="fr", variant="large", text="<b>a & b</b>")
    mail = SheetMessage(TEXTS["fr"], order).mail(
        MailSettings(host="localhost", sender="poste@example.org"), ADDRESS
    )
    assert "&lt;b&gt;a &amp; b&lt;/b&gt;" in list(mail.iter_parts())[1].get_content()


def test_asked_again_nothing_is_sent_twice_another_way_of_writing_is(office: Office) -> None:
    assert office.send()
    assert not office.send(at=NOW + timedelta(hours=3))
    assert office.send(variant="large")
    assert len(office.box.mails) == 2


def test_what_was_not_handed_over_is_sent_when_asked_again(office: Office) -> None:
    office.box.broken = True
    assert refused(office) == (502, "not-sent")
    office.box.broken = False
    assert office.send()


def test_a_sheet_whose_sender_died_is_sent_after_a_while(office: Office) -> None:
    class Died(BaseException):
        pass

    def dying(_address: str, _text: Sent) -> None:
        raise Died

    kept, office.box.send = office.box.send, dying  # type: ignore[method-assign] # it dies here
    with pytest.raises(Died):
        office.send()
    office.box.send = kept  # type: ignore[method-assign] # as it was
    assert not office.send(at=NOW + timedelta(seconds=60))
    assert office.send(at=NOW + timedelta(seconds=121))


def test_without_its_record_here_no_sheet_goes_out(office: Office) -> None:
    assert refused(office, seq=2) == (404, "entry-unknown")
    assert refused(office, seq=9) == (404, "entry-unknown")
    assert office.box.mails == []


def test_a_record_has_few_addresses_and_an_address_few_sheets(office: Office) -> None:
    for number in range(ADDRESSES_PER_RECORD):
        assert office.send(address=f"c{number}@example.org")
    assert refused(office, address="one.more@example.org") == (429, "too-often")
    sent = 0
    for seq, variant in product((0, 1), ("normal", "large", "easy", "english")):
        if sent < PER_ADDRESS - 1:
            sent += office.send(seq, variant=variant, address="c0@example.org")
    assert refused(office, seq=1, variant="english", address="c0@example.org")[0] == 429
    assert office.send(1, NOW + timedelta(hours=2), variant="english", address="c0@example.org")


@pytest.mark.parametrize("address", ["client", "a b@example.org", "Client <c@example.org>", "a@b"])
def test_only_an_address_is_an_address(office: Office, address: str) -> None:
    assert refused(office, address=address) == (422, "address")


@pytest.mark.parametrize(
    "lure",
    [
        "Visitez https://evil.example/",
        "Ouvrez www.evil",
        "Écrivez à moi@evil.example",
        "Allez sur evil.example maintenant",
        "evil。example\u202etxt",
        "CNIL.FR.evil.example",
        "a\x00b",
        "a\r\nBcc: all@example.org",
    ],
)
def test_nobody_makes_a_lure_of_a_sheet(office: Office, lure: str) -> None:
    assert refused(office, text=lure) == (422, "text")


def test_neither_address_nor_words_stay_on_the_disk(office: Office, tmp_path: Path) -> None:
    office.send()
    office.database.close()
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert b"client" not in data
        assert b"3F7K" not in data


def test_without_a_mail_server_none_is_promised(office: Office) -> None:
    office.sheets = Sheets(office.database, SigningKey.generate(), None, TEXTS)
    assert refused(office) == (503, "channel-closed")


# --- from a device, over TLS, through a real mail server ------------------------------------------


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    running = Post()
    running.start()
    yield running
    running.stop()


@pytest.mark.process
def test_a_device_has_a_sheet_mailed_once_its_record_is_known(tmp_path: Path, post: Post) -> None:
    data = founded(tmp_path / "central")
    post.write_settings(Layout(data).contact_settings)
    with serving(data) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        mailer = SheetMailer(CentralContact(device.link, device.identity.device_id))
        seq, _ = device.seal()
        arguments = (seq, f" {ADDRESS} ", "fr", "normal", SHEET)
        with pytest.raises(UnreachableError):
            mailer.send(*arguments)
        device.delivery.run_once()
        for _ in range(2):
            assert mailer.send(*arguments) == ADDRESS
        assert "3F7K 9QRD" in post.newest("email", ADDRESS).text
        with pytest.raises(ContactAddressError):
            mailer.send(seq, "nobody", "fr", "normal", SHEET)
        assert ADDRESS not in side.log.read_text()


@pytest.mark.process
def test_a_central_side_without_mail_says_so(side: CentralSide, device: EnrolledDevice) -> None:
    mailer = SheetMailer(CentralContact(device.link, device.identity.device_id))
    with pytest.raises(ContactUnavailableError):
        mailer.send(0, ADDRESS, "fr", "normal", SHEET)


def test_a_device_of_no_fleet_mails_nothing() -> None:
    with pytest.raises(NotEnrolledError):
        SheetMailer(None).send(0, ADDRESS, "fr", "normal", SHEET)
