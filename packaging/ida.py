"""Holds every ``verified_claims`` that this program makes against the published JSON schema.

    python packaging/ida.py verified_claims.json claims_schema.json [...] [--json]

The files are those of the OpenID eKYC and Identity Assurance working group (repository
``openid/ekyc-ida``, folder ``schema``). They state no licence and are not part of this project:
whoever runs this downloads them. Nothing here opens an address; a reference from one file to
another is looked up among the files given, by its identifier or else by its name.

Rules, in order: the first file is the schema of a document with ``verified_claims``; what is
checked are all forms of ``tests/fakes/ida.py`` (each kind of document, each accepted procedure
through a real seal, each result for a provider), with the formats of dates and times; the same
forms pass the project's own closed schema; and the schema given must refuse what is plainly wrong,
since one that refuses nothing proves nothing.

Exit code 0 where all of that holds, 1 where something deviates, 2 for files that cannot be used.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from jsonschema import ValidationError
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fakes.ida import forms, require_closed

UNUSABLE = 2


def _name_of(address: str) -> str:
    return address.partition("#")[0].rpartition("/")[2]


def validator_of(files: list[Path]) -> tuple[Validator, dict[str, Any]]:
    """The validator of the first file, the others at hand; and the file itself.

    Raises:
        OSError, ValueError, SchemaError: a file that is no schema.
    """
    read = {path: json.loads(path.read_bytes()) for path in files}
    made = {
        path: Resource.from_contents(contents, default_specification=DRAFT202012)
        for path, contents in read.items()
    }

    def retrieve(address: str) -> Resource[Any]:
        for path, resource in made.items():
            if _name_of(address) in (path.name, _name_of(str(resource.id() or ""))):
                return resource
        raise NoSuchResource(ref=address)

    registry = Registry(retrieve=retrieve).with_resources(
        (str(resource.id()), resource) for resource in made.values() if resource.id()
    )
    schema = read[files[0]]
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, registry=registry, format_checker=kind.FORMAT_CHECKER), schema


def _wrong(good: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Documents that no version of the schema takes."""

    def broken(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        claims = deepcopy(good)
        change(claims)
        return claims

    yield "no verification", broken(lambda c: c.pop("verification"))
    yield "no claims", broken(lambda c: c.pop("claims"))
    yield "no trust framework", broken(lambda c: c["verification"].pop("trust_framework"))
    yield "no evidence in its list", broken(lambda c: c["verification"].update(evidence=[]))
    evidence = good["verification"]["evidence"][0]
    for name, change in (("no type of evidence", None), ("unknown type of evidence", "paper")):
        one = {key: value for key, value in evidence.items() if key != "type"}
        one |= {} if change is None else {"type": change}
        yield name, broken(lambda c, one=one: c["verification"].update(evidence=[one]))
    yield "a time that is none", broken(lambda c: c["verification"].update(time="yesterday"))


def _said(exc: ValidationError) -> str:
    """Where and against which rule; never the value itself."""
    place = "/".join(str(part) for part in exc.absolute_path)
    return f"{place or '(whole)'}: {exc.validator}"


def check(files: list[Path]) -> dict[str, Any]:
    """What was checked and what deviates.

    Raises:
        OSError, ValueError, SchemaError, Unresolvable: files that cannot be used.
    """
    validator, schema = validator_of(files)
    deviations, count, good = [], 0, None
    for name, claims, told in forms():
        count += 1
        good = good or claims
        worst = best_match(validator.iter_errors({"verified_claims": claims}))
        deviations += [] if worst is None else [f"{name}: {_said(worst)}"]
        try:
            require_closed(claims, told=told)
        except ValidationError as exc:
            deviations.append(f"{name}: closed schema: {_said(exc)}")
    taken = [
        name
        for name, claims in _wrong(good or {})
        if validator.is_valid({"verified_claims": claims})
    ]
    return {
        "schema": schema.get("$id", ""),
        "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
        "forms": count,
        "deviations": deviations,
        "wrong_but_taken": taken,
    }


def main(words: list[str] | None = None) -> int:
    """Run the check; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, help="verified_claims.json first")
    parser.add_argument("--json", action="store_true", help="the outcome as JSON")
    given = parser.parse_args(words)
    try:
        found = check(given.files)
    except (OSError, ValueError, SchemaError, Unresolvable) as exc:
        print(f"cannot be used: {type(exc).__name__}", file=sys.stderr)
        return UNUSABLE
    if given.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print(f"schema {found['schema']}")
        for name, digest in found["files"].items():
            print(f"  {name} sha256 {digest}")
        print(f"{found['forms']} forms, {len(found['deviations'])} deviations")
        for line in found["deviations"]:
            print(f"  {line}")
        for line in found["wrong_but_taken"]:
            print(f"  the schema takes what is wrong: {line}")
    return 1 if found["deviations"] or found["wrong_but_taken"] else 0


if __name__ == "__main__":
    sys.exit(main())
