"""Adding and withdrawing auditors, and other quotas: two who sit there agree, then the root signs.

Rules, in order:

1. What is to change stands in the order, a sentence each; a request and an approval of two auditors
   say so and why, as for every act, and the line in the log of openings binds the very terms.
2. Whoever is withdrawn signs nothing from that line on. Records are sealed to a new identity from
   the policy that names it: the one withdrawn never had a share of that.
3. Shares of every identity, those before included, are sealed anew for each pair of the auditors
   there will be; shares for other pairs are taken away when the statement is put in place.
4. The statement counts once the policy root has signed it (:mod:`central.auditor.statements`).

What this cannot do: a header of a record that was sealed before stays sealed to the identity of
before, because its digest stands in the device's journal. Whoever kept copies of old shares opens
such a record with one more auditor of then and a copy of the record, outside of this program.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime

from central.archive.control import (
    SINGLE_NAME,
    Auditor,
    Control,
    Mode,
    control_json,
    keep_control,
    parse_control,
    signed_control,
)
from central.archive.layout import FolderError, Layout
from central.archive.policy_chain import stored_policies
from central.auditor.keys import drop_other_shares, require_shares, write_shares
from central.auditor.opening_log import held
from central.auditor.orders import Act
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import Session
from central.auditor.statements import agreement_on
from kiosk.crypto.age import Identity, kid_of


@dataclass(frozen=True, slots=True)
class Change:
    """What is to change.

    Attributes:
        add: public halves of new auditors.
        withdraw: names.
        per_hour / per_day: openings that are granted at most; None: as before.
    """

    add: tuple[Auditor, ...] = ()
    withdraw: tuple[str, ...] = ()
    per_hour: int | None = None
    per_day: int | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """As an order names it: keys by their fingerprints, so that they can be compared aloud."""
        quotas = (("per hour", self.per_hour), ("per day", self.per_day))
        return (
            *(f"add {one.name}, keys {one.kid} and {kid_of(one.age)}" for one in self.add),
            *(f"withdraw {name}" for name in self.withdraw),
            *(f"{count} {what}" for what, count in quotas if count is not None),
        )

    def applied(self, control: Control, fresh: Identity | None, at: str) -> Control:
        """The statement that follows.

        Args:
            control: in force.
            fresh: the new identity, where somebody is withdrawn.
            at: ISO 8601 UTC.

        Raises:
            AuditRefusedError: ``statement``: nothing changes, or nobody would take it.
        """
        names = {one.name for one in control.auditors}
        if not self.words or not set(self.withdraw) <= names:
            raise AuditRefusedError("statement", "nothing changes, or nobody of that name")
        auditors = (*(a for a in control.auditors if a.name not in self.withdraw), *self.add)
        others = bool(self.add or self.withdraw)
        mode = Mode.DUAL if others else control.mode
        if mode is Mode.DUAL and (len(auditors) < 2 or SINGLE_NAME in {a.name for a in auditors}):
            raise AuditRefusedError(
                "statement", "two auditors with key files at least must be left"
            )
        serial = control.serial + 1
        following = replace(
            control,
            mode=mode,
            auditors=auditors,
            per_hour=self.per_hour or control.per_hour,
            per_day=self.per_day or control.per_day,
            serial=serial,
            made_at=at,
            prev=control.terms,
            shares=f"{serial}-{os.urandom(4).hex()}" if others else control.shares,
        )
        if fresh is not None:
            retired = (*control.retired, control.recipient)
            following = replace(following, recipient=kid_of(fresh.recipient), retired=retired)
        try:
            return parse_control(control_json(following))
        except FolderError as exc:
            raise AuditRefusedError("statement", "names or keys twice, or a quota of none") from exc


@dataclass(frozen=True, slots=True)
class Agreed:
    """What two auditors agreed on.

    Attributes:
        control: to be signed by the policy root.
        recipients: whom the next policy seals records to, ``PURPOSE:age1pq…``; empty: as before.
    """

    control: Control
    recipients: tuple[str, ...] = ()


def agree(layout: Layout, at_work: Session, change: Change, now: datetime) -> Agreed:
    """Agree on a change under the order of the session; written down first.

    Raises:
        AuditRefusedError: ``order``: it names another change; ``statement``; as every act.
        FolderError: the folder is older than statements of control.
    """
    present, order = at_work.present, at_work.authority.order
    if order.act is not Act.AUDITORS or order.about.change != change.words:
        raise AuditRefusedError("order", "it names another change")
    if not layout.control.is_file():
        raise FolderError("this central side is older than statements of control")
    control = present.control
    fresh = Identity.generate() if change.withdraw else None
    following = change.applied(control, fresh, now.isoformat())
    at_work.grant([], now, agreement_on(control, following).text())
    if following.shares != control.shares:
        newest = () if fresh is None else (fresh,)
        write_shares(layout, following, (*newest, *present.identities))
    return Agreed(following, () if fresh is None else _recipients(layout, control, fresh))


def put_in_place(layout: Layout, token: str) -> Control:
    """Put a signed statement in place, and take away the shares that it does not use.

    May be called again with the same one, where a crash came between the two.

    Raises:
        FolderError: not signed by the root in force, not newer, or its shares are missing.
        AuditRefusedError: ``statement``: the auditors did not agree on its terms; ``log``.
    """
    control = signed_control(layout, token)
    with held(layout, control):
        require_shares(layout, control)
        if layout.control.read_text("ascii").strip() != token.strip():
            keep_control(layout, token)
        drop_other_shares(layout, control)
    return control


def _recipients(layout: Layout, control: Control, fresh: Identity) -> tuple[str, ...]:
    """The recipients of the newest policy, with the new identity in the place of those before.

    The policy may be a withdrawal behind: it names an identity of before the one in use, then.
    """
    before = {control.recipient, *control.retired}
    recipients = stored_policies(layout).newest().policy.recipients
    purpose = next((one.purpose for one in recipients if one.kid in before), "audit")
    others = (f"{one.purpose}:{one.age}" for one in recipients if one.kid not in before)
    return (f"{purpose}:{fresh.recipient}", *others)
