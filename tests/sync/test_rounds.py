"""Visits and activation codes as they are signed, sealed, typed and read."""

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.jws import sign_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import RoundInvalidError
from kiosk.domain.ids import DeviceId
from kiosk.sync.enrolment import device_id_of
from kiosk.sync.rounds import (
    SYMBOLS,
    VISIT_TYP,
    CodeForm,
    Visit,
    VisitPlace,
    announce_recipient,
    code_digest,
    new_code,
    open_recipient,
    open_visit,
    read_code,
    round_identity,
    seal_visit,
    sign_visit,
    spell_code,
    unseal_visit,
)

KEY = SigningKey.from_seed(bytes(range(32)))
KEYS = {KEY.key_id: KEY.public}
VISIT = Visit(
    visit_id="v-1",
    place=VisitPlace.HOME,
    day=date(2026, 11, 27),
    position=3,
    begins=time(9, 0),
    ends=time(10, 30),
    display_name="Maëlle Roussel",
    line="3 impasse des Peupliers",
    locality="75012 Paris",
    request="a.b.c",
    code_sha256=code_digest("v-1", "00000000"),
)


def test_a_visit_comes_back_as_it_was_signed() -> None:
    assert open_visit(sign_visit(VISIT, KEY), KEYS) == VISIT


def test_a_visit_of_an_unknown_signer_is_none() -> None:
    with pytest.raises(RoundInvalidError):
        open_visit(sign_visit(VISIT, SigningKey.generate()), KEYS)


@given(st.text(max_size=300))
def test_any_text_is_a_visit_or_is_refused(text: str) -> None:
    with pytest.raises(RoundInvalidError):
        open_visit(text, KEYS)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["visit_id", "day", "position", "begins"]), _JSON))
def test_signed_nonsense_is_refused_too(claims: dict[str, object]) -> None:
    token = sign_compact(canonical_json(claims), KEY, VISIT_TYP)
    with pytest.raises(RoundInvalidError):
        open_visit(token, KEYS)


@pytest.mark.parametrize(
    "changes",
    [
        {"visit_id": "a b"},
        {"visit_id": ""},
        {"position": 0},
        {"display_name": ""},
        {"display_name": "A\nB"},
        {"line": "\u202eparis"},
        {"locality": "x" * 121},
        {"ends": time(9, 0)},
        {"code_sha256": "short"},
        {"request": "x" * 1025},
    ],
)
def test_a_visit_that_could_not_be_shown_is_not_signed(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        sign_visit(replace(VISIT, **changes), KEY)


def test_a_visit_opens_for_its_device_only() -> None:
    mine, other = round_identity(bytes(32)), round_identity(bytes([1]) * 32)
    sealed = seal_visit("a.b.c", mine.recipient)
    assert unseal_visit(sealed, mine) == "a.b.c"
    with pytest.raises(RoundInvalidError):
        unseal_visit(sealed, other)
    with pytest.raises(RoundInvalidError):
        unseal_visit(sealed[:-1], mine)


def test_the_key_of_rounds_is_announced_by_the_device_itself() -> None:
    device = device_id_of(KEY.public)
    token = announce_recipient(KEY)
    assert open_recipient(token, device, KEY.public) == round_identity(KEY.seed).recipient
    other = SigningKey.generate()
    for wrong, public in (
        (device, other.public),
        (device_id_of(other.public), other.public),
        (DeviceId("dev-0"), KEY.public),
    ):
        with pytest.raises(RoundInvalidError):
            open_recipient(token, wrong, public)


# --- activation codes ---


def test_codes_are_read_as_people_say_them() -> None:
    code = spell_code("0110ABC")
    for said in (code, code.lower(), code.replace("-", " "), f" {code} ", code.replace("0", "O")):
        assert read_code(said) == (CodeForm.CODE, code.replace("-", ""))
    assert read_code(code.replace("1", "l")) == (CodeForm.CODE, code.replace("-", ""))


@given(st.text(SYMBOLS, min_size=7, max_size=7), st.integers(0, 7), st.sampled_from(SYMBOLS))
def test_one_wrong_symbol_is_always_noticed(symbols: str, place: int, other: str) -> None:
    code = spell_code(symbols).replace("-", "")
    wrong = code[:place] + other + code[place + 1 :]
    assert read_code(wrong)[0] is (CodeForm.CODE if wrong == code else CodeForm.MISTYPED)


@given(st.text(max_size=60))
def test_any_text_has_a_form(text: str) -> None:
    form, symbols = read_code(text)
    assert (form is CodeForm.CODE) is (symbols != "")


def test_fresh_codes_differ_and_hold() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert {read_code(code)[0] for code in codes} == {CodeForm.CODE}


def test_a_digest_is_of_one_visit_only() -> None:
    assert code_digest("v-1", "AAAAAAAA") != code_digest("v-2", "AAAAAAAA")
