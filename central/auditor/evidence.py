"""The evidence pack of one case: what was done, by which rules, and how anybody can check it.

Rules, in order: redacted unless the order of two auditors says otherwise; what was verified here is
listed with its result, and the means to verify it without this program go with it; the JSON holds
everything, the PDF is the same for people, made from the JSON alone; the auditors who sat there
sign one list of digests over all files. Files: ``evidence.json``, ``evidence.pdf``,
``attachments/`` (unredacted only), ``manifest.jws``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from central.archive.layout import Layout, write_secret
from central.archive.policy_chain import PolicyChain
from central.archive.storage import open_database
from central.auditor.opening import Found, Opened
from central.auditor.opening_log import OpeningLog
from central.auditor.orders import Authority
from central.auditor.proofs import proofs_of
from central.auditor.redaction import redacted
from central.auditor.session import Present
from kiosk import __version__
from kiosk.audit.checkpoint import open_note
from kiosk.audit.entries import entry_leaf
from kiosk.audit.records import Attachment
from kiosk.audit.tree import leaf_hash, verify_inclusion
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_general
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import AuditError
from kiosk.sync.policy import Policy

FORMAT: Final = "visavis-evidence/1"
MANIFEST: Final = "visavis-evidence-manifest/1"
MANIFEST_TYP: Final = "vv-evidence+jws"
HOLDS, FAILS, ABSENT = "holds", "fails", "absent"


@dataclass(frozen=True, slots=True)
class Opening:
    """How the record came to be opened: the order, and its line in the log."""

    authority: Authority
    log: OpeningLog
    line: int


def evidence_of(
    layout: Layout, found: Found, opened: Opened, opening: Opening, now: datetime
) -> dict[str, Any]:
    """The contents of ``evidence.json``.

    Args:
        layout: of the central side.
        found: the record as it is held, sealed.
        opened: the same in clear.
        opening: on whose order.
        now: aware UTC.

    Raises:
        StoreError, PolicyInvalidError: proofs cannot be gathered.
    """
    root = layout.root_public.read_text("ascii").strip()
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            held = found.policy or PolicyChain(unb64u(root)).read(ledger).newest()
            policy = held.policy
            proofs = proofs_of(ledger, found.device, found.entry, found.sealed, policy)
    finally:
        database.close()
    order = opening.authority.order
    shown = opened.contents.record if order.unredacted else redacted(opened.contents.record)
    line, steps = opening.log.proof(opening.line)
    return {
        "format": FORMAT,
        "made_at": now.isoformat(timespec="seconds"),
        "software": {"name": "visavis-central", "version": __version__},
        "redacted": not order.unredacted,
        "record": dict(shown),
        "attachments": _attachments(opened.contents.attachments, shown=order.unredacted),
        "second_agent": {"by": opened.second_agent, "wanted": opened.second_wanted},
        "rules": _rules(policy, root),
        "proofs": proofs,
        "verified": _verified(proofs, policy, opened),
        "opened": {
            "act": order.act.value,
            "order_id": order.order_id,
            "by": order.by,
            "approved_by": opening.authority.approved_by,
            "asked_at": order.at.isoformat(timespec="seconds"),
            "reason": order.reason,
            "ground": order.ground,
            "line": line.decode("utf-8"),
            "seq": opening.line,
            "proof": list(steps),
            "checkpoint": opening.log.checkpoint,
        },
    }


def _rules(policy: Policy, root: str) -> dict[str, Any]:
    return {
        "policy_version": policy.version,
        "policy_issued_at": policy.issued_at.isoformat(),
        "feature_count": policy.feature_count,
        "accept_extended_id_card": policy.accept_extended_id_card,
        "evidence_images": policy.evidence_images,
        "assurance_level": policy.assurance_level,
        "root_public": root,
    }


def _attachments(attachments: Sequence[Attachment], *, shown: bool) -> list[dict[str, Any]]:
    return [{"name": item.name, "bytes": len(item.data), "included": shown} for item in attachments]


def _verified(proofs: dict[str, Any], policy: Policy, opened: Opened) -> list[dict[str, str]]:
    """Every check that was made here, with its result.

    The record itself was opened by :meth:`central.auditor.opening.Opening.read`, which refuses one
    whose signatures or digests do not hold: these hold here, or there would be no pack.
    """
    results = [(name, HOLDS) for name in ("entry_signature", "sealed_bytes", "record_signatures")]
    results.append(("second_agent", HOLDS if opened.second_agent else ABSENT))
    results.append(("journal_inclusion", _journal_holds(proofs)))
    results.append(("receipt", _receipt_holds(proofs, policy)))
    results.append(("one_history", FAILS if proofs["device"]["quarantined"] else HOLDS))
    return [{"check": name, "result": result} for name, result in results]


def _journal_holds(proofs: dict[str, Any]) -> str:
    device = proofs["device"]
    try:
        checkpoint = open_note(device["checkpoint"], device["origin"], unb64u(device["public_key"]))
    except AuditError:
        return FAILS
    good = all(
        "problem" not in entry
        and verify_inclusion(
            entry_leaf(entry["jws"]),
            entry["seq"],
            checkpoint.size,
            [unb64u(step) for step in entry["proof"]],
            checkpoint.root,
        )
        for entry in proofs["entries"]
    )
    return HOLDS if good else FAILS


def _receipt_holds(proofs: dict[str, Any], policy: Policy) -> str:
    receipt = proofs["receipt"]
    if receipt is None:
        return ABSENT
    try:
        checkpoint = open_note(
            receipt["checkpoint"], policy.collector.log_origin, policy.collector.log_public
        )
    except AuditError:
        return FAILS
    good = verify_inclusion(
        leaf_hash(receipt["leaf"].encode()),
        receipt["index"],
        checkpoint.size,
        [unb64u(step) for step in receipt["proof"]],
        checkpoint.root,
    )
    return HOLDS if good else FAILS


def write_pack(
    folder: Path, evidence: dict[str, Any], attachments: Sequence[Attachment], present: Present
) -> dict[str, str]:
    """Write the pack into a new folder; digests by name of file, base64url.

    Raises:
        FileExistsError: the folder is there already.
        OSError: it cannot be written.
    """
    from central.auditor.evidence_pdf import evidence_pdf

    folder.mkdir(mode=0o700, parents=True)
    told = canonical_json(evidence)
    files = {"evidence.json": told, "evidence.pdf": evidence_pdf(evidence, b64u(sha256(told)))}
    if not evidence["redacted"]:
        files |= {f"attachments/{item.name.rpartition('/')[2]}": item.data for item in attachments}
    return write_signed(folder, files, [key for _, key in present.signers])


def write_signed(
    folder: Path, files: dict[str, bytes], keys: Sequence[SigningKey]
) -> dict[str, str]:
    """Write files, and a list of their digests that everybody present signs."""
    digests = {}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_secret(path, data)
        digests[name] = b64u(sha256(data))
    manifest = canonical_json({"format": MANIFEST, "files": digests})
    write_secret(folder / "manifest.jws", sign_general(manifest, keys, MANIFEST_TYP))
    return digests
