"""Where a copy meets its surroundings: the step between the two is spread over a few pixels, and so not seen.

The membrane of Perez et al., "Poisson Image Editing" (2003), equation 7, kept to the rim: what the last known pixel
differs by from what would continue the copy there is added to the copy, less the deeper in the hole. All of it would
carry texture far into the hole as streaks; none would leave a line where texture is cut.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.bands import Band, Each, bands

Bool = NDArray[np.bool_]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

_FADE_PX = 3.0
_DEEPEST_PX = 12
# Steps are averaged along the rim; far from it only the wider means reach, which count for little beside a near one.
_MEANS_PX = (1.0, 2.0, 4.0)
_WIDER = 0.01
_REACH_PX = _DEEPEST_PX + 4 * int(_MEANS_PX[-1]) + 1
_LEAST = np.float32(1e-9)
_NEAR = np.ones((7, 7), np.uint8)


def join(image: F32, hole: Bool, map_y: I32, map_x: I32, corner: tuple[int, int], copied: F32, each: Each) -> None:
    """Spreads the steps along the rim of a hole into the copy, in place.

    Args:
        image: H x W x 3 float32; values in the hole are not looked at.
        hole: H x W bool.
        map_y: H x W int32, row of the source of each pixel of the hole; its neighbours are what would continue it.
        map_x: H x W int32, its column.
        corner: (row, column) of the copy's first pixel.
        copied: h x w x 3 float32, the copy, its colours already fitted; changed within 12 px of the rim.
        each: runs the bands; may raise to cancel.
    """
    top, left = corner
    rows, columns = copied.shape[:2]
    inside = hole[top : top + rows, left : left + columns]
    steps = np.zeros_like(copied)
    count = np.zeros((rows, columns), np.float32)
    for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        ys, xs = np.nonzero(inside & ~_moved(hole, down, across)[top : top + rows, left : left + columns])
        source_y, source_x = map_y[ys + top, xs + left], map_x[ys + top, xs + left]
        fitting = copied[ys, xs] - image[source_y, source_x]
        source_y, source_x = source_y + down, source_x + across
        there = _within(source_y, source_x, hole.shape)
        there[there] = ~hole[source_y[there], source_x[there]]
        ys, xs, source_y, source_x = ys[there], xs[there], source_y[there], source_x[there]
        known = image[ys + top + down, xs + left + across]
        steps[ys, xs] += known - image[source_y, source_x] - fitting[there]
        count[ys, xs] += 1

    picture = np.where(inside[..., None], copied, image[top : top + rows, left : left + columns])

    def spread(band: Band) -> None:
        first = max(0, band[0] - _REACH_PX)
        around = slice(first, band[1] + _REACH_PX)
        own = slice(band[0] - first, band[1] - first)
        frame = hole[max(0, top + first - 1) : top + band[1] + _REACH_PX + 1, max(0, left - 1) : left + columns + 1]
        depth = cv2.distanceTransform(frame.astype(np.uint8), cv2.DIST_L2, 5)
        depth = depth[min(1, top + first) :, min(1, left) :][own, :columns]
        darkest, brightest = (limit(picture[around], _NEAR)[own] for limit in (cv2.erode, cv2.dilate))
        total, weight = np.zeros_like(steps[slice(*band)]), np.full(depth.shape, _LEAST)
        for number, sigma in enumerate(_MEANS_PX):
            share = np.float32(_WIDER**number)
            total += share * cv2.GaussianBlur(steps[around], (0, 0), sigma)[own]
            weight += share * cv2.GaussianBlur(count[around], (0, 0), sigma)[own]
        faded = np.where((depth > 0) & (depth <= _DEEPEST_PX), np.exp((1 - depth) / _FADE_PX), 0)
        joined = copied[slice(*band)] + (faded / weight)[..., None] * total
        # A step between bright and dark, added to what is dark already, would give what is nowhere near.
        np.copyto(copied[slice(*band)], np.clip(joined, darkest, brightest), where=(faded > 0)[..., None])

    each(spread, bands(rows, columns, int(count.sum()) * _DEEPEST_PX))


def _moved(hole: Bool, down: int, across: int) -> Bool:
    """Whether the neighbour in this direction is in the hole; what lies outside of the picture counts as if it were."""
    moved = np.ones_like(hole)
    rows, columns = hole.shape
    moved[max(0, -down) : rows - max(0, down), max(0, -across) : columns - max(0, across)] = hole[
        max(0, down) : rows + min(0, down), max(0, across) : columns + min(0, across)
    ]
    return moved


def _within(y: I32, x: I32, shape: tuple[int, ...]) -> Bool:
    return (y >= 0) & (x >= 0) & (y < shape[0]) & (x < shape[1])
