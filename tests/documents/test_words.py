"""Every check, detail, reason, outcome, kind, feature, zone and question has its words."""

from pathlib import Path

import pytest

from kiosk.documents import identity_checks, seal_comparison
from kiosk.documents.catalogue import FeatureKind, load
from kiosk.documents.checks import CODES
from kiosk.documents.items import ADDRESSEE
from kiosk.documents.mrz import CHECK_DIGITS, parse
from kiosk.documents.names import Match
from kiosk.documents.printed_checks import CODES as PRINTED_CODES
from kiosk.documents.twoddoc import SealVerdict
from kiosk.domain.decision import Outcome, Reason
from kiosk.domain.evidence import DocumentKind
from kiosk.texts import Texts
from tests.documents import vectors
from tests.documents.vectors import TODAY

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "documents"
CATALOGUE = load(
    *((FOLDER / f"{name}.toml").read_bytes() for name in ("catalogue", "features", "series"))
)
READING_CODES = {
    check.code for lines in vectors.ALL.values() for check in parse(lines, TODAY).checks
}
SEAL_CODES = (seal_comparison.CODE, seal_comparison.REQUEST_CODE, seal_comparison.PRESENCE_CODE)
ALL_CODES = sorted(
    {
        *(*CODES, *PRINTED_CODES, *CHECK_DIGITS, *READING_CODES, *SEAL_CODES),
        *identity_checks.CODES,
        "item.check_digit",
        ADDRESSEE,
    }
)
ROOMS = (
    "checks",
    "check_details",
    "reasons",
    "outcomes",
    "document_kinds",
    "features",
    "feature_kinds",
    "face",
    "questions",
)


def keys_of(texts):
    return [key for key in texts.keys() if key.split(".")[0] in ROOMS]  # noqa: SIM118 - no mapping


@pytest.fixture(params=["fr", "en"])
def texts(request):
    return Texts.load(request.param)


@pytest.mark.parametrize("part", ["label", "pass", "fail", "unsure", "not_done"])
def test_checks(texts, part):
    for code in ALL_CODES:
        assert texts(f"checks.{code}.{part}")


def test_closed_lists(texts):
    for name, values in (
        ("reasons", Reason),
        ("outcomes", Outcome),
        ("document_kinds", DocumentKind),
        ("feature_kinds", FeatureKind),
        ("check_details", (*Match, *SealVerdict)),
        ("face", CATALOGUE.face_zones),
        ("questions", CATALOGUE.questions),
    ):
        for value in values:
            assert texts(f"{name}.{value}")


def test_features(texts):
    for feature in CATALOGUE.features:
        name = texts(f"features.{feature.feature_id}.name")
        how = texts(f"features.{feature.feature_id}.how")
        assert len(name) <= 40
        assert how.endswith(".")
        assert len(how) <= 120


def test_no_words_are_left_over(texts):
    known = {f"features.{f.feature_id}" for f in CATALOGUE.features}
    known |= {f"checks.{code}" for code in ALL_CODES}
    for key in keys_of(texts):
        # How well a document was read, and where it was seen before: words of other rooms.
        elsewhere = key.startswith(("checks.reading.", "checks.history."))
        if key.startswith(("checks.", "features.")) and not elsewhere:
            assert key.rpartition(".")[0] in known


def test_both_languages_say_the_same_things():
    keys = [set(keys_of(Texts.load(language))) for language in ("fr", "en")]
    assert keys[0] == keys[1]


def test_french_typography():
    texts = Texts.load("fr")
    for key in keys_of(texts):
        words = texts.raw(key)
        assert "'" not in words
        assert not any(f" {mark}" in words for mark in "?!;:»")
