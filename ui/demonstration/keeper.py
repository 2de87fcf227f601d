"""Keeps one ``visavis-central serve`` alive as long as somebody listens, and no longer.

Started by the demonstration with a pipe on its standard input. When the pipe closes, whether the
demonstration ended, crashed or was killed, the server is ended too. Works on every system, because
a pipe closes on every system.
"""

import subprocess
import sys
import threading

_GRACE_S = 10.0


def keep(folder: str) -> int:
    """Run the server of a central folder until standard input closes; its exit code."""
    command = [sys.executable, "-m", "central", "serve", "--data", folder, "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as server:  # noqa: S603 - our own program
        threading.Thread(target=_end_with_pipe, args=(server,), daemon=True).start()
        return server.wait()


def _end_with_pipe(server: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    server.terminate()
    try:
        server.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1]))
