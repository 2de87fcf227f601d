"""Cosignatures of witnesses: the form of C2SP, and nothing else.

Vectors: the worked example of ``tlog-cosignature`` (C2SP) for the message, and a cosignature made
by another implementation (``NewSignerForCosignatureV1`` of transparency-dev/formats 0.1.1).
"""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.witnesses import NO_QUORUM, Quorum
from kiosk.crypto.cosignatures import (
    Cosigner,
    _message,
    cosign,
    cosignatures_of,
    is_cosigner_name,
    parse_cosigner,
    split_note,
)
from kiosk.crypto.notes import parse_verifier_key, sign_note, verify_note
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError

LOG_KEY = "example.com/vector-log+4516a1da+ARGkVJ4QEa2MOOLGBO6i7NVSJ1FQ97tIX+w+Ku0RZ6Em"
WITNESS_KEY = "witness.example.com/vector+416f103d+BK/QmJFVP3SKJOqAMhFxBQPtylo3sjwWibyFDAlZKK8B"
WITNESS_SEED = base64.b64decode("BJEX3xv88eoQIKT4E+GkxZcXaJCYlQfi/GJ3NDFmZIW8")[1:]
BODY = "example.com/vector-log\n1234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"
LOG_LINE = (
    "— example.com/vector-log RRah2qlLrSlk6J8DA1HmNewppUM15Quhs5cAIb1KjBsV3otVirJTW8AFVsQtJkTW1"
    "Zny7GuoAxZpI6bUPcpM68QOIgE=\n"
)
WITNESS_LINE = (
    "— witness.example.com/vector QW8QPQAAAABqwLUbDdj7sDNRIVjmjYgqFI6y4UJhPg/UAA8J8wAdqSd3q4Ped"
    "RhkgXA4xFN/Jg5uWn7ZkBA+H/UHQs5d9hITdXmQAA==\n"
)
TIME = 1791014171
NOTE = f"{BODY}\n{LOG_LINE}{WITNESS_LINE}"
WITNESS = parse_cosigner(WITNESS_KEY)
KEYS = [SigningKey.from_seed(bytes([number]) * 32) for number in range(1, 5)]
COSIGNERS = [Cosigner(f"witness.test/{n}", key.public) for n, key in enumerate(KEYS)]


def note(*signers: int, body: str = BODY, time: int = TIME) -> str:
    lines = "".join(cosign(body, COSIGNERS[n].name, KEYS[n], time) for n in signers)
    return sign_note(body, "log.test", KEYS[3]) + lines


def test_a_cosignature_made_elsewhere_holds_here():
    (found,) = cosignatures_of(NOTE, (WITNESS,))
    assert (found.timestamp, found.line) == (TIME, WITNESS_LINE)
    name, public = parse_verifier_key(LOG_KEY)
    assert verify_note(NOTE, name, public) == BODY


def test_the_same_key_makes_the_same_line_here():
    assert cosign(BODY, WITNESS.name, SigningKey.from_seed(WITNESS_SEED), TIME) == WITNESS_LINE


def test_the_message_is_the_one_of_the_specification():
    body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert _message(body, 1679315147) == f"cosignature/v1\ntime 1679315147\n{body}".encode()


def test_a_key_has_one_spelling():
    assert parse_cosigner(WITNESS_KEY).text() == WITNESS_KEY
    name, key_id, key = WITNESS_KEY.split("+", 2)
    other = Cosigner(name, bytes(32)).text().split("+", 2)[2]
    for wrong in (
        LOG_KEY,
        "",
        "a+b+c",
        f"{name}+{key_id.upper()}+{key}",
        f"{name}+{key_id}+{other}",
        f"{name}+{key_id}+{key}=",
        f"two words+{key_id}+{key}",
    ):
        with pytest.raises(ValueError, match=r"."):
            parse_cosigner(wrong)


def test_any_changed_time_body_name_or_key_breaks_it():
    for changed in (
        NOTE.replace("1234", "1235"),
        NOTE.replace("QW8QPQAAAABqwLUb", "QW8QPQAAAABqwLUc"),
    ):
        with pytest.raises(SignatureInvalidError):
            cosignatures_of(changed, (WITNESS,))
    assert cosignatures_of(NOTE.replace("com/vector QW8", "com/other QW8"), (WITNESS,)) == ()
    assert cosignatures_of(NOTE, (Cosigner(WITNESS.name, KEYS[0].public),)) == ()


