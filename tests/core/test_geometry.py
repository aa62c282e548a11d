"""Rectangles and the tiles they touch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor.core.geometry import EMPTY, TILE_PX, Rect, Size, tile_keys, tile_rect

coordinates = st.integers(-40, 40)
rects = st.builds(Rect, coordinates, coordinates, coordinates, coordinates)


def points(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.left, rect.right) for y in range(rect.top, rect.bottom)}


@given(rects, rects)
def test_an_intersection_holds_exactly_the_shared_pixels(one: Rect, other: Rect) -> None:
    both = one.intersect(other)
    assert points(both) == points(one) & points(other)
    assert both.empty == (not points(both))
    assert both.area == len(points(both))


@given(rects, rects)
def test_a_union_is_the_smallest_rectangle_around_both(one: Rect, other: Rect) -> None:
    union = one.union(other)
    together = points(one) | points(other)
    assert points(one) <= points(union)
    assert points(other) <= points(union)
    if together:
        assert union.left == min(x for x, _ in together)
        assert union.bottom == max(y for _, y in together) + 1


def test_nothing_adds_nothing() -> None:
    assert EMPTY.union(Rect(5, 5, 9, 9)) == Rect(5, 5, 9, 9)
    assert Rect(5, 5, 9, 9).union(Rect(50, 50, 40, 60)) == Rect(5, 5, 9, 9)


def test_expanded_shifted_contained() -> None:
    rect = Rect(10, 20, 30, 40)
    assert rect.expand(2) == Rect(8, 18, 32, 42)
    assert rect.shift(-10, 5) == Rect(0, 25, 20, 45)
    assert rect.contains(rect)
    assert not rect.contains(rect.expand(1))


@given(st.integers(1, 3 * TILE_PX), st.integers(1, 3 * TILE_PX))
def test_tiles_cover_a_picture_once(width: int, height: int) -> None:
    size = Size(width, height)
    parts = [tile_rect(key, size) for key in tile_keys(size.rect)]
    assert sum(part.area for part in parts) == width * height
    assert all(not part.empty and size.rect.contains(part) for part in parts)
    assert all(one is other or one.intersect(other).empty for one in parts for other in parts)


def test_the_last_pixel_of_a_tile_does_not_touch_the_next() -> None:
    assert list(tile_keys(Rect(0, 0, TILE_PX, TILE_PX))) == [(0, 0)]
    assert list(tile_keys(Rect(TILE_PX - 1, 0, TILE_PX + 1, 1))) == [(0, 0), (1, 0)]
    assert list(tile_keys(Rect(7, 7, 7, 9))) == []


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (-1, 5)])
def test_a_picture_without_pixels_is_refused(width: int, height: int) -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        Size(width, height)
