"""A counter for tests: the real router and vault; camera and reader as the test gives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from kiosk.audit.verify import JournalReport
from kiosk.bootstrap import read_documents
from kiosk.bootstrap.service import read_service
from kiosk.config import ServiceConfig
from kiosk.domain.errors import UnreachableError
from kiosk.domain.evidence import Side
from kiosk.journeys.model import CaseState, FeatureResult, StepKind
from kiosk.journeys.procedures import ONLINE_REQUEST
from kiosk.paths import RESOURCES
from kiosk.ports import JournalRow, OutboxRow
from kiosk.services.agents import Session
from kiosk.services.colleagues import OpinionDesk
from kiosk.services.contact import Contacts
from kiosk.services.owed import Owed
from kiosk.services.past_answers import PastAnswers
from kiosk.services.past_days import PastDays
from kiosk.services.sheet_mail import SheetMailer
from kiosk.services.team import Team
from tests.fakes.capture import ScriptedCamera, ScriptedReader
from tests.fakes.cases import DOCUMENT
from tests.fakes.office import OFFICE, PIN, Office
from ui.demonstration.network import NothingSent
from ui.router import Router, Services
from ui.screens.sheet_print import Printing
from ui.shell import Shell
from ui.viewmodels.carrying import Carries

DOCUMENTS = read_documents(RESOURCES / "documents")
SERVICE = read_service(RESOURCES / "service", ServiceConfig())
FEATURES = tuple(
    FeatureResult(feature.feature_id, feature.kind.value)
    for feature in DOCUMENTS.features
    if feature.document.value == "fr-id-card-2021" and feature.kind.value in ("look", "touch")
)


@dataclass
class Pace:
    """Time stamps of keys, as a person or a scanner makes them: ``gap_ms`` from key to key."""

    gap_ms: int = 120
    now_ms: int = 0

    def __call__(self, key: object) -> int:
        if key.type() is QEvent.Type.KeyPress:
            self.now_ms += self.gap_ms
            return self.now_ms
        return self.now_ms + self.gap_ms


@dataclass
class NoDelivery:
    """A delivery that reaches nobody."""

    office: Office
    metered: bool = False
    reason: str = UnreachableError.code
    rows: tuple[OutboxRow, ...] = ()
    """Records that wait beside those of the office."""

    asked: list[bool | None] = field(default_factory=list)
    """What each delivery was told about the link."""

    def run_once(self, *_watch: object, metered: bool | None = None) -> NothingSent:
        self.asked.append(metered)
        return NothingSent(reason=self.reason)

    def owed(self) -> Owed:
        return Owed(records=frozenset(row.seq for row in self.status()))

    def is_metered(self) -> bool:
        return self.metered

    def set_metered(self, *, metered: bool) -> None:
        self.metered = metered

    def status(self) -> tuple[OutboxRow, ...]:
        return (*self.office.outbox(), *self.rows)


@dataclass
class Counter:
    """Shell and router over an office."""

    qtbot: object
    look: object
    office: Office
    slips: Path
    camera: object = field(default_factory=ScriptedCamera)
    reader: object = field(default_factory=ScriptedReader)
    brisk: bool = False
    printing: Printing = field(default_factory=lambda: Printing(list))
    exported: list[str] = field(default_factory=list)
    contacts: Contacts | None = None
    sheet_mail: SheetMailer | None = None
    procedure: str = ONLINE_REQUEST
    signed_now: Callable[[], datetime] | None = None
    free_bytes: Callable[[], int] | None = None
    opinions: OpinionDesk | None = None
    carried: Carries | None = None

    def __post_init__(self) -> None:
        self.office.examination.catalogue = FEATURES
        self.shell = Shell(self.look)
        self.shell.resize(1600, 1000)
        self.qtbot.addWidget(self.shell)
        self.shell.show()
        self.qtbot.waitExposed(self.shell)
        self.shell.activateWindow()
        self.router = Router(self.look, self.shell, self._services())
        self.pace = Pace()
        self.router.scanner.time_of = self.pace
        self.router.start()

    def _services(self) -> Services:
        office = self.office

        def rows() -> tuple[JournalRow, ...]:
            with office.store.begin() as uow:
                return uow.journal.range(0, uow.journal.size())

        return Services(
            sign_in=office.sign_in,
            proofing=office.proofing,
            delivery=NoDelivery(office),
            documents=DOCUMENTS,
            service=SERVICE,
            clock=office.clock,
            texts={},
            office_id="075012",
            device_id=office.device.device_id,
            version="test",
            open_camera=lambda: self.camera,
            make_reader=lambda: self.reader,
            journal_rows=rows,
            verify_journal=lambda: JournalReport(0, b"", True, ()),
            free_bytes=self.free_bytes or office.store.free_bytes,
            slips=self.slips,
            printing=self.printing,
            brisk=self.brisk,
            past_days=PastDays(office.store),
            past_answer=PastAnswers(office.store, office.device_key.public, OFFICE).answer,
            onboarding=office.onboarding,
            hand_over=office.hand_over,
            team=Team(office.store, office.onboarding),
            export_activity=self.export_activity,
            procedure=self.procedure,
            contacts=self.contacts,
            sheet_mail=self.sheet_mail,
            procedures=office.proofing.procedures(),
            signed_now=self.signed_now,
            opinions=self.opinions,
            carried=self.carried,
        )

    def export_activity(self, session: Session) -> str:
        self.exported.append(session.agent.agent_id)
        return "visavis-activity.txt"

    # --- hands and eyes -----------------------------------------------------------------------

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier):
        self.qtbot.waitUntil(lambda: self.router.desk.idle, timeout=10_000)
        self.qtbot.keyClick(self.focused, key, modifier)

    def type(self, text: str) -> None:
        """Type as a person does, and wait until every key has arrived."""
        self.qtbot.keyClicks(self.focused, text)
        self.qtbot.waitUntil(lambda: not self.router.scanner.pending)

    def scan(self, text: str, end: Qt.Key | None = Qt.Key.Key_Return) -> None:
        """Type as a hand-held scanner does: 5 ms a key, Enter at the end."""
        self.pace.now_ms += 1000
        self.pace.gap_ms = 5
        for sign in text:  # keyClicks knows ASCII only
            for down in (True, False):
                key = ord(sign.upper()[:1])
                plain = Qt.KeyboardModifier.NoModifier
                QTest.simulateEvent(self.focused, down, key, plain, sign, False)
        if end is not None:
            self.qtbot.keyClick(self.focused, end)
        self.pace.gap_ms = 120
        self.pace.now_ms += 1000

    @property
    def focused(self) -> QWidget:
        return self.shell.focusWidget() or self.shell

    @property
    def state(self) -> CaseState:
        return self.router.journey.view.state

    def at(self, step: StepKind, timeout_ms: int = 20_000) -> None:
        def there() -> bool:
            shown = self.router.case.panels.get(step)
            return self.router.case.open_step is step and self.shell.page is shown

        self.qtbot.waitUntil(there, timeout=timeout_ms)
        self.qtbot.waitUntil(lambda: self.router.desk.idle, timeout=10_000)

    def on(self, page: QWidget) -> None:
        self.qtbot.waitUntil(lambda: self.shell.page is page, timeout=10_000)

    # --- a case -------------------------------------------------------------------------------

    def sign_in(self) -> None:
        screen = self.router.sign_in
        self.qtbot.waitUntil(lambda: bool(screen.selected), timeout=10_000)
        self.type(PIN)
        self.key(Qt.Key.Key_Return)
        self.on(self.router.sections.home)

    def open_case(self) -> None:
        self.key(Qt.Key.Key_Q)
        self.at(StepKind.REQUEST)

    def to_document(self) -> None:
        self.reader.code = self.office.code()
        self.at(StepKind.NOTICE)
        self.key(Qt.Key.Key_Return)
        self.at(StepKind.DOCUMENT)

    def read_document(self) -> None:
        self.to_document()
        self.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
        self.qtbot.waitUntil(lambda: not self.state.sides_expected, timeout=10_000)

    def to_confirm(self) -> None:
        self.read_document()
        self.key(Qt.Key.Key_Return)
        self.at(StepKind.CHECKS)
        self.key(Qt.Key.Key_Return)
        self.at(StepKind.FEATURES)
        self.answer_features()
        self.key(Qt.Key.Key_1)
        self.key(Qt.Key.Key_Return)
        self.at(StepKind.DECISION)
        self.key(Qt.Key.Key_Return)
        self.at(StepKind.CONFIRM)

    def answer_features(self) -> None:
        for answered in range(len(self.state.features)):
            self.key(Qt.Key.Key_1)
            self.qtbot.waitUntil(
                lambda wanted=answered + 1: (
                    sum(f.verdict is not None for f in self.state.features) >= wanted
                ),
                timeout=10_000,
            )
        self.key(Qt.Key.Key_Return)
        self.at(StepKind.PERSON)

    def close(self) -> None:
        self.router.close()
        self.shell.unlock_close()
        self.shell.close()
