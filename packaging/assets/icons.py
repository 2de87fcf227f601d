"""Makes ``resources/icons``: the outline icons of the screens, a manifest and the licence.

Run by hand when an icon is added: ``.venv/bin/python packaging/assets/icons.py`` (needs npm).
"""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from npm_package import unpack

ICONS = Path(__file__).parents[2] / "resources" / "icons"
VERSION = "3.51.0"
NAMES = (
    "alert-triangle", "arrow-back-up", "arrow-left", "arrow-right", "backspace", "book",
    "calendar", "camera", "camera-off", "check", "circle-check", "circle-dashed",
    "circle-x", "clipboard-check", "clock", "cloud-check", "cloud-upload",
    "contrast", "credit-card", "database", "device-desktop", "device-tablet", "eye",
    "file-check", "hand-finger", "hand-stop", "help-circle", "help-octagon", "history", "home",
    "id", "info-circle", "key", "keyboard", "language", "line-scan", "list-check", "lock",
    "lock-open", "logout", "mail", "minus", "moon", "pencil", "player-play", "plus",
    "printer", "qrcode", "refresh", "rotate-3d", "scale", "scan", "send",
    "settings", "shield-check", "signature", "sparkles", "sun", "sunset-2", "target",
    "user", "user-check", "user-scan", "users", "wifi", "wifi-off", "x", "zoom-in",
)  # fmt: skip


def main() -> None:
    """Fetch the set, copy what is named, write the manifest."""
    ICONS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        package = unpack("@tabler/icons", VERSION, Path(folder))
        shutil.copy(package / "LICENSE", ICONS / "LICENSE.txt")
        digests = {}
        for name in NAMES:
            source = package / "icons" / "outline" / f"{name}.svg"
            if not source.exists():
                print(f"no such icon: {name}")
                continue
            data = source.read_bytes()
            (ICONS / f"{name}.svg").write_bytes(data)
            digests[name] = hashlib.sha256(data).hexdigest()
        manifest = {
            "source": "@tabler/icons",
            "version": VERSION,
            "licence": "MIT",
            "sha256": digests,
        }
        (ICONS / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        print(f"{len(digests)} icons")


if __name__ == "__main__":
    main()
