"""Grain for a fill that has less of it than the photo around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging.bands import Each
from editor.imaging.grain import add, measure
from editor.imaging.measures import BRIGHTNESS
from editor.imaging.noise import level, lift

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Box = tuple[slice, slice]

_NEAR_PX = 192
_PATCH_PX = 32
_LACKING = 0.9


def with_grain(
    image: F32, unknown: Bool, box: Box, hole: Bool, filled: F32, origin: tuple[int, int], seed: int, each: Each
) -> F32:
    """Adds what grain a fill lacks beside flat parts of the photo near it; none where there is none to be measured.

    Args:
        image: H x W x 3 float32, 0..1.
        unknown: H x W bool, where the photo is not to be looked at.
        box: what of it was filled, h x w pixels.
        hole: h x w bool, which of them.
        filled: h x w x 3 float32, the fill.
        origin: where the image's first pixel lies in the whole picture, (x, y): grain depends on it and on the seed.
        seed: of the grain.
        each: called between steps; may raise to cancel.

    Returns:
        As `filled`, 0..1.
    """
    near = tuple(slice(max(0, side.start - _NEAR_PX), side.stop + _NEAR_PX) for side in box)
    photo, seen = np.clip(image[near], 0, 1), ~unknown[near]
    each(lambda _band: None, [(0, 0)])
    patches = lift(photo, _PATCH_PX, seen)
    if not len(patches):
        return filled
    each(lambda _band: None, [(0, 0)])
    wanted, found = level(photo, seen), level(filled, hole)
    grain = measure([(float((photo[seen] @ BRIGHTNESS).mean()), patch) for patch in patches])
    if grain is None or found >= _LACKING * wanted:
        return filled
    grainy = filled.copy()
    top, left = origin[1] + box[0].start, origin[0] + box[1].start
    add(grainy, grain.scaled(float(np.sqrt(1 - (found / wanted) ** 2))), top, left, seed)
    return np.asarray(np.clip(np.where(hole[..., None], grainy, filled), 0, 1), np.float32)
