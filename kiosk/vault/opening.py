"""Opening the file: raw key, settings that durability depends on, read back before anything else.

Rules, in order: the key goes in first, as 32 raw bytes (no passphrase, no URL); every setting is
read back and a file that does not accept one is refused; the version is known; only then the store
exists. A small neighbour file holds a check value of the key, so that a wrong key is told apart
from a damaged file, and the salt of the file's own key. SQLCipher keeps that salt in the first 16
bytes of the file only, which are written again whenever the log is folded: junk left there by a
power cut would shut out everything that the log still holds. One program alone has the file, from
its first look on until it closes it. Source: records-and-sync 2.4; sqlcipher 4 design notes;
sqlite.org/wal.html (heap memory instead of a shared index).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from kiosk.crypto.digests import sha256
from kiosk.domain.errors import (
    VaultCorruptError,
    VaultKeyError,
    VaultPragmaError,
    VaultVersionError,
)
from kiosk.vault import migrations
from kiosk.vault.faults import fault_of_file, translated

KEY_BYTES = 32
SALT_BYTES = 16
_SALT = re.compile(rb"[0-9a-f]{32}")
BUSY_TIMEOUT_S = 5.0

# Setting, value to give, value that must be read back. auto_vacuum comes before the first table;
# fullfsync matters on macOS, where fsync alone does not flush the drive.
_SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("auto_vacuum", "INCREMENTAL", "2"),
    ("locking_mode", "EXCLUSIVE", "exclusive"),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("fullfsync", "1", "1"),
    ("checkpoint_fullfsync", "1", "1"),
    ("foreign_keys", "ON", "1"),
    ("secure_delete", "ON", "1"),
    ("temp_store", "MEMORY", "2"),
    ("trusted_schema", "OFF", "0"),
)


def _check_file(path: Path) -> Path:
    return path.with_name(path.name + ".keycheck")


def _check_value(key: bytes) -> bytes:
    return sha256(b"visavis/vault-key-check/1" + key).hex()[:32].encode()


def sync_directory(directory: Path) -> None:
    """Make a new name durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _create_file(path: Path, content: bytes) -> None:
    """A new file for this user only. An existing one stays as it is."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _beside(path: Path) -> tuple[bytes, bytes | None]:
    """Check value and salt of the neighbour file; a file of an older program has no salt."""
    check = _check_file(path)
    if not check.exists():
        return b"", None
    value, _, salt = check.read_bytes().partition(b"\n")
    return value, salt if _SALT.fullmatch(salt) else None


def _check_matches(path: Path, key: bytes) -> bool:
    return _beside(path)[0] == _check_value(key)


def _salt_for(path: Path, key: bytes) -> bytes | None:
    """The salt as hexadecimal digits, where the neighbour file belongs to this key and has one."""
    return _beside(path)[1] if _check_matches(path, key) else None


def _prepare_files(path: Path, key: bytes) -> None:
    """Create what is missing, for this user only."""
    if len(key) != KEY_BYTES:
        raise VaultKeyError("the key has not 32 bytes")
    check = _check_file(path)
    try:
        if not path.exists() or not path.stat().st_size:
            # No data yet: a check value left over from an interrupted creation means nothing.
            check.unlink(missing_ok=True)
            _create_file(check, _check_value(key) + b"\n" + os.urandom(SALT_BYTES).hex().encode())
            _create_file(path, b"")
            sync_directory(path.parent)
    except OSError as exc:
        raise fault_of_file(exc) from exc


def _renew_check(path: Path, key: bytes, salt: bytes) -> None:
    """The key and this salt opened the store: the neighbour file says so from now on."""
    try:
        if _salt_for(path, key) != salt:
            _check_file(path).unlink(missing_ok=True)
            _create_file(_check_file(path), _check_value(key) + b"\n" + salt)
    except OSError as exc:
        raise fault_of_file(exc) from exc


def _connect(path: Path, key: bytes, busy_timeout_s: float, salt: bytes | None) -> Any:
    connection = dbapi2.connect(
        str(path), timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
    )
    # SQLCipher writes its own log lines to stderr; our errors carry what matters.
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f"PRAGMA key = \"x'{key.hex()}{(salt or b'').decode()}'\"")
    # Before the first look into the file: from then on one program alone has it, and the index of
    # the log is in memory. In a file that is mapped, as it would be otherwise, a disk that turns
    # read-only ends the program at its next touch (SIGBUS), without a word.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    return connection


def _first_read(connection: Any, path: Path, key: bytes) -> None:
    """The first page decrypts, or the key is wrong, or the page is damaged."""
    with translated(path):
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except dbapi2.DatabaseError as exc:
            if getattr(exc, "sqlite_errorname", "") != "SQLITE_NOTADB":
                raise
            if _check_matches(path, key):
                raise VaultCorruptError("first page") from None
            raise VaultKeyError("first page") from None


def _salts_to_try(path: Path, key: bytes) -> tuple[bytes | None, ...]:
    """The salt beside the file when it belongs to this key; the file's own; the one beside anyway.

    The last one is for a file whose key was being replaced when the power went: its log holds every
    page under the new key, the file beside still speaks of the old one, and the salt stayed.
    """
    beside, known = _beside(path)[1], _salt_for(path, key)
    tries = (known, None) if known is not None else (None, beside)
    return tries if tries[-1] != tries[0] else tries[:1]


def _opened(path: Path, key: bytes, busy_timeout_s: float) -> Any:
    """A connection whose first page decrypts: by the salt beside the file, else by the file's."""
    try:
        salts = _salts_to_try(path, key)
    except OSError as exc:
        raise fault_of_file(exc) from exc
    for salt in salts:
        with translated(path):
            connection = _connect(path, key, busy_timeout_s, salt)
        try:
            _first_read(connection, path, key)
        except (VaultCorruptError, VaultKeyError):
            connection.close()
            if salt is salts[-1]:
                raise
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise AssertionError("the last try raises or answers")


