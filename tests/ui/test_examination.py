"""The examination on the screen: drawings, signs of alteration, reported documents, reasons."""

import pytest
from PySide6.QtGui import QImage

from kiosk.documents.catalogue import FeatureKind
from kiosk.domain.decision import VISIT_REASONS, Decision, Outcome, Reason
from kiosk.domain.evidence import Check, DocumentKind, Verdict
from kiosk.journeys.model import DecisionTaken, FeatureResult, StepKind
from kiosk.journeys.service_steps import (
    Consulted,
    DocumentLookedUp,
    LookupFacts,
    LookupStatus,
    SignsNoted,
)
from kiosk.services.sightings import DOCUMENT_SEEN, PERSON_TODAY
from tests.ui import letter_pages
from tests.ui.case_pages import DOCUMENTS, case_at, panel_at
from ui.steps.decision import DecisionPanel
from ui.steps.features import FeaturesPanel
from ui.steps.words import check_label, check_sentence
from ui.viewmodels.journey import CaseView
from ui.widgets.document_drawing import PLANS
from ui.widgets.feature_card import Silhouette
from ui.widgets.gesture_drawing import GESTURE_ICONS, Gesture


def told(qtbot, panel):
    qtbot.addWidget(panel)
    events = []
    panel.happened.connect(events.append)
    return events


# --- drawings -------------------------------------------------------------------------------------


def pixels(image: QImage) -> bytes:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    return bytes(image.constBits())


def test_every_kind_of_feature_has_its_gesture_with_words(look):
    assert {gesture.value for gesture in Gesture} == {kind.value for kind in FeatureKind}
    for gesture in Gesture:
        assert look.language.tr(f"common.gesture.{gesture.value}")
        assert GESTURE_ICONS[gesture]


@pytest.mark.parametrize("feature", DOCUMENTS.features, ids=lambda f: f.feature_id)
def test_every_feature_is_drawn_on_the_plan_of_its_document(qtbot, look, feature):
    panel = FeaturesPanel(look, DOCUMENTS)
    qtbot.addWidget(panel)
    view = panel._picture(FeatureResult(feature.feature_id, feature.kind.value))
    assert (view.shape, view.side) in PLANS
    drawing = Silhouette(look)
    qtbot.addWidget(drawing)
    drawing.resize(300, 200)
    drawing.show_feature(view)
    first = pixels(drawing.grab().toImage())
    assert len(set(first)) > 10
    assert view.title
    assert view.instruction


def test_gestures_differ_from_one_another(qtbot, look):
    panel = FeaturesPanel(look, DOCUMENTS)
    qtbot.addWidget(panel)
    seen = set()
    for kind in FeatureKind:
        feature = next(f for f in DOCUMENTS.features if f.kind is kind)
        drawing = Silhouette(look)
        qtbot.addWidget(drawing)
        drawing.resize(300, 200)
        drawing.show_feature(panel._picture(FeatureResult(feature.feature_id, kind.value)))
        seen.add(pixels(drawing.grab().toImage()))
    assert len(seen) == len(FeatureKind)


def test_every_series_has_three_features_of_two_kinds_without_a_tool():
    tools = {FeatureKind.UV, FeatureKind.MAGNIFIER}
    for series in DOCUMENTS.series.series:
        kind = DocumentKind(series.series_id.partition(".")[0])
        if kind is DocumentKind.OTHER:
            continue
        bare = [f for f in DOCUMENTS.must_look_at(kind, series.series_id) if f.kind not in tools]
        assert len(bare) >= 3, series.series_id
        assert len({f.kind for f in bare}) >= 2, series.series_id


def test_paper_is_not_asked_for_what_only_plastic_bears():
    paper = {f.feature_id for f in DOCUMENTS.must_look_at(DocumentKind.EU_ID_CARD, "")}
    italian = DOCUMENTS.must_look_at(DocumentKind.EU_ID_CARD, "eu-id-card.it-paper")
    assert "eu-id-card.single-block" in paper
    assert "eu-id-card.single-block" not in {f.feature_id for f in italian}


# --- signs of alteration --------------------------------------------------------------------------


def test_signs_take_the_place_of_the_drawing_and_are_told_at_once(qtbot, look):
    panel = panel_at(look, StepKind.FEATURES)
    events = told(qtbot, panel)
    assert not panel.noting_signs
    panel.signs_button.click()
    assert panel.noting_signs
    panel.signs.button("damaged.torn").click()
    panel.signs.button("not-original.copy").click()
    assert events[-1] == SignsNoted(("not-original.copy", "damaged.torn"))
    panel.signs_button.click()
    assert not panel.noting_signs


