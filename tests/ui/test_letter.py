"""A registered letter on the screen: number, addressee, signature, two records, and the notice."""

from datetime import date, timedelta

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.evidence import Side
from kiosk.journeys.model import DecisionTaken, StepKind
from kiosk.journeys.service_steps import AddresseeMet, ItemScanned, Presence, SignatureGiven
from kiosk.services.answer_facts import answer_of
from kiosk.vault.store import open_store
from tests.fakes.cases import DOCUMENT
from tests.fakes.office import PIN, Office
from tests.ui import letter_pages
from tests.ui.counter import Counter
from tests.ui.letter_pages import WITH_PROXY, case_at, panel_at
from ui.screens.absence import notice_of
from ui.screens.sheet_words import compose
from ui.viewmodels.journey import CaseView
from ui.widgets.signature_pad import PAD_HEIGHT, PAD_WIDTH, SignaturePad
from ui.workers.desk import Failure

NUMBER = "RR123456785FR"


@pytest.fixture
def counter(qtbot, look, tmp_path):
    office = Office(open_store(tmp_path / "vault.db", bytes(range(32))))
    office.session()
    counter = Counter(qtbot, look, office, tmp_path / "slips")
    counter.sign_in()
    yield counter
    counter.close()


@pytest.fixture
def letter(counter):
    """A letter was scanned at home: its case is open, somebody is awaited."""
    counter.scan(NUMBER)
    counter.at(StepKind.PRESENCE)
    return counter


def told(qtbot, panel):
    """Events of a panel."""
    qtbot.addWidget(panel)
    events = []
    panel.happened.connect(events.append)
    return events


def draw(pad: SignaturePad, *points: tuple[float, float]) -> None:
    """Draw a stroke with the mouse, places as fractions of the pad."""
    box = pad._box()
    at = [QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in points]
    places = [point.toPoint() for point in at]
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(pad, place)
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=places[-1])


# --- the number -----------------------------------------------------------------------------------


def test_a_letter_scanned_at_home_opens_its_case(letter):
    assert letter.state.item.number == NUMBER
    assert letter.state.procedure == "registered-letter"


def test_the_camera_reads_the_number_by_itself(qtbot, look):
    panel = panel_at(look, StepKind.ITEM)
    events = told(qtbot, panel)
    panel.take_codes((b"https://example.org", NUMBER.encode()))
    (event,) = events
    assert isinstance(event, ItemScanned)
    assert (event.facts.number, event.facts.by_hand) == (NUMBER, False)


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        ((b"RR123456784FR",), "ITEM-002"),
        ((b"https://example.org",), "ITEM-003"),
        ((NUMBER.encode(), b"1A12345678901"), "ITEM-004"),
    ],
)
def test_a_code_that_is_no_number_is_told_in_a_sentence(qtbot, look, codes, problem):
    panel = panel_at(look, StepKind.ITEM)
    events = told(qtbot, panel)
    panel.take_codes(codes)
    assert (events, panel.problem) == ([], problem)
    assert look.language.tr(f"errors.{problem}.what") == panel._verdict.text()
    panel.take_codes((NUMBER.encode(),))
    assert (len(events), panel.problem) == (1, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [("RR 123 456 784 FR", "ITEM-002"), ("RR 123", "ITEM-005"), ("bonjour", "ITEM-003")],
)
def test_a_typed_number_is_checked_where_it_is_typed(qtbot, look, text, problem):
    panel = panel_at(look, StepKind.ITEM)
    events = told(qtbot, panel)
    panel.type_button.click()
    panel.entry.edit.setText(text)
    panel.go_on()
    assert (events, panel.problem) == ([], problem)
    panel.entry.edit.setText("rr 123 456 785 fr")
    assert panel.problem == ""
    panel.go_on()
    assert (events[0].facts.number, events[0].facts.by_hand) == (NUMBER, True)


def test_a_camera_that_opens_is_waited_for_in_words(qtbot, look):
    panel = panel_at(look, StepKind.ITEM)
    qtbot.addWidget(panel)
    panel.preview.clear()
    panel.retranslate()
    assert panel.preview.message == look.language.tr("hardware.starting")


def test_a_camera_that_fails_is_not_said_to_open(qtbot, look):
    panel = panel_at(look, StepKind.ITEM)
    qtbot.addWidget(panel)
    panel.show_camera_fault(Failure("CAPTURE-001"))
    said = panel.preview.message
    panel.retranslate()
    assert panel.preview.message == said == look.language.tr("journey.item.or_type")


