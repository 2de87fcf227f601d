"""Makes ``resources/icons``: the outline icons that the screens use, with a manifest and the licence.

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
NAMES = """
home history cloud-upload printer settings help-circle lock lock-open scan user-scan face-id qrcode mail pencil
id alert-triangle clock camera camera-off device-desktop wifi wifi-off user-check user arrow-left
arrow-right keyboard refresh target line-scan sun circle-check circle-x circle-dashed shield-check
file-check check x plus minus backspace eye hand-finger rotate-3d language text-size palette sunset-2
moon contrast database key info-circle circle-minus send logout arrow-back-up list-check book
credit-card zoom-in users help-octagon player-play cloud-check scale clipboard-check
calendar receipt-2 signature hand-stop sparkles device-tablet
""".split()


def main() -> None:
    """Fetch the set, copy what is named, write the manifest."""
    ICONS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        package = unpack("@tabler/icons", VERSION, Path(folder))
        shutil.copy(package / "LICENSE", ICONS / "LICENSE.txt")
        digests = {}
        for name in sorted(set(NAMES)):
            source = package / "icons" / "outline" / f"{name}.svg"
            if not source.exists():
                print(f"no such icon: {name}")
                continue
            data = source.read_bytes()
            (ICONS / f"{name}.svg").write_bytes(data)
            digests[name] = hashlib.sha256(data).hexdigest()
        manifest = {"source": "@tabler/icons", "version": VERSION, "licence": "MIT", "sha256": digests}
        (ICONS / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        print(f"{len(digests)} icons")


if __name__ == "__main__":
    main()
