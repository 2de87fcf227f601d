"""The document of the collector's calls, and requests made after it: signed, unsigned, spoilt.

The document is what lies in ``resources/contract``; nothing here knows a call by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import schemathesis
import yaml
from hypothesis import strategies as st
from requests.auth import AuthBase
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kiosk.crypto.http_signatures import sign_request
from kiosk.crypto.signing import SigningKey

DOCUMENT = Path(__file__).resolve().parents[2] / "resources" / "contract" / "collector.openapi.yaml"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NOT_NOW = frozenset({502, 503})
"""Documented answers of a side that is away or sends nothing: no fault of the program."""
_VERBS = frozenset({"get", "put", "post", "patch", "delete", "head", "options", "trace"})
_SIGNED = frozenset({"signature", "signature-input", "content-digest"})

Node = dict[str, Any]


# --- the document ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """One documented answer.

    Attributes:
        method / path: of the call, as the document writes them.
        status: HTTP status.
        words: what a problem of this status may say; empty for an answer that is none.
        headers: names of those that are always there, lower case.
    """

    method: str
    path: str
    status: int
    words: frozenset[str]
    headers: frozenset[str]


@dataclass
class Document:
    """The document, its references followed on demand."""

    root: Node = field(default_factory=lambda: yaml.safe_load(DOCUMENT.read_text("utf-8")))

    def of(self, node: Node) -> Node:
        """The node itself, or what it refers to."""
        while "$ref" in node:
            found: Node = self.root
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            node = found
        return node

    def calls(self) -> Iterator[tuple[str, str, Node]]:
        """Method, path and operation of every call."""
        for path, item in self.root["paths"].items():
            for verb, operation in item.items():
                if verb in _VERBS:
                    yield verb.upper(), path, operation

    def answers(self) -> Iterator[Answer]:
        """Every documented answer of every call."""
        for method, path, operation in self.calls():
            for status, written in operation["responses"].items():
                response = self.of(written)
                headers = frozenset(
                    name.lower()
                    for name, header in response.get("headers", {}).items()
                    if self.of(header).get("required")
                )
                yield Answer(method, path, int(status), frozenset(self._words(response)), headers)

    def _words(self, response: Node) -> Iterator[str]:
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        for part in schema.get("allOf", ()):
            yield from part.get("properties", {}).get("error", {}).get("enum", ())

    def signed(self) -> set[tuple[str, str]]:
        """Calls that a device must sign."""
        return {(method, path) for method, path, said in self.calls() if said.get("security")}


def route_of(path: str) -> str:
    """A path of the routing table as the document writes it: without converters."""
    return re.sub(r"{(\w+):\w+}", r"{\1}", path)


# --- requests -------------------------------------------------------------------------------------


class DeviceAuth(AuthBase):
    """Signs each request, as it really leaves, with the key of a device."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        sent = body.encode() if isinstance(body, str) else body
        at = datetime.now(UTC)
        added = sign_request(request.method or "GET", request.url or "", sent, self._key, at)
        request.headers.update(added)
        return request


@schemathesis.serializer("application/vnd.age", "application/partial-upload")
def _raw(_context: object, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@dataclass
class Caller:
    """One device that speaks to a collector as the document says.

    Attributes:
        url: of the collector.
        ca: file of the authority.
        device_id / key: who signs.
        answered: how many answers of each status there were.
    """

    url: str
    ca: Path
    device_id: str
    key: SigningKey
    answered: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(self.ca)
        self.auth = DeviceAuth(self.key)
        self.schema = schemathesis.openapi.from_path(DOCUMENT)

    def close(self) -> None:
        self.session.close()

    def cases(self, mode: GenerationMode) -> st.SearchStrategy[Case]:
        """Requests of any call; what a real device would name is mostly named right."""
        every = [
            operation.ok().as_strategy(generation_mode=mode)
            for operation in self.schema.get_all_operations()
        ]
        return st.builds(self._aimed, st.one_of(every), st.integers(0, 9), st.integers(0, 6))

    def _aimed(self, case: Case, chance: int, seq: int) -> Case:
        """The case at this very device, nine times out of ten."""
        parts = dict(case.path_parameters or {})
        if chance < 8 and "device" in parts:
            parts["device"] = self.device_id
        if chance < 6 and "seq" in parts:
            parts["seq"] = seq
        if chance < 5 and "challenge" in parts:
            parts["challenge"] = f"{seq:032x}"
        case.path_parameters = parts
        unsigned = {k: v for k, v in (case.headers or {}).items() if k.lower() not in _SIGNED}
        case.headers = type(case.headers)(unsigned) if case.headers is not None else None
        return case

    def send(self, case: Case, auth: AuthBase | None) -> requests.Response:
        """The answer to a case; nothing is judged."""
        request = requests.Request(**case.as_transport_kwargs(base_url=self.url), auth=auth)
        return self.session.send(
            self.session.prepare_request(request), allow_redirects=False, timeout=20
        )

    def judge(self, case: Case, response: requests.Response) -> None:
        """Raise unless the answer is one that the document knows."""
        status = response.status_code
        self.answered[status] = self.answered.get(status, 0) + 1
        checks = [check for check in CHECKS if status not in NOT_NOW or check is not CHECKS[0]]
        case.validate_response(response, checks=checks)

    def signed(self, case: Case) -> requests.Response:
        """Send signed, and judge."""
        response = self.send(case, self.auth)
        self.judge(case, response)
        return response
