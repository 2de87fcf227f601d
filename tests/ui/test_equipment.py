"""The rows about camera, vault and network: asked beside the screen, honest before the answer."""

import threading

import pytest

from kiosk.domain.errors import DiskFullError
from kiosk.services.sealing import SPACE_RESERVE_BYTES
from tests.fakes.office import office_on_disk
from tests.ui.counter import Counter
from ui.workers.desk import Failure


class Disk:
    """A disk that answers when it is let, or not at all."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.threads: set[int] = set()
        self.free = 118_000_000_000
        self.broken = False

    def __call__(self) -> int:
        self.threads.add(threading.get_ident())
        self.answers.wait(60)
        if self.broken:
            raise DiskFullError("disk")
        return self.free


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def counter(qtbot, look, disk, tmp_path):
    office = office_on_disk(tmp_path)
    office.session()
    counter = Counter(qtbot, look, office, tmp_path / "slips", free_bytes=disk)
    counter.sign_in()
    yield counter
    disk.answers.set()
    counter.close()
    office.store.close()


def store(counter: Counter):
    return next(row for row in counter.router.sections.home._hardware._items if row.name == "store")


def answered(counter: Counter, disk: Disk) -> None:
    disk.answers.set()
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)


def test_the_disk_is_asked_beside_the_screen(counter, disk, look):
    counter.qtbot.waitUntil(lambda: bool(disk.threads), timeout=10_000)
    assert threading.get_ident() not in disk.threads
    assert store(counter).chip == look.language.tr("hardware.store.unknown")
    answered(counter, disk)
    assert store(counter).chip == look.language.tr("hardware.store.ready")
    assert "118" in store(counter).detail


def test_a_disk_that_does_not_answer_is_a_row_and_no_fault(counter, disk, look):
    disk.broken = True
    answered(counter, disk)
    assert store(counter).chip == look.language.tr("hardware.store.failing")
    assert counter.shell.page is counter.router.sections.home


def test_a_disk_that_is_nearly_full_is_said_so(counter, disk, look):
    disk.free = 900_000_000
    answered(counter, disk)
    assert store(counter).chip == look.language.tr("hardware.store.short")
    assert store(counter).detail == "900\u00a0Mo libres"


def test_a_disk_on_which_no_case_begins_is_called_full(counter, disk, look):
    disk.free = SPACE_RESERVE_BYTES - 1
    answered(counter, disk)
    assert store(counter).chip == look.language.tr("hardware.store.full")
    assert store(counter).detail.startswith("67\u00a0Mo libres\u00a0:")


def test_the_free_room_is_told_in_the_language_of_the_screen(counter, disk, look):
    answered(counter, disk)
    look.language.choose("en")
    assert store(counter).detail == "118\u00a0GB free"


def test_the_row_of_the_camera_says_what_the_chip_does_not(counter, look):
    def camera():
        return counter.router.sections.equipment.rows[0]

    tr = look.language.tr
    assert camera().chip == tr("hardware.camera.unknown")
    assert camera().detail == tr("hardware.camera.unknown_hint")
    counter.router.capture._failure = Failure("CAPTURE-001")
    assert camera().chip == tr("hardware.camera.missing")
    assert camera().detail == tr("errors.CAPTURE-001.what")
