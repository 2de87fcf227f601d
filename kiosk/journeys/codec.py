"""A case to bytes and back, for its encrypted draft.

Rules, in order: the form carries its version; a newer version is refused, never guessed; bytes that
are no case raise DraftError and nothing else.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from kiosk.domain.errors import DraftError
from kiosk.journeys.model import CaseState

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class _Draft:
    v: int
    state: CaseState


@dataclass(frozen=True, slots=True)
class _Version:
    v: int


def encode(state: CaseState) -> bytes:
    """The state as MessagePack, with its version."""
    return msgspec.msgpack.encode(_Draft(VERSION, state))


def decode(data: bytes) -> CaseState:
    """The state that :func:`encode` wrote.

    Raises:
        DraftError: no draft, or one of a newer version of the program.
    """
    try:
        version = msgspec.msgpack.decode(data, type=_Version).v
        if version != VERSION:
            raise DraftError(f"draft version {version}")
        return msgspec.msgpack.decode(data, type=_Draft).state
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as exc:
        raise DraftError("draft form") from exc
