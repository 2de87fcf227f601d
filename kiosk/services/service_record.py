"""The part of a record that tells of the steps around a verification.

What the act was about, and nothing that names more people than it must: the codes of a customer
are nowhere, the answers of a welcome are codes, a signature is an attachment of its own.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kiosk.journeys.model import CaseState

_FACTS: Final = (
    "purpose",
    "eligibility",
    "advice",
    "paper_file",
    "contacts",
    "identity",
    "visit",
    "item",
    "presence",
    "second_agent",
)


def service_facts(state: CaseState) -> dict[str, Any]:
    """Facts of the steps that this case went through, JSON types only, by name of the fact."""
    held = {name: getattr(state, name) for name in _FACTS}
    facts = {name: msgspec.to_builtins(value) for name, value in held.items() if value}
    if state.signature is not None:
        facts["signature"] = {"unable": state.signature.unable}
    return facts
