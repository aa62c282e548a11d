from __future__ import annotations

import numpy as np

from editor.imaging.pyramid import halve


def test_nothing_of_the_hole_gets_into_the_smaller_picture() -> None:
    image = np.full((8, 8, 3), 100, np.uint8)
    hole = np.zeros((8, 8), np.bool_)
    hole[3:5, 3:5] = True
    image[hole] = 255
    small, small_hole, _ = halve(image, hole, ~hole)
    assert (small[~small_hole] == 100).all()


def test_source_must_be_allowed_as_a_whole_and_odd_sizes_round_up() -> None:
    source = np.ones((5, 7), np.bool_)
    source[0, 0] = False
    small, _, small_source = halve(np.zeros((5, 7, 4), np.uint8), ~source, source)
    assert small.shape == (3, 4, 4)
    assert not small_source[0, 0]
    assert small_source.sum() == 11


def test_a_hole_of_three_pixels_in_a_block_stays_a_hole() -> None:
    hole = np.array([[True, True], [True, False]])
    assert halve(np.zeros((2, 2, 3), np.uint8), hole, ~hole)[1].all()
