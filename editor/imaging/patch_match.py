"""Filling by patches: which pixel of the source each pixel of a hole should be copied from.

The energy and its expectation-maximisation loop over a pyramid are those of Wexler, Shechtman and Irani, "Space-Time
Completion of Video" (2007); the search is PatchMatch (Barnes et al. 2009); the texture
feature follows Newson et al., "Video Inpainting of Complex Scenes" (2014). The last step picks one shift a pixel and
lets seams settle where they cost least (Kwatra et al., "Graphcut Textures", 2003, equation 1).
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.errors import NoSourceError
from editor.imaging.bands import Band, bands
from editor.imaging.patch_field import (
    GAMMA,
    Field,
    Level,
    Search,
    carried,
    field_of,
    improve,
    label,
    level_of,
    scatter,
    settled,
    similarity,
    trust,
    vote,
)
from editor.imaging.pyramid import halve

Bool = NDArray[np.bool_]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

__all__ = ["Search", "correspondence"]

_FULL_SEARCH_PX = 100_000
_LONG_SEARCH_PX = 300_000
_START_PX = 5.0
_START_ROUNDS = 16
_COARSE_PX = 2
_THIN_LEVELS = 3
_MIN_SOURCES = 24
_COLOUR, _TEXTURE = slice(0, 3), slice(3, 4)
_TEXTURE_GAIN = np.float32(50)
_PROMISE_COST = 1.25


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
        raise NoSourceError
    search.pause()
    levels = _levels(_features(image, hole, search), hole, source, search)
    field = _start(levels[-1], search)
    promise = _texture(levels[-1]).copy()
    spent, total = 0.0, sum(_effort(level) for level in levels)
    for depth in range(len(levels) - 1, -1, -1):
        level = levels[depth]
        # A thin hole repeats an edge for good reason; at the finest level copies have found their places.
        search = replace(search, evenly=len(levels) > _THIN_LEVELS and depth > 0)
        coarsest = depth == len(levels) - 1
        if not coarsest:
            field = _refine(field, level, search)
        if depth == len(levels) - 2 and search.texture:
            promise = np.asarray(cv2.resize(promise, level.hole.shape[::-1]), np.uint8)
            field = _solve_with_promise(level, field, depth, promise, search)
        else:
            _solve(level, field, depth, coarsest, promise if coarsest else None, search)
        spent += _effort(level)
        search.advance(0.9 * spent / total)
    return settled(levels[0], field, search)


def _effort(level: Level) -> float:
    return 1000.0 + float(np.count_nonzero(level.hole))


def _features(image: F32, hole: Bool, search: Search) -> U8:
    """H x W x 4 uint8: colour, and how much the brightness changes around a pixel (Newson et al. 2014, section 3.2).

    The change is the root of its mean square, as sharpness is judged by; again the root of that is taken, so that faint
    texture, too, is told from none: else smooth places fill large holes in dark grass.
    """
    rows, columns = hole.shape
    pixels = np.empty((rows, columns, 4), np.uint8)

    def to_bytes(band: Band) -> None:
        part = slice(*band)
        np.clip(image[part] * np.float32(255) + np.float32(0.5), 0, 255, out=pixels[part, :, :3], casting="unsafe")

    search.each(to_bytes, bands(rows, columns, rows * columns // 8))
    if not search.texture:
        pixels[..., _TEXTURE] = 0
        return pixels
    window = 2 * search.patch_px + 1

    def texture(band: Band) -> None:
        first = max(0, band[0] - window)
        around = slice(first, band[1] + window)
        grey = cv2.cvtColor(pixels[around, :, :3], cv2.COLOR_RGB2GRAY)
        change = cv2.absdiff(grey, cv2.erode(grey, np.ones((2, 2), np.uint8)))
        known = cv2.erode(np.where(hole[around], np.uint8(0), np.uint8(1)), np.ones((3, 3), np.uint8))
        energy = np.square(change, dtype=np.float32) * known
        total = cv2.boxFilter(energy, cv2.CV_32F, (window, window), normalize=False)
        count = cv2.boxFilter(known, cv2.CV_32F, (window, window), normalize=False)
        scaled = np.sqrt(np.sqrt(total / np.maximum(count, 1))) * _TEXTURE_GAIN
        own = slice(band[0] - first, band[1] - first)
        np.clip(scaled[own], 0, 255, out=pixels[slice(*band), :, 3], casting="unsafe")

    search.each(texture, bands(rows, columns, rows * columns // 16))
    return pixels


def _levels(pixels: U8, hole: Bool, source: Bool, search: Search) -> list[Level]:
    thick = float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3).max())
    count = max(3, 1 + int(np.ceil(np.log2(max(thick, 1.0) / _START_PX))))
    first = level_of(pixels, hole, source, search.patch_px)
    while first.usable.sum() == 0:
        search = replace(search, patch_px=max(1, search.patch_px - 2))
        first = level_of(pixels, hole, source, search.patch_px)
    levels = [first]
    while len(levels) < count:
        pixels, hole, source = halve(pixels, hole, source)
        if not hole.any():
            break
        level = level_of(pixels, hole, source, search.patch_px + (_COARSE_PX if len(levels) > 1 else 0))
        if level.high < levels[-1].high or level.wide < levels[-1].wide or int(level.usable.sum()) < _MIN_SOURCES:
            break
        levels.append(level)
        search.pause()
    return levels


def _start(level: Level, search: Search) -> Field:
    """A first picture in the hole of the coarsest level, rough but of the right colours, and random matches."""
    pixels = level.pixels.reshape(*level.hole.shape, 4)
    if not search.smooth_start:
        draws = np.random.default_rng(search.seed)
        pixels[level.hole] = draws.choice(pixels[level.source], int(np.count_nonzero(level.hole)))
    for channels in (_COLOUR, _TEXTURE) if search.smooth_start else (_TEXTURE,):
        known = np.ascontiguousarray(pixels[..., channels])
        smooth = cv2.inpaint(known, level.hole.astype(np.uint8), 3, cv2.INPAINT_NS).reshape(known.shape)
        pixels[level.hole, channels] = smooth[level.hole]
    field = field_of(level, level.hole)
    scatter(level, field, field.active > 0, search.seed)
    return field


def _refine(coarse: Field, level: Level, search: Search) -> Field:
    """The coarse matches carried to the next finer level, and the picture they give there."""
    field, lost = carried(coarse, level, search)
    search.pause()
    # Copied and not averaged: a mean of patches is smoother than any of them, and would find its like in smooth places.
    map_y, map_x = label(level, field, np.where(lost, np.float32(0), trust(level, field)), search)
    pixels = level.pixels.reshape(*level.hole.shape, 4)
    ys, xs = np.nonzero(level.hole)
    pixels[ys, xs] = pixels[map_y[ys, xs], map_x[ys, xs]]
    return field


def _texture(level: Level) -> U8:
    """The texture of all pixels, H x W, to be read and written."""
    return level.pixels.reshape(*level.hole.shape, 4)[..., 3]


def _solve(level: Level, field: Field, depth: int, coarsest: bool, promise: U8 | None, search: Search) -> None:
    """Expectation-maximisation: search for all patches, then vote for all pixels, a few times.

    At the coarsest level the hole's texture stays what its surroundings promise (frame), and only colours are voted
    for: the mean of many textures is a colour that smooth places have, too, and with their texture they would win for
    good. Elsewhere texture is voted for, too, but does not fall below the promise, if there is one.
    """
    rounds = _START_ROUNDS if coarsest else 2 + 2 * min(depth, 4)
    size = int(np.count_nonzero(field.active))
    if depth == 0 and size >= _LONG_SEARCH_PX:
        rounds = 1
    believed = trust(level, field)
    # The rim decides whether the fill joins its surroundings, so there the whole source is always looked through.
    keen = (
        field.active if size <= _FULL_SEARCH_PX else (field.active > 0) & (believed > GAMMA ** -(level.high // 2 + 1))
    )
    texture = _texture(level)
    for turn in range(rounds):
        if promise is not None:
            least = promise[level.hole]
            texture[level.hole] = least if coarsest else np.maximum(texture[level.hole], least)
        for half in range(2):
            improve(level, field, 2 * turn + half + 64 * depth, np.asarray(keen, np.uint8), search)
        keenness = 0.5 + 1.5 * turn / max(1, rounds - 1)
        vote(level, field, level.hole, believed * similarity(field, keenness), search)


def _solve_with_promise(level: Level, field: Field, depth: int, promise: U8, search: Search) -> Field:
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
