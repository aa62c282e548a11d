"""Pixels in tiles: what is written comes back, what is shared stays as it was."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from editor.core.geometry import EMPTY, TILE_PX, Rect, Size
from editor.core.tiles import Tile, TileMap
from tests.helpers.documents import noise

SIZE = Size(600, 300)

inside = st.tuples(st.integers(0, 599), st.integers(0, 299), st.integers(1, 400), st.integers(1, 300)).map(
    lambda box: Rect(box[0], box[1], box[0] + box[2], box[1] + box[3]).intersect(SIZE.rect)
)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pixels_come_back_as_they_were(dtype: type, channels: int) -> None:
    pixels = noise(600, 300, channels, dtype)
    tiles = TileMap.from_array(pixels)
    assert tiles.size == SIZE
    assert np.array_equal(tiles.read(SIZE.rect), pixels)
    assert tiles.read(SIZE.rect).dtype == pixels.dtype
    assert tiles.nbytes == pixels.nbytes


@given(st.lists(st.tuples(inside, st.integers(0, 255)), max_size=6), inside)
def test_writing_equals_writing_into_one_array(writes: list[tuple[Rect, int]], look: Rect) -> None:
    model: NDArray[Any] = np.zeros((300, 600, 1), np.uint8)
    writer = TileMap.blank(SIZE, 1, np.uint8).write()
    for number, (rect, value) in enumerate(writes):
        model[rect.slices] = value
        writer.write(rect, np.full((rect.height, rect.width, 1), value, np.uint8))
        if number % 2:
            writer = writer.freeze().write()
    assert np.array_equal(writer.read(look), model[look.slices])
    assert np.array_equal(writer.freeze().read(look), model[look.slices])


def test_the_map_under_a_writer_and_the_array_it_came_from_stay_apart() -> None:
    pixels = noise(600, 300)
    before = TileMap.from_array(pixels)
    writer = before.write()
    writer.write(Rect(0, 0, 600, 300), np.zeros_like(pixels))
    after = writer.freeze()
    assert np.array_equal(before.read(SIZE.rect), pixels)
    pixels[...] = 0
    assert before.read(SIZE.rect).any()
    assert not after.read(SIZE.rect).any()


def test_a_small_edit_shares_every_other_tile() -> None:
    before = TileMap.from_array(noise(600, 300))
    writer = before.write()
    writer.write(Rect(TILE_PX - 1, 10, TILE_PX + 1, 12), np.zeros((2, 2, 3), np.uint8))
    after = writer.freeze()
    assert after.differing(before) == {(0, 0), (1, 0)}
    assert after.differing(after) == set()


def test_frozen_pixels_refuse_to_be_changed() -> None:
    tiles = TileMap.from_array(noise(300, 300))
    with pytest.raises(ValueError, match="read-only"):
        tiles.tiles[0, 0].pixels[0, 0] = 1
    tiles.read(Rect(0, 0, 2, 2))[0, 0] = 1


def test_what_is_all_zero_takes_no_room() -> None:
    writer = TileMap.blank(SIZE, 1, np.uint8).write()
    writer.write(Rect(0, 0, 10, 10), np.full((10, 10, 1), 9, np.uint8))
    painted = writer.freeze()
    eraser = painted.write()
    eraser.write(Rect(0, 0, 10, 10), np.zeros((10, 10, 1), np.uint8))
    assert not painted.empty
    assert eraser.freeze().empty
    assert eraser.freeze().nbytes == 0


def test_bounds_are_the_box_of_the_tiles_cut_to_the_picture() -> None:
    writer = TileMap.blank(SIZE, 1, np.uint8).write()
    assert writer.freeze().bounds == EMPTY
    writer.write(Rect(300, 40, 301, 41), np.ones((1, 1, 1), np.uint8))
    writer.write(Rect(599, 299, 600, 300), np.ones((1, 1, 1), np.uint8))
    assert writer.freeze().bounds == Rect(TILE_PX, 0, 600, 300)


def test_reading_outside_is_refused_and_writing_outside_is_cut() -> None:
    tiles = TileMap.from_array(noise(300, 300))
    with pytest.raises(ValueError, match="leaves the picture"):
        tiles.read(Rect(-1, 0, 5, 5))
    parts = [part for part, _ in tiles.write().parts(Rect(-50, 290, 10, 400))]
    assert parts == [Rect(0, 290, 10, 300)]


def test_a_tile_leaves_memory_only_when_a_store_holds_it() -> None:
    tile = Tile(noise(20, 10))
    released = tile.release()
    assert not released
    tile.back(lambda: noise(20, 10))
    assert tile.release()


def test_a_released_tile_is_loaded_once_and_stays_read_only() -> None:
    loads: list[int] = []

    def load() -> NDArray[Any]:
        loads.append(1)
        return noise(20, 10)

    tile = Tile(noise(20, 10))
    tile.back(load)
    tile.release()
    assert np.array_equal(tile.pixels, noise(20, 10))
    assert np.array_equal(tile.pixels, noise(20, 10))
    assert loads == [1]
    assert not tile.pixels.flags.writeable


def test_a_tile_on_disk_is_read_when_first_looked_at() -> None:
    pixels = noise(20, 10)
    tile = Tile.on_disk(lambda: pixels.copy(), pixels.nbytes)
    assert not tile.resident
    assert tile.nbytes == pixels.nbytes
    assert np.array_equal(tile.pixels, pixels)
    assert tile.release()
