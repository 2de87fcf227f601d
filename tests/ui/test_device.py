"""The device at its screen: real buttons, a real vault, a real central side in its own process."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget

from kiosk.bootstrap import Kiosk, build
from kiosk.bootstrap.workshop import Workshop
from kiosk.config import Config, Profile
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.errors import KeyStoreError, NotAllowedError, UnreachableError
from kiosk.domain.ids import AgentId
from kiosk.paths import Paths
from kiosk.services.device_life import DeviceLife
from tests.fakes.carrier import AGENT, CHEAP, CarrierFleet, Device, carrier_fleet
from tests.fakes.cases import new_case
from tests.fakes.office import PIN
from tests.services.test_sealing import decided
from ui.router.opened import DeviceServices
from ui.router.window import Window
from ui.shell import Section
from ui.viewmodels.device import Act

pytestmark = pytest.mark.process
MANAGER, TECHNICIAN = AgentId("m-1"), AgentId("t-1")
THERE = "069002"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierFleet]:
    with carrier_fleet(tmp_path_factory.mktemp("fleet")) as found:
        yield found


@pytest.fixture
def device(fleet: CarrierFleet) -> Device:
    """A counter with an agent, a manager and a technician."""
    device = fleet.device(Profile.COUNTER)
    device.kiosk.agents.add(MANAGER, "Dominique L.", Role.MANAGER, PIN)
    device.kiosk.agents.add(TECHNICIAN, "Sacha T.", Role.TECHNICIAN, PIN)
    return device


class Screen:
    """The window of a device, as the program opens it."""

    def __init__(self, qtbot, device: Device) -> None:
        self.qtbot = qtbot
        self.device = device
        self.kiosks: list[Kiosk] = []
        device.kiosk.close()
        self.services = DeviceServices(
            Paths.of_device(device.folder), Config(profile=device.profile), self._built
        )
        self.window = Window("fr", "light")
        qtbot.addWidget(self.window.shell)
        self.window.copy_locked = self.services.copy_locked
        self.window.show()
        self.window.open_soon(self.services.make)
        self.wait(lambda: self.window.router is not None or self.page is not None)

    def _built(self, paths: Paths, config: Config) -> Kiosk:
        self.kiosks.append(build(paths, config, self.device.clock, cost=CHEAP))
        return self.kiosks[-1]

    @property
    def kiosk(self) -> Kiosk:
        return self.kiosks[-1]

    @property
    def router(self):
        return self.window.router

    @property
    def shell(self):
        return self.window.shell

    @property
    def page(self) -> QWidget:
        return self.shell.page

    def wait(self, holds: Callable[[], bool]) -> None:
        try:
            self.qtbot.waitUntil(holds, timeout=15_000)
        except Exception as exc:
            raise AssertionError(self.words()) from exc

    def on(self, page: QWidget) -> None:
        self.wait(lambda: self.page is page)
        self.settle()

    def settle(self) -> None:
        router = self.router
        if router is not None:
            self.wait(lambda: router.desk.idle and router.courier.idle)
        QApplication.processEvents()

    def press(self, name: str, root: QWidget | None = None) -> None:
        found = (root or self.shell).findChildren(QPushButton, name)
        (button,) = [one for one in found if one.isVisible()]
        assert button.isEnabled(), name
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def words(self) -> str:
        """What can be read, with spaces that may break."""
        labels = self.shell.findChildren(QLabel)
        shown = " | ".join(label.text() for label in labels if label.isVisible())
        return shown.replace("\u00a0", " ")

    def type(self, name: str, text: str) -> None:
        field = self.page.findChild(QLineEdit, name)
        assert field.isVisible()
        field.clear()
        field.insert(text)  # pasted: typed as fast as a test does it would be a scanner's

    def pin(self, pin: str = PIN) -> None:
        QTest.keyClicks(self.shell.focusWidget(), pin)
        QTest.keyClick(self.shell.focusWidget(), Qt.Key.Key_Return)

    def sign_in(self, agent: str) -> None:
        screen = self.router.sign_in
        self.wait(lambda: screen.findChild(QPushButton, f"choice-{agent}") is not None)
        self.press(f"choice-{agent}", screen)
        self.pin()
        self.on(self.router.sections.home)
        self.router.sections.show(Section.SETTINGS, self.router.session.session)
        self.settle()

    def open(self, agent: str) -> None:
        """Sign in and go to the device."""
        self.sign_in(agent)
        self.press("open-device")
        self.on(self.router.device.page)

    def act(self, name: Act) -> None:
        self.press(f"row-{name.value}", self.page)
        if name is not Act.SEND:
            self.on(self.router.device.act)

    def confirm(self) -> None:
        self.type("act-confirm", self.kiosk.device_id[-4:])

    def ended(self) -> None:
        """The act is over, and its end is on the page."""
        self.wait(lambda: not self.router.device.model.busy)
        self.settle()

    def kinds(self) -> list[str]:
        with self.kiosk.store.begin() as uow:
            return [row.kind for row in uow.journal.range(0, uow.journal.size())]

    def seal(self) -> None:
        """A record of the agent, sealed and waiting."""
        session = self.kiosk.sign_in.sign_in(AGENT, PIN)
        case = replace(decided(case=f"{len(self.kinds()):032x}"), agent_id=AGENT)
        self.kiosk.proofing._desk.sealing.seal(case, session)
        self.kiosk.sign_in.sign_out(session)

    def close(self) -> None:
        self.window.close()
        self.services.close()


@pytest.fixture
def screen(qtbot, qapp, device: Device) -> Iterator[Screen]:
    screen = Screen(qtbot, device)
    yield screen
    screen.close()


class NoLink:
    """A link over a network that is gone."""

    def call(self, *_: object, **__: object) -> None:
        raise UnreachableError("cut")

    def close(self) -> None:
        pass


@pytest.fixture
def cut(screen: Screen, monkeypatch) -> Callable[[], None]:
    """Cuts the network of the device."""

    return lambda: monkeypatch.setattr(type(screen.kiosk.links), "open", lambda *_: NoLink())


# --- who sees it ----------------------------------------------------------------------------------


def test_an_agent_finds_no_device_and_gets_none_by_another_way(screen: Screen, tmp_path: Path):
    screen.sign_in(AGENT)
    assert not screen.page.findChild(QPushButton, "open-device").isVisible()
    session = screen.router.session.session
    screen.router.device.show(session, ())
    assert screen.page is screen.router.sections.settings
    workshop = Workshop(screen.kiosk)
    for attempt in (
        lambda: workshop.state(session),
        lambda: workshop.change_keys(session),
        lambda: workshop.change_secret(session),
        lambda: workshop.end_secret(session),
        lambda: workshop.close(session, "decommission"),
        lambda: workshop.rescue(session, session, tmp_path / "out"),
    ):
        with pytest.raises(NotAllowedError):
            attempt()


@pytest.mark.parametrize("who", [MANAGER, TECHNICIAN])
def test_manager_and_technician_see_how_the_device_stands(screen: Screen, who: AgentId):
    screen.seal()
    screen.open(who)
    assert "1 dossier attend." in screen.words()
    screen.router.delivery.send()
    screen.wait(lambda: "1 est arrivé" in screen.words())
    shown = screen.words()
    for word in (
        "Bureau 075012",
        "En service",
        "Inscrit depuis le",
        "Dernier contact",
        "0 dossier ouvert",
        "aucun témoin",
        "En clair dans un fichier",
        "Version 1.",
        "Go libres",
    ):
        assert word in shown, word
    assert screen.kiosk.device_id in shown


def test_a_technician_finds_no_case_and_no_name(screen: Screen):
    session = screen.kiosk.sign_in.sign_in(AGENT, PIN)
    with screen.kiosk.store.begin() as uow:
        screen.kiosk.proofing._desk.drafts.save(uow, new_case(), session)
        uow.commit()
    screen.open(TECHNICIAN)
    assert "1 dossier ouvert" in screen.words()
    screen.press("back")
    screen.router.go_home()
    screen.settle()
    assert not screen.router.sections.home.findChildren(QPushButton, f"row-{new_case().case_id}")
    screen.router.device.show(screen.router.session.session, ())
    screen.on(screen.router.device.page)
    screen.act(Act.DECOMMISSION)
    assert "Des dossiers sont encore ouverts" in screen.words()
    assert not screen.router.device.act.primary.isEnabled()


# --- send, keys -----------------------------------------------------------------------------------


def test_send_now_says_what_arrived_and_what_stopped_it(screen: Screen, cut):
    screen.open(TECHNICIAN)
    screen.act(Act.SEND)
    screen.wait(lambda: "Rien n’attendait" in screen.words())
    screen.settle()
    screen.seal()
    screen.act(Act.SEND)
    screen.wait(lambda: "1 dossier est arrivé, avec un reçu vérifié." in screen.words())
    screen.settle()
    cut()
    screen.seal()
    screen.act(Act.SEND)
    screen.wait(lambda: "SYNC-001" in screen.words())
    assert "1 dossier attend encore." in screen.words()


def test_a_technician_changes_the_keys_and_everything_opens_again(screen: Screen):
    keys = DemonstrationKeyStore(screen.device.folder)
    before = keys.get("database")
    screen.open(TECHNICIAN)
    screen.act(Act.KEYS)
    screen.qtbot.keyClick(screen.shell.focusWidget() or screen.shell, Qt.Key.Key_Return)
    screen.wait(lambda: "Les clés sont changées" in screen.words())
    assert screen.kinds().count("keys_changed") == 1
    assert keys.get("database") != before
    screen.press("primary")
    screen.on(screen.router.device.page)
    screen.close()
    screen.device.kiosk = screen.device._built()
    assert screen.device.kiosk.sign_in.sign_in(MANAGER, PIN)


def offered(screen: Screen) -> set[str]:
    return {act.value for act in screen.router.device._offered()}


def test_a_new_device_secret_is_begun_at_the_screen_and_the_old_one_waits(screen: Screen):
    keys = DemonstrationKeyStore(screen.device.folder)
    before = keys.get("device-secret")
    screen.open(TECHNICIAN)
    assert offered(screen) & {"secret", "secret_end"} == {"secret"}
    screen.act(Act.SECRET)
    screen.qtbot.keyClick(screen.shell.focusWidget() or screen.shell, Qt.Key.Key_Return)
    screen.wait(lambda: "L’appareil a un nouveau secret" in screen.words())
    assert "quand 3 agents se sont connectés une fois" in screen.words()
    assert keys.get("device-secret") != before
    assert keys.get("device-secret-past") == before
    screen.press("primary")
    screen.on(screen.router.device.page)
    screen.wait(lambda: "3 agents sont attendus" in screen.words())
    assert offered(screen) & {"secret", "secret_end"} == {"secret_end"}
    for who in (MANAGER, TECHNICIAN, AGENT):  # the same PIN, and the old secret goes with the last
        assert screen.kiosk.sign_in.sign_in(who, PIN)
    assert keys.get("device-secret-past") is None
    assert screen.kiosk.secret_change.standing().until is None


def test_the_old_secret_is_destroyed_only_after_the_device_was_typed(screen: Screen):
    keys = DemonstrationKeyStore(screen.device.folder)
    screen.open(TECHNICIAN)
    screen.kiosk.secret_change.begin()
    screen.kiosk.sign_in.sign_in(MANAGER, PIN)
    screen.router.device._look_again()
    screen.wait(lambda: "2 agents sont attendus" in screen.words())
    screen.act(Act.SECRET_END)
    assert f"Encore attendus : {', '.join(sorted((AGENT, TECHNICIAN)))}" in screen.words()
    screen.press("primary")
    assert keys.get("device-secret-past") is not None
    screen.confirm()
    screen.press("primary")
    screen.wait(lambda: "L’ancien secret est détruit. Les codes" in screen.words())
    assert "Il faut un code à usage unique d’un responsable pour" in screen.words()
    assert keys.get("device-secret-past") is None
    assert screen.kiosk.sign_in.sign_in(MANAGER, PIN)


def test_no_secret_is_destroyed_that_no_manager_could_do_without(screen: Screen):
    keys = DemonstrationKeyStore(screen.device.folder)
    screen.open(TECHNICIAN)
    screen.kiosk.secret_change.begin()
    screen.router.device._look_again()
    screen.wait(lambda: "3 agents sont attendus" in screen.words())
    screen.act(Act.SECRET_END)
    screen.confirm()
    screen.press("primary")
    screen.wait(lambda: "VAULT-015" in screen.words())
    assert keys.get("device-secret-past") is not None


# --- rescue ---------------------------------------------------------------------------------------


def test_two_people_carry_the_queue_away_and_both_sign(screen: Screen, cut, tmp_path: Path):
    cut()
    screen.seal()
    screen.seal()
    folders = screen.router.device.folders
    folders.likely, folders.choose = (lambda: ""), (lambda *_: "")
    screen.open(TECHNICIAN)
    screen.act(Act.RESCUE)
    screen.press("primary")
    screen.wait(lambda: not folders.asking)
    assert screen.page is screen.router.device.act, "nobody chose a folder"
    folders.choose = lambda *_: str(tmp_path)
    screen.press("primary")
    sign = next(
        page for page in screen.router.device.signs.values() if "seconde" in page.title.text()
    )
    screen.on(sign)
    assert sign.person.selected == MANAGER, "without a manager among the two it needs one"
    screen.pin("314159")
    screen.wait(lambda: bool(sign.person.pad.error))
    assert "outbox_rescued" not in screen.kinds()
    screen.pin()
    screen.on(screen.router.device.act)
    screen.ended()
    assert "2 dossiers scellés sont copiés" in screen.words()
    (out,) = tmp_path.iterdir()
    assert out.name in screen.words()
    listed = json.loads((out / "rescue.json").read_text())["records"]
    assert len(listed) == len(list((out / "records").iterdir())) == 2
    assert screen.kinds()[-1] == "outbox_rescued"
    with screen.kiosk.store.begin() as uow:
        assert all(uow.blobs.get(item["seq"]) for item in listed), "nothing is deleted here"


def test_a_stick_without_room_is_named_before_anything_is_signed(
    screen: Screen, cut, tmp_path: Path, monkeypatch
):
    cut()
    screen.seal()
    room = type("Room", (), {"free": 10})
    monkeypatch.setattr("kiosk.bootstrap.rescue_folder.shutil.disk_usage", lambda _: room)
    folders = screen.router.device.folders
    folders.likely, folders.choose = (lambda: ""), (lambda *_: str(tmp_path))
    screen.open(MANAGER)
    screen.act(Act.RESCUE)
    screen.press("primary")
    screen.wait(lambda: screen.page in screen.router.device.signs.values())
    screen.pin()
    screen.on(screen.router.device.act)
    screen.ended()
    assert "DEVICE-022" in screen.words()
    assert not list(tmp_path.iterdir())
    assert "outbox_rescued" not in screen.kinds()


# --- closing --------------------------------------------------------------------------------------


def to_signing(screen: Screen) -> QWidget:
    screen.press("primary")
    device = screen.router.device
    screen.wait(lambda: screen.page in device.signs.values())
    screen.settle()
    return screen.page


def test_nothing_is_asked_before_the_right_device_was_named(screen: Screen):
    screen.open(TECHNICIAN)
    screen.act(Act.DECOMMISSION)
    for wrong in ("", "0000"):
        screen.type("act-confirm", wrong)
        screen.press("primary")
        assert screen.page is screen.router.device.act
        assert "pas les 4 derniers caractères" in screen.words()
    screen.type("act-confirm", screen.kiosk.device_id[-4:].upper())
    sign = to_signing(screen)
    assert sign.person.selected == MANAGER, "a technician signs no closing"
    screen.press("back")
    screen.on(screen.router.device.act)
    screen.press("back")
    screen.on(screen.router.device.page)
    screen.act(Act.DECOMMISSION)
    assert screen.page.findChild(QLineEdit, "act-confirm").text() == ""


def test_a_device_that_cannot_send_stays_whole_and_says_why(screen: Screen, cut):
    cut()
    screen.seal()
    screen.open(MANAGER)
    screen.act(Act.DECOMMISSION)
    assert "1 dossier scellé attend encore" in screen.words(), "said before anything is asked"
    screen.confirm()
    to_signing(screen)
    screen.pin()
    screen.on(screen.router.device.act)
    screen.ended()
    assert "Rien n’a été détruit" in screen.words()
    assert "DEVICE-003" in screen.words()
    assert "device_closed" not in screen.kinds()
    screen.press("primary")
    screen.on(screen.router.device.page)


def test_a_closing_can_be_stopped_and_its_end_is_told_elsewhere(screen: Screen, monkeypatch):
    gate, seen = threading.Event(), []

    def close(_life: DeviceLife, _by: object, _why: str, watch: object) -> None:
        seen.append(threading.get_ident())
        gate.wait(60)
        assert watch.cancelled()
        raise type("ActStoppedError", (UnreachableError,), {"code": "DEVICE-021"})

    monkeypatch.setattr(DeviceLife, "close", close)
    screen.open(MANAGER)
    screen.act(Act.DECOMMISSION)
    screen.confirm()
    to_signing(screen)
    screen.pin()
    screen.wait(lambda: bool(seen))
    assert seen[0] != threading.get_ident()
    screen.wait(lambda: "N’éteignez pas" in screen.words())
    screen.press("act-stop")
    screen.router.sections.show(Section.SETTINGS, screen.router.session.session)
    screen.press("open-device")
    assert screen.page is screen.router.device.act, "the act under way is what there is to see"
    assert not screen.page.findChild(QPushButton, "act-stop").isEnabled()
    screen.router.session.lock()
    screen.wait(lambda: screen.page is screen.router.sign_in)
    gate.set()
    screen.ended()
    screen.pin()
    screen.on(screen.router.sections.home)
    screen.router.sections.show(Section.SETTINGS, screen.router.session.session)
    screen.press("open-device")
    screen.on(screen.router.device.page)
    assert "Vous avez arrêté avant la fin" in screen.words()
    assert "DEVICE-021" in screen.words()


def test_a_device_goes_out_of_service_and_nothing_on_it_opens(screen: Screen):
    screen.seal()
    folder, device_id = screen.device.folder, screen.kiosk.device_id
    left = []
    screen.window._app.exit = left.append
    screen.open(TECHNICIAN)
    screen.act(Act.DECOMMISSION)
    screen.confirm()
    to_signing(screen)
    screen.pin()
    screen.wait(lambda: "Il ne reste rien à ouvrir" in screen.words())
    assert screen.router is None
    assert not list(folder.glob("vault.db*"))
    keys = DemonstrationKeyStore(folder)
    assert [keys.get(name) for name in ("database", "device-signing", "device-secret")] == [
        None
    ] * 3
    file = folder / "closed" / f"{device_id}-journal.txt"
    assert file.name in screen.words()
    assert "device_closed" in file.read_text() or file.stat().st_size
    assert "Sacha" not in screen.words()
    screen.press("primary")
    assert left == [0]
    del screen.window._app.exit


def test_keys_that_do_not_go_at_once_are_destroyed_by_another_try(screen: Screen, monkeypatch):
    screen.open(MANAGER)
    screen.act(Act.DECOMMISSION)
    screen.confirm()
    real, refused = DemonstrationKeyStore.delete, []

    def delete(store: DemonstrationKeyStore, name: str) -> None:
        if not refused:
            refused.append(name)
            raise KeyStoreError("delete")
        real(store, name)

    monkeypatch.setattr(DemonstrationKeyStore, "delete", delete)
    to_signing(screen)
    screen.pin()
    screen.wait(lambda: "VAULT-010" in screen.words())
    assert list(screen.device.folder.glob("vault.db*")), "the keys go first"
    screen.press("primary")
    screen.wait(lambda: "Il ne reste rien à ouvrir" in screen.words())
    file = next((screen.device.folder / "closed").iterdir())
    assert file.name in screen.words()
    assert DemonstrationKeyStore(screen.device.folder).get("device-signing") is None


def fill_transfer(screen: Screen, code: str) -> None:
    screen.act(Act.TRANSFER)
    screen.type("act-badge", "m-9")
    screen.type("act-name", "Alex N.")
    screen.confirm()
    screen.type("act-code", code)


def test_a_device_moves_to_another_office_and_its_first_manager_comes_in(
    screen: Screen, fleet: CarrierFleet
):
    screen.seal()
    before = screen.kiosk.device_id
    screen.open(MANAGER)
    fill_transfer(screen, fleet.side.enrol_code(THERE))
    to_signing(screen)
    screen.pin()
    screen.wait(lambda: f"bureau {THERE}" in screen.words())
    code = screen.page.findChild(QLabel, "one-time-code").text()
    assert len(code) == 9
    screen.press("primary")
    screen.wait(lambda: screen.router is not None)
    assert screen.kiosk.device_id != before
    assert screen.kiosk.office_id == THERE
    assert screen.kiosk.sign_in.agents() == (), "the agents of the other office are gone"
    screen.press("join")
    join = screen.router.people.join
    screen.on(join)
    join.proof.insert(code)
    for field in (join.pin, join.again):
        field.insert("884422917")
    screen.press("primary", join.bar)
    screen.on(screen.router.sign_in)
    screen.wait(lambda: screen.router.sign_in.selected == "m-9")
    assert len(screen.shell._pages.others()) < 40


def held(monkeypatch, name: str) -> tuple[threading.Event, threading.Event]:
    """Holds an answer of the device back: set once it was asked for; set to let it come."""
    asked, go_on = threading.Event(), threading.Event()
    answer = getattr(Workshop, name)

    def late(*args: object) -> object:
        asked.set()
        assert go_on.wait(60)
        return answer(*args)

    monkeypatch.setattr(Workshop, name, late)
    return asked, go_on


def test_an_answer_for_one_act_lets_nobody_into_another(
    screen: Screen, fleet: CarrierFleet, monkeypatch
):
    """Nobody typed the last characters of this device for what would be signed."""
    asked, go_on = held(monkeypatch, "check_code")
    screen.open(MANAGER)
    fill_transfer(screen, fleet.side.enrol_code(THERE))
    screen.press("primary")
    screen.wait(asked.is_set)

    screen.press("back")
    screen.wait(lambda: screen.page is screen.router.device.page)
    screen.press(f"row-{Act.DECOMMISSION.value}", screen.page)
    screen.wait(lambda: screen.page is screen.router.device.act)
    go_on.set()
    screen.settle()

    assert screen.page is screen.router.device.act


def test_who_goes_back_while_the_pin_is_looked_at_closes_nothing(screen: Screen, monkeypatch):
    screen.open(MANAGER)
    screen.act(Act.DECOMMISSION)
    screen.confirm()
    signing = to_signing(screen)
    asked, go_on = held(monkeypatch, "vouch")
    screen.press(f"choice-{MANAGER}", signing)
    screen.pin()
    screen.wait(asked.is_set)

    screen.press("back")
    screen.wait(lambda: screen.page is screen.router.device.act)
    go_on.set()
    screen.settle()

    assert screen.router.device.model.run is None
    assert "device_closed" not in screen.kinds()


def test_a_badge_that_is_none_is_refused_while_everything_is_still_here(
    screen: Screen, fleet: CarrierFleet
):
    screen.open(MANAGER)
    fill_transfer(screen, fleet.side.enrol_code(THERE))
    for wrong in ("Alex N.", "enrolment", ""):
        screen.type("act-badge", wrong)
        screen.press("primary")
        assert "Il faut le badge" in screen.words()
        assert screen.page is screen.router.device.act
    screen.wait(screen.page.findChild(QLineEdit, "act-badge").hasFocus)


def test_what_is_wrong_stands_in_sight_beside_its_field_on_a_low_screen(
    screen: Screen, fleet: CarrierFleet
):
    screen.shell.resize(1280, 720)
    screen.open(MANAGER)
    fill_transfer(screen, fleet.side.enrol_code(THERE))
    screen.type("act-confirm", "zzzz")
    screen.press("primary")
    field = screen.page.findChild(QLineEdit, "act-confirm")
    error = screen.page.findChild(QLabel, "act-error")
    screen.wait(field.hasFocus)
    for widget in (field, error):
        screen.wait(lambda widget=widget: widget.visibleRegion().boundingRect() == widget.rect())


def test_a_technician_sees_no_hole_where_a_manager_finds_the_team(screen: Screen):
    screen.sign_in(TECHNICIAN)
    page = screen.page
    names = ("change-pin", "open-device")
    first, second = (page.findChild(QPushButton, name) for name in names)
    assert first.x() == second.x()
    assert not page.findChild(QPushButton, "open-team").isVisible()


def test_a_form_speaks_another_language_and_forgets_no_act_before(screen: Screen):
    screen.open(TECHNICIAN)
    screen.act(Act.KEYS)
    screen.press("primary")
    screen.wait(lambda: "Les clés sont changées" in screen.words())
    screen.window.language.choose("en")
    assert "The keys are changed" in screen.words()
    screen.press("primary")
    screen.on(screen.router.device.page)
    screen.act(Act.DECOMMISSION)
    screen.window.language.choose("fr")
    assert "Pour confirmer" in screen.words()
    assert "Les clés sont changées" not in screen.words()


def test_a_code_that_is_none_and_a_side_that_is_silent_close_nothing(
    screen: Screen, fleet: CarrierFleet, monkeypatch
):
    screen.open(MANAGER)
    fill_transfer(screen, "VVE1.abc")
    screen.press("primary")
    screen.wait(lambda: "SYNC-008" in screen.words())
    assert screen.page is screen.router.device.act
    assert screen.page.findChild(QLineEdit, "act-badge").text() == "m-9"

    def silent(*_: object) -> None:
        raise UnreachableError("cut")

    monkeypatch.setattr(type(screen.kiosk.links), "first_contact", silent)
    screen.router.device.take_scan(fleet.side.enrol_code(THERE))
    screen.press("primary")
    screen.wait(lambda: "SYNC-001" in screen.words())
    assert "device_closed" not in screen.kinds()


def test_a_transfer_whose_code_was_spent_meanwhile_takes_another_one(
    screen: Screen, fleet: CarrierFleet, tmp_path: Path
):
    code = fleet.side.enrol_code(THERE)
    other = Device(tmp_path / "other", Profile.COUNTER)
    fleet.devices.append(other)
    other.kiosk.enrolment.enrol(code)
    screen.open(MANAGER)
    fill_transfer(screen, code)
    to_signing(screen)
    screen.pin()
    screen.wait(lambda: "pas encore inscrit" in screen.words())
    screen.type("end-code", fleet.side.enrol_code(THERE))
    screen.press("primary")
    screen.wait(lambda: f"bureau {THERE}" in screen.words())


def test_a_scanner_fills_in_the_code_and_only_there(screen: Screen, fleet: CarrierFleet):
    code = fleet.side.enrol_code(THERE)
    screen.open(MANAGER)
    assert not screen.router.device.take_scan(code)
    screen.act(Act.TRANSFER)
    assert not screen.router.device.take_scan("VV1.something")
    assert screen.router.device.take_scan(f" {code}\n")
    assert screen.router.device.act.code == code


# --- the keys are gone ----------------------------------------------------------------------------


def test_a_device_whose_keys_are_gone_offers_its_encrypted_files(
    qtbot, qapp, device: Device, tmp_path: Path
):
    device.kiosk.delivery.run_once()  # seals the emergency key, as each contact does
    keys = DemonstrationKeyStore(device.folder)
    secret = keys.get("database")
    keys.delete("database")
    screen = Screen(qtbot, device)
    try:
        assert "VAULT-001" in screen.words()
        folders = screen.window._locked.folders
        folders.likely, folders.choose = (lambda: ""), (lambda *_: str(tmp_path))
        screen.press("fault-extra")
        screen.wait(lambda: "visavis-locked" in screen.words())
        (out,) = tmp_path.iterdir()
        assert {"locked.json", "vault.db", "vault.db.escrow"} <= {f.name for f in out.iterdir()}
        assert secret not in (out / "vault.db").read_bytes()
        screen.press("fault-extra")
        screen.wait(lambda: "visavis-locked-2" in screen.words())
        keys.put("database", secret)
        screen.press("fault-extra")
        screen.wait(lambda: "DEVICE-006" in screen.words())
        screen.press("fault-retry")
        screen.wait(lambda: screen.router is not None)
        screen.sign_in(MANAGER)
    finally:
        screen.close()


def test_another_refusal_of_the_start_offers_no_copy(qtbot, qapp, fleet: CarrierFleet):
    device = Device(fleet.folder / "unknown", Profile.COUNTER)
    screen = Screen(qtbot, device)
    try:
        assert screen.router is None
        assert not screen.shell.findChild(QPushButton, "fault-extra").isVisible()
    finally:
        screen.close()
