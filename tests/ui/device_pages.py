"""Pages about the device, filled with made-up facts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from kiosk.services.delivery import DeliveryStep, Progress
from kiosk.services.device_state import DeviceState, Queue
from kiosk.services.sealing import SPACE_RESERVE_BYTES
from ui.router.device_words import StateWords, act_rows, failure_words, step_words
from ui.screens.device import DeviceFacts, DeviceScreen
from ui.screens.device_act import ActFacts, CourseFacts, DeviceActScreen
from ui.screens.device_end import DeviceEndScreen, EndFacts
from ui.screens.second_person import SecondPersonFacts, SecondPersonScreen
from ui.screens.sign_in import AgentCard
from ui.theme import Tone
from ui.viewmodels.device import Act, Looked
from ui.widgets.list_row import RowItem
from ui.widgets.look import Look
from ui.workers.desk import Failure

DEVICE = "dev-0123456789abcdef"
MOMENT = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)
CAMERA = RowItem("camera", "Caméra documents", "1280 × 720", "camera", Tone.OK, "Prête")
MANAGERS = (AgentCard("dominique", "Dominique L.", "manager"),)


@dataclass(frozen=True)
class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return MOMENT


@dataclass(frozen=True)
class Here:
    """What the words need of the services."""

    office_id: str = "075012"
    clock: Still = Still()


CALM = Looked(
    DeviceState(
        enrolled_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        contact_at=MOMENT - timedelta(minutes=4),
        drift=timedelta(seconds=2),
        lease_days=7,
        lease_left=timedelta(days=6, hours=23),
        queue=Queue(stored=1204, held=16),
        entries=9120,
        policy_version=12,
        coming=(13, "2026-12-01"),
        witnesses=3,
        quorum=2,
        free_bytes=118_000_000_000,
    ),
    "systemd-tpm",
    escrowed=True,
)
TROUBLED = Looked(
    DeviceState(
        enrolled_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        contact_at=MOMENT - timedelta(days=3, hours=2),
        drift=timedelta(minutes=-47),
        lease_days=3,
        lease_left=timedelta(),
        darkness="DEVICE-001",
        open_cases=2,
        queue=Queue(waiting=9, stuck=1, unwitnessed=4, stored=312, held=40),
        entries=2210,
        policy_version=12,
        witnesses=3,
        quorum=1,
        free_bytes=SPACE_RESERVE_BYTES - 1,
    ),
    "demonstration",
    escrowed=False,
)


def device(look: Look, looked: Looked = CALM, message: str = "", tone: Tone = Tone.OK):
    page = DeviceScreen(look)
    words = StateWords(look.language, Here(), looked)
    away = Act.SECRET if looked.secret_changes else Act.SECRET_END
    acts = act_rows(look.language, tuple(one for one in Act if one is not away))
    page.show_facts(DeviceFacts(DEVICE, words.rows(), words.machine(CAMERA), acts, message, tone))
    return page


def troubled(look: Look) -> DeviceScreen:
    what, do = failure_words(look.language, Failure("SYNC-001"))
    waiting = look.language.tr("device.act.send.waiting", n=9)
    return device(look, TROUBLED, f"{waiting} {what} {do}", Tone.WARN)


def act(look: Look, name: Act, **facts: Any) -> DeviceActScreen:
    page = DeviceActScreen(look)
    page.begin(ActFacts(name, DEVICE, **facts))
    return page


def course(look: Look, name: Act, facts: CourseFacts) -> DeviceActScreen:
    page = act(look, name)
    page.show_course(facts)
    return page


def running(look: Look) -> DeviceActScreen:
    step = step_words(look.language, Act.TRANSFER, Progress(DeliveryStep.RECORDS, 3, 9))
    text = look.language.tr("device.act.transfer.running")
    return course(look, Act.TRANSFER, CourseFacts(text, step, running=True, can_stop=True))


def failed(look: Look) -> DeviceActScreen:
    words = failure_words(look.language, Failure("DEVICE-003"))
    return course(look, Act.DECOMMISSION, CourseFacts(*words, tone=Tone.BAD))


def rescued(look: Look) -> DeviceActScreen:
    tr = look.language.tr
    where = tr("device.act.rescue.where", folder="visavis-rescue-0123456789abcdef-20261123-091200")
    detail = f"{where} {tr('device.act.rescue.eject')}"
    text = tr("device.act.rescue.done", n=25)
    return course(look, Act.RESCUE, CourseFacts(text, detail, Tone.OK))


def sign(look: Look) -> SecondPersonScreen:
    page = SecondPersonScreen(look, "device.sign.close")
    name = look.language.tr("device.act.transfer.title")
    page.show_facts(SecondPersonFacts(name, MANAGERS))
    return page


def joined(look: Look) -> DeviceEndScreen:
    tr = look.language.tr
    page = DeviceEndScreen(look)
    page.show_facts(
        EndFacts(
            tr("device.end.title_transfer"),
            tr("device.end.joined", device="dev-fedcba9876543210", office="069002"),
            Tone.OK,
            (tr("device.end.journal", file=f"{DEVICE}-journal.txt"),),
            code_title=tr("device.end.manager_code", name="Dominique L."),
            code="4F7K-92QX",
            code_hint=tr("device.end.manager_hint"),
            primary=tr("device.end.go_on"),
        )
    )
    return page


def not_joined(look: Look) -> DeviceEndScreen:
    tr = look.language.tr
    what, do = failure_words(look.language, Failure("SYNC-008"))
    page = DeviceEndScreen(look)
    page.show_facts(
        EndFacts(
            tr("device.end.title_transfer"),
            what,
            Tone.BAD,
            (tr("device.end.not_joined"), do, tr("device.end.again")),
            ask_code=True,
            primary=tr("device.end.join"),
        )
    )
    return page


PAGES = {
    "device": device,
    "device-troubled": troubled,
    "device-keys": partial(act, name=Act.KEYS),
    "device-secret": partial(act, name=Act.SECRET),
    "device-secret-end": partial(act, name=Act.SECRET_END, awaited=("a-17", "camille.r", "b-22")),
    "device-rescue": partial(act, name=Act.RESCUE),
    "device-transfer": partial(act, name=Act.TRANSFER, waiting=9),
    "device-decommission": partial(act, name=Act.DECOMMISSION, cases=2),
    "device-running": running,
    "device-failed": failed,
    "device-rescued": rescued,
    "device-sign": sign,
    "device-end": joined,
    "device-end-failed": not_joined,
}
"""Pages, by name; those of the end stand in a bare frame."""
BARE = ("device-end", "device-end-failed")
