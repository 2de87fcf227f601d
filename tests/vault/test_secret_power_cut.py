"""A power cut at any step of replacing the device secret: every agent signs in as before."""

import sys
from pathlib import Path

import pytest

from kiosk.bootstrap import build
from kiosk.domain.agent import Role
from kiosk.domain.errors import KeyStoreError
from kiosk.domain.ids import AgentId
from kiosk.paths import Paths
from kiosk.services.agents import DEVICE_SECRET, DEVICE_SECRET_PAST
from tests.fakes.desk import CHEAP, PIN
from tests.vault.figures import figures
from tests.vault.test_rekey import DyingKeyStore

BOSS, AGENT = AgentId("m-1"), AgentId("a-17")


def started(paths: Paths, keys: DyingKeyStore):
    return build(paths, keys=keys, cost=CHEAP)


@pytest.mark.parametrize("step", range(4))
def test_a_change_that_the_key_store_interrupts_is_settled_at_the_next_start(
    tmp_path: Path, step: int
):
    """Its calls: past put, secret put, past deleted when the last agent came."""
    paths, keys = Paths.of_device(tmp_path / "data"), DyingKeyStore()
    kiosk = started(paths, keys)
    kiosk.agents.add(BOSS, "Mona", Role.MANAGER, PIN)
    kiosk.agents.add(AGENT, "Amin", Role.AGENT, PIN)
    old = keys.get(DEVICE_SECRET)
    keys.left = step
    try:
        kiosk.secret_change.begin()
        begun = True
    except KeyStoreError:
        begun = False
    assert begun == (step >= 2)
    for agent in (BOSS, AGENT):
        kiosk.sign_in.sign_in(agent, PIN)
    kiosk.close()
    keys.left = 10**6
    again = started(paths, keys)
    assert keys.get(DEVICE_SECRET_PAST) is None
    assert (keys.get(DEVICE_SECRET) == old) == (not begun)
    for agent in (BOSS, AGENT):
        again.sign_in.sign_in(agent, PIN)
    assert again.secret_change.standing().until is None
    assert again.verify_journal().verified
    again.close()


def test_a_key_store_that_lost_the_secret_while_it_was_written_has_the_one_before(tmp_path: Path):
    paths, keys = Paths.of_device(tmp_path / "data"), DyingKeyStore()
    kiosk = started(paths, keys)
    kiosk.agents.add(BOSS, "Mona", Role.MANAGER, PIN)
    kiosk.close()
    keys.put(DEVICE_SECRET_PAST, keys.get(DEVICE_SECRET))
    keys.delete(DEVICE_SECRET)
    again = started(paths, keys)
    again.sign_in.sign_in(BOSS, PIN)
    assert keys.get(DEVICE_SECRET_PAST) is None
    again.close()


def test_a_secret_that_is_lost_in_the_midst_of_a_change_is_a_loss(tmp_path: Path):
    paths, keys = Paths.of_device(tmp_path / "data"), DyingKeyStore()
    kiosk = started(paths, keys)
    kiosk.agents.add(BOSS, "Mona", Role.MANAGER, PIN)
    kiosk.secret_change.begin()
    kiosk.close()
    keys.delete(DEVICE_SECRET)
    with pytest.raises(KeyStoreError):
        started(paths, keys)
    assert keys.get(DEVICE_SECRET_PAST) is not None


@pytest.mark.process
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="SQLCipher's VFS calls are exported on Linux"
)
def test_a_power_cut_at_any_write_of_the_change_keeps_nobody_out(tmp_path: Path):
    found = figures("-m", "tests.vault.secret_process", tmp_path, "600")
    assert found["faults"] == {}
    stages = found["stages"]
    for count in (3, 2, 1):
        assert stages[f"past kept, {count} awaited"] > 20, found
    assert stages["past not kept, 0 awaited"] > 20, found
