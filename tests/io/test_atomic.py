"""The old file stays whole until the new one is, whatever happens in between."""

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from editor.core.errors import WriteError
from editor.io import atomic
from editor.io.atomic import replacing
from editor.io.picture import Picture
from editor.io.write import write_picture
from tests.io.pictures import noise

posix_only = pytest.mark.skipif(os.name != "posix", reason="permissions and limits of POSIX")


def only_whole(folder: Path, name: str, content: bytes) -> None:
    """`name` holds `content`, and nothing else lies beside it."""
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_bytes() == content


def test_new_content_replaces_the_old(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with replacing(path) as temporary:
        assert temporary.parent == tmp_path
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    only_whole(tmp_path, "a.txt", b"new")


def test_any_failure_inside_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail(failure: BaseException) -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise failure

    for failure, seen in ((KeyboardInterrupt(), KeyboardInterrupt), (OSError(errno.EIO, "broken"), WriteError)):
        with pytest.raises(seen):
            fail(failure)
        only_whole(tmp_path, "a.txt", b"old")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".bmp"])
def test_disk_full_when_the_data_reaches_it(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="The disk is full"):
        write_picture(path, Picture(noise((20, 30, 3))))
    only_whole(tmp_path, path.name, b"old")


@posix_only
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".ora"])
def test_no_room_in_the_middle_of_writing(tmp_path: Path, suffix: str) -> None:
    """A process of its own that may write no file larger than 20 kB."""
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    program = f"""
        import resource, signal
        from pathlib import Path
        import numpy as np
        from editor.core.document import DocumentState
        from editor.core.errors import WriteError
        from editor.core.metadata import Metadata
        from editor.io.picture import Picture
        from editor.io.project import write_project
        from editor.io.write import write_picture

        pixels = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            if {suffix!r} == ".ora":
                write_project(Path({str(path)!r}), DocumentState.from_pixels(pixels, Metadata(), "a"))
            else:
                write_picture(Path({str(path)!r}), Picture(pixels))
        except WriteError as error:
            print(error)
    """
    command, root = [sys.executable, "-c", textwrap.dedent(program)], Path(atomic.__file__).parents[2]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert result.stdout.startswith("The disk is full"), result.stderr
    only_whole(tmp_path, path.name, b"old")


@posix_only
def test_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with replacing(path) as temporary:
        temporary.write_bytes(b"new")
    assert path.stat().st_mode & 0o777 == 0o640


@posix_only
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "a.txt"
    target.write_bytes(b"old")
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    with replacing(link) as temporary:
        temporary.write_bytes(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_paths_that_cannot_be_written(tmp_path: Path) -> None:
    picture = Picture(noise((4, 4, 3)))
    with pytest.raises(WriteError, match="does not exist"):
        write_picture(tmp_path / "missing" / "a.png", picture)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(WriteError, match="is a folder"):
        write_picture(tmp_path / "folder.png", picture)
    with pytest.raises(WriteError, match="too long"):
        write_picture(tmp_path / ("x" * 300 + ".png"), picture)


def test_a_folder_or_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_arguments: Any) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    path = tmp_path / "a.png"
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", denied)
        with pytest.raises(WriteError, match="no permission"):
            write_picture(path, Picture(noise((4, 4, 3))))
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    with pytest.raises(WriteError, match="write-protected"):
        write_picture(path, Picture(noise((4, 4, 3))))
    only_whole(tmp_path, "a.png", b"old")