def test_the_button_that_leads_back_to_the_camera_shows_one(qtbot, look):
    panel = panel_at(look, StepKind.ITEM)
    qtbot.addWidget(panel)
    panel.type_button.click()
    assert panel.type_button._icon_name == "camera"
    panel.type_button.click()
    assert panel.type_button._icon_name == "keyboard"


def test_a_number_of_an_unknown_form_is_confirmed_once_more(qtbot, look):
    panel = panel_at(look, StepKind.ITEM)
    events = told(qtbot, panel)
    panel.type_button.click()
    panel.entry.edit.setText("000 LP 12345678")
    panel.go_on()
    assert (events, panel.problem) == ([], "ITEM-006")
    panel.entry.edit.setText("000 LP 12345679")
    panel.go_on()
    assert events == []
    panel.go_on()
    assert events[0].facts.scheme == "other"


def test_a_letter_that_still_lies_there_is_no_news(letter):
    letter.key(Qt.Key.Key_Escape)
    letter.at(StepKind.ITEM)
    letter.router.case.item.take_codes((NUMBER.encode(),))
    assert letter.router.case.open_step is StepKind.ITEM
    letter.key(Qt.Key.Key_Return)
    letter.at(StepKind.PRESENCE)


def test_a_scanner_is_heard_while_the_number_is_typed(counter):
    counter.router.journey.open("registered-letter", counter.router.session.session)
    counter.at(StepKind.ITEM)
    counter.key(Qt.Key.Key_F4)
    counter.scan("RR123456784FR")
    assert counter.router.case.item.problem == "ITEM-002"
    counter.scan("1A12345678901")
    counter.at(StepKind.PRESENCE)
    assert counter.state.item.scheme == "french"


def test_codes_are_told_together_and_forgotten_when_the_desk_is_empty(counter, qtbot):
    counter.router.journey.open("registered-letter", counter.router.session.session)
    counter.at(StepKind.ITEM)
    item = counter.router.case.item
    counter.reader.code = "https://example.org"
    qtbot.waitUntil(lambda: item.problem == "ITEM-003", timeout=10_000)
    counter.reader.code = "RR123456784FR"
    qtbot.waitUntil(lambda: item.problem == "ITEM-002", timeout=10_000)
    counter.reader.code = ""
    qtbot.waitUntil(lambda: not counter.router.capture._last_codes, timeout=10_000)
    counter.reader.code = NUMBER
    counter.at(StepKind.PRESENCE)


def test_the_day_of_the_act_is_that_of_signed_time(qtbot, look, tmp_path):
    office = Office(open_store(tmp_path / "vault.db", bytes(range(32))))
    office.session()
    later = office.clock.now() + timedelta(days=40)
    counter = Counter(qtbot, look, office, tmp_path / "slips", signed_now=lambda: later)
    counter.sign_in()
    counter.scan(NUMBER)
    counter.at(StepKind.PRESENCE)
    panel = counter.router.case.panels[StepKind.PRESENCE]
    assert panel.presented.day == later.astimezone().date()
    counter.close()


# --- who is there ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "presence", "kept"),
    [
        ("1", Presence.IN_PERSON, True),
        ("2", Presence.PROXY, True),
        ("3", Presence.ABSENT, True),
        ("4", Presence.REFUSES, False),
    ],
)
def test_one_key_says_who_is_there(qtbot, look, key, presence, kept):
    panel = panel_at(look, StepKind.PRESENCE)
    events = told(qtbot, panel)
    panel.choices.button(presence.value).click()
    (event,) = events
    assert isinstance(event, AddresseeMet)
    assert event.facts.presence is presence
    assert event.facts.kept_until == (letter_pages.KEPT_UNTIL if kept else None)
    assert panel.choices.button(presence.value)._key == key


def test_the_last_day_counts_from_the_day_after_the_letter_was_presented(qtbot, look):
    panel = panel_at(look, StepKind.PRESENCE)
    events = told(qtbot, panel)
    panel.presented.edit.setText("10/11/2026")
    assert "25" in panel._kept.text()
    panel.choices.button("absent").click()
    assert events[0].facts.kept_until.isoformat() == "2026-11-25"


@pytest.mark.parametrize(
    ("presented", "last", "sooner"),
    [
        ("10/11/2026", "2026-11-25", None),
        ("07/11/2026", "2026-11-22", "2026-11-21"),  # a Sunday
        ("27/10/2026", "2026-11-11", "2026-11-10"),  # Armistice Day
    ],
)
def test_a_last_day_on_which_the_office_is_shut_names_the_day_before(
    qtbot, look, presented, last, sooner
):
    panel = panel_at(look, StepKind.PRESENCE)
    events = told(qtbot, panel)
    panel.presented.edit.setText(presented)
    panel.choices.button("absent").click()
    facts = events[0].facts
    assert facts.kept_until.isoformat() == last
    assert facts.fetch_by == (None if sooner is None else date.fromisoformat(sooner))


