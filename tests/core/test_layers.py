"""Layers over each other, and which tiles two states differ in."""

from dataclasses import replace

import numpy as np
import pytest

from editor.core.document import DocumentState
from editor.core.geometry import Rect, Size, TileKey, tile_keys, tile_rect
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.tiles import TileMap
from tests.helpers.documents import document, noise

WIDTH, HEIGHT = 600, 300
SIZE = Size(WIDTH, HEIGHT)
PATCH = Rect(200, 100, 300, 150)


def mask_of(rect: Rect, value: int = 255) -> TileMap:
    writer = TileMap.blank(SIZE, 1, np.uint8).write()
    writer.write(rect, np.full((rect.height, rect.width, 1), value, np.uint8))
    return writer.freeze()


def with_patch(state: DocumentState, value: int = 255, seed: int = 5) -> DocumentState:
    pixels = TileMap.from_array(noise(WIDTH, HEIGHT, state.channels, state.dtype, seed))
    return state.with_layer(Layer(state.next_layer_id(), "patch", pixels, mask_of(PATCH, value)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("value", [255, 77])
def test_outside_a_layers_mask_the_picture_is_untouched(dtype: type, channels: int, value: int) -> None:
    below = document(WIDTH, HEIGHT, channels, dtype)
    shown = with_patch(below, value).read(SIZE.rect)
    opened = below.read(SIZE.rect)
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[PATCH.slices] = False
    assert np.array_equal(shown[outside], opened[outside])
    assert (shown[PATCH.slices] != opened[PATCH.slices]).mean() > 0.9


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_under_a_full_mask_a_layer_shows_exactly(dtype: type) -> None:
    state = with_patch(document(WIDTH, HEIGHT, 3, dtype))
    assert np.array_equal(state.read(PATCH), state.layers[1].pixels.read(PATCH))


@pytest.mark.parametrize(("value", "opacity", "part"), [(51, 1.0, 0.2), (255, 0.2, 0.2), (51, 0.2, 10 / 255)])
def test_a_soft_mask_and_opacity_mix_and_round(value: int, opacity: float, part: float) -> None:
    state = with_patch(document(WIDTH, HEIGHT), value)
    state = replace(state, layers=(state.layers[0], replace(state.layers[1], opacity=opacity)))
    low = state.layers[0].pixels.read(PATCH).astype(float)
    high = state.layers[1].pixels.read(PATCH).astype(float)
    assert np.array_equal(state.read(PATCH), np.rint(low + (high - low) * part).astype(np.uint8))


def test_a_layer_without_a_mask_hides_or_mixes_everywhere() -> None:
    state = document(WIDTH, HEIGHT)
    top = TileMap.from_array(noise(WIDTH, HEIGHT, seed=5))
    opaque = state.with_layer(Layer(1, "top", top))
    half = state.with_layer(Layer(1, "top", top, opacity=0.5))
    hidden = state.with_layer(Layer(1, "top", top, visible=False))
    assert np.array_equal(opaque.read(SIZE.rect), top.read(SIZE.rect))
    assert np.array_equal(hidden.read(SIZE.rect), state.read(SIZE.rect))
    mixed = half.read(SIZE.rect).astype(float)
    assert np.abs(mixed - (state.read(SIZE.rect).astype(float) + top.read(SIZE.rect)) / 2).max() <= 1


def test_a_part_reads_as_it_would_within_the_whole() -> None:
    state = with_patch(document(WIDTH, HEIGHT), 100)
    for part in (Rect(190, 90, 260, 120), Rect(0, 0, 10, 10), Rect(255, 100, 257, 300), PATCH):
        assert np.array_equal(state.read(part), state.read(SIZE.rect)[part.slices])


def check_differing(one: DocumentState, other: DocumentState) -> set[TileKey]:
    """The reported tiles, after making sure that no tile is missing among them, in either direction."""
    reported = one.pixels_differ(other)
    assert reported == other.pixels_differ(one)
    for key in tile_keys(SIZE.rect):
        rect = tile_rect(key, SIZE)
        assert key in reported or np.array_equal(one.read(rect), other.read(rect))
    return reported


def test_differing_tiles_are_found_for_every_kind_of_change() -> None:
    state = with_patch(document(WIDTH, HEIGHT))
    patch = state.layers[1]
    patched = {(0, 0), (1, 0)}
    assert check_differing(state, state) == set()
    assert check_differing(state, replace(state, layers=state.layers[:1])) == patched
    for changed in (
        replace(patch, visible=False),
        replace(patch, opacity=0.3),
        replace(patch, mask=mask_of(PATCH, 20)),
    ):
        assert check_differing(state, replace(state, layers=(state.layers[0], changed))) == patched
    unmasked = replace(patch, mask=None)
    assert len(check_differing(state, replace(state, layers=(state.layers[0], unmasked)))) == 6
    assert check_differing(state, state.with_mask("mask", mask_of(PATCH))) == set()


def test_a_layer_without_mask_counts_everywhere_even_where_it_is_zero() -> None:
    state = document(WIDTH, HEIGHT)
    black = state.with_layer(Layer(1, "black", TileMap.blank(SIZE, 3, np.uint8)))
    assert len(check_differing(state, black)) == 6


def test_reordering_counts_also_beside_a_removal() -> None:
    base = document(WIDTH, HEIGHT)
    state = with_patch(with_patch(base, seed=5), seed=6)
    bottom, low, high = state.layers
    assert check_differing(state, replace(state, layers=(bottom, high, low))) == {(0, 0), (1, 0)}
    far = Layer(7, "far", low.pixels, mask_of(Rect(590, 290, 600, 300)))
    longer = replace(state, layers=(bottom, low, high, far))
    check_differing(longer, replace(state, layers=(bottom, high, low)))


def test_masks_are_found_by_name() -> None:
    state = document(WIDTH, HEIGHT)
    painted = mask_of(PATCH)
    assert state.with_mask("mask", painted).mask is painted
    assert state.with_mask("include", painted).masked("include") is painted
    assert state.with_mask("exclude", painted).masked("exclude") is painted
    assert state.with_mask("exclude", painted).masked("mask").empty


def test_a_document_knows_its_format() -> None:
    state = DocumentState.from_pixels(noise(9, 5, 4, np.uint16), Metadata(icc=b"profile"), "photo")
    assert (state.size, state.channels, state.dtype) == (Size(9, 5), 4, np.dtype(np.uint16))
    assert state.has_alpha
    assert not document(channels=3).has_alpha
    assert state.next_layer_id() == 1
