"""Proves an exported journal without any part of the product: this file, Python, `cryptography`.

    python3 journal_verifier.py EXPORT --key PUBLIC_KEY [--checkpoint FILE] [--slip CODE]

EXPORT is what ``visavis journal export`` wrote: one line of JSON (``format``, ``device_id``,
``checkpoint``), then one entry a line, each a compact JWS. PUBLIC_KEY is the device's Ed25519 key,
from the central side's register and never from the export itself: 64 hexadecimal digits, or a C2SP
verifier key ``name+hash+base64``. What only the device signs, the device can sign again: an end cut
off together with its checkpoint shows against something kept elsewhere, a FILE with an older
checkpoint of this journal (the central side has each) or the eight characters of a client's slip.

An agent's own activity (``visavis agent activity``) is proven by the same command: the entries of
that agent stand there whole, the others as ``#`` and their leaf hash. The first line is signed by
the key that the journal announced for this agent.

What is proven, in order, for each entry: one exact form, the device's signature, its device, its
number, the root of everything before it (RFC 6962), a monotonic clock that never goes back within
one start. Then of the whole: the checkpoint's signature (C2SP signed note), its size and its root.
Visits that were opened and never closed are listed beside the faults: they prove nothing wrong,
they are whom to ask about. So are counts of the machine's chip that no entry tells, which only a
journal that was put back leaves, and counts that went back.
Exit code 0: proven. 1: every fault is named. 2: wrong use, or not an export.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT, PROFILE, TYP = "visavis-journal/1", "visavis-record/1", "vv-entry+jws"
ACTIVITY = "visavis-activity/1"
FIELDS = {
    *("v", "device_id", "seq", "kind", "record_id", "policy_v", "recipients", "age_header_sha256"),
    *("payload_sha256", "payload_len", "prev_root", "ratchet_mac", "boot_id", "mono_ms"),
    *("wall_claimed", "clock_state", "app_build", "facts"),
}
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MAX_HEADER_BYTES = 2048


class Fault(Exception):  # noqa: N818 - a finding, and the one word for it
    """What is wrong, in a word."""


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


def signed_by(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` over ``message`` is by ``key``, 32 bytes (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names stand once each."""
    if len(dict(pairs)) != len(pairs):
        raise Fault("form")
    return dict(pairs)


def exact_object(data: bytes) -> dict[str, Any]:
    """A JSON object in its one canonical form (RFC 8785: ASCII names, no fractions here)."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=once)
        same = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        exact = isinstance(value, dict) and same.encode() == data
    except (ValueError, RecursionError) as exc:
        raise Fault("form") from exc
    if not exact:
        raise Fault("form")
    return value


def opened(entry: str, key: bytes) -> dict[str, Any]:
    """The header of an entry by the device with this key."""
    parts = entry.split(".")
    if len(parts) != 3:
        raise Fault("form")
    about = exact_object(unb64u(parts[0]))
    kid = hashlib.sha256(key).hexdigest()[:16]
    if about != {"alg": "EdDSA", "kid": kid, "typ": TYP}:
        raise Fault("signature: another key or kind")
    if not signed_by(key, f"{parts[0]}.{parts[1]}".encode(), unb64u(parts[2])):
        raise Fault("signature")
    data = unb64u(parts[1])
    header = exact_object(data)
    right = len(data) <= MAX_HEADER_BYTES and set(header) == FIELDS and header["v"] == PROFILE
    if not right or type(header["seq"]) is not int or type(header["mono_ms"]) is not int:
        raise Fault("form")
    return header


class Tree:
    """RFC 6962: complete subtrees, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self.hashes: list[bytes] = []

    def append(self, data: bytes) -> None:
        """One more leaf."""
        self.append_hash(digest(b"\x00" + data))

    def append_hash(self, node: bytes) -> None:
        """One more leaf of which only the hash is known, 32 bytes."""
        size = self.size
        while size & 1:
            node, size = digest(b"\x01" + self.hashes.pop() + node), size >> 1
        self.hashes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Root over all leaves, 32 bytes."""
        if not self.hashes:
            return digest(b"")
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = digest(b"\x01" + left + root)
        return root


def checkpoint(note: str, device_id: str, key: bytes) -> tuple[int, bytes]:
    """Size and root of a checkpoint that this device signed (C2SP tlog-checkpoint)."""
    text, middle, lines = note.rpartition("\n\n")
    text += "\n"
    parts = text.split("\n")
    if not middle or len(parts) != 4 or not (parts[1].isascii() and parts[1].isdecimal()):
        raise Fault("checkpoint: form")
    origin = parts[0]
    if not origin.endswith(f"/device/{device_id}"):
        raise Fault("checkpoint: another journal")
    start = digest(f"{origin}\n".encode() + b"\x01" + key)[:4]
    for line in lines.splitlines():
        try:
            mark, name, encoded = line.split(" ")
            blob = base64.b64decode(encoded, validate=True)
            root = base64.b64decode(parts[2], validate=True)
        except ValueError as exc:
            raise Fault("checkpoint: form") from exc
        ours = (mark, name, blob[:4], len(root)) == ("—", origin, start, 32)
        if ours and signed_by(key, text.encode(), blob[4:]):
            return int(parts[1]), root
    raise Fault("checkpoint: signature")


def slip_code(root: bytes) -> str:
    """The eight characters of a root on a client's slip."""
    number = int.from_bytes(root[:5], "big")
    return "".join(CROCKFORD[number >> 5 * (7 - i) & 31] for i in range(8))


