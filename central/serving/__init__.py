"""How every server of the central side listens: TLS 1.3, one ready line, an end in order."""
