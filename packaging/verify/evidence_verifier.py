"""Proves an evidence pack without any part of the product: this file, Python, `cryptography`.

    python3 evidence_verifier.py FOLDER --auditor KEY [--auditor KEY] --device KEY --log KEY

FOLDER is what ``visavis-central audit evidence`` wrote. Each KEY is an Ed25519 public key, 64
hexadecimal digits or a C2SP verifier key, and comes from elsewhere than the pack: auditors' keys
from the operator, the device's and the log's from the central side's register. Give every auditor
who sat there.

What is proven, in order: each file by its digest in ``manifest.jws``, which every auditor named
signed; each journal entry by the device's signature, and its place in the tree that the device's
checkpoint states (RFC 6962, C2SP signed note); the receipt by its place in the tree that the
central log's checkpoint states, and that it names this device, this entry and the sealed bytes;
the line of the log of openings by the auditors' signatures and its place in that log.
What is not: that the words in the pack are those of the sealed record. That stands on the
auditors' signatures, because only they could open it.
Exit code 0: proven. 1: every fault is named. 2: wrong use, or not a pack.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT, MANIFEST = "visavis-evidence/1", "visavis-evidence-manifest/1"
Keys = list[bytes]


class Fault(Exception):  # noqa: N818 - a finding, and the words for it
    """What is wrong."""


def digest(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def b64u(data: bytes) -> str:
    """base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text: str) -> bytes:
    """Its inverse, for the one exact form only."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as exc:
        raise Fault("form") from exc
    if b64u(data) != text:
        raise Fault("form")
    return data


def canonical(value: Any) -> bytes:
    """RFC 8785 for what stands here: texts, whole numbers, lists, objects with plain names."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signed_by(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` over ``message`` is by ``key``, 32 bytes (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(key: bytes) -> str:
    """First 16 hexadecimal digits of its SHA-256."""
    return digest(key).hex()[:16]


def jws_part(protected: str, payload: str, signature: str, keys: Keys, typ: str) -> bytes:
    """The key that signed this JWS. Raises Fault."""
    header = json.loads(unb64u(protected))
    if (header.get("alg"), header.get("typ")) != ("EdDSA", typ):
        raise Fault("JWS header")
    for key in keys:
        if header.get("kid") == key_id(key):
            if signed_by(key, f"{protected}.{payload}".encode(), unb64u(signature)):
                return key
            raise Fault("signature")
    raise Fault("signed by a key that was not given")


