"""Ports that tests take stay theirs, whatever other processes do."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from central.archive.layout import FolderError
from central.serving.listening import Address, held
from tests.fakes.ports import give_back, take_port

ROOT = Path(__file__).resolve().parents[2]
_TAKES = "from tests.fakes.ports import take_port; print([take_port() for _ in range(40)])"


def test_no_two_processes_take_the_same_port():
    mine = [take_port() for _ in range(40)]
    theirs = subprocess.Popen(
        [sys.executable, "-c", f"{_TAKES}; input()"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert theirs.stdout is not None
    others = {int(word) for word in theirs.stdout.readline().strip("[]\n").split(",")}
    # While both are there, nobody else gets one of them either.
    for port in others:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hold, pytest.raises(OSError):
            hold.bind(("127.0.0.1", port))
    theirs.communicate("\n", timeout=60)
    assert len(set(mine) | others) == 80
    for port in mine:
        give_back(port)


def test_a_port_is_below_those_that_the_system_gives_to_connections():
    port = take_port()
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        assert port < chosen.getsockname()[1]
    give_back(port)


def test_a_port_that_was_given_back_can_be_held_again():
    port = take_port()
    give_back(port)
    give_back(port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hold:
        hold.bind(("127.0.0.1", port))


# --- the programs' own ----------------------------------------------------------------------------


def test_a_program_holds_its_port_until_its_server_listens():
    """Else the system may give it to a connection, or to a second server that shares it."""
    with held(Address("127.0.0.1", 0)) as address:
        with socket.socket() as other, pytest.raises(OSError):
            other.bind(("127.0.0.1", address.port))
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            server.bind(("127.0.0.1", address.port))
            server.listen()
            with socket.create_connection(("127.0.0.1", address.port)):
                server.accept()[0].close()
            with pytest.raises(FolderError, match="cannot listen"), held(address):
                pass
