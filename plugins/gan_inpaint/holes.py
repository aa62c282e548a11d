"""What the network learns to repair: holes as photographers paint them, filled by patches. No torch here."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.blend import blend, hole_box
from editor.imaging.patch_match import Search, correspondence
from plugins.gan_inpaint.rim import planes

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Draw = Callable[[int, np.random.Generator], U8]

# Of the cell's area. Beside thin lines, what is painted over is rarely less, and of more nothing is left to copy from.
_LEAST, _MOST = 0.01, 0.25
_TRIES = 20
_PATCHES_PX = (7, 9, 5)
_LETTERS = "abcdefghijklmnoprstuvwxyzABCDEFGHKLMNPRSTXYZ0123456789"


def prepared(cell: U8, rng: np.random.Generator) -> U8:
    """A cell with a hole in it, filled by patches, as the network is given it. Takes tenths of a second.

    Args:
        cell: S x S x 3 RGB.
        rng: where all chance comes from.

    Returns:
        S x S x 7: the planes of `plugins.gan_inpaint.rim.planes`, 1 as 255.
    """
    hole = drawn(len(cell), rng)
    given = planes(filled_by_patches(cell, hole, rng), hole, (0, 0), lambda: None)
    return np.rint(given * 255).astype(np.uint8)


def filled_by_patches(cell: U8, hole: Bool, rng: np.random.Generator) -> F32:
    """The cell, S x S x 3 0..1, with its hole filled."""
    image = cell.astype(np.float32) / np.float32(255)
    seed = int(rng.integers(2**31))
    map_y, map_x = correspondence(image, hole, ~hole, Search(_PATCHES_PX[seed % 3], seed, seed % 3 == 0))
    box = hole_box(hole)
    image[box][hole[box]] = blend(image, hole, map_y, map_x)[hole[box]]
    return image


def drawn(side: int, rng: np.random.Generator) -> Bool:
    """A hole, side x side, of one kind or of two together; it covers 1 to 25 % of the area."""
    kinds: tuple[Draw, ...] = (_blob, _stroke, _wires, _text, _border)
    hole = np.zeros((side, side), np.uint8)
    for _turn in range(_TRIES):
        first, second = rng.choice(len(kinds), 2, p=(0.36, 0.28, 0.16, 0.1, 0.1))
        hole = kinds[first](side, rng)
        if rng.random() < 0.2:
            hole |= kinds[second](side, rng)
        if _LEAST <= np.count_nonzero(hole) / hole.size <= _MOST:
            break
    else:
        hole = _empty(side)
        hole[side // 3 : side // 2, side // 3 : side // 2] = 1
    return np.asarray(hole > 0)


def _empty(side: int) -> U8:
    return np.zeros((side, side), np.uint8)


def _blob(side: int, rng: np.random.Generator) -> U8:
    """One or two roundish areas, painted around an object."""
    hole = _empty(side)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    for _number in range(1 + (rng.random() < 0.25)):
        wide, high = side * rng.uniform(0.06, 0.27, 2)
        radius = np.ones_like(angles)
        for waves in range(2, 7):
            radius += rng.uniform(0, 0.5 / waves) * np.sin(waves * angles + rng.uniform(0, 2 * np.pi))
        turn = rng.uniform(0, np.pi)
        x, y = wide * radius * np.cos(angles), high * radius * np.sin(angles)
        points = np.stack((x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)), 1)
        cv2.fillPoly(hole, [(points + rng.uniform(0.1, 0.9, 2) * side).astype(np.int32)], (1,))
    return hole


def _stroke(side: int, rng: np.random.Generator) -> U8:
    """A wide brush pulled back and forth."""
    thick_px = max(3, round(side * rng.uniform(0.03, 0.14)))
    place, way = rng.uniform(0.15, 0.85, 2) * side, rng.uniform(0, 2 * np.pi)
    points = [place]
    for _turn in range(int(rng.integers(1, 7))):
        way += rng.normal(0, 0.9)
        place = np.clip(place + side * rng.uniform(0.05, 0.25) * np.array((np.cos(way), np.sin(way))), 0, side - 1)
        points.append(place)
    return _line(side, np.array(points), thick_px)


def _wires(side: int, rng: np.random.Generator) -> U8:
    """Thin lines from edge to edge, as wires, twigs, scratches and folds."""
    hole = _empty(side)
    share = np.linspace(0, 1, 24)[:, None]
    for _number in range(int(rng.integers(1, 5))):
        start, middle, end = rng.uniform(-0.1, 1.1, (3, 2)) * side
        if rng.random() < 0.6:
            start[0], end[0] = -2, side + 2
        bent = (start + end) / 2 + rng.uniform(0, 0.5) * (middle - (start + end) / 2)
        points = (1 - share) ** 2 * start + 2 * share * (1 - share) * bent + share**2 * end
        if rng.random() < 0.3:
            points = points + rng.normal(0, 0.006 * side, points.shape)
        line = _line(side, points, int(rng.integers(2, 9)))
        hole |= line if rng.random() < 0.5 else line.T
    return hole


def _text(side: int, rng: np.random.Generator) -> U8:
    """Lines of letters, as a date or a watermark."""
    hole = _empty(side)
    scale, thick_px = rng.uniform(0.5, 2.2), int(rng.integers(2, 7))
    font = int(rng.choice((cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)))
    y = rng.uniform(0.1, 0.7) * side
    for _number in range(int(rng.integers(1, 4))):
        letters = "".join(rng.choice(list(_LETTERS), int(rng.integers(3, 14))))
        cv2.putText(hole, letters, (int(rng.uniform(-0.1, 0.4) * side), int(y)), font, scale, (1,), thick_px)
        y += 34 * scale
    turned = cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal(0, 12), 1)
    grown = cv2.dilate(cv2.warpAffine(hole, turned, (side, side), flags=cv2.INTER_NEAREST), np.ones((3, 3), np.uint8))
    return np.asarray(grown, np.uint8)


def _border(side: int, rng: np.random.Generator) -> U8:
    """A strip or a wedge along one edge, as straightening leaves it."""
    hole = _empty(side)
    near, far = side * rng.uniform(0.0, 0.22, 2)
    cv2.fillPoly(hole, [np.array(((0, 0), (side, 0), (side, far), (0, near))).astype(np.int32)], (1,))
    return np.ascontiguousarray(np.rot90(hole, int(rng.integers(4))))


def _line(side: int, points: NDArray[np.float64], thick_px: int) -> U8:
    hole = _empty(side)
    cv2.polylines(hole, [np.round(points).astype(np.int32)], False, (1,), thick_px)
    return hole
