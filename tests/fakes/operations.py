"""The operations pages as a process of their own, and somebody who reads them."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from central.archive.layout import Layout
from tests.fakes import programs

NAME, PASSWORD = "claire", "quatre chevaux bleus"
_WORD = re.compile(r'name="word" value="([^"]+)"')


def add_operator(data: Path, name: str, password: str) -> subprocess.CompletedProcess[str]:
    """As a person at the machine does, but for the prompt."""
    words = ("operator", "add", name, "--data", data, "--password-stdin")
    return programs.run("central", *words, given=f"{password}\n")


@dataclass
class Reader:
    """A browser without a window: keeps cookies, sends the origin of its forms.

    Attributes:
        client: follows no redirect by itself.
        url: of the pages.
    """

    client: httpx.Client
    url: str

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, form: dict[str, str], origin: str | None = None) -> httpx.Response:
        headers = {"Origin": self.url if origin is None else origin}
        return self.client.post(path, data=form, headers=headers)

    def sign_in(self, name: str = NAME, password: str = PASSWORD) -> httpx.Response:
        return self.post("/sign-in", {"name": name, "password": password, "place": "/"})

    def word(self, path: str = "/") -> str:
        found = _WORD.search(self.get(path).text)
        assert found is not None
        return found.group(1)


@dataclass
class OperationsSide:
    """The pages, running.

    Attributes:
        data: folder of the central side.
        url: base address.
        log: what the process wrote on standard error.
    """

    data: Path
    url: str
    process: programs.Program
    log: Path
    _signed_in: Reader | None = field(default=None)

    @contextmanager
    def reader(self, language: str = "en") -> Iterator[Reader]:
        """Somebody who is not signed in."""
        context = ssl.create_default_context(cafile=str(Layout(self.data).ca_certificate))
        headers = {"Accept-Language": language}
        with httpx.Client(
            base_url=self.url, verify=context, headers=headers, trust_env=False, timeout=60
        ) as client:
            yield Reader(client, self.url)

    @contextmanager
    def operator(self, language: str = "en") -> Iterator[Reader]:
        """Somebody who is signed in."""
        with self.reader(language) as reader:
            answer = reader.sign_in()
            assert answer.status_code == 303, answer.text
            yield reader


@contextmanager
def operations(data: Path) -> Iterator[OperationsSide]:
    """The pages of a central side, until the block ends."""
    log = data.with_name(f"{data.name}-operations.log")
    words = ("operations", "--data", data, "--port", 0)
    process = programs.start("central", *words, errors=log)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        # The certificate names it, and browsers take a secure cookie for it.
        url = json.loads(line)["url"].replace("127.0.0.1", "localhost")
        yield OperationsSide(data, url, process, log)
    finally:
        process.kill()
        process.communicate(timeout=60)
