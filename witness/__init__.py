"""A witness: a small program of a second party that cosigns checkpoints of logs."""
