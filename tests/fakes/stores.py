"""Real servers for the central side's stores: PostgreSQL and an S3-compatible one, on loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

from tests.fakes.ports import give_back, take_port

_DEBIAN = Path("/usr/lib/postgresql")
_READY_TRIES = 2400
_PAUSE_S = 0.05
_PAUSE = threading.Event()
BUCKET = "visavis"


def postgres_programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def _user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return None


def _options(user: str | None) -> dict[str, object]:
    return {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid}


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of its own; its folder is open to the user it runs as."""
    with tempfile.TemporaryDirectory(prefix="visavis-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


class PostgresServer:
    """A server that can be killed and started again over the same files.

    Attributes:
        folder: everything of it lies there.
        port: of loopback.
    """

    def __init__(self, folder: Path) -> None:
        programs = postgres_programs()
        if programs is None:
            raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
        self._programs = programs
        self._user = _user()
        self.folder = folder
        self._data = folder / "pg"
        self._log = folder / "pg.log"
        self.port = take_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._data.mkdir(parents=True)
        if self._user is not None:
            shutil.chown(self._data, self._user)
        self._run("initdb", "-D", self._data, "-U", "visavis", "--auth=trust", "-E", "UTF8")

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(
            [self._programs / program, *map(str, arguments)],
            check=True,
            capture_output=True,
            cwd="/",
            **_options(self._user),
        )

    @property
    def url(self) -> str:
        """Of a database that exists on every server."""
        return f"postgresql://visavis@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(self._programs / "postgres"),
                    *("-D", str(self._data)),
                    *("-p", str(self.port)),
                    *("-c", "listen_addresses=127.0.0.1"),
                    *("-c", "unix_socket_directories="),
                    *("-c", "max_connections=200"),
                ],
                stdout=log,
                stderr=log,
                cwd="/",
                **_options(self._user),
            )
        for _ in range(_READY_TRIES):
            if self._process.poll() is not None:
                break
            try:
                self._run("pg_isready", "-h", "127.0.0.1", "-p", self.port)
            except subprocess.CalledProcessError:
                _PAUSE.wait(_PAUSE_S)
            else:
                return
        raise RuntimeError(self._log.read_text("utf-8", "replace"))

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=60)

    def stop(self) -> None:
        """End it at once; nothing is asked of it any more."""
        self.kill()
        give_back(self.port)

    def replicate(self, folder: Path) -> Replica:
        """A server that follows this one; from now on every commit waits for it."""
        folder.mkdir(mode=0o755)
        if self._user is not None:
            shutil.chown(folder, self._user)
        data = folder / "pg"
        where = ("-h", "127.0.0.1", "-p", self.port, "-U", "visavis")
        self._run("pg_basebackup", *where, "-D", data, "-R", "-X", "stream", "-c", "fast")
        replica = Replica(self, self._programs / "postgres", folder, self._user)
        replica.start()
        self.wait_for(replica=True)
        self.ask("ALTER SYSTEM SET synchronous_standby_names TO '*'")
        self.ask("SELECT pg_reload_conf()")
        self.wait_for(replica=True, synchronous=True)
        return replica

    def ask(self, question: str) -> object:
        """The first value of the answer; None where there is none."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(question)
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None

    def wait_for(self, *, replica: bool, synchronous: bool = False) -> None:
        """Wait until a server follows this one, or none does."""
        following = "SELECT count(*) FROM pg_stat_replication"
        asked = f"{following} WHERE sync_state = 'sync'" if synchronous else following
        for _ in range(_READY_TRIES):
            if bool(self.ask(asked)) is replica:
                return
            _PAUSE.wait(_PAUSE_S)
        raise RuntimeError(self._log.read_text("utf-8", "replace"))


class Replica:
    """A server that follows another one, and can be killed and started again.

    It listens at a socket of its own alone: no port can be taken by somebody else.
    """

    def __init__(
        self, primary: PostgresServer, program: Path, folder: Path, user: str | None
    ) -> None:
        self._primary, self._program, self._folder, self._user = primary, program, folder, user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and not ended since."""
        return self._process is not None

    def start(self) -> None:
        """Start; it follows once it has caught up."""
        with (self._folder / "pg.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(self._program), "-D", str(self._folder / "pg")),
                    *("-c", "listen_addresses=", "-c", f"unix_socket_directories={self._folder}"),
                    *("-c", "max_connections=200"),
                ],
                stdout=log,
                stderr=log,
                cwd="/",
                **_options(self._user),
            )

    def come_back(self) -> None:
        """Start again, and wait until commits have it again."""
        self.start()
        self._primary.wait_for(replica=True, synchronous=True)

    def kill(self) -> None:
        """As a power cut would; returns once the other server has noticed."""
        self.stop()
        self._primary.wait_for(replica=False)

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=20)
            self._process = None

    def size_of(self, table: str) -> int:
        """Rows of a table as this server has them."""
        where = f"postgresql://visavis@/postgres?host={self._folder}"
        with psycopg.connect(where, autocommit=True) as connection:
            counting = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            row = connection.execute(counting).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def object_store() -> Iterator[str]:
    """An S3-compatible server with one bucket; its base address."""
    port = take_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(_READY_TRIES):
            assert process.poll() is None, "the object store ended"
            try:
                httpx.put(f"{base}/{BUCKET}", timeout=60).raise_for_status()
            except httpx.HTTPError:
                _PAUSE.wait(_PAUSE_S)
            else:
                break
        else:
            raise AssertionError("the object store does not answer")
        yield base
    finally:
        process.kill()
        process.wait(timeout=60)
        give_back(port)
