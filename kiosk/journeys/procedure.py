"""A procedure as data: its steps, what moves it from one to the next, and what each step keeps.

A procedure holds no code. Guards and effects are named; :mod:`kiosk.journeys.guards` and the
services know what the names mean. :mod:`kiosk.journeys.validate` refuses a procedure with a dead
end or with a way out that leaves no record.
"""

from dataclasses import dataclass
from enum import StrEnum

from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import DocumentKind, Side
from kiosk.journeys.model import Effect, Event, StepKind

BOTH_SIDES = (Side.FRONT, Side.BACK)


class Form(StrEnum):
    """Where a procedure is carried out; the names are those of the records' channel."""

    COUNTER = "office"
    CARRIER = "home"


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a step, or a fact that the step takes in and stays.

    Attributes:
        on: the event that opens it.
        to: the step it leads to; the same step where it only takes the fact in.
        when: name of the guard, judged on the state that already holds the event.
    """

    on: type[Event]
    to: StepKind
    when: str = "always"


@dataclass(frozen=True, slots=True)
class Order:
    """An effect that a step asks for when it is entered.

    Attributes:
        effect: what the services must do.
        unless: name of the guard that says it was done before.
    """

    effect: Effect
    unless: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        kind: which panel shows it.
        instruction: key of the text that tells the agent what to do.
        done_when: name of the guard that says the step is complete.
        ways: tried in order; the first one whose event and guard fit is taken.
        back: whether the agent may go back from here.
        abandon_to: the step that an abandoned case goes to; None only where nothing is left to do.
        keeps: names of the fields of the state that this step fills: the evidence kept.
        orders: effects on entering.
    """

    kind: StepKind
    instruction: str
    done_when: str
    ways: tuple[Way, ...] = ()
    back: bool = True
    abandon_to: StepKind | None = None
    keeps: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Journey:
    """A procedure.

    Attributes:
        name: of the procedure, as in the catalogue and in the record.
        start: first step.
        steps: all steps, in the order that the screen's stepper shows.
        accept_when: names of the guards that must all hold before a case may be accepted.
        feature_count: how many security features must conform.
        feature_kinds: of how many different kinds at least (look, touch, tilt ...).
        sides: sides to present for each kind of document; both where a kind is not listed.
        form: at the counter or at the customer's door.
        second_agent_for: outcomes that stand only with the word of a second agent (the policy).
        proxy_allowed: a registered item may be handed to a proxy (the policy); the identity of the
            addressee is then not verified.
    """

    name: str
    start: StepKind
    steps: tuple[Step, ...]
    accept_when: tuple[str, ...]
    feature_count: int = 3
    feature_kinds: int = 2
    sides: tuple[tuple[DocumentKind, tuple[Side, ...]], ...] = ()
    form: Form = Form.COUNTER
    second_agent_for: tuple[Outcome, ...] = ()
    proxy_allowed: bool = False

    def step(self, kind: StepKind) -> Step:
        """The step of a kind. Raises KeyError where the procedure has none."""
        for step in self.steps:
            if step.kind is kind:
                return step
        raise KeyError(kind)

    def sides_of(self, kind: DocumentKind | None) -> tuple[Side, ...]:
        """Sides to present for a kind of document, in order; both while the kind is unknown."""
        for listed, sides in self.sides:
            if listed is kind:
                return sides
        return BOTH_SIDES
