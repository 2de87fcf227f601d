"""Pixels in, measurements out: outline, zone, quality, portrait, decoding, voting. Pure."""
