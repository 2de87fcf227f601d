"""How the collector asks: who is asked when, what counts as an answer, what stands in the file."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from central.archive.database import Database
from central.archive.layout import FolderError, Layout
from central.archive.rows import LeafRow, LogRow
from central.archive.storage import open_database
from central.authority.policies import Policies
from central.collector.keys import PolicyShelf
from central.collector.server import load_keys
from central.collector.witness_link import Behind, WitnessLink, WitnessTroubleError
from central.collector.witness_settings import WitnessAddress, add_witness, load_witnesses
from central.collector.witnessing import WAITING_AT_MOST, Witnessing, witnessed
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.tree import frontier_of, leaf_hash, verify_consistency
from kiosk.audit.witnesses import Quorum
from kiosk.crypto.certificates import make_ca, make_server_certificate
from kiosk.crypto.cosignatures import Cosignature, Cosigner, cosign, cosignatures_of, split_note
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId
from tests.fakes.central_side import founded
from tests.fakes.witness_process import ask_witness, witnessing

LOG, ONE, TWO = (SigningKey.from_seed(bytes([number]) * 32) for number in (5, 6, 7))
LEAVES = [leaf_hash(b"%d" % number) for number in range(40)]
NOW = 1_790_000_000
ORIGIN = "log.test"


def root(size: int) -> bytes:
    return frontier_of(LEAVES[:size]).root()


class FakeWitness:
    """A link to a witness that follows the protocol, or fails in a named way."""

    def __init__(self, name: str, key: SigningKey) -> None:
        self.cosigner = Cosigner(name, key.public)
        self.key = key
        self.size = 0
        self.asked = 0
        self.trouble = ""
        self.gate: threading.Event | None = None

    def submit(self, old_size: int, proof: tuple[bytes, ...], note: str) -> Cosignature | Behind:
        self.asked += 1
        if self.gate is not None:
            self.gate.wait(60)
        if self.trouble:
            raise WitnessTroubleError(self.trouble)
        if old_size != self.size:
            return Behind(self.size)
        body = split_note(note)[0]
        size = int(body.split("\n")[1])
        assert verify_consistency(old_size, size, root(old_size), root(size), proof)
        self.size = size
        (made,) = cosignatures_of(
            note + cosign(body, self.cosigner.name, self.key, NOW), (self.cosigner,)
        )
        return made

    def close(self) -> None:
        pass


class Office:
    """A database with a log that grows by hand, a policy, and witnesses."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(founded(folder / "central"))
        self.database: Database = open_database(self.layout)
        self.one, self.two = FakeWitness("w.test/1", ONE), FakeWitness("w.test/2", TWO)
        self.seconds = 0.0
        self.asking = Witnessing(
            self.database,
            PolicyShelf(load_keys(self.layout).root_public),
            (self.one, self.two),
            lambda: datetime.now(UTC),
            lambda: self.seconds,
        )

    def demand(self, quorum: int) -> None:
        keys = ",".join(one.cosigner.text() for one in (self.one, self.two))
        changes = {"witnesses.keys": keys, "witnesses.quorum": str(quorum)}
        Policies(self.layout).change(changes, datetime.now(UTC))

    def grow(self, size: int) -> None:
        with self.database.writing() as ledger:
            state = ledger.log()
            for number in range(state.size if state else 0, size):
                row = LeafRow(number, DeviceId("dev-x"), number, b"{}", LEAVES[number])
                ledger.add_leaf(row)
            tree = frontier_of(LEAVES[:size])
            note = sign(Checkpoint(ORIGIN, size, tree.root()), LOG)
            ledger.put_log(LogRow(size, tree.hashes, note))

    def trouble(self, witness: FakeWitness) -> str:
        with self.database.reading() as ledger:
            return ledger.witnesses.newest_of(witness.cosigner.text()).trouble

    def shown(self, needed: int) -> int:
        both = tuple(one.cosigner for one in (self.one, self.two))
        with self.database.reading() as ledger:
            row = witnessed(ledger, (Quorum(both, needed),))
        return 0 if row is None else row.size


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.asking.close()
    made.database.close()


def test_an_empty_log_is_put_to_nobody(office: Office):
    office.asking.cosign()
    assert (office.one.asked, office.two.asked) == (0, 0)


def test_each_state_is_put_to_each_witness_once(office: Office):
    for size in (1, 5, 5, 12):
        office.grow(size)
        office.asking.cosign()
    assert (office.one.asked, office.two.asked) == (3, 3)
    assert (office.shown(1), office.shown(2)) == (12, 12)


def test_the_newest_state_with_the_quorum_is_shown(office: Office):
    office.grow(3)
    office.asking.cosign()
    office.two.trouble = "timeout"
    office.grow(9)
    office.asking.cosign()
    assert (office.shown(1), office.shown(2)) == (9, 3)
    assert (office.trouble(office.one), office.trouble(office.two)) == ("", "timeout")


