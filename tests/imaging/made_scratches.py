"""Scratches and folds drawn on a photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_SEEN = 0.04
_SHIFT = 4
_PIECE_PX = 4
_KNOT_PX = 40


@dataclass(frozen=True, eq=False, slots=True)
class Scratched:
    """image: the photo with scratches. true: where they are, H x W bool. middles: N x 2 (y, x), where they are seen."""

    image: F32
    true: Bool
    middles: NDArray[np.int32]


def scratched(photo: F32, seed: int, number: int, widest_px: float = 10) -> Scratched:
    """Draws smooth curves at chance places: most are thin and long, some wide, soft and straight as folds are.

    Each has a width and an opacity that vary along it, breaks, softness, and the colour of bare paper or dirt; then all
    gets a little grain. What changes the photo by less than _SEEN counts as not seen.
    """
    rng = np.random.default_rng(seed)
    high, wide = photo.shape[:2]
    given = photo.copy()
    true = np.zeros((high, wide), np.bool_)
    middles = []
    for _one in range(number):
        fold = bool(rng.random() < 0.2)
        points = _curve(rng, high, wide, fold)
        width = rng.uniform(3, widest_px) if fold else min(widest_px, float(np.exp(rng.normal(0.7, 0.5))))
        blur = width / 4 if fold else rng.uniform(0.5, 1.0)
        cover = np.asarray(cv2.GaussianBlur(_cover(rng, points, width, (high, wide)), (0, 0), blur), np.float32)
        cover *= np.float32(rng.uniform(0.25, 1.0))
        tone = rng.uniform(0.85, 1.0) if rng.random() < 0.65 else rng.uniform(0.0, 0.12)
        seen = cover * np.abs(np.float32(tone) - given).mean(axis=2)
        given += cover[..., None] * (np.float32(tone) - given)
        true |= (cover > 0.35 * cover.max()) & (seen > _SEEN / 2)
        x, y = np.rint(points).astype(np.int32).T
        inside = (y >= 0) & (x >= 0) & (y < high) & (x < wide)
        places = np.stack((y[inside], x[inside]), axis=1)
        middles.append(places[seen[places[:, 0], places[:, 1]] > _SEEN])
    given += rng.normal(0, rng.uniform(0, 0.025), (high, wide, 1)).astype(np.float32)
    return Scratched(np.clip(given, 0, 1), true, np.concatenate(middles))


def _curve(rng: np.random.Generator, high: int, wide: int, fold: bool) -> F32:
    """Points a pixel apart, N x 2 (x, y)."""
    longer = max(high, wide)
    length = int(rng.uniform(0.5, 1.2) * longer if fold else rng.uniform(60, 0.6 * longer))
    bend = 0.0 if fold else rng.normal(0, 0.0015)
    wander = np.cumsum(rng.normal(0, 0.00004 if fold else 0.0002, length))
    angles = rng.uniform(0, 2 * np.pi) + np.cumsum(bend + wander)
    path = np.cumsum(np.stack((np.cos(angles), np.sin(angles)), axis=1), axis=0)
    middle = rng.uniform(0.05, 0.95, 2) * (wide, high)
    return np.asarray(path - path[length // 2] + middle, np.float32)


def _cover(rng: np.random.Generator, points: F32, width: float, shape: tuple[int, int]) -> F32:
    """How much of each pixel is covered, 0..1."""
    cover = np.zeros(shape, np.uint8)
    widths = width * _along(rng, len(points), 0.6, 1.3)
    there = _along(rng, len(points), 0.2, 1.6) > 0.4
    strong = np.minimum(1, _along(rng, len(points), 0.5, 1.4))
    for first in range(0, len(points) - 1, _PIECE_PX):
        if there[first]:
            # Thinner than a pixel is fainter.
            value = 255 * strong[first] * min(1.0, widths[first])
            piece = np.rint(points[first : first + _PIECE_PX + 2] * (1 << _SHIFT)).astype(np.int32)
            cv2.polylines(cover, [piece], False, value, max(1, round(widths[first])), cv2.LINE_AA, _SHIFT)
    return cover.astype(np.float32) / np.float32(255)


def _along(rng: np.random.Generator, length: int, low: float, high: float) -> NDArray[np.float64]:
    """A number for each point that changes smoothly."""
    knots = 2 + length // _KNOT_PX
    return np.interp(np.arange(length), np.linspace(0, length, knots), rng.uniform(low, high, knots))
