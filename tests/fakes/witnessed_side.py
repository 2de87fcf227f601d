"""A central side whose policy names real witnesses, each a process of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from central.archive.layout import Layout
from central.authority.policies import Policies
from central.collector.witness_settings import WitnessAddress, add_witness
from kiosk.crypto.cosignatures import Cosigner, parse_cosigner
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.ports import take_port
from tests.fakes.witness_process import WitnessProcess, witness, witnessing

_PAUSE = threading.Event()


def until(holds: Callable[[], bool], seconds: float = 120) -> bool:
    """Whether ``holds`` came true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        _PAUSE.wait(0.1)
    return True


@dataclass
class Party:
    """A witness: its folder, and the port it answers on."""

    data: Path
    port: int

    @property
    def cosigner(self) -> Cosigner:
        return parse_cosigner((self.data / "witness.pub").read_text().strip())

    def serving(self) -> WitnessProcess:
        return witnessing(self.data, self.port)


@dataclass
class WitnessedSide:
    """A central side in a folder, and its witnesses, none of them running yet."""

    data: Path
    parties: tuple[Party, ...]

    @classmethod
    def made(cls, folder: Path, parties: int, quorum: int) -> WitnessedSide:
        """A new one; every witness is named by the policy and asked by the collector."""
        return cls.over(founded(folder / "central"), folder, parties, quorum)

    @classmethod
    def over(cls, data: Path, folder: Path, parties: int, quorum: int) -> WitnessedSide:
        """The same for a central side that is there; its witnesses lie below ``folder``."""
        side = cls(data, ())
        side.parties = tuple(side.party(folder, f"w{number}") for number in range(parties))
        keys = ",".join(party.cosigner.text() for party in side.parties)
        side.policy({"witnesses.keys": keys, "witnesses.quorum": str(quorum)})
        return side

    @property
    def layout(self) -> Layout:
        return Layout(self.data)

    def party(self, folder: Path, name: str) -> Party:
        """One more witness that the collector asks."""
        log_key = Policies(self.layout).in_force().collector.log_key
        party = Party(folder / name, take_port())
        witness("init", party.data, "--name", f"witness.test/{name}", "--log", log_key)
        address = WitnessAddress(
            key=party.cosigner.text(), url=f"http://127.0.0.1:{party.port}", timeout_s=2
        )
        add_witness(self.layout.witness_settings, address)
        return party

    def policy(self, changes: dict[str, str]) -> None:
        Policies(self.layout).change(changes, datetime.now(UTC))

    @contextmanager
    def running(self, awake: Sequence[int] | None = None) -> Iterator[CentralSide]:
        """The collector and those witnesses; all of them by default."""
        chosen = range(len(self.parties)) if awake is None else awake
        with ExitStack() as stack:
            for number in chosen:
                stack.enter_context(self.parties[number].serving())
            yield stack.enter_context(serving(self.data))
