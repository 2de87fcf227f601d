"""The pages of a case: one panel for each step, made once for a window."""

from kiosk.journeys.model import StepKind
from ui.router.services import Services
from ui.steps.advice import AdvicePanel
from ui.steps.channel import ChannelPanel
from ui.steps.checks import ChecksPanel
from ui.steps.confirm import ConfirmPanel
from ui.steps.contact import ContactPanel
from ui.steps.decision import DecisionPanel
from ui.steps.document import DocumentPanel
from ui.steps.eligibility import EligibilityPanel
from ui.steps.features import FeaturesPanel
from ui.steps.identity import IdentityPanel
from ui.steps.item import ItemPanel
from ui.steps.notice import NoticePanel
from ui.steps.panel import StepPanel
from ui.steps.paper_file import PaperFilePanel
from ui.steps.person import PersonPanel
from ui.steps.presence import PresencePanel
from ui.steps.purpose import PurposePanel
from ui.steps.request import RequestPanel
from ui.steps.second_agent import SecondAgentPanel
from ui.steps.signature import SignaturePanel
from ui.steps.stop import StopPanel
from ui.steps.visit import VisitPanel
from ui.viewmodels.advice import AdviceDesk
from ui.widgets.look import Look


class CasePanels:
    """Panels by step; those that somebody speaks to by name; the page of an interruption.

    Attributes:
        by_step: one for each step, but for the receipt.
        advising: those that may have a sheet of advice printed.
        stop: why a case is interrupted; it covers whatever step is open.
    """

    def __init__(self, look: Look, services: Services, advice: AdviceDesk) -> None:
        catalogue = services.documents
        self.request = RequestPanel(look, catalogue)
        self.document = DocumentPanel(look, catalogue)
        self.person = PersonPanel(look, catalogue)
        self.item = ItemPanel(look, catalogue)
        self.stop = StopPanel(look, catalogue)
        self.decision = DecisionPanel(look, catalogue)
        self.second = SecondAgentPanel(look, catalogue)
        self.notice = NoticePanel(look, catalogue, keep_images=services.keep_images)
        self.contact = ContactPanel(look, catalogue)
        self.identity = IdentityPanel(look, catalogue)
        self.visit = VisitPanel(look, catalogue)
        self.visit.choices.shut_on = services.service.is_shut
        self.channel = ChannelPanel(look, catalogue, advice)
        advising: dict[StepKind, AdvicePanel] = {
            StepKind.PURPOSE: PurposePanel(look, catalogue, advice),
            StepKind.ELIGIBILITY: EligibilityPanel(look, catalogue, advice),
            StepKind.CHANNEL: self.channel,
            StepKind.PAPER_FILE: PaperFilePanel(look, catalogue, advice),
        }
        self.advising = tuple(advising.values())
        self.by_step: dict[StepKind, StepPanel] = {
            **advising,
            StepKind.REQUEST: self.request,
            StepKind.VISIT: self.visit,
            StepKind.ITEM: self.item,
            StepKind.PRESENCE: PresencePanel(look, catalogue, services.service),
            StepKind.SIGNATURE: SignaturePanel(look, catalogue),
            StepKind.NOTICE: self.notice,
            StepKind.CONTACT: self.contact,
            StepKind.DOCUMENT: self.document,
            StepKind.IDENTITY: self.identity,
            StepKind.CHECKS: ChecksPanel(look, catalogue),
            StepKind.FEATURES: FeaturesPanel(look, catalogue),
            StepKind.PERSON: self.person,
            StepKind.DECISION: self.decision,
            StepKind.SECOND_AGENT: self.second,
            StepKind.CONFIRM: ConfirmPanel(look, catalogue),
        }

    @property
    def all(self) -> tuple[StepPanel, ...]:
        """Every page."""
        return (*self.by_step.values(), self.stop)

    def forget(self) -> None:
        """Another case: no page carries anything over."""
        for panel in self.all:
            panel.forget()
