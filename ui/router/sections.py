"""The pages outside a case: home, history, deliveries, hardware, settings."""

from datetime import datetime, timedelta
from functools import partial

from PySide6.QtCore import QObject, Signal

from kiosk.domain.agent import Duty, may
from kiosk.domain.errors import CaptivePortalError, ForkError
from kiosk.domain.ids import CaseId
from kiosk.services.agents import Session
from kiosk.services.conflicts import Conflicts
from kiosk.services.delivery import DeliveryStep
from kiosk.services.hand_over import ColleagueDraft
from kiosk.services.proofing import DraftSummary
from kiosk.sync.conflicts import Conflict
from ui.router.equipment import Equipment
from ui.router.help import HelpRouter
from ui.router.history import HistoryRouter
from ui.router.rounds import RoundRouter
from ui.router.services import Services
from ui.router.sheet_mail import SheetMailRouter
from ui.router.sheets import SheetRouter
from ui.screens.conflicts import ConflictRow
from ui.screens.deliveries import DeliveriesFacts, DeliveriesScreen, DeliveryItem
from ui.screens.hardware import HardwareFacts, HardwareScreen
from ui.screens.home import HomeFacts, HomeScreen
from ui.screens.settings import SettingsFacts, SettingsScreen
from ui.shell import USUAL_SECTIONS, Section, Shell
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


def _mark_all(service: Conflicts, unseen: list[int]) -> None:
    """In the vault's thread."""
    for seq in unseen:
        service.mark_seen(seq)


