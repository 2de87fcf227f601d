"""A counter in the security chip (TPM 2.0), asked through ``tpm2-tools``.

Rules, in order: it is made at the first look, and a chip gives a counter that is made anew a value
above every one that it ever gave, so that nobody counts twice; what the programs say is bounded in
time and size; a chip that does not answer once is not asked again in this run, and stops no work.
One count for each opened visit is far below what the memory of a chip stands.
Source: TPM 2.0 Library Part 1, NV counters; tpm2_nvdefine(1), tpm2_nvincrement(1), tpm2_nvread(1),
tpm2_nvreadpublic(1).
"""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

from kiosk.crypto.digests import sha256

_DEFINE, _ADVANCE, _READ = "tpm2_nvdefine", "tpm2_nvincrement", "tpm2_nvread"
_DESCRIBE: Final = "tpm2_nvreadpublic"
_WRITTEN: Final = b"written"
"""What it says of an index that holds a value."""
_PROGRAMS: Final = (_DEFINE, _ADVANCE, _READ, _DESCRIBE)
_OWNER_SPACE: Final = 0x01800000
"""Where the owner of a machine keeps indexes of their own (TCG registry of reserved handles)."""
_OWNER_BITS: Final = 0x3FFFFF
_BYTES: Final = 8
_RIGHTS: Final = "ownerread|ownerwrite|authread|authwrite|nt=counter"
_TIMEOUT_S: Final = 5.0


class _SilentError(Exception):
    """The chip, or the program that asks it, does not answer as it should."""


class TpmCounter:
    """See :class:`kiosk.ports.ChipCounter`.

    Attributes:
        index: where the chip keeps it.
    """

    def __init__(self, place: str) -> None:
        """Place: what tells this device's data from another's on the same machine."""
        number = int.from_bytes(sha256(place.encode())[:4]) & _OWNER_BITS
        self.index = f"{_OWNER_SPACE | number:#x}"
        self._silent = not all(shutil.which(name) for name in _PROGRAMS)

    def read(self) -> int | None:
        """How far it counted; None where there is no chip that answers."""
        try:
            try:
                return self._value()
            except _SilentError:
                # None yet: a counter can be read once it counted.
                self._make()
                self._ask(_ADVANCE, self.index, "-C", "o")
                return self._value()
        except _SilentError:
            self._silent = True
            return None

    def advance(self) -> None:
        """Count on by one, where the chip answers."""
        try:
            self._ask(_ADVANCE, self.index, "-C", "o")
        except _SilentError:
            self._silent = True

    def _make(self) -> None:
        """Make it, or find that it was made and the power went before its first count.

        One that counted already, and was not read for another reason, must not count once more.
        """
        try:
            self._ask(_DEFINE, self.index, "-C", "o", "-s", str(_BYTES), "-a", _RIGHTS)
        except _SilentError:
            if _WRITTEN in self._ask(_DESCRIBE, self.index):
                raise

    def _value(self) -> int:
        said = self._ask(_READ, self.index, "-C", "o", "-s", str(_BYTES))
        if len(said) != _BYTES:
            raise _SilentError
        return int.from_bytes(said)

    def _ask(self, program: str, *words: str) -> bytes:
        if self._silent:
            raise _SilentError
        try:
            done = subprocess.run(  # noqa: S603 - our own words, no shell
                [program, *words], capture_output=True, timeout=_TIMEOUT_S, check=False
            )
        except (OSError, subprocess.SubprocessError) as exc:
            raise _SilentError from exc
        if done.returncode != 0:
            raise _SilentError
        return done.stdout
