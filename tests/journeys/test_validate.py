"""A procedure that could lose a customer or a record is refused before it is ever offered."""

from dataclasses import replace

import pytest

from kiosk.domain.errors import JourneyInvalidError
from kiosk.journeys.catalogue import JourneyCatalogue
from kiosk.journeys.model import (
    CaseAbandoned,
    ConsentAnswered,
    RecordSealed,
    SealConfirmed,
    StepKind,
)
from kiosk.journeys.procedure import Journey, Way
from kiosk.journeys.validate import faults, validate
from tests.fakes.cases import JOURNEY


def changed(kind: StepKind, **values: object) -> Journey:
    steps = tuple(replace(step, **values) if step.kind is kind else step for step in JOURNEY.steps)
    return replace(JOURNEY, steps=steps)


def without(kind: StepKind) -> Journey:
    return replace(JOURNEY, steps=tuple(s for s in JOURNEY.steps if s.kind is not kind))


def test_the_procedure_we_ship_is_sound():
    assert list(faults(JOURNEY)) == []
    validate(JOURNEY)


@pytest.mark.parametrize(
    ("journey", "words"),
    [
        (replace(JOURNEY, steps=JOURNEY.steps * 2), "twice"),
        (without(StepKind.REQUEST), "first step"),
        (without(StepKind.PERSON), "not listed: person"),
        (changed(StepKind.PERSON, ways=(), abandon_to=StepKind.PERSON), "dead end: person"),
        (changed(StepKind.NOTICE, ways=()), "never reached"),
        (changed(StepKind.NOTICE, abandon_to=None), "cannot be abandoned"),
        (changed(StepKind.NOTICE, abandon_to=StepKind.DOCUMENT), "leaves no record"),
        (
            changed(StepKind.NOTICE, ways=(Way(ConsentAnswered, StepKind.RECEIPT),)),
            "without a record",
        ),
        (
            changed(StepKind.NOTICE, ways=(Way(RecordSealed, StepKind.RECEIPT),)),
            "never asks for",
        ),
        (changed(StepKind.RECEIPT, back=True), "after the end"),
        (replace(JOURNEY, start=StepKind.RECEIPT), "without a record"),
        (
            changed(StepKind.RECEIPT, ways=(Way(SealConfirmed, StepKind.CONFIRM),)),
            "no step ends",
        ),
        (changed(StepKind.NOTICE, done_when="someday"), "no guard someday"),
        (changed(StepKind.NOTICE, keeps=("soul",)), "keeps soul"),
        (changed(StepKind.NOTICE, instruction=""), "no instruction"),
        (replace(JOURNEY, accept_when=("luck",)), "no guard luck"),
    ],
)
def test_an_unsound_procedure_is_refused_by_name(journey, words):
    assert any(words in fault for fault in faults(journey))
    with pytest.raises(JourneyInvalidError) as caught:
        validate(journey)
    assert journey.name in str(caught.value)


def test_the_catalogue_knows_its_procedures_and_no_other():
    catalogue = JourneyCatalogue(JOURNEY)
    assert catalogue.names() == ("online-request",)
    assert catalogue.get("online-request") is JOURNEY
    with pytest.raises(JourneyInvalidError):
        catalogue.get("registered-letter")


def test_every_event_of_the_procedure_is_one_the_engine_knows():
    named = {way.on for step in JOURNEY.steps for way in step.ways}
    assert CaseAbandoned not in named  # possible everywhere, so no step lists it
