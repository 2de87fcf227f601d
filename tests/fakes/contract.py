"""The document of the collector's calls, and requests made after it: signed, unsigned, mangled.

The document is what lies in ``resources/contract``; nothing here knows a call by its name.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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

    def signed(self, by: str = "device") -> set[tuple[str, str]]:
        """Calls that a device, or a provider, must sign."""
        scheme = [{f"{by}Signature": []}]
        return {(m, path) for m, path, said in self.calls() if said.get("security") == scheme}


def route_of(path: str) -> str:
    """A path of the routing table as the document writes it: without converters."""
    return re.sub(r"{(\w+):\w+}", r"{\1}", path)


# --- requests -------------------------------------------------------------------------------------


class DeviceAuth(AuthBase):
    """Signs each request, as it really leaves, with the key of a device."""

    def __init__(
        self, key: SigningKey, age: timedelta = timedelta(0), body: bytes | None = None
    ) -> None:
        """Age: of the signature. Body: signed instead of the one that is sent."""
        self._key = key
        self._age = age
        self._body = body

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        sent = body.encode() if isinstance(body, str) else body
        signed = sent if self._body is None else self._body
        at = datetime.now(UTC) - self._age
        added = sign_request(request.method or "GET", request.url or "", signed, self._key, at)
        request.headers.update(added)
        return request


@schemathesis.serializer("application/vnd.age", "application/partial-upload")
def _raw(_context: object, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@dataclass
class Caller:
    """One device that speaks to a collector as the document says, or as it does not.

    Attributes:
        url: of the collector.
        ca: file of the authority.
        device_id / key: who signs.
        known: bodies that mean something to this collector, by the name of the call; some requests
            carry one of them.
        answered: how many answers there were, by call and status.
    """

    url: str
    ca: Path
    device_id: str
    key: SigningKey
    known: Mapping[str, Sequence[Any]] = field(default_factory=dict, repr=False)
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(self.ca)
        self.auth = DeviceAuth(self.key)
        self.schema = schemathesis.openapi.from_path(DOCUMENT)
        document = Document()
        self.must_sign = document.signed() | document.signed("provider")

    def close(self) -> None:
        self.session.close()

    def cases(self) -> st.SearchStrategy[Case]:
        """Requests of any call, of the documented form and of others.

        What a real device would name is mostly named right.
        """
        every = [
            self._of(found.ok(), mode)
            for found in self.schema.get_all_operations()
            for mode in GenerationMode
        ]
        return st.one_of(every)

    def _of(self, operation: Any, mode: GenerationMode) -> st.SearchStrategy[Case]:
        bodies = self.known.get(operation.definition.raw["operationId"], ())
        return st.builds(
            self._aimed,
            operation.as_strategy(generation_mode=mode),
            st.sampled_from(range(10)),
            st.sampled_from(range(8)),
            # By number: Hypothesis writes down what it chooses from, and bodies are long.
            st.sampled_from(range(len(bodies) + 1)),
        )

    def _aimed(self, case: Case, chance: int, seq: int, body: int) -> Case:
        """The case at this very device and what it has, more often than not."""
        parts = dict(case.path_parameters or {})
        if chance < 8 and "device" in parts:
            parts["device"] = self.device_id
        if chance < 6 and "seq" in parts:
            parts["seq"] = seq
        if chance < 5 and "challenge" in parts:
            parts["challenge"] = f"{seq:032x}"
        case.path_parameters = parts
        bodies = self.known.get(case.operation.definition.raw["operationId"], ())
        if chance < 5 and body < len(bodies):
            case.body = bodies[body]
        if case.headers is not None:
            unsigned = {k: v for k, v in case.headers.items() if k.lower() not in _SIGNED}
            case.headers = type(case.headers)(unsigned)
        return case

    def send(self, case: Case, auth: AuthBase | None) -> requests.Response:
        """The answer to a case, judged by the document."""
        request = requests.Request(**case.as_transport_kwargs(base_url=self.url), auth=auth)
        response = self.session.send(
            self.session.prepare_request(request), allow_redirects=False, timeout=60
        )
        status = response.status_code
        self.answered[f"{case.method} {case.operation.path}", status] += 1
        checks = CHECKS[1:] if status in NOT_NOW else CHECKS
        case.validate_response(response, checks=checks)
        return response

    def send_wrongly(self, case: Case, auth: AuthBase | None) -> None:
        """Send what is not signed by this device now, and require that it is refused."""
        response = self.send(case, auth)
        if (case.method, case.operation.path) in self.must_sign:
            word = response.json()["error"]
            assert (response.status_code, word) in {
                (401, "signature"),
                (401, "stale-signature"),
                (404, "no-such-call"),
            }, word


class OfAnotherCall(DeviceAuth):
    """The signature of the right device for something that was not asked."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        asked = request.url
        request.url = f"{(asked or '').partition('?')[0]}?another=call"
        super().__call__(request)
        request.url = asked
        return request