def lost_leaf(entry: str) -> bytes | None:
    """The hash that a device kept of an entry it lost; it still holds the entry's place."""
    if not entry.startswith("lost:"):
        return None
    try:
        leaf = unb64u(entry[len("lost:") :])
    except Fault:
        return None
    return leaf if len(leaf) == 32 else None


def place_faults(
    header: dict[str, Any], device_id: str, tree: Tree, before: dict[str, Any] | None
) -> list[str]:
    """What of an entry's place is wrong."""
    checks = {
        "device": header["device_id"] == device_id,
        "number": header["seq"] == tree.size,
        "chain": header["prev_root"] == b64u(tree.root()),
        "clock": before is None
        or before["boot_id"] != header["boot_id"]
        or before["mono_ms"] <= header["mono_ms"],
    }
    return [name for name, holds in checks.items() if not holds]


def walk(entries: Iterable[str], device_id: str, key: bytes) -> tuple[list[bytes], list[str]]:
    """The root after 0, 1, 2 ... entries, and every fault."""
    tree, before, roots, faults = Tree(), None, [digest(b"")], []
    for entry in entries:
        lost = lost_leaf(entry)
        if lost is not None:
            faults.append(f"entry {tree.size}: lost, only its hash is left")
            before = None
            tree.append_hash(lost)
            roots.append(tree.root())
            continue
        if entry.startswith("#"):
            before = None
            try:
                leaf = unb64u(entry[1:])
            except Fault:
                leaf = b""
            if len(leaf) != 32:
                faults.append(f"entry {tree.size}: form")
            tree.append_hash(leaf)
            roots.append(tree.root())
            continue
        try:
            header = opened(entry, key)
            found = place_faults(header, device_id, tree, before)
            before = header
        except Fault as fault:
            found, before = [str(fault)], None
        faults += [f"entry {tree.size}: {what}" for what in found]
        tree.append(entry.encode())
        roots.append(tree.root())
    return roots, faults


def note_faults(
    note: str, device_id: str, key: bytes, roots: list[bytes], *, whole: bool
) -> list[str]:
    """Whether a checkpoint fits these entries; ``whole``: it must speak of all of them."""
    try:
        size, root = checkpoint(note, device_id, key)
    except Fault as fault:
        return [str(fault)]
    here = len(roots) - 1
    if size > here:
        return [f"checkpoint: {size} entries were there, {here} are here"]
    if whole and size < here:
        return [f"checkpoint: {here} entries are here, {size} are signed for"]
    if roots[size] != root:
        return [f"checkpoint: the first {size} entries are not those it was signed for"]
    return []


def is_activity(about: dict[str, Any]) -> bool:
    """Whether this is the first line of an agent's own activity."""
    names = {"format", "device_id", "checkpoint", "agent", "agent_key", "own_entries", "signature"}
    return set(about) == names and about["format"] == ACTIVITY


def activity_faults(about: dict[str, Any], entries: list[str], key: bytes) -> list[str]:
    """What of the agent's part is wrong: key never announced, signature, entries left out."""
    headers = []
    for entry in entries:
        if entry and not entry.startswith("#"):
            try:
                headers.append(opened(entry, key))
            except Fault:
                continue  # named where the entries are walked
    agent, public = about["agent"], about["agent_key"]
    announced = [
        header["facts"].get("public_key")
        for header in headers
        if header["kind"] == "agent_added" and header["facts"].get("agent") == agent
    ]
    bare = {name: value for name, value in about.items() if name != "signature"}
    message = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    faults = []
    if not announced or announced[-1] != public:
        faults.append("agent: this key was not announced for them")
    if not signed_by(unb64u(str(public)), message, unb64u(str(about["signature"]))):
        faults.append("agent: signature")
    if about["own_entries"] != len(headers):
        faults.append("agent: entries were left out or added")
    parts = ("agent", "by", "from", "to", "with", "second")
    if any(agent not in [header["facts"].get(part) for part in parts] for header in headers):
        faults.append("agent: an entry of somebody else")
    return faults


