"""2D-Doc seals of the specimens, signed by a test authority that no production list may contain.

The composition is written apart from the reader in ``kiosk.documents``: the tests let one check the
other. ECDSA signatures differ at every run, so the sealed texts are kept in ``seals.toml`` beside
this file, by document number, and made again only when a specimen changes.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import tomllib
from datetime import date
from pathlib import Path

import zxingcpp
from people import Specimen
from PIL import Image
from zones import spell

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from kiosk.crypto.signing import EcKey, verify_ecdsa_p256

KEPT = Path(__file__).with_name("seals.toml")
GS, US = "\x1d", "\x1f"
AUTHORITY, CERTIFICATE = "FR99", "TST1"
# Public on purpose: whoever holds it can seal specimens, and nothing but specimens trusts it.
TEST_KEY = EcKey.from_private(hashlib.sha256(b"Vis-a-vis specimen authority, test only").digest())


def hex_days(day: date) -> str:
    """Days since 1 January 2000, four hexadecimal digits (2D-Doc header)."""
    return f"{(day - date(2000, 1, 1)).days:04X}"


def message(specimen: Specimen) -> str:
    """Header of version 04 and the fields of a proof of identity (type 07)."""

    def plain(text: str) -> str:
        return spell(text).replace("<", " ")

    day = hex_days(specimen.issued)
    born = specimen.seal_birth or specimen.birth
    header = f"DC04{AUTHORITY}{CERTIFICATE}{day}{day}0701FR"
    given = "/".join(plain(name) for name in specimen.given_names)
    return (
        f"{header}60{given}{GS}62{plain(specimen.surname)}{GS}65ID66{specimen.number}{GS}67FR"
        f"68{specimen.sex}69{born:%d%m%Y}6A{plain(specimen.birth_place)}{GS}6CFR"
    )


def sealed(specimen: Specimen) -> str:
    """The whole text of the seal: message, US, signature in Base32 without padding."""
    text = message(specimen)
    kept = tomllib.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    found = kept.get(specimen.number, "")
    before, _, signature = found.partition(US)
    if before == text and _holds(text, signature):
        return str(found)
    raw = TEST_KEY.sign_raw(text.encode("ascii"))
    kept[specimen.number] = text + US + base64.b32encode(raw).decode("ascii").rstrip("=")
    lines = ["# Written by packaging/specimens/seals.py; do not edit."]
    lines += [f'{key} = "{_escaped(value)}"' for key, value in sorted(kept.items())]
    KEPT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(kept[specimen.number])


def _holds(text: str, signature: str) -> bool:
    padded = signature + "=" * (-len(signature) % 8)
    x, y = TEST_KEY.public_xy
    return verify_ecdsa_p256(x, y, text.encode("ascii"), base64.b32decode(padded))


def _escaped(text: str) -> str:
    return text.replace(GS, "\\u001d").replace(US, "\\u001f")


def data_matrix(text: str) -> Image.Image:
    """The seal as a Data Matrix, one pixel a module, with its quiet zone."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    return Image.fromarray(barcode.to_image(scale=1, add_quiet_zones=True)).convert("L")
