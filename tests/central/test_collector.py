"""The collector judged by calls that no honest device would make."""

from dataclasses import replace

import httpx
import pytest

from central.archive.layout import Layout
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.entries import EntryKind, entry_leaf
from kiosk.audit.tree import root_of
from kiosk.crypto.age import Identity
from kiosk.crypto.signing import SigningKey
from kiosk.ports import CollectorLink, LinkAnswer
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.messages import LogAnswer, LogPush, LogState, Problem, ReceiptPage, decode, encode
from kiosk.transport.https_link import HttpsLinks
from tests.fakes.central_side import CentralSide, central, founded, serving
from tests.fakes.enrolled import Call, EnrolledDevice

pytestmark = pytest.mark.process


@pytest.fixture
def link(device: EnrolledDevice):
    opened = device.link()
    yield opened
    opened.close()


def path(device: EnrolledDevice, what: str = "log") -> str:
    return f"/v1/devices/{device.identity.device_id}/{what}"


def push(
    device: EnrolledDevice, start: int, entries: list[str], key: SigningKey | None = None
) -> LogPush:
    """Entries with the checkpoint that an honest device would sign over them."""
    whole = device.entries()[:start] + entries
    origin = device_origin(device.policy.collector.origin, device.identity.device_id)
    root = root_of(entry_leaf(entry) for entry in whole)
    note = sign(Checkpoint(origin, len(whole), root), key or device.key)
    return LogPush(start=start, entries=tuple(entries), checkpoint=note)


def post(link: CollectorLink, device: EnrolledDevice, message: LogPush) -> LinkAnswer:
    return link.call("POST", path(device), encode(message))


def problem(answer: LinkAnswer) -> tuple[int, str]:
    return answer.status, decode(answer.body, Problem).error


def state(link: CollectorLink, device: EnrolledDevice) -> LogState:
    return decode(link.call("GET", path(device)).body, LogState)


def log_all(link: CollectorLink, device: EnrolledDevice) -> None:
    assert post(link, device, push(device, 0, device.entries())).status == 200


def test_entries_sent_again_are_welcome(link: CollectorLink, device: EnrolledDevice) -> None:
    device.seal()
    for _ in range(3):
        answer = post(link, device, push(device, 0, device.entries()))
        assert decode(answer.body, LogAnswer).size == 3
    answer = post(link, device, push(device, 1, device.entries()[1:]))
    assert decode(answer.body, LogAnswer).size == 3
    held = state(link, device)
    assert held.size == 3
    assert [item.seq for item in held.missing] == [2]


def test_a_part_of_what_is_held_is_welcome_too(link: CollectorLink, device: EnrolledDevice) -> None:
    log_all(link, device)
    answer = post(link, device, push(device, 0, device.entries()[:1]))
    assert decode(answer.body, LogAnswer).size == 2


def test_a_gap_is_refused_with_what_is_held(link: CollectorLink, device: EnrolledDevice) -> None:
    answer = post(link, device, push(device, 1, device.entries()[1:]))
    assert problem(answer) == (409, "gap")
    assert decode(answer.body, Problem).size == 0


def test_an_altered_entry_is_refused_whole(link: CollectorLink, device: EnrolledDevice) -> None:
    entries = device.entries()
    entries[1] = entries[1][:-4] + "AAAA"
    assert problem(post(link, device, push(device, 0, entries))) == (422, "entry")
    assert state(link, device).size == 0


def test_entries_out_of_place_are_refused(link: CollectorLink, device: EnrolledDevice) -> None:
    entries = device.entries()[::-1]
    assert problem(post(link, device, push(device, 0, entries))) == (422, "entry-place")


def test_entries_of_another_device_are_refused(
    link: CollectorLink, device: EnrolledDevice, side: CentralSide
) -> None:
    other = EnrolledDevice().enrol(side.enrol_code())
    assert problem(post(link, device, push(device, 0, other.entries()))) == (422, "entry")


def test_a_checkpoint_by_another_key_is_refused(
    link: CollectorLink, device: EnrolledDevice
) -> None:
    message = push(device, 0, device.entries(), SigningKey.generate())
    assert problem(post(link, device, message)) == (422, "checkpoint")


def test_a_checkpoint_over_another_tree_is_refused(
    link: CollectorLink, device: EnrolledDevice
) -> None:
    origin = device_origin(device.policy.collector.origin, device.identity.device_id)
    note = sign(Checkpoint(origin, 2, bytes(32)), device.key)
    message = LogPush(start=0, entries=tuple(device.entries()), checkpoint=note)
    assert problem(post(link, device, message)) == (422, "checkpoint")
    assert state(link, device).size == 0


def test_a_record_sealed_to_others_is_refused(link: CollectorLink, device: EnrolledDevice) -> None:
    device.seal(recipients=(Identity.generate().recipient,))
    assert problem(post(link, device, push(device, 0, device.entries()))) == (422, "recipients")