def prove(
    text: str, key: bytes, elsewhere: Iterable[str] = (), slip: str | None = None
) -> list[str]:
    """Every fault of an export, as ``entry N: word`` or of the whole; empty when it is proven.

    Args:
        text: the export.
        key: the device's public key, 32 bytes.
        elsewhere: older checkpoints of this journal that were kept elsewhere.
        slip: the code on a client's slip, or None.

    Raises:
        Fault: not an export at all.
    """
    first, *entries = text.split("\n")
    about = exact_object(first.encode())
    whole = set(about) == {"format", "device_id", "checkpoint"} and about["format"] == FORMAT
    if not whole and not is_activity(about):
        raise Fault("not an export of a journal")
    faults = [] if whole else activity_faults(about, entries, key)
    if whole and any(entry.startswith("#") for entry in entries):
        faults.append("a whole journal has no entry by its hash alone")
    if not entries or entries.pop() != "":
        faults.append("the file is cut off")
    device_id, own = str(about["device_id"]), str(about["checkpoint"])
    roots, found = walk(entries, device_id, key)
    faults += found
    faults += note_faults(own, device_id, key, roots, whole=True)
    for note in elsewhere:
        faults += note_faults(note, device_id, key, roots, whole=False)
    if slip is not None and slip.upper() not in {slip_code(root) for root in roots[1:]}:
        faults.append("slip: no entry of this journal gave that code")
    return faults


def open_visits(text: str, key: bytes) -> list[str]:
    """Visits that an export opens and never closes: no fault of the journal, but a question."""
    opened_by: dict[str, int] = {}
    for number, entry in enumerate(text.split("\n")[1:]):
        try:
            header = opened(entry, key)
        except Fault:
            continue
        case = header["facts"].get("case") if isinstance(header["facts"], dict) else None
        if header["kind"] == "verify_open":
            opened_by.setdefault(str(case), number)
        elif header["kind"] == "verify_close":
            opened_by.pop(str(case), None)
    return [f"open: visit {case}, opened by entry {n}, has no end" for case, n in opened_by.items()]


def chip_holes(text: str, key: bytes) -> list[str]:
    """Where the counts of the chip do not go on by one; a power cut may repeat one."""
    found, before = [], None
    for number, entry in enumerate(text.split("\n")[1:]):
        try:
            header = opened(entry, key)
        except Fault:
            continue
        count = header["facts"].get("chip") if isinstance(header["facts"], dict) else None
        if header["kind"] != "verify_open" or type(count) is not int:
            continue
        if before is not None and count not in (before, before + 1):
            found.append(f"chip: entry {number} says count {count} after count {before}")
        before = count
    return found


def public_key(text: str) -> bytes:
    """32 bytes of a key written as 64 hexadecimal digits or as a C2SP verifier key."""
    try:
        if text.count("+") < 2:
            key = bytes.fromhex(text)
        else:
            name, start, encoded = text.split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
            right = raw[:1] == b"\x01" and digest(f"{name}\n".encode() + raw)[:4].hex() == start
            key = raw[1:] if right else b""
    except ValueError as exc:
        raise argparse.ArgumentTypeError("not a public key") from exc
    if len(key) != 32:
        raise argparse.ArgumentTypeError("an Ed25519 key has 32 bytes")
    return key


def main() -> int:
    """Parse, prove, say."""
    parser = argparse.ArgumentParser(description="Proves an exported journal of a Vis-à-vis.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", type=public_key, required=True)
    parser.add_argument("--checkpoint", type=Path, action="append", default=[])
    parser.add_argument("--slip")
    words = parser.parse_args()
    try:
        text = words.export.read_bytes().decode()
        elsewhere = [path.read_bytes().decode() for path in words.checkpoint]
        faults = prove(text, words.key, elsewhere, words.slip)
    except (OSError, ValueError, Fault) as fault:
        print(f"cannot be read: {fault}", file=sys.stderr)
        return 2
    listed = (*open_visits(text, words.key), *chip_holes(text, words.key))
    for line in (*faults, *listed):
        print(line)
    if not faults:
        print(f"proven: {text.count(chr(10)) - 1} entries, nothing missing or altered")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
