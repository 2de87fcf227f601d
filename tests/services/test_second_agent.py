"""Four eyes: a colleague signs too, and the sealed record proves it with three keys."""

from dataclasses import replace

import pytest

from kiosk.audit import records
from kiosk.audit.acts import act_holds
from kiosk.audit.entries import open_entry
from kiosk.audit.second_word import EARLIER, PROFILE, SecondWord, open_word, seen_digest, sign_word
from kiosk.crypto import age
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.agent import Role
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import (
    EventRefusedError,
    NotAllowedError,
    SamePersonError,
    SignatureInvalidError,
    WrongPinError,
)
from kiosk.domain.evidence import Verdict
from kiosk.domain.ids import AgentId
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.catalogue import JourneyCatalogue
from kiosk.journeys.model import (
    CaseAbandoned,
    DecisionTaken,
    PersonFacts,
    SealConfirmed,
    StepKind,
)
from kiosk.journeys.service_steps import SecondAgentAsked, SignOff
from tests.fakes.cases import CARD_SIDES, JOURNEY
from tests.fakes.office import PIN, Office
from tests.fakes.store import InMemoryStore

SACHA = AgentId("sacha")
ACCEPT = DecisionTaken(Decision(Outcome.ACCEPTED))


@pytest.fixture
def office() -> Office:
    office = Office(InMemoryStore())
    strict = replace(JOURNEY, second_agent_for=(Outcome.ACCEPTED, Outcome.REFUSED))
    office.proofing._catalogue = JourneyCatalogue(strict)
    office.session("sacha")
    return office


class StopAtDecision(Exception):  # noqa: N818 - no error
    """The script has come to the decision."""


def at_decision(office: Office, person: PersonFacts | None = None):
    """A case of camille, everything done but the decision."""
    case = office.proofing.open_case("online-request", office.session())

    class Until:
        def __getattr__(self, name: str):
            return getattr(case, name)

        def dispatch(self, event):
            if isinstance(event, DecisionTaken):
                raise StopAtDecision
            return case.dispatch(event)

    script = replace(Script(codes=(office.code(),), sides=CARD_SIDES), person=person or SAME)
    with pytest.raises(StopAtDecision):
        play(Until(), script)
    assert case.state.step is StepKind.DECISION
    return case


SAME = PersonFacts(Verdict.PASS, ("ears", "nose"), 1, questions_consistent=True)


def at_second(office: Office):
    case = at_decision(office)
    case.dispatch(ACCEPT)
    assert case.state.step is StepKind.SECOND_AGENT
    return case


def sealed(office: Office, seconds=None):
    """The last record, opened with the keys of everybody here."""
    with office.store.begin() as uow:
        row = uow.outbox.all()[-1]
        blob = uow.blobs.get(row.seq)
        publics = {a.agent_id: a.public_key for a in uow.agents.all()}
    camille = {key_id_of(publics["camille"]): publics["camille"]}
    device = {office.device_key.key_id: office.device_key.public}
    others = {key_id_of(publics["sacha"]): publics["sacha"]} if seconds is None else seconds
    return records.open_record(
        blob, office.auditor, camille | device, office.device_key.key_id, others
    ).record


def test_a_countersigned_record_stands_on_three_keys(office: Office):
    case = at_second(office)
    state = case.second_agent_says(SACHA, PIN, Verdict.PASS)
    assert state.step is StepKind.CONFIRM
    case.dispatch(SealConfirmed())
    record = sealed(office)["visavis"]
    told = record["service"]["second_agent"]
    assert (told["agent_id"], told["about"], told["verdict"]) == ("sacha", "decision", "pass")
    with office.store.begin() as uow:
        sacha = uow.agents.get(SACHA)
    word, kid = open_word(told["statement"], {key_id_of(sacha.public_key): sacha.public_key})
    assert (word.agent_id, word.second_id, kid) == (
        "camille",
        "sacha",
        key_id_of(sacha.public_key),
    )
    with pytest.raises(SignatureInvalidError):
        sealed(office, {})


def test_the_journal_holds_the_word_and_its_signature(office: Office):
    case = at_second(office)
    case.second_agent_says(SACHA, PIN, Verdict.FAIL)
    with office.store.begin() as uow:
        entry = uow.journal.range(0, uow.journal.size())[-1]
        sacha = uow.agents.get(SACHA)
    header = open_entry(entry.jws, office.device_key.public)
    assert (header.kind, header.facts["verdict"]) == ("second_signed", "fail")
    assert act_holds(header, "second", sacha.public_key)
    assert case.state.step is StepKind.DECISION


def test_the_first_session_goes_on_and_no_shift_is_opened(office: Office):
    office.sign_in.sign_out(office.session("sacha"))
    before = office.journal_kinds().count("shift_open")
    case = at_second(office)
    case.second_agent_says(SACHA, PIN, Verdict.PASS)
    assert office.journal_kinds().count("shift_open") == before + 1  # camille's own
    resumed = office.proofing.resume(case.state.case_id, office.session())
    assert resumed.state.second_agent is not None
    resumed.dispatch(SealConfirmed())
    assert sealed(office)["visavis"]["service"]["second_agent"]["agent_id"] == "sacha"


