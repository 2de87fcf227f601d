"""Where the collector keeps what it keeps: embedded by default, PostgreSQL and S3 by configuration.

``collector/storage.toml`` names the stores. Without it everything lies in the folder of the central
side: one SQLite file, and one file a payload. No secret stands in it: the database takes its
password from ``PGPASSWORD`` or the password file of PostgreSQL, the object store its key from
``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields

import msgspec

from central.archive.database import Database
from central.archive.layout import FolderError, Layout
from central.archive.payloads import FolderPayloads, Payloads

_FILE = "storage.toml"


@dataclass(frozen=True, slots=True)
class Storage:
    """The stores of a central side.

    Attributes:
        database: ``postgresql://user@host/name``, or ``""`` for the embedded one.
        objects: ``s3://bucket/prefix``, or ``""`` for files.
        endpoint: base address of the object store where it is not Amazon's.
        region: where the object store lies, or ``""``.
    """

    database: str = ""
    objects: str = ""
    endpoint: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        """Raises FolderError where a store is named that this program does not know."""
        if self.database and not self.database.startswith("postgresql://"):
            raise FolderError("storage: the database is postgresql://user@host/name")
        if self.objects and not self.objects.startswith("s3://"):
            raise FolderError("storage: objects are s3://bucket/prefix")
        if (self.endpoint or self.region) and not self.objects:
            raise FolderError("storage: endpoint and region belong to objects")


EMBEDDED = Storage()


def read_storage(layout: Layout) -> Storage:
    """What ``storage.toml`` says. Raises FolderError."""
    path = layout.collector / _FILE
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return EMBEDDED
    except OSError as exc:
        raise FolderError("storage: the file cannot be read") from exc
    try:
        table = tomllib.loads(text)
        unknown = set(table) - {field.name for field in fields(Storage)}
        if unknown:
            raise FolderError(f"storage: unknown {', '.join(sorted(unknown))}")
        return msgspec.convert(table, Storage, strict=True)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as exc:
        raise FolderError(f"storage: {exc}") from exc


def write_storage(layout: Layout, storage: Storage) -> None:
    """Note the stores of a new central side; nothing where they are the embedded ones."""
    if storage != EMBEDDED:
        lines = (
            f"{name} = {msgspec.json.encode(value).decode()}" for name, value in _told(storage)
        )
        (layout.collector / _FILE).write_text("\n".join(lines) + "\n", "utf-8")


def _told(storage: Storage) -> list[tuple[str, str]]:
    values = asdict(storage)
    return [(name, value) for name, value in values.items() if value]


def open_database(layout: Layout) -> Database:
    """The database of a central side. Raises FolderError."""
    storage = read_storage(layout)
    return Database(storage.database or layout.database)


def open_payloads(layout: Layout) -> Payloads:
    """The payloads of a central side. Raises FolderError."""
    storage = read_storage(layout)
    if not storage.objects:
        return FolderPayloads(layout.payloads)
    # Loaded only where it is used: the embedded collector starts without it.
    from central.archive.objects import ObjectPayloads

    return ObjectPayloads(storage.objects, storage.endpoint, storage.region)
