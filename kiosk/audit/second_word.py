"""The word of a second agent: a statement about one case, signed with their own key, in the record.

Rules, in order: a statement names the case, the device, both agents, the question and the answer,
and the digest of what was there to be seen; it is checked against the very record that holds it;
its key is none of the two that sign the record. A record whose second word does not hold is
refused. Three keys then stand behind a countersigned record: agent, second agent, device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kiosk.audit.colleagues import open_voucher
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_compact, verify_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError
from kiosk.domain.ids import AgentId, CaseId, DeviceId, KeyId

TYP = "vv-second+jws"
PROFILE = "visavis-second/2"
EARLIER = "visavis-second/1"
"""Covers nothing of the steps around a verification; records with it still open."""
MAX_BYTES = 4096
_BEFORE_DECISION = ("person",)
_WITH_DECISION = (
    *("request", "document", "reading", "checks", "ticked", "features", "person", "decision"),
)
# Of the steps around the verification, whatever stands when a colleague is asked to sign.
_AROUND = ("identity", "visit", "item", "presence", "contacts", "lookup", "signs")
# About the person: whatever else may still change, the comparison that was asked about may not.
_SEEN = {"person": _BEFORE_DECISION, "decision": _WITH_DECISION}


@dataclass(frozen=True, slots=True)
class SecondWord:
    """What a second agent signs.

    Attributes:
        v: profile name.
        device_id / case_id: where and about what.
        agent_id / second_id: who decides, who stands by it; never the same.
        about: ``person`` or ``decision``.
        verdict: ``pass``, ``fail`` or ``unsure``.
        seen_sha256: see :func:`seen_digest`.
        at: device time, ISO 8601 UTC.
    """

    v: str
    device_id: DeviceId
    case_id: CaseId
    agent_id: AgentId
    second_id: AgentId
    about: str
    verdict: str
    seen_sha256: str
    at: str


def seen_digest(parts: Mapping[str, Any], about: str, profile: str = PROFILE) -> str:
    """Digest of the parts of a record (its ``visavis`` object) that the second agent stands by.

    Raises:
        ValueError: another question or profile, or a part is missing.
    """
    names = _SEEN.get(about)
    if names is None or not set(names) <= parts.keys() or profile not in (PROFILE, EARLIER):
        raise ValueError("parts")
    seen = {name: parts[name] for name in names}
    if profile == PROFILE and about == "decision":
        service = parts.get("service")
        if not isinstance(service, Mapping):
            raise ValueError("parts")
        seen["service"] = {name: service[name] for name in _AROUND if name in service}
    return b64u(sha256(canonical_json(seen)))


def sign_word(word: SecondWord, key: SigningKey) -> str:
    """The statement, compact JWS."""
    return sign_compact(canonical_json(msgspec.to_builtins(word)), key, TYP)


def open_word(statement: str, keys: Mapping[KeyId, bytes]) -> tuple[SecondWord, KeyId]:
    """A statement and its signer. Raises SignatureInvalidError."""
    payload, kid = verify_compact(statement, keys, TYP, MAX_BYTES)
    try:
        word = msgspec.convert(parse_json(payload, MAX_BYTES), SecondWord)
    except (ValueError, msgspec.ValidationError) as exc:
        raise SignatureInvalidError("second word") from exc
    if word.v not in (PROFILE, EARLIER) or word.second_id == word.agent_id:
        raise SignatureInvalidError("second word")
    return word, kid


def word_fits(word: SecondWord, visavis: Mapping[str, Any]) -> bool:
    """Whether a statement is about this record (its ``visavis`` object), as it stands."""
    try:
        seen = seen_digest(visavis, word.about, word.v)
    except ValueError:
        return False
    return (
        word.case_id == visavis.get("case_id")
        and word.device_id == visavis.get("device_id")
        and word.agent_id == visavis.get("agent_id")
        and word.seen_sha256 == seen
    )


def statement_fits(statement: str, visavis: Mapping[str, Any]) -> bool:
    """The same for a statement whose signature was verified when it was given."""
    parts = statement.split(".")
    try:
        word = msgspec.convert(parse_json(unb64u(parts[1]), MAX_BYTES), SecondWord)
    except (IndexError, ValueError, msgspec.ValidationError):
        return False
    return word_fits(word, visavis)


def check_second_words(
    visavis: Mapping[str, Any],
    keys: Mapping[KeyId, bytes],
    seconds: Mapping[KeyId, bytes] | None = None,
) -> tuple[tuple[SecondWord, KeyId], ...]:
    """The second words of a record and their signers; empty where it has none.

    Where it has two, ``second_agent`` stands by the decision and ``second_opinion`` is about the
    person.

    Args:
        visavis: the object of this name in ``record.json``.
        keys: keys that may have signed the record.
        seconds: only these may have signed as ``second_agent``; where None, ``keys`` and, for a
            word with a voucher, the key that it brings along: whose device that was is then for
            the caller to judge. An opinion of another colleague is not looked at where
            ``seconds`` is given.

    Raises:
        SignatureInvalidError: there is one, and it does not hold for this record.
    """
    service = visavis.get("service")
    told = service if isinstance(service, Mapping) else {}
    second, opinion = told.get("second_agent"), told.get("second_opinion")
    if second is None:
        if opinion is not None:
            raise SignatureInvalidError("second opinion alone")
        return ()
    vouched = seconds is None
    words = [_checked(visavis, second, keys if seconds is None else seconds, vouched=vouched)]
    if opinion is None:
        return tuple(words)
    named = opinion.get("agent_id") if isinstance(opinion, Mapping) else None
    if seconds is None or named == words[0][0].second_id:
        may_sign = keys if seconds is None else seconds
        words.append(_checked(visavis, opinion, may_sign, vouched=vouched))
        if (words[0][0].about, words[1][0].about) != ("decision", "person"):
            raise SignatureInvalidError("second opinion")
    return tuple(words)


def voucher_of(told: object) -> str:
    """The voucher beside a second word in a record; ``""`` where it was given on this device."""
    voucher = told.get("voucher", "") if isinstance(told, Mapping) else ""
    return voucher if isinstance(voucher, str) else ""


def _checked(
    visavis: Mapping[str, Any], told: object, keys: Mapping[KeyId, bytes], *, vouched: bool
) -> tuple[SecondWord, KeyId]:
    """A word and its signer; ``vouched``: a key that its own voucher brings along counts too."""
    if not isinstance(told, Mapping) or not isinstance(told.get("statement"), str):
        raise SignatureInvalidError("second word")
    statement, voucher = told["statement"], voucher_of(told)
    if voucher:
        said, brought = open_voucher(voucher, statement)
        if said.agent_id != told.get("agent_id") or said.device_id == visavis.get("device_id"):
            raise SignatureInvalidError("voucher for another")
        keys = {**keys, **brought} if vouched else keys
    word, kid = open_word(statement, keys)
    named = (told.get("agent_id"), told.get("about"), told.get("verdict"))
    if named != (word.second_id, word.about, word.verdict) or not word_fits(word, visavis):
        raise SignatureInvalidError("second word of another record")
    return word, kid
