"""What of a record may be shown without saying who the person is.

Rules, in order: nothing is shown that is not on the list below, so that a field of a later version
is masked until somebody has thought about it; what is masked stays visible as masked; no digest of
the whole record is given out with a masked one, because names and numbers could be tried against
it. The suspicion of fraud is masked too: it is a restricted flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "masked"
"""A masked value is the object ``{"masked": true}``, which no record holds by itself."""

_CHECK = ("code", "verdict", "detail")
_V = ("visavis",)
_SHOWN: Final = frozenset(
    {
        ("profile",),
        ("record_id",),
        *(
            (*_V, name)
            for name in (
                *("case_id", "procedure", "channel", "last_step", "office_id", "agent_id"),
                *("device_id", "app_build", "policy_version"),
            )
        ),
        *((*_V, "request", name) for name in ("issuer", "request_id", "service", "key_id")),
        *((*_V, "document", name) for name in ("kind", "layout", "issuer")),
        *((*_V, "document", f"{name}_truncated") for name in ("surname", "given_names")),
        *((*_V, "reading", "checks", name) for name in _CHECK),
        *((*_V, "checks", name) for name in _CHECK),
        *(
            (*_V, "reading", "sides", name)
            for name in (
                *("side", "by_hand", "frames_agreeing", "sharpness_percent", "seal"),
                *("seen_as", "printed_fields"),
            )
        ),
        (*_V, "reading", "typed_fields"),
        (*_V, "reading", "field_sources", "*"),
        (*_V, "ticked"),
        *((*_V, "features", name) for name in ("feature_id", "kind", "verdict")),
        *(
            (*_V, "person", name)
            for name in ("verdict", "zones", "questions_asked", "questions_consistent")
        ),
        *((*_V, "decision", name) for name in ("outcome", "reasons")),
        *((*_V, "notice", name) for name in ("version", "consent")),
        *((*_V, "times", name) for name in ("opened_at", "sealed_at")),
        *((*_V, "hands", name) for name in ("from", "to", "at", "how")),
        (*_V, "catalogues", "*"),
        *((*_V, "rules", name) for name in ("day", "policy_version")),
        (*_V, "attachments", "extension"),
        *((*_V, "linked", name) for name in ("kind", "record_id")),
        *((*_V, "service", "second_agent", name) for name in ("agent_id", "about", "verdict")),
        *((*_V, "service", "second_opinion", name) for name in ("agent_id", "about", "verdict")),
        *(
            ("verified_claims", "verification", name)
            for name in ("trust_framework", "assurance_level", "time", "verification_process")
        ),
        *(
            ("verified_claims", "verification", "assurance_process", name)
            for name in ("policy", "procedure")
        ),
        ("verified_claims", "verification", "evidence", "type"),
        *(
            ("verified_claims", "verification", "evidence", "check_details", name)
            for name in ("check_method", "check_id", "organization")
        ),
    }
)


def redacted(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with everything masked that is not on the list; lists keep their place in it."""
    return {name: _masked(value, (name,)) for name, value in record.items()}


def is_masked(value: object) -> bool:
    """Whether this stands in place of something."""
    return value == {MASK: True}


def _masked(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {name: _masked(item, (*path, name)) for name, item in value.items()}
    if isinstance(value, list):
        if all(isinstance(item, Mapping) for item in value):
            return [_masked(item, path) for item in value]
        return value if _shown(path) and not any(map(_nested, value)) else {MASK: True}
    return value if value is None or _shown(path) else {MASK: True}


def _shown(path: tuple[str, ...]) -> bool:
    return path in _SHOWN or (*path[:-1], "*") in _SHOWN


def _nested(value: object) -> bool:
    return isinstance(value, (Mapping, list))
