"""The service's data as it is shipped, for the tests of this room."""

from pathlib import Path

from kiosk.advice.service import FILES, load_service

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "service"
CONTENTS = {name: (FOLDER / f"{name}.toml").read_bytes() for name in FILES}
SERVICE = load_service(CONTENTS)
