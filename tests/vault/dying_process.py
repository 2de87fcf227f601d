"""A process that dies by ``kill -9`` before each single statement of a seal; run by ``test_crash``.

Usage: ``python -m tests.vault.dying_process VAULT OUT``. Forks one child per statement; each works
on a copy of VAULT in ``OUT/<n>/vault.db``. Prints how many statements there were to die at.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from kiosk.vault.store import open_store
from tests.fakes.desk import WITH_PROVIDER, Desk
from tests.services.test_sealing import decided
from tests.vault.sealing_process import KEY

CASE = "f" * 32


def seal_and_die(path: Path, statement: int) -> None:
    """Seal the drafted case; die before statement number ``statement``, commits counted too."""
    store = open_store(path, KEY)
    desk = Desk(store=store, terms=WITH_PROVIDER)
    session = desk.session()
    left = statement

    def count(*_: object) -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    engine = store._open_engine()
    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    desk.sealing.seal(decided(case=CASE), session)


def main() -> None:
    """Try every statement until a child survives."""
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    for statement in range(200):
        place = out / str(statement)
        place.mkdir(parents=True)
        for file in source.parent.glob(source.name + "*"):
            shutil.copy2(file, place)
        child = os.fork()
        if child == 0:
            seal_and_die(place / source.name, statement)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.stdout.write(f"{statement} {os.waitstatus_to_exitcode(status)}\n")
            return


if __name__ == "__main__":
    main()
