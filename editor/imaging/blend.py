"""Gradient-domain blend of copied pixels: brightness and colour made to agree along seams, texture untouched.

After Perez et al., "Poisson Image Editing" (2003), equation 7, with a trust per edge. With the copied picture F and
the result F + c, the correction c minimises

    sum over edges (p, q) in the hole   w_pq (c_q - c_p - j_pq)^2
  + sum over edges to a known pixel     w_p  (c_p - j_p)^2
  + screen * sum c_p^2

where j_p is how much brighter the known picture is there than what would continue the copy, and j_pq the same between
two regions of different shift (0 inside a region). Both are means over a small window, so that only the low-frequency
difference is matched, and w falls where the differences in the window disagree: edges that don't meet are left to be
edges instead of bleeding.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import _blend_kernels as kernels
from editor.imaging.bands import Band, Each, bands, serial
from editor.imaging.rim import join

Bool = NDArray[np.bool_]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

_NOISE = 0.03**2
_RIM_PX = 2
# Where the rim is smooth a cast shows, and is known; across edges and texture colours differ for good reasons.
_RIM_NOISE = 0.004**2
_RIM_SCREEN = np.float32(1e-7)
_CYCLES = 6


@dataclass(slots=True)
class _Grid:
    """Edge weights, diagonal and right side of the equations on one level of the multigrid."""

    across: F32
    down: F32
    pull: F32
    diagonal: F32

    @property
    def bands(self) -> list[Band]:
        return bands(*self.pull.shape)


def blend(
    image: F32, hole: Bool, map_y: I32, map_x: I32, *, reach: float = 1.0, window_px: int = 3, each: Each = serial
) -> F32:
    """Copies the pixels that a correspondence names, fits their low-frequency colour along all seams, and takes off the
    steps that are left along the hole's rim.

    Args:
        image: H x W x 3 float32; values in the hole are not looked at.
        hole: H x W bool, at least one pixel.
        map_y: H x W int32, row of the source of each pixel of the hole.
        map_x: H x W int32, its column.
        reach: 0..1; 1 spreads the correction over the whole hole, less keeps it ever nearer to the seams, 0 leaves
            the copy as it is.
        window_px: radius of the window in which colours are compared.
        each: runs the bands; may raise to cancel.

    Returns:
        h x w x 3 float32: the pixels of `hole_box(hole)`, those of the hole replaced, 0..1.
    """
    box = hole_box(hole)
    inside = hole[box]
    copied = image[map_y[box], map_x[box]]
    if reach > 0:
        screen = 4.0 ** (-10 * reach) if reach < 1 else 1e-7
        correction = _correction(
            image, hole, map_y, map_x, (box[0].start, box[1].start), inside, screen, window_px, each
        )
        copied += np.moveaxis(correction, 0, 2)
        join(image, hole, map_y, map_x, (box[0].start, box[1].start), copied, each)
    return np.clip(copied, 0, 1, out=copied)


def fitted(image: F32, hole: Bool, known: Bool, picture: F32, *, each: Each = serial) -> F32:
    """Takes the colour cast off a picture that was made for a hole: its colours are made to agree along the hole's rim,
    and its gradients stay.

    What lies outside the hole may have been put back by whoever made the picture, so it says nothing. Compared are the
    means of what is known just outside of the rim and of the picture just inside of it.

    Args:
        image: H x W x 3 float32.
        hole: H x W bool, at least one pixel.
        known: H x W bool, where `image` is to be agreed with; nothing in the hole is.
        picture: H x W x 3 float32; values outside the hole are not looked at.
        each: runs the bands; may raise to cancel.

    Returns:
        h x w x 3 float32: the pixels of `hole_box(hole)`, those of the hole fitted, the others as in `image`; 0..1.
    """
    box = hole_box(hole)
    near = tuple(slice(max(0, side.start - 2 * _RIM_PX), side.stop + 2 * _RIM_PX) for side in box)
    inside = hole[near]
    outer, outer_spread = _local(image[near], known[near] & ~inside)
    inner, inner_spread = _local(picture[near], inside)
    weight = np.where(known[near] & ~inside, 1 / (1 + (outer_spread + inner_spread) / _RIM_NOISE), 0)
    jumps = np.dstack((weight[..., None] * (outer - inner), weight)).astype(np.float32)
    framed = np.pad(jumps, ((1, 1), (1, 1), (0, 0)))
    beside = framed[2:, 1:-1] + framed[:-2, 1:-1] + framed[1:-1, 2:] + framed[1:-1, :-2]
    beside[~inside] = 0
    across, down = np.zeros(inside.shape, np.float32), np.zeros(inside.shape, np.float32)
    across[:, :-1] = inside[:, 1:] & inside[:, :-1]
    down[:-1] = inside[1:] & inside[:-1]
    pull = beside[..., 3] + np.where(inside, _RIM_SCREEN, np.float32(0))
    force = np.ascontiguousarray(np.moveaxis(beside[..., :3], 2, 0))
    correction = np.moveaxis(_solved(across, down, pull, force, each), 0, 2)
    result = np.where(inside[..., None], picture[near] + correction, image[near])
    own = tuple(slice(side.start - wide.start, side.stop - wide.start) for side, wide in zip(box, near, strict=True))
    return np.asarray(np.clip(result[own[0], own[1]], 0, 1), np.float32)


def _local(image: F32, where: Bool) -> tuple[F32, F32]:
    """Mean of those pixels of a small window that count, and their variance, summed over the channels."""
    size, share = (2 * _RIM_PX + 1, 2 * _RIM_PX + 1), where.astype(np.float32)
    count = np.maximum(cv2.blur(share, size), np.float32(1e-6))
    mean = cv2.blur(image * share[..., None], size) / count[..., None]
    square = cv2.blur(np.square(image).sum(axis=2) * share, size) / count
    return np.asarray(mean, np.float32), np.maximum(square - np.square(mean).sum(axis=2), 0)


def hole_box(hole: Bool) -> tuple[slice, slice]:
    """The smallest box around the True pixels of H x W bool, at least one."""
    ys, xs = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    return slice(int(ys[0]), int(ys[-1]) + 1), slice(int(xs[0]), int(xs[-1]) + 1)


def _correction(
    image: F32, hole: Bool, map_y: I32, map_x: I32, corner: tuple[int, int], inside: Bool, screen: float,
    window_px: int, each: Each,
) -> F32:  # fmt: skip
    shape = inside.shape
    across, down, pull = (np.zeros(shape, np.float32) for _ in range(3))
    force = np.zeros((3, *shape), np.float32)
    frame = hole.astype(np.uint8)

    def seams(band: Band) -> None:
        kernels.seams_band(
            image, frame, map_y, map_x, corner[0], corner[1], window_px, _NOISE, band[0], band[1], across, down, pull,
            force,
        )  # fmt: skip

    each(seams, bands(*shape))
    pull += np.where(inside, np.float32(screen), np.float32(0))
    return _solved(across, down, pull, force, each)


def _solved(across: F32, down: F32, pull: F32, force: F32, each: Each) -> F32:
    """The correction, 3 x H x W: weights of the edges to the next pixel, weights and jumps of those to known ones."""
    grids = [_grid(across, down, pull)]
    while max(grids[-1].pull.shape) > 2:
        grids.append(_coarser(grids[-1]))
    value = np.zeros_like(force)
    for _ in range(_CYCLES):
        _cycle(grids, 0, force, value, each)
    return value


def _grid(across: F32, down: F32, pull: F32) -> _Grid:
    diagonal = pull + across + down
    diagonal[:, 1:] += across[:, :-1]
    diagonal[1:] += down[:-1]
    return _Grid(across, down, pull, diagonal)


def _pairs(array: F32) -> F32:
    """Sums over 2 x 2 blocks of the last two axes, zeros beyond the edge."""
    high, wide = array.shape[-2:]
    pad = [(0, 0)] * (array.ndim - 2) + [(0, high % 2), (0, wide % 2)]
    even = np.pad(array, pad) if high % 2 or wide % 2 else array
    return np.asarray(
        even[..., ::2, ::2] + even[..., 1::2, ::2] + even[..., ::2, 1::2] + even[..., 1::2, 1::2], dtype=np.float32
    )


def _coarser(grid: _Grid) -> _Grid:
    """The equations of 2 x 2 blocks; an edge between blocks is half the sum of its two, being twice as long."""
    across, down = grid.across.copy(), grid.down.copy()
    across[:, ::2] = 0
    down[::2] = 0
    return _grid(_pairs(across) * np.float32(0.5), _pairs(down) * np.float32(0.5), _pairs(grid.pull))


def _sweep(grid: _Grid, force: F32, value: F32, times: int, each: Each) -> None:
    cut = grid.bands
    for turn in range(2 * times):

        def relax(band: Band, colour: int = turn % 2) -> None:
            kernels.relax_band(grid.across, grid.down, grid.diagonal, force, value, colour, band[0], band[1])

        if len(cut) > 1:
            each(relax, cut)
        else:
            serial(relax, cut)


def _residual(grid: _Grid, force: F32, value: F32) -> F32:
    left = force - grid.diagonal * value
    left[..., :, :-1] += grid.across[:, :-1] * value[..., :, 1:]
    left[..., :, 1:] += grid.across[:, :-1] * value[..., :, :-1]
    left[..., :-1, :] += grid.down[:-1] * value[..., 1:, :]
    left[..., 1:, :] += grid.down[:-1] * value[..., :-1, :]
    return np.asarray(left, dtype=np.float32)


def _cycle(grids: list[_Grid], depth: int, force: F32, value: F32, each: Each) -> None:
    """One V-cycle of multigrid; `value` is improved in place."""
    grid = grids[depth]
    if depth == len(grids) - 1:
        _sweep(grid, force, value, 8, each)
        return
    _sweep(grid, force, value, 2, each)
    less = _pairs(_residual(grid, force, value))
    step = np.zeros_like(less)
    _cycle(grids, depth + 1, less, step, each)
    high, wide = grid.pull.shape
    for channel in range(3):
        # Cubic or linear would reach over the rim of the hole; a block's pixels share its step.
        value[channel] += cv2.resize(step[channel], None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)[:high, :wide]
    value[:, grid.diagonal <= 0] = 0
    _sweep(grid, force, value, 2, each)
