"""Cryptography in one room: signatures, sealing, age files, PIN keys, notes, certificates."""
