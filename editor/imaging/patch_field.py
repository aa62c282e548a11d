"""What searches by patches are made of: a level of the pyramid, its field of best matches, passes, labels and seams.

The search is PatchMatch (Barnes et al. 2009). `Level` and `Field` are read and written by the functions here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import _patch_kernels as kernels
from editor.imaging.bands import Band, Each, bands, serial

Bool = NDArray[np.bool_]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

GAMMA = 1.6
"""How much less a patch is believed for each pixel that it lies deeper in the hole."""

_NEAR_PX = 16
_SEAM_PASSES = 5
_WEAR = 0.5


def _nothing(band: Band) -> None:
    pass


def _ignore(share: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Search:
    """How the search is done.

    patch_px: side of a patch. seed: of every random draw. smooth_start: the coarsest level begins with what smoothly
    continues its surroundings, else with pixels drawn at random. texture: patches are compared by how much their
    brightness changes, too, which keeps texture from giving way to smooth places; by colours alone a fill looks farther
    for what fits as a whole. each: runs the bands. advance: told the share of the work done, 0..1; may raise. evenly:
    patches that are much used cost more.
    """

    patch_px: int = 7
    seed: int = 0
    smooth_start: bool = True
    texture: bool = True
    each: Each = serial
    advance: Callable[[float], None] = _ignore
    evenly: bool = False

    def pause(self) -> None:
        """Gives `each` a chance to cancel."""
        self.each(_nothing, [(0, 0)])


@dataclass(slots=True)
class Level:
    """One level of the pyramid; `pixels` is H x 4W uint8, its hole is written by votes."""

    pixels: U8
    hole: Bool
    source: Bool
    usable: U8
    high: int
    wide: int


@dataclass(slots=True)
class Field:
    """Best matches of all patches that touch the hole; arrays over the corners from (top, left) on."""

    top: int
    left: int
    active: U8
    near_y: I32
    near_x: I32
    cost: I32

    @property
    def bands(self) -> list[Band]:
        return bands(self.active.shape[0], self.active.shape[1], int(np.count_nonzero(self.active)))

    @property
    def mean_cost(self) -> float:
        return float(self.cost[self.active > 0].mean())


def level_of(pixels: U8, hole: Bool, source: Bool, patch_px: int) -> Level:
    """A level of H x W x 4 uint8 pixels, which are copied; patches are smaller where the picture is."""
    rows, columns = hole.shape
    high, wide = min(patch_px, rows), min(patch_px, columns)
    usable = cv2.erode(
        source.astype(np.uint8),
        np.ones((high, wide), np.uint8),
        anchor=(0, 0),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    flat = np.ascontiguousarray(pixels).reshape(rows, columns * 4).copy()
    return Level(flat, hole, source, np.asarray(usable, np.uint8), high, wide)


def field_of(level: Level, wanted: Bool) -> Field:
    """An empty field over the corners of all patches inside the picture that touch `wanted`."""
    rows, columns = wanted.shape
    ys, xs = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    top, bottom = max(0, ys[0] - level.high + 1), min(ys[-1], rows - level.high) + 1
    left, right = max(0, xs[0] - level.wide + 1), min(xs[-1], columns - level.wide) + 1
    shape = (int(bottom - top), int(right - left))
    touch = cv2.dilate(
        wanted[top : bottom + level.high - 1, left : right + level.wide - 1].astype(np.uint8),
        np.ones((level.high, level.wide), np.uint8),
        anchor=(0, 0),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    active = np.ascontiguousarray(touch[: shape[0], : shape[1]], dtype=np.uint8)
    zeros = np.zeros(shape, np.int32)
    return Field(int(top), int(left), active, zeros, zeros.copy(), np.full(shape, kernels.FAR, np.int32))


def scatter(level: Level, field: Field, where: Bool, seed: int) -> None:
    """Random usable matches for the corners in `where` (box)."""
    choices = np.flatnonzero(level.usable)
    picks = choices[np.random.default_rng([seed, choices.size]).integers(0, choices.size, int(where.sum()))]
    field.near_y[where], field.near_x[where] = np.divmod(picks, level.usable.shape[1])


def _wear(level: Level, field: Field) -> I32:
    """What a patch costs, frame, beside its difference, by how often it and its neighbours are used already.

    Else a few patches that fit well would be repeated all over a large hole. After Kaspar et al., "Self Tuning Texture
    Optimization" (2015), section 4.2, who charge for every use; here one copy of each place is free.
    """
    costs = field.cost[field.active > 0]
    if costs.max() >= kernels.FAR:
        return np.zeros(level.usable.shape, np.int32)
    corners = field.near_y[field.active > 0] * level.usable.shape[1] + field.near_x[field.active > 0]
    uses = np.bincount(corners, minlength=level.usable.size).reshape(level.usable.shape).astype(np.float32)
    copies = cv2.blur(uses, (level.wide, level.high), borderType=cv2.BORDER_CONSTANT)
    each_copy = np.float32(_WEAR * max(float(np.median(costs)), 50.0))
    return np.asarray(np.clip((copies - 1) * each_copy, 0, kernels.FAR // 4), np.int32)


def improve(level: Level, field: Field, turn: int, keen: U8, search: Search) -> None:
    """One pass of the search over all of a field.

    turn: number of the pass. keen: box; 1 where all of the picture is looked through, and not only what is near the
    match so far.
    """
    worn = _wear(level, field) if search.evenly else np.zeros(level.usable.shape, np.int32)
    reach = max(level.hole.shape)
    old_y, old_x = field.near_y.copy(), field.near_x.copy()

    def band(rows: Band) -> None:
        kernels.search_band(
            level.pixels, level.usable, worn, field.active, field.top, field.left, old_y, old_x, field.near_y,
            field.near_x, field.cost, level.high, level.wide, rows[0], rows[1], search.seed, turn, keen,
            min(_NEAR_PX, reach), reach,
        )  # fmt: skip

    search.each(band, field.bands)


def vote(level: Level, field: Field, wanted: Bool, weight: F32, search: Search) -> None:
    """Gives the pixels of `wanted` (frame) the mean of what the patches over them say, by `weight` (box)."""
    frame = wanted.astype(np.uint8)

    def band(rows: Band) -> None:
        kernels.vote_band(
            level.pixels, frame, field.active, field.top, field.left, field.near_y, field.near_x, weight, level.high,
            level.wide, rows[0], rows[1],
        )  # fmt: skip

    search.each(band, hole_bands(wanted))


def hole_bands(wanted: Bool) -> list[Band]:
    """The rows that hold something wanted, cut into bands."""
    ys = np.flatnonzero(wanted.any(axis=1))
    first, last = int(ys[0]), int(ys[-1]) + 1
    cut = bands(last - first, wanted.shape[1], 4 * int(np.count_nonzero(wanted)))
    return [(first + a, first + b) for a, b in cut]


def label(level: Level, field: Field, weight: F32, search: Search) -> tuple[I32, I32]:
    """The source position that most patches, by weight, name for each pixel of the hole; elsewhere nothing of worth."""
    # Zeros, unlike empty or a copy, take memory only where they are written.
    map_y, map_x = np.zeros(level.hole.shape, np.int32), np.zeros(level.hole.shape, np.int32)
    wanted = level.hole.astype(np.uint8)

    def band(rows: Band) -> None:
        kernels.label_band(
            wanted, field.active, field.top, field.left, field.near_y, field.near_x, weight, level.high, level.wide,
            rows[0], rows[1], map_y, map_x,
        )  # fmt: skip

    search.each(band, hole_bands(level.hole))
    return map_y, map_x


def trust(level: Level, field: Field) -> F32:
    """How much a patch is believed for its place: less the deeper it lies in the hole (Wexler et al. 2007, 3.3).

    Together with the weak weight of similarity this keeps smooth patches, which always find a good match, from
    eating up the texture.
    """
    rows, columns = field.active.shape
    box = np.s_[field.top : field.top + rows + level.high - 1, field.left : field.left + columns + level.wide - 1]
    depth = cv2.distanceTransform(level.hole[box].astype(np.uint8), cv2.DIST_L2, 3)
    y, x = level.high // 2, level.wide // 2
    middle = depth[y : y + rows, x : x + columns]
    return np.power(np.float32(GAMMA), -np.minimum(middle, np.float32(60)), dtype=np.float32)


def similarity(field: Field, keenness: float) -> F32:
    """exp(-d / 2 sigma^2), sigma^2 being a high quantile of all distances divided by `keenness`."""
    costs = field.cost[field.active > 0]
    sigma2 = max(float(np.quantile(costs[:: max(1, costs.size // 20000)], 0.75)), 1.0) / keenness
    low = costs.min()
    return np.asarray(np.exp(-(field.cost - low).astype(np.float32) / np.float32(2 * sigma2)), np.float32)


def carried(coarse: Field, level: Level, search: Search) -> tuple[Field, Bool]:
    """Coarse matches carried to the next finer level, and where (box) they were lost: there they are random."""
    field = field_of(level, level.hole)
    rows, columns = field.active.shape
    y = np.arange(field.top, field.top + rows, dtype=np.int32)[:, None]
    x = np.arange(field.left, field.left + columns, dtype=np.int32)[None]
    r = np.clip(y // 2 - coarse.top, 0, coarse.active.shape[0] - 1)
    c = np.clip(x // 2 - coarse.left, 0, coarse.active.shape[1] - 1)
    v = 2 * coarse.near_y[r, c] + (y - 2 * (r + coarse.top))
    u = 2 * coarse.near_x[r, c] + (x - 2 * (c + coarse.left))
    search.pause()
    inside = (v >= 0) & (u >= 0) & (v < level.usable.shape[0]) & (u < level.usable.shape[1]) & (coarse.active[r, c] > 0)
    v, u = np.where(inside, v, 0), np.where(inside, u, 0)
    lost = (field.active > 0) & ~(inside & (level.usable[v, u] > 0))
    field.near_y[:], field.near_x[:] = v, u
    if lost.any():
        scatter(level, field, lost, search.seed)
    return field, lost


def settled(level: Level, field: Field, search: Search) -> tuple[I32, I32]:
    """One source position a pixel, in regions of equal shift, whose seams lie where they cost least (Kwatra et al.,
    "Graphcut Textures", 2003, equation 1); pixels outside the hole name themselves."""
    map_y, map_x = label(level, field, trust(level, field) * similarity(field, 8.0), search)
    wanted, allowed = level.hole.astype(np.uint8), level.source.astype(np.uint8)
    cut = hole_bands(level.hole)
    for turn in range(2 * _SEAM_PASSES):

        def settle(band: Band, parity: int = turn % 2) -> None:
            kernels.settle_band(level.pixels, wanted, allowed, map_y, map_x, parity, band[0], band[1])

        search.each(settle, cut)
    rows, columns = level.hole.shape
    np.copyto(map_y, np.arange(rows, dtype=np.int32)[:, None], where=~level.hole)
    np.copyto(map_x, np.arange(columns, dtype=np.int32), where=~level.hole)
    search.advance(1.0)
    return map_y, map_x
