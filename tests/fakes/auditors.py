"""Auditors of a central side under dual control, with key files that open fast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from central.archive.control import Control, read_control
from central.archive.layout import Layout
from central.auditor.keys import AuditorKey, dual_keeper, make_key
from central.auditor.orders import (
    Act,
    Authority,
    Subject,
    approve,
    authorise,
    new_order,
    sign_order,
)
from central.auditor.session import Present, present_two
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.crypto.passwords import Argon2Cost

CHEAP = Argon2Cost(memory_kib=1024, iterations=1)
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
PHRASES = ("cheval orange 12", "sept nuages gris", "trois lampes bleues")
WHY = ("contestation du dossier", "art. 6 (1) c RGPD")


@dataclass(frozen=True)
class Auditors:
    """A central side and the auditors whom its statement names."""

    layout: Layout
    keys: tuple[AuditorKey, ...]
    files: tuple[Path, ...]

    @property
    def control(self) -> Control:
        control = read_control(self.layout)
        assert control is not None
        return control

    def present(self) -> Present:
        """The first two sit there."""
        return present_two(
            self.layout, (self.keys[0], self.keys[1]), (self.files[0], self.files[1])
        )

    def order(
        self,
        act: Act,
        records: tuple[str, ...] = (),
        at: datetime = NOW,
        about: Subject | None = None,
        unredacted: bool = False,
    ) -> str:
        subject = about or Subject(records=records)
        order = new_order(self.control, act, subject, WHY, self.keys[0].name, at)
        return sign_order(replace(order, unredacted=unredacted), self.keys[0].signing)

    def authority(
        self,
        act: Act,
        records: tuple[str, ...] = (),
        at: datetime = NOW,
        about: Subject | None = None,
        unredacted: bool = False,
    ) -> Authority:
        token = self.order(act, records, at, about, unredacted)
        other = self.keys[1]
        return authorise(token, approve(token, other.name, other.signing, at), self.control)


def auditors_of(
    folder: Path,
    names: tuple[str, ...] = ("alix", "bao"),
    per_hour: int = 20,
    per_day: int = 100,
) -> Auditors:
    """A new central side in ``folder`` with these auditors."""
    folder.mkdir(exist_ok=True)
    files = tuple(folder / f"{name}.key" for name in names)
    keys = tuple(
        make_key(path, name, phrase, CHEAP)[0]
        for path, name, phrase in zip(files, names, PHRASES, strict=False)
    )
    layout = Layout(folder / "central")
    keeper = dual_keeper([key.auditor for key in keys], per_hour, per_day)
    found(layout, LOCAL_HOSTS, "idp.test", NOW, demonstration=False, keeper=keeper)
    return Auditors(layout, keys, files)