def test_a_record_sealed_to_one_more_is_refused(
    link: CollectorLink, device: EnrolledDevice
) -> None:
    own = tuple(recipient.age for recipient in device.policy.recipients)
    device.seal(recipients=(*own, Identity.generate().recipient))
    assert problem(post(link, device, push(device, 0, device.entries()))) == (422, "recipients")


def test_another_history_is_a_fork_and_its_evidence_is_kept(
    link: CollectorLink, device: EnrolledDevice, side: CentralSide
) -> None:
    other = device.clone()
    device.journal.record(EntryKind.BOOT)
    log_all(link, device)
    other.journal.record(EntryKind.SHIFT_OPEN)
    for _ in range(2):
        assert problem(post(link, other, push(other, 0, other.entries()))) == (409, "fork")
    with side.ledger() as ledger:
        assert ledger.forks(device.identity.device_id) == 1
        kept = ledger.entries(device.identity.device_id, 0, 10)
    assert [row.jws for row in kept] == device.entries()
    assert state(link, device).quarantined


def test_an_unsigned_difference_is_no_fork(link: CollectorLink, device: EnrolledDevice) -> None:
    log_all(link, device)
    entries = device.entries()
    entries[1] = entries[1][:-4] + "AAAA"
    assert problem(post(link, device, push(device, 0, entries))) == (422, "entry")
    assert not state(link, device).quarantined


# --- records ---


def test_a_record_nobody_announced_is_not_taken(
    link: CollectorLink, device: EnrolledDevice
) -> None:
    seq, sealed = device.seal()
    answer = link.call("PUT", path(device, f"records/{seq}"), sealed.blob)
    assert problem(answer) == (404, "entry-unknown")


def test_an_entry_without_a_record_takes_none(link: CollectorLink, device: EnrolledDevice) -> None:
    _, sealed = device.seal()
    log_all(link, device)
    assert problem(link.call("PUT", path(device, "records/0"), sealed.blob))[0] == 404


def test_a_record_is_taken_once(link: CollectorLink, device: EnrolledDevice) -> None:
    seq, sealed = device.seal()
    log_all(link, device)
    statuses = [link.call("PUT", path(device, f"records/{seq}"), sealed.blob).status for _ in "123"]
    assert statuses == [201, 200, 200]
    assert state(link, device).missing == ()


@pytest.mark.parametrize("place", [0, 40, 2000, -1])
def test_an_altered_record_leaves_nothing_visible(
    link: CollectorLink, device: EnrolledDevice, side: CentralSide, place: int
) -> None:
    seq, sealed = device.seal()
    log_all(link, device)
    altered = bytearray(sealed.blob)
    altered[place] ^= 1
    answer = link.call("PUT", path(device, f"records/{seq}"), bytes(altered))
    assert answer.status == 422
    assert [item.seq for item in state(link, device).missing] == [seq]
    folder = Layout(side.data).payloads
    assert not (folder / device.identity.device_id).exists()
    assert not list(folder.glob(".incoming-*"))


@pytest.mark.parametrize("size", [0, 10, 3000])
def test_a_record_cut_short_is_refused(
    link: CollectorLink, device: EnrolledDevice, size: int
) -> None:
    seq, sealed = device.seal()
    log_all(link, device)
    answer = link.call("PUT", path(device, f"records/{seq}"), sealed.blob[:size])
    assert answer.status == 422


def test_a_record_in_clear_is_refused(link: CollectorLink, device: EnrolledDevice) -> None:
    seq, _ = device.seal()
    log_all(link, device)
    answer = link.call("PUT", path(device, f"records/{seq}"), b'{"surname":"MARTIN"}' * 5000)
    assert answer.status == 422


def test_receipts_come_with_proofs(link: CollectorLink, device: EnrolledDevice) -> None:
    for _ in range(3):
        seq, sealed = device.seal()
        log_all(link, device)
        link.call("PUT", path(device, f"records/{seq}"), sealed.blob)
    page = decode(link.call("GET", path(device, "receipts?from=3&tree=0")).body, ReceiptPage)
    assert [item.seq for item in page.receipts] == [3, 4]
    assert all(item.leaf is not None for item in page.receipts)


# --- who asks ---


def test_an_unsigned_call_is_refused(side: CentralSide, device: EnrolledDevice) -> None:
    import ssl

    context = ssl.create_default_context(cadata=device.identity.ca_pem)
    with httpx.Client(verify=context, trust_env=False, timeout=60) as client:
        answer = client.get(side.url + path(device))
        assert (answer.status_code, answer.json()["error"]) == (401, "signature")
        assert client.get(f"{side.url}/healthz").status_code == 200
        assert client.get(f"{side.url}/v1/time").status_code == 400
        assert client.get(f"{side.url}/v1/time?nonce=a%0Ab").status_code == 400
        assert client.get(f"{side.url}/nothing").status_code == 404