def test_a_wrong_pin_changes_nothing_and_counts(office: Office):
    case = at_second(office)
    with pytest.raises(WrongPinError):
        case.second_agent_says(SACHA, "314159", Verdict.PASS)
    assert case.state.step is StepKind.SECOND_AGENT
    assert office.sign_in.standing(SACHA).failures == 1
    assert "second_signed" not in office.journal_kinds()


def test_nobody_is_their_own_second_agent(office: Office):
    case = at_second(office)
    with pytest.raises(SamePersonError):
        case.second_agent_says(AgentId("camille"), PIN, Verdict.PASS)
    assert [agent.agent_id for agent in case.second_agents()] == ["sacha"]


def test_a_technician_signs_no_decision(office: Office):
    office.session("tech", Role.TECHNICIAN)
    case = at_second(office)
    with pytest.raises(NotAllowedError):
        case.second_agent_says(AgentId("tech"), PIN, Verdict.PASS)


def test_nobody_answers_who_was_not_asked(office: Office):
    case = at_decision(office)
    with pytest.raises(EventRefusedError):
        case.second_agent_says(SACHA, PIN, Verdict.PASS)
    assert office.sign_in.standing(SACHA).failures == 0


def test_a_doubt_about_the_person_is_settled_by_a_colleague(office: Office):
    case = at_decision(office, PersonFacts(Verdict.UNSURE))
    case.dispatch(SecondAgentAsked())
    state = case.second_agent_says(SACHA, PIN, Verdict.PASS)
    assert state.second_opinion is not None
    assert state.second_opinion.about is SignOff.PERSON
    case.dispatch(DecisionTaken(Decision(Outcome.REFUSED, (Reason.NOT_ORIGINAL,))))
    case.second_agent_says(SACHA, PIN, Verdict.PASS)
    case.dispatch(SealConfirmed())
    assert sealed(office)["visavis"]["service"]["second_agent"]["about"] == "decision"


@pytest.mark.parametrize("second", ["sacha", "robin"])
def test_the_record_of_a_doubt_that_was_accepted_keeps_both_words(office: Office, second: str):
    office.session("robin")
    case = at_decision(office, PersonFacts(Verdict.UNSURE))
    case.dispatch(SecondAgentAsked())
    case.second_agent_says(AgentId(second), PIN, Verdict.PASS)
    case.dispatch(ACCEPT)
    case.second_agent_says(SACHA, PIN, Verdict.PASS)
    assert case.dispatch(SealConfirmed()).closed
    with office.store.begin() as uow:
        keys = [agent.public_key for agent in uow.agents.all() if agent.agent_id != "camille"]
    told = sealed(office, {key_id_of(key): key for key in keys})["visavis"]["service"]
    assert (told["second_agent"]["agent_id"], told["second_agent"]["about"]) == (
        "sacha",
        "decision",
    )
    assert (told["second_opinion"]["agent_id"], told["second_opinion"]["about"]) == (
        second,
        "person",
    )


def test_an_opinion_that_no_decision_followed_is_the_only_word_of_the_record(office: Office):
    case = at_decision(office, PersonFacts(Verdict.UNSURE))
    case.dispatch(SecondAgentAsked())
    case.second_agent_says(SACHA, PIN, Verdict.FAIL)
    case.dispatch(CaseAbandoned(Reason.CUSTOMER_WITHDRAWS))
    case.dispatch(SealConfirmed())
    told = sealed(office)["visavis"]["service"]
    assert told["second_agent"]["about"] == "person"
    assert "second_opinion" not in told


def test_the_word_about_a_decision_that_fell_is_not_in_the_record(office: Office):
    case = at_second(office)
    case.second_agent_says(SACHA, PIN, Verdict.PASS)
    case.dispatch(CaseAbandoned(Reason.CUSTOMER_WITHDRAWS))
    case.dispatch(SealConfirmed())
    assert "second_agent" not in sealed(office)["visavis"]["service"]
    assert "second_signed" in office.journal_kinds()


def test_a_case_in_other_hands_is_asked_about_again(office: Office):
    case = at_second(office)
    case.second_agent_says(SACHA, PIN, Verdict.PASS)
    office.hand_over.hand_over(case.state.case_id, SACHA, office.session())
    taken = office.proofing.resume(case.state.case_id, office.session("sacha"))
    assert taken.state.second_agent is None
    with pytest.raises(EventRefusedError):
        taken.dispatch(SealConfirmed())


# --- forged words ---------------------------------------------------------------------------------

AGENT, SECOND, DEVICE = (SigningKey.from_seed(bytes([n]) * 32) for n in (1, 2, 3))
KEYS = {key.key_id: key.public for key in (AGENT, SECOND, DEVICE)}
IDENTITY = age.Identity.from_seed(bytes(32))
SEEN = {
    "request": None,
    "document": None,
    "reading": {},
    "checks": [],
    "ticked": [],
    "features": [],
    "person": {"verdict": "pass"},
    "decision": {"outcome": "accepted"},
}


