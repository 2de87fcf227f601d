"""Coverage-guided fuzzing of scanned texts: naming, 2D-Doc, requests, keys of a wedge scanner.

    python packaging/fuzz/codes.py [corpus folder] [-max_total_time=SECONDS] ...

Every input must have an answer or be refused by an error of the program. Options are libFuzzer's.
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["kiosk"]):
    from kiosk.documents import codes, requests, twoddoc, wedge
    from kiosk.domain.errors import DocumentError
    from kiosk.domain.ids import OfficeId

_NOW = datetime(2026, 11, 26, tzinfo=UTC)
_TITLE = (
    b"DC03FR000001092D1636070160NATACHA\x1d62SPECIMEN\x1d65P 6607CD12304\x1d67FR68F6CFR\x1f"
    b"EYLJXYH5R3HYO5YWTMELK7P277KKOK5TTNB26S6UAPDH2KJGT37YXNDEZTGEK2LX3OSRNAXOP4UHFWHNTOU6LTOSBMX2"
    b"EBCQ36UZ4FA"
)
_SEEDS = (
    _TITLE,
    b"DC02FR000001125E125B0126FR247500010MME/SPECIMEN\x1d22145 AVENUE\x1d\x1f" + b"A" * 103,
    b"RR123456785FR",
    b"%000380 1A12345678901",
    b"eyJ0eXAiOiJ2di1yZXF1ZXN0K2p3dCIsImFsZyI6IkVkRFNBIn0.e30.AAAA",
    b"\xdc\x03\xd9\xc5\xd9\xca",
    b"HC1:6BFOXN*TS0BI$ZD",
    b'{"data":{"hdr":{"is":"UTO","t":"icao.test","v":1}},"sig":{"alg":"ES256"}}',
    b"]d1DC04FR05",
)


def one_input(data: bytes) -> None:
    """One run of the fuzzer."""
    found = codes.classify(data)
    if not found.preview.isprintable() or len(found.preview) > 80:
        raise AssertionError("preview")
    text = data.decode("utf-8", "replace")
    for form in (data, text):
        try:
            seal = twoddoc.parse(form)
        except DocumentError:
            continue
        verdict = twoddoc.verify(seal, twoddoc.TrustList(), date(2026, 11, 26))
        if verdict is not twoddoc.SealVerdict.UNKNOWN_CERTIFICATE:
            raise AssertionError("a verdict out of nothing")
    requests.peek(text)
    if requests.judge(text, {}, _NOW, OfficeId("75001"))[1] is not None:
        raise AssertionError("a request without a key")
    _type(text)


def _type(text: str) -> None:
    """Type the text into a wedge, quickly and slowly; nothing may be lost and doubled."""
    burst = wedge.WedgeBurst()
    at, out, kept = 0, 0, False
    for number, character in enumerate(text):
        at += (ord(character) * 7 + number) % 61
        answer = burst.key(character, at)
        out += len(answer.release) + answer.deliver
        kept = kept or bool(answer.scan or answer.problem)
    answer = burst.settle(at + 1000)
    out += len(answer.release)
    kept = kept or bool(answer.scan or answer.problem)
    if burst.pending or out > len(text) or (out != len(text) and not kept):
        raise AssertionError("keys lost or doubled")


def _mutate(data: bytes, limit: int, seed: int) -> bytes:
    """Now and then from a text of a known form."""
    if seed % 16 == 0:
        data = _SEEDS[(seed // 16) % len(_SEEDS)]
    return bytes(atheris.Mutate(data, limit))


def main() -> None:
    """Run until told to stop."""
    atheris.Setup([*sys.argv, "-max_len=9000"], one_input, custom_mutator=_mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
