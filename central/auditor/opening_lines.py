"""One act of auditors as one line of canonical JSON, as it stands in the log of openings.

Rules, in order: a line says what, about which record, on which order (both tokens stand in it),
granted or blocked and why, under which statement of control, and the root of everything before; it
is signed by everybody present; it holds nothing personal; it is read back to the very bytes that
were written, or refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from central.auditor.refusal import AuditRefusedError
from kiosk.crypto.canonical import canonical_json, parse_json

PROFILE: Final = "visavis-opening/1"
GRANTED, BLOCKED = "granted", "blocked"
_LABEL: Final = b"visavis-opening/1\n"
_MAX_LINE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One act.

    Attributes:
        at: ISO 8601 UTC, by the clock of the machine.
        act: value of :class:`central.auditor.orders.Act`.
        result / why: GRANTED, or BLOCKED and the word for it.
        record_id / device_id: of the record, or ``""``.
        order_id: of the order, or ``""``.
        order / approval: the tokens, or ``""``.
        detail: counts and names of checks, nothing personal.
        seq: place in the log.
        prev_root: root over every line before, base64url.
        statement: number and terms of the statement of control that it was made under; ``""`` in
            lines from before they said so, and where there is no statement.
        signatures: fingerprint of a key to its signature.
    """

    at: str
    act: str
    result: str
    record_id: str = ""
    device_id: str = ""
    why: str = ""
    order_id: str = ""
    order: str = ""
    approval: str = ""
    detail: str = ""
    seq: int = 0
    prev_root: str = ""
    v: str = PROFILE
    statement: str = ""
    signatures: Mapping[str, str] = field(default_factory=dict)

    def _told(self) -> dict[str, Any]:
        told = asdict(self)
        if not self.statement:
            del told["statement"]
        return told

    def signed_bytes(self) -> bytes:
        """What those present sign."""
        told = self._told()
        del told["signatures"]
        return _LABEL + canonical_json(told)

    def data(self) -> bytes:
        """The line as it is written, without its end."""
        return canonical_json(self._told())


def parse_line(data: bytes) -> Line | None:
    """A line; None for one from before this form. Raises AuditRefusedError (``log``)."""
    try:
        told: Any = parse_json(data, _MAX_LINE)
        if isinstance(told, dict) and "v" not in told and "record_id" in told:
            return None
        line = msgspec.convert(told, Line)
        datetime.fromisoformat(line.at)
        exact = line.data() == data and line.v == PROFILE
    except (ValueError, msgspec.ValidationError) as exc:
        raise AuditRefusedError("log", "a line is damaged") from exc
    if not exact:
        raise AuditRefusedError("log", "a line is damaged")
    return line
