"""The list of those who seal documents, read from a data folder without starting the kiosk.

Rules, in order: a folder without a vault is left as it is, nothing is made in it; one program at a
time works on a data folder; what was kept is verified anew.
"""

from typing import TYPE_CHECKING

from kiosk.bootstrap.opening import key_store_of, open_vault
from kiosk.devices.instance_lock import InstanceLock
from kiosk.paths import Paths

if TYPE_CHECKING:
    from kiosk.documents.trust_list import TrustState


def imported_list(paths: Paths) -> "TrustState | None":
    """The list in force on a device; None where it has no vault, or no list was imported.

    Raises:
        AlreadyRunningError: another program works on this folder.
        KeyStoreError, VaultError: the vault does not open.
        TrustListError, TrustSignerError, CertificateFileError: what was kept was altered.
    """
    from kiosk.services.trust import load_state

    if not paths.vault.exists() or not paths.vault.stat().st_size:
        return None
    with InstanceLock(paths.lock):
        store = open_vault(paths, key_store_of(paths))
        try:
            return load_state(store)
        finally:
            store.close()