class SectionRouter(QObject):
    """Shows sections and keeps what they show up to date.

    Signals:
        procedure_requested(str): start this procedure.
        draft_chosen(str): resume this case.
        person_requested(str): a page about the agent, see :class:`SettingsScreen`.
        conflicts_changed(): conflicts were read again.
        failed(object): a :class:`Failure`.
    """

    procedure_requested = Signal(str)
    draft_chosen = Signal(str)
    person_requested = Signal(str)
    conflicts_changed = Signal()
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
        rounds: RoundRouter | None = None,
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
        self._rounds = rounds
        self._conflicts: tuple[Conflict, ...] = ()
        self._session: Session | None = None
        self._section: Section | None = None
        self.home = HomeScreen(look)
        self.journal = HistoryRouter(look, shell, services, desk, self)
        self.history, self.past = self.journal.page, self.journal.past
        self.sheets = SheetRouter(look, services, self.past, self)
        self.sheet_mail = SheetMailRouter(look, services.sheet_mail, self.past, self)
        self.deliveries = DeliveriesScreen(look)
        self.hardware = HardwareScreen(look)
        self.equipment = Equipment(look, services, desk, capture, delivery, self)
        self.settings = SettingsScreen(look)
        self.help = HelpRouter(look, shell, services, self)
        self._pages = {
            Section.HOME: self.home,
            Section.HISTORY: self.history,
            Section.DELIVERIES: self.deliveries,
            Section.HARDWARE: self.hardware,
            Section.SETTINGS: self.settings,
            Section.HELP: self.help.page,
        }
        if rounds is not None:
            self._pages[rounds.section] = rounds.screen
            usual = USUAL_SECTIONS
            shell.set_sections((usual[0], rounds.section, *usual[1:]))
        self._bind()

    def _bind(self) -> None:
        self.home.procedure_requested.connect(self.procedure_requested)
        self.home.draft_chosen.connect(self.draft_chosen)
        self.home.take_over_chosen.connect(self._take_over)
        self.settings.person_requested.connect(self.person_requested)
        self._home_model.taken.connect(self.draft_chosen)
        self.home.history_requested.connect(self._show_history)
        self.journal.changed.connect(self._write)
        self.journal.failed.connect(self.failed)
        self.journal.answer_opening.connect(self.sheet_mail.forget)
        self.past.next_requested.connect(self._back_to_history)
        self.sheet_mail.sheet_lost.connect(lambda text: self._shell.toast(text, Tone.BAD))
        self.deliveries.send_requested.connect(self._delivery.send_all)
        self.deliveries.stop_requested.connect(self._delivery.break_off)
        self.settings.metered_chosen.connect(self._delivery.set_metered)
        self.deliveries.seen_requested.connect(self._mark_seen)
        self._delivery.finished.connect(self._read_conflicts)
        self.hardware.test_requested.connect(self._test_camera)
        self.hardware.test_stopped.connect(self._stop_test)
        self.hardware.preview.picture_resized.connect(self._resize)
        self._shell.section_chosen.connect(self._choose)
        self._home_model.changed.connect(self._write)
        self._home_model.failed.connect(self.failed)
        self.equipment.changed.connect(self._write)
        self._delivery.changed.connect(self._delivery_changed)
        self._delivery.finished.connect(self._delivered)
        self._capture.sighted.connect(self._see)
        self._capture.faulted.connect(self._camera_fault)
        self._capture.opened.connect(self._camera_opened)
        self._look.language.changed.connect(self._write)

    def show(self, section: Section, session: Session) -> None:
        """Show a section of this session, with fresh facts."""
        self._session = session
        self._section = section
        self.sheet_mail.forget()
        self._stop_test()
        page = self._pages[section]
        rounds = self._rounds
        here = rounds is not None and section is rounds.section
        self._shell.set_page(page, rounds.screen.bar if here and rounds else None)
        self._shell.show_navigation(section)
        self._write()
        self.refresh()
        page.setFocus()

    def hide(self) -> None:
        """Another page covers the section; an address that was typed for a sheet goes."""
        self.sheet_mail.forget()
        self._stop_test()
        self._section = None

    def forget(self) -> None:
        """Nobody is signed in: keep nothing of the agent."""
        self._session = None
        self.sheet_mail.forget()
        self.journal.to_today()
        self._home_model.forget()
        if self._rounds is not None:
            self._rounds.forget()

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """What happened elsewhere, as last read; the unseen ones first."""
        return tuple(sorted(self._conflicts, key=lambda item: (item.seen, -item.seq)))

    def refresh(self) -> None:
        """Read drafts and journal again."""
        if self._session is None:
            return
        self._home_model.refresh(self._session)
        if self._rounds is not None:
            self._rounds.model.refresh()
        self._read_conflicts()
        self.equipment.refresh()
        self.journal.refresh()

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
                self.journal.write({item.seq: item.kind for item in self._conflicts})
            case Section.DELIVERIES:
                self.deliveries.show_facts(self._delivery_facts(now))
            case Section.HARDWARE:
                testing = self._capture.watch is Watch.TEST
                self.hardware.show_facts(HardwareFacts(self.equipment.rows, testing))
            case Section.ROUND | Section.APPOINTMENTS:
                if self._rounds is not None:
                    self._rounds.write()
            case Section.SETTINGS:
                self.settings.show_facts(
                    SettingsFacts(
                        self._services.version,
                        self._services.device_id,
                        manages=may(self._session.agent.role, Duty.INVITE),
                        metered=self._delivery.facts.metered,
                        tends=self._tends,
                    )
                )
            case Section.HELP:
                self.help.write()

    @property
    def _tends(self) -> bool:
        session, workshop = self._session, self._services.workshop
        return session is not None and workshop is not None and may(session.agent.role, Duty.TEND)

    def _home_facts(self) -> HomeFacts:
        name = self._session.agent.display_name if self._session else ""
        return HomeFacts(
            name=name.split(" ")[0],
            drafts=tuple(self._draft_row(draft) for draft in self._home_model.drafts),
            colleagues=tuple(self._colleague_row(d) for d in self._home_model.colleagues),
            verifications=self.journal.closed_today,
            duration=self.journal.duration_today,
            to_send=self._delivery.facts.waiting,
            hardware=self.equipment.rows,
            open_cases=sum(draft.can_resume for draft in self._home_model.drafts),
            procedures=self._services.offered(),
            verifies=self._session is None or may(self._session.agent.role, Duty.VERIFY),
            opinions=self._services.opinions is not None,
            alarm=self._alarm(),
            notices=self._services.notices(),
        )

    def _alarm(self) -> str:
        """The one thing that keeps this device from being used: a copy of it, or no contact."""
        code = ""
        if self._delivery.facts.reason == ForkError.code:
            code = ForkError.code
        else:
            code = self._home_model.darkness
        tr = self._look.language.tr
        return f"{tr(f'errors.{code}.what')} {tr(f'errors.{code}.do')}" if code else ""

    def _draft_row(self, draft: DraftSummary) -> RowItem:
        tr = self._look.language.tr
        step = tr(f"journey.steps.{draft.step.value}.title")
        time = self._look.language.time(draft.updated_at)
        title = draft.customer or tr("journey.case", number=draft.case_id[:8].upper())
        detail, chip = self._draft_words(draft, f"{step}, {time}", step)
        icon, tone = ("id", Tone.INFO) if draft.can_resume else ("lock", Tone.NEUTRAL)
        tone = Tone.WARN if chip != step else tone
        if draft.handed_by:
            detail = tr("home.handed_by", name=draft.handed_by, detail=detail)
            icon = "users"
        return RowItem(draft.case_id, title, detail, icon, tone, chip)

    def _draft_words(self, draft: DraftSummary, detail: str, step: str) -> tuple[str, str]:
        """Since when it waits; in the place of the step, when it is about to expire."""
        tr, language = self._look.language.tr, self._look.language
        now = self._services.clock.now()
        minutes = 0
        if draft.opened_at is not None:
            minutes = int((now - draft.opened_at).total_seconds() // 60)
        if minutes > 0:
            detail = tr("aside.since", detail=detail, n=minutes)
        left = self._services.draft_age() - draft.lain
        if left > _NEAR_EXPIRY:
            return detail, step
        return detail, tr("aside.expires", time=language.time(now + left))

    def _colleague_row(self, draft: ColleagueDraft) -> RowItem:
        """Whose case it is and where it stands; not a word about the customer."""
        tr = self._look.language.tr
        step = tr(f"journey.steps.{draft.step.value}.title")
        time = self._look.language.time(draft.updated_at)
        title = tr("home.colleague", name=draft.agent.display_name)
        number = tr("journey.case", number=draft.case_id[:8].upper())
        return RowItem(draft.case_id, title, f"{number}, {time}", "users", Tone.NEUTRAL, step)

    def _take_over(self, case_id: str) -> None:
        if self._session is not None:
            self._home_model.take_over(CaseId(case_id), self._session)

    def _delivery_facts(self, now: datetime) -> DeliveriesFacts:
        facts = self._delivery.facts
        tr = self._look.language.tr
        items = tuple(
            DeliveryItem(
                row.seq,
                row.state,
                max(0, int((now - row.queued_at).total_seconds())),
                row.reason,
                facts.held(row),
            )
            for row in reversed(facts.rows)
        )
        problem = tr(f"errors.{facts.reason}.what") if facts.reason else ""
        if facts.reason == CaptivePortalError.code:  # the one obstacle that the agent can clear
            problem = f"{problem} {tr(f'errors.{facts.reason}.do')}"
        conflicts = tuple(
            ConflictRow(item.seq, item.kind, item.told_at, item.seen) for item in self.conflicts
        )
        last = "" if facts.last_at is None else self._look.language.time(facts.last_at)
        return DeliveriesFacts(
            items,
            facts.sending,
            last,
            problem,
            conflicts,
            pace_kbs=round((facts.pace or 0) / 1000),
            minutes_left=facts.minutes_left,
            course=self._course_of(facts),
            stopping=facts.stopping,
            stopped=facts.stopped,
        )

    def _course_of(self, facts: DeliveryFacts) -> str:
        """How far a delivery is; a regular one without a record passes without a word."""
        tr, progress = self._look.language.tr, facts.progress
        if not facts.told:
            return ""
        if progress is None:
            return tr("deliveries.sending")
        if progress.total:
            # Told before each record, counted from nought, and once more behind the last one.
            number = min(progress.done + 1, progress.total)
            return tr("deliveries.course", n=number, total=progress.total)
        word = "records_none" if progress.step is DeliveryStep.RECORDS else progress.step.value
        return tr(f"device.step.{word}")

    # --- what happens -------------------------------------------------------------------------

    def _choose(self, name: str) -> None:
        self.journal.to_today()
        if self._session is not None:
            self.show(Section(name), self._session)

    def _show_history(self) -> None:
        self._choose(Section.HISTORY.value)

    def _back_to_history(self) -> None:
        """From the sheet of an old act: the same day is still shown."""
        if self._session is not None:
            self.show(Section.HISTORY, self._session)

    def _read_conflicts(self, _summary: object = None) -> None:
        if self._services.conflicts is not None:
            task = self._desk.submit(self._services.conflicts.all)
            task.done.connect(self._list_conflicts)
            task.failed.connect(self.failed)

    def _list_conflicts(self, conflicts: tuple[Conflict, ...]) -> None:
        if conflicts != self._conflicts:
            self._conflicts = conflicts
            self.conflicts_changed.emit()
            self._write()

    def _mark_seen(self) -> None:
        """The agent has read what is shown."""
        service = self._services.conflicts
        unseen = [conflict.seq for conflict in self._conflicts if not conflict.seen]
        if service is not None and unseen:
            task = self._desk.submit(partial(_mark_all, service, unseen))
            task.done.connect(self._read_conflicts)
            task.failed.connect(self.failed)

    def _delivery_changed(self, _facts: DeliveryFacts) -> None:
        self._write()

    def _delivered(self, _summary: object) -> None:
        """A contact may have opened what had gone dark."""
        if self._section is Section.HOME and self._home_model.dark:
            self.refresh()

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
