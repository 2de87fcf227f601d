"""What the window needs from the kiosk, as one small value; tests give their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.audit.verify import JournalReport
from kiosk.config import Profile
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.journeys.procedures import ONLINE_REQUEST
from kiosk.ports import Clock, FrameSource, JournalRow
from kiosk.services.answer_facts import AnswerFacts
from kiosk.services.past_answers import PastAnswers
from kiosk.services.proofing import Proofing
from kiosk.services.sign_in import SignIn
from kiosk.texts import Texts
from ui.screens.receipt import no_figures
from ui.screens.sheet_print import Printing
from ui.viewmodels.delivery import Delivers
from ui.workers.camera import Reader

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk

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
        idle_s: pause after which the desk locks, seconds; 0 never.
        keep_images: whether the policy wants pictures of the document in the record.
        help_figures: number and hours of the help in a language, for the customer's sheet; empty
            where none is known today.
        printing: printers of this device.
        brisk: an answer that leaves nothing open goes on by itself; see ``CaseRouter``.
        draft_age: how long an unfinished case may lie, by the policy in force.
        documents_today: kinds of document as they hold today; ``documents`` where None.
        past_answer: answer to the act that a line of the journal closed; in the vault's thread.
    """

    sign_in: SignIn
    proofing: Proofing
    delivery: Delivers
    documents: DocumentCatalogue
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
    procedure: str = "online-request"
    profile: Profile = Profile.COUNTER
    demonstration: bool = False
    idle_s: int = 0
    keep_images: bool = False
    help_figures: Callable[[str], Mapping[str, str]] = no_figures
    printing: Printing = field(default_factory=Printing)
    past_answer: Callable[[int], AnswerFacts | None] = no_past_answer
    brisk: bool = False
    draft_age: Callable[[], timedelta] = lambda: _DRAFT_AGE
    documents_today: Callable[[], DocumentCatalogue] | None = None


IDLE_S = {Profile.CARRIER: 60, Profile.COUNTER: 300}
"""Pause after which a desk locks: a carrier's tablet lies about, a counter is watched."""
_NEWEST_ROWS = 500


def services_of(kiosk: "Kiosk", open_camera: Callable[[], FrameSource] | None = None) -> Services:
    """The services of a wired kiosk; ``open_camera`` replaces the configured camera."""
    from kiosk import __version__

    def journal_rows() -> tuple[JournalRow, ...]:
        with kiosk.store.begin() as uow:
            size = uow.journal.size()
            return uow.journal.range(max(0, size - _NEWEST_ROWS), size)

    return Services(
        sign_in=kiosk.sign_in,
        proofing=kiosk.proofing,
        delivery=kiosk.delivery,
        documents=kiosk.documents,
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
        procedure=ONLINE_REQUEST,
        profile=kiosk.config.profile,
        demonstration=kiosk.demonstration,
        idle_s=IDLE_S[kiosk.config.profile],
        keep_images=bool(kiosk.policy and kiosk.policy.evidence_images),
        brisk=True,
        draft_age=lambda: kiosk.membership.draft_age,
        documents_today=kiosk.documents_today,
        past_answer=PastAnswers(kiosk.store, kiosk.device_key.public, kiosk.office_id).answer,
    )