def test_nobody_reads_the_journal_of_another(side: CentralSide, device: EnrolledDevice) -> None:
    other = EnrolledDevice().enrol(side.enrol_code())
    link = other.link()
    assert problem(link.call("GET", path(device))) == (403, "another-device")
    link.close()


def test_a_device_that_was_never_enrolled_is_refused(
    device: EnrolledDevice,
) -> None:
    stranger = SigningKey.generate()
    links = HttpsLinks(device.clock)
    link = links.open(device.identity.side(device.policy), stranger)
    answer = link.call("GET", f"/v1/devices/dev-{stranger.key_id}/log")
    assert problem(answer) == (401, "signature")
    link.close()


def test_a_body_changed_on_the_way_is_noticed(
    link: CollectorLink, device: EnrolledDevice, side: CentralSide
) -> None:
    import ssl

    from kiosk.crypto.http_signatures import sign_request

    body = encode(push(device, 0, device.entries()))
    url = side.url + path(device)
    headers = sign_request("POST", url, body, device.key, device.clock.now())
    context = ssl.create_default_context(cadata=device.identity.ca_pem)
    with httpx.Client(verify=context, trust_env=False, timeout=60) as client:
        answer = client.post(url, content=body + b" ", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (422, "digest")
    assert state(link, device).size == 0


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"from":0}', b"[" * 10_000])
def test_a_message_of_another_form_is_refused(
    link: CollectorLink, device: EnrolledDevice, body: bytes
) -> None:
    assert problem(link.call("POST", path(device), body)) == (400, "message")


@pytest.mark.parametrize("query", ["from=x", "from=-1", "tree=1.5", "from=9999999999999"])
def test_a_number_that_is_none_is_refused(
    link: CollectorLink, device: EnrolledDevice, query: str
) -> None:
    assert link.call("GET", path(device, f"receipts?{query}")).status == 400


def test_an_entry_number_beyond_every_bound_is_refused(
    link: CollectorLink, device: EnrolledDevice
) -> None:
    assert problem(link.call("PUT", path(device, f"records/{10**30}"), b"x")) == (
        404,
        "entry-unknown",
    )


def test_the_policy_is_fetched_once(link: CollectorLink) -> None:
    first = link.call("GET", "/v1/policy")
    etag = dict(first.headers)["etag"]
    assert link.call("GET", "/v1/policy", etag=etag).status == 304


# --- the process ---


def test_it_ends_cleanly_and_keeps_everything(tmp_path) -> None:
    data = founded(tmp_path / "central")
    with serving(data) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        seq, _ = device.seal()
        device.links.trouble = lambda call: (
            LinkAnswer(503, b"") if "/receipts" in call.path else call.go()
        )
        assert device.delivery.run_once().reason == "SYNC-001"
        port = int(side.url.rpartition(":")[2])
        assert side.stop() == 0
    device.links.trouble = Call.go
    with serving(data, port):
        assert device.delivery.run_once().stored == 1
    assert not device.has_blob(seq)


def test_a_kill_in_the_middle_loses_nothing_that_was_answered(tmp_path) -> None:
    data = founded(tmp_path / "central")
    with serving(data) as side:
        port = int(side.url.rpartition(":")[2])
        device = EnrolledDevice().enrol(side.enrol_code())
        seqs = [device.seal()[0] for _ in range(3)]
        taken: list[str] = []

        def killing(call: Call) -> LinkAnswer:
            answer = call.go()
            if call.method == "PUT":
                taken.append(call.path)
                if len(taken) == 2:
                    side.process.kill()
                    side.process.wait(timeout=60)
            return answer

        device.links.trouble = killing
        assert device.delivery.run_once().reason == "SYNC-001"
    device.links.trouble = Call.go
    with serving(data, port) as side:
        with side.ledger() as ledger:
            kept = [ledger.sealed(device.identity.device_id, seq) for seq in seqs]
        assert sum(row is not None for row in kept) == 2
        assert device.delivery.run_once().stored == 3


def test_its_log_names_no_secret_and_no_person(tmp_path) -> None:
    data = founded(tmp_path / "central")
    with serving(data) as side:
        code = side.enrol_code()
        device = EnrolledDevice().enrol(code)
        device.seal()
        device.delivery.run_once()
        side.stop()
        log = side.log.read_text()
    assert '"route": "/v1/devices/{device}/log"' in log
    assert code not in log
    assert device.agent_key.key_id not in log
    assert replace(device.identity).certificate not in log


def test_a_port_that_is_taken_is_not_shared(side: CentralSide) -> None:
    port = side.url.rpartition(":")[2]
    done = central("serve", "--data", side.data, "--port", port, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "Traceback" not in done.stderr
