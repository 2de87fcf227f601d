"""What the demonstration plays: a customer, their document, and how the agent answers."""

from dataclasses import dataclass

from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Verdict
from kiosk.journeys.model import StepKind
from kiosk.journeys.procedures import (
    COUNTER_CREATION,
    HOME_VISIT,
    ONLINE_REQUEST,
    PAPER_FILE,
    REGISTERED_LETTER,
    WELCOME,
)
from kiosk.journeys.service_steps import Presence, Purpose


@dataclass(frozen=True, slots=True)
class Play:
    """One customer.

    Attributes:
        name: for ``--procedure`` and for the names of the pictures.
        specimen: document under the camera; ``""`` where none is wanted.
        expected: how it must end; anything else is a failure of the demonstration.
        person: the agent's answer in front of the person.
        abandon_at: step at which the customer leaves, or None.
        procedure: which one is carried out.
        offline: the network is cut while the contacts are written down.
        tablet: played by a carrier, on a tablet; a visit always is.
        missed: why nobody is verified, a name of ``ui.widgets.missed.REASONS``, or ``""``.
        conflict: the request is cancelled while the carrier is at the door.
        letter: who comes for a registered letter.
        purpose: what a customer is welcomed for.
        eligible: the customer may have a digital identity.
        complete: every paper of the file is there.
        records: how many records it leaves.
        ends_on: page on which it ends: the receipt, or the help.
    """

    name: str
    specimen: str
    expected: Outcome
    person: Verdict = Verdict.PASS
    abandon_at: StepKind | None = None
    procedure: str = ONLINE_REQUEST
    offline: bool = False
    tablet: bool = False
    missed: str = ""
    conflict: bool = False
    letter: Presence | None = None
    purpose: Purpose = Purpose.TRAINING_ACCOUNT
    eligible: bool = True
    complete: bool = True
    records: int = 1
    ends_on: str = "receipt"

    @property
    def on_tablet(self) -> bool:
        """Whether a carrier plays it."""
        return self.tablet or self.procedure == HOME_VISIT


PLAYS = (
    Play("welcome-advised", "", Outcome.ADVISED, procedure=WELCOME),
    Play("welcome-not-eligible", "", Outcome.ADVISED, procedure=WELCOME, eligible=False),
    Play(
        "welcome-question",
        "",
        Outcome.ADVISED,
        procedure=WELCOME,
        purpose=Purpose.QUESTION,
        ends_on="help",
    ),
    Play("accepted", "fr-id-lefevre", Outcome.ACCEPTED),
    Play("passport", "fr-passport-le-goff", Outcome.ACCEPTED),
    Play("old-card", "fr-id-1988-specimen", Outcome.ACCEPTED),
    Play("expired", "fr-passport-expired", Outcome.REFUSED),
    Play("tampered", "fr-id-martin-tampered", Outcome.REFUSED),
    Play("suspended", "fr-id-lefevre", Outcome.SUSPENDED, person=Verdict.UNSURE),
    Play("abandoned", "fr-id-lefevre", Outcome.ABANDONED, abandon_at=StepKind.DOCUMENT),
    Play("creation", "fr-id-lefevre", Outcome.ACCEPTED, procedure=COUNTER_CREATION),
    Play(
        "creation-offline",
        "fr-passport-le-goff",
        Outcome.ACCEPTED,
        procedure=COUNTER_CREATION,
        offline=True,
    ),
    Play(
        "letter",
        "fr-permit-el-amrani",
        Outcome.ACCEPTED,
        procedure=REGISTERED_LETTER,
        letter=Presence.IN_PERSON,
        records=2,
    ),
    Play(
        "letter-absent",
        "fr-id-lefevre",
        Outcome.NO_SHOW,
        procedure=REGISTERED_LETTER,
        letter=Presence.ABSENT,
    ),
    Play(
        "letter-proxy",
        "be-id-peeters",
        Outcome.REFUSED,
        procedure=REGISTERED_LETTER,
        letter=Presence.PROXY,
        records=2,
    ),
    Play("paper-file-complete", "", Outcome.ADVISED, procedure=PAPER_FILE),
    Play("paper-file-missing", "", Outcome.ADVISED, procedure=PAPER_FILE, complete=False),
    Play("home-visit-accepted", "fr-id-lefevre", Outcome.ACCEPTED, procedure=HOME_VISIT),
    Play(
        "home-visit-absent",
        "fr-id-lefevre",
        Outcome.NO_SHOW,
        procedure=HOME_VISIT,
        missed="absent",
    ),
    Play(
        "home-visit-conflict",
        "fr-id-lefevre",
        Outcome.ACCEPTED,
        procedure=HOME_VISIT,
        conflict=True,
    ),
    Play("carrier-welcome", "", Outcome.ADVISED, procedure=WELCOME, tablet=True),
    Play("carrier-request", "fr-passport-le-goff", Outcome.ACCEPTED, tablet=True),
    Play(
        "carrier-letter",
        "fr-permit-el-amrani",
        Outcome.ACCEPTED,
        procedure=REGISTERED_LETTER,
        tablet=True,
        letter=Presence.IN_PERSON,
        records=2,
    ),
)


def chosen(name: str) -> tuple[Play, ...]:
    """All plays, those of a procedure, or the one of this name. Raises KeyError."""
    if name == "all":
        return PLAYS
    found = tuple(play for play in PLAYS if name in (play.name, play.procedure))
    if not found:
        raise KeyError(name)
    return found