def test_a_known_key_whose_line_does_not_hold_spoils_the_note():
    other = cosign(BODY.replace("1234", "1235"), COSIGNERS[0].name, KEYS[0], TIME)
    with pytest.raises(SignatureInvalidError):
        cosignatures_of(note(1) + other, COSIGNERS)
    assert len(cosignatures_of(note(1) + other, COSIGNERS[1:])) == 1


def test_a_signature_of_the_log_is_no_cosignature():
    # Same key, same name, other kind: a collector cannot be its own witness by its log key.
    itself = Cosigner("log.test", KEYS[3].public)
    assert cosignatures_of(note(), (itself,)) == ()


def test_a_witness_counts_once_and_with_its_newest_word():
    twice = note(0) + cosign(BODY, COSIGNERS[0].name, KEYS[0], TIME + 5)
    (found,) = cosignatures_of(twice, COSIGNERS)
    assert found.timestamp == TIME + 5
    assert not Quorum(tuple(COSIGNERS), 2).met_by(twice)
    assert Quorum(tuple(COSIGNERS), 1).met_by(twice)


@pytest.mark.parametrize(("signers", "needed", "met"), [
    ((), 0, True), ((), 1, False), ((0,), 1, True), ((0,), 2, False),
    ((0, 1), 2, True), ((0, 1, 2), 2, True), ((0, 0), 2, False),
])  # fmt: skip
def test_a_quorum_is_so_many_of_those(signers, needed, met):
    assert Quorum(tuple(COSIGNERS[:3]), needed).met_by(note(*signers)) is met


def test_no_quorum_is_met_by_anything_and_one_by_no_nonsense():
    assert NO_QUORUM.met_by("nonsense")
    assert not Quorum(tuple(COSIGNERS), 1).met_by("nonsense")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb", "a\x00b", "x" * 129, "a\u2003b"])
def test_some_names_are_none(name):
    assert not is_cosigner_name(name)
    with pytest.raises(ValueError, match="name"):
        cosign(BODY, name, KEYS[0], TIME)


@pytest.mark.parametrize("time", [-1, 2**63])
def test_a_time_out_of_bounds_is_not_signed(time):
    with pytest.raises(ValueError, match="time"):
        cosign(BODY, "w", KEYS[0], time)


@pytest.mark.parametrize(
    "text",
    [
        "", "\n\n", "text", "text\n\n", "text\n\n— a b", "text\n\nx a QUJDREVG\n",
        "text\n\n— a+b QUJDREVG\n", "text\n\n— a QUI=\n", "text\n\n— a QUJDREVH=\n",
        "te\rxt\n\n— a QUJDREVG\n", "te\x00xt\n\n— a QUJDREVG\n", "te\ud800xt\n\n— a QUJDREVG\n",
        "\n\n— a QUJDREVG\n", "x" * 70_000 + "\n\n— a QUJDREVG\n",
    ],
)  # fmt: skip
def test_what_is_no_note_is_said_to_be_none(text):
    with pytest.raises(SignatureInvalidError):
        split_note(text)


def test_the_last_empty_line_parts_body_and_signatures():
    assert split_note("a\n\nb\n\n— n QUJDREVG\n") == ("a\n\nb\n", (("n", b"ABCDEF"),))


@given(st.text(max_size=300) | st.text("— ab+/=\n", max_size=300))
def test_any_text_is_a_note_or_refused(text):
    try:
        body, signatures = split_note(text)
    except SignatureInvalidError:
        return
    assert body.endswith("\n")
    assert signatures


@given(
    body=st.text(st.characters(codec="utf-8", min_codepoint=32), min_size=1, max_size=80),
    time=st.integers(0, 2**63 - 1),
    signers=st.sets(st.integers(0, 2)),
)
def test_what_was_cosigned_is_found_again(body, time, signers):
    made = note(*sorted(signers), body=f"{body}\n", time=time)
    found = cosignatures_of(made, COSIGNERS[:3])
    assert {one.cosigner for one in found} == {COSIGNERS[n] for n in signers}
    assert all(one.timestamp == time for one in found)
