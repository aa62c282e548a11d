from __future__ import annotations

import numpy as np
import pytest

from editor.imaging.measures import gmsd, texture_ratio
from tests.imaging.pictures import blurred, square_hole, textured


def test_untouched_texture_has_ratio_one() -> None:
    assert texture_ratio(textured(120, 120), square_hole(120, 120, 40, 40, 40)) == pytest.approx(1, abs=0.1)


def test_a_blurred_hole_has_a_small_ratio() -> None:
    image = textured(120, 120)
    hole = square_hole(120, 120, 40, 40, 40)
    image[hole] = blurred(image, 3)[hole]
    assert texture_ratio(image, hole) < 0.3


def test_a_hole_that_is_all_there_is_counts_as_right() -> None:
    assert texture_ratio(textured(20, 20), np.ones((20, 20), np.bool_)) == 1


def test_gmsd_grows_with_the_damage() -> None:
    image = textured(120, 120)
    assert gmsd(image, image) == 0
    assert 0 < gmsd(blurred(image, 0.7), image) < gmsd(blurred(image, 2), image)
