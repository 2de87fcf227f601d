"""The sign-in page: who may come in, what a refused PIN is told, and the wait after too many."""

from PySide6.QtCore import QObject, QTimer, Signal

from kiosk.domain.agent import Agent
from ui.router.services import Services
from ui.screens.sign_in import AgentCard, SignInFacts, SignInScreen
from ui.shell import Shell
from ui.viewmodels.session import SECOND_PERSON, PinRefused, SessionModel
from ui.widgets.look import Look


class EntryRouter(QObject):
    """Shows the sign-in page and answers to what is typed there.

    Signals:
        shown(): the page was put into the window.
    """

    shown = Signal()

    def __init__(
        self,
        look: Look,
        shell: Shell,
        services: Services,
        session: SessionModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._session = session
        self._waiting = ""
        self._listed = False
        self._wait_over = QTimer(self)
        self._wait_over.setSingleShot(True)
        self.agents: tuple[Agent, ...] = ()
        self.page = SignInScreen(look)
        self._wait_over.timeout.connect(self._end_wait)
        self.page.pin_entered.connect(session.enter)
        session.listed.connect(self._list_agents)
        session.refused.connect(self._refuse)

    def show(self) -> None:
        """The page, nothing typed; while the desk is locked with its agent chosen."""
        locked = self._session.is_locked
        agent = self._session.agent
        cards = tuple(AgentCard(a.agent_id, a.display_name, a.role.value) for a in self.agents)
        self.page.reset()
        chosen = agent.agent_id if agent and locked else ""
        self.page.show_facts(SignInFacts(cards, chosen, locked, listed=self._listed))
        self._shell.show_bare()
        self._shell.set_page(self.page)
        tr = self._look.language.tr
        self._shell.set_title(tr("sign_in.top"))
        office = tr("receipt.office", office=self._services.office_id)
        self._shell.set_office(office, self._services.device_id)
        self.shown.emit()
        self.page.pad.setFocus()

    def close(self) -> None:
        """No wait goes on. Safe to call twice."""
        self._wait_over.stop()

    def _list_agents(self, agents: tuple[Agent, ...]) -> None:
        same, self.agents = self._listed and agents == self.agents, agents
        self._listed = True
        if self._shell.page is self.page and not same:  # else somebody may be typing
            self.show()

    def _refuse(self, refused: PinRefused) -> None:
        if refused.wait_s:
            self.page.show_wait(refused.wait_s)
            self._count_down(refused.wait_s)
        elif refused.failure.code == "SIGNIN-001":
            self.page.show_wrong_pin(refused.tries_left)
        elif refused.failure.detail == SECOND_PERSON:
            self.page.show_blocked()
        else:
            self.page.show_error(self._look.language.tr(f"errors.{refused.failure.code}.do"))

    def _count_down(self, seconds: int) -> None:
        """Open the entry again when the wait is over."""
        self._waiting = self.page.selected
        self._wait_over.start(seconds * 1000)

    def _end_wait(self) -> None:
        """Whoever else signs in meanwhile is not disturbed."""
        if self.page.selected == self._waiting:
            self.page.reset()
