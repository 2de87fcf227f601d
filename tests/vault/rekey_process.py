"""Replaces the key of a vault and cuts the power at every write; run by ``test_rekey``.

Usage: ``python -m tests.vault.rekey_process FOLDER IMAGES``. Each image is opened as the program
opens a vault whose key change was interrupted: both keys are in the store. Prints one JSON object.
"""

import json
import random
import shutil
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "packaging" / "bench"))

from crash_images import Recorder, images

from kiosk.bootstrap.opening import open_vault
from kiosk.domain.errors import KioskError
from kiosk.paths import Paths
from kiosk.services.key_change import DATABASE_KEY, DATABASE_NEXT
from kiosk.vault.store import open_store
from tests.fakes.key_stores import MemoryKeyStore

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
SEED = b"d" * 32
BULK = bytes(range(256)) * 600


def main() -> None:
    """Record, cut, open, count."""
    folder, wanted = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    real = folder / "real"
    real.mkdir()
    recorder = Recorder(real)
    beside: list[bytes] = []
    with recorder.recording():
        store = open_store(real / "vault.db", OLD)
        with store.begin() as uow:
            uow.values.put("kept", b"before")
            uow.values.put("bulk", BULK)
            uow.commit()
        start = len(recorder.ops)
        beside.append((real / "vault.db.keycheck").read_bytes())
        store.rekey(NEW)
        beside.append((real / "vault.db.keycheck").read_bytes())
        middle = len(recorder.ops)
        with store.begin() as uow:
            uow.values.put("kept", b"after")
            uow.commit()
        acknowledged = len(recorder.ops)
        store.close()
    lot = random.Random(3)  # noqa: S311 - lots, not secrets
    opened: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    seen = 0
    everywhere = range(start, len(recorder.ops) + 1)
    while seen < wanted:
        # About seven images a moment, of moments all over the change and what follows it.
        span = set(lot.sample(everywhere, min(len(everywhere), 1 + (wanted - seen) // 7)))
        for moment, _, files in images(recorder.base, recorder.ops, span, lot):
            # The file beside the vault is renewed after the change: both are possible from then on.
            for check in beside if moment >= middle else beside[:1]:
                seen += 1
                key, value, problem = look(folder / "image", files, check)
                if problem or (moment >= acknowledged and value != b"after"):
                    faults[problem or f"lost at {moment}"] += 1
                opened[key] += 1
    print(json.dumps({"images": seen, "opened": dict(opened), "faults": dict(faults)}))  # noqa: T201


def look(folder: Path, files: dict[str, bytes], check: bytes) -> tuple[str, bytes | None, str]:
    """Which key opened the image, what it held, and what was wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    paths = Paths.of_device(folder)
    paths.prepare()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "vault.db.keycheck").write_bytes(check)
    keys = MemoryKeyStore(
        database=OLD, database_next=NEW, device_signing=SEED, device_secret=bytes(32)
    )
    try:
        store = open_vault(paths, keys)
    except KioskError as exc:
        return "none", None, str(exc)
    try:
        with store.begin() as uow:
            value, bulk = uow.values.get("kept"), uow.values.get("bulk")
        found = store.problems()
    except KioskError as exc:
        return "none", None, str(exc)
    finally:
        store.close()
    key = keys.get(DATABASE_KEY)
    if keys.get(DATABASE_NEXT) is not None or bulk != BULK or value is None or found:
        return "none", value, f"not whole: {found[:1]}"
    return ("old" if key == OLD else "new"), value, ""


if __name__ == "__main__":
    main()
