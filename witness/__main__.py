"""Command line of a witness: ``visavis-witness``.

Exit status: 0 done, 2 wrong use, 3 it failed. With ``--json`` the answer is one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from kiosk.crypto.cosignatures import Cosigner, cosign
from kiosk.crypto.notes import parse_verifier_key
from witness.cosigning import Witness
from witness.folder import Folder, FolderFaultError
from witness.memory import Memory, MemoryFaultError
from witness.submissions import SubmissionError, parse_submission

app = typer.Typer(
    name="visavis-witness",
    help="A witness: cosigns checkpoints of logs, and never a fork.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
FAILED: Final = 3
DEFAULT_PORT: Final = 8444
FolderOption = Annotated[
    Path, typer.Option("--data", envvar="VISAVIS_WITNESS_DATA", help="Folder of the witness.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
DEFAULT_DATA: Final = Path("visavis-witness")


def _now() -> int:
    return int(time.time())


def _tell(answer: dict[str, Any], text: str, *, as_json: bool) -> None:
    sys.stdout.write(f"{json.dumps(answer, ensure_ascii=False)}\n" if as_json else f"{text}\n")


@contextmanager
def _opened(data: Path) -> Iterator[tuple[Witness, Memory]]:
    folder = Folder(data)
    name, key = folder.load()
    memory = Memory(folder.memory)
    try:
        yield Witness(name, key, memory, _now), memory
    finally:
        memory.close()


def _watch(memory: Memory, logs: list[str]) -> list[str]:
    """Add logs by their verifier keys; their names."""
    try:
        named = [(parse_verifier_key(text)[0], text) for text in logs]
    except ValueError as exc:
        raise typer.BadParameter("a verifier key is NAME+ID+KEY, of an Ed25519 log key") from exc
    with memory.turn() as turn:
        for origin, text in named:
            turn.add_key(origin, text)
    return [origin for origin, _ in named]


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty or new folder.")],
    name: Annotated[str, typer.Option(help="Of the witness, like witness.example/w1.")],
    log: Annotated[
        list[str] | None, typer.Option(help="Verifier key of a log to watch; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a witness: its key, and the logs that it watches."""
    cosigner = Folder(folder).create(name)
    with _opened(folder) as (_, memory):
        watched = _watch(memory, log or [])
    answer = {"data": str(folder), "key": cosigner.text(), "logs": watched}
    _tell(answer, f"Witness made in {folder}\n  {cosigner.text()}", as_json=as_json)


@app.command("watch")
def watch(
    log: Annotated[list[str], typer.Argument(metavar="KEY...", help="Verifier keys of logs.")],
    data: FolderOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Watch another log, or accept another key of one that is watched."""
    with _opened(data) as (_, memory):
        watched = _watch(memory, log)
    _tell({"logs": watched}, "\n".join(watched), as_json=as_json)


@app.command("close")
def close(
    log: Annotated[str, typer.Argument(metavar="KEY", help="Verifier key of a log, or its name.")],
    data: FolderOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Sign nothing of a log any more: it was put back to a backup and goes on under another name.

    What it signed of it stays known. There is no way back: a log that rolled back is another log.
    """
    origin = log.partition("+")[0]
    with _opened(data) as (_, memory), memory.turn() as turn:
        if not turn.keys(origin):
            raise typer.BadParameter("not a log that is watched here")
        turn.close(origin, _now())
        tree = turn.tree(origin)
    size = tree.size if tree else 0
    _tell({"origin": origin, "size": size}, f"closed at {size} leaves: {origin}", as_json=as_json)


@app.command("serve")
def serve_command(
    data: FolderOption = DEFAULT_DATA,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = DEFAULT_PORT,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM; left out: plain HTTP, for a proxy that ends TLS.")
    ] = None,
    certificate_key: Annotated[Path | None, typer.Option(help="Private key, PEM.")] = None,
) -> None:
    """Cosign until SIGTERM; prints one JSON line when it is ready."""
    from witness.server import Listening, serve

    if (certificate is None) != (certificate_key is None):
        raise typer.BadParameter("certificate and key belong together")
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    with _opened(data) as (witness, _), _held(host, port) as own:
        listening = Listening(host, own, certificate, certificate_key)
        asyncio.run(serve(witness, listening))


@contextmanager
def _held(host: str, port: int) -> Iterator[int]:
    """``port`` if nobody listens there, or a free one for 0; nobody else's inside the block.

    Raises OSError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as holder:
        # The server would share a port with another one without a word: this asks first.
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            own = int(probe.getsockname()[1])
            if os.name == "posix":
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                holder.bind((host, own))
        yield own


@app.command("show")
def show(
    data: FolderOption = DEFAULT_DATA,
    notes: Annotated[
        Path | None, typer.Option(help="Write the newest checkpoint of each log, cosigned, here.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the key, the newest tree of each log, and what did not go together."""
    name, key = Folder(data).load()
    cosigner = Cosigner(name, key.public)
    with _opened(data) as (_, memory), memory.turn() as turn:
        trees = {origin: turn.tree(origin) for origin in turn.origins()}
        suspicions, closed = turn.suspicions(), turn.closed()
    if notes is not None:
        notes.mkdir(parents=True, exist_ok=True)
        for tree in filter(None, trees.values()):
            body = parse_submission(f"old 0\n\n{tree.note}".encode()).body
            line = cosign(body, name, key, _now())
            (notes / f"{tree.root.hex()[:16]}.note").write_text(tree.note + line, "utf-8")
    answer = {
        "key": cosigner.text(),
        "logs": [
            {
                "origin": origin,
                "size": tree.size if tree else 0,
                "note": tree.note if tree else "",
                "closed": origin in closed,
            }
            for origin, tree in trees.items()
        ],
        "suspicions": [asdict(one) for one in suspicions],
    }
    lines = [cosigner.text()]
    lines += [
        f"{origin}: {tree.size if tree else 0} leaves{', closed' if origin in closed else ''}"
        for origin, tree in trees.items()
    ]
    lines += [
        f"{'FORK' if one.kind == 'fork' else 'ASK '} {one.origin}: {one.kind} at {one.size} leaves"
        for one in suspicions
    ]
    _tell(answer, "\n".join(lines), as_json=as_json)


@app.command("recall")
def recall(
    note: Annotated[Path, typer.Argument(help="A checkpoint that this witness cosigned.")],
    data: FolderOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """After an old copy of the memory was put back: learn again what this witness vouched for."""
    with _opened(data) as (witness, _):
        try:
            tree = witness.recall(note.read_text("utf-8"))
        except (SubmissionError, UnicodeDecodeError) as exc:
            raise typer.BadParameter(f"not to be used: {exc}") from exc
    _tell({"size": tree.size}, f"{tree.size} leaves", as_json=as_json)


def main() -> None:
    """Run, and translate what went wrong into an exit status."""
    try:
        app()
    except (FolderFaultError, MemoryFaultError, OSError) as exc:
        sys.stderr.write(f"visavis-witness: {exc}\n")
        sys.exit(FAILED)
    except Exception as exc:  # noqa: BLE001 - the edge: nothing may leave as a trace
        sys.stderr.write(f"visavis-witness: failed ({type(exc).__name__})\n")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
