"""What the tables may hold: a new column is a decision, not an accident."""

from kiosk.vault import schema

# Columns that hold no personal data of an applicant, or only ciphertext of their own.
CONSIDERED = {
    "agents": {
        "agent_id",
        "display_name",
        "role",
        "kdf",
        "salt",
        "public_key",
        "wrapped_signing_key",
        "wrapped_shift_key",
        "failures",
        "last_try_at",
        "last_try_mono_ms",
        "last_try_boot",
    },
    "drafts": {"case_id", "agent_id", "revision", "step", "updated_at", "sealed"},
    "journal": {"seq", "kind", "record_id", "wall_claimed", "jws"},
    "journal_leaves": {"seq", "leaf", "slip_code"},
    "journal_frontier": {"position", "hash"},
    "outbox": {
        "seq",
        "record_id",
        "state",
        "queued_at",
        "updated_at",
        "attempts",
        "reason",
        "payload_len",
        "purged",
    },
    "blobs": {"seq", "chunk", "data"},
    "named_values": {"name", "value"},
}


def test_no_column_was_added_without_asking_what_it_reveals():
    found = {table.name: set(table.c.keys()) for table in schema.metadata.sorted_tables}
    assert found == CONSIDERED
