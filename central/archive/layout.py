"""The folder of a central side: which secret lies where.

Rules, in order: three sub-folders for three duties, so that each can be given to another machine
and other people; a secret is readable by its owner only; nothing here is ever overwritten.

* ``authority/`` policy root, certificate authority, request issuer, planner of rounds
* ``collector/`` server certificate, log key, enrolment key, database, sealed payloads
* ``auditor/``   the identity that opens records (or its shares), the opening log

A fourth, ``operations/``, is made with the first operator: hashes of passwords, and the log of the
pages.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import SigningKey

_SECRET_MODE = 0o600
_FOLDER_MODE = 0o700


class FolderError(Exception):
    """The folder of the central side cannot be used as it is; told to operators only."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below the folder ``root``."""

    root: Path

    @property
    def authority(self) -> Path:
        """Folder of those who run the fleet."""
        return self.root / "authority"

    @property
    def collector(self) -> Path:
        """Folder of the collector."""
        return self.root / "collector"

    @property
    def auditor(self) -> Path:
        """Folder of the auditors."""
        return self.root / "auditor"

    @property
    def identity(self) -> Path:
        """The key that opens records, as an age identity file."""
        return self.auditor / "identity.txt"

    @property
    def openings(self) -> Path:
        """The log of every opening of a record, one line each."""
        return self.auditor / "openings.jsonl"

    @property
    def openings_checkpoint(self) -> Path:
        """Signed statement of the opening log's size and root."""
        return self.auditor / "openings.checkpoint"

    @property
    def control(self) -> Path:
        """Who may open records and how many it takes, signed by the policy root."""
        return self.auditor / "control.jws"

    @property
    def shares(self) -> Path:
        """The identity, sealed once for each pair of auditors."""
        return self.auditor / "shares"

    @property
    def root_public(self) -> Path:
        """Public half of the policy root, base64url."""
        return self.collector / "root.pub"

    @property
    def ca_certificate(self) -> Path:
        """Certificate of the authority, PEM."""
        return self.collector / "ca.pem"

    @property
    def server_certificate(self) -> Path:
        """Certificate of the collector's server, PEM."""
        return self.collector / "server.pem"

    @property
    def server_key(self) -> Path:
        """Private key of the collector's server, PEM."""
        return self.collector / "server.key"

    @property
    def log_key(self) -> Path:
        """Seed of the key that signs the collector's log."""
        return self.collector / "log.key"

    def later_log_key(self, key_id: str) -> Path:
        """Seed of a key that signs the log after another one."""
        return self.collector / f"log-{key_id}.key"

    @property
    def log_keys(self) -> tuple[Path, ...]:
        """Seeds of every key that signs the log or did; which one does says the policy."""
        return (self.log_key, *sorted(self.collector.glob("log-*.key")))

    @property
    def enrolment_key(self) -> Path:
        """Seed of the key that signs device certificates."""
        return self.collector / "enrolment.key"

    @property
    def contact_identity(self) -> Path:
        """The key that opens addresses to be confirmed later; there need not be one."""
        return self.collector / "contact-identity.txt"

    @property
    def webhook_key(self) -> Path:
        """Seed of the key that signs what is posted to providers; there need not be one."""
        return self.collector / "webhook.key"

    @property
    def root_key(self) -> Path:
        """Seed of the policy root."""
        return self.authority / "root.key"

    @property
    def explained_policy(self) -> Path:
        """The newest policy, a line of meaning above each value; for people, nothing reads it."""
        return self.authority / "policy.txt"

    @property
    def ca_key(self) -> Path:
        """Private key of the certificate authority, PEM."""
        return self.authority / "ca.key"

    @property
    def issuer_key(self) -> Path:
        """Seed of the request issuer."""
        return self.authority / "issuer.key"

    @property
    def planner_identity(self) -> Path:
        """The key that opens the authority's own copy of a planned visit, as an age identity."""
        return self.authority / "planner.txt"

    @property
    def database(self) -> Path:
        """SQLite file of the collector."""
        return self.collector / "collector.db"

    @property
    def payloads(self) -> Path:
        """Sealed payloads, one file each."""
        return self.collector / "payloads"

    @property
    def uploads(self) -> Path:
        """Parts of records that are arriving."""
        return self.collector / "uploads"

    @property
    def contact_settings(self) -> Path:
        """How codes reach customers; there need not be one."""
        return self.collector / "contact.toml"

    @property
    def operations(self) -> Path:
        """Folder of the pages for those who run the fleet: who may sign in, and what was done."""
        return self.root / "operations"

    @property
    def operators(self) -> Path:
        """Who may sign in to those pages, with the hash of each password."""
        return self.operations / "operators.json"

    @property
    def operations_log(self) -> Path:
        """Every sign-in and every acknowledgement, each line chained to the one before."""
        return self.operations / "log.jsonl"

    @property
    def witness_settings(self) -> Path:
        """Which witnesses are asked; there need not be one."""
        return self.collector / "witnesses.toml"

    def create(self) -> None:
        """Make the folders.

        Raises:
            FolderError: something is already there.
        """
        if self.root.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
            raise FolderError("the folder is not empty")
        for folder in (self.root, self.authority, self.collector, self.auditor, self.payloads):
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)

    def require(self) -> None:
        """Raise FolderError unless this is the folder of a central side."""
        if not self.root_public.is_file():
            raise FolderError(
                f"no central side here: {self.root} holds none; name its folder with --data, or "
                "make one with 'visavis-central init'"
            )


def write_secret(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read. Raises FileExistsError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_key(path: Path, key: SigningKey) -> None:
    """Keep a signing key as the base64url of its seed."""
    write_secret(path, f"{b64u(key.seed)}\n".encode())


def read_key(path: Path) -> SigningKey:
    """A key kept by :func:`write_key`. Raises FolderError."""
    try:
        return SigningKey.from_seed(unb64u(path.read_text("ascii").strip()))
    except (OSError, ValueError) as exc:
        raise FolderError(f"key {path.name}") from exc
