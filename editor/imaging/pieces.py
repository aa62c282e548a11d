"""Which pixels of a mask are filled together, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.blend import hole_box

Bool = NDArray[np.bool_]
Box = tuple[slice, slice]

_JOIN_PX = 32
_BLOCK_PX = 8
_EXACT_PX = 4_000_000
_CELL_THICK = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """Pixels that are filled together.

    box: in the picture, tight. mask: which of its pixels. kept: which of them are not filled again by a later piece.
    thick: the greatest distance from one of them to the nearest pixel that is known.
    """

    box: Box
    mask: Bool
    kept: Bool
    thick: float

    @property
    def size(self) -> int:
        """Number of pixels to fill."""
        return int(np.count_nonzero(self.mask))


def turns(hole: Bool, check: Callable[[], None], cell_px: int = 1024) -> list[list[Piece]]:
    """The hole in pieces, the biggest first; those of one turn don't touch, those of the next see what it made.

    Holes near each other make one piece. One that is long for its thickness, as a wire across the photo, is cut along
    a grid, so that what has to be looked at is a band along it and not the whole photo; neighbours overlap, and the
    later one takes what the earlier kept for its surroundings. `cell_px` is the least side of the grid's cells.
    `check` is called often, and may raise to cancel.
    """
    tight = hole_box(hole)
    # With a rim of known pixels, which distances are measured to.
    box = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in tight)
    inside = hole[box]
    check()
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (_JOIN_PX + 1, _JOIN_PX + 1))
    # One pixel of each block is enough: what is grown by more than a block has one in common where it meets.
    joined = cv2.dilate(inside.astype(np.uint8), around)[::_BLOCK_PX, ::_BLOCK_PX]
    check()
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(joined))
    ordered: list[list[Piece]] = [[], [], [], []]
    for label in range(1, count):
        check()
        left, top, wide, high = (int(number) for number in stats[label][:4])
        own = np.repeat(labels[top : top + high, left : left + wide] == label, _BLOCK_PX, axis=0)
        top, left = top * _BLOCK_PX, left * _BLOCK_PX
        part = inside[top : top + high * _BLOCK_PX, left : left + wide * _BLOCK_PX]
        check()
        mask = np.repeat(own[: part.shape[0]], _BLOCK_PX, axis=1)[:, : part.shape[1]] & part
        check()
        _cut(mask, box[0].start + top, box[1].start + left, cell_px, ordered)
    return [sorted(turn, key=lambda piece: -piece.size) for turn in ordered if turn]


def _cut(mask: Bool, top: int, left: int, cell_px: int, ordered: list[list[Piece]]) -> None:
    """Adds the pieces of one group of holes to their turns."""
    step = 1 if mask.size <= _EXACT_PX else 4
    distance = step * cv2.distanceTransform(mask[::step, ::step].astype(np.uint8), cv2.DIST_L2, 3)
    cell = max(cell_px, int(_CELL_THICK * distance.max()))
    rows, columns = (-(-side // cell) for side in mask.shape)
    overlap = cell // 8 if rows * columns > 1 else 0
    for row in range(rows):
        for column in range(columns):
            inner = np.s_[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell]
            if not mask[inner].any():
                continue
            outer = np.s_[
                max(0, row * cell - overlap) : (row + 1) * cell + overlap,
                max(0, column * cell - overlap) : (column + 1) * cell + overlap,
            ]
            kept = np.zeros_like(mask[outer])
            own = np.s_[inner[0].start - outer[0].start :, inner[1].start - outer[1].start :]
            kept[own][:cell, :cell] = mask[inner]
            tight = hole_box(mask[outer])
            y, x = top + outer[0].start, left + outer[1].start
            box = (slice(y + tight[0].start, y + tight[0].stop), slice(x + tight[1].start, x + tight[1].stop))
            near = distance[_shrunk(outer[0], step), _shrunk(outer[1], step)]
            piece = Piece(box, mask[outer][tight], kept[tight], float(near.max()))
            ordered[row % 2 * 2 + column % 2].append(piece)


def _shrunk(side: slice, step: int) -> slice:
    return slice(side.start // step, -(-side.stop // step))
