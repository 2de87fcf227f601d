"""Identifiers, each a type of its own so that one cannot be passed for another."""

from typing import NewType

CaseId = NewType("CaseId", str)
"""One face-to-face act, from the first code to the receipt: 32 lower-case hexadecimal digits."""

RecordId = NewType("RecordId", str)
"""The sealed record that a case leaves: 32 lower-case hexadecimal digits (128 random bits)."""

RequestId = NewType("RequestId", str)
"""A verification request as its issuer names it (``jti`` of the request token)."""

AgentId = NewType("AgentId", str)
"""An agent as the office knows them (badge or login), never a civil name."""

DeviceId = NewType("DeviceId", str)
"""An enrolled device, ``dev-`` and 16 hexadecimal digits; a new enrolment is a new device."""

OfficeId = NewType("OfficeId", str)
"""A post office or a carrier's depot (for example ``075012``)."""

KeyId = NewType("KeyId", str)
"""First 16 hexadecimal digits of the SHA-256 of a raw public key."""
