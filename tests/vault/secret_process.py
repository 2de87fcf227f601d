"""Replaces the device secret and cuts the power at every write; run by ``test_secret_power_cut``.

Usage: ``python -m tests.vault.secret_process FOLDER IMAGES``. The key store is durable at each
call, as the ports say; which secrets it held at a moment is written down beside the recording. Each
image is started as the program starts, and every agent signs in. Prints one JSON object.
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

from kiosk.domain.agent import Role
from kiosk.domain.errors import KioskError, WrongPinError
from kiosk.domain.ids import AgentId
from kiosk.services.agents import DEVICE_SECRET_PAST
from kiosk.services.drafts import Drafts
from kiosk.services.secret_change import SecretChange
from kiosk.vault.store import open_store
from tests.fakes.cases import new_case
from tests.fakes.desk import Desk
from tests.fakes.key_stores import MemoryKeyStore

KEY = bytes(range(32))
NAMES = ("a-17", "m-1", "z-9")
Secrets = dict[str, bytes]


class RecordedKeys(MemoryKeyStore):
    """Writes down, beside the recording, what it holds after each change."""

    def __init__(self, recorder: Recorder, **secrets: bytes) -> None:
        super().__init__(**secrets)
        self._recorder = recorder
        self.states: list[tuple[int, Secrets]] = [(0, dict(self._secrets))]

    def put(self, name: str, secret: bytes) -> None:
        super().put(name, secret)
        self.states.append((len(self._recorder.ops), dict(self._secrets)))

    def delete(self, name: str) -> None:
        super().delete(name)
        self.states.append((len(self._recorder.ops), dict(self._secrets)))

    def held_at(self, moment: int) -> list[Secrets]:
        """Every state that the store went through between two operations of the vault."""
        before = [state for since, state in self.states if since < moment][-1:]
        return before + [state for since, state in self.states if since == moment]


def change_of(desk: Desk) -> SecretChange:
    return SecretChange(desk.store, desk.keys, desk.journal, desk.clock)


def main() -> None:
    """Record, cut, start, sign in, count."""
    folder, wanted = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    real = folder / "real"
    real.mkdir()
    recorder = Recorder(real)
    keys = RecordedKeys(recorder, device_secret=b"device secret of thirty-two byte")
    with recorder.recording():
        desk = Desk(store=open_store(real / "vault.db", KEY), keys=keys)
        desk.add_agent("m-1", Role.MANAGER)
        desk.add_agent("z-9")
        session = desk.session("a-17")
        with desk.store.begin() as uow:
            draft = desk.drafts.save(uow, new_case(), session)
            uow.commit()
        shift = session.shift_key
        start = len(recorder.ops)
        change_of(desk).begin()
        for name in NAMES:
            desk.session(name)
        desk.store.close()
    check = (real / "vault.db.keycheck").read_bytes()
    lot = random.Random(41)  # noqa: S311 - lots, not secrets
    stages: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    everywhere = range(start, len(recorder.ops) + 1)
    seen = 0
    while seen < wanted:
        span = set(lot.sample(everywhere, min(len(everywhere), 1 + (wanted - seen) // 7)))
        for moment, _, files in images(recorder.base, recorder.ops, span, lot):
            for secrets in keys.held_at(moment):
                seen += 1
                image = folder / "image"
                shutil.rmtree(image, ignore_errors=True)
                image.mkdir()
                for name, data in (*files.items(), ("vault.db.keycheck", check)):
                    (image / name).write_bytes(data)
                stage, problem = look(image, secrets, shift, draft)
                stages[stage] += 1
                if problem:
                    faults[problem] += 1
    print(json.dumps({"images": seen, "stages": dict(stages), "faults": dict(faults)}))  # noqa: T201


def look(image: Path, secrets: Secrets, shift: bytes, draft) -> tuple[str, str]:
    """How far the change was, and what was wrong when everybody had signed in."""
    keys = MemoryKeyStore()
    for name, secret in secrets.items():
        keys.put(name, secret)
    stage = "past kept" if keys.get(DEVICE_SECRET_PAST) else "past not kept"
    store = open_store(image / "vault.db", KEY)
    try:
        desk = Desk(store=store, keys=keys)
        change_of(desk).settle()
        awaited = len(change_of(desk).standing().awaited)
        stage = f"{stage}, {awaited} awaited"
        try:
            desk.sign_in.sign_in(AgentId("z-9"), "314159")
        except WrongPinError:
            pass
        else:
            return stage, "a wrong PIN opened"
        sessions = {name: desk.session(name) for name in NAMES}
        if sessions["a-17"].shift_key != shift or Drafts.load(draft, sessions["a-17"]) is None:
            return stage, "shift lost"
        if keys.get(DEVICE_SECRET_PAST) is not None or change_of(desk).standing().awaited:
            return stage, "not ended"
        if not desk.verify().verified or store.problems():
            return stage, "not whole"
    except KioskError as exc:
        return stage, str(exc)
    finally:
        store.close()
    return stage, ""


if __name__ == "__main__":
    main()
