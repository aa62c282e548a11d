"""Planes added to cells before anything is learned from them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.errors import Cancelled, EditorError
from editor.host.training_planes import add

U8 = NDArray[np.uint8]
SIDE_PX = 8


def prepared(cell: U8, rng: np.random.Generator) -> U8:
    """The cell's first channel, and chance."""
    return np.dstack((cell[..., 0], rng.integers(0, 256, cell.shape[:2], np.uint8)))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    paths = (tmp_path / "train.npy", tmp_path / "validation.npy")
    for path, count in zip(paths, (11, 3), strict=True):
        np.save(path, np.random.default_rng(count).integers(0, 256, (count, SIDE_PX, SIDE_PX, 3), np.uint8))
    return paths


def test_all_cells_get_their_planes_by_themselves_and_the_seed(files: tuple[Path, Path]) -> None:
    before = [np.load(path) for path in files]
    told: list[float] = []
    add(__name__, files, 3, told.append)
    after = [np.load(path) for path in files]
    for cells, wanted in zip(after, before, strict=True):
        assert cells.shape == (*wanted.shape[:3], 5)
        assert np.array_equal(cells[..., :3], wanted)
        assert np.array_equal(cells[..., 3], wanted[..., 0])
    chance = after[0][..., 4]
    assert len({plane.tobytes() for plane in chance}) == len(chance)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)
    # In another order, another file: the same.
    np.save(files[0], before[0][::-1])
    add(__name__, files[:1], 3, told.append)
    assert np.array_equal(np.load(files[0])[::-1], after[0])
    np.save(files[0], before[0])
    add(__name__, files[:1], 4, told.append)
    assert not np.array_equal(np.load(files[0]), after[0])


def test_when_the_time_is_over_fewer_cells_are_kept_whole(tmp_path: Path) -> None:
    paths = (tmp_path / "train.npy", tmp_path / "validation.npy")
    before = [
        np.random.default_rng(count).integers(0, 256, (count, SIDE_PX, SIDE_PX, 3), np.uint8) for count in (99, 33)
    ]
    for path, cells in zip(paths, before, strict=True):
        np.save(path, cells)
    now = itertools.count()
    kept = add(__name__, paths, 3, lambda _share: None, seconds=3.0, clock=lambda: float(next(now)))
    assert 12 <= kept[0] < 99
    assert 12 <= kept[1] < 33
    for path, count, cells in zip(paths, kept, before, strict=True):
        after = np.load(path)
        assert after.shape == (count, SIDE_PX, SIDE_PX, 5)
        assert np.array_equal(after[..., 3], after[..., 0])
        known = {cell.tobytes() for cell in cells}
        assert len({cell[..., :3].tobytes() for cell in after} & known) == count
        # Not the first ones: these are of one photo, or of one part of it.
        assert not np.array_equal(after[..., :3], cells[:count])


def test_a_process_that_is_killed_is_said(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    before = [path.read_bytes() for path in files]
    (files[0].parent / "deadly_planes.py").write_text(
        "import os\n\ndef prepared(cell, rng):\n    os._exit(9)\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(files[0].parent)
    with pytest.raises(EditorError, match="memory"):
        add("deadly_planes", files, 3, lambda _share: None)
    assert [path.read_bytes() for path in files] == before


def test_stopped_it_leaves_the_files_as_they_were(files: tuple[Path, Path]) -> None:
    before = [path.read_bytes() for path in files]

    def stop(share: float) -> None:
        if share > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        add(__name__, files, 3, stop)
    assert [path.read_bytes() for path in files] == before
    assert sorted(files[0].parent.iterdir()) == sorted(files)
