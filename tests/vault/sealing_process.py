"""A process that seals case after case until it is killed; run by ``test_crash``.

Usage: ``python -m tests.vault.sealing_process VAULT``. Prints one line for each record AFTER the
seal was acknowledged: ``case_id seq record_id``. Starts where the last process stopped.
"""

import sys
from itertools import count
from pathlib import Path

from kiosk.vault.store import open_store
from tests.fakes.desk import WITH_PROVIDER, Desk
from tests.services.test_sealing import decided

KEY = bytes(range(32))


def main() -> None:
    """Draft and seal, for ever."""
    desk = Desk(store=open_store(Path(sys.argv[1]), KEY), terms=WITH_PROVIDER)
    session = desk.session()
    with desk.store.begin() as uow:
        waiting = [str(row.case_id) for row in uow.drafts.all()]
        start = len(uow.values.names("sealed/")) + len(waiting)
    cases = waiting
    for number in count(start):
        cases.append(f"{number:032x}")
        for case in cases:
            state = decided(case=case)
            with desk.store.begin() as uow:
                desk.drafts.save(uow, state, session)
                uow.commit()
            facts = desk.sealing.seal(state, session)
            sys.stdout.write(f"{case} {facts.seq} {facts.record_id}\n")
            sys.stdout.flush()
        cases.clear()


if __name__ == "__main__":
    main()
