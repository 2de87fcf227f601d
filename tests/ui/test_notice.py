"""The notice says the truth about pictures, and the record names the version that was shown."""

import pytest

from tests.ui.case_pages import DOCUMENTS
from ui.steps.notice import NOTICE_VERSION, NOTICE_VERSION_PICTURES, NoticePanel
from ui.widgets.label import Label
from ui.widgets.look import Look


@pytest.mark.parametrize(
    ("keep_images", "version", "title"),
    [
        (False, NOTICE_VERSION, "Pas de photo gardée"),
        (True, NOTICE_VERSION_PICTURES, "Photos de la pièce gardées"),
    ],
)
def test_notice_tells_whether_pictures_are_kept(
    qtbot, look: Look, keep_images: bool, version: str, title: str
) -> None:
    panel = NoticePanel(look, DOCUMENTS, keep_images=keep_images)
    qtbot.addWidget(panel)
    panel.refresh()
    assert title in {label.text() for label in panel.findChildren(Label)}
    with qtbot.waitSignal(panel.happened) as answered:
        panel.go_on()
    assert answered.args[0].notice_version == version
