"""Entries, checkpoints and whole journals: nothing is altered, dropped, doubled or reordered."""

from dataclasses import replace

import pytest

from kiosk.audit import checkpoint, entries, tree
from kiosk.audit.verify import verify_journal
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u
from kiosk.crypto.jws import sign_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import JournalBrokenError, SignatureInvalidError
from kiosk.domain.ids import DeviceId

DEVICE = DeviceId("dev-0000000000000001")
KEY = SigningKey.from_seed(bytes(32))
RATCHET = bytes(range(32))


def header(seq: int, root: bytes) -> entries.Header:
    return entries.Header(
        v=entries.PROFILE,
        device_id=DEVICE,
        seq=seq,
        kind=entries.EntryKind.BOOT,
        record_id=None,
        policy_v=1,
        recipients=(),
        age_header_sha256="",
        payload_sha256="",
        payload_len=0,
        prev_root=b64u(root),
        ratchet_mac="",
        boot_id="boot",
        mono_ms=1000 + seq,
        wall_claimed="2026-11-23T09:12:00+00:00",
        clock_state=entries.ClockState.UNVERIFIED,
        app_build="0.1.0",
        facts={"number": seq},
    )


def journal(count: int) -> list[str]:
    frontier, key, result = tree.Frontier(), RATCHET, []
    for seq in range(count):
        entry = entries.make_entry(header(seq, frontier.root()), key, KEY)
        frontier, key = frontier.append(entries.entry_leaf(entry)), entries.next_ratchet(key)
        result.append(entry)
    return result


def problems(changed: list[str], **more):
    return {p.what for p in verify_journal(changed, DEVICE, KEY.public, **more).problems}


def test_a_whole_journal_verifies():
    report = verify_journal(journal(9), DEVICE, KEY.public)
    assert report.verified
    assert report.entries == 9


def test_the_ratchet_moves_on_with_every_entry():
    first, second = journal(2)
    opened = entries.open_entry(second, KEY.public)
    assert entries.ratchet_holds(entries.open_entry(first, KEY.public), RATCHET)
    assert not entries.ratchet_holds(opened, RATCHET)
    assert entries.ratchet_holds(opened, entries.next_ratchet(RATCHET))


def test_dropped_doubled_and_swapped_entries_are_found():
    whole = journal(6)
    assert problems(whole[:2] + whole[3:]) == {"number", "chain"}
    assert "number" in problems(whole[:3] + whole[2:])
    assert "chain" in problems([whole[0], whole[2], whole[1], *whole[3:]])


def test_a_dropped_tail_shows_against_a_checkpoint():
    whole = journal(6)
    root = tree.root_of(entries.entry_leaf(e) for e in whole)
    anchor = checkpoint.Checkpoint("central.example/device/1", 6, root)
    assert problems(whole, checkpoint=anchor) == set()
    assert problems(whole[:5], checkpoint=anchor) == {"checkpoint"}


def test_an_entry_of_another_device_or_key_is_found():
    foreign = entries.make_entry(
        replace(header(0, tree.EMPTY_ROOT), device_id=DeviceId("dev-2")), RATCHET, KEY
    )
    assert problems([foreign]) == {"device"}
    forged = entries.make_entry(
        header(0, tree.EMPTY_ROOT), RATCHET, SigningKey.from_seed(bytes([7]) * 32)
    )
    assert any("AUDIT" in p for p in problems([forged]))
    assert problems(["é.é.é"])


def test_a_monotonic_clock_that_goes_back_is_found():
    first = journal(1)[0]
    frontier = tree.Frontier().append(entries.entry_leaf(first))
    second = entries.make_entry(replace(header(1, frontier.root()), mono_ms=5), RATCHET, KEY)
    assert problems([first, second]) == {"clock"}


@pytest.mark.parametrize(
    "change",
    [
        lambda h: {**h, "extra": 1},
        lambda h: {**h, "v": "visavis-record/2"},
        lambda h: {**h, "seq": -1},
        lambda h: {**h, "kind": "party"},
        lambda h: {**h, "wall_claimed": "yesterday"},
        lambda h: {k: v for k, v in h.items() if k != "prev_root"},
        lambda h: [h],
    ],
)
def test_signed_nonsense_is_not_an_entry(change):
    from dataclasses import asdict

    payload = canonical_json(change(asdict(header(0, tree.EMPTY_ROOT))))
    with pytest.raises(JournalBrokenError):
        entries.open_entry(sign_compact(payload, KEY, entries.TYP), KEY.public)


def test_a_header_stays_small():
    long = replace(header(0, tree.EMPTY_ROOT), facts={"x": "y" * 3000})
    with pytest.raises(ValueError):
        entries.make_entry(long, RATCHET, KEY)


def test_checkpoints_are_signed_statements_of_one_log():
    point = checkpoint.Checkpoint("central.example/device/1", 3, bytes(32))
    note = checkpoint.sign(point, KEY)
    assert checkpoint.open_note(note, point.origin, KEY.public) == point
    for origin, public in ((point.origin, bytes(32)), ("central.example/device/2", KEY.public)):
        with pytest.raises(SignatureInvalidError):
            checkpoint.open_note(note, origin, public)


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n-1\nAA==\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n1\n!\n",
        "a\n1\nAA==\n",
        "a\n" + "9" * 5000 + "\n" + "A" * 43 + "=\n",
    ],
)
def test_malformed_checkpoints_are_refused(text):
    with pytest.raises(SignatureInvalidError):
        checkpoint.parse(text)


def test_slip_codes_are_easy_to_read_aloud():
    code = checkpoint.slip_code(bytes.fromhex("ffffffffff") + bytes(27))
    assert code == "ZZZZZZZZ"
    assert not set("ILOU") & set(checkpoint.slip_code(bytes(range(32))))