def test_a_witness_that_fails_is_left_alone_longer_each_time_and_comes_back(office: Office):
    office.two.trouble = "unreachable"
    office.grow(3)
    asked = []
    for second in range(200):
        office.seconds = float(second)
        office.asking.cosign()
        if office.two.asked > len(asked):
            asked.append(second)
    assert asked == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    office.two.trouble = ""
    office.seconds = 243.0
    office.asking.cosign()
    assert (office.shown(2), office.trouble(office.two)) == (3, "")
    office.grow(4)
    office.asking.cosign()
    assert office.shown(2) == 4


def test_a_slow_witness_holds_up_no_other_and_no_device_longer_than_it_must(office: Office):
    office.demand(1)
    office.two.gate = threading.Event()
    office.grow(2)
    office.asking.hurry()  # returns although the second one has not answered
    assert office.shown(1) == 2
    office.grow(6)
    office.asking.hurry()
    assert office.shown(1) == 6
    assert office.two.asked == 1
    office.two.gate.set()
    office.asking.cosign()
    office.two.gate = None
    office.asking.cosign()
    assert office.shown(2) == 6


def test_whoever_waits_while_an_older_state_is_asked_about_gets_the_newer_one(office: Office):
    office.demand(2)
    office.two.gate = threading.Event()
    office.grow(2)
    first = threading.Thread(target=office.asking.hurry)
    first.start()
    while not office.two.asked:
        first.join(0.01)
    office.grow(8)
    second = threading.Thread(target=office.asking.hurry)
    second.start()
    second.join(0.2)
    office.two.gate.set()
    for thread in (first, second):
        thread.join()
    assert office.shown(2) == 8


def test_a_slow_witness_cannot_keep_every_thread_of_the_collector(office: Office):
    office.demand(2)
    office.two.gate = threading.Event()
    office.grow(2)
    waiting = [threading.Thread(target=office.asking.hurry) for _ in range(WAITING_AT_MOST)]
    for thread in waiting:
        thread.start()
    while office.asking._waiting._value:
        waiting[0].join(0.01)
    office.asking.hurry()  # one more does not wait
    assert all(thread.is_alive() for thread in waiting)
    office.two.gate.set()
    for thread in waiting:
        thread.join()
    assert office.shown(2) == 2
    assert office.two.asked == 1


def test_a_witness_that_knows_an_older_state_is_led_on(office: Office):
    office.grow(7)
    office.asking.cosign()
    office.one.size = 3  # its memory was put back
    office.grow(11)
    office.asking.cosign()
    assert (office.one.size, office.shown(2)) == (11, 11)
    with office.database.reading() as ledger:
        ((key, _),) = ledger.witnesses.told("put-back")
    assert key == office.one.cosigner.text()


def test_a_witness_that_knows_more_than_is_here_is_told_of(office: Office):
    office.grow(5)
    office.one.size = 30
    office.asking.cosign()
    assert office.trouble(office.one) == "ahead"
    assert (office.shown(1), office.shown(2)) == (5, 0)


def test_a_witness_that_holds_another_tree_of_this_size_is_told_of(office: Office):
    office.grow(5)
    office.one.size = 5
    office.one.submit = lambda *_: Behind(5)  # type: ignore[method-assign]
    office.asking.cosign()
    assert office.trouble(office.one) == "another-history"


def test_a_line_that_was_altered_in_the_database_counts_for_nothing(office: Office):
    from sqlalchemy import update

    from central.archive.witness_schema import cosignatures

    office.grow(5)
    office.asking.cosign()
    forged = cosign(f"{ORIGIN}\n5\nx\n", office.one.cosigner.name, ONE, NOW)
    with office.database.writing() as ledger:
        query = update(cosignatures).where(cosignatures.c.witness == office.one.cosigner.text())
        ledger._connection.execute(query.values(line=forged))
    assert office.shown(2) == 0


# --- what comes back ------------------------------------------------------------------------------

NOTE = sign(Checkpoint(ORIGIN, 5, root(5)), LOG)
BODY = split_note(NOTE)[0]


