"""How the collector's log is named, and what the root says where it was put back to a backup.

A log that rolled back may not go on under its name: whoever saw more of it would hold a signed word
against it for ever. It goes on under the next name (``<collector>/2``, ``<collector>/3`` ...), and
the policy says in so many words which one ended where.

Rules, in order, for what a policy states: the log is named by its collector, with or without a
number; keys that signed it before bear its very name; every log that ended is named once, in order,
none after the one that goes on, with the tree that it was put back to; a policy never takes back
what the one before it stated.
Source: C2SP ``tlog-checkpoint`` (an origin is one append-only log) and ``tlog-witness``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

from kiosk.crypto.digests import unb64u
from kiosk.crypto.notes import parse_verifier_key

MAX_RESTORED: Final = 16
MAX_FORMER: Final = 8
_HASH_BYTES: Final = 32
_FIRST: Final = 1
MAX_WHY: Final = 200
_Word = Annotated[str, Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class Restoration:
    """A log that was put back to a backup, and ended there.

    Attributes:
        log_key: verifier key of the log that ended.
        size: leaves of the tree that it was put back to: what came after is lost to the log.
        root: of that tree, base64url.
        at: when it was stated, aware UTC.
        why: in the operator's words, nothing personal.
        former: verifier keys that signed that log before ``log_key``.
    """

    log_key: _Word
    size: Annotated[int, Meta(ge=0, le=2**40)]
    root: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
    at: datetime
    why: Annotated[str, Meta(max_length=MAX_WHY)]
    former: Annotated[tuple[_Word, ...], Meta(max_length=MAX_FORMER)] = ()

    @property
    def log_origin(self) -> str:
        """Name of the log that ended."""
        return name_of(self.log_key)

    @property
    def root_hash(self) -> bytes:
        """The root, 32 bytes."""
        return unb64u(self.root)


def name_of(log_key: str) -> str:
    """Name of the log that a verifier key belongs to."""
    return log_key.partition("+")[0]


def epoch_of(origin: str, log_origin: str) -> int:
    """Which of a collector's logs this is, 1 for the first. Raises ValueError."""
    if log_origin == origin:
        return _FIRST
    prefix, _, number = log_origin.rpartition("/")
    plain = number.isascii() and number.isdecimal() and not number.startswith("0")
    if prefix != origin or not plain or len(number) > 4 or int(number) == _FIRST:
        raise ValueError("log name")
    return int(number)


def next_name(origin: str, log_origin: str) -> str:
    """The name under which a log goes on after it was put back. Raises ValueError."""
    return f"{origin}/{epoch_of(origin, log_origin) + 1}"


def check_log_terms(
    origin: str, log_key: str, former: Sequence[str], restored: Sequence[Restoration]
) -> None:
    """Raises ValueError unless the logs of a collector are named as the rules say."""
    epochs = [epoch_of(origin, _name_of_all(log_key, former))]
    for ended in reversed(restored):
        epochs.append(epoch_of(origin, _name_of_all(ended.log_key, ended.former)))
        if ended.at.tzinfo is None or len(ended.root_hash) != _HASH_BYTES:
            raise ValueError("restoration")
    if any(later <= earlier for later, earlier in itertools.pairwise(epochs)):
        raise ValueError("order of restored logs")


def _name_of_all(log_key: str, former: Sequence[str]) -> str:
    """The one name that these different keys of a log bear. Raises ValueError."""
    keys = [parse_verifier_key(key) for key in (log_key, *former)]
    if len({public for _, public in keys}) != len(keys) or len({name for name, _ in keys}) != 1:
        raise ValueError("log keys")
    return keys[0][0]
