"""Resampling of pictures row by row, with the exact phase of every pixel.

Any part of a result can be computed by itself, from the rows it needs, and has the same bits as in the whole. Pixel i
covers i to i + 1; both pictures cover the same area. Beyond its border a picture goes on as its last pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editor.imaging import _resample_kernels as kernels

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class Taps:
    """A linear operation along one axis: result i is the sum of weight[i, t] times the pixel index[i, t].

    index: n x taps int32, ascending. weight: n x taps float32, each row's sum is 1.
    """

    index: I32
    weight: F32

    def part(self, start: int, stop: int, origin: int = 0) -> Taps:
        """Results `start` to `stop`, from an array whose first pixel is the pixel `origin`."""
        return Taps(self.index[start:stop] - np.int32(origin), self.weight[start:stop])

    def reach(self, start: int, stop: int) -> tuple[int, int]:
        """First pixel and one past the last that the results `start` to `stop` need."""
        return int(self.index[start, 0]), int(self.index[stop - 1, -1]) + 1


def apply(image: F32, rows: Taps, columns: Taps) -> F32:
    """The operation `rows` down and `columns` across an H x W x C float32 picture."""
    high, wide, channels = image.shape
    flat = np.ascontiguousarray(image).reshape(high, wide * channels)
    down = np.empty((len(rows.index), wide * channels), np.float32)
    kernels.sum_rows(flat, rows.index, rows.weight, down)
    out = np.empty((len(rows.index), len(columns.index), channels), np.float32)
    kernels.sum_columns(down.reshape(-1, wide, channels), columns.index, columns.weight, out)
    return out


def cubic(length: int, target: int) -> Taps:
    """Cubic convolution (Keys 1981, equation 15, a = -1/2); stretched where it reduces, so that nothing aliases."""

    def weight(x: F64) -> F64:
        near = (1.5 * x - 2.5) * x * x + 1
        far = ((-0.5 * x + 2.5) * x - 4) * x + 2
        return np.asarray(np.where(x < 1, near, np.where(x < 2, far, 0)), np.float64)

    return _stretched(length, target, 2, weight)


def lanczos(length: int, target: int) -> Taps:
    """Lanczos' window of three lobes (Duchon 1979); stretched where it reduces: sharper than cubic, rings a little."""
    return _stretched(length, target, 3, lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0))


def means(length: int, size: int) -> Taps:
    """The means of `length` blocks of `size` pixels."""
    index = np.arange(length * size, dtype=np.int32).reshape(length, size)
    return Taps(index, np.full(index.shape, 1 / size, np.float32))


def gaussian(length: int, sigma: float) -> Taps:
    """A Gaussian, cut off at three sigma."""
    radius = math.ceil(3 * sigma)
    offset = np.arange(-radius, radius + 1)
    return _taps(np.arange(length)[:, None] + offset, np.exp(-0.5 * (offset / sigma) ** 2)[None], length)


def _stretched(length: int, target: int, lobes: int, weight: Callable[[F64], F64]) -> Taps:
    """Taps from `length` pixels to `target` by a symmetric kernel, a function of the distance."""
    step = length / target
    stretch = max(step, 1.0)
    centre = (np.arange(target) + 0.5) * step - 0.5
    first = np.floor(centre - lobes * stretch).astype(np.int64) + 1
    index = first[:, None] + np.arange(math.ceil(2 * lobes * stretch))
    return _taps(index, weight(np.abs(index - centre[:, None]) / stretch), length)


def _taps(index: NDArray[np.int64], weight: F64, length: int) -> Taps:
    shares = np.broadcast_to(weight / weight.sum(axis=1, keepdims=True), index.shape)
    return Taps(np.clip(index, 0, length - 1).astype(np.int32), np.ascontiguousarray(shares, np.float32))
