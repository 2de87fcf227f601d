"""Files of a rescue on a medium: all of them, or nothing."""

import errno
from collections import namedtuple
from pathlib import Path

import pytest

from kiosk.bootstrap import rescue_folder
from kiosk.bootstrap.rescue_folder import require_empty, require_room, write_out
from kiosk.domain.errors import ActStoppedError, RescueFolderError, RescueRoomError
from kiosk.services.device_life import RescuedFile, Watch

FILES = (
    RescuedFile("records/00000001-a.age", b"one"),
    RescuedFile("records/00000002-b.age", b"two"),
    RescuedFile("journal.txt", b"journal\n"),
    RescuedFile("rescue.json", b"{}\n"),
)


def test_every_record_is_told_while_it_is_written(tmp_path: Path):
    told = []
    names = write_out(tmp_path / "out", FILES, Watch(told.append), 2)
    assert names == tuple(file.name for file in FILES)
    assert [(step.done, step.total) for step in told] == [(1, 2), (2, 2), (2, 2), (2, 2)]
    assert (tmp_path / "out" / FILES[0].name).read_bytes() == b"one"


@pytest.mark.parametrize("new", [True, False])
def test_a_rescue_that_is_stopped_leaves_nothing_behind(tmp_path: Path, new: bool):
    out = tmp_path / "out"
    if not new:
        out.mkdir()
    seen = []
    with pytest.raises(ActStoppedError):
        write_out(out, FILES, Watch(seen.append, lambda: len(seen) == 2), 2)
    assert out.exists() is not new
    assert not list(tmp_path.rglob("*.age"))


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, RescueRoomError), (errno.EIO, RescueFolderError)]
)
def test_a_medium_that_fails_is_named_and_cleared(tmp_path: Path, monkeypatch, number, error):
    real = rescue_folder._write

    def write(target: Path, data: bytes) -> None:
        if target.name == "journal.txt":
            raise OSError(number, "medium")
        real(target, data)

    monkeypatch.setattr(rescue_folder, "_write", write)
    with pytest.raises(error) as raised:
        write_out(tmp_path / "out", FILES)
    assert type(raised.value) is error
    assert not (tmp_path / "out").exists()


def test_room_is_looked_for_before_anything_is_written(tmp_path: Path, monkeypatch):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil gives it
    monkeypatch.setattr(rescue_folder.shutil, "disk_usage", lambda _: usage(8192, 0, 8192))
    monkeypatch.setattr(rescue_folder, "_unit_of", lambda _: 4096)
    require_room(tmp_path / "not" / "there", [4096, 1])
    require_room(tmp_path / "not" / "there", [1, 1])
    for sizes in ([4096, 4097], [1, 1, 1]):  # each file takes whole units of the medium
        with pytest.raises(RescueRoomError):
            require_room(tmp_path / "not" / "there", sizes)


def test_a_file_that_does_not_go_keeps_no_other_one_there(tmp_path: Path, monkeypatch):
    real, stuck = Path.unlink, tmp_path / "out" / FILES[0].name

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path == stuck:
            raise PermissionError(errno.EACCES, "a reader holds it")
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    seen = []
    with pytest.raises(ActStoppedError):
        write_out(tmp_path / "out", FILES, Watch(seen.append, lambda: len(seen) == 3), 2)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [stuck]


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path):
    require_empty(tmp_path)
    require_empty(tmp_path / "new")
    (tmp_path / "file").touch()
    for folder in (tmp_path, tmp_path / "file"):
        with pytest.raises(RescueFolderError):
            require_empty(folder)
