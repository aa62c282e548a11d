"""Detail for a fill that was made at a smaller scale, from places of the photo that look like it there.

After Yi et al., "Contextual Residual Aggregation for Ultra High-Resolution Image Inpainting", 2020
(https://arxiv.org/abs/2005.09704), section 3.2: what scaling takes from a picture, its residual, is carried into the
hole from where the picture resembles the fill. They average the residuals of many places by attention; here each pixel
takes that of one, in regions that are copied whole, so that nothing is averaged away. Which one is searched by patches
between pictures that both lack their detail: were it looked at, smooth places would win. It is only looked at where
the seams between regions shall lie.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.errors import NoSourceError
from editor.imaging.blend import hole_box
from editor.imaging.measures import BRIGHTNESS
from editor.imaging.patch_field import (
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
)
from editor.imaging.pyramid import halve

Bool = NDArray[np.bool_]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

# At the fill's own scale the whole photo is looked through, then only what is near.
_FIRST_PASSES, _PASSES, _LAST_PASSES = 8, 3, 1
_LEAST_SOURCES = 24
_ERROR_PX = 9
_LEAST_ERROR = 0.01
_LEAST_ENERGY = 1e-6
_FAINTER, _STRONGER = 0.3, 1.5


def with_detail(image: F32, hole: Bool, source: Bool, smooth: F32, scale: float, search: Search) -> F32:
    """Adds to an enlarged fill the detail that its scale could not hold.

    Args:
        image: H x W x 3 float32, 0..1; values in the hole are not looked at.
        hole: H x W bool, at least one pixel.
        source: H x W bool, where detail may be taken from; what also lies in the hole is left out.
        smooth: H x W x 3 float32, 0..1, the fill, and around it the image, both enlarged from the same smaller scale.
        scale: how many times it was enlarged, above 1.
        search: how to search.

    Returns:
        h x w x 3 float32: the pixels of `hole_box(hole)`, those of the hole filled, the others as in `image`; 0..1.

    Raises:
        NoSourceError: there is nowhere to take detail from.
    """
    map_y, map_x = _likeness(image, smooth, hole, source & ~hole, scale, search)
    box = hole_box(hole)
    map_y, map_x = map_y[box], map_x[box]
    fill, found = smooth[box], smooth[map_y, map_x]
    detail = image[map_y, map_x] - found
    strength = _trust(fill, found, detail) * _contrast(smooth, map_y, map_x, box, scale)
    filled = np.where(hole[box][..., None], fill + strength[..., None] * detail, image[box])
    return np.asarray(np.clip(filled, 0, 1), np.float32)


def _likeness(image: F32, smooth: F32, hole: Bool, source: Bool, scale: float, search: Search) -> tuple[I32, I32]:
    """Which pixel of the source each pixel of the hole resembles, from the fill's own scale to the full one."""
    pixels = _bytes(smooth)
    search.pause()
    levels = [level_of(pixels, hole, source, search.patch_px)]
    if not levels[0].usable.any():
        raise NoSourceError
    for _depth in range(max(1, int(np.ceil(np.log2(scale) - 0.01)))):
        pixels, hole, source = halve(pixels, hole, source)
        level = level_of(pixels, hole, source, search.patch_px)
        if not hole.any() or np.count_nonzero(level.usable) < _LEAST_SOURCES:
            break
        levels.append(level)
        search.pause()
    first, *finer = reversed(levels)
    field = field_of(first, first.hole)
    scatter(first, field, field.active > 0, search.seed)
    for turn in range(_FIRST_PASSES):
        improve(first, field, turn, field.active, search)
    for number, level in enumerate(finer):
        search.advance(0.6 * (number + 1) / len(levels))
        field, _lost = carried(field, level, search)
        for turn in range(_PASSES if level is not levels[0] else _LAST_PASSES):
            improve(level, field, 64 * (number + 1) + turn, np.zeros_like(field.active), search)
    search.advance(0.6)
    return _joined(image, smooth, levels[0], field, search)


def _joined(image: F32, smooth: F32, level: Level, field: Field, search: Search) -> tuple[I32, I32]:
    """One source position a pixel, with seams where they cost least in pictures that have their detail."""
    map_y, map_x = label(level, field, np.ones(field.active.shape, np.float32), search)
    hole = level.hole
    y, x = map_y[hole], map_x[hole]
    pixels = _bytes(image)
    pixels[hole, :3] = np.clip((smooth[hole] + image[y, x] - smooth[y, x]) * np.float32(255) + np.float32(0.5), 0, 255)
    level.pixels = pixels.reshape(level.pixels.shape)
    search.advance(0.8)
    return settled(level, field, search)


def _bytes(picture: F32) -> U8:
    """H x W x 4, as the search takes it: texture is not looked at."""
    pixels = np.zeros((*picture.shape[:2], 4), np.uint8)
    pixels[..., :3] = np.clip(picture * np.float32(255) + np.float32(0.5), 0, 255)
    return pixels


def _trust(fill: F32, found: F32, detail: F32) -> F32:
    """Less where what was found differs from the fill by more than its detail is strong: there an edge of the one
    would draw a halo into the other."""
    size = (_ERROR_PX, _ERROR_PX)
    error = cv2.blur(np.abs(fill - found).mean(axis=2), size)
    strength = cv2.blur(np.abs(detail).mean(axis=2), size)
    return np.asarray(1 / (1 + (error / (2 * strength + _LEAST_ERROR)) ** 4), np.float32)


def _contrast(smooth: F32, map_y: I32, map_x: I32, box: tuple[slice, slice], scale: float) -> F32:
    """How much more contrast the fill has than what was found for it, which detail has, too."""
    light = np.ascontiguousarray(smooth @ BRIGHTNESS, np.float32)
    energy = np.zeros_like(light)
    energy[:, :-1] += np.square(np.diff(light, axis=1))
    energy[:-1] += np.square(np.diff(light, axis=0))
    side = 2 * int(scale) + 1
    own, other = (cv2.blur(part, (side, side)) + _LEAST_ENERGY for part in (energy[box], energy[map_y, map_x]))
    return np.asarray(np.clip(np.sqrt(own / other), _FAINTER, _STRONGER), np.float32)
