"""Pictures of the first pages, compared pixel by pixel with those that were looked at.

The fonts are bundled and drawn without hinting, so the same picture comes out on every Linux
machine. After a wanted change run
``VISAVIS_WRITE_GOLDEN=1 python -m pytest tests/ui/test_golden.py``
and look at the pictures before keeping them.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.samples import ADVICE_PAGES, STEP_PAGES, UNDER, window
from ui.theme import ThemeName
from ui.widgets.look import Look

GOLDEN = Path(__file__).parent / "golden"
OUT = Path(__file__).parents[2] / "out" / "golden"
WRITE = os.environ.get("VISAVIS_WRITE_GOLDEN") == "1"
CASES = [
    (name, theme, size)
    for name in ("home", "sign_in", "fault")
    for theme in ThemeName
    for size in ((1920, 1080), (1280, 800))
] + [
    ("scan", ThemeName.LIGHT, (1920, 1080)),
    ("scan", ThemeName.DARK, (1920, 1080)),
    ("scan", ThemeName.CONTRAST, (1280, 800)),
    ("features", ThemeName.LIGHT, (1920, 1080)),
    *((name, ThemeName.LIGHT, (1920, 1080)) for name in UNDER),
    *(
        (name, ThemeName.DARK, (1280, 800))
        for name in (
            "pin-join",
            "unlock",
            "team",
            "opinion",
            "device",
            "device-transfer",
            "step-second-agent",
            "step-stop-hand-over",
        )
    ),
    ("team-code", ThemeName.CONTRAST, (1280, 800)),
    ("fault-locked", ThemeName.LIGHT, (1280, 800)),
    ("device-troubled", ThemeName.CONTRAST, (1280, 800)),
    ("device-running", ThemeName.CONTRAST, (1280, 800)),
    *((name, ThemeName.LIGHT, (1920, 1080)) for name in (*STEP_PAGES, *ADVICE_PAGES)),
    ("step-channel", ThemeName.DARK, (1280, 800)),
    ("step-eligibility-version", ThemeName.CONTRAST, (1280, 800)),
    ("step-paper-file", ThemeName.DARK, (1920, 1080)),
    *(
        (name, theme, (1280, 800))
        for name in ("step-document", "step-document-settling", "step-features", "receipt")
        for theme in ThemeName
    ),
    *(
        (name, ThemeName.DARK, (1280, 800))
        for name in ("step-document-typing", "step-document-plain", "step-person-live")
    ),
    ("step-document-settling", ThemeName.DARK, (1920, 1080)),
    ("help", ThemeName.LIGHT, (1920, 1080)),
    ("help-search", ThemeName.DARK, (1920, 1080)),
    ("help-course", ThemeName.CONTRAST, (1280, 800)),
    ("step-document-typing", ThemeName.CONTRAST, (1920, 1080)),
    *(
        (name, ThemeName.LIGHT, (1920, 1080))
        for name in ("letter-presence", "letter-signature", "letter-signs", "letter-lookup")
    ),
    *(
        (name, theme, (1280, 800))
        for name in ("letter-signature", "letter-item-wrong")
        for theme in ThemeName
    ),
    *(
        (name, ThemeName.DARK, (1280, 800))
        for name in ("letter-presence", "letter-confirm", "letter-decision-proxy", "letter-signs")
    ),
    *(
        (name, theme, (1920, 1080))
        for name in ("step-document-read", "receipt")
        for theme in (ThemeName.DARK, ThemeName.CONTRAST)
    ),
]


def pixels(image: QImage) -> np.ndarray:
    """(h, w, 3) uint8, BGR."""
    image = image.convertToFormat(QImage.Format.Format_BGR888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def share_that_differs(got: np.ndarray, want: np.ndarray) -> float:
    """Share of pixels of which a channel differs by more than 16."""
    if got.shape != want.shape:
        return 1.0
    apart = np.abs(got.astype(np.int16) - want.astype(np.int16)).max(axis=2)
    return float((apart > 16).mean())


def settled(shell: QWidget, app: QApplication) -> np.ndarray:
    """The picture once two in a row are the same: layouts take a few rounds of events."""
    before = pixels(shell.grab().toImage())
    for _ in range(20):
        app.processEvents()
        now = pixels(shell.grab().toImage())
        if np.array_equal(before, now):
            return now
        before = now
    return before


@pytest.fixture
def utc(monkeypatch) -> Iterator[None]:
    """Times of day are part of some pictures."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("utc")
@pytest.mark.skipif(sys.platform != "linux", reason="other systems draw text differently")
@pytest.mark.parametrize(
    ("name", "colours", "size"), CASES, ids=[f"{n}-{t.value}-{s[0]}" for n, t, s in CASES]
)
def test_page_looks_as_it_was_approved(look: Look, qtbot, qapp, name, colours, size):
    look.theme.choose(colours)
    shell = window(look, name, *size)
    qtbot.addWidget(shell)
    shell.setFocus()
    got = settled(shell, qapp)
    path = GOLDEN / f"{name}-{colours.value}-{size[0]}.png"
    if WRITE:
        cv2.imwrite(str(path), got, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    want = cv2.imread(str(path))
    share = share_that_differs(got, want)
    if share > 0.001:
        OUT.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(OUT / f"{path.stem}-got.png"), got)
        cv2.imwrite(str(OUT / f"{path.stem}-want.png"), want)
        if got.shape == want.shape:
            cv2.imwrite(str(OUT / f"{path.stem}-diff.png"), cv2.absdiff(got, want))
    assert share <= 0.001


def test_a_changed_picture_is_noticed():
    picture = np.zeros((100, 100, 3), np.uint8)
    other = picture.copy()
    other[:4, :4] = 40
    assert share_that_differs(picture, other) == pytest.approx(0.0016)
    assert share_that_differs(picture, picture[:50]) == 1.0
