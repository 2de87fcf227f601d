"""Opens a net: the file is what was expected, one thread, no memory arena."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from kiosk.domain.errors import ModelError


def open_net(path: Path, sha256: str) -> Any:
    """A session over the net of a file.

    Args:
        path: the file.
        sha256: what its digest must be, hexadecimal.

    Raises:
        ModelError: not to be read, or another file than expected.
    """
    import onnxruntime

    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise ModelError("unreadable") from exc
    if digest != sha256:
        raise ModelError("other file than expected")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    # By its path: bytes handed over would stay in memory a second time.
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
