"""From signed lists, certificates and revocations to the list that seals are judged by.

A day is a day of UTC. The last day of a certificate, of a list and of a revocation list still
counts; the first day of a revocation is the first that does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from kiosk.crypto.seal_signers import SealChains, SealSigner, build_chains
from kiosk.crypto.tsl import SignedList, open_list
from kiosk.documents.twoddoc import SealCertificate, TrustList

_NEVER: Final = date.min


@dataclass(frozen=True, slots=True)
class TrustState:
    """What this device knows of those who seal documents.

    Attributes:
        sequence: number of the signed list.
        issued: day of its edition.
        next_update: last day on which it may be relied on; None: closed without a successor.
        signer_sha256: who signed it.
        authorities: identifiers of the authorities, each once.
        withheld: providers of the list that do not count.
        refused: certificates of signers that do not count.
        unused_revocations: revocation lists of nobody.
        unchecked: signers whose authority has no revocation list here.
        trust: what seals are judged by.
    """

    sequence: int
    issued: date
    next_update: date | None
    signer_sha256: str
    authorities: tuple[str, ...]
    withheld: int
    refused: int
    unused_revocations: int
    unchecked: int
    trust: TrustList

    def age_days(self, today: date) -> int:
        """Days since the edition of the list."""
        return (today - self.issued).days

    def too_old(self, today: date) -> bool:
        """Whether a newer list is due."""
        return self.next_update is None or today > self.next_update


def open_trust(
    signed_list: bytes,
    certificates: Sequence[bytes],
    revocations: Sequence[bytes],
    signer_sha256: str,
) -> TrustState:
    """Verify everything anew and put it together.

    Args:
        signed_list: the XML file.
        certificates: DER certificates of signers.
        revocations: DER revocation lists.
        signer_sha256: the pinned signer of the list, hexadecimal.

    Raises:
        TrustListError, TrustSignerError, CertificateFileError.
    """
    found = open_list(signed_list, signer_sha256)
    authorities = [(a.ca_id, a.certificate) for a in found.authorities]
    return _state(found, build_chains(authorities, certificates, revocations))


def _state(found: SignedList, chains: SealChains) -> TrustState:
    # A closed list names no next update: nothing after its own day rules out a revocation.
    until = found.next_update.date() if found.next_update else found.issued.date()
    return TrustState(
        sequence=found.sequence,
        issued=found.issued.date(),
        next_update=found.next_update.date() if found.next_update else None,
        signer_sha256=found.signer_sha256,
        authorities=tuple(dict.fromkeys(a.ca_id for a in found.authorities)),
        withheld=found.withheld,
        refused=chains.refused,
        unused_revocations=chains.unused_revocations,
        unchecked=sum(s.checked_until is None for s in chains.signers),
        trust=TrustList(tuple(_certificate(s) for s in chains.signers), until),
    )


def _certificate(signer: SealSigner) -> SealCertificate:
    return SealCertificate(
        ca_id=signer.ca_id,
        certificate_id=signer.certificate_id,
        x=signer.x,
        y=signer.y,
        not_before=signer.not_before.date(),
        not_after=signer.not_after.date(),
        revoked=None if signer.revoked is None else signer.revoked.date(),
        key_in_doubt=signer.key_in_doubt,
        # Without a revocation list a revocation cannot be ruled out on any day.
        checked_until=_NEVER if signer.checked_until is None else _last_day(signer.checked_until),
    )


def _last_day(moment: datetime) -> date:
    """Last day of a revocation list: where the next one is due in the morning, the day before."""
    return moment.date() if moment.hour >= 12 else moment.date() - timedelta(days=1)
