"""The document of the collector's calls says what the program says, in both directions."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from central.archive.database import Database
from central.archive.layout import Layout
from central.archive.storage import open_payloads
from central.collector.app import Collector
from central.collector.server import load_keys
from central.collector.uploads import Uploads
from kiosk.sync import contact, messages, questions
from kiosk.sync.messages import Message
from tests.fakes.central_side import founded
from tests.fakes.clock import FakeClock
from tests.fakes.contract import Document, route_of

CENTRAL = Path(__file__).resolve().parents[2] / "central"
DOCUMENT = Document()
ANSWERS = tuple(DOCUMENT.answers())
IMPLIED = {"no-such-call", "method"}
"""Words of the routing itself, said of every path together."""
COMPUTED = {"upload-length", "upload-offset", "from", "to", "tree", "quarantined", "lost"}
"""Words beside whose status no literal stands; the tour of the running server sees them said."""
CARRIED = {(422, "gap")}
"""Said of a journal that people carried here, never over a connection."""


def test_it_is_an_openapi_document():
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT.root).iter_errors()] == []


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Method and path of every call that the program answers."""
    layout = Layout(founded(tmp_path_factory.mktemp("routes") / "data"))
    database = Database(layout.database)
    collector = Collector(
        database,
        open_payloads(layout),
        Uploads(layout.uploads),
        load_keys(layout),
        FakeClock().now,
    )
    found = {
        (method, route_of(route.path))
        for route in collector.application().routes
        for method in route.methods
    }
    database.close()
    return found


def test_every_call_is_documented_and_every_documented_call_is_there(routes):
    heads = {("HEAD", path) for method, path in routes if method == "GET"}
    assert {call for call in routes if call[0] == "HEAD"} == heads
    assert {(method, path) for method, path, _ in DOCUMENT.calls()} == routes - heads


def test_every_call_of_a_device_is_signed():
    paths = {(m, p) for m, p, _ in DOCUMENT.calls() if p.startswith("/v1/devices/")}
    assert DOCUMENT.signed() == paths | {("GET", "/v1/policy")}
    provided = {(m, p) for m, p, _ in DOCUMENT.calls() if p.startswith("/v1/results")}
    assert DOCUMENT.signed("provider") == provided
    refusing = {(answer.method, answer.path) for answer in ANSWERS if answer.status == 401}
    assert refusing == DOCUMENT.signed() | provided


def test_every_refusal_has_its_word_and_no_success_has_one():
    for answer in ANSWERS:
        spoken = answer.path == "/readyz" or answer.status == 410 or answer.path.startswith("/c/")
        if answer.status >= 400 and not spoken:
            assert answer.words, answer
        if answer.status < 400:
            assert not answer.words, answer


# --- words, as the source writes them -------------------------------------------------------------


def _refusals() -> set[tuple[int, str]]:
    """Status and word of every refusal that the program's source spells out."""
    found = set()
    for room in ("collector", "contact"):
        for file in sorted((CENTRAL / room).glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _name(node) in {
                    "CallRefusedError",
                    "RefusedError",
                }:
                    found |= _literals(node.args)
    return found


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _literals(args: list[ast.expr]) -> set[tuple[int, str]]:
    match args:
        case [ast.Constant(value=int(status)), ast.Constant(value=str(word)), *_]:
            return {(status, word)}
    return set()


def test_every_word_of_refusal_is_documented_and_every_documented_word_is_said():
    documented = {
        (answer.status, word)
        for answer in ANSWERS
        for word in answer.words
        if word not in IMPLIED | COMPUTED
    }
    # Said elsewhere than in a refusal: of a message that cannot be read, of a store, of a crowd, of
    # an offset.
    elsewhere = {(400, "message"), (503, "busy"), (503, "crowded"), (409, "offset")}
    assert documented == (_refusals() - CARRIED) | elsewhere


# --- messages -------------------------------------------------------------------------------------


def _messages() -> list[type[Message]]:
    every = [*vars(messages).values(), *vars(contact).values(), *vars(questions).values()]
    kinds = {
        kind
        for kind in every
        if isinstance(kind, type) and issubclass(kind, Message) and kind is not Message
    }
    return sorted(kinds, key=lambda kind: kind.__name__)


def _plain(schema: Any, root: dict[str, Any], top: bool = False) -> Any:
    """A schema with references followed, and without what only helps a reader."""
    if isinstance(schema, list):
        return sorted((_plain(part, root) for part in schema), key=str)
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and not top:
        schema = _target(schema["$ref"], root) | {k: v for k, v in schema.items() if k != "$ref"}
        return _plain(schema, root)
    left_out = {"title", "description", "required", "example", "default"}
    return {
        name: {key: _plain(value, root) for key, value in part.items()}
        if name == "properties"
        else _plain(part, root)
        for name, part in schema.items()
        if name not in left_out
    }


def _target(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    found: Any = root
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


@pytest.mark.parametrize("kind", _messages(), ids=lambda kind: kind.__name__)
def test_every_message_has_the_form_that_is_documented(kind: type[Message]):
    said = DOCUMENT.root["components"]["schemas"][kind.__name__]
    written = msgspec.json.schema(kind)
    ours = written["$defs"][kind.__name__]
    assert _plain(said, DOCUMENT.root) == _plain(ours, written)
    # What the server writes is written whole; of what it reads, some may be left out.
    needed = set(ours.get("required", ()))
    assert needed <= set(said["required"]) <= set(ours["properties"])


def test_nothing_is_documented_that_nobody_refers_to():
    text = re.findall(r"#/components/(\w+)/(\w+)", str(DOCUMENT.root))
    components = {
        (kind, name)
        for kind, named in DOCUMENT.root["components"].items()
        for name in named
        if kind != "securitySchemes"
    }
    assert set(text) == components