def test_a_letter_whose_time_is_over_is_told(qtbot, look):
    panel = panel_at(look, StepKind.PRESENCE)
    qtbot.addWidget(panel)
    words = look.language.tr("journey.presence.kept_over")
    panel.presented.edit.setText("10/11/2026")  # the last day is today
    assert panel._sooner.text() != words
    panel.presented.edit.setText("09/11/2026")
    assert panel._sooner.text() == words


def test_the_notice_and_the_sheet_name_the_day_on_which_to_come(letter, look):
    panel = letter.router.case.panels[StepKind.PRESENCE]
    shut = next(
        day
        for day in (panel._today - timedelta(days=n) for n in range(8))
        if (day + timedelta(days=15)).weekday() == 6
    )
    panel.presented.edit.setText(f"{shut:%d/%m/%Y}")
    letter.key(Qt.Key.Key_3)
    letter.at(StepKind.CONFIRM)
    letter.key(Qt.Key.Key_Return)
    letter.on(letter.router.case.receipt)
    fetch_by = letter.state.presence.fetch_by
    assert fetch_by is not None
    notice = notice_of(letter.state, letter.state.office_id, look.language)
    day = look.language.full_day(fetch_by)
    assert any(day in text for _, text in notice.lines)
    assert day in compose(answer_of(letter.state), look.language).text


@pytest.mark.parametrize("text", ["", "31/02/2026", "26/11/2026", "01/01/1999"])
def test_a_day_to_come_or_none_is_refused(qtbot, look, text):
    panel = panel_at(look, StepKind.PRESENCE)
    events = told(qtbot, panel)
    panel.presented.edit.setText(text)
    panel.choices.button("absent").click()
    assert events == []
    assert panel.banner.text == look.language.tr("journey.presence.presented_wrong")


# --- the signature --------------------------------------------------------------------------------


def test_what_the_hand_draws_is_kept_in_tenths_of_a_millimetre(qtbot, look):
    pad = SignaturePad(look)
    qtbot.addWidget(pad)
    pad.resize(910, 310)
    draw(pad, (0.1, 0.5), (0.5, 0.2), (0.9, 0.5))
    (stroke,) = pad.strokes
    assert stroke[0] == pytest.approx((90, 150), abs=2)
    assert stroke[-1] == pytest.approx((810, 150), abs=2)
    assert all(0 <= x <= PAD_WIDTH and 0 <= y <= PAD_HEIGHT for x, y in stroke)
    assert pad.signed
    pad.resize(455, 155)
    draw(pad, (0.1, 0.8), (0.9, 0.8))
    assert pad.strokes[1][0] == pytest.approx((90, 240), abs=3)


def test_a_touch_by_chance_is_no_signature(qtbot, look):
    panel = panel_at(look, StepKind.SIGNATURE)
    events = told(qtbot, panel)
    panel.pad.resize(910, 310)
    draw(panel.pad, (0.5, 0.5), (0.51, 0.5))
    assert not panel.primary.isEnabled()
    panel.go_on()
    assert events == []


def test_strokes_are_taken_back_one_by_one_or_all_at_once(qtbot, look):
    panel = panel_at(look, StepKind.SIGNATURE)
    qtbot.addWidget(panel)
    panel.pad.resize(910, 310)
    assert not panel.undo_button.isEnabled()
    draw(panel.pad, (0.1, 0.5), (0.5, 0.5))
    draw(panel.pad, (0.1, 0.7), (0.5, 0.7))
    panel.undo_button.click()
    assert len(panel.pad.strokes) == 1
    draw(panel.pad, (0.1, 0.7), (0.5, 0.7))
    panel.clear_button.click()
    assert panel.pad.strokes == ()
    assert not panel.primary.isEnabled()


def test_a_pen_signs_as_a_mouse_does(qtbot, look):
    pad = SignaturePad(look)
    qtbot.addWidget(pad)
    pad.resize(910, 310)
    pen = QPointingDevice.primaryPointingDevice()
    kinds = (QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletRelease)
    for kind, x in zip(kinds, (100.0, 500.0, 500.0), strict=True):
        at = QPointF(x, 150.0)
        event = QTabletEvent(
            kind,
            pen,
            at,
            at,
            0.5,
            0,
            0,
            0,
            0,
            0,
            Qt.KeyboardModifier.NoModifier,
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton,
        )
        pad.tabletEvent(event)
    assert len(pad.strokes) == 1
    assert pad.signed


