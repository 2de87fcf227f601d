"""A colleague at another counter stands by a decision: two devices, one central side."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.audit.acts import act_holds
from kiosk.audit.colleagues import open_voucher, sign_voucher
from kiosk.audit.entries import EntryKind, open_entry
from kiosk.bootstrap import Kiosk, build
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import (
    ColleagueAnswerError,
    EventRefusedError,
    ProtocolError,
    QuestionGoneError,
    SamePersonError,
    UnreachableError,
    WrongPinError,
)
from kiosk.domain.evidence import DocumentKind, Side, Verdict
from kiosk.domain.ids import AgentId
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.model import DecisionTaken, SealConfirmed, StepKind, SteppedBack
from kiosk.paths import Paths
from kiosk.services.proofing import Case
from kiosk.sync.questions import AnswerPost, QuestionPut
from tests.fakes.cases import DOCUMENT, side
from tests.fakes.central_side import CentralSide, ask, central, serving
from tests.fakes.office import PIN

pytestmark = pytest.mark.process
CAMILLE, SACHA = AgentId("camille"), AgentId("sacha")
SIDES = (side(Side.FRONT), side(Side.BACK, DOCUMENT))


@dataclass
class House:
    """A central side, and devices that were enrolled with it."""

    side: CentralSide
    folder: Path
    stack: ExitStack

    def device(self, name: str, *agents: AgentId, office: str = "075012") -> Kiosk:
        """A new device at work, with agents of its own."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        DemonstrationKeyStore(folder).put("database", bytes(range(32)))
        (folder / "visavis.toml").write_text('[camera]\nkind = "specimen"\n', encoding="utf-8")
        kiosk = build(Paths.of_device(folder))
        kiosk.enrolment.enrol(self.side.enrol_code(office))
        kiosk.close()
        kiosk = build(Paths.of_device(folder))
        self.stack.callback(kiosk.close)
        for agent in agents:
            kiosk.agents.add(agent, f"{agent.title()} R.", Role.AGENT, PIN)
        return kiosk

    def request(self) -> str:
        """A request of the customer."""
        words = ("--surname", "Roussel", "--given-names", "Maëlle,Anne")
        words += ("--birth-date", "1988-03-09", "--office", "075012")
        words += ("--document-kind", DocumentKind.FR_ID_CARD_2021.value)
        words += ("--document-number", DOCUMENT.document_number)
        return ask("request", "new", *words, "--data", self.side.data)["token"]

    def asked(self, kiosk: Kiosk) -> Case:
        """A case of Camille whose decision waits for a colleague."""
        case = kiosk.proofing.open_case("online-request", kiosk.sign_in.sign_in(CAMILLE, PIN))
        play(case, Script((self.request(),), SIDES), until=StepKind.SECOND_AGENT)
        assert case.state.step is StepKind.SECOND_AGENT
        return case


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    data = tmp_path / "central"
    found(Layout(data), LOCAL_HOSTS, "idp.test", datetime.now(UTC), demonstration=True)
    words = ("policy", "set", "four_eyes.outcomes=accepted,refused", "--data", data)
    assert central(*words).returncode == 0
    with serving(data) as side, ExitStack() as stack:
        yield House(side, tmp_path, stack)


@pytest.fixture
def here(house: House) -> Kiosk:
    return house.device("here", CAMILLE)


@pytest.fixture
def there(house: House) -> Kiosk:
    return house.device("there", SACHA)


def entries(kiosk: Kiosk, kind: EntryKind):
    with kiosk.store.begin() as uow:
        rows = uow.journal.range(0, uow.journal.size())
    return [kiosk.journal.opened(row) for row in rows if row.kind == kind.value]


def test_the_word_of_a_colleague_at_another_counter_stands_in_the_sealed_record(house, here, there):
    case = house.asked(here)
    question = case.ask_elsewhere()
    assert case.heard_elsewhere(question) is None
    assert here.opinions.questions() == ()
    (told,) = there.opinions.questions()
    assert (told.agent, told.about, told.code) == (CAMILLE, "decision", question.code)
    assert [agent.agent_id for agent in there.opinions.colleagues(told)] == [SACHA]
    there.opinions.give(told, SACHA, PIN, Verdict.PASS)
    assert there.opinions.questions() == ()
    state = case.second_agent_said(case.heard_elsewhere(question))
    assert state.second_agent.agent_id == SACHA
    assert state.step is StepKind.CONFIRM
    case.dispatch(SealConfirmed())

    (mine,) = entries(here, EntryKind.SECOND_SIGNED)
    (theirs,) = entries(there, EntryKind.SECOND_SIGNED)
    assert mine.facts["word"] == theirs.facts["word"]
    assert (mine.facts["from"], theirs.facts["for"]) == (there.device_id, here.device_id)
    _, keys = open_voucher(state.second_agent.voucher, state.second_agent.statement)
    assert act_holds(theirs, "second", next(iter(keys.values())))
    for kiosk in (here, there):
        assert kiosk.delivery.run_once().reason == ""
    assert ask("audit", "verify", "--data", house.side.data)["verified"] is True
    (row,) = here.delivery.status()
    identity = Layout(house.side.data).identity
    words = ("audit", "open", row.record_id, "--identity", identity, "--data", house.side.data)
    opened = json.loads(central(*words).stdout)
    second = opened["record"]["visavis"]["service"]["second_agent"]
    assert (second["agent_id"], bool(second["voucher"])) == (SACHA, True)


