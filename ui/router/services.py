"""What the window needs from the kiosk, as one small value; tests give their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.advice.service import ServiceFacts
from kiosk.audit.verify import JournalReport
from kiosk.config import Profile
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.errors import DayRangeError, NoFactError
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.journeys.procedures import HOME_VISIT, ONLINE_REQUEST, PAPER_FILE
from kiosk.ports import Clock, FrameSource, JournalRow
from kiosk.services.agents import Session
from kiosk.services.answer_facts import AnswerFacts
from kiosk.services.colleagues import OpinionDesk
from kiosk.services.conflicts import Conflicts
from kiosk.services.contact import Contacts
from kiosk.services.hand_over import HandOver
from kiosk.services.onboarding import Onboarding
from kiosk.services.past_answers import PastAnswers
from kiosk.services.past_days import PastDays
from kiosk.services.proofing import Proofing
from kiosk.services.rounds import Rounds, VisitDesk
from kiosk.services.sheet_mail import SheetMailer
from kiosk.services.sign_in import SignIn
from kiosk.services.team import Team
from kiosk.texts import Texts
from ui.screens.sheet_print import Printing
from ui.viewmodels.carrying import Carries
from ui.viewmodels.delivery import Delivers
from ui.viewmodels.device import Tends
from ui.workers.camera import Reader

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk
    from ui.router.ending import Ends

_DRAFT_AGE = timedelta(hours=12)


def no_past_answer(_seq: int) -> AnswerFacts | None:
    """Nothing is known of old acts."""
    return None


@dataclass(frozen=True, slots=True)
class Services:
    """Wired services and facts of this device.

    Attributes:
        open_camera: a source that is not started; called in the camera's thread.
        make_reader: loads the reader; called in the camera's thread, once.
        journal_rows: newest entries of the journal, oldest first; called in the vault's thread.
        verify_journal: checks every entry; called in the vault's thread.
        free_bytes: room on the disk of the vault.
        slips: folder for slips where no printer is.
        export_activity: writes the agent's own entries to a file; its name.
        idle_s: pause after which the desk locks, seconds; 0 never.
        service: the public service: help lines, eligibility, ways, paper file.
        procedure: what a scanned request opens.
        procedures: what this device carries out.
        notices: sentences of the operator for the home page, as the policy in force says.
        contacts: confirms addresses of customers; None where this device belongs to no fleet.
        keep_images: whether the policy wants pictures of the document in the record.
        printing: printers of this device.
        brisk: an answer that leaves nothing open goes on by itself; see ``ui.router.passage``.
        draft_age: how long an unfinished case may lie, by the policy in force.
        documents_today: kinds of document as they hold today; ``documents`` where None.
        signed_now: the moment by signed time, for what a date decides; the clock's where None.
        past_answer: answer to the act that a line of the journal closed; in the vault's thread.
        past_days: acts of earlier days whose sheet is kept; None where nothing is looked for.
        rounds, visits: the round of today, or the appointments; None where there is none.
        sheet_mail: mails the customer's sheet; None where this device belongs to no fleet.
        conflicts: what the central side says happened elsewhere; None where nothing is asked.
        opinions: answers questions of the other counters; None where this device has none.
        carried: reads and writes sticks; None where this device belongs to no fleet.
        privacy_s: pause after which the screen is covered, seconds; 0 never.
        workshop: tends the device itself; None where this device belongs to no fleet.
        ending: ends the device of this window; None where the window cannot.
    """

    sign_in: SignIn
    proofing: Proofing
    delivery: Delivers
    documents: DocumentCatalogue
    service: ServiceFacts
    clock: Clock
    texts: Mapping[str, Texts]
    office_id: OfficeId
    device_id: DeviceId
    version: str
    open_camera: Callable[[], FrameSource]
    make_reader: Callable[[], Reader]
    journal_rows: Callable[[], tuple[JournalRow, ...]]
    verify_journal: Callable[[], JournalReport]
    free_bytes: Callable[[], int]
    slips: Path
    onboarding: Onboarding
    hand_over: HandOver
    team: Team
    export_activity: Callable[[Session], str]
    procedure: str = ONLINE_REQUEST
    procedures: tuple[str, ...] = (ONLINE_REQUEST,)
    profile: Profile = Profile.COUNTER
    demonstration: bool = False
    idle_s: int = 0
    keep_images: bool = False
    printing: Printing = field(default_factory=Printing)
    past_answer: Callable[[int], AnswerFacts | None] = no_past_answer
    past_days: PastDays | None = None
    brisk: bool = False
    carried: Carries | None = None
    draft_age: Callable[[], timedelta] = lambda: _DRAFT_AGE
    documents_today: Callable[[], DocumentCatalogue] | None = None
    signed_now: Callable[[], datetime] | None = None
    contacts: Contacts | None = None
    rounds: Rounds | None = None
    visits: VisitDesk | None = None
    conflicts: Conflicts | None = None
    opinions: OpinionDesk | None = None
    sheet_mail: SheetMailer | None = None
    privacy_s: int = 0
    workshop: Tends | None = None
    ending: "Ends | None" = None
    notices: Callable[[], tuple[str, ...]] = tuple

    def now(self) -> datetime:
        """The moment of what a date decides, aware: by signed time where it is known.

        What is written down, and how long something has taken, goes by ``clock``.
        """
        return self.clock.now() if self.signed_now is None else self.signed_now()

    def today(self) -> date:
        """The day at the office, by signed time where it is known."""
        return self.now().astimezone().date()

    def documents_now(self) -> DocumentCatalogue:
        """Kinds of document as they hold today."""
        return self.documents if self.documents_today is None else self.documents_today()

    def sheet_figures(self, language: str) -> Mapping[str, str]:
        """Number and hours of the help for the customer's sheet; empty where none is known."""
        try:
            return self.service.figures(self.service.today(self.now()), language)
        except (NoFactError, DayRangeError):
            return {}

    def offered(self) -> tuple[str, ...]:
        """Procedures that are begun from home today; a visit is begun from its round."""
        today = self.service.today(self.now())
        closed = () if self.service.paper_open(today) else (PAPER_FILE,)
        return tuple(name for name in self.procedures if name not in (*closed, HOME_VISIT))


