"""The drawing in the documentation is the procedure as it is."""

import os
from pathlib import Path

from kiosk.journeys.diagram import mermaid, page
from tests.fakes.cases import JOURNEY

PAGE = Path(__file__).parents[2] / "docs" / "journeys" / "online-request.md"


def test_the_page_in_the_documentation_is_not_stale():
    drawn = page(JOURNEY)
    if os.environ.get("VISAVIS_DRAW") == "1":
        PAGE.write_text(drawn, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == drawn, "draw it again: VISAVIS_DRAW=1"


def test_the_drawing_names_every_step_and_its_end():
    drawing = mermaid(JOURNEY)
    for step in JOURNEY.steps:
        assert f" {step.kind}" in drawing
    assert "receipt --> [*]" in drawing
    assert "confirm --> receipt: RecordSealed [sealed]" in drawing