def test_a_colleague_who_disagrees_sends_the_agent_back_to_the_decision(house, here, there):
    case = house.asked(here)
    question = case.ask_elsewhere()
    there.opinions.give(there.opinions.questions()[0], SACHA, PIN, Verdict.FAIL)
    state = case.second_agent_said(case.heard_elsewhere(question))
    assert (state.step, state.decision, state.second_agent) == (StepKind.DECISION, None, None)


def test_a_wrong_pin_counts_where_it_was_typed_and_nothing_is_sent(house, here, there):
    case = house.asked(here)
    question = case.ask_elsewhere()
    (told,) = there.opinions.questions()
    with pytest.raises(WrongPinError):
        there.opinions.give(told, SACHA, "864209", Verdict.PASS)
    assert there.sign_in.standing(SACHA).failures == 1
    assert case.heard_elsewhere(question) is None


def test_nobody_answers_their_own_question_from_another_counter(house, here):
    elsewhere = house.device("elsewhere", CAMILLE)
    house.asked(here).ask_elsewhere()
    (told,) = elsewhere.opinions.questions()
    assert elsewhere.opinions.colleagues(told) == ()
    with pytest.raises(SamePersonError):
        elsewhere.opinions.give(told, CAMILLE, PIN, Verdict.PASS)


def test_another_office_hears_nothing_and_its_word_counts_nothing(house, here, there):
    far = house.device("far", SACHA, office="069002")
    case = house.asked(here)
    question = case.ask_elsewhere()
    assert far.opinions.questions() == ()
    (told,) = there.opinions.questions()
    with pytest.raises(QuestionGoneError):
        far.opinions.give(told, SACHA, PIN, Verdict.PASS)
    assert case.heard_elsewhere(question) is None
    there.opinions.give(told, SACHA, PIN, Verdict.PASS)
    post = case.heard_elsewhere(question)
    voucher, _ = open_voucher(post.voucher, post.statement)
    forged = replace(voucher, office_id="075012", certificate=far.membership.identity.certificate)
    with pytest.raises(ColleagueAnswerError):
        case.second_agent_said(AnswerPost(post.statement, sign_voucher(forged, far.device_key)))


def test_the_second_answer_comes_too_late(house, here, there):
    third = house.device("third", AgentId("noa"))
    case = house.asked(here)
    question = case.ask_elsewhere()
    (told,) = there.opinions.questions()
    there.opinions.give(told, SACHA, PIN, Verdict.PASS)
    with pytest.raises(QuestionGoneError):
        third.opinions.give(told, AgentId("noa"), PIN, Verdict.FAIL)
    assert case.second_agent_said(case.heard_elsewhere(question)).second_agent.agent_id == SACHA


def test_a_word_about_what_was_changed_meanwhile_is_no_answer(house, here, there):
    """Asked about an acceptance; the agent then decides otherwise and uses the old word."""
    case = house.asked(here)
    question = case.ask_elsewhere()
    there.opinions.give(there.opinions.questions()[0], SACHA, PIN, Verdict.PASS)
    post = case.heard_elsewhere(question)
    case.dispatch(SteppedBack())
    with pytest.raises(EventRefusedError):
        case.second_agent_said(post)
    refused = Decision(Outcome.REFUSED, (Reason.CUSTOMER_WITHDRAWS,))
    case.dispatch(DecisionTaken(refused))
    with pytest.raises(ColleagueAnswerError):
        case.second_agent_said(post)


@pytest.mark.parametrize("part", ["statement", "voucher"])
def test_a_changed_answer_is_refused(house, here, there, part):
    case = house.asked(here)
    question = case.ask_elsewhere()
    there.opinions.give(there.opinions.questions()[0], SACHA, PIN, Verdict.PASS)
    post = case.heard_elsewhere(question)
    given = {"statement": post.statement, "voucher": post.voucher}
    for place in range(0, len(given[part]), 37):
        text = given[part]
        other = "A" if text[place] != "A" else "B"
        changed = given | {part: text[:place] + other + text[place + 1 :]}
        with pytest.raises(ColleagueAnswerError):
            case.second_agent_said(AnswerPost(**changed))
    assert case.state.second_agent is None


def test_a_question_whose_digest_is_none_reaches_nobody(here, there):
    bad = QuestionPut(case="2" * 32, agent="camille", about="decision", seen="A" * 42 + "B")
    with pytest.raises(ProtocolError):
        here.opinions.line.put("1" * 32, bad)
    assert there.opinions.questions() == ()


def test_without_a_network_the_agent_is_told_so(house, here):
    case = house.asked(here)
    house.side.stop()
    with pytest.raises(UnreachableError):
        case.ask_elsewhere()
    with pytest.raises(UnreachableError):
        here.opinions.questions()


def test_entries_say_who_was_asked_where(house, here, there):
    case = house.asked(here)
    case.ask_elsewhere()
    there.opinions.give(there.opinions.questions()[0], SACHA, PIN, Verdict.PASS)
    with there.store.begin() as uow:
        row = uow.journal.get(uow.journal.size() - 1)
    header = open_entry(row.jws, there.device_key.public)
    assert header.facts["agent"] == CAMILLE
    assert "Roussel" not in row.jws
