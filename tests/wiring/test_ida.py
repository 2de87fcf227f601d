"""The command that holds the claims against a schema that somebody downloaded.

The published files are not part of this project: files of the test's own stand for them here.
"""

import json
import sys
from pathlib import Path

import pytest

from kiosk.paths import RESOURCES
from tests.fakes.ida import CLAIMS, DOCUMENT_DETAILS, TOLD_DETAILS, forms, schema_of

sys.path.insert(0, str(RESOURCES.parent / "packaging"))

import ida

BASE = "https://schemas.test/raw/master/schema/"


@pytest.fixture
def files(tmp_path: Path):
    """Writes two schemas that refer to one another, as the published ones do; their paths."""

    def written(claims: dict = CLAIMS, *, told_too: bool = True) -> list[str]:
        told, kept = schema_of(TOLD_DETAILS), schema_of(DOCUMENT_DETAILS)
        for schema in (told, kept):
            schema["properties"]["claims"] = {"$ref": BASE + "claims.json#/$defs/claims_type"}
        verified = {
            "$id": BASE + "verified_claims.json",
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "properties": {"verified_claims": {"anyOf": [kept, told]} if told_too else kept},
        }
        claims_file = {
            "$id": BASE + "claims.json",
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": {"claims_type": claims},
        }
        for name, contents in (("verified_claims.json", verified), ("claims.json", claims_file)):
            (tmp_path / name).write_text(json.dumps(contents), encoding="utf-8")
        return [str(tmp_path / "verified_claims.json"), str(tmp_path / "claims.json")]

    return written


def test_every_form_passes_and_the_outcome_names_the_files(files, capsys):
    assert ida.main([*files(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == BASE + "verified_claims.json"
    assert set(found["files"]) == {"verified_claims.json", "claims.json"}
    assert (found["deviations"], found["wrong_but_taken"]) == ([], [])
    assert found["forms"] == len(list(forms())) > 100


def test_the_forms_cover_every_accepted_procedure_and_what_a_provider_hears():
    names = [name for name, _, _ in forms()]
    for procedure in ("online-request", "home-visit", "counter-creation", "registered-letter"):
        assert any(name.startswith(f"{procedure}, ") for name in names), procedure
    assert sum(told for _, _, told in forms()) > 50


def test_a_deviation_is_told_by_place_and_rule_and_never_by_value(files, capsys):
    narrower = {**CLAIMS, "properties": {**CLAIMS["properties"], "family_name": {"maxLength": 2}}}
    assert ida.main(files(narrower, told_too=False)) == 1
    said = capsys.readouterr().out
    assert "verified_claims/claims/family_name: maxLength" in said
    assert "ROUSSEL" not in said.upper()


@pytest.mark.parametrize("schema", ["{}", '{"properties": {"verified_claims": {}}}'])
def test_a_schema_that_refuses_nothing_proves_nothing(tmp_path: Path, schema: str, capsys):
    path = tmp_path / "verified_claims.json"
    path.write_text(schema, encoding="utf-8")
    assert ida.main([str(path)]) == 1
    assert "takes what is wrong: no trust framework" in capsys.readouterr().out


def test_files_that_cannot_be_used_are_said_to_be_unusable(files, tmp_path: Path, capsys):
    alone = files()[0]
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"type": 7}', encoding="utf-8")
    for path in (alone, str(broken), str(wrong), str(tmp_path / "nowhere.json")):
        assert ida.main([path]) == ida.UNUSABLE
    assert "cannot be used" in capsys.readouterr().err
