"""Where a picture's edge is empty: wedges and strips that straightening and stitching leave.

What is transparent up to the edge is empty. What is of one colour is taken for empty only where it looks made: it lies
at the edge, has no holes, and ends in a few smooth lines, beyond which most is clearly of other colours. A clipped sky
has specks in it, or ends raggedly; an even sky goes over into its neighbours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]
Box = tuple[slice, slice]

_ROWS = 256
# Runs of one colour along the edge that are looked at: their least part of the side, and how many colours.
_LEAST_RUN = 0.05
_LEAST_RUN_PX = 8
_MOST_COLOURS = 16
# More of the picture than this is no border.
_MOST = 0.6
# So much of what the outline holds must be of the colour.
_WHOLE = 0.98
# The outline has at most so many corners and one more in so many pixels, when it is followed to this.
_FEW_CORNERS = 8
_CORNER_PX = 150
_SMOOTH_PX = 1.5
# So much of it must be that close to its colour, whatever the tolerance.
_EXACT = 0.6
_CLOSE = 2.5 / 255
_LONGEST_TIP_PX = 200
# Between these distances outside it, so much must differ by so many times the tolerance, or by that much.
_BEYOND_PX = (3, 6)
_STEP = 2
_LEAST_STEP = 12 / 255
_MOST_OTHER = 0.5


def find(image: F32, alpha: F32 | None, tolerance: float, check: Callable[[], None] = lambda: None) -> Bool:
    """The empty borders of a picture.

    Args:
        image: H x W x 3 float32 RGB.
        alpha: H x W float32, 0..1, 1 = opaque; None if the picture has none.
        tolerance: by how much each channel may differ from the border's colour.
        check: called again and again; what it raises ends the work.

    Returns:
        H x W bool.
    """
    empty, made = np.zeros(image.shape[:2], np.bool_), np.zeros(image.shape[:2], np.bool_)
    if alpha is not None:
        # With the mixed pixels between.
        for box, part in _at_edge(alpha < 1, check):
            if (alpha[box][part] == 0).any():
                empty[box] |= part
    for colour in _colours(image, tolerance):
        alike = np.empty(empty.shape, np.bool_)
        for top in range(0, len(alike), _ROWS):
            check()
            rows = slice(top, top + _ROWS)
            alike[rows] = (np.abs(image[rows] - colour) <= tolerance).all(axis=2)
        for box, part in _at_edge(alike, check):
            whole = _made(part, empty.size)
            exact = (np.abs(image[box][part] - colour) < _CLOSE).all(axis=1)
            if whole is not None and exact.mean() >= _EXACT and _steps(image, colour, tolerance, box, whole):
                made[box] |= whole
    for view in (made, made[::-1], made.T, made.T[::-1]):
        _sharpen(view)
    return np.asarray(empty | made)


def _steps(image: F32, colour: F32, tolerance: float, box: Box, whole: Bool) -> bool:
    """Whether most of what lies beyond a part is clearly of another colour."""
    down, across = (slice(max(0, side.start - _BEYOND_PX[1]), side.stop + _BEYOND_PX[1]) for side in box)
    part = np.zeros(image[down, across].shape[:2], np.uint8)
    top, left = box[0].start - down.start, box[1].start - across.start
    part[top : top + whole.shape[0], left : left + whole.shape[1]] = whole
    near, far = (cv2.dilate(part, np.ones((2 * px + 1, 2 * px + 1), np.uint8)) > 0 for px in _BEYOND_PX)
    ring = image[down, across][far & ~near]
    other = np.abs(ring - colour).max(axis=1) > max(_STEP * tolerance, _LEAST_STEP)
    return bool(len(ring)) and float(other.mean()) > _MOST_OTHER


def _sharpen(made: Bool) -> None:
    """Goes on to the tips of the wedges at the first row, in which there is less than a pixel of them."""
    if len(made) < 2:
        return
    changes = np.flatnonzero(np.diff(made[0], prepend=False, append=False))
    for start, stop in changes.reshape(-1, 2).tolist():
        deep = np.flatnonzero(made[1, start:stop])
        if len(deep):
            made[0, max(0, start - min(int(deep[0]), _LONGEST_TIP_PX)) : start] = True
            made[0, stop : stop + min(stop - start - 1 - int(deep[-1]), _LONGEST_TIP_PX)] = True


def _colours(image: F32, tolerance: float) -> list[F32]:
    """Black, white and the colours of long runs along the edges of a picture, the longest first, none twice."""
    runs: list[tuple[int, F32]] = []
    for line in (image[0], image[-1], image[:, 0], image[:, -1]):
        starts = [0, *(np.flatnonzero((np.abs(np.diff(line, axis=0)) > tolerance).any(axis=1)) + 1).tolist(), len(line)]
        least = min(len(line), max(_LEAST_RUN_PX, _LEAST_RUN * len(line)))
        for first, last in itertools.pairwise(starts):
            if last - first >= least:
                runs.append((last - first, np.asarray(np.median(line[first:last], axis=0), np.float32)))
    # In runs of black and white, JPEG leaves specks.
    colours = [np.zeros(3, np.float32), np.ones(3, np.float32)]
    for _length, colour in sorted(runs, key=lambda run: -run[0]):
        if all((np.abs(colour - other) > tolerance).any() for other in colours):
            colours.append(colour)
    return colours[:_MOST_COLOURS]


def _at_edge(alike: Bool, check: Callable[[], None]) -> Iterator[tuple[Box, Bool]]:
    """The parts of what is marked that touch the picture's edge: the box of each, and its pixels there."""
    check()
    _count, labels, stats, _middles = cv2.connectedComponentsWithStats(alike.view(np.uint8), connectivity=4)
    edge = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    for label in np.unique(edge[edge > 0]).tolist():
        check()
        left, top, wide, high = stats[label][:4].tolist()
        box = slice(top, top + high), slice(left, left + wide)
        yield box, labels[box] == label


def _made(part: Bool, picture_px: int) -> Bool | None:
    """The part with its few holes filled, if its outline is that of a border; else None."""
    size = int(np.count_nonzero(part))
    if size < _LEAST_RUN_PX or size > _MOST * picture_px:
        return None
    outlines, _tree = cv2.findContours(part.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(part.shape, np.uint8)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    if size < _WHOLE * np.count_nonzero(whole):
        return None
    outline = max(outlines, key=len)
    corners = len(cv2.approxPolyDP(outline, _SMOOTH_PX, True))
    if corners > _FEW_CORNERS + cv2.arcLength(outline, True) / _CORNER_PX:
        return None
    return np.asarray(whole > 0)
