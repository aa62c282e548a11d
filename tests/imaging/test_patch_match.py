from __future__ import annotations

import cv2
import numpy as np
import pytest

from editor.core.errors import NoSourceError
from editor.imaging.patch_match import Search, correspondence
from tests.imaging.pictures import square_hole, textured


def test_a_hole_in_a_regular_pattern_gets_the_pattern_back() -> None:
    tile = np.random.default_rng(3).random((12, 12, 3), np.float32)
    truth = np.tile(tile, (10, 10, 1))
    hole = square_hole(120, 120, 50, 50, 22)
    spoiled = np.where(hole[..., None], np.float32(1), truth)
    map_y, map_x = correspondence(spoiled, hole, ~hole, Search())
    assert np.array_equal(spoiled[map_y, map_x], truth)


def test_only_the_allowed_source_is_copied() -> None:
    image = textured(80, 100)
    hole = square_hole(80, 100, 30, 40, 20)
    source = np.zeros_like(hole)
    source[:, 70:] = True
    map_y, map_x = correspondence(image, hole, source, Search())
    assert source[map_y[hole], map_x[hole]].all()
    assert (map_x[hole] >= 70).all()


def test_pixels_outside_the_hole_name_themselves() -> None:
    image = textured(60, 60)
    hole = square_hole(60, 60, 20, 20, 12)
    map_y, map_x = correspondence(image, hole, ~hole, Search())
    y, x = np.mgrid[:60, :60]
    assert np.array_equal(map_y[~hole], y[~hole])
    assert np.array_equal(map_x[~hole], x[~hole])


def test_what_lies_in_the_hole_has_no_influence() -> None:
    image = textured(70, 70)
    hole = square_hole(70, 70, 25, 25, 18)
    other = image.copy()
    other[hole] = np.random.default_rng(1).random((int(hole.sum()), 3), np.float32)
    one, two = (correspondence(picture, hole, ~hole, Search()) for picture in (image, other))
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])


def test_copied_regions_are_larger_than_pixels() -> None:
    image = textured(90, 90)
    hole = square_hole(90, 90, 30, 30, 30)
    map_y, map_x = correspondence(image, hole, ~hole, Search())
    y, x = np.mgrid[:90, :90]
    shift = np.stack([map_y - y, map_x - x])
    same_as_next = (shift[:, :, 1:] == shift[:, :, :-1]).all(axis=0)
    assert same_as_next[hole[:, 1:] & hole[:, :-1]].mean() > 0.8


def test_a_picture_without_source_says_so() -> None:
    image = textured(30, 30)
    with pytest.raises(NoSourceError):
        correspondence(image, np.ones((30, 30), np.bool_), np.ones((30, 30), np.bool_), Search())


def test_the_share_of_work_rises_to_one() -> None:
    shares: list[float] = []
    hole = square_hole(60, 60, 20, 20, 20)
    correspondence(textured(60, 60), hole, ~hole, Search(advance=shares.append))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_large_hole_is_not_filled_with_repeats_of_one_place() -> None:
    image = cv2.GaussianBlur(np.random.default_rng(2).random((160, 160, 3), np.float32), (0, 0), 2)
    hole = square_hole(160, 160, 30, 20, 60)
    map_y, map_x = correspondence(np.asarray((image - 0.5) * 3 + 0.5, np.float32), hole, ~hole, Search())
    copies = np.bincount(map_y[hole] * 160 + map_x[hole])
    assert copies[copies > 2].sum() / hole.sum() < 0.2
