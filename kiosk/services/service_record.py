"""The part of a record that tells of the steps around a verification.

What the act was about, and nothing that names more people than it must: the codes of a customer
are nowhere, the answers of a welcome are codes, a signature is an attachment of its own.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import ContactFacts, SecondAgentFacts

_FACTS: Final = (
    "purpose",
    "eligibility",
    "advice",
    "paper_file",
    "identity",
    "visit",
    "item",
    "presence",
    "lookup",
    "signs",
)


def _json(value: object) -> Any:
    """A fact in JSON types only: a tuple is a list there."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _contact(contact: ContactFacts) -> dict[str, str]:
    """An address and how it was confirmed: the statement names the challenge and the time."""
    told = {
        "channel": contact.channel.value,
        "address": contact.address,
        "status": contact.status.value,
    }
    return told | ({"statement": contact.statement} if contact.statement else {})


def _second(word: SecondAgentFacts) -> dict[str, str]:
    """The word of a second agent; a voucher only where they answered on another device."""
    told = {
        "agent_id": word.agent_id,
        "about": word.about.value,
        "verdict": word.verdict.value,
        "statement": word.statement,
    }
    return told | ({"voucher": word.voucher} if word.voucher else {})


def service_facts(state: CaseState) -> dict[str, Any]:
    """Facts of the steps that this case went through, JSON types only, by name of the fact."""
    held = {name: getattr(state, name) for name in _FACTS}
    facts = {name: _json(value) for name, value in held.items() if value}
    if state.second_agent is not None:
        facts["second_agent"] = _second(state.second_agent)
    if state.contacts:
        facts["contacts"] = [_contact(contact) for contact in state.contacts]
    # One word stands under one name, whatever it is about; of two, that about the person beside.
    if state.second_opinion is not None:
        beside = "second_agent" if state.second_agent is None else "second_opinion"
        facts[beside] = _second(state.second_opinion)
    if state.signature is not None:
        facts["signature"] = {"unable": state.signature.unable}
    return facts
