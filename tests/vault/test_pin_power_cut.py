"""Pulling the plug around a PIN check, a thousand times: never one try more than allowed.

A cut is taken at each moment that code of ours can tell apart: before and after every commit of a
try, when the device secret is asked for, and once the check has said its answer. The store goes on
from its files as they lay at that moment; what a disk makes of a commit that was cut in the middle
is the matter of ``test_power_loss``, which also follows the count below SQLite.
"""

import random
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kiosk.domain.errors import LockedOutError, SignInError
from kiosk.domain.ids import AgentId
from kiosk.ports import Store
from kiosk.services import sign_in
from kiosk.services.secret_change import SecretChange
from kiosk.services.sign_in import MAX_FAILURES
from kiosk.vault.store import open_store
from tests.fakes.clock import FakeClock
from tests.fakes.desk import PIN, Desk
from tests.fakes.key_stores import MemoryKeyStore

AGENT = AgentId("a-17")
KEY = bytes(range(32))
SECRET = b"device secret of thirty-two byte"
CUTS = 1000
MOMENTS = ("before commit", "after commit", "secret", "answer", "never")


class PowerCut(BaseException):
    """Nothing of the program runs after this: no handler of ours may catch it."""


class Plug:
    """Pulled at one moment of a try."""

    def __init__(self) -> None:
        self.moment = "never"
        self.left = 0
        self.checks = 0

    def reached(self, moment: str) -> None:
        if moment == self.moment:
            if self.left == 0:
                raise PowerCut
            self.left -= 1


class PluggedUnit:
    """A unit of work that tells the plug of its commits."""

    def __init__(self, inner, plug: Plug) -> None:
        self._inner, self._plug = inner, plug

    def __enter__(self):
        self._inner.__enter__()
        return self

    def __exit__(self, *words) -> None:
        self._inner.__exit__(*words)

    def __getattr__(self, name: str):
        return getattr(self._inner, name)

    def commit(self) -> None:
        self._plug.reached("before commit")
        self._inner.commit()
        self._plug.reached("after commit")


class PluggedStore:
    """A store whose units of work tell the plug of their commits."""

    def __init__(self, inner: Store, plug: Plug) -> None:
        self._inner, self._plug = inner, plug

    def begin(self) -> PluggedUnit:
        return PluggedUnit(self._inner.begin(), self._plug)

    def free_bytes(self) -> int:
        return self._inner.free_bytes()

    def close(self) -> None:
        self._inner.close()


class PluggedKeys(MemoryKeyStore):
    """Tells the plug when the device secret is asked for: after the count, before the check."""

    plug: Plug

    def get(self, name: str) -> bytes | None:
        self.plug.reached("secret")
        return super().get(name)


class Thief:
    """Tries wrong PINs at one device and pulls the plug whenever it likes."""

    def __init__(self, folder: Path, plug: Plug, lot: random.Random, changing: bool) -> None:
        self._folder, self._plug, self._lot = folder, plug, lot
        self._clock = FakeClock()
        self._starts = 0
        self._secrets = {"device_secret": SECRET}
        plug.checks, plug.moment = 0, "never"
        self.moments: Counter[str] = Counter()
        folder.mkdir()
        self.desk = self._start()
        self.desk.add_agent()
        if changing:
            desk = self.desk
            SecretChange(desk.store, desk.keys, desk.journal, desk.clock).begin()
            names = ("device_secret", "device_secret_past")
            held = {name: desk.keys.get(name.replace("_", "-")) for name in names}
            self._secrets = {name: secret for name, secret in held.items() if secret}

    def _start(self) -> Desk:
        keys = PluggedKeys(**self._secrets)
        keys.plug = self._plug
        self._store = open_store(self._folder / "vault.db", KEY)
        return Desk(store=PluggedStore(self._store, self._plug), clock=self._clock, keys=keys)

    def _restart(self) -> None:
        """The machine starts again from the files as they lie now."""
        self._starts += 1
        there = self._folder.with_name(f"{self._folder.name}-{self._starts}")
        there.mkdir()
        for file in self._folder.iterdir():
            if not file.name.endswith("-shm"):
                shutil.copyfile(file, there / file.name)
        self._store.close()
        shutil.rmtree(self._folder)
        self._folder = there
        self._clock.reboot()
        self.desk = self._start()

    def counted(self) -> int:
        return self.desk.sign_in.standing(AGENT).failures

    def work(self) -> None:
        """Until no further try is let through."""
        while True:
            standing = self.desk.sign_in.standing(AGENT)
            if standing.locked:
                return
            self._clock.advance(seconds=standing.wait_s)
            self._plug.moment = self._lot.choice(MOMENTS)
            # A refused try commits twice: the count, and the entry that tells of it.
            self._plug.left = self._lot.randint(0, 1) if "commit" in self._plug.moment else 0
            where = f"{self._plug.moment} {self._plug.left}"
            try:
                with suppress(SignInError):
                    self.desk.sign_in.sign_in(AGENT, "314159")
            except PowerCut:
                self.moments[where] += 1
                self._plug.moment = "never"
                self._restart()
            self._plug.moment = "never"
            assert self.counted() >= self._plug.checks

    def close(self) -> None:
        self._store.close()
        shutil.rmtree(self._folder)


@pytest.fixture
def memory(tmp_path: Path):
    """A folder in memory where there is one: no disk is under test here, only the order of acts."""
    shared = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    with TemporaryDirectory(dir=shared if shared.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.mark.parametrize("changing", [False, True])
def test_a_thousand_cuts_around_the_check_never_give_one_try_more(
    memory: Path, monkeypatch, changing: bool
):
    """Also while the device secret is being replaced, when a PIN is held against two of them."""
    lot = random.Random(20261126)  # noqa: S311 - lots, not secrets
    plug = Plug()
    check = sign_in.pin_key

    def watched(*words):
        key = check(*words)
        # While the secret is being replaced the second look, under the past one, is the same try.
        plug.checks += not (changing and words[2] == SECRET)
        plug.reached("answer")
        return key

    monkeypatch.setattr(sign_in, "pin_key", watched)
    moments: Counter[str] = Counter()
    devices = 0
    while moments.total() < CUTS:
        thief = Thief(memory / f"device-{devices}", plug, lot, changing)
        devices += 1
        thief.work()
        assert plug.checks <= MAX_FAILURES
        # Locked is locked: not even the right PIN is looked at.
        checks = plug.checks
        with pytest.raises(LockedOutError):
            thief.desk.sign_in.sign_in(AGENT, PIN)
        assert plug.checks == checks
        assert thief.desk.verify().verified
        moments += thief.moments
        thief.close()
    assert min(moments.values()) > 50
    assert set(moments) == {
        *("before commit 0", "before commit 1", "after commit 0", "after commit 1"),
        *("secret 0", "answer 0"),
    }
