"""Brings the schema of an older collector up to date, one numbered step after the other.

Rules, in order: everything happens in the transaction that opened the database, so that an
interrupted start changes nothing; a step is never changed once it was released; a database that is
newer than the program is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, insert, inspect, select, update

from central.archive.layout import FolderError
from central.archive.schema import log_leaves, log_nodes, metadata, schema_version
from kiosk.audit.tree import node_hash

Step = Callable[[Connection], None]


def migrate(connection: Connection) -> None:
    """Make what is missing. Raises FolderError for a schema of a newer program."""
    fresh = not inspect(connection).get_table_names()
    metadata.create_all(connection)
    held = connection.execute(select(schema_version.c.version)).scalar_one_or_none()
    version = held if held is not None else (VERSION if fresh else 1)
    if version > VERSION:
        raise FolderError("the database belongs to a newer version of this program")
    for step in STEPS[version - 1 :]:
        step(connection)
    if held is None:
        connection.execute(insert(schema_version).values(id=1, version=VERSION))
    elif held != VERSION:
        connection.execute(update(schema_version).values(version=VERSION))


def _nodes_of_the_log(connection: Connection) -> None:
    """Version 2: inner nodes of the log are kept, so that a proof reads a few rows, not all."""
    level = list(
        connection.execute(select(log_leaves.c.hash).order_by(log_leaves.c.index)).scalars()
    )
    rows = []
    height = 0
    while len(level) > 1:
        height += 1
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        rows += [{"level": height, "index": i, "hash": h} for i, h in enumerate(level)]
    if rows:
        connection.execute(insert(log_nodes), rows)


STEPS: Final[tuple[Step, ...]] = (_nodes_of_the_log,)
"""Step n leads from version n to version n + 1."""
VERSION: Final = len(STEPS) + 1
