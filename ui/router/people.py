"""Pages about the people of the device: first sign-in, unlocking, the team, another PIN.

Rules, in order: who is not signed in reaches only what needs a code or a PIN of its own; a
one-time code is shown once and forgotten with the page; after each order the page shows what the
vault answered.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from kiosk.domain.agent import Agent, Duty, Role, may
from kiosk.domain.errors import PinPolicyError
from kiosk.domain.ids import AgentId
from kiosk.services.agents import Session
from kiosk.services.onboarding import DEFAULT_HOURS, shown
from kiosk.services.team import Member
from ui.router.services import Services
from ui.screens.pin_choice import PinChoiceScreen
from ui.screens.second_person import SecondPersonFacts, SecondPersonScreen
from ui.screens.sign_in import AgentCard
from ui.screens.team import MemberItem, TeamScreen
from ui.shell import Section, Shell
from ui.theme import Tone
from ui.viewmodels.people import PeopleModel
from ui.widgets.look import Look
from ui.workers.desk import Desk, Failure


class PeopleRouter(QObject):
    """People to pages.

    Signals:
        sign_in_requested(): back to the sign-in page; the agents may be others now.
        settings_requested(): back to the settings.
        failed(object): a :class:`Failure` that no page here answers to.
    """

    sign_in_requested = Signal()
    settings_requested = Signal()
    failed = Signal(object)

    def __init__(
        self,
        look: Look,
        shell: Shell,
        services: Services,
        desk: Desk,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._session: Session | None = None
        self._members: tuple[Member, ...] = ()
        self._about = ""
        self.model = PeopleModel(desk, self)
        self.join = PinChoiceScreen(look, "join")
        self.change = PinChoiceScreen(look, "change")
        self.unlock = SecondPersonScreen(look)
        self.team = TeamScreen(look)
        self._answers: dict[str, Callable[[object], None]] = {
            "join": self._joined,
            "unlock": self._unlocked,
            "change": self._changed,
            "members": self._show_members,
            "invite": self._invited,
            "lift": self._lifted,
            "end": self._ended,
            "activity": self._exported,
        }
        self._bind()

    def _bind(self) -> None:
        self.model.done.connect(self._done)
        self.model.refused.connect(self._refused)
        self.model.failed.connect(self.failed)
        self.join.chosen.connect(self._join)
        self.join.returned.connect(self.sign_in_requested)
        self.unlock.given.connect(self._unlock)
        self.unlock.returned.connect(self.sign_in_requested)
        self.change.chosen.connect(self._change)
        self.change.returned.connect(self.settings_requested)
        self.team.invited.connect(self._invite)
        self.team.unlock_requested.connect(self._lift)
        self.team.end_requested.connect(self._end)
        self.team.returned.connect(self._leave_team)

    # --- pages --------------------------------------------------------------------------------

    def show_join(self) -> None:
        """First sign-in, or a forgotten PIN."""
        self.join.begin()
        self._shell.set_page(self.join, self.join.bar)
        self._shell.set_title(self._look.language.tr("people.join.title"))
        self.join.proof.setFocus()

    def show_unlock(self, agent_id: str, agents: tuple[Agent, ...]) -> None:
        """A second person for the agent who is locked out."""
        self._about = agent_id
        name = next((a.display_name for a in agents if a.agent_id == agent_id), agent_id)
        managers = tuple(
            AgentCard(a.agent_id, a.display_name, a.role.value)
            for a in agents
            if may(a.role, Duty.UNLOCK) and a.agent_id != agent_id
        )
        self.unlock.show_facts(SecondPersonFacts(name, managers))
        self._shell.set_page(self.unlock)
        self._shell.set_title(self._look.language.tr("people.unlock.title", name=name))
        self.unlock.person.pad.setFocus()

    def show_change(self, session: Session) -> None:
        """Another PIN for who is signed in."""
        self._session = session
        self.change.begin()
        self._shell.set_page(self.change, self.change.bar)
        self._shell.show_navigation(Section.SETTINGS)
        self.change.proof.setFocus()

    def show_team(self, session: Session) -> None:
        """The team, for a manager."""
        self._session = session
        self.team.begin_new()
        self._shell.set_page(self.team)
        self._shell.show_navigation(Section.SETTINGS)
        self._shell.set_title(self._look.language.tr("team.title"))
        self.team.setFocus()
        self._list_members()

    def export_activity(self, session: Session) -> None:
        """Write the agent's own entries to a file."""
        self.model.order("activity", partial(self._services.export_activity, session))

    def forget(self) -> None:
        """Nobody is signed in: nothing of the team stays."""
        self._session = None
        self._members = ()
        self.team.forget()
        self.change.begin()

    # --- orders -------------------------------------------------------------------------------

    def _join(self, code: str, pin: str) -> None:
        self.model.order("join", partial(self._services.onboarding.redeem, code, pin))

    def _unlock(self, manager: str, pin: str) -> None:
        self.model.order("unlock", partial(self._vouch_and_unlock, AgentId(manager), pin))

    def _vouch_and_unlock(self, manager: AgentId, pin: str) -> str:
        """In the vault's thread."""
        by = self._services.sign_in.vouch(manager, pin, Duty.UNLOCK)
        self._services.sign_in.unlock(AgentId(self._about), by)
        return self._about

    def _change(self, old: str, new: str) -> None:
        if self._session is not None:
            call = partial(self._services.sign_in.change_pin, self._session, old, new)
            self.model.order("change", call)

    def _list_members(self) -> None:
        if self._session is not None:
            self.model.order("members", partial(self._services.team.members, self._session))

    def _invite(self, agent_id: str, name: str, role: str) -> None:
        if self._session is not None:
            agent = Agent(AgentId(agent_id), name, Role(role))
            self.model.order("invite", partial(self._make_code, agent, self._session))

    def _make_code(self, agent: Agent, by: Session) -> tuple[Agent, str]:
        """In the vault's thread."""
        return agent, self._services.onboarding.invite(agent, by)

    def _lift(self, agent_id: str) -> None:
        if self._session is not None:
            self._about = agent_id
            call = partial(self._services.sign_in.unlock, AgentId(agent_id), self._session)
            self.model.order("lift", call)

    def _end(self, agent_id: str) -> None:
        if self._session is not None:
            self._about = agent_id
            call = partial(self._services.hand_over.end_shift_of, AgentId(agent_id), self._session)
            self.model.order("end", call)

    # --- answers ------------------------------------------------------------------------------

    def _done(self, name: str, answer: object) -> None:
        self._answers[name](answer)

    def _refused(self, name: str, failure: Failure) -> None:
        tr = self._look.language.tr
        text = f"errors.{failure.code}"
        if name in ("join", "change"):
            page = self.join if name == "join" else self.change
            weak = failure.code == PinPolicyError.code
            page.show_refusal(f"people.weak.{failure.detail}" if weak else f"{text}.what")
        elif name == "unlock":
            self.unlock.person.show_error(tr(f"{text}.what"))
        elif self._shell.page is self.team:
            self.team.show_problem(tr(f"{text}.what"))
        else:
            self._shell.toast(tr(f"{text}.what"), Tone.WARN)

    def _joined(self, agent: object) -> None:
        if isinstance(agent, Agent):
            self.join.begin()
            self.sign_in_requested.emit()
            tr = self._look.language.tr
            self._shell.toast(tr("people.welcome", name=agent.display_name))

    def _unlocked(self, _agent_id: object) -> None:
        name = self.unlock.name
        self.unlock.person.reset()
        self.sign_in_requested.emit()
        self._shell.toast(self._look.language.tr("people.unlocked", name=name))

    def _changed(self, _nothing: object) -> None:
        self.change.begin()
        self.settings_requested.emit()
        self._shell.toast(self._look.language.tr("people.changed"))

    def _show_members(self, members: object) -> None:
        if isinstance(members, tuple) and self._session is not None:
            self._members = members
            own = self._session.agent.agent_id
            self.team.show_members(tuple(item_of(member, own) for member in members))

    def _invited(self, answer: object) -> None:
        if isinstance(answer, tuple):
            agent, code = answer
            self.team.show_code(shown(code), agent.display_name, DEFAULT_HOURS)
            self._list_members()

    def _lifted(self, _nothing: object) -> None:
        self._shell.toast(self._look.language.tr("people.unlocked", name=self._name()))
        self._list_members()

    def _ended(self, _closed: object) -> None:
        self._shell.toast(self._look.language.tr("team.ended", name=self._name()))
        self._list_members()

    def _exported(self, file: object) -> None:
        self._shell.toast(self._look.language.tr("people.exported", file=str(file)))

    def _name(self) -> str:
        names = {m.agent.agent_id: m.agent.display_name for m in self._members}
        return names.get(AgentId(self._about), self._about)

    def _leave_team(self) -> None:
        self.team.begin_new()
        self.settings_requested.emit()


def item_of(member: Member, own: AgentId) -> MemberItem:
    """A member as the page shows them."""
    agent = member.agent
    if member.locked:
        state = "locked"
    elif member.at_work:
        state = "at_work"
    else:
        state = "awaited" if member.awaited else "away"
    return MemberItem(
        agent.agent_id, agent.display_name, agent.role.value, state, agent.agent_id == own
    )
