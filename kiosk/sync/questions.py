"""A question to a colleague at another device of the office, and the answer: what is said.

The central side only carries them between two devices of one office, and forgets them. A question
names the case by its number and by the digest of what is there to be seen; the colleague comes and
looks, and compares the short code on both screens. Nothing in it is about the customer.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from kiosk.audit.checkpoint import slip_code
from kiosk.crypto.digests import unb64u
from kiosk.sync.messages import Message

MAX_OPEN: Final = 64
"""Questions of one office that are told at once."""
LIFE_S: Final = 1800
"""A question is forgotten after half an hour: the customer waits at the counter."""

_Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
_Digest = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
_Agent = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
_About = Annotated[str, Meta(pattern=r"^(person|decision)$")]
_Device = Annotated[str, Meta(pattern=r"^dev-[0-9a-f]{16}$")]
_Token = Annotated[str, Meta(min_length=1, max_length=8192)]


def is_digest(seen: str) -> bool:
    """Whether this is a digest in its one form: not every text of that length is."""
    try:
        return len(unb64u(seen)) == 32
    except ValueError:
        return False


class QuestionPut(Message, frozen=True, forbid_unknown_fields=True):
    """``PUT /v1/devices/{d}/questions/{question}``: the device asks its office.

    Attributes:
        case: which case.
        agent: whose case it is.
        about: ``person`` or ``decision``.
        seen: digest of what is there to be seen (:func:`kiosk.audit.second_word.seen_digest`).
    """

    case: _Hex
    agent: _Agent
    about: _About
    seen: _Digest


class Question(Message, frozen=True, forbid_unknown_fields=True):
    """A question of another device of the office.

    Attributes:
        question: its number, as the asking device gave it.
        device: who asks.
        asked_at: server time, ISO 8601 UTC.
    """

    question: _Hex
    device: _Device
    case: _Hex
    agent: _Agent
    about: _About
    seen: _Digest
    asked_at: Annotated[str, Meta(max_length=40)]

    @property
    def code(self) -> str:
        """Eight characters that both screens show; the same only for the same facts."""
        return slip_code(unb64u(self.seen))


class QuestionList(Message, frozen=True, forbid_unknown_fields=True):
    """``GET /v1/devices/{d}/questions``: what other devices of the office ask, oldest first."""

    questions: Annotated[tuple[Question, ...], Meta(max_length=MAX_OPEN)] = ()


class AnswerPost(Message, frozen=True, forbid_unknown_fields=True):
    """``POST /v1/devices/{d}/answers/{asker}/{question}``: by the device that was answered on.

    Attributes:
        statement: the colleague's word (:mod:`kiosk.audit.second_word`), compact JWS.
        voucher: of the device (:mod:`kiosk.audit.colleagues`), compact JWS.
    """

    statement: _Token
    voucher: _Token


class QuestionState(Message, frozen=True, forbid_unknown_fields=True):
    """``GET /v1/devices/{d}/questions/{question}``: the answer, once there is one."""

    answer: AnswerPost | None = None
