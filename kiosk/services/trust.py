"""Takes in lists of trusted signers of seals, keeps them in the vault, and hands them out.

Rules, in order:

1. The signer of the list is pinned once, by the person who imports the first list, and never
   changes silently afterwards.
2. A later list has a greater number; the same number only with the same bytes.
3. Files are kept as they came and verified anew whenever they are read back: what was altered on
   the disk does not open, and nothing that was once concluded is believed.
4. Nothing is stored unless everything in the import is right.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from kiosk.crypto.seal_signers import MAX_CERTIFICATES, take_apart
from kiosk.crypto.tsl import is_fingerprint, looks_like_list
from kiosk.documents.trust_list import TrustState, open_trust
from kiosk.documents.twoddoc import TrustList
from kiosk.domain.errors import (
    CertificateFileError,
    KioskError,
    TrustListError,
    TrustRollbackError,
    TrustSignerError,
)
from kiosk.ports import Store, UnitOfWork

SIGNER: Final = "trust/signer"
LIST: Final = "trust/list"
SEQUENCE: Final = "trust/sequence"
SIGNERS: Final = "trust/signers"
REVOCATIONS: Final = "trust/revocations"
MAX_REVOCATION_LISTS: Final = 200


@dataclass(frozen=True, slots=True)
class _Kept:
    signer: str = ""
    signed_list: bytes = b""
    certificates: tuple[bytes, ...] = ()
    revocations: tuple[bytes, ...] = ()


def pinned_signer(store: Store) -> str:
    """SHA-256 of the pinned signer; ``""`` before the first import."""
    with store.begin() as uow:
        return _kept(uow).signer


def load_state(store: Store) -> TrustState | None:
    """What is in force, verified anew; None before the first import.

    Raises:
        TrustListError, TrustSignerError, CertificateFileError: what was kept was altered.
    """
    with store.begin() as uow:
        kept = _kept(uow)
    return _opened(kept) if kept.signed_list else None


def state_of_files(files: Iterable[bytes], signer_sha256: str) -> TrustState:
    """A list with certificates and revocation lists, in any order, verified and kept nowhere.

    Raises:
        TrustListError, TrustSignerError, CertificateFileError.
    """
    given = _with_files(_Kept(signer_sha256), files, signer_sha256)
    if not given.signed_list:
        raise TrustListError("no list yet")
    return _opened(given)


def load_trust(store: Store) -> TrustList:
    """The list that seals are judged by; empty before the first import, or where it is damaged.

    An empty list gives no seal a yes: a damaged one stops no work, and ``visavis doctor`` tells.
    """
    try:
        state = load_state(store)
    except KioskError:
        return TrustList()
    return TrustList() if state is None else state.trust


def import_files(store: Store, files: Mapping[str, bytes], signer_sha256: str = "") -> TrustState:
    """Take in a list, certificates of signers, revocation lists, in any order.

    Args:
        store: the vault.
        files: content by a name that only an error shows.
        signer_sha256: the signer to pin at the first import; afterwards ``""`` or the same.

    Raises:
        TrustListError, TrustSignerError, TrustRollbackError, CertificateFileError: nothing changed.
        DiskFullError, VaultError.
    """
    with store.begin() as uow:
        before = _kept(uow)
        signer = _signer(before, signer_sha256.lower())
        if not _opens(before):
            # What is damaged can be mended only by replacing it; its number is kept beside it.
            before = _Kept(signer)
        after = _with_files(before, files.values(), signer)
        if not after.signed_list:
            raise TrustListError("no list yet")
        state = _opened(after)
        if after.signed_list != before.signed_list:
            _require_newer(_sequence(uow), state)
        _keep(uow, after)
        uow.values.put(SEQUENCE, str(state.sequence).encode("ascii"))
        uow.commit()
    return state


def _signer(kept: _Kept, wanted: str) -> str:
    if wanted and not is_fingerprint(wanted):
        raise TrustSignerError("not a fingerprint")
    if kept.signer and wanted not in ("", kept.signer):
        raise TrustSignerError("another signer is pinned")
    signer = kept.signer or wanted
    if not signer:
        raise TrustSignerError("no signer pinned")
    return signer


def _with_files(kept: _Kept, files: Iterable[bytes], signer: str) -> _Kept:
    signed_list = kept.signed_list
    lists = 0
    certificates, revocations = list(kept.certificates), list(kept.revocations)
    for data in files:
        if looks_like_list(data):
            signed_list = data
            lists += 1
            continue
        found = take_apart(data)
        certificates += found.certificates
        revocations += found.revocations
    if lists > 1:
        raise TrustListError("two lists")
    certificates, revocations = list(dict.fromkeys(certificates)), list(dict.fromkeys(revocations))
    if len(certificates) > MAX_CERTIFICATES:
        raise CertificateFileError("too many certificates")
    if len(revocations) > MAX_REVOCATION_LISTS:
        raise CertificateFileError("too many revocation lists")
    return _Kept(signer, signed_list, tuple(certificates), tuple(revocations))


def _require_newer(before: int, state: TrustState) -> None:
    if state.sequence <= before:
        raise TrustRollbackError


def _opens(kept: _Kept) -> bool:
    try:
        return not kept.signed_list or bool(_opened(kept))
    except KioskError:
        return False


def _sequence(uow: UnitOfWork) -> int:
    """Number of the list in force, -1 before the first; also where the list is damaged."""
    kept = uow.values.get(SEQUENCE)
    return int(kept) if kept and kept.isdigit() else -1


def _opened(kept: _Kept) -> TrustState:
    return open_trust(kept.signed_list, kept.certificates, kept.revocations, kept.signer)


def _kept(uow: UnitOfWork) -> _Kept:
    return _Kept(
        (uow.values.get(SIGNER) or b"").decode("ascii"),
        uow.values.get(LIST) or b"",
        _unpacked(uow.values.get(SIGNERS)),
        _unpacked(uow.values.get(REVOCATIONS)),
    )


def _keep(uow: UnitOfWork, kept: _Kept) -> None:
    uow.values.put(SIGNER, kept.signer.encode("ascii"))
    uow.values.put(LIST, kept.signed_list)
    uow.values.put(SIGNERS, _packed(kept.certificates))
    uow.values.put(REVOCATIONS, _packed(kept.revocations))


def _packed(parts: Sequence[bytes]) -> bytes:
    return msgspec.json.encode([base64.b64encode(part).decode("ascii") for part in parts])


def _unpacked(stored: bytes | None) -> tuple[bytes, ...]:
    if stored is None:
        return ()
    try:
        return tuple(base64.b64decode(part) for part in msgspec.json.decode(stored, type=list[str]))
    except (msgspec.DecodeError, ValueError) as exc:
        raise CertificateFileError("stored") from exc
