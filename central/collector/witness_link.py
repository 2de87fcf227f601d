"""Speaks to one witness: submits a checkpoint, gets its cosignature or the size that it knows.

Rules, in order: bounded time, bounded answer, no redirect; only a cosignature that holds by the key
that was configured is one; whatever else comes back is a trouble in one word.
Source: C2SP ``tlog-witness``, ``add-checkpoint``.
"""

from __future__ import annotations

import base64
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from central.archive.layout import Layout
from central.collector.witness_settings import WitnessAddress, load_witnesses
from kiosk.crypto.cosignatures import Cosignature, cosignatures_of
from kiosk.domain.errors import SignatureInvalidError

_MAX_ANSWER_BYTES = 16 * 1024
_MAX_DIGITS = 13


class WitnessTroubleError(Exception):
    """A witness that did not cosign, and why in one word: ``timeout``, ``unknown-log`` and such."""


@dataclass(frozen=True, slots=True)
class Behind:
    """The witness knows another size (409).

    Attributes:
        size: of the newest tree it vouched for.
    """

    size: int


_TROUBLES = {400: "form", 403: "key-not-trusted", 404: "unknown-log", 422: "another-history"}


class WitnessLink:
    """One witness; its connection is kept open."""

    def __init__(self, address: WitnessAddress, folder: Path) -> None:
        """Folder: where a ``ca`` file lies."""
        self.cosigner = address.cosigner
        trusted = (
            ssl.create_default_context(cafile=folder / address.ca)
            if address.ca
            else ssl.create_default_context()
        )
        self._url = f"{address.url.rstrip('/')}/add-checkpoint"
        self._longest_s = 2 * address.timeout_s
        self._client = httpx.Client(timeout=address.timeout_s, verify=trusted)

    def submit(self, old_size: int, proof: tuple[bytes, ...], note: str) -> Cosignature | Behind:
        """Ask for a cosignature.

        Args:
            old_size: the newest tree of this log that the witness knows, as far as we know.
            proof: from there to the tree of the checkpoint.
            note: the checkpoint, signed by the log.

        Raises:
            WitnessTroubleError: it did not cosign.
        """
        lines = [f"old {old_size}", *(base64.b64encode(step).decode() for step in proof), "", note]
        status, text = self._post("\n".join(lines).encode())
        if status == httpx.codes.CONFLICT:
            size = text.removesuffix("\n")
            if not size.isascii() or not size.isdecimal() or len(size) > _MAX_DIGITS:
                raise WitnessTroubleError("answer")
            return Behind(int(size))
        if status != httpx.codes.OK:
            raise WitnessTroubleError(_TROUBLES.get(status, f"status-{status}"))
        try:
            found = cosignatures_of(note + text, (self.cosigner,))
        except SignatureInvalidError as exc:
            raise WitnessTroubleError("cosignature") from exc
        if not found:
            raise WitnessTroubleError("no-cosignature")
        return found[0]

    def _post(self, body: bytes) -> tuple[int, str]:
        answer, until = bytearray(), time.monotonic() + self._longest_s
        try:
            with self._client.stream("POST", self._url, content=body) as response:
                for chunk in response.iter_bytes():
                    answer += chunk
                    if len(answer) > _MAX_ANSWER_BYTES:
                        raise WitnessTroubleError("answer")
                    if time.monotonic() > until:
                        raise WitnessTroubleError("timeout")
                return response.status_code, answer.decode()
        except httpx.TimeoutException as exc:
            raise WitnessTroubleError("timeout") from exc
        except httpx.HTTPError as exc:
            raise WitnessTroubleError("unreachable") from exc
        except UnicodeDecodeError as exc:
            raise WitnessTroubleError("answer") from exc

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def links_of(layout: Layout) -> list[WitnessLink]:
    """Links to every witness that a central side asks. Raises FolderError."""
    return [WitnessLink(one, layout.collector) for one in load_witnesses(layout.witness_settings)]
