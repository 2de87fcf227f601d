"""The journal: entries, hash tree, checkpoints, sealed records, verification. Pure."""
