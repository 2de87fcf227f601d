"""The pages outside a case: home, history, deliveries, hardware, settings."""

from datetime import datetime, timedelta

from PySide6.QtCore import QObject, Signal

from kiosk.audit.entries import EntryKind
from kiosk.audit.verify import JournalReport
from kiosk.ports import JournalRow
from kiosk.services.agents import Session
from kiosk.services.answer_facts import AnswerFacts
from kiosk.services.proofing import DraftSummary
from ui.router.services import Services
from ui.router.sheets import SheetRouter
from ui.screens.deliveries import DeliveriesFacts, DeliveriesScreen, DeliveryItem
from ui.screens.hardware import HardwareFacts, HardwareScreen
from ui.screens.history import HistoryFacts, HistoryItem, HistoryScreen
from ui.screens.home import HomeFacts, HomeScreen
from ui.screens.receipt import ReceiptScreen
from ui.screens.settings import SettingsFacts, SettingsScreen
from ui.shell import Section, Shell
from ui.theme import Tone
from ui.viewmodels.capture import CaptureModel, Watch
from ui.viewmodels.delivery import DeliveryFacts, DeliveryModel
from ui.viewmodels.home import HomeModel
from ui.widgets.list_row import RowItem
from ui.widgets.look import Look
from ui.workers.camera import Sight
from ui.workers.desk import Desk, Failure

_NEAR_EXPIRY = timedelta(hours=2)
"""A draft that will be sealed as abandoned within this time is marked."""
_LOW_BYTES = 1_000_000_000
_MEGABYTE = 1_000_000