def test_a_finger_signs_and_the_ball_of_the_hand_does_not(qtbot, look):
    pad = SignaturePad(look)
    qtbot.addWidget(pad)
    pad.resize(910, 310)
    pad.show()
    screen = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)
    place = pad.rect().center()
    QTest.touchEvent(pad, screen).press(1, place, pad).commit()
    far = pad.rect().bottomRight() - pad.rect().center() / 4
    QTest.touchEvent(pad, screen).move(1, far, pad).press(2, place, pad).commit()
    QTest.touchEvent(pad, screen).release(1, far, pad).stationary(2).commit()
    QTest.touchEvent(pad, screen).release(2, place, pad).commit()
    assert len(pad.strokes) == 1
    assert len(pad.strokes[0]) >= 2


def test_who_cannot_sign_has_the_agent_as_witness(qtbot, look):
    panel = panel_at(look, StepKind.SIGNATURE)
    events = told(qtbot, panel)
    panel.pad.resize(910, 310)
    draw(panel.pad, (0.1, 0.5), (0.5, 0.5))
    panel.unable_button.click()
    assert panel.pad.strokes == ()
    panel.go_on()
    (event,) = events
    assert isinstance(event, SignatureGiven)
    assert (event.facts.unable, event.facts.strokes) == (True, ())


def test_a_signature_comes_back_with_its_case(qtbot, look):
    case = case_at(StepKind.CONFIRM)
    panel = panel_at(look, StepKind.SIGNATURE)
    qtbot.addWidget(panel)
    panel.show_case(CaseView(case.state, case.journey))
    assert panel.pad.strokes == case.state.signature.strokes
    panel.forget()
    assert panel.pad.strokes == ()


def test_the_pad_holds_no_more_than_the_record_takes(qtbot, look):
    pad = SignaturePad(look)
    qtbot.addWidget(pad)
    pad.resize(910, 310)
    pad.show_strokes(tuple(((1, 1), (9, 9)) for _ in range(200)))
    draw(pad, (0.1, 0.5), (0.5, 0.5))
    assert len(pad.strokes) == 200


# --- to the end -----------------------------------------------------------------------------------


def to_decision(counter: Counter) -> None:
    counter.key(Qt.Key.Key_1)
    counter.at(StepKind.NOTICE)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DOCUMENT)
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.FEATURES)
    counter.answer_features()
    counter.key(Qt.Key.Key_1)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)


def test_a_letter_is_handed_over_by_keys_a_scan_and_one_signature(letter, look):
    to_decision(letter)
    words = letter.router.customer.window.words
    assert (words.key, words.stage) == ("soon", 0)  # a letter has no steps of the service
    letter.key(Qt.Key.Key_Return)
    letter.at(StepKind.SIGNATURE)
    pad = letter.router.case.panels[StepKind.SIGNATURE].pad
    draw(pad, (0.2, 0.5), (0.4, 0.3), (0.6, 0.6), (0.8, 0.4))
    letter.key(Qt.Key.Key_Return)
    letter.at(StepKind.CONFIRM)
    letter.key(Qt.Key.Key_Return)
    letter.on(letter.router.case.receipt)
    assert letter.state.decision == Decision(Outcome.ACCEPTED)
    proof = letter.state.record.distribution
    assert proof is not None
    words = look.language.tr(
        "receipt.letter.handed.next", line=letter.state.record.seq, proof=proof.seq
    )
    receipt = letter.router.case.receipt
    assert words in [label.text() for label in receipt.findChildren(QLabel) if label.isVisible()]
    assert list(letter.slips.glob("*-avis.pdf")) == []
    assert len(letter.office.outbox()) == 2
    assert letter.office.journal_kinds()[-2:] == ["item_distributed", "verify_close"]


def test_a_crash_after_the_signature_keeps_it(letter):
    to_decision(letter)
    letter.key(Qt.Key.Key_Return)
    letter.at(StepKind.SIGNATURE)
    pad = letter.router.case.panels[StepKind.SIGNATURE].pad
    draw(pad, (0.2, 0.5), (0.8, 0.4))
    strokes = pad.strokes
    letter.key(Qt.Key.Key_Return)
    letter.at(StepKind.CONFIRM)
    session = letter.router.session.session
    (draft,) = letter.office.proofing.drafts(session)
    state = letter.office.proofing.resume(draft.case_id, session).state
    assert (state.step, state.signature.strokes) == (StepKind.CONFIRM, strokes)


