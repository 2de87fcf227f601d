"""Whatever an agent does in whatever order, the case can still end in exactly one sealed record."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Check, PrintedValue, Side, Verdict
from kiosk.journeys.automatic import CodePresented, Script, next_act, play
from kiosk.journeys.codec import decode, encode
from kiosk.journeys.engine import accepts, obstacles
from kiosk.journeys.model import (
    CaptureRestarted,
    CaseAbandoned,
    ChecksReviewed,
    ConsentAnswered,
    DecisionTaken,
    DocumentConfirmed,
    FeatureExamined,
    FeaturesFinished,
    LanguageChosen,
    PersonCompared,
    PersonFacts,
    PrintRead,
    SealConfirmed,
    StepKind,
    SteppedBack,
)
from tests.fakes.cases import (
    CARD_SIDES,
    DOCUMENT,
    JOURNEY,
    OLD_CARD,
    PASSED,
    PASSPORT,
    PaperCase,
    side,
)

VERDICTS = st.sampled_from(list(Verdict))
CHECKS = st.lists(
    st.builds(Check, st.sampled_from(["validity.expiry", "request.surname", "age"]), VERDICTS),
    min_size=1,
    max_size=3,
    unique_by=lambda check: check.code,
).map(tuple)
DECISIONS = st.sampled_from(
    [
        Decision(Outcome.ACCEPTED),
        Decision(Outcome.REFUSED, (Reason.NOT_ORIGINAL,)),
        Decision(Outcome.SUSPENDED, (Reason.NAME_DIFFERS,), fraud_suspected=True),
        Decision(Outcome.ABANDONED, (Reason.CUSTOMER_WITHDRAWS,)),
    ]
)
EVENTS = st.one_of(
    st.builds(ConsentAnswered, st.sampled_from(["", "1"]), st.booleans()),
    st.sampled_from(
        [
            *CARD_SIDES,
            side(Side.FRONT, PASSPORT),
            side(Side.FRONT, OLD_CARD),
            side(Side.BACK, DOCUMENT),
            PrintRead(Side.FRONT, ()),
            PrintRead(Side.BACK, (PrintedValue("expiry_date", "2027-06-14", sure=True),)),
            DocumentConfirmed(),
            CaptureRestarted(),
            FeaturesFinished(),
            SteppedBack(),
            SteppedBack(StepKind.CHECKS),
            LanguageChosen("en"),
            CaseAbandoned(),
            CaseAbandoned(Reason.TECHNICAL_FAILURE),
            SealConfirmed(),
        ]
    ),
    st.builds(
        ChecksReviewed,
        st.sampled_from([(), ("request.surname",), ("request.surname", "validity.expiry")]),
    ),
    st.builds(FeatureExamined, st.sampled_from(["engraving", "hologram", "edge"]), VERDICTS),
    st.builds(PersonCompared, st.builds(PersonFacts, VERDICTS)),
    st.builds(DecisionTaken, DECISIONS),
)


class AnyAgent(RuleBasedStateMachine):
    """An agent who presses everything, in any order, over and over."""

    @initialize(checks=CHECKS)
    def open(self, checks: tuple[Check, ...]) -> None:
        self.case = PaperCase(checks=checks)

    @rule(event=EVENTS)
    def press(self, event: object) -> None:
        before = self.case.state
        try:
            self.case.dispatch(event)
        except EventRefusedError:
            assert self.case.state == before
            return
        assert accepts(JOURNEY, before, type(event))

    @rule(verdict=st.sampled_from(["valid", "forged", "expired", "used-before"]))
    def scan(self, verdict: str) -> None:
        if accepts(JOURNEY, self.case.state, SteppedBack) or self.case.state.step == "request":
            try:
                self.case.present_code(verdict)
            except EventRefusedError:
                return

    @rule(acts=st.integers(1, 8))
    def go_on(self, acts: int) -> None:
        """A sensible agent takes over for a few acts, so that every step is reached."""
        script = Script(codes=("valid",), sides=CARD_SIDES)
        for _ in range(acts):
            if self.case.state.step is StepKind.CONFIRM or self.case.state.closed:
                return
            act = next_act(JOURNEY, self.case.state, script)
            if isinstance(act, CodePresented):
                self.case.present_code(act.text)
            else:
                self.case.dispatch(act)

    @rule(checks=st.one_of(CHECKS, st.just(PASSED)))
    def next_checks(self, checks: tuple[Check, ...]) -> None:
        self.case.checks = checks

    @invariant()
    def every_state_survives_its_draft(self) -> None:
        assert decode(encode(self.case.state)) == self.case.state

    @invariant()
    def a_record_exists_exactly_where_the_case_is_closed(self) -> None:
        assert self.case.records == int(self.case.state.closed)
        assert self.case.state.closed is (self.case.state.step is StepKind.RECEIPT)

    @invariant()
    def an_acceptance_always_rests_on_everything_it_needs(self) -> None:
        decision = self.case.state.decision
        if decision is not None and decision.outcome is Outcome.ACCEPTED:
            assert obstacles(JOURNEY, self.case.state) == ()

    @invariant()
    def facts_never_outlive_what_they_rest_on(self) -> None:
        state = self.case.state
        if state.document is None:
            assert not state.features
            assert state.person is None
        if not state.checks:
            assert not state.ticked

    def teardown(self) -> None:
        """From wherever the agent got to: a customer who leaves, one confirmation, one record."""
        case = self.case
        if not case.state.closed:
            play(case, Script(abandon_at=case.state.step), until=StepKind.CONFIRM)
            case.dispatch(SealConfirmed())
        assert case.state.step is StepKind.RECEIPT
        assert case.records == 1


class TestAnyAgent(AnyAgent.TestCase):
    settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
