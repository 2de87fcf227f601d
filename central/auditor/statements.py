"""Which statement of control each line of the log was made under, and what may follow them.

Rules, in order:

1. Every line names the number and the terms of the statement that it was made under; numbers never
   go back. A folder whose statement is older than the newest line was put back, and is refused.
2. Other terms (auditors, quotas, identity) name the terms before them. They count only where the
   log says that the auditors of the terms before agreed on these very ones, and on no others since:
   the policy root signs them, and cannot make them alone.
3. The terms before stand in the line of that agreement. They are believed because the statement in
   force, which the root signed, leads back to them by their digests: nobody needs the keys of roots
   that were replaced.
4. Whoever an agreement leaves out signs nothing after it, from that line on, and of the quotas
   before and after the smaller one counts until the statement is in place.

A statement that is signed anew with the same terms, because other keys of the root took over, needs
no agreement. A log that is cut together with the statement is missed as any cut log is
(:mod:`central.auditor.opening_log`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from central.archive.control import Control, control_json, parse_control
from central.archive.layout import FolderError
from central.auditor.opening_lines import GRANTED, Line
from central.auditor.orders import Act
from central.auditor.refusal import AuditRefusedError
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.domain.ids import KeyId

_NOBODY: Final[frozenset[KeyId]] = frozenset()


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the auditors agreed on.

    Attributes:
        before: the statement under which they did.
        serial / terms: number and terms of the one that follows.
        without: signing keys of those who are no auditors in it.
        per_hour / per_day: its quotas.
    """

    before: Control
    serial: int
    terms: str
    without: frozenset[KeyId]
    per_hour: int
    per_day: int

    def text(self) -> str:
        """As it stands in the line."""
        told = {
            "before": parse_json(control_json(self.before)),
            "serial": self.serial,
            "terms": self.terms,
            "without": sorted(self.without),
            "per_hour": self.per_hour,
            "per_day": self.per_day,
        }
        return canonical_json(told).decode("utf-8")


def agreement_on(before: Control, following: Control) -> Agreement:
    """The agreement that one statement follows another."""
    gone = set(before.keys) - set(following.keys)
    return Agreement(
        before,
        following.serial,
        following.terms,
        frozenset(map(KeyId, gone)),
        following.per_hour,
        following.per_day,
    )


def agreement_of(line: Line) -> Agreement | None:
    """What a line says was agreed on. Raises AuditRefusedError (``log``)."""
    if line.act != Act.AUDITORS or line.result != GRANTED:
        return None
    try:
        told: Any = parse_json(line.detail.encode("utf-8"))
        before = parse_control(canonical_json(told.pop("before")))
        agreed = msgspec.convert({**told, "before": before}, Agreement)
    except (ValueError, TypeError, LookupError, AttributeError, FolderError) as exc:
        raise AuditRefusedError("log", f"line {line.seq}: what was agreed on") from exc
    if line.statement != named(before):
        raise AuditRefusedError("log", f"line {line.seq}: agreed on under another statement")
    return agreed


def named(control: Control) -> str:
    """Number and terms, as lines name them."""
    return f"{control.serial} {control.terms}"


@dataclass(frozen=True, slots=True)
class Under:
    """What a line was made under: whose keys count, and whose do not any more."""

    control: Control
    barred: frozenset[KeyId] = _NOBODY


@dataclass(frozen=True, slots=True)
class Course:
    """How statements followed one another.

    Attributes:
        lines: one value a line.
        now: what the next line is made under.
        open: what was agreed on and does not hold yet, or None.
    """

    lines: tuple[Under, ...]
    now: Under
    open: Agreement | None


def course_of(lines: Sequence[Line], control: Control) -> Course:
    """Follow the statements from the first line to the one in force.

    Args:
        lines: oldest first; signatures are not looked at here.
        control: the folder's statement, signed by the policy root.

    Raises:
        AuditRefusedError: ``statement``: it was put back, or nobody agreed on it; ``log``.
    """
    agreed = [agreement_of(line) for line in lines]
    _require_not_put_back(lines, control)
    controls = _controls(lines, [one.before for one in agreed if one is not None], control)
    under, open_now = list[Under](), None
    for before, now, word in zip([None, *controls], controls, [*agreed, None], strict=False):
        if before is not None and before.terms != now.terms:
            if open_now is None or open_now.terms != now.terms:
                raise AuditRefusedError(
                    "statement", f"the auditors did not agree on statement {now.serial}"
                )
            open_now = None
        under.append(Under(now, open_now.without if open_now is not None else _NOBODY))
        open_now = word or open_now
    return Course(tuple(under[:-1]), under[-1], open_now)


def _require_not_put_back(lines: Sequence[Line], control: Control) -> None:
    newest = 0
    for line in lines:
        number, space, _ = line.statement.partition(" ")
        if not line.statement:
            continue
        if not (space and number.isascii() and number.isdecimal()) or int(number) < newest:
            raise AuditRefusedError("log", f"line {line.seq}: statement out of order")
        newest = int(number)
    if control.serial < newest:
        raise AuditRefusedError(
            "statement",
            f"the log of openings has seen statement {newest}, and statement {control.serial} lies "
            "here: an older one was put back",
        )


def _controls(
    lines: Sequence[Line], before: Sequence[Control], control: Control
) -> tuple[Control, ...]:
    """The statement of each line, and the one in force behind them: from the newest line back."""
    known = {one.terms: one for one in before}
    found, now, terms = [control], control, control.terms
    for line in reversed(lines):
        said = line.statement.partition(" ")[2]
        if said and said != terms:
            if said != now.prev or said not in known:
                raise AuditRefusedError(
                    "statement",
                    f"statement {now.serial} does not follow the one of line {line.seq}",
                )
            now, terms = known[said], said
        found.append(now)
    if now.prev:
        raise AuditRefusedError(
            "statement", f"the log of openings does not say what statement {now.serial} follows"
        )
    return tuple(reversed(found))