IDLE_S = {Profile.CARRIER: 60, Profile.COUNTER: 300}
"""Pause after which a desk locks: a carrier's tablet lies about, a counter is watched."""
PRIVACY_S = {Profile.CARRIER: 20, Profile.COUNTER: 0}
"""Pause after which the screen is covered: at a door others look on."""
_NEWEST_ROWS = 500


def services_of(kiosk: "Kiosk", open_camera: Callable[[], FrameSource] | None = None) -> Services:
    """The services of a wired kiosk; ``open_camera`` replaces the configured camera."""
    from kiosk import __version__
    from kiosk.bootstrap.membership import SignedClock
    from kiosk.bootstrap.workshop import Workshop

    def journal_rows() -> tuple[JournalRow, ...]:
        with kiosk.store.begin() as uow:
            size = uow.journal.size()
            return uow.journal.range(max(0, size - _NEWEST_ROWS), size)

    def export_activity(session: Session) -> str:
        return kiosk.export_activity(session)

    return Services(
        sign_in=kiosk.sign_in,
        proofing=kiosk.proofing,
        delivery=kiosk.delivery,
        documents=kiosk.documents,
        service=kiosk.service,
        clock=kiosk.clock,
        texts=kiosk.texts,
        office_id=kiosk.office_id,
        device_id=kiosk.device_id,
        version=__version__,
        open_camera=open_camera or kiosk.open_camera,
        make_reader=kiosk.live_reader,
        journal_rows=journal_rows,
        verify_journal=kiosk.verify_journal,
        free_bytes=kiosk.store.free_bytes,
        slips=kiosk.paths.data / "slips",
        procedures=kiosk.catalogue.names(),
        onboarding=kiosk.onboarding,
        hand_over=kiosk.hand_over,
        team=Team(kiosk.store, kiosk.onboarding),
        export_activity=export_activity,
        profile=kiosk.config.profile,
        demonstration=kiosk.demonstration,
        idle_s=IDLE_S[kiosk.config.profile],
        keep_images=bool(kiosk.policy and kiosk.policy.evidence_images),
        brisk=True,
        draft_age=lambda: kiosk.membership.draft_age,
        documents_today=kiosk.documents_today,
        signed_now=SignedClock(kiosk.clock, kiosk.membership).now,
        past_days=PastDays(kiosk.store),
        past_answer=PastAnswers(kiosk.store, kiosk.device_key.public, kiosk.office_id).answer,
        contacts=kiosk.contacts,
        rounds=kiosk.rounds if kiosk.enrolled else None,
        visits=kiosk.visits if kiosk.enrolled else None,
        conflicts=kiosk.conflicts,
        opinions=kiosk.opinions if kiosk.enrolled else None,
        sheet_mail=kiosk.sheet_mail if kiosk.enrolled else None,
        carried=kiosk.carried if kiosk.enrolled else None,
        privacy_s=PRIVACY_S[kiosk.config.profile],
        workshop=Workshop(kiosk) if kiosk.enrolled else None,
        notices=kiosk.membership.notices,
    )
