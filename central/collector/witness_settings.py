"""Which witnesses the collector asks: ``collector/witnesses.toml``; there need not be one.

Rules, in order: an unknown name, a wrong type or two witnesses of one key are refused before the
server starts; ``http`` only for a witness on this machine. Which of them *count*, and how many, is
not said here but in the policy.
"""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from central.archive.layout import FolderError
from kiosk.crypto.cosignatures import Cosigner, parse_cosigner

FILE_NAME = "witnesses.toml"
_Word = Annotated[str, Meta(max_length=500)]


class WitnessAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[witness]]``.

    Attributes:
        key: its verifier key.
        url: submission prefix: ``<url>/add-checkpoint`` is called.
        ca: PEM file of who certifies its server, beside this file; left out: the public ones.
        timeout_s: longest wait for it.
    """

    key: _Word
    url: _Word
    ca: _Word = ""
    timeout_s: Annotated[float, Meta(gt=0, le=20)] = 5.0

    @property
    def cosigner(self) -> Cosigner:
        """The key, read."""
        return parse_cosigner(self.key)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    witness: Annotated[tuple[WitnessAddress, ...], Meta(max_length=16)] = ()


def load_witnesses(path: Path) -> tuple[WitnessAddress, ...]:
    """What the file says, nothing where there is none. Raises FolderError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        found = msgspec.convert(table, _File, strict=True).witness
        keys = {address.cosigner for address in found}
    except FileNotFoundError:
        return ()
    except OSError as exc:
        raise FolderError(f"{FILE_NAME}: the file cannot be read") from exc
    except (ValueError, msgspec.ValidationError) as exc:
        raise FolderError(f"{FILE_NAME}: {exc}") from exc
    if len(keys) != len(found):
        raise FolderError(f"{FILE_NAME}: a witness stands there twice")
    for address in found:
        _check_url(address.url)
        if address.ca and not (path.parent / address.ca).is_file():
            raise FolderError(f"{FILE_NAME}: no file {address.ca}")
    return found


def add_witness(path: Path, address: WitnessAddress) -> None:
    """Write one more witness down. Raises FolderError."""
    held = path.read_text("utf-8") if path.exists() else ""
    values = msgspec.to_builtins(address)
    lines = [f"{name} = {msgspec.json.encode(v).decode()}" for name, v in values.items() if v]
    text = f"{held}[[witness]]\n" + "\n".join(lines) + "\n"
    trial = path.with_name(f"{path.name}.new")
    trial.write_text(text, "utf-8")
    try:
        load_witnesses(trial)
    except FolderError:
        trial.unlink()
        raise
    trial.replace(path)


def _check_url(url: str) -> None:
    """Raises FolderError unless a checkpoint may be sent there."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as exc:
        raise FolderError(f"{FILE_NAME}: address") from exc
    if not host or parts.query or parts.fragment or parts.username or port == 0:
        raise FolderError(f"{FILE_NAME}: address")
    if parts.scheme != "https" and not (parts.scheme == "http" and _here(host)):
        raise FolderError(f"{FILE_NAME}: a witness elsewhere is reached by https")


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
