"""Verifies signed requests (RFC 9421) in the one spelling that our devices use, and that alone.

Rules, in order: only what is written exactly as :func:`.http_signatures.sign_request` writes it is
judged here, the address included; such a request either holds, by every rule that the library has
for it, or there is no verdict: the caller asks the library, which knows the whole standard and says
what is wrong. So this module can refuse nothing and can let nothing in that the library would not;
it only saves the reading of a grammar for requests that need none.
Source: RFC 9421 sections 2.2, 2.3, 2.5; RFC 9530.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kiosk.crypto.signing import verify
from kiosk.domain.ids import KeyId

CLOCK_SKEW_S = 5
_INPUT = re.compile(
    r'visavis=(?P<params>\("@method" "@authority" "@path" "@query" "content-digest"\)'
    r';created=(?P<created>[1-9][0-9]{0,11});keyid="(?P<key>[0-9a-f]{1,64})";alg="ed25519"'
    r';nonce="[0-9a-f]{1,64}";tag="visavis")',
    re.ASCII,
)
_SIGNATURE = re.compile(r"visavis=:(?P<value>[A-Za-z0-9+/]{86}==):", re.ASCII)
_DIGEST = re.compile(r"sha-256=:(?P<value>[A-Za-z0-9+/]{43}=):", re.ASCII)
# Of host, path and query only the characters that need no thought; other addresses exist.
_URL = re.compile(
    r"https://(?P<authority>[a-z0-9.-]+(?::(?!443/)[1-9][0-9]{0,4})?)"
    r"(?P<path>/[A-Za-z0-9/._~-]*)(?P<query>\?[A-Za-z0-9._~=&-]*)?",
    re.ASCII,
)
_METHOD = re.compile(r"[A-Z]{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A request that holds: who signed it, the digest of its body, when (seconds since 1970)."""

    key_id: KeyId
    body_sha256: bytes
    created_s: int


def verify_plain(
    method: str,
    url: str,
    headers: Mapping[str, str],
    key_of: Callable[[KeyId], bytes | None],
    now: datetime,
    max_age_s: int,
) -> PlainRequest | None:
    """A request that holds; None where it is another spelling, too old or false.

    Args:
        method: upper case.
        url: absolute, as it was requested.
        headers: of the request, names in lower case.
        key_of: raw public key by its name, None for one that is unknown.
        now: the verifier's time.
        max_age_s: how old a signature may be.
    """
    told = _INPUT.fullmatch(headers.get("signature-input", ""))
    signature = _SIGNATURE.fullmatch(headers.get("signature", ""))
    digest = _DIGEST.fullmatch(headers.get("content-digest", ""))
    address = _URL.fullmatch(url)
    if not (told and signature and digest and address and _METHOD.fullmatch(method)):
        return None
    created_s, key_id = int(told["created"]), KeyId(told["key"])
    public = key_of(key_id)
    if public is None or not -max_age_s <= now.timestamp() - created_s <= max_age_s + CLOCK_SKEW_S:
        return None
    base = (
        f'"@method": {method}\n"@authority": {address["authority"]}\n'
        f'"@path": {address["path"]}\n"@query": {address["query"] or "?"}\n'
        f'"content-digest": {digest[0]}\n"@signature-params": {told["params"]}'
    )
    if not verify(public, base.encode("ascii"), base64.b64decode(signature["value"])):
        return None
    return PlainRequest(key_id, base64.b64decode(digest["value"]), created_s)
