"""Who writes the embedded database next: no process leaves another one waiting behind its threads.

Two :class:`Turns` of one process stand for two processes: the locks belong to the open files.
"""

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from central.archive import turns as module
from central.archive.database import Database
from central.archive.layout import FolderError
from central.archive.turns import Turns


def is_taken(path: Path) -> bool:
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "a.db"


def wait_until_next(path: Path) -> None:
    pause = threading.Event()
    while not is_taken(path.with_name(".a.db.next")):
        pause.wait(0.001)


def test_whoever_was_next_comes_before_one_that_has_just_written(path):
    ours, theirs = Turns(path), Turns(path)
    order = []

    def other() -> None:
        with theirs.turn():
            order.append("theirs")

    thread = threading.Thread(target=other)
    with ours.turn():
        thread.start()
        wait_until_next(path)
        order.append("ours")
    with ours.turn():
        order.append("ours again")
    thread.join()
    assert order == ["ours", "theirs", "ours again"]


def test_one_writes_at_a_time(path):
    parties = [Turns(path) for _ in range(3)]
    inside = most = 0

    def write(turns: Turns) -> None:
        nonlocal inside, most
        for _ in range(50):
            with turns.turn():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=write, args=(party,)) for party in parties for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, inside) == (1, 0)


def test_a_turn_is_given_back_where_writing_fails(path):
    ours, theirs = Turns(path), Turns(path)
    with pytest.raises(ValueError, match="full"), ours.turn():
        raise ValueError("full")
    with theirs.turn():
        assert is_taken(path.with_name(".a.db.turn"))
    assert not is_taken(path.with_name(".a.db.turn"))


def test_one_that_is_held_for_ever_is_waited_for_a_while_and_no_longer(path, monkeypatch):
    """A process that was stopped in the middle; SQLite's own lock says the rest."""
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    held, ours = Turns(path), Turns(path)
    with held.turn(), ours.turn():
        pass


def write_through(path: Path) -> None:
    database = Database(path)
    with database.writing() as ledger:
        ledger.add_policy(1, "token")
    database.close()


def test_locks_that_this_user_may_not_open_shut_nobody_out(path, monkeypatch):
    """A command of another user made them."""
    really = os.open

    def refused(name, *rest, **more):
        if str(name).endswith((".next", ".turn")):
            raise PermissionError(13, "not yours")
        return really(name, *rest, **more)

    monkeypatch.setattr(module.os, "open", refused)
    write_through(path)


def test_a_file_system_without_such_locks_shuts_nobody_out(path, monkeypatch):
    def unknown(_handle, _how):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", unknown)
    write_through(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only the administrator gives a file away")
def test_what_the_administrator_makes_belongs_to_the_owner_of_the_database(path):
    write_through(path)
    os.chown(path, 65534, 65534)
    for name in ("next", "turn"):
        path.with_name(f".a.db.{name}").unlink()
    turns = Turns(path)
    turns.close()
    owners = {path.with_name(f".a.db.{name}").stat().st_uid for name in ("next", "turn")}
    assert owners == {65534}


def test_a_database_whose_folder_is_gone_does_not_answer(tmp_path):
    with pytest.raises(FolderError, match="does not answer"):
        Database(tmp_path / "gone" / "collector.db")


def test_a_database_that_was_closed_lets_its_locks_go(path):
    opened = Path("/proc/self/fd")
    before = len(list(opened.iterdir()))
    database = Database(path)
    with database.writing() as ledger:
        ledger.add_policy(1, "token")
    database.close()
    assert len(list(opened.iterdir())) == before
