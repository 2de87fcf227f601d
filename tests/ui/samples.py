"""Pages filled with made-up facts, for the tests that look at every page."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from PySide6.QtWidgets import QWidget

from kiosk.journeys.model import StepKind
from kiosk.ports import OutboxState
from tests.ui import case_pages, compositions
from ui.screens.deliveries import DeliveriesFacts, DeliveriesScreen, DeliveryItem
from ui.screens.fault import FaultFacts, FaultScreen
from ui.screens.hardware import HardwareFacts, HardwareScreen
from ui.screens.history import HistoryFacts, HistoryItem, HistoryScreen
from ui.screens.home import HomeFacts, HomeScreen
from ui.screens.settings import SettingsFacts, SettingsScreen
from ui.screens.sign_in import AgentCard, SignInFacts, SignInScreen
from ui.shell import ChipItem, Section, Shell
from ui.theme import Tone
from ui.widgets.list_row import RowItem
from ui.widgets.look import Look

MOMENT = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)

AGENTS = (
    AgentCard("camille", "Camille R.", "agent"),
    AgentCard("dominique", "Dominique L.", "manager"),
    AgentCard("sacha", "Sacha T.", "technician"),
)

DRAFTS = (
    RowItem("a", "DURAND Paul", "Décision à prendre, 9 h 03", "pencil", Tone.WARN, "Décision"),
    RowItem("b", "MARTIN Maëlys", "Verso de la pièce à lire, 8 h 57", "id", Tone.INFO, "Pièce"),
    RowItem("c", "NGUYEN Linh", "Pièce expirée", "alert-triangle", Tone.BAD, "Bloqué"),
    RowItem("d", "BERNARD Zoé", "Personne à comparer, 8 h 41", "clock", Tone.INFO, "Personne"),
)

HARDWARE = (
    RowItem("camera", "Caméra documents", "1280 × 720, 30 images/s", "camera", Tone.OK, "Prête"),
    RowItem("vault", "Coffre chiffré", "118 Go libres", "database", Tone.OK, "Ouvert"),
    RowItem("network", "Réseau", "3 dossiers attendent", "wifi-off", Tone.WARN, "Hors ligne"),
)

CHIPS = (
    ChipItem("demonstration", "Démonstration", "sparkles", Tone.INFO),
    ChipItem("waiting", "3 envois en attente", "cloud-upload", Tone.WARN),
    ChipItem("agent", "Camille R.", "user-check", Tone.NEUTRAL),
)


def sign_in(look: Look) -> SignInScreen:
    page = SignInScreen(look)
    page.show_facts(SignInFacts(AGENTS, "camille"))
    return page


def home(look: Look) -> HomeScreen:
    page = HomeScreen(look)
    page.show_facts(HomeFacts("Camille", DRAFTS, 17, "2 min 40", 3, HARDWARE))
    return page


def fault(look: Look) -> FaultScreen:
    page = FaultScreen(look)
    page.show_facts(
        FaultFacts(
            "VAULT-003",
            "Le disque de ce poste est plein. Le dossier n’a pas été scellé.",
            "Gardez la personne au guichet et prévenez le technicien. Tout est gardé.",
        )
    )
    return page


def settings(look: Look) -> SettingsScreen:
    page = SettingsScreen(look)
    page.show_facts(SettingsFacts("0.1.0", "dev-0123456789abcdef"))
    return page


def hardware(look: Look) -> HardwareScreen:
    page = HardwareScreen(look)
    page.show_facts(HardwareFacts(HARDWARE))
    return page


def deliveries(look: Look) -> DeliveriesScreen:
    page = DeliveriesScreen(look)
    states = tuple(enumerate(OutboxState, start=1))
    page.show_facts(
        DeliveriesFacts(
            tuple(DeliveryItem(seq, state, 600 * seq, "SYNC-001") for seq, state in states),
            last="9 h 05",
            problem="Le service central ne répond pas (SYNC-001).",
        )
    )
    return page


def history(look: Look) -> HistoryScreen:
    page = HistoryScreen(look)
    kinds = ("verify_close", "verify_open", "login_fail", "shift_open", "boot", "made_up")
    page.show_facts(
        HistoryFacts(
            tuple(HistoryItem(seq, kind, MOMENT) for seq, kind in enumerate(kinds)), verified=True
        )
    )
    return page


PAGES: dict[str, Callable[[Look], QWidget]] = {
    "sign_in": sign_in,
    "home": home,
    "fault": fault,
    "settings": settings,
    "hardware": hardware,
    "deliveries": deliveries,
    "history": history,
}
CASE_PAGES: dict[str, Callable[[Look], QWidget]] = {
    "scan": compositions.scan,
    "features": compositions.features,
    "checks": compositions.checks,
    "person": compositions.person,
}
STEP_PAGES: dict[str, tuple[Callable[[Look], QWidget], int]] = {
    **{
        f"step-{step.value}": (partial(case_pages.panel_at, step=step), number)
        for number, step in enumerate(case_pages.RAIL)
    },
    "step-document-printed": (
        case_pages.document_printed,
        case_pages.RAIL.index(StepKind.DOCUMENT),
    ),
    "step-document-printed-early": (
        case_pages.document_printed_early,
        case_pages.RAIL.index(StepKind.DOCUMENT),
    ),
    "step-document-read": (case_pages.document_read, case_pages.RAIL.index(StepKind.DOCUMENT)),
    "step-document-settling": (
        case_pages.document_settling,
        case_pages.RAIL.index(StepKind.DOCUMENT),
    ),
    "step-document-typing": (case_pages.document_typing, case_pages.RAIL.index(StepKind.DOCUMENT)),
    "step-document-plain": (case_pages.document_plain, case_pages.RAIL.index(StepKind.DOCUMENT)),
    "step-person-live": (case_pages.person_live, case_pages.RAIL.index(StepKind.PERSON)),
    "step-decision-refused": (
        case_pages.decision_refused,
        case_pages.RAIL.index(StepKind.DECISION),
    ),
    "receipt": (case_pages.accepted, len(case_pages.RAIL)),
    "receipt-refused": (case_pages.refused, len(case_pages.RAIL)),
}
"""Pages of a case as the product makes them, with the step that the rail marks."""


def window(look: Look, name: str, width: int, height: int) -> Shell:
    """The frame around one page, at a size, shown."""
    tr = look.language.tr
    shell = Shell(look)
    shell.resize(width, height)
    step = STEP_PAGES.get(name)
    page = step[0](look) if step else (PAGES | CASE_PAGES)[name](look)
    shell.set_page(page, getattr(page, "bar", None))
    shell.set_office("Bureau de Lyon Bellecour", "Guichet 3, poste partagé")
    if name == "sign_in":
        shell.show_bare()
        shell.set_title(tr("sign_in.top"), "Lundi 23 novembre, 9 h 12")
        shell.show_chips(CHIPS[:1])
    elif step:
        shell.show_steps(case_pages.step_items(look), step[1])
        shell.set_title(tr("journey.procedure.online-request"), "ROUSSEL Maëlle")
        shell.set_office(tr("journey.case", number="03C9B0C1"), tr("journey.started", n=2))
        shell.show_chips(CHIPS)
    elif name in CASE_PAGES:
        shell.show_steps(compositions.STEPS, 2)
        shell.set_title("Nouvelle vérification", "Demande reconnue")
        shell.show_chips(CHIPS)
    else:
        if name == "fault":
            shell.show_bare()
        else:
            shell.show_navigation(Section(name))
        shell.set_title(tr(f"{name}.top" if name == "fault" else f"{name}.title"))
        shell.show_chips(CHIPS)
    shell.show()
    assert (shell.width(), shell.height()) == (width, height)
    return shell
