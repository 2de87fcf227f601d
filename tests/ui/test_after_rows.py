"""What the agent does after the seal: said of the act that was sealed, and in sight."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel

from kiosk.domain.decision import Outcome, Reason
from kiosk.services.answer_facts import words_of
from tests.ui.samples import window
from tests.ui.sheets import ACTS, act
from tests.ui.test_narrow import settle
from ui.screens.after_rows import rows_after
from ui.screens.receipt import ReceiptScreen
from ui.shell import Shell
from ui.steps.features import FeaturesPanel


def names(facts, look, **more) -> list[str]:
    return [row.name for row in rows_after(facts, look.language, **more)]


def first(facts, look) -> str:
    return rows_after(facts, look.language)[0].title


def test_a_letter_is_handed_over_first_of_all(look):
    row = rows_after(ACTS["letter"], look.language)[0]
    assert row.title == look.language.tr("receipt.letter.handed.next_title")
    assert {"7", "8"} <= set(row.detail.replace(".", " ").replace("\u00a0", " ").split())
    assert names(ACTS["letter"], look) == ["outcome", "give_back", "hand_over"]


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.SUSPENDED, Outcome.ABANDONED])
def test_a_letter_that_is_not_handed_over_is_kept(look, outcome):
    facts = act(outcome, "registered-letter")
    assert first(facts, look) == look.language.tr("receipt.letter.kept.next_title")


def test_a_creation_ends_in_the_application_and_names_what_is_open(look):
    tr = look.language.tr
    row = rows_after(ACTS["creation"], look.language)[0]
    assert row.title == tr("receipt.creation.next_title")
    assert "en ligne" not in row.detail
    assert row.detail.endswith(tr("receipt.contacts.codes"))
    unsent = rows_after(replace(ACTS["creation"], codes_follow=False), look.language)[0]
    assert unsent.detail.endswith(tr("receipt.contacts.open"))
    settled = rows_after(replace(ACTS["creation"], contacts_open=()), look.language)[0]
    assert settled.detail == tr("receipt.creation.next")
    assert first(ACTS["accepted"], look) == tr("receipt.outcome.accepted.next_title")
    assert first(act(Outcome.REFUSED, "counter-creation"), look) == tr(
        "receipt.outcome.refused.next_title"
    )


def test_nobody_who_was_not_there_is_given_a_receipt(look):
    assert names(ACTS["no-show"], look) == ["outcome"]
    assert first(ACTS["no-show"], look) == look.language.tr("receipt.letter.notice.next_title")
    assert names(replace(ACTS["visit"], visit_on=None), look) == ["outcome"]


def test_whoever_agreed_on_another_day_takes_it_along(look):
    assert names(ACTS["visit"], look) == ["outcome", "hand_over"]
    row = rows_after(ACTS["visit"], look.language)[0]
    assert row.title == look.language.tr("receipt.visit.next_title")
    assert "mardi 1er décembre" in row.detail


def test_who_refuses_the_letter_was_there(look):
    words = words_of((Reason.ADDRESSEE_REFUSES,))
    facts = replace(ACTS["no-show"], words=words, kept_until=None)
    assert names(facts, look) == ["outcome", "hand_over"]
    assert first(facts, look) == look.language.tr("receipt.letter.returned.next_title")


def test_an_old_act_says_what_the_journal_knows(look):
    assert names(ACTS["letter"], look, past=True) == ["past", "hand_over"]


@pytest.mark.parametrize("size", [(1280, 800), (1280, 720), (800, 1280)])
def test_what_became_of_a_sheet_is_in_sight_on_a_low_screen(look, qtbot, size):
    shell = Shell(look)
    qtbot.addWidget(shell)
    receipt = ReceiptScreen(look)
    receipt.show_facts(ACTS["letter"])
    shell.resize(*size)
    shell.set_page(receipt, receipt.bar)
    shell.show()
    receipt.show_note(look.language.tr("answer_sheet.no_printer", file="visavis-000007.pdf"))
    settle()
    (note,) = [label for label in receipt.findChildren(QLabel) if "000007" in label.text()]
    foot = note.mapTo(shell._scroll.viewport(), note.rect().bottomLeft()).y()
    assert foot <= shell._scroll.viewport().height()


@pytest.mark.parametrize("page", ["step-features", "letter-signs"])
def test_the_feature_is_looked_at_without_scrolling_on_a_tablet(look, qtbot, page):
    shell = window(look, page, 1280, 800)
    qtbot.addWidget(shell)
    settle()
    assert isinstance(shell.page, FeaturesPanel)
    assert shell._scroll.verticalScrollBar().maximum() == 0
