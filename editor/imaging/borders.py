"""Where a picture's edge is empty: wedges and strips that straightening and stitching leave.

What is transparent up to the edge is empty. What is of one colour is taken for empty only where it looks made: it lies
at the edge, has no holes, and ends in a few smooth lines; a clipped sky has specks in it, or ends raggedly.
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
_LEAST_RUN = 0.01
_LEAST_RUN_PX = 4
_MOST_COLOURS = 16
# More of the picture than this is no border.
_MOST = 0.6
# So much of what the outline holds must be of the colour.
_WHOLE = 0.98
# What the outline's smooth course is at least, in parts of its length, and how many corners that has at most.
_SMOOTH = 0.88
_SMOOTH_PX = 1.5
_COARSE = 0.002
_MOST_CORNERS = 20


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
    empty = np.zeros(image.shape[:2], np.bool_)
    if alpha is not None:
        for box, part in _at_edge(alpha == 0, check):
            empty[box] |= part
    for colour in _colours(image, tolerance):
        alike = np.empty(empty.shape, np.bool_)
        for top in range(0, len(alike), _ROWS):
            check()
            rows = slice(top, top + _ROWS)
            alike[rows] = (np.abs(image[rows] - colour) <= tolerance).all(axis=2)
        for box, part in _at_edge(alike, check):
            whole = _made(part, empty.size)
            if whole is not None:
                empty[box] |= whole
    return empty


def _colours(image: F32, tolerance: float) -> list[F32]:
    """The colours of long runs along the edges of a picture, the longest first, none twice."""
    runs: list[tuple[int, F32]] = []
    for line in (image[0], image[-1], image[:, 0], image[:, -1]):
        starts = [0, *(np.flatnonzero((np.abs(np.diff(line, axis=0)) > tolerance).any(axis=1)) + 1).tolist(), len(line)]
        least = min(len(line), max(_LEAST_RUN_PX, _LEAST_RUN * len(line)))
        for first, last in itertools.pairwise(starts):
            if last - first >= least:
                runs.append((last - first, np.asarray(np.median(line[first:last], axis=0), np.float32)))
    colours: list[F32] = []
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
    """The part with its few holes filled, if it ends as a border does; else None."""
    size = int(np.count_nonzero(part))
    if size < _LEAST_RUN_PX or size > _MOST * picture_px:
        return None
    outlines, _tree = cv2.findContours(part.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(part.shape, np.uint8)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    if size < _WHOLE * np.count_nonzero(whole):
        return None
    outline = max(outlines, key=len)
    smooth = cv2.approxPolyDP(outline, _SMOOTH_PX, True)
    coarse = cv2.approxPolyDP(outline, max(_SMOOTH_PX, _COARSE * picture_px**0.5), True)
    if cv2.arcLength(smooth, True) < _SMOOTH * cv2.arcLength(outline, True) or len(coarse) > _MOST_CORNERS:
        return None
    return np.asarray(whole > 0)
