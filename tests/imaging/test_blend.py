from __future__ import annotations

import numpy as np
import pytest

from editor.imaging.blend import blend, hole_box
from tests.imaging.pictures import F32, square_hole, textured

I32 = np.typing.NDArray[np.int32]


def _shifted_map(rows: int, columns: int, hole: np.typing.NDArray[np.bool_], shift: int) -> tuple[I32, I32]:
    y, x = np.mgrid[:rows, :columns].astype(np.int32)
    return y, np.where(hole, x + shift, x).astype(np.int32)


def _blended(image: F32, hole: np.typing.NDArray[np.bool_], map_y: I32, map_x: I32) -> F32:
    """The whole picture with the hole's pixels replaced."""
    filled = image.copy()
    box = hole_box(hole)
    filled[box] = np.where(hole[box][..., None], blend(image, hole, map_y, map_x), image[box])
    return filled


def test_a_copy_from_a_brighter_place_is_fitted_to_its_surroundings() -> None:
    light = np.linspace(0.2, 0.7, 128, dtype=np.float32)
    image = np.broadcast_to(light[None, :, None], (96, 128, 3)).copy()
    hole = square_hole(96, 128, 30, 30, 32)
    map_y, map_x = _shifted_map(96, 128, hole, 40)
    filled = _blended(image, hole, map_y, map_x)
    assert np.abs(filled - image)[hole].max() < 0.02


def test_texture_is_copied_and_not_blurred() -> None:
    image = textured(96, 128)
    hole = square_hole(96, 128, 30, 30, 32)
    map_y, map_x = _shifted_map(96, 128, hole, 44)
    filled, copied = _blended(image, hole, map_y, map_x), image[map_y, map_x]
    inner = square_hole(96, 128, 36, 36, 20)
    detail = [float(np.var(np.diff(picture, axis=1)[inner[:, 1:]])) for picture in (filled, copied)]
    assert detail[0] == pytest.approx(detail[1], rel=0.05)


def test_regions_of_different_shift_meet_without_a_step() -> None:
    light = np.linspace(0.2, 0.7, 160, dtype=np.float32)
    image = np.broadcast_to(light[None, :, None], (96, 160, 3)).copy()
    hole = square_hole(96, 160, 30, 60, 32)
    map_y, map_x = _shifted_map(96, 160, hole, 40)
    left = hole.copy()
    left[:, 76:] = False
    map_x[left] -= 90
    filled = _blended(image, hole, map_y, map_x)
    assert np.abs(np.diff(filled, axis=1)).max() < 0.02


def test_structures_that_do_not_meet_do_not_bleed() -> None:
    image = np.full((96, 160, 3), 0.2, np.float32)
    image[:, :60] = 0.9
    hole = square_hole(96, 160, 30, 60, 32)
    map_y, map_x = _shifted_map(96, 160, hole, 50)
    filled = _blended(image, hole, map_y, map_x)
    assert np.abs(filled[30:62, 70:92] - 0.2).max() < 0.03


def test_no_reach_leaves_the_copy_as_it_is() -> None:
    image = textured(60, 120)
    hole = square_hole(60, 120, 20, 20, 20)
    map_y, map_x = _shifted_map(60, 120, hole, 50)
    assert np.array_equal(blend(image, hole, map_y, map_x, reach=0), image[map_y, map_x][hole_box(hole)])


def test_the_result_is_within_range_at_the_picture_s_corner() -> None:
    image = textured(60, 120)
    image[:, 60:] = np.clip(image[:, 60:] + 0.5, 0, 1)
    hole = square_hole(60, 120, 0, 0, 20)
    filled = blend(image, hole, *_shifted_map(60, 120, hole, 70))
    assert filled.shape == (20, 20, 3)
    assert filled.min() >= 0
    assert filled.max() <= 1
