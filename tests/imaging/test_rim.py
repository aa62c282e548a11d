from __future__ import annotations

import numpy as np

from editor.imaging.bands import serial
from editor.imaging.rim import join
from tests.imaging.pictures import F32, Bool, square_hole, textured


def _joined(image: F32, hole: Bool, shift: int, fitted_by: float = 0) -> F32:
    """The whole picture, its hole copied from `shift` to the right, made brighter by so much, and joined."""
    rows, columns = hole.shape
    y, x = np.mgrid[:rows, :columns].astype(np.int32)
    map_y, map_x = y, np.where(hole, x + shift, x).astype(np.int32)
    copied = image[map_y, map_x] + np.where(hole[..., None], np.float32(fitted_by), np.float32(0))
    join(image, hole, map_y, map_x, (0, 0), copied, serial)
    return np.where(hole[..., None], copied, image)


def _steps(picture: F32, column: int) -> float:
    return float(np.abs(picture[40:72, column] - picture[40:72, column - 1]).mean())


def test_texture_that_is_cut_at_the_rim_shows_no_line_there() -> None:
    image, hole = textured(112, 200), square_hole(112, 200, 30, 30, 50)
    filled = _joined(image, hole, 90)
    usual = float(np.mean([_steps(image, column) for column in range(2, 198)]))
    cut = _steps(np.where(hole[..., None], np.roll(image, -90, axis=1), image), 30)
    assert cut > 1.5 * usual
    assert max(_steps(filled, column) for column in (30, 31, 32)) < 1.2 * usual


def test_the_copy_stays_as_it_is_away_from_the_rim() -> None:
    image, hole = textured(112, 200), square_hole(112, 200, 30, 30, 50)
    inner = square_hole(112, 200, 43, 43, 24)
    assert np.array_equal(_joined(image, hole, 90)[inner], np.roll(image, -90, axis=1)[inner])


def test_colours_that_are_fitted_already_are_not_fitted_again() -> None:
    image, hole = textured(112, 200), square_hole(112, 200, 30, 30, 50)
    image[:, :100] += np.float32(0.1)
    filled, copied = _joined(image, hole, 90, fitted_by=0.1), np.roll(image, -90, axis=1) + np.float32(0.1)
    assert abs((filled - copied)[hole].mean()) < 0.002


def test_a_step_brings_no_colour_that_is_nowhere_near() -> None:
    image, hole = np.full((112, 200, 3), 0.3, np.float32), square_hole(112, 200, 30, 30, 50)
    # The copy is dark but for its edge, which continues what is bright.
    image[:, 119] = 0.9
    filled = _joined(image, hole, 90)
    assert filled[hole].min() > 0.3 - 1e-6


def test_the_picture_s_edge_is_no_rim() -> None:
    image, hole = textured(112, 200), square_hole(112, 200, 62, 150, 50)
    filled = _joined(image, hole, -90)
    far = np.s_[76:, 164:]
    assert np.array_equal(filled[far], np.roll(image, 90, axis=1)[far])
    usual = np.abs(np.diff(image[76:], axis=1)).mean()
    assert np.abs(filled[76:, 150] - filled[76:, 149]).mean() < 1.2 * usual
