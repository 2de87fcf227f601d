"""Fetches one package with the machine's own npm client and unpacks it in a folder."""

import subprocess
import tarfile
from pathlib import Path


def unpack(name: str, version: str, into: Path) -> Path:
    """Fetch ``name@version`` and unpack it below ``into``; returns the package's folder.

    Raises CalledProcessError where npm cannot deliver the package.
    """
    into.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["npm", "pack", "--silent", f"{name}@{version}"],
        cwd=into,
        check=True,
        capture_output=True,
        text=True,
    )
    archive = into / done.stdout.strip().splitlines()[-1]
    target = into / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    return target / "package"
