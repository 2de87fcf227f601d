"""What a technician or a manager does with the device itself: the screen and the commands ask here.

Rules, in order: each act asks for the duty of who does it, whatever page or command it comes from;
what needs a PIN takes somebody whose PIN was checked; nothing here opens a record.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.bootstrap.rescue_folder import require_empty, require_room, write_out
from kiosk.devices.credential_store import CredentialKeyStore
from kiosk.domain.agent import Duty
from kiosk.domain.errors import VaultError
from kiosk.domain.ids import AgentId
from kiosk.services.agents import Signatory, Signs, require_duty
from kiosk.services.device_life import NOBODY, Watch
from kiosk.services.device_state import DeviceState, StateReader
from kiosk.services.lease import Lease
from kiosk.services.secret_change import SecretStanding

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk

SYSTEM, SYSTEMD, SYSTEMD_TPM, DEMONSTRATION = "system", "systemd", "systemd-tpm", "demonstration"
"""Kinds of key store."""


class Workshop:
    """The life of one device."""

    def __init__(self, kiosk: Kiosk) -> None:
        self._kiosk = kiosk
        membership = kiosk.membership
        lease = Lease(
            kiosk.store, kiosk.journal, kiosk.clock, membership.lease_days, membership.is_lost
        )
        self._reader = StateReader(kiosk.store, kiosk.clock, lease, lambda: kiosk.policy)

    def state(self, by: Signs) -> DeviceState:
        """How the device stands. Raises NotAllowedError, VaultError."""
        require_duty(by.agent, Duty.TEND)
        return self._reader.read()

    def key_store(self) -> str:
        """Kind of the store that keeps the keys."""
        keys = self._kiosk.keys
        if keys.is_demonstration:
            return DEMONSTRATION
        if isinstance(keys, CredentialKeyStore):
            return SYSTEMD_TPM if keys.uses_tpm else SYSTEMD
        return SYSTEM

    def escrowed(self) -> bool:
        """Whether the auditors could open the vault if its key store were lost."""
        return self._kiosk.escrow.kept()

    def vouch(self, agent_id: AgentId, pin: str, duty: Duty) -> Signatory:
        """Somebody whose PIN is right and who has this duty. Raises as SignIn.vouch."""
        return self._kiosk.sign_in.vouch(agent_id, pin, duty)

    def check_code(self, code: str) -> None:
        """Whether an enrolment code names a side that answers. Raises as Enrolment.check."""
        self._kiosk.enrolment.check(code)

    def change_keys(self, by: Signs) -> None:
        """A new key for the vault.

        Raises:
            NotAllowedError: a role that does not tend the device.
            DiskFullError, KeyChangeError, KeyStoreError: see KeyChange.rotate_database.
        """
        require_duty(by.agent, Duty.TEND)
        self._kiosk.key_change.rotate_database()

    def secret(self) -> SecretStanding | None:
        """How far a change of the device secret has come; None where nobody can tell now."""
        try:
            return self._kiosk.secret_change.standing()
        except VaultError:
            return None

    def change_secret(self, by: Signs) -> SecretStanding:
        """A new device secret behind every PIN; who has to sign in once for it, and until when.

        Raises:
            NotAllowedError: a role that does not tend the device.
            SecretChangeError, DiskFullError, KeyStoreError: see SecretChange.begin.
        """
        require_duty(by.agent, Duty.TEND)
        return self._kiosk.secret_change.begin()

    def end_secret(self, by: Signs) -> SecretStanding:
        """Destroy the device secret of before now; who needs a one-time code from then on.

        Raises:
            NotAllowedError: a role that does not tend the device.
            LastManagerError, KeyStoreError: see SecretChange.finish.
        """
        require_duty(by.agent, Duty.TEND)
        return self._kiosk.secret_change.finish()

    def close(self, by: Signs, why: str, watch: Watch = NOBODY) -> None:
        """Send everything and close the journal; see DeviceLife.close. The keys are still there."""
        self._kiosk.require_enrolled()
        self._kiosk.life.close(by, why, watch)

    def rescue(self, first: Signs, second: Signs, out: Path, watch: Watch = NOBODY) -> int:
        """Copy every sealed record and the journal to a new or empty folder; how many records.

        Raises:
            SamePersonError, NotAllowedError, ManagerNeededError: see DeviceLife.rescue.
            RescueFolderError, RescueRoomError: nothing is left in the folder.
            ActStoppedError: stopped; nothing is left in the folder.
        """
        kiosk = self._kiosk
        require_empty(out)
        require_room(out, kiosk.life.rescue_sizes(len(kiosk.export_journal().encode())))
        records = kiosk.life.rescue(first, second)
        files = kiosk.life.rescued_files(kiosk.device_id, kiosk.export_journal())
        write_out(out, files, watch, records)
        return records
