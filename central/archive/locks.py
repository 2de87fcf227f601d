"""Locks that last as long as a transaction, by the name of what is written.

PostgreSQL knows them as advisory locks. SQLite has one writer at a time, and needs none.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

ERASURES = "erasures"
"""Scope of orders of erasure and holds: who writes them keeps out whoever takes a record in."""
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:scope, 0))")
_SHARE = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:scope, 0))")


def lock(connection: Connection, scope: str) -> None:
    """Wait for other writers of ``scope``, and keep them out until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"scope": f"visavis/{scope}"})


def share(connection: Connection, scope: str) -> None:
    """Wait for writers of ``scope``, keep them out, and let others share it meanwhile."""
    if connection.dialect.name == "postgresql":
        connection.execute(_SHARE, {"scope": f"visavis/{scope}"})
