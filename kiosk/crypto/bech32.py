"""Bech32 (BIP 173) without its length limit, as age uses it for keys."""

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum


def _expand(hrp: str) -> list[int]:
    return [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]


def _regroup(data: bytes | list[int], source: int, target: int, *, pad: bool) -> list[int]:
    accumulator = bits = 0
    out = []
    for value in data:
        accumulator = (accumulator << source) | value
        bits += source
        while bits >= target:
            bits -= target
            out.append(accumulator >> bits & ((1 << target) - 1))
        accumulator &= (1 << bits) - 1
    if pad and bits:
        out.append(accumulator << (target - bits) & ((1 << target) - 1))
    elif not pad and (bits >= source or accumulator):
        raise ValueError("bad padding")
    return out


def encode(hrp: str, data: bytes) -> str:
    """Lower-case Bech32 text of ``data`` under the human-readable part ``hrp``."""
    values = _regroup(data, 8, 5, pad=True)
    checksum = _polymod(_expand(hrp) + values + [0] * 6) ^ 1
    tail = [checksum >> 5 * (5 - i) & 31 for i in range(6)]
    return hrp + "1" + "".join(_CHARSET[v] for v in values + tail)


def decode(hrp: str, text: str) -> bytes:
    """The bytes of lower-case ``text``. Raises ValueError on any deviation."""
    if not text.startswith(hrp + "1"):
        raise ValueError("other prefix")
    try:
        values = [_CHARSET.index(c) for c in text[len(hrp) + 1 :]]
    except ValueError as exc:
        raise ValueError("not Bech32") from exc
    if len(values) < 6 or _polymod(_expand(hrp) + values) != 1:
        raise ValueError("checksum")
    return bytes(_regroup(values[:-6], 5, 8, pad=False))
