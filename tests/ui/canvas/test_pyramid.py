"""The reduced levels of a picture."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.geometry import Rect, Size
from editor.ui.canvas.pyramid import Pyramid
from tests.ui.canvas.views import noise


def pyramid_of(pixels: NDArray[np.uint8]) -> Pyramid:
    return Pyramid(Size(pixels.shape[1], pixels.shape[0]), pixels.shape[2], lambda rect: pixels[rect.slices])


def whole(pyramid: Pyramid, level: int) -> NDArray[np.uint8]:
    return pyramid.read(level, pyramid.size_of(level).rect)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_pixel_is_the_mean_of_what_it_stands_for(level: int) -> None:
    pixels = noise(800, 560)
    side = 1 << level
    means = pixels.reshape(560 // side, side, 800 // side, side, 3).mean(axis=(1, 3))
    # Each level rounds once.
    assert np.abs(whole(pyramid_of(pixels), level) - means).max() <= 0.5 * level + 0.01


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 700), (257, 3), (511, 301)])
def test_odd_sizes_have_all_levels(width: int, height: int) -> None:
    pyramid = pyramid_of(np.full((height, width, 1), 77, np.uint8))
    for level in range(1, 9):
        reduced = whole(pyramid, level)
        assert reduced.shape == (-(-height >> level), -(-width >> level), 1)
        assert (reduced == 77).all()


def test_a_changed_tile_is_built_anew_and_no_other() -> None:
    pixels = noise(1000, 600)
    read: list[Rect] = []

    def full(rect: Rect) -> NDArray[np.uint8]:
        read.append(rect)
        return pixels[rect.slices]

    pyramid = Pyramid(Size(1000, 600), 3, full)
    assert pyramid.build()
    read.clear()
    pixels[300:310, 700:720] = 0
    pyramid.invalidate({(2, 1)})
    assert pyramid.stale_tiles(Rect(0, 0, 1000, 600)) == 1
    for level in range(1, 9):
        assert np.array_equal(whole(pyramid, level), whole(pyramid_of(pixels), level))
    assert read == [Rect(512, 256, 768, 512)]


def test_only_what_is_looked_at_is_built() -> None:
    pyramid = pyramid_of(noise(1000, 600))
    pyramid.read(2, Rect(0, 0, 10, 10))
    assert pyramid.stale_tiles(Rect(0, 0, 1000, 600)) == 11


def test_a_copy_takes_over_what_is_the_same() -> None:
    pixels = noise(600, 600)
    pyramid = pyramid_of(pixels)
    pyramid.build()
    other = pixels.copy()
    other[:256, :256] = 9
    copy = pyramid.copy(lambda rect: other[rect.slices], {(0, 0)})
    assert copy.stale_tiles(Rect(0, 0, 600, 600)) == 1
    assert np.array_equal(whole(copy, 3), whole(pyramid_of(other), 3))
    assert np.array_equal(whole(pyramid, 3), whole(pyramid_of(pixels), 3))