class SectionRouter(QObject):
    """Shows sections and keeps what they show up to date.

    Signals:
        new_requested(): start a verification.
        draft_chosen(str): resume this case.
        failed(object): a :class:`Failure`.
    """

    new_requested = Signal()
    draft_chosen = Signal(str)
    failed = Signal(object)

    def __init__(  # noqa: PLR0913, PLR0917 - one for each thing that it joins
        self,
        look: Look,
        shell: Shell,
        services: Services,
        desk: Desk,
        home: HomeModel,
        delivery: DeliveryModel,
        capture: CaptureModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._desk = desk
        self._home_model = home
        self._delivery = delivery
        self._capture = capture
        self._session: Session | None = None
        self._section: Section | None = None
        self._journal: tuple[JournalRow, ...] = ()
        self._verified: bool | None = None
        self._verifying = False
        self.home = HomeScreen(look)
        self.history = HistoryScreen(look)
        self.past = ReceiptScreen(look, past=True)
        self.past.figures = services.help_figures
        self.sheets = SheetRouter(look, services, self.past, self)
        self.deliveries = DeliveriesScreen(look)
        self.hardware = HardwareScreen(look)
        self.settings = SettingsScreen(look)
        self._pages = {
            Section.HOME: self.home,
            Section.HISTORY: self.history,
            Section.DELIVERIES: self.deliveries,
            Section.HARDWARE: self.hardware,
            Section.SETTINGS: self.settings,
        }
        self._bind()

    def _bind(self) -> None:
        self.home.new_requested.connect(self.new_requested)
        self.home.scan_requested.connect(self.new_requested)
        self.home.draft_chosen.connect(self.draft_chosen)
        self.home.history_requested.connect(self._show_history)
        self.history.verify_requested.connect(self._verify)
        self.history.answer_chosen.connect(self._find_answer)
        self.past.next_requested.connect(self._show_history)
        self.deliveries.send_requested.connect(self._delivery.send)
        self.hardware.test_requested.connect(self._test_camera)
        self.hardware.test_stopped.connect(self._stop_test)
        self.hardware.preview.picture_resized.connect(self._resize)
        self._shell.section_chosen.connect(self._choose)
        self._home_model.changed.connect(self._write)
        self._home_model.failed.connect(self.failed)
        self._delivery.changed.connect(self._delivery_changed)
        self._capture.sighted.connect(self._see)
        self._capture.faulted.connect(self._camera_fault)
        self._capture.opened.connect(self._camera_opened)
        self._look.language.changed.connect(self._write)

    def show(self, section: Section, session: Session) -> None:
        """Show a section of this session, with fresh facts."""
        self._session = session
        self._section = section
        self._stop_test()
        page = self._pages[section]
        self._shell.set_page(page)
        self._shell.show_navigation(section)
        self._write()
        self.refresh()
        page.setFocus()

    def hide(self) -> None:
        """Another page covers the section."""
        self._stop_test()
        self._section = None

    def forget(self) -> None:
        """Nobody is signed in: keep nothing of the agent."""
        self._session = None
        self._home_model.forget()

    def refresh(self) -> None:
        """Read drafts and journal again."""
        if self._session is None:
            return
        self._home_model.refresh(self._session)
        task = self._desk.submit(self._services.journal_rows)
        task.done.connect(self._read_journal)
        task.failed.connect(self.failed)

    # --- what is shown ------------------------------------------------------------------------

    def _write(self) -> None:
        section = self._section
        if section is None or self._session is None:
            return
        language = self._look.language
        now = self._services.clock.now()
        self._shell.set_title(language.tr(f"common.section.{section.value}"), language.moment(now))
        office = language.tr("receipt.office", office=self._services.office_id)
        self._shell.set_office(office, self._services.device_id)
        match section:
            case Section.HOME:
                self.home.show_facts(self._home_facts())
            case Section.HISTORY:
                self.history.show_facts(self._history_facts())
            case Section.DELIVERIES:
                self.deliveries.show_facts(self._delivery_facts(now))
            case Section.HARDWARE:
                testing = self._capture.watch is Watch.TEST
                self.hardware.show_facts(HardwareFacts(self._hardware_rows(), testing))
            case Section.SETTINGS:
                self.settings.show_facts(
                    SettingsFacts(self._services.version, self._services.device_id)
                )

    def _home_facts(self) -> HomeFacts:
        name = self._session.agent.display_name if self._session else ""
        today = self._today()
        return HomeFacts(
            name=name.split(" ")[0],
            drafts=tuple(self._draft_row(draft) for draft in self._home_model.drafts),
            verifications=sum(row.kind == EntryKind.VERIFY_CLOSE.value for row in today),
            to_send=self._delivery.facts.waiting,
            hardware=self._hardware_rows(),
            open_cases=sum(draft.can_resume for draft in self._home_model.drafts),
        )

    def _draft_row(self, draft: DraftSummary) -> RowItem:
        tr = self._look.language.tr
        step = tr(f"journey.steps.{draft.step.value}.title")
        time = self._look.language.time(draft.updated_at)
        title = draft.customer or tr("journey.case", number=draft.case_id[:8].upper())
        detail, chip = self._draft_words(draft, f"{step}, {time}", step)
        icon, tone = ("id", Tone.INFO) if draft.can_resume else ("lock", Tone.NEUTRAL)
        tone = Tone.WARN if chip != step else tone
        return RowItem(draft.case_id, title, detail, icon, tone, chip)

    def _draft_words(self, draft: DraftSummary, detail: str, step: str) -> tuple[str, str]:
        """Since when it waits; in the place of the step, when it is about to expire."""
        tr, language = self._look.language.tr, self._look.language
        now = self._services.clock.now()
        if draft.opened_at is not None:
            minutes = max(0, int((now - draft.opened_at).total_seconds() // 60))
            detail = tr("aside.since", detail=detail, n=minutes)
        expires = draft.updated_at + self._services.draft_age()
        if expires - now > _NEAR_EXPIRY:
            return detail, step
        return detail, tr("aside.expires", time=language.time(expires))

    def _hardware_rows(self) -> tuple[RowItem, ...]:
        tr = self._look.language.tr
        state = self._camera_state()
        tone = {"ready": Tone.OK, "unknown": Tone.NEUTRAL}.get(state, Tone.WARN)
        facts = self._delivery.facts
        network = {None: "unknown", True: "online", False: "offline"}[facts.online]
        free = self._services.free_bytes()
        size = self._look.language.number(free / 1_000 / _MEGABYTE)
        network_tone = Tone.WARN if facts.online is False else Tone.OK
        return (
            RowItem(
                "camera",
                tr("hardware.camera.name"),
                self._capture.camera_name or tr("hardware.camera.unknown"),
                "camera",
                tone,
                tr(f"hardware.camera.{state}"),
            ),
            RowItem(
                "store",
                tr("hardware.store.name"),
                tr("hardware.store.free", size=f"{size}\u00a0Go"),
                "database",
                Tone.OK if free > _LOW_BYTES else Tone.BAD,
                tr("hardware.store.ready" if free > _LOW_BYTES else "hardware.store.full"),
            ),
            RowItem(
                "network",
                tr("hardware.network.name"),
                self._last_words(),
                "wifi" if facts.online else "wifi-off",
                network_tone if facts.online is not None else Tone.NEUTRAL,
                tr(f"hardware.network.{network}"),
            ),
        )

    def _camera_state(self) -> str:
        failure = self._capture.failure
        if failure is not None:
            return {
                "CAPTURE-001": "missing",
                "CAPTURE-002": "busy",
                "CAPTURE-003": "denied",
                "CAPTURE-004": "missing",
            }.get(failure.code, "failing")
        return "ready" if self._capture.camera_name else "unknown"

    def _last_words(self) -> str:
        last = self._delivery.facts.last_at
        tr = self._look.language.tr
        if last is None:
            return tr("deliveries.never")
        return tr("deliveries.last", moment=self._look.language.time(last))

    def _history_facts(self) -> HistoryFacts:
        items = tuple(
            HistoryItem(row.seq, row.kind, row.wall_claimed) for row in reversed(self._today())
        )
        return HistoryFacts(items, self._verified, self._verifying)

    def _delivery_facts(self, now: datetime) -> DeliveriesFacts:
        facts = self._delivery.facts
        tr = self._look.language.tr
        items = tuple(
            DeliveryItem(
                row.seq,
                row.state,
                max(0, int((now - row.queued_at).total_seconds())),
                row.reason,
            )
            for row in reversed(facts.rows)
        )
        problem = tr(f"errors.{facts.reason}.what") if facts.reason else ""
        return DeliveriesFacts(items, facts.sending, self._last_words(), problem)

    def _today(self) -> list[JournalRow]:
        today = self._services.clock.now().astimezone().date()
        return [row for row in self._journal if row.wall_claimed.astimezone().date() == today]

    # --- what happens -------------------------------------------------------------------------

    def _choose(self, name: str) -> None:
        if self._session is not None:
            self.show(Section(name), self._session)

    def _show_history(self) -> None:
        self._choose(Section.HISTORY.value)

    def _read_journal(self, rows: tuple[JournalRow, ...]) -> None:
        self._journal = rows
        self._write()

    def _verify(self) -> None:
        if self._verifying:
            return
        self._verifying = True
        self._write()
        task = self._desk.submit(self._services.verify_journal)
        task.done.connect(self._was_verified)
        task.failed.connect(self._verify_failed)

    def _was_verified(self, report: JournalReport) -> None:
        self._verifying = False
        self._verified = report.verified
        self._write()

    def _verify_failed(self, failure: Failure) -> None:
        self._verifying = False
        self._verified = False
        self._write()
        self.failed.emit(failure)

    def _find_answer(self, seq: int) -> None:
        task = self._desk.submit(lambda: self._services.past_answer(seq))
        task.done.connect(self._show_answer)
        task.failed.connect(self.failed)

    def _show_answer(self, facts: AnswerFacts | None) -> None:
        if facts is None or self._section is not Section.HISTORY:
            return
        self.past.show_facts(facts)
        self._shell.set_page(self.past, self.past.bar)
        self.past.setFocus()  # no button may hold it: Enter leads back

    def _delivery_changed(self, _facts: DeliveryFacts) -> None:
        self._write()

    def _test_camera(self) -> None:
        self._capture.set_size(*self.hardware.preview.picture_size)
        self._capture.look_for(Watch.TEST)
        self._write()

    def _stop_test(self) -> None:
        if self._capture.watch is Watch.TEST:
            self._capture.look_for(Watch.NOTHING)
            self._write()

    def _resize(self, width: int, height: int) -> None:
        if self._capture.watch is Watch.TEST:
            self._capture.set_size(width, height)

    def _see(self, sight: Sight) -> None:
        if self._capture.watch is Watch.TEST:
            self.hardware.preview.show_frame(sight.image, sight.outline)

    def _camera_fault(self, failure: Failure) -> None:
        if self._capture.watch is Watch.TEST:
            tr = self._look.language.tr
            self.hardware.preview.show_note(tr(f"errors.{failure.code}.what"))
        self._write()

    def _camera_opened(self, _name: str) -> None:
        self._write()
