"""The small parts of the harness: schedule, patches, memory, device, names."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from editor.core.errors import ModelError
from editor.runtime.tuning import devices, memory
from editor.runtime.tuning.patches import Patches
from editor.runtime.tuning.schedule import rate
from editor.runtime.tuning.trainee import trainee
from tests.runtime.tuning import tiny


def test_the_rate_rises_peaks_and_falls() -> None:
    rates = [rate(step, 100, 2.0, 0.1) for step in range(100)]
    assert rates[:10] == pytest.approx([0.2 * number for number in range(1, 11)])
    assert max(rates) == rates[10] == 2
    assert rates[55] == pytest.approx(1.0)  # half way down
    assert all(later < earlier for earlier, later in itertools.pairwise(rates[10:]))
    assert 0 < rates[-1] < 0.001


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_shortest_schedules(steps: int) -> None:
    assert all(0 < rate(step, steps, 1.0, 0.08) <= 1 for step in range(steps))


def numbered(tmp_path: Path) -> Patches:
    """One cell in which every pixel has another colour, all over the range."""
    cell = np.stack([*np.mgrid[0:16, 0:16] * 17, np.zeros((16, 16))], axis=2).astype(np.uint8)
    np.save(tmp_path / "cells.npy", np.stack([cell, cell]))
    return Patches(tmp_path / "cells.npy")


def test_a_batch_is_the_same_for_the_same_chance(tmp_path: Path) -> None:
    patches = numbered(tmp_path)
    first, again, other = (patches.batch(5, 8, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (5, 3, 8, 8)
    assert first.dtype == torch.float32
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_patches_come_from_everywhere_in_all_eight_positions(tmp_path: Path) -> None:
    batch = numbered(tmp_path).batch(400, 12, np.random.default_rng(0))
    rows, columns = (batch[:, channel] * 15 for channel in (0, 1))
    assert (float(batch.min()), float(batch.max())) == (0, 1)
    tops = {round(float(each.min())) for each in rows}
    assert tops == {0, 1, 2, 3, 4}
    # How row and column grow to the right and downwards, from one pixel to the next.
    positions = {
        tuple(
            round(float(plane[number, at[0], at[1]] - plane[number, 0, 0]))
            for plane in (rows, columns)
            for at in ((0, 1), (1, 0))
        )
        for number in range(len(batch))
    }
    assert len(positions) == 8


def test_planes_beside_a_picture_are_cut_and_turned_with_it(tmp_path: Path) -> None:
    picture = np.load(numbered(tmp_path)._path)
    np.save(tmp_path / "planes.npy", np.concatenate((picture, 255 - picture[..., :2]), axis=3))
    batch = Patches(tmp_path / "planes.npy").batch(20, 8, np.random.default_rng(0))
    assert batch.shape == (20, 5, 8, 8)
    torch.testing.assert_close(batch[:, 3:], 1 - batch[:, :2])


def test_the_first_cells_are_as_they_were_cut(tmp_path: Path) -> None:
    patches = numbered(tmp_path)
    assert len(patches) == 2
    first = patches.first(1)
    assert first.shape == (1, 3, 16, 16)
    assert float(first[0, 0, 15, 0]) == float(first[0, 1, 0, 15]) == 1
    assert len(patches.first(9)) == 2


def test_cells_are_read_when_they_are_needed(tmp_path: Path) -> None:
    patches = numbered(tmp_path)
    with (tmp_path / "cells.npy").open("r+b") as file:
        file.seek(-2 * 16 * 16 * 3, 2)
        file.write(bytes([51]) * (2 * 16 * 16 * 3))
    assert float(patches.first(1).mean()) == pytest.approx(0.2)


@pytest.mark.parametrize("shape", [(2, 16, 16), (2, 16, 12, 3), (2, 16, 16, 2)])
def test_other_arrays_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "cells.npy", np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="square cells in RGB"):
        Patches(tmp_path / "cells.npy")


def at_once(free_bytes: int, batch: int = 8) -> int:
    return memory.at_once(tiny.Tiny(), torch.zeros(1, 3, 64, 64), batch, "cpu", lambda _device: free_bytes)


def test_little_memory_makes_small_pieces() -> None:
    assert at_once(1 << 40) == 8
    assert at_once(0) == 1
    # At least the picture and the activations of 8 channels are kept, of 4 bytes.
    needed = (3 + 8) * 64 * 64 * 4
    assert at_once(4 * needed) < 4
    sizes = [at_once(share * needed) for share in (2, 8, 16, 32)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 2


def exhausted() -> BaseException:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50)
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        exhausted(),
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    ],
)
def test_what_it_looks_like_when_memory_is_exhausted(error: BaseException) -> None:
    assert memory.is_exhausted(error)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("not enough memory"), KeyError()])
def test_what_it_does_not_look_like(error: BaseException) -> None:
    assert not memory.is_exhausted(error)


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert devices.device("auto") == devices.device("cpu") == "cpu"
    for wrong in ("cuda", "tpu"):
        with pytest.raises(ModelError, match=f"{wrong}.*here are: cpu"):
            devices.device(wrong)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert devices.device("auto") == devices.device("cuda") == "cuda"


def test_a_module_is_found_by_its_name() -> None:
    found = trainee(tiny.recipe())
    assert isinstance(found.network(), tiny.Tiny)
    assert found.critic is None
    given, wanted = found.examples(torch.zeros(2, 3, 8, 8), torch.Generator().manual_seed(0), None)
    assert isinstance(given, Tensor)
    assert float(wanted.abs().max()) == 0 < float(given.abs().max())