def connect_readable(path: Path, key: bytes, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Any:
    """A connection that only reads, for a file that is not to be touched any more.

    Raises:
        VaultKeyError, VaultCorruptError, VaultBusyError, VaultError.
    """
    if not path.exists():
        raise VaultCorruptError("vault file missing")
    connection = _opened(path, key, busy_timeout_s)
    with translated(path):
        connection.execute("PRAGMA query_only = ON")
    return connection


def _apply_settings(connection: Any) -> None:
    for name, value, _ in _SETTINGS:
        connection.execute(f"PRAGMA {name} = {value}")
    for name, _, expected in _SETTINGS:
        row = connection.execute(f"PRAGMA {name}").fetchone()
        if row is None or str(row[0]).lower() != expected:
            raise VaultPragmaError(name)


def open_engine(path: Path, key: bytes, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine on exactly one connection, ready and migrated.

    Raises:
        VaultKeyError, VaultCorruptError, VaultBusyError, VaultPragmaError, VaultVersionError,
        DiskFullError, VaultError.
    """
    _prepare_files(path, key)
    connection = _opened(path, key, busy_timeout_s)
    try:
        with translated(path):
            _apply_settings(connection)
            salt = str(connection.execute("PRAGMA cipher_salt").fetchone()[0]).lower().encode()
        engine = create_engine(
            "sqlite+pysqlite://",
            creator=lambda: connection,
            module=dbapi2,
            poolclass=StaticPool,
            hide_parameters=True,
        )
        # The driver would start transactions late and without the write lock; we start them.
        event.listen(engine, "begin", _begin_immediate)
        migrate(engine, path)
    except BaseException:
        connection.close()
        raise
    _renew_check(path, key, salt)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def migrate(engine: Engine, path: Path) -> None:
    """Bring the file to the version this program knows, all steps in one transaction.

    Raises:
        VaultVersionError: the file is newer than this program.
    """
    with translated(path), engine.begin() as connection:
        found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        if found > migrations.VERSION:
            raise VaultVersionError(f"version {found}")
        for step in migrations.MIGRATIONS[found:]:
            step(connection)
        if found < migrations.VERSION:
            connection.exec_driver_sql(f"PRAGMA user_version = {migrations.VERSION}")
