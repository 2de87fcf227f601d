"""Coverage-guided fuzzing of what reads trust lists, certificates and revocation lists.

    python packaging/fuzz/trust.py [corpus folder] [-max_total_time=SECONDS] ...

Every input must be taken or refused by an error of the program; anything else is a finding.
Options are those of libFuzzer.
"""

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["kiosk", "signxml"]):
    from kiosk.crypto import seal_signers, tsl
    from kiosk.documents import trust_list
    from kiosk.domain.errors import DocumentError

from tests.crypto import seal_world

_OPERATOR = seal_world.authority("Operator")
_CA = seal_world.authority("Authority")
_LEAF = seal_world.signer(_CA)
_PIN = seal_world.fingerprint(_OPERATOR[0])
_XML = seal_world.plain_list([seal_world.Provider("FR03", _CA[0])])
_LIST = seal_world.signed(_XML, _OPERATOR)
_TRUTH = tsl.open_list(_LIST, _PIN)
_SEEDS = (
    _LIST,
    _XML.encode(),
    seal_world.signed_with_properties(_XML, _OPERATOR),
    seal_world.der(_LEAF[0]),
    seal_world.revocations(_CA, [(_LEAF[0], seal_world.START, None)]),
    b"--End\r\nContent-Type: application/pkix-cert\r\n\r\n" + seal_world.der(_LEAF[0]),
)


def one_input(data: bytes) -> None:
    """One run of the fuzzer."""
    try:
        found = tsl.open_list(data, _PIN)
    except DocumentError:
        pass
    else:
        if found.authorities != _TRUTH.authorities:
            raise AssertionError("an altered list was believed")
    try:
        parts = seal_signers.take_apart(data)
        trust_list.open_trust(_LIST, parts.certificates, parts.revocations, _PIN)
    except DocumentError:
        pass


def _mutate(data: bytes, limit: int, seed: int) -> bytes:
    """Often a seed with one place changed: random bytes are refused before the parsers."""
    if seed % 4 == 0:
        base = _SEEDS[(seed // 4) % len(_SEEDS)]
        place = seed % len(base)
        data = base[:place] + bytes([seed & 0xFF]) + base[place + 1 :]
    return bytes(atheris.Mutate(data, limit))


def main() -> None:
    """Run until told to stop."""
    atheris.Setup([*sys.argv, "-max_len=20000"], one_input, custom_mutator=_mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
