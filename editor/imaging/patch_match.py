"""Filling by patches: which pixel of the source each pixel of a hole should be copied from.

The energy and its expectation-maximisation loop over a pyramid are those of Wexler, Shechtman and Irani, "Space-Time
Completion of Video" (2007); the search is PatchMatch (Barnes et al. 2009); the texture
feature follows Newson et al., "Video Inpainting of Complex Scenes" (2014). The last step picks one shift a pixel and
lets seams settle where they cost least (Kwatra et al., "Graphcut Textures", 2003, equation 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import _patch_kernels as kernels
from editor.imaging.bands import Band, Each, bands, serial
from editor.imaging.pyramid import halve

Bool = NDArray[np.bool_]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

_FULL_SEARCH_PX = 100_000
_LONG_SEARCH_PX = 300_000
_NEAR_PX = 16
_GAMMA = 1.6
_START_PX = 5.0
_START_ROUNDS = 16
_COARSE_PX = 2
_MIN_SOURCES = 24
_SEAM_PASSES = 5
_COLOUR, _TEXTURE = slice(0, 3), slice(3, 4)
_TEXTURE_GAIN = np.float32(90)
_PROMISE_COST = 1.25


def _nothing(band: Band) -> None:
    pass


def _ignore(share: float) -> None:
    pass


class NoSourceError(ValueError):
    """There is no pixel that may be copied."""


@dataclass(frozen=True, slots=True)
class Search:
    """How the search is done.

    patch_px: side of a patch. seed: of every random draw. smooth_start: the coarsest level begins with what smoothly
    continues its surroundings, else with pixels drawn at random. each: runs the bands. advance: told the share of the
    work done, 0..1; may raise.
    """

    patch_px: int = 7
    seed: int = 0
    smooth_start: bool = True
    each: Each = serial
    advance: Callable[[float], None] = _ignore

    def pause(self) -> None:
        """Gives `each` a chance to cancel."""
        self.each(_nothing, [(0, 0)])


@dataclass(slots=True)
class _Level:
    """One level of the pyramid; `pixels` is H x 4W uint8, its hole is written by votes."""

    pixels: U8
    hole: Bool
    source: Bool
    usable: U8
    high: int
    wide: int


@dataclass(slots=True)
class _Field:
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


def correspondence(image: F32, hole: Bool, source: Bool, search: Search) -> tuple[I32, I32]:
    """Finds for every pixel of the hole the source pixel whose value it should take.

    Args:
        image: H x W x 3 float32, 0..1; values in the hole are not looked at.
        hole: H x W bool.
        source: H x W bool, True where a pixel may be copied; what also lies in the hole is left out.
        search: how to search.

    Returns:
        (y, x), each H x W int32: pixel (i, j) of the hole takes `image[y[i, j], x[i, j]]`, which lies in the source;
        a pixel outside the hole names itself.

    Raises:
        NoSourceError: no pixel may be copied.
    """
    source = source & ~hole
    if not source.any():
        raise NoSourceError("no source pixel")
    search.pause()
    levels = _levels(_features(image, hole, search), hole, source, search)
    field = _start(levels[-1], search)
    promise = _texture(levels[-1]).copy()
    spent, total = 0.0, sum(_effort(level) for level in levels)
    for depth in range(len(levels) - 1, -1, -1):
        level = levels[depth]
        coarsest = depth == len(levels) - 1
        if not coarsest:
            field = _refine(field, level, search)
        if depth == len(levels) - 2:
            promise = np.asarray(cv2.resize(promise, level.hole.shape[::-1]), np.uint8)
            field = _solve_with_promise(level, field, depth, promise, search)
        else:
            _solve(level, field, depth, coarsest, promise if coarsest else None, search)
        spent += _effort(level)
        search.advance(0.9 * spent / total)
    return _settle(levels[0], field, search)


def _effort(level: _Level) -> float:
    return 1000.0 + float(np.count_nonzero(level.hole))


def _features(image: F32, hole: Bool, search: Search) -> U8:
    """H x W x 4 uint8: colour, and how much the brightness changes around a pixel (Newson et al. 2014, section 3.2).

    Its root is taken, so that faint texture, too, is told from none: else smooth places fill large holes in dark grass.
    """
    rows, columns = hole.shape
    pixels = np.empty((rows, columns, 4), np.uint8)

    def to_bytes(band: Band) -> None:
        part = slice(*band)
        np.clip(image[part] * np.float32(255) + np.float32(0.5), 0, 255, out=pixels[part, :, :3], casting="unsafe")

    search.each(to_bytes, bands(rows, columns, rows * columns // 8))
    window = 2 * search.patch_px + 1

    def texture(band: Band) -> None:
        first = max(0, band[0] - window)
        around = slice(first, band[1] + window)
        grey = cv2.cvtColor(pixels[around, :, :3], cv2.COLOR_RGB2GRAY)
        change = cv2.absdiff(grey, cv2.erode(grey, np.ones((2, 2), np.uint8)))
        known = cv2.erode(np.where(hole[around], np.uint8(0), np.uint8(1)), np.ones((3, 3), np.uint8))
        total = cv2.boxFilter(change * known, cv2.CV_32F, (window, window), normalize=False)
        count = cv2.boxFilter(known, cv2.CV_32F, (window, window), normalize=False)
        scaled = np.sqrt(total / np.maximum(count, 1)) * _TEXTURE_GAIN
        own = slice(band[0] - first, band[1] - first)
        np.clip(scaled[own], 0, 255, out=pixels[slice(*band), :, 3], casting="unsafe")

    search.each(texture, bands(rows, columns, rows * columns // 16))
    return pixels


def _levels(pixels: U8, hole: Bool, source: Bool, search: Search) -> list[_Level]:
    thick = float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3).max())
    count = max(3, 1 + int(np.ceil(np.log2(max(thick, 1.0) / _START_PX))))
    first = _level(pixels, hole, source, search.patch_px)
    while first.usable.sum() == 0:
        search = replace(search, patch_px=max(1, search.patch_px - 2))
        first = _level(pixels, hole, source, search.patch_px)
    levels = [first]
    while len(levels) < count:
        pixels, hole, source = halve(pixels, hole, source)
        if not hole.any():
            break
        level = _level(pixels, hole, source, search.patch_px + (_COARSE_PX if len(levels) > 1 else 0))
        if level.high < levels[-1].high or level.wide < levels[-1].wide or int(level.usable.sum()) < _MIN_SOURCES:
            break
        levels.append(level)
        search.pause()
    return levels


def _level(pixels: U8, hole: Bool, source: Bool, patch_px: int) -> _Level:
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
    return _Level(flat, hole, source, np.asarray(usable, np.uint8), high, wide)


def _field(level: _Level, wanted: Bool) -> _Field:
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
    return _Field(int(top), int(left), active, zeros, zeros.copy(), np.full(shape, kernels.FAR, np.int32))


def _scatter(level: _Level, field: _Field, where: Bool, seed: int) -> None:
    """Random usable matches for the corners in `where` (box)."""
    choices = np.flatnonzero(level.usable)
    picks = choices[np.random.default_rng([seed, choices.size]).integers(0, choices.size, int(where.sum()))]
    field.near_y[where], field.near_x[where] = np.divmod(picks, level.usable.shape[1])


def _pass(level: _Level, field: _Field, turn: int, fresh: bool, keen: U8, search: Search) -> None:
    reach = max(level.hole.shape)
    old_y, old_x = field.near_y.copy(), field.near_x.copy()

    def band(rows: Band) -> None:
        kernels.search_band(
            level.pixels, level.usable, field.active, field.top, field.left, old_y, old_x, field.near_y, field.near_x,
            field.cost, level.high, level.wide, rows[0], rows[1], search.seed, turn, fresh, keen,
            min(_NEAR_PX, reach),
            reach,
        )  # fmt: skip

    search.each(band, field.bands)


def _vote(level: _Level, field: _Field, wanted: Bool, weight: F32, search: Search) -> None:
    frame = wanted.astype(np.uint8)

    def band(rows: Band) -> None:
        kernels.vote_band(
            level.pixels, frame, field.active, field.top, field.left, field.near_y, field.near_x, weight, level.high,
            level.wide, rows[0], rows[1],
        )  # fmt: skip

    search.each(band, _hole_bands(wanted))


def _hole_bands(wanted: Bool) -> list[Band]:
    ys = np.flatnonzero(wanted.any(axis=1))
    first, last = int(ys[0]), int(ys[-1]) + 1
    cut = bands(last - first, wanted.shape[1], 4 * int(np.count_nonzero(wanted)))
    return [(first + a, first + b) for a, b in cut]


def _trust(level: _Level, field: _Field) -> F32:
    """How much a patch is believed for its place: less the deeper it lies in the hole (Wexler et al. 2007, 3.3).

    Together with the weak weight of similarity this keeps smooth patches, which always find a good match, from
    eating up the texture.
    """
    rows, columns = field.active.shape
    box = np.s_[field.top : field.top + rows + level.high - 1, field.left : field.left + columns + level.wide - 1]
    depth = cv2.distanceTransform(level.hole[box].astype(np.uint8), cv2.DIST_L2, 3)
    y, x = level.high // 2, level.wide // 2
    middle = depth[y : y + rows, x : x + columns]
    return np.power(np.float32(_GAMMA), -np.minimum(middle, np.float32(60)), dtype=np.float32)


def _similarity(field: _Field, keenness: float) -> F32:
    """exp(-d / 2 sigma^2), sigma^2 being a high quantile of all distances divided by `keenness`."""
    costs = field.cost[field.active > 0]
    sigma2 = max(float(np.quantile(costs[:: max(1, costs.size // 20000)], 0.75)), 1.0) / keenness
    low = costs.min()
    return np.asarray(np.exp(-(field.cost - low).astype(np.float32) / np.float32(2 * sigma2)), np.float32)


def _start(level: _Level, search: Search) -> _Field:
    """A first picture in the hole of the coarsest level, rough but of the right colours, and random matches."""
    pixels = level.pixels.reshape(*level.hole.shape, 4)
    if not search.smooth_start:
        draws = np.random.default_rng(search.seed)
        pixels[level.hole] = draws.choice(pixels[level.source], int(np.count_nonzero(level.hole)))
    for channels in (_COLOUR, _TEXTURE) if search.smooth_start else (_TEXTURE,):
        known = np.ascontiguousarray(pixels[..., channels])
        smooth = cv2.inpaint(known, level.hole.astype(np.uint8), 3, cv2.INPAINT_NS).reshape(known.shape)
        pixels[level.hole, channels] = smooth[level.hole]
    field = _field(level, level.hole)
    _scatter(level, field, field.active > 0, search.seed)
    return field


def _refine(coarse: _Field, level: _Level, search: Search) -> _Field:
    """The coarse matches carried to the next finer level, and the picture they give there."""
    field = _field(level, level.hole)
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
        _scatter(level, field, lost, search.seed)
    search.pause()
    # Copied and not averaged: a mean of patches is smoother than any of them, and would find its like in smooth places.
    map_y, map_x = _label(level, field, np.where(lost, np.float32(0), _trust(level, field)), search)
    pixels = level.pixels.reshape(*level.hole.shape, 4)
    ys, xs = np.nonzero(level.hole)
    pixels[ys, xs] = pixels[map_y[ys, xs], map_x[ys, xs]]
    return field


def _texture(level: _Level) -> U8:
    """The texture of all pixels, H x W, to be read and written."""
    return level.pixels.reshape(*level.hole.shape, 4)[..., 3]


def _solve(level: _Level, field: _Field, depth: int, coarsest: bool, promise: U8 | None, search: Search) -> None:
    """Expectation-maximisation: search for all patches, then vote for all pixels, a few times.

    At the coarsest level the hole's texture stays what its surroundings promise (frame), and only colours are voted
    for: the mean of many textures is a colour that smooth places have, too, and with their texture they would win for
    good. Elsewhere texture is voted for, too, but does not fall below the promise, if there is one.
    """
    rounds = _START_ROUNDS if coarsest else 2 + 2 * min(depth, 4)
    size = int(np.count_nonzero(field.active))
    if depth == 0 and size >= _LONG_SEARCH_PX:
        rounds = 1
    trust = _trust(level, field)
    # The rim decides whether the fill joins its surroundings, so there the whole source is always looked through.
    keen = field.active if size <= _FULL_SEARCH_PX else (field.active > 0) & (trust > _GAMMA ** -(level.high // 2 + 1))
    texture = _texture(level)
    for turn in range(rounds):
        if promise is not None:
            least = promise[level.hole]
            texture[level.hole] = least if coarsest else np.maximum(texture[level.hole], least)
        for half in range(2):
            _pass(level, field, 2 * turn + half + 64 * depth, half == 0, np.asarray(keen, np.uint8), search)
        keenness = 0.5 + 1.5 * turn / max(1, rounds - 1)
        _vote(level, field, level.hole, trust * _similarity(field, keenness), search)


def _solve_with_promise(level: _Level, field: _Field, depth: int, promise: U8, search: Search) -> _Field:
    """Solves the level above the coarsest with texture not falling below the promise (frame), and without that.

    The first is taken unless its patches match much worse: there the promise was wrong, and edges, which find their
    place at this level, were bent to keep it. The given field is written to.
    """
    pixels = level.pixels.copy()
    free = replace(field, near_y=field.near_y.copy(), near_x=field.near_x.copy(), cost=field.cost.copy())
    _solve(level, field, depth, False, promise, search)
    level.pixels, pixels = pixels, level.pixels
    _solve(level, free, depth, False, None, search)
    if field.mean_cost > _PROMISE_COST * free.mean_cost:
        return free
    level.pixels = pixels
    return field


def _label(level: _Level, field: _Field, weight: F32, search: Search) -> tuple[I32, I32]:
    """The source position that most patches, by weight, name for each pixel of the hole; elsewhere nothing of worth."""
    # Zeros, unlike empty or a copy, take memory only where they are written.
    map_y, map_x = np.zeros(level.hole.shape, np.int32), np.zeros(level.hole.shape, np.int32)
    wanted = level.hole.astype(np.uint8)

    def band(rows: Band) -> None:
        kernels.label_band(
            wanted, field.active, field.top, field.left, field.near_y, field.near_x, weight, level.high, level.wide,
            rows[0], rows[1], map_y, map_x,
        )  # fmt: skip

    search.each(band, _hole_bands(level.hole))
    return map_y, map_x


def _settle(level: _Level, field: _Field, search: Search) -> tuple[I32, I32]:
    """One source position a pixel, in regions of equal shift."""
    map_y, map_x = _label(level, field, _trust(level, field) * _similarity(field, 8.0), search)
    wanted, allowed = level.hole.astype(np.uint8), level.source.astype(np.uint8)
    cut = _hole_bands(level.hole)
    for turn in range(2 * _SEAM_PASSES):

        def settle(band: Band, parity: int = turn % 2) -> None:
            kernels.settle_band(level.pixels, wanted, allowed, map_y, map_x, parity, band[0], band[1])

        search.each(settle, cut)
    rows, columns = level.hole.shape
    np.copyto(map_y, np.arange(rows, dtype=np.int32)[:, None], where=~level.hole)
    np.copyto(map_x, np.arange(columns, dtype=np.int32), where=~level.hole)
    search.advance(1.0)
    return map_y, map_x