def test_the_button_says_how_many_signs_are_ticked(qtbot, look):
    panel = letter_pages.signs(look)
    qtbot.addWidget(panel)
    panel.signs_button.click()
    assert panel.signs_button.text() == look.language.tr("journey.features.signs.count", n=1)
    panel.forget()
    assert panel.signs.selected == ()


def test_every_sign_has_words_and_a_reason_that_a_refusal_may_bear(look):
    for sign in DOCUMENTS.signs:
        assert look.language.tr(f"signs.{sign.sign_id}")
        assert Decision(Outcome.REFUSED, (sign.reason,))


# --- reported lost or stolen ----------------------------------------------------------------------


def test_an_answer_is_told_once_it_is_known_who_gave_it(qtbot, look):
    panel = panel_at(look, StepKind.CHECKS)
    events = told(qtbot, panel)
    panel.lookup_button.click()
    panel.lookup.status.button("hit").click()
    assert events == []
    panel.lookup.consulted.button("authority").click()
    facts = LookupFacts(LookupStatus.HIT, Consulted.AUTHORITY)
    assert events == [DocumentLookedUp(facts)]


def test_nobody_could_be_asked(qtbot, look):
    panel = panel_at(look, StepKind.CHECKS)
    events = told(qtbot, panel)
    panel.lookup.status.button("not-available").click()
    assert events == [DocumentLookedUp(LookupFacts(LookupStatus.NOT_AVAILABLE))]
    assert panel.lookup.consulted.isHidden()


def test_a_reported_document_is_told_and_leads_to_the_decision(qtbot, look):
    panel = letter_pages.lookup(look)
    qtbot.addWidget(panel)
    assert look.language.tr("journey.checks.lookup.reported") == panel._summary.text()
    assert panel.primary.text() == look.language.tr("journey.checks.primary_failed")
    panel.forget()
    assert panel.lookup.facts is None


@pytest.mark.parametrize("code", [DOCUMENT_SEEN, PERSON_TODAY])
def test_what_was_seen_lately_has_words_and_a_tick_of_its_own(qtbot, look, code):
    panel = letter_pages.lookup(look)
    qtbot.addWidget(panel)
    row = panel.rows[code]
    assert row.tick_button is not None
    words = look.language.tr(f"journey.checks.ticks.{code}")
    assert row.tick_button.accessibleName() == words


@pytest.mark.parametrize("outcome", [*Outcome])
def test_how_the_earlier_case_ended_is_said(look, outcome):
    check = Check(DOCUMENT_SEEN, Verdict.UNSURE, f"seen-{outcome.value}")
    label = check_label(check, look.language)
    assert label != check_label(Check(DOCUMENT_SEEN, Verdict.PASS), look.language)
    assert check_sentence(check, look.language).endswith(".")


# --- reasons --------------------------------------------------------------------------------------


def test_every_reason_of_the_closed_list_is_in_one_group_or_belongs_elsewhere(qtbot, look):
    panel = panel_at(look, StepKind.DECISION)
    qtbot.addWidget(panel)
    offered = set()
    for reason in Reason:
        try:
            panel.reasons.button(reason.value)
        except KeyError:
            continue
        offered.add(reason)
    elsewhere = {Reason.CUSTOMER_WITHDRAWS, *VISIT_REASONS}
    assert offered == set(Reason) - elsewhere


def test_groups_are_closed_until_they_are_wanted(qtbot, look):
    panel = panel_at(look, StepKind.DECISION)
    qtbot.addWidget(panel)
    panel.outcomes.button("refused").click()
    expired = panel.reasons.button("expired")
    assert expired.parentWidget().isHidden()
    head = panel.findChild(type(panel.primary), "reasons-document")
    head.click()
    assert not expired.parentWidget().isHidden()
    expired.click()
    head.click()
    assert not expired.parentWidget().isHidden()
    assert panel.reasons.selected == ("expired",)


def test_reasons_are_told_in_the_order_of_the_list(qtbot, look):
    panel = panel_at(look, StepKind.DECISION)
    events = told(qtbot, panel)
    panel.outcomes.button("refused").click()
    for reason in ("technical-failure", "person-differs", "expired"):
        panel.reasons.button(reason).click()
    panel.go_on()
    reasons = (Reason.EXPIRED, Reason.PERSON_DIFFERS, Reason.TECHNICAL_FAILURE)
    assert events == [DecisionTaken(Decision(Outcome.REFUSED, reasons))]


def test_a_procedure_without_a_request_offers_no_reason_about_one(qtbot, look):
    case = letter_pages.case_at(StepKind.DECISION)
    panel = DecisionPanel(look, DOCUMENTS)
    qtbot.addWidget(panel)
    panel.show_case(CaseView(case.state, case.journey))
    for reason in ("wrong-office", "name-differs", "request-expired-or-used"):
        with pytest.raises(KeyError):
            panel.reasons.button(reason)
    assert case_at(StepKind.DECISION).state.request is not None
