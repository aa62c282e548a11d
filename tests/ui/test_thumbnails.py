"""What the small pictures of candidates show."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.geometry import Rect
from editor.core.tiles import TileMap
from editor.ui.thumbnails import focus

WIDTH, HEIGHT = 1600, 1200


def blank() -> NDArray[np.uint8]:
    return np.zeros((HEIGHT, WIDTH, 1), np.uint8)


def seen(mask: NDArray[np.uint8]) -> Rect:
    rows, columns = np.nonzero(mask[..., 0])
    box = Rect(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    return focus(TileMap.from_array(mask), box)


def test_of_scattered_specks_the_largest_is_shown() -> None:
    mask = blank()
    for x in range(20, WIDTH, 150):
        cv2.circle(mask, (x, x * HEIGHT // WIDTH), 3, 255, -1)
    cv2.circle(mask, (400, 900), 20, 255, -1)
    shown = seen(mask)
    assert shown.contains(Rect(380, 880, 421, 921))
    assert shown.width <= 100
    assert shown.height <= 100


@pytest.mark.parametrize("width_px", [2, 12])
def test_of_a_long_wire_one_piece_is_shown(width_px: int) -> None:
    mask = blank()
    cv2.line(mask, (10, 10), (WIDTH - 10, HEIGHT - 10), 255, width_px)
    shown = seen(mask)
    assert shown.width <= 24 * width_px
    assert mask[shown.slices].any()
    assert Rect(500, 300, 1100, 900).contains(shown)


def test_a_ring_is_shown_by_a_piece_of_it() -> None:
    mask = blank()
    cv2.circle(mask, (800, 600), 500, 255, 10)
    shown = seen(mask)
    assert shown.width < 200
    assert mask[shown.slices].any()


def test_a_hole_that_fills_its_box_is_shown_whole() -> None:
    mask = blank()
    cv2.circle(mask, (700, 600), 300, 255, -1)
    assert seen(mask) == Rect(400, 300, 1001, 901)