def included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    node, last, value = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = digest(b"\x01" + step + value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = digest(b"\x01" + value + step)
        node, last = node >> 1, last >> 1
    return last == 0 and value == root


def checkpoint(note: str, keys: Keys) -> tuple[str, int, bytes]:
    """Origin, size and root of a signed note (C2SP), signed by one of these keys. Raises Fault."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    for line in signatures.splitlines():
        _, _, encoded = line.removeprefix("\u2014 ").rpartition(" ")
        blob = base64.b64decode(encoded)
        if any(signed_by(key, text.encode(), blob[4:]) for key in keys) and len(lines) == 4:
            return lines[0], int(lines[1]), base64.b64decode(lines[2])
    raise Fault("checkpoint: not signed by a key that was given")


def files(folder: Path, auditors: Keys) -> None:
    """Every file by its digest, every auditor by the signature."""
    manifest = json.loads((folder / "manifest.jws").read_bytes())
    payload = manifest["payload"]
    signers = {
        jws_part(one["protected"], payload, one["signature"], auditors, "vv-evidence+jws")
        for one in manifest["signatures"]
    }
    if signers != set(auditors):
        raise Fault("an auditor whose key was given did not sign")
    told = json.loads(unb64u(payload))
    if told["format"] != MANIFEST:
        raise Fault("manifest")
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    for name in sorted(there - {"manifest.jws"} - set(told["files"])):
        raise Fault(f"{name}: not in the manifest")
    for name, expected in told["files"].items():
        if not (folder / name).is_file() or b64u(digest((folder / name).read_bytes())) != expected:
            raise Fault(f"{name}: not the file that was signed")


def journal(proofs: dict[str, Any], device: bytes) -> None:
    """Every entry signed by the device, and in its journal."""
    told = proofs["device"]
    origin, size, root = checkpoint(told["checkpoint"], [device])
    if origin != told["origin"]:
        raise Fault("checkpoint of another journal")
    for entry in proofs["entries"]:
        parts = entry["jws"].split(".")
        jws_part(*parts, [device], "vv-entry+jws")
        header = json.loads(unb64u(parts[1]))
        if (header["seq"], header["device_id"]) != (entry["seq"], told["device_id"]):
            raise Fault(f"entry {entry['seq']}: number or device")
        leaf = digest(b"\x00" + entry["jws"].encode())
        steps = [unb64u(step) for step in entry["proof"]]
        if not included(leaf, entry["seq"], size, steps, root):
            raise Fault(f"entry {entry['seq']}: not in the journal")
        if entry["seq"] == proofs["record_entry"]:
            sealed = proofs["sealed"]
            for name in ("payload_sha256", "age_header_sha256"):
                if header[name] != sealed[name]:
                    raise Fault(f"entry {entry['seq']}: {name}")


def record(evidence: dict[str, Any]) -> None:
    """The pack is about the record that the entry announces, with the outcome it tells."""
    proofs, shown = evidence["proofs"], evidence["record"]
    (own,) = [one for one in proofs["entries"] if one["seq"] == proofs["record_entry"]]
    header = json.loads(unb64u(own["jws"].split(".")[1]))
    if header["record_id"] != shown["record_id"]:
        raise Fault("another record")
    told = (header["facts"].get("outcome"), header["facts"].get("case"))
    facts = shown.get("visavis", {})
    held = (facts.get("decision", {}).get("outcome"), facts.get("case_id"))
    if header["kind"] == "verify_close" and None not in told and told != held:
        raise Fault("the outcome is not the one that the entry tells")


def receipt(proofs: dict[str, Any], log: bytes) -> None:
    """The receipt names these bytes, and is in the central log."""
    told = proofs["receipt"]
    if told is None:
        raise Fault("receipt: none; the central side had not committed to this record")
    _, size, root = checkpoint(told["checkpoint"], [log])
    steps = [unb64u(step) for step in told["proof"]]
    leaf = digest(b"\x00" + told["leaf"].encode())
    if not included(leaf, told["index"], size, steps, root):
        raise Fault("receipt: not in the central log")
    named = json.loads(told["leaf"])
    (entry,) = [one for one in proofs["entries"] if one["seq"] == proofs["record_entry"]]
    expected = (
        proofs["device"]["device_id"],
        proofs["record_entry"],
        b64u(digest(b"\x00" + entry["jws"].encode())),
        proofs["sealed"]["blob_sha256"],
    )
    if (named["device"], named["seq"], named["entry"], named["blob"]) != expected:
        raise Fault("receipt: of another record")


def opening(opened: dict[str, Any], record_id: str, auditors: Keys) -> None:
    """The line that allowed the pack: about this record, signed by the auditors, in their log."""
    line = json.loads(opened["line"])
    if canonical(line) != opened["line"].encode() or line["result"] != "granted":
        raise Fault("opening: line")
    if (line["record_id"], line["act"], line["order_id"]) != (
        record_id,
        "evidence",
        opened["order_id"],
    ):
        raise Fault("opening: of another record or order")
    bare = {name: value for name, value in line.items() if name != "signatures"}
    message = b"visavis-opening/1\n" + canonical(bare)
    for key in auditors:
        signature = line["signatures"].get(key_id(key), "")
        if not signed_by(key, message, unb64u(signature)):
            raise Fault("opening: an auditor whose key was given did not sign the line")
    _, size, root = checkpoint(opened["checkpoint"], auditors)
    steps = [unb64u(step) for step in opened["proof"]]
    leaf = digest(b"\x00" + opened["line"].encode())
    if not included(leaf, opened["seq"], size, steps, root):
        raise Fault("opening: not in the log of openings")


def raw_key(text: str) -> bytes:
    """A public key in hexadecimal, or of a C2SP verifier key ``name+hash+base64``."""
    if text.count("+") >= 2:
        raw = base64.b64decode(text.split("+", 2)[2])[1:]
    else:
        raw = bytes.fromhex(text)
    if len(raw) != 32:
        raise ValueError("32 bytes")
    return raw


def main() -> int:
    """Check, and say what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--auditor", type=raw_key, action="append", required=True)
    parser.add_argument("--device", type=raw_key, required=True)
    parser.add_argument("--log", type=raw_key, required=True)
    given = parser.parse_args()
    try:
        evidence = json.loads((given.folder / "evidence.json").read_text("utf-8"))
        proofs, known = evidence["proofs"], evidence["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        known = False
    if not known:
        sys.stderr.write("not an evidence pack\n")
        return 2
    steps: list[tuple[str, Callable[[], None]]] = [
        ("files", lambda: files(given.folder, given.auditor)),
        ("journal", lambda: journal(proofs, given.device)),
        ("record", lambda: record(evidence)),
        ("receipt", lambda: receipt(proofs, given.log)),
        (
            "opening",
            lambda: opening(evidence["opened"], evidence["record"]["record_id"], given.auditor),
        ),
    ]
    faults = []
    for name, step in steps:
        try:
            step()
        except Fault as fault:
            faults.append(f"{name}: {fault}")
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            faults.append(f"{name}: incomplete")
    for fault in faults:
        print(f"FAULT {fault}")
    print("NOT proven" if faults else f"proven: {len(proofs['entries'])} entries, receipt, opening")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