AROUND = {"item": {"number": "RR123456785FR"}, "presence": {"presence": "proxy"}}


def record_with(
    key: SigningKey = SECOND, told: dict | None = None, profile: str = PROFILE, **changes: str
) -> dict:
    """A record whose second word was signed by ``key`` with these changes."""
    parts = {"case_id": "c" * 32, "device_id": "dev-1", "agent_id": "a-17", **SEEN}
    parts["service"] = dict(AROUND)
    word = SecondWord(
        v=profile,
        device_id="dev-1",
        case_id="c" * 32,
        agent_id="a-17",
        second_id="a-18",
        about="decision",
        verdict="pass",
        seen_sha256=seen_digest(parts, "decision", profile),
        at="2026-11-26T09:00:00+00:00",
    )
    second = {
        "agent_id": "a-18",
        "about": "decision",
        "verdict": "pass",
        "statement": sign_word(replace(word, **changes), key),
        **(told or {}),
    }
    return {"visavis": {**parts, "service": {**AROUND, "second_agent": second}}}


def with_opinion(key: SigningKey = SECOND, alone: bool = False, **changes: str) -> dict:
    """A record with a word about the decision, and one of ``key`` about the person."""
    record = record_with()
    service = record["visavis"]["service"]
    told = {"agent_id": "a-18", "about": "person", "verdict": "pass"} | changes
    word = SecondWord(
        v=PROFILE,
        device_id="dev-1",
        case_id="c" * 32,
        agent_id="a-17",
        second_id=told["agent_id"],
        about=told["about"],
        verdict=told["verdict"],
        seen_sha256=seen_digest({**SEEN, "service": AROUND}, told["about"]),
        at="2026-11-26T09:00:00+00:00",
    )
    service["second_opinion"] = told | {"statement": sign_word(word, key)}
    if alone:
        del service["second_agent"]
    return record


def test_two_true_words_open():
    told = opened(with_opinion()).record["visavis"]["service"]
    assert set(told) == {*AROUND, "second_agent", "second_opinion"}


@pytest.mark.parametrize(
    "record",
    [
        with_opinion(AGENT),
        with_opinion(SigningKey.from_seed(bytes([9]) * 32)),
        with_opinion(alone=True),
        with_opinion(about="decision"),
        {"visavis": {**SEEN, "service": {"second_opinion": "word"}}},
    ],
)
def test_an_opinion_that_does_not_hold_shuts_the_record(record: dict):
    with pytest.raises(SignatureInvalidError):
        opened(record)


def opened(record: dict):
    sealed_blob = records.seal_record(
        records.RecordContents(record), [IDENTITY.recipient], AGENT, DEVICE
    )
    return records.open_record(sealed_blob.blob, IDENTITY, KEYS, DEVICE.key_id)


@pytest.mark.parametrize("profile", [PROFILE, EARLIER])
def test_a_true_word_opens(profile: str):
    assert opened(record_with(profile=profile)).record["visavis"]["agent_id"] == "a-17"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("item", {"number": "RR987654327FR"}),
        ("presence", {"presence": "in-person"}),
        ("identity", {"surname": "Autre"}),
        ("contacts", []),
        ("lookup", {"status": "clear"}),
        ("signs", ["damaged.torn"]),
        ("visit", {"visit_id": "v-1"}),
    ],
)
def test_a_word_is_about_what_stood_around_the_verification_too(name: str, value: object):
    record = record_with()
    record["visavis"]["service"][name] = value
    with pytest.raises(SignatureInvalidError):
        opened(record)


@pytest.mark.parametrize(
    "record",
    [
        record_with(AGENT),
        record_with(DEVICE),
        record_with(SigningKey.from_seed(bytes([9]) * 32)),
        record_with(case_id="d" * 32),
        record_with(device_id="dev-2"),
        record_with(agent_id="a-19"),
        record_with(second_id="a-17"),
        record_with(seen_sha256="A" * 43),
        record_with(about="person"),
        record_with(v="visavis-second/1"),
        record_with(v="visavis-second/3"),
        record_with(profile=EARLIER, v=PROFILE),
        record_with(told={"agent_id": "a-19"}),
        record_with(told={"verdict": "fail"}),
        record_with(told={"statement": "a.b.c"}),
        record_with(told={"statement": 7}),
    ],
)
def test_a_word_that_is_not_about_this_record_shuts_it(record: dict):
    with pytest.raises(SignatureInvalidError):
        opened(record)


@pytest.mark.parametrize("part", sorted(SEEN))
def test_whatever_the_second_agent_saw_cannot_be_changed_afterwards(part: str):
    record = record_with()
    record["visavis"][part] = {"outcome": "other"}
    with pytest.raises(SignatureInvalidError):
        opened(record)
