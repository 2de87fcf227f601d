"""Which list ``visavis read`` judges 2D-Doc seals by: one given as files, or the device's own.

Rules, in order:

1. Files given count alone, with the fingerprint of the list's signer; they are verified as at an
   import, and kept nowhere. What is wrong with them ends the command.
2. Else the list that was imported on this device counts. Where there is none, or the data folder
   cannot be opened now, files are read all the same and every seal says that it was not judged.
3. Everything is done without a network, and the age of the list stands beside each seal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer

from kiosk.domain.errors import KioskError
from kiosk.texts import Texts

if TYPE_CHECKING:
    from kiosk.documents.trust_list import TrustState
    from kiosk.documents.twoddoc import TrustList


@dataclass(frozen=True, slots=True)
class SealList:
    """What seals are judged by, and how it is told. Crosses to the processes that read.

    Attributes:
        trust: :class:`~kiosk.documents.twoddoc.TrustList` as builtin values; None: empty.
        lines: told beside a seal.
        object: told in JSON; None where there is no list.
    """

    trust: dict[str, object] | None = None
    lines: tuple[str, ...] = ()
    object: dict[str, object] | None = None

    def opened(self) -> "TrustList":
        """The list itself."""
        from kiosk.documents.twoddoc import TrustList

        return TrustList() if self.trust is None else msgspec.convert(self.trust, TrustList)


def list_of_files(files: Sequence[Path], signer_sha256: str, texts: Texts, today: date) -> SealList:
    """A list given on the command line.

    Raises:
        typer.BadParameter: no fingerprint, or a file that cannot be read.
        TrustListError, TrustSignerError, CertificateFileError: it is not in order.
    """
    from kiosk.commands.trust import contents_of
    from kiosk.crypto.tsl import is_fingerprint
    from kiosk.services.trust import state_of_files

    signer = signer_sha256.replace(":", "").replace(" ", "").lower()
    if not is_fingerprint(signer):
        raise typer.BadParameter(texts("cli.trust.pin"))
    state = state_of_files(contents_of(list(files), texts).values(), signer)
    return _told(state, texts, today)


def list_of_device(data: Path | None, texts: Texts, today: date) -> SealList:
    """The list that was imported on this device; says why there is none."""
    from kiosk.bootstrap.seal_list import imported_list
    from kiosk.paths import Paths

    try:
        state = imported_list(Paths.of_device(data))
    except KioskError as exc:
        return SealList(lines=(texts("read.seals.closed", code=exc.code),))
    if state is None:
        return SealList(lines=(texts("read.seals.none"),))
    return _told(state, texts, today)


def _told(state: "TrustState", texts: Texts, today: date) -> SealList:
    days = state.age_days(today)
    lines = [texts("read.seals.list", n=days, sequence=state.sequence, day=f"{state.issued}")]
    if state.too_old(today):
        lines.append(texts("cli.trust.old"))
    told = {
        "sequence": state.sequence,
        "issued": state.issued.isoformat(),
        "age_days": days,
        "too_old": state.too_old(today),
        "signer_sha256": state.signer_sha256,
    }
    return SealList(msgspec.to_builtins(state.trust), tuple(lines), told)
