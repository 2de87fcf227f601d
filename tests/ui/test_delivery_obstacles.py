"""The page of deliveries on a bad day: every obstacle with its age and its reason, in words."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from kiosk.domain.errors import CaptivePortalError, SealedRecordError, UnreachableError
from kiosk.domain.ids import RecordId
from kiosk.ports import OutboxRow, OutboxState
from tests.ui.counter import Counter
from ui.shell import Section

SHOTS = os.environ.get("VISAVIS_SHOTS")
BIG = 900_000
MINUTES = {1: 26 * 60, 2: 3 * 60, 3: 40, 4: 12, 5: 2 * 24 * 60, 6: 0}
WAITING, UNCONFIRMED = OutboxState.WAITING, OutboxState.UNCONFIRMED


def rows(counter: Counter) -> tuple[OutboxRow, ...]:
    now = counter.office.clock.now()

    def row(seq: int, state: OutboxState, reason: str, size: int, attempts: int = 1) -> OutboxRow:
        at = now - timedelta(minutes=MINUTES[seq])
        return OutboxRow(seq, RecordId(f"{seq:032x}"), state, at, now, attempts, reason, size)

    return (
        row(5, OutboxState.QUARANTINED, "quarantined", 60_000),
        row(1, OutboxState.REFUSED, SealedRecordError.code, 60_000),
        row(2, WAITING, UnreachableError.code, 60_000),
        row(3, WAITING, "", BIG, 0),
        row(4, UNCONFIRMED, "", 60_000),
        row(6, WAITING, "", 60_000, 0),
    )


def said(counter: Counter) -> str:
    """All that can be read on the page."""
    page = counter.router.sections.deliveries
    return " ".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def shot(counter: Counter, name: str) -> None:
    if SHOTS:
        counter.shell.grab().save(str(Path(SHOTS) / f"{name}.png"))


@pytest.mark.parametrize("size", [(1280, 800), (800, 1280)])
@pytest.mark.parametrize("reason", [UnreachableError.code, CaptivePortalError.code])
def test_every_obstacle_is_told_with_its_age(counter: Counter, size, reason):
    counter.sign_in()
    counter.shell.resize(*size)
    counter.qtbot.waitUntil(lambda: not counter.router.delivery.facts.sending, timeout=10_000)
    delivery = counter.router.delivery._delivery
    delivery.metered, delivery.reason, delivery.rows = True, reason, rows(counter)
    counter.router.sections._choose(Section.DELIVERIES.value)
    page = counter.router.sections.deliveries
    # By itself, not "send now": a person's word would send what the metered link holds.
    counter.router.delivery.send()
    counter.qtbot.waitUntil(lambda: counter.router.delivery.facts.reason == reason)
    counter.qtbot.waitUntil(lambda: len(page._facts.items) >= len(MINUTES))
    counter.qtbot.waitUntil(lambda: "il y a 40 minutes" in said(counter))
    shot(counter, f"{reason}-{size[0]}")
    told = said(counter)
    for word in (
        "il y a 2 jours",
        "il y a 1 jour",
        "il y a 3 heures",
        "il y a 40 minutes",
        "attend une connexion non limitée",
        "ne répond pas",
    ):
        assert word in told, word
    assert "quarantined" not in told, "no word of the protocol"
    assert "a refusé" not in told, "nobody refused what is damaged here"
    if reason == CaptivePortalError.code:
        assert "Connectez-vous au Wi-Fi" in told
    assert page.findChild(QPushButton, "send-now").isEnabled()
    # The bad ones hold nobody up: what can go is sent, and they stay with their words.
    delivery.reason = ""
    delivery.rows = tuple(row for row in rows(counter) if row.seq in {1, 5})
    counter.qtbot.mouseClick(page.findChild(QPushButton, "send-now"), Qt.MouseButton.LeftButton)
    counter.qtbot.waitUntil(lambda: counter.router.delivery.facts.online is True)
    counter.qtbot.waitUntil(lambda: "il y a 40 minutes" not in said(counter))
    assert "il y a 2 jours" in said(counter)
    shot(counter, f"bad-ones-{reason}-{size[0]}")
