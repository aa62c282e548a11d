"""What a run keeps on disk: whole or as it was before."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
import torch

from editor.runtime.tuning import checkpoint
from editor.runtime.tuning.events import Learned, Measured
from editor.runtime.tuning.folder import RunFolder

STATE: dict[str, Any] = {
    "weights": {"a": torch.arange(4000.0)},
    "losses": [0.5],
    "best": (1.0, 3, {"a": torch.ones(2)}),
}


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    assert checkpoint.load(path) is None
    checkpoint.save(path, STATE)
    state = checkpoint.load(path)
    assert state is not None
    assert torch.equal(state["weights"]["a"], STATE["weights"]["a"])
    assert (state["losses"], state["best"][:2]) == ([0.5], (1.0, 3))
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint.pt"]


class FullDisk:
    """A file on a disk with room for a few bytes only."""

    def __init__(self, file: Any, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: Any) -> int:
        self._room -= memoryview(data).nbytes
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written: int = self._file.write(data)
        return written

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("room", [0, 300, 9000])
def test_where_the_disk_is_full_the_old_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, {"step": 1})
    opened = Path.open
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda self, *options: FullDisk(opened(self, *options), room))
        with pytest.raises(OSError, match=r"."):
            checkpoint.save(path, STATE)
    state = checkpoint.load(path)
    assert state is not None
    assert state["step"] == 1
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize("damage", ["cut", "emptied", "other bytes", "other version", "another thing"])
def test_a_damaged_checkpoint_is_none(tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.pt"
    with monkeypatch.context() as patch:
        if damage == "other version":
            patch.setattr(checkpoint, "_VERSION", 0)
        checkpoint.save(path, STATE)
    whole = path.read_bytes()
    if damage == "another thing":
        torch.save([1, 2], path)
    elif damage != "other version":
        path.write_bytes({"cut": whole[: len(whole) // 2], "emptied": b"", "other bytes": b"model" * 99}[damage])
    assert checkpoint.load(path) is None


def test_one_that_cannot_be_read_now_may_be_whole(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").mkdir()
    with pytest.raises(OSError, match="checkpoint"):
        checkpoint.load(tmp_path / "checkpoint.pt")


POINTS: list[Learned | Measured] = [
    Measured(0, 20.5),
    Learned(10, 0.25, 3.0),
    Measured(10, 21.0),
    Learned(20, 0.2, 3.5),
]


def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path)
    for point in POINTS:
        made.add(point)
    return made


def test_the_curve_comes_back_and_can_be_cut(tmp_path: Path) -> None:
    run = folder(tmp_path)
    assert run.curve() == POINTS
    assert run.cut_curve(10) == POINTS[:3] == run.curve()
    assert RunFolder(tmp_path / "none").curve() == []


def test_a_line_that_was_not_written_whole_is_left_out(tmp_path: Path) -> None:
    run = folder(tmp_path)
    (path,) = tmp_path.iterdir()
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], lines[1][:-9] + "\n", '{"other": 1}\n', "7\n", *lines[2:]]) + '{"step": 3')
    assert run.curve() == [POINTS[0], *POINTS[2:]]


def test_where_the_disk_is_full_the_curve_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = folder(tmp_path)

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space"):
            run.cut_curve(0)
    assert run.curve() == POINTS


def test_the_plan_comes_back(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert run.plan() is None
    run.write_plan({"steps": 5})
    assert run.plan() == {"steps": 5}
    (tmp_path / "plan.json").write_text('{"steps"')
    assert run.plan() is None
