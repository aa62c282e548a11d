"""From pixels to device pixels."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.geometry import Rect, Size
from editor.ui.canvas.grid import BLOCK_PX, Scale
from editor.ui.canvas.pyramid import Pyramid
from editor.ui.canvas.ring import rectangles
from editor.ui.canvas.sampling import sample
from tests.ui.canvas.views import noise

ZOOMS = [0.02, 0.13, 0.3, 0.49, 0.7, 0.99, 1.0, 1.2, 1.7, 2.0, 3.1, 7.0, 32.0]


def drawn(pixels: NDArray[np.uint8], zoom: float, blocks: Rect) -> NDArray[np.uint8]:
    size, scale = Size(pixels.shape[1], pixels.shape[0]), Scale.near(zoom)
    pyramid = Pyramid(size, pixels.shape[2], lambda rect: pixels[rect.slices])
    out = np.empty((blocks.height * BLOCK_PX, blocks.width * BLOCK_PX, pixels.shape[2]), np.uint8)
    sample(partial(pyramid.read, scale.level), pyramid.size_of(scale.level), scale, blocks, out)
    return out


def blocks_of(pixels: NDArray[np.uint8], zoom: float) -> Rect:
    blocks = Scale.near(zoom).blocks_of(Rect(0, 0, pixels.shape[1], pixels.shape[0]))
    return blocks.intersect(Rect(0, 0, 6, 5))


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_part_drawn_alone_equals_the_whole(zoom: float, channels: int) -> None:
    pixels = np.resize(noise(901, 777), (777, 901, channels))
    blocks = blocks_of(pixels, zoom)
    whole = drawn(pixels, zoom, blocks)
    for row in range(blocks.height):
        for column in range(blocks.width):
            part = drawn(pixels, zoom, Rect(column, row, column + 1, row + 1))
            there = Rect(column, row, column + 1, row + 1)
            box = Rect(*(edge * BLOCK_PX for edge in (there.left, there.top, there.right, there.bottom)))
            # OpenCV's weights depend in their last bit on the size of the call.
            assert np.abs(part.astype(int) - whole[box.slices]).max() <= 1


def test_at_100_percent_pixels_are_themselves() -> None:
    pixels = noise(300, 200)
    out = drawn(pixels, 1.0, Rect(0, 0, 4, 3))
    assert np.array_equal(out[:200, :300], pixels)


@pytest.mark.parametrize("zoom", [2, 3, 8])
def test_from_200_percent_on_pixels_are_squares(zoom: int) -> None:
    pixels = noise(60, 50)
    out = drawn(pixels, zoom, blocks_of(pixels, zoom))
    assert np.array_equal(out[: 24 * zoom, : 30 * zoom], pixels[:24, :30].repeat(zoom, 0).repeat(zoom, 1))


@pytest.mark.parametrize("zoom", [0.07, 0.3, 0.6, 1.3, 1.9])
def test_nothing_is_shifted(zoom: float) -> None:
    """A ramp of about one level a device pixel stays the ramp that it was at the same places."""
    width = round(250 / min(zoom, 1))
    slope = 240 / width
    ramp = np.rint((np.arange(width) + 0.5) * slope).astype(np.uint8)[None, :, None].repeat(300, axis=0)
    out = drawn(ramp, zoom, Rect(0, 0, 2, 1))[10, :, 0].astype(float)
    places = (np.arange(len(out)) + 0.5) / Scale.near(zoom).zoom
    there = (places > width / 20) & (places < width * 19 / 20)
    error = out[there] - places[there] * slope
    # Half a device pixel of shift were 0.48; rounding up halves at each level comes to less.
    assert abs(error.mean()) < 0.3
    assert np.abs(error).max() < 1.5


def test_rectangles_cover_just_what_is_wanted() -> None:
    wanted = np.random.default_rng(3).random((7, 9)) < 0.6
    covered = np.zeros((7, 9), int)
    for rect in rectangles(wanted, 10, 20):
        covered[rect.shift(-10, -20).slices] += 1
    assert np.array_equal(covered, wanted.astype(int))
    assert rectangles(np.ones((3, 4), bool), 1, 2) == [Rect(1, 2, 5, 5)]
    assert rectangles(np.zeros((3, 4), bool), 1, 2) == []
