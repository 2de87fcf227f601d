"""The portrait beside the person: enlarged by key, the camera only where the agent wants it."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from kiosk.domain.evidence import Side, Verdict
from kiosk.journeys.model import StepKind
from kiosk.services.printed_reading import PrintedField
from tests.fakes.cases import DOCUMENT
from tests.ui.case_pages import panel_at, portrait
from tests.ui.counter import Counter
from ui.steps.person import PersonPanel
from ui.viewmodels.capture import Watch
from ui.widgets.zoom import STEPS, ZoomView


@pytest.fixture
def facing(counter) -> Counter:
    """At the step of the person."""
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    for step in (StepKind.CHECKS, StepKind.FEATURES):
        counter.key(Qt.Key.Key_Return)
        counter.at(step)
    counter.answer_features()
    return counter


@pytest.fixture
def view(look, qtbot) -> ZoomView:
    view = ZoomView(look)
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show_picture(portrait())
    view.show()
    return view


def grabbed(view: ZoomView) -> bytes:
    image = view.grab().toImage()
    return bytes(image.constBits())


def test_steps_enlarge_and_stop_at_both_ends(view):
    whole = grabbed(view)
    for factor in STEPS[1:]:
        view.zoom(1)
        assert view.factor == factor
    assert grabbed(view) != whole
    view.zoom(1)
    assert view.factor == STEPS[-1]
    view.reset()
    assert grabbed(view) == whole


def test_an_enlarged_portrait_is_dragged_and_a_whole_one_is_not(view, qtbot):
    def drag() -> None:
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 200))
        QTest.mouseMove(view, QPoint(150, 120))
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 120))

    whole = grabbed(view)
    drag()
    assert grabbed(view) == whole
    view.zoom(2)
    before = grabbed(view)
    drag()
    assert grabbed(view) != before


def test_plus_and_minus_enlarge_the_portrait_and_arrows_move_it(look, qtbot):
    panel = panel_at(look, StepKind.PERSON)
    assert isinstance(panel, PersonPanel)
    qtbot.addWidget(panel)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    panel.setFocus()
    assert not panel.farther.isEnabled()
    QTest.keyClick(panel, Qt.Key.Key_Plus)
    assert panel.compare.portrait.factor == STEPS[1]
    before = grabbed(panel.compare.portrait)
    QTest.keyClick(panel, Qt.Key.Key_Down)
    assert grabbed(panel.compare.portrait) != before
    QTest.keyClick(panel, Qt.Key.Key_Minus)
    assert panel.compare.portrait.factor == 1.0


def test_the_camera_is_off_until_it_is_asked_for(facing):
    panel = facing.router.case.person
    capture = facing.router.capture
    assert capture.watch is Watch.NOTHING
    assert not panel.compare.live.has_picture
    facing.key(Qt.Key.Key_C)
    facing.qtbot.waitUntil(lambda: panel.compare.live.has_picture, timeout=10_000)
    assert capture.watch is Watch.PERSON
    assert capture.portrait is not None  # the document's, still
    facing.key(Qt.Key.Key_C)
    facing.qtbot.waitUntil(lambda: not panel.compare.live.has_picture, timeout=10_000)
    assert capture.watch is Watch.NOTHING


def test_a_code_held_before_that_camera_changes_nothing(facing, office):
    before = facing.state
    facing.reader.code = office.code(request_id="another")
    facing.key(Qt.Key.Key_C)
    live = facing.router.case.person.compare.live
    facing.qtbot.waitUntil(lambda: live.has_picture, timeout=10_000)
    assert facing.state == before


def test_the_live_picture_ends_with_the_step(facing):
    panel = facing.router.case.person
    facing.key(Qt.Key.Key_C)
    facing.qtbot.waitUntil(lambda: panel.compare.live.has_picture, timeout=10_000)
    facing.key(Qt.Key.Key_1)
    facing.key(Qt.Key.Key_Return)
    facing.at(StepKind.DECISION)
    assert facing.router.capture.watch is Watch.NOTHING
    facing.key(Qt.Key.Key_Escape)
    facing.at(StepKind.PERSON)
    assert not panel.live
    assert not panel.compare.live.has_picture


def test_a_camera_that_fails_is_told_where_its_picture_would_be(facing):
    facing.camera.plugged.clear()
    facing.key(Qt.Key.Key_C)
    note = facing.router.case.person.compare._live_note
    told = facing.router.case.document.look.language.tr("errors.CAPTURE-001.what")
    facing.qtbot.waitUntil(lambda: note.text().startswith(told), timeout=10_000)


def without_portrait(facing, **sides):
    """The pictures are gone, as after a restart; these sides lie under the camera now."""
    facing.router.capture.forget()
    facing.router.case.person.show_portrait(None)
    facing.reader.sides = {Side(side): document for side, document in sides.items()}
    return facing.router.case.person


def printed(name, text):
    return (PrintedField(name, text, False, np.zeros((9, 9, 3), np.uint8), Verdict.NOT_DONE),)


def test_the_same_document_presented_again_gives_its_portrait(facing):
    facing.reader.printed = printed("document_number", DOCUMENT.document_number)
    panel = without_portrait(facing, front=None)
    facing.key(Qt.Key.Key_F5)
    facing.qtbot.waitUntil(lambda: panel.compare.portrait.has_picture, timeout=10_000)
    assert facing.router.capture.watch is Watch.NOTHING
    assert panel.banner.isHidden()


@pytest.mark.parametrize("later", [False, True])
def test_the_portrait_of_another_document_is_not_shown(facing, later):
    facing.reader.printed = printed("surname", "DUPOND")
    facing.reader.print_held = later
    panel = without_portrait(facing, front=None)
    facing.key(Qt.Key.Key_F5)
    if later:
        facing.qtbot.waitUntil(lambda: facing.router.capture.awaits_print, timeout=10_000)
        assert not panel.compare.portrait.has_picture
        facing.reader.print_held = False
    facing.qtbot.waitUntil(lambda: not panel.banner.isHidden(), timeout=10_000)
    assert panel.banner.text == panel.tr_("other_document")
    assert not panel.compare.portrait.has_picture
    assert facing.router.capture.watch is Watch.DOCUMENT  # the right one may still come
    facing.reader.printed = printed("surname", DOCUMENT.surname)
    facing.qtbot.waitUntil(lambda: panel.compare.portrait.has_picture, timeout=10_000)
    assert panel.banner.isHidden()


def test_another_zone_is_another_document(facing):
    panel = without_portrait(facing, front=replace(DOCUMENT, document_number="ZZ9999999"))
    facing.key(Qt.Key.Key_F5)
    facing.qtbot.waitUntil(lambda: not panel.banner.isHidden(), timeout=10_000)
    assert panel.banner.text == panel.tr_("other_document")
    assert not panel.compare.portrait.has_picture


def test_where_nothing_can_be_compared_the_agent_is_told(facing):
    facing.reader.printed = ()
    panel = without_portrait(facing, front=None)
    facing.key(Qt.Key.Key_F5)
    facing.qtbot.waitUntil(lambda: panel.compare.portrait.has_picture, timeout=10_000)
    assert panel.banner.text == panel.tr_("not_compared")
