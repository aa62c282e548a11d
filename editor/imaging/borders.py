"""Where a picture's edge is empty: wedges, strips and frames that straightening, stitching and framing leave.

What is transparent up to the edge is empty. What is of one colour is taken for empty only where it looks made: seen
from a side of the picture it is that colour without a gap down to a line that is straight or smooth, and beyond the
line most is clearly of other colours. A clipped sky has specks in it, or ends raggedly; an even sky goes over into its
neighbours. Where dark ground of the photo itself meets a black border, the line is drawn on from both sides of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Box = tuple[slice, slice]
Ints = NDArray[np.intp]

_ROWS = 256
# Runs of one colour along the edge that are looked at: their least part of the side, and how many.
_LEAST_RUN = 0.05
_LEAST_RUN_PX = 8
_MOST_RUNS = 16
_COMMON = (np.zeros(3, np.float32), np.ones(3, np.float32))
# A border that is deeper than this part of the picture is none; more of the picture than the other is no border.
_DEEPEST = 0.45
_MOST = 0.6
# JPEG's rings: as far as this from the line they may differ by so many times the tolerance, if they are this short.
_BLOCK_PX = 16
_RINGING = 5
_RING_PX = 9
# The line is followed to this; its straight pieces are at least this long, and are so much of it and of the side.
_SMOOTH_PX = 2.5
_LEAST_PIECE_PX = 48
_SMOOTH = 0.4
_LEAST_LINE = 0.1
_STEEPEST = 1.5
# Whatever the tolerance, so much must be that close to the colour: beyond JPEG's rings, and among them. Where so much
# is exactly of the colour, no JPEG was made of it.
_WHOLE = 0.98
_EXACT = 0.6
_CLOSE = 2.5 / 255
_CLEAN = 0.5 / 255
# In the tip of a wedge this much and this long.
_TIP_PX = 8
_LONGEST_TIP_PX = 200
# Between these distances beyond the line, so much must differ by so many times the tolerance, or by that much.
_BEYOND_PX = (3, 6)
_STEP = 2
_LEAST_STEP = 12 / 255
_MOST_OTHER = 0.5


@dataclass(frozen=True, slots=True)
class _Piece:
    """A straight piece of the line where a border ends: columns from `start` to before `stop`, and how deep it is."""

    start: int
    stop: int
    depth: float
    slope: float

    def at(self, columns: Ints) -> NDArray[np.float64]:
        return np.asarray(self.depth + self.slope * (columns - self.start), np.float64)


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
        # With the mixed pixels between.
        for box, part in _at_edge(alpha < 1, check):
            if (alpha[box][part] == 0).any():
                empty[box] |= part
    for colour in _colours(image, tolerance):
        made = np.zeros(empty.shape, np.bool_)
        for turns in range(4):
            _from_above(np.rot90(image, turns), colour, tolerance, np.rot90(made, turns), check)
        if np.count_nonzero(made) <= _MOST * made.size:
            empty |= made
    return empty


def _from_above(image: F32, colour: F32, tolerance: float, made: Bool, check: Callable[[], None]) -> None:
    """Marks in `made` the borders of this colour at the first row of a picture."""
    check()
    high, wide = made.shape
    begins = (np.abs(image[: _RING_PX // 2] - colour) <= tolerance).all(axis=2).any(axis=0)
    if np.count_nonzero(begins) < _LEAST_LINE * wide:
        return
    limit = max(1, int(_DEEPEST * high))
    differs = np.empty((min(high, limit + _BEYOND_PX[1]), wide), np.float32)
    for top in range(0, len(differs), _ROWS):
        check()
        rows = slice(top, top + _ROWS)
        differs[rows] = np.abs(image[rows][: len(differs) - top] - colour).max(axis=2)
    check()
    depth = np.zeros(wide, np.intp)
    depth[begins] = _depth(differs[:limit, begins], tolerance)
    # What goes as deep as that may be a border at the left or right; here it ends nothing.
    seen = (depth > 0) & (depth < limit)
    lines = []
    for start, stop in np.flatnonzero(np.diff(seen, prepend=False, append=False)).reshape(-1, 2).tolist():
        pieces = [
            piece
            for piece in _straight(depth, start, stop)
            if _is_made(differs[:, piece.start : piece.stop], depth[piece.start : piece.stop], tolerance)
        ]
        if _length(pieces) >= max(_SMOOTH * (stop - start), 1):
            lines.append(pieces)
    if sum(map(_length, lines)) >= _LEAST_LINE * wide:
        for pieces in lines:
            _mark(pieces, depth, limit, made)


def _length(pieces: list[_Piece]) -> int:
    return sum(piece.stop - piece.start for piece in pieces)


def _depth(differs: F32, tolerance: float) -> Ints:
    """How deep the colour goes in each column, across the short rings that JPEG leaves near its end."""
    alike = (differs <= tolerance).astype(np.uint8)
    closed = cv2.morphologyEx(alike, cv2.MORPH_CLOSE, np.ones((_RING_PX, 1), np.uint8), borderType=cv2.BORDER_REPLICATE)
    goes_on = (closed > 0) & (differs <= _RINGING * tolerance)
    return np.asarray(np.where(goes_on.all(axis=0), len(alike), np.argmin(goes_on, axis=0)), np.intp)


def _straight(depth: Ints, start: int, stop: int) -> Iterator[_Piece]:
    """The straight pieces of the line of `depth` in these columns, if they are long and not too steep."""
    smooth = ndimage.median_filter(depth[start:stop], _RING_PX, mode="nearest")
    line = np.stack((np.arange(start, stop), smooth), axis=1).astype(np.int32)
    for (left, above), (right, below) in itertools.pairwise(cv2.approxPolyDP(line, _SMOOTH_PX, False)[:, 0].tolist()):
        if right + 1 - left >= _LEAST_PIECE_PX and abs(below - above) <= _STEEPEST * (right - left):
            columns = np.arange(left, right + 1)
            slope, depth_at = np.polyfit(columns - left, smooth[columns - start], 1).tolist()
            yield _Piece(left, right + 1, depth_at, slope)


def _is_made(differs: F32, depth: Ints, tolerance: float) -> bool:
    """Whether all down to this depth is of the one colour, and most of what lies beyond is clearly of others."""
    high, wide = differs.shape
    rows = np.arange(int(depth.max()))[:, None]
    above = differs[: len(rows)]
    deep = above[rows < depth - _BLOCK_PX]
    if deep.size and (deep < _CLOSE).mean() < _WHOLE:
        return False
    step = max(_STEP * tolerance, _LEAST_STEP)
    within = above[rows < depth]
    if (within < _CLEAN).mean() > _WHOLE:
        # A photo that is nearly as dark as its border is told from it all the same.
        step /= 2
    elif (within < _CLOSE).mean() < _EXACT:
        # Only what differs much leaves rings everywhere.
        step *= 2
    beyond = [differs[np.minimum(depth + px, high - 1), np.arange(wide)] for px in range(*_BEYOND_PX)]
    return float((np.stack(beyond) > step).mean()) > _MOST_OTHER


def _mark(pieces: list[_Piece], depth: Ints, limit: int, made: Bool) -> None:
    """Marks what lies above the pieces, and above the lines that join them and lead on from the first and last."""
    first, last = pieces[0], pieces[-1]
    columns = np.concatenate([np.arange(piece.start, piece.stop) for piece in pieces])
    line = np.interp(
        np.arange(len(depth)),
        columns,
        np.concatenate([piece.at(np.arange(piece.start, piece.stop)) for piece in pieces]),
    )
    line[: first.start] = first.at(np.arange(first.start))
    line[last.stop :] = last.at(np.arange(last.stop, len(depth)))
    begin = first.start - _leads_on(line[: first.start][::-1], depth[: first.start][::-1], -first.slope)
    end = last.stop + _leads_on(line[last.stop :], depth[last.stop :], last.slope)
    # What is a little less deep than the line has rings in it, or is the mixed pixels of a tip.
    keeps = (np.abs(depth - line) <= _SMOOTH_PX) | (depth < line - _BLOCK_PX)
    to = np.where(keeps & (depth > 0), depth, np.maximum(1, np.rint(line)).astype(np.intp))[begin:end]
    made[:limit, begin:end] |= np.arange(limit)[:, None] < to


def _leads_on(line: NDArray[np.float64], depth: Ints, slope: float) -> int:
    """For how many columns beyond the last piece the line still bounds the colour, or the tip of a wedge."""
    short = depth < line - _SMOOTH_PX
    if len(line) and slope < 0 and line[0] < -slope * _LONGEST_TIP_PX:
        short &= line > _TIP_PX
    ends = short | (line <= 0)
    return int(np.argmax(ends)) if ends.any() else len(ends)


def _colours(image: F32, tolerance: float) -> list[F32]:
    """The colours of long runs along the edges of a picture, the longest first, black and white; none twice."""
    runs: list[tuple[int, F32]] = []
    for line in (image[0], image[-1], image[:, 0], image[:, -1]):
        starts = [0, *(np.flatnonzero((np.abs(np.diff(line, axis=0)) > tolerance).any(axis=1)) + 1).tolist(), len(line)]
        least = min(len(line), max(_LEAST_RUN_PX, _LEAST_RUN * len(line)))
        for first, last in itertools.pairwise(starts):
            if last - first >= least:
                runs.append((last - first, np.asarray(np.median(line[first:last], axis=0), np.float32)))
    colours: list[F32] = []
    # In runs of black and white, JPEG leaves specks.
    for colour in (*(colour for _length, colour in sorted(runs, key=lambda run: -run[0])[:_MOST_RUNS]), *_COMMON):
        if all((np.abs(colour - other) > tolerance).any() for other in colours):
            colours.append(colour)
    return colours


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