def wrong_signatures(key: SigningKey) -> tuple[AuthBase | None, ...]:
    """Every way of not being this device now."""
    return (
        None,
        DeviceAuth(SigningKey.generate()),
        DeviceAuth(key, age=timedelta(minutes=6)),
        DeviceAuth(key, age=timedelta(days=-400)),
        OfAnotherCall(key),
    )


# --- requests that no library would send ----------------------------------------------------------


_LATIN = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60)
_SIGNS = st.text(st.sampled_from('visavis="();:,?1 @method\\keydcrt023456789-*=a%'), max_size=60)
_ODD = st.sampled_from(
    (b"/", b"//", b"%00", b"%ff", b"%", b"#a", b"?%zz", b"/../x", b"?\xff", b";", b"?" * 3000)
)


@dataclass
class Mangler:
    """Sends a signed request after something of it was spoilt, byte by byte.

    Attributes:
        port / context: of the collector.
        head: method and path of the request that is spoilt, with its signature fields.
    """

    port: int
    context: ssl.SSLContext
    answered: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._open: ssl.SSLSocket | None = None

    def mangled(self, method: str, path: str, fields: dict[str, str]) -> st.SearchStrategy[bytes]:
        """The request with one thing about it changed."""
        names = st.sampled_from(sorted(fields))
        plain = st.just((path.encode(), fields))
        replaced = st.builds(
            lambda name, text: (path.encode(), fields | {name: text}), names, _LATIN | _SIGNS
        )
        spliced = st.builds(
            lambda name, at, length, text: (
                path.encode(),
                fields | {name: fields[name][:at] + text + fields[name][at + length :]},
            ),
            names,
            st.integers(0, 200),
            st.integers(0, 20),
            _SIGNS,
        )
        dropped = names.map(
            lambda name: (path.encode(), {k: v for k, v in fields.items() if k != name})
        )
        elsewhere = st.binary(max_size=40).map(
            lambda raw: (b"/" + raw.translate(None, b"\r\n \0"), fields)
        )
        longer = st.builds(lambda odd: (path.encode() + odd, fields), _ODD)
        verbs = st.sampled_from((method, method, "HEAD", "OPTIONS", "BREW"))
        changed = plain | replaced | spliced | dropped | elsewhere | longer
        return st.builds(lambda verb, made: _written(verb, *made), verbs, changed)

    def send(self, request: bytes) -> int:
        """Status of the answer; a closed connection is opened again once.

        Raises:
            AssertionError: no answer, or one that says that the program failed.
        """
        for _ in range(2):
            answer = self._exchange(request)
            if answer:
                status = int(answer[9:12])
                self.answered[f"{status}"] += 1
                assert status < 500, (request, answer[:300])
                assert not 300 <= status < 400, (request, answer[:300])
                return status
        raise AssertionError(request)

    def _exchange(self, request: bytes) -> bytes:
        try:
            if self._open is None:
                raw = socket.create_connection(("127.0.0.1", self.port), timeout=60)
                self._open = self.context.wrap_socket(raw, server_hostname="localhost")
            self._open.sendall(request)
            answer = self._open.recv(65_536)
        except OSError:
            answer = b""
        # After an answer of the HTTP server itself the connection is at its end.
        if not answer or b"json" not in answer.lower():
            self.close()
        return answer

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _written(verb: str, path: bytes, fields: dict[str, str]) -> bytes:
    lines = b"".join(f"{name}: {text}\r\n".encode("latin-1") for name, text in fields.items())
    return verb.encode() + b" " + path + b" HTTP/1.1\r\n" + lines + b"\r\n"