@contextmanager
def answering(status: int, body: bytes, headers: dict[str, str] | None = None) -> Iterator[str]:
    """A server that always says the same; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(url: str, submit: Callable[[WitnessLink], object] | None = None) -> object:
    key = Cosigner("w.test/1", ONE.public).text()
    link = WitnessLink(WitnessAddress(key=key, url=url, timeout_s=1), Path())
    try:
        return link.submit(0, (), NOTE) if submit is None else submit(link)
    finally:
        link.close()


def test_a_cosignature_is_one_by_the_key_that_was_configured():
    line = cosign(BODY, "w.test/1", ONE, NOW)
    others = cosign(BODY, "w.test/2", TWO, NOW)
    with answering(200, (others + line).encode()) as url:
        found = asked(url)
    assert isinstance(found, Cosignature)
    assert (found.line, found.timestamp) == (line, NOW)


def test_409_tells_the_size_to_go_on_from():
    with answering(409, b"3\n", {"Content-Type": "text/x.tlog.size"}) as url:
        assert asked(url) == Behind(3)


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (200, b"", "no-cosignature"),
        (200, b"<html>", "cosignature"),
        (200, b"\xff", "answer"),
        (200, b"x" * 20_000, "answer"),
        (200, cosign(BODY, "w.test/2", TWO, NOW).encode(), "no-cosignature"),
        (200, cosign(BODY, "w.test/1", TWO, NOW).encode(), "no-cosignature"),
        (200, cosign("other\n1\nx\n", "w.test/1", ONE, NOW).encode(), "cosignature"),
        (409, b"many", "answer"),
        (409, b"-3\n", "answer"),
        (409, b"9" * 40, "answer"),
        (403, b"", "key-not-trusted"),
        (404, b"", "unknown-log"),
        (422, b"", "another-history"),
        (400, b"", "form"),
        (503, b"", "status-503"),
        (302, b"", "status-302"),
    ],
)
def test_everything_else_is_a_trouble_in_one_word(status: int, body: bytes, trouble: str):
    with (
        answering(status, body, {"Location": "http://127.0.0.1:1/"}) as url,
        pytest.raises(WitnessTroubleError) as caught,
    ):
        asked(url)
    assert str(caught.value) == trouble


def test_nobody_there_is_unreachable():
    with pytest.raises(WitnessTroubleError, match="unreachable"):
        asked("http://127.0.0.1:1")


# --- the file -------------------------------------------------------------------------------------

KEY = Cosigner("w.test/1", ONE.public).text()


def test_no_file_asks_nobody_and_what_was_added_is_read_again(tmp_path: Path):
    path = tmp_path / "witnesses.toml"
    assert load_witnesses(path) == ()
    one = WitnessAddress(key=KEY, url="https://w.test/v1")
    two = WitnessAddress(key=Cosigner("w", TWO.public).text(), url="http://[::1]:9", timeout_s=2)
    add_witness(path, one)
    add_witness(path, two)
    assert load_witnesses(path) == (one, two)
    with pytest.raises(FolderError, match="twice"):
        add_witness(path, one)
    assert load_witnesses(path) == (one, two)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense", "other = 1", '[[witness]]\nurl = "https://x"', f'[[witness]]\nkey = "{KEY}"',
        f'[[witness]]\nkey = "{KEY}"\nurl = "http://w.test"',
        f'[[witness]]\nkey = "{KEY}"\nurl = "https://w.test?x=1"',
        f'[[witness]]\nkey = "{KEY}"\nurl = "https://u:p@w.test"',
        f'[[witness]]\nkey = "{KEY}"\nurl = "https://w.test:x"',
        f'[[witness]]\nkey = "{KEY}"\nurl = "ftp://w.test"',
        f'[[witness]]\nkey = "{KEY}"\nurl = "https://w.test"\ntimeout_s = 0',
        f'[[witness]]\nkey = "{KEY}"\nurl = "https://w.test"\nca = "gone.pem"',
        '[[witness]]\nkey = "a+b+c"\nurl = "https://w.test"',
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "witnesses.toml"
    path.write_text(text)
    with pytest.raises(FolderError, match=r"witnesses\.toml"):
        load_witnesses(path)


@pytest.mark.process
def test_a_witness_elsewhere_is_asked_over_tls_by_its_own_authority(tmp_path: Path):
    ca = make_ca("witnesses", datetime.now(UTC))
    certificate, key = make_server_certificate(ca, ["127.0.0.1"], datetime.now(UTC))
    for name, data in (("ca.pem", ca[0]), ("server.pem", certificate), ("server.key", key)):
        (tmp_path / name).write_bytes(data)
    log_key = verifier_key(ORIGIN, LOG.public)
    made = ask_witness("init", tmp_path / "w", "--name", "w.test/1", "--log", log_key)["key"]
    options = (
        "--certificate",
        tmp_path / "server.pem",
        "--certificate-key",
        tmp_path / "server.key",
    )
    with witnessing(tmp_path / "w", 0, *map(str, options)) as running:
        assert running.url.startswith("https://")
        for trusted, trouble in (("ca.pem", ""), ("", "unreachable")):
            address = WitnessAddress(key=made, url=running.url, ca=trusted, timeout_s=60)
            link = WitnessLink(address, tmp_path)
            with closing(link):
                if trouble:
                    with pytest.raises(WitnessTroubleError, match=trouble):
                        link.submit(5, (), NOTE)
                else:
                    assert isinstance(link.submit(0, (), NOTE), Cosignature)
