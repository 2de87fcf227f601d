"""What the automatic agent plays: a customer, their document, and how the agent answers."""

from dataclasses import dataclass

from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Verdict
from kiosk.journeys.model import StepKind
from kiosk.journeys.service_steps import Presence


@dataclass(frozen=True, slots=True)
class Play:
    """One customer.

    Attributes:
        name: for ``--procedure`` and for the names of the pictures.
        specimen: document under the camera.
        expected: how it must end; anything else is a failure of the demonstration.
        person: the agent's answer in front of the person.
        abandon_at: step at which the customer leaves, or None.
        creation: an identity is created at the counter; there is no request.
        offline: the network is cut while the contacts are written down.
        at_door: played by a carrier, on a tablet.
        missed: why nobody is verified, a name of ``ui.widgets.missed.REASONS``, or ``""``.
        conflict: the request is cancelled while the carrier is at the door.
        letter: who comes for a registered letter; None for a request that was started online.
        records: how many records it leaves.
    """

    name: str
    specimen: str
    expected: Outcome
    person: Verdict = Verdict.PASS
    abandon_at: StepKind | None = None
    creation: bool = False
    offline: bool = False
    at_door: bool = False
    missed: str = ""
    conflict: bool = False
    letter: Presence | None = None
    records: int = 1


PLAYS = (
    Play("accepted", "fr-id-lefevre", Outcome.ACCEPTED),
    Play("passport", "fr-passport-le-goff", Outcome.ACCEPTED),
    Play("old-card", "fr-id-1988-specimen", Outcome.ACCEPTED),
    Play("expired", "fr-passport-expired", Outcome.REFUSED),
    Play("tampered", "fr-id-martin-tampered", Outcome.REFUSED),
    Play("suspended", "fr-id-lefevre", Outcome.SUSPENDED, person=Verdict.UNSURE),
    Play("abandoned", "fr-id-lefevre", Outcome.ABANDONED, abandon_at=StepKind.DOCUMENT),
    Play("creation", "fr-id-lefevre", Outcome.ACCEPTED, creation=True),
    Play("creation-offline", "fr-passport-le-goff", Outcome.ACCEPTED, creation=True, offline=True),
    Play("home-visit", "fr-id-lefevre", Outcome.ACCEPTED, at_door=True),
    Play("home-visit-absent", "fr-id-lefevre", Outcome.NO_SHOW, at_door=True, missed="absent"),
    Play("home-visit-conflict", "fr-id-lefevre", Outcome.ACCEPTED, at_door=True, conflict=True),
    Play(
        "letter",
        "fr-permit-el-amrani",
        Outcome.ACCEPTED,
        letter=Presence.IN_PERSON,
        records=2,
    ),
    Play("letter-absent", "fr-id-lefevre", Outcome.NO_SHOW, letter=Presence.ABSENT),
    Play(
        "letter-proxy",
        "be-id-peeters",
        Outcome.REFUSED,
        letter=Presence.PROXY,
        records=2,
    ),
)


def chosen(procedure: str) -> tuple[Play, ...]:
    """The plays of a name, or all of them. Raises KeyError for an unknown name."""
    if procedure == "all":
        return PLAYS
    found = tuple(play for play in PLAYS if play.name == procedure)
    if not found:
        raise KeyError(procedure)
    return found