def test_an_absent_addressee_leaves_one_record_and_a_notice(letter):
    letter.key(Qt.Key.Key_3)
    letter.at(StepKind.CONFIRM)
    letter.key(Qt.Key.Key_Return)
    letter.on(letter.router.case.receipt)
    reasons = (Reason.ADDRESSEE_ABSENT,)
    assert letter.state.decision == Decision(Outcome.NO_SHOW, reasons)
    assert letter.state.record.distribution is None
    assert len(letter.office.outbox()) == 1
    letter.qtbot.waitUntil(lambda: letter.router.case.sheets.desk.idle, timeout=10_000)
    (notice,) = letter.slips.glob("*-avis.pdf")
    assert notice.name in letter.router.case.receipt._note.text()
    assert notice.read_bytes().startswith(b"%PDF")


def test_what_follows_the_seal_happens_once_whatever_covers_the_receipt(letter):
    sealed = []
    letter.router.case.sealed.connect(lambda: sealed.append(True))
    letter.key(Qt.Key.Key_3)
    letter.at(StepKind.CONFIRM)
    letter.key(Qt.Key.Key_Return)
    receipt = letter.router.case.receipt
    letter.on(receipt)
    letter.qtbot.waitUntil(lambda: letter.router.case.sheets.desk.idle, timeout=10_000)
    (notice,) = letter.slips.glob("*-avis.pdf")
    notice.unlink()
    letter.router.session.lock()
    letter.on(letter.router.sign_in)
    letter.type(PIN)
    letter.key(Qt.Key.Key_Return)
    letter.on(receipt)
    letter.router.case.show_again()  # the help and the fault page come back this way
    letter.qtbot.waitUntil(lambda: letter.router.case.sheets.desk.idle, timeout=10_000)
    assert sealed == [True]
    assert list(letter.slips.glob("*-avis.pdf")) == []


def test_a_proxy_gets_the_letter_by_the_one_refusal_that_hands_it_over(qtbot, look):
    panel = panel_at(look, StepKind.DECISION, WITH_PROXY, Presence.PROXY)
    events = told(qtbot, panel)
    assert panel.outcomes.selected == ("refused",)
    assert panel.reasons.selected == ("proxy-presented",)
    panel.go_on()
    refused = Decision(Outcome.REFUSED, (Reason.PROXY_PRESENTED,))
    assert events == [DecisionTaken(refused)]


@pytest.mark.parametrize("also", ["damaged", "fraud"])
def test_any_other_reason_is_told_to_hand_nothing_over(qtbot, look, also):
    panel = panel_at(look, StepKind.DECISION, WITH_PROXY, Presence.PROXY)
    qtbot.addWidget(panel)
    button = (panel.flag if also == "fraud" else panel.reasons).button(also)
    button.click()
    assert panel.banner.text == look.language.tr("journey.decision.proxy.not_handed")
    assert not panel.banner.isHidden()
    button.click()
    assert panel.banner.isHidden()


def test_the_confirmation_says_that_two_records_are_sealed(qtbot, look):
    panel = panel_at(look, StepKind.CONFIRM)
    qtbot.addWidget(panel)
    assert look.language.tr("journey.confirm.letter.two") in panel._once.text()
    absent = panel_at(look, StepKind.CONFIRM, presence=Presence.ABSENT)
    qtbot.addWidget(absent)
    assert look.language.tr("journey.confirm.letter.two") not in absent._once.text()


# --- restricted -----------------------------------------------------------------------------------


def words_of_receipt(counter: Counter, decision: Decision) -> set[str]:
    """Everything that the page says to agent and customer, but for codes, numbers and times."""
    counter.scan(NUMBER)
    counter.at(StepKind.PRESENCE)
    counter.router.journey.dispatch(DecisionTaken(decision))
    counter.at(StepKind.CONFIRM)
    counter.key(Qt.Key.Key_Return)
    receipt = counter.router.case.receipt
    counter.on(receipt)
    texts = {label.text() for label in receipt.findChildren(QLabel)}
    texts |= {label.accessibleName() for label in receipt.findChildren(QLabel)}
    texts.discard(receipt.code.text())
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    return {text for text in texts if text and not any(sign.isdigit() for sign in text)}


def test_a_suspicion_changes_no_word_that_the_customer_sees(counter):
    plain = Decision(Outcome.REFUSED, (Reason.DAMAGED,))
    suspected = Decision(Outcome.REFUSED, (Reason.DAMAGED,), fraud_suspected=True)
    shown = words_of_receipt(counter, suspected)
    assert shown == words_of_receipt(counter, plain)
    told = " ".join(shown).lower()
    for word in ("fraude", "soupçon", "suspec", "signalement"):
        assert word not in told
