"""Patches of photos, cut once into a file that is mapped into memory, and the batches drawn from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Patches:
    """Cells of photos, N x S x S x 3 uint8 RGB, with further planes if the recipe prepares them, at least as large as
    the patches that are cut out of them at random."""

    def __init__(self, path: Path) -> None:
        """Maps a .npy file. Raises OSError or ValueError if it is none."""
        self._path = path
        self._cells: NDArray[np.uint8] = np.load(path, mmap_mode="r")
        if self._cells.ndim != 4 or self._cells.shape[1] != self._cells.shape[2] or self._cells.shape[3] < 3:
            raise ValueError(f"{path} holds {self._cells.shape}, not square cells in RGB")

    def __len__(self) -> int:
        return len(self._cells)

    def __reduce__(self) -> tuple[type[Patches], tuple[Path]]:
        """Another process maps the file, too: nothing is copied."""
        return Patches, (self._path,)

    def batch(self, count: int, patch_px: int, rng: np.random.Generator) -> Tensor:
        """count x C x patch_px x patch_px float32 0..1, mirrored and turned by quarters at random."""
        room = self._cells.shape[1] - patch_px
        patches = np.empty((count, patch_px, patch_px, self._cells.shape[3]), np.uint8)
        for patch, which in zip(patches, rng.integers(len(self._cells), size=count), strict=True):
            top, left = rng.integers(room + 1, size=2)
            cut = self._cells[which, top : top + patch_px, left : left + patch_px]
            if rng.random() < 0.5:
                cut = cut[:, ::-1]
            patch[:] = np.rot90(cut, int(rng.integers(4)))
        return _tensor(patches)

    def first(self, count: int) -> Tensor:
        """The first cells as they are, count x C x S x S."""
        return _tensor(np.array(self._cells[:count]))


def _tensor(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
