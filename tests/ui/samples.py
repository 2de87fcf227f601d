"""Pages filled with made-up facts, for the tests that look at every page."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

from PySide6.QtWidgets import QWidget

from kiosk.bootstrap.service import read_service
from kiosk.config import ServiceConfig
from kiosk.journeys.model import StepKind
from kiosk.paths import RESOURCES
from kiosk.ports import OutboxState
from tests.ui import advice_pages, case_pages, compositions, device_pages, letter_pages
from ui.screens.deliveries import DeliveriesFacts, DeliveriesScreen, DeliveryItem
from ui.screens.fault import FaultFacts, FaultScreen
from ui.screens.hardware import HardwareFacts, HardwareScreen
from ui.screens.help_page import HelpScreen
from ui.screens.history import HistoryFacts, HistoryItem, HistoryScreen
from ui.screens.home import HomeFacts, HomeScreen
from ui.screens.opinion import AskedItem, Colleague, OpinionScreen
from ui.screens.pin_choice import PinChoiceScreen
from ui.screens.second_person import SecondPersonFacts, SecondPersonScreen
from ui.screens.settings import SettingsFacts, SettingsScreen
from ui.screens.sign_in import AgentCard, SignInFacts, SignInScreen
from ui.screens.starts import BUTTONS, TILES
from ui.screens.team import MemberItem, TeamScreen
from ui.shell import ChipItem, Section, Shell
from ui.theme import Tone
from ui.viewmodels.help import HelpBook
from ui.widgets.list_row import RowItem
from ui.widgets.look import Look

START_NAMES = [start.procedure for start in (*TILES, *BUTTONS)]
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


def sign_in_blocked(look: Look) -> SignInScreen:
    page = sign_in(look)
    page.show_blocked()
    return page


def home(look: Look) -> HomeScreen:
    page = HomeScreen(look)
    page.show_facts(
        HomeFacts(
            "Camille",
            DRAFTS,
            17,
            "2 min 40",
            3,
            HARDWARE,
            procedures=tuple(START_NAMES),
            opinions=True,
        )
    )
    return page


def opinion(look: Look) -> OpinionScreen:
    """Two questions of the office; the second is being answered."""
    page = OpinionScreen(look)
    page.show_asked(
        (
            AskedItem("a", "a17", "person", "4F7K92QX", 6),
            AskedItem("b", "c03", "decision", "M1T8ZW5C", 0),
        )
    )
    page.questions.chosen.emit("b")
    page.show_people(
        (
            Colleague("dominique", "Dominique L.", "manager"),
            Colleague("sacha", "Sacha T.", "agent"),
        )
    )
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


def fault_locked(look: Look) -> FaultScreen:
    page = FaultScreen(look)
    tr, code = look.language.tr, "VAULT-001"
    what, do = tr(f"errors.{code}.what"), tr(f"errors.{code}.do")
    page.show_facts(FaultFacts(code, what, do, extra=tr("device.locked.offer")))
    return page


def settings(look: Look) -> SettingsScreen:
    page = SettingsScreen(look)
    page.show_facts(SettingsFacts("0.1.0", "dev-0123456789abcdef", manages=True, tends=True))
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
            tuple(HistoryItem(seq, kind, MOMENT) for seq, kind in enumerate(kinds)),
            verified=True,
            days=True,
        )
    )
    return page


def history_earlier(look: Look) -> HistoryScreen:
    """The cases that were closed on the first of a month."""
    page = HistoryScreen(look)
    acts = tuple(HistoryItem(seq, "verify_close", MOMENT) for seq in (41, 38, 12))
    page.show_facts(HistoryFacts(acts, verified=True, day=date(2026, 10, 1), days=True))
    return page


SERVICE = read_service(RESOURCES / "service", ServiceConfig())
OVERSEAS = read_service(RESOURCES / "service", ServiceConfig(territory="guadeloupe"))


def help_page(look: Look, *, query: str = "", read: str = "") -> HelpScreen:
    """The help as an overseas office sees it, while a customer waits."""
    page = HelpScreen(look)
    page.show_lines(OVERSEAS.help_now(MOMENT))
    page.show_book(HelpBook(SERVICE, look.language, MOMENT.date()))
    page.search.setText(query)
    if read:
        page.read(read)
    return page


def pin_join(look: Look) -> PinChoiceScreen:
    page = PinChoiceScreen(look, "join")
    page.show_refusal("people.weak.date")
    return page


def pin_change(look: Look) -> PinChoiceScreen:
    return PinChoiceScreen(look, "change")


def unlock(look: Look) -> SecondPersonScreen:
    page = SecondPersonScreen(look)
    page.show_facts(SecondPersonFacts("Camille R.", AGENTS[1:2]))
    return page


def team(look: Look) -> TeamScreen:
    page = TeamScreen(look)
    page.show_members(MEMBERS)
    return page


def team_code(look: Look) -> TeamScreen:
    page = team(look)
    page.show_code("4F7K-92QX", "Camille R.", 24)
    return page


def home_manager(look: Look) -> HomeScreen:
    page = HomeScreen(look)
    handed = RowItem(
        "a",
        "DURAND Paul",
        "Confié par Camille R. Décision, 9 h 03",
        "users",
        Tone.INFO,
        "Décision",
    )
    others = RowItem(
        "b", "Dossier de Sacha T.", "Dossier 03C9B0C1, 8 h 57", "users", Tone.NEUTRAL, "Pièce"
    )
    page.show_facts(HomeFacts("Dominique", (handed,), 17, "", 3, HARDWARE, colleagues=(others,)))
    return page


def home_dark(look: Look) -> HomeScreen:
    page = HomeScreen(look)
    tr = look.language.tr
    alarm = f"{tr('errors.DEVICE-001.what')} {tr('errors.DEVICE-001.do')}"
    page.show_facts(HomeFacts("Camille", (), 17, "", 3, HARDWARE, alarm=alarm))
    return page


MEMBERS = (
    MemberItem("a-17", "Camille R.", "agent", "at_work"),
    MemberItem("m-1", "Dominique L.", "manager", "at_work", own=True),
    MemberItem("a-18", "Robin B.", "agent", "locked"),
    MemberItem("t-1", "Sacha T.", "technician", "away"),
    MemberItem("a-19", "Alex N.", "agent", "awaited"),
)
BARE = (
    "fault-locked",
    "sign_in",
    "sign_in-blocked",
    "fault",
    "pin-join",
    "unlock",
    *device_pages.BARE,
)
UNDER = {
    "pin-join": None,
    "sign_in-blocked": None,
    "pin-change": Section.SETTINGS,
    "unlock": None,
    "team": Section.SETTINGS,
    "team-code": Section.SETTINGS,
    "home-manager": Section.HOME,
    "home-dark": Section.HOME,
    "opinion": Section.HOME,
    **dict.fromkeys(device_pages.PAGES, Section.SETTINGS),
}
"""Pages that are no section, and the section that stays marked."""

PAGES: dict[str, Callable[[Look], QWidget]] = {
    "sign_in": sign_in,
    "home": home,
    "fault": fault,
    "fault-locked": fault_locked,
    "settings": settings,
    "hardware": hardware,
    "deliveries": deliveries,
    "history": history,
    "history-earlier": history_earlier,
    "help": help_page,
    "help-search": partial(help_page, query="carte perimee"),
    "help-course": partial(help_page, read="course:paper"),
    "pin-join": pin_join,
    "sign_in-blocked": sign_in_blocked,
    "pin-change": pin_change,
    "unlock": unlock,
    "opinion": opinion,
    "team": team,
    "team-code": team_code,
    "home-manager": home_manager,
    "home-dark": home_dark,
    **device_pages.PAGES,
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
    "step-second-agent": (
        case_pages.second_agent,
        case_pages.RAIL.index(StepKind.DECISION),
    ),
    "step-second-agent-person": (
        case_pages.second_agent_for_person,
        case_pages.RAIL.index(StepKind.DECISION),
    ),
    "step-second-agent-elsewhere": (
        case_pages.second_agent_elsewhere,
        case_pages.RAIL.index(StepKind.DECISION),
    ),
    "step-decision-doubt": (
        case_pages.decision_in_doubt,
        case_pages.RAIL.index(StepKind.DECISION),
    ),
    "step-stop-hand-over": (case_pages.stop_hand_over, case_pages.RAIL.index(StepKind.PERSON)),
    "step-decision-refused": (
        case_pages.decision_refused,
        case_pages.RAIL.index(StepKind.DECISION),
    ),
    "receipt": (case_pages.accepted, len(case_pages.RAIL)),
    "receipt-refused": (case_pages.refused, len(case_pages.RAIL)),
}
"""Pages of a case as the product makes them, with the step that the rail marks."""
ADVICE_PAGES: dict[str, Callable[[Look], QWidget]] = {
    name: page for name, (page, _, _) in advice_pages.PAGES.items()
}
"""Pages of a welcome and of a paper file."""


def title_of(look: Look, name: str) -> str:
    """Words of the top bar."""
    tr = look.language.tr
    titles = {
        "pin-join": "people.join",
        "pin-change": "people.change",
        "home-manager": "home",
        "home-dark": "home",
    }
    if name == "unlock":
        return tr("people.unlock.title", name="Camille R.")
    page = titles.get(name, name.partition("-")[0])
    return tr(f"{page}.top" if page in ("fault", "sign_in") else f"{page}.title")


def _frame(look: Look, shell: Shell, name: str) -> None:
    """Rail, title and chips around a page."""
    tr = look.language.tr
    step, letter = STEP_PAGES.get(name), letter_pages.PAGES.get(name)
    if name == "sign_in":
        shell.show_bare()
        shell.set_title(tr("sign_in.top"), "Lundi 23 novembre, 9 h 12")
        shell.show_chips(CHIPS[:1])
    elif step:
        shell.show_steps(case_pages.step_items(look), step[1])
        shell.set_title(tr("journey.procedure.online-request"), "ROUSSEL Maëlle")
        shell.set_office(tr("journey.case", number="03C9B0C1"), tr("journey.started", n=2))
        shell.show_chips(CHIPS)
    elif letter:
        shell.show_steps(letter_pages.step_items(look), letter_pages.RAIL.index(letter[1]))
        shell.set_title(tr("journey.procedure.registered-letter"))
        shell.set_office(tr("journey.case", number="03C9B0C1"), tr("journey.started", n=2))
        shell.show_chips(CHIPS)
    elif name in ADVICE_PAGES:
        _, journey, _ = advice_pages.PAGES[name]
        shell.show_steps(*advice_pages.step_items(look, name))
        shell.set_title(tr(f"journey.procedure.{journey.name}"))
        shell.set_office(tr("journey.case", number="03C9B0C1"), tr("journey.started_now"))
        shell.show_chips(CHIPS)
    elif name in CASE_PAGES:
        shell.show_steps(compositions.STEPS, 2)
        shell.set_title("Nouvelle vérification", "Demande reconnue")
        shell.show_chips(CHIPS)
    else:
        if name in BARE:
            shell.show_bare()
        else:
            shell.show_navigation(UNDER.get(name) or Section(name.partition("-")[0]))
        shell.set_title(title_of(look, name))
        shell.show_chips(CHIPS)


def window(look: Look, name: str, width: int, height: int) -> Shell:
    """The frame around one page, at a size, shown."""
    shell = Shell(look)
    shell.resize(width, height)
    step = STEP_PAGES.get(name)
    letter = letter_pages.PAGES.get(name)
    made = step or letter
    page = made[0](look) if made else (PAGES | CASE_PAGES | ADVICE_PAGES)[name](look)
    shell.set_page(page, getattr(page, "bar", None))
    shell.set_office("Bureau de Lyon Bellecour", "Guichet 3, poste partagé")
    _frame(look, shell, name)
    shell.show()
    assert (shell.width(), shell.height()) == (width, height)
    return shell
