"""Where the picture lies in the view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor.core.geometry import Rect, Size
from editor.ui.canvas.grid import MAX_ZOOM, MIN_ZOOM, STOPS, Scale, Viewport

zooms = st.floats(MIN_ZOOM, MAX_ZOOM)
sizes = st.builds(Size, st.integers(1, 30_000), st.integers(1, 30_000))


@pytest.mark.parametrize("zoom", [1 / 3, 0.25, 0.5, 2 / 3, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0, 32.0])
def test_the_usual_zooms_are_exact(zoom: float) -> None:
    assert Scale.near(zoom).zoom == pytest.approx(zoom, rel=1e-12)


@given(zooms)
def test_a_zoom_is_near_what_was_asked_for(zoom: float) -> None:
    step = 0.01 if zoom <= 2 else 0.2
    assert Scale.near(zoom).zoom == pytest.approx(zoom, rel=step)
    assert Scale.at_most(zoom).zoom <= zoom * (1 + 1e-9)


@pytest.mark.parametrize("stop", STOPS)
def test_zooming_in_and_out_again_comes_back(stop: float) -> None:
    assert Scale.near(Scale.near(stop).zoom) == Scale.near(stop)


@given(sizes, st.integers(100, 4000), st.integers(100, 3000))
def test_a_fitted_picture_is_all_in_view(size: Size, width: int, height: int) -> None:
    viewport = Viewport.fitted(size, width, height)
    if viewport.scale.zoom > MIN_ZOOM:
        assert viewport.image_rect(size) == size.rect
        assert Rect(-1, -1, width + 1, height + 1).contains(viewport.view_rect(size.rect))
    assert viewport.scale.zoom <= 1


@given(zooms, zooms, st.floats(0, 800), st.floats(0, 600))
def test_zooming_leaves_the_point_under_the_pointer(before: float, after: float, x: float, y: float) -> None:
    viewport = Viewport(Scale.near(before), 1000, -200, 800, 600)
    image = viewport.to_image(x, y)
    there = viewport.placed(Scale.near(after), image, x, y).to_view(*image)
    assert there == pytest.approx((x, y), abs=0.51)


@given(sizes, zooms, st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_the_picture_cannot_get_lost(size: Size, zoom: float, left: int, top: int) -> None:
    viewport = Viewport(Scale.near(zoom), left, top, 801, 600).held(size)
    assert not viewport.image_rect(size).empty
    assert not viewport.blocks(size).empty


@given(st.integers(0, 8), st.integers(96, 191), st.integers(0, 5000), st.integers(0, 5000))
def test_blocks_around_a_pixel_show_it(level: int, source_px: int, x: int, y: int) -> None:
    scale = Scale(level, source_px)
    pixel = Rect(x, y, x + 1, y + 1)
    assert scale.image_of(scale.blocks_of(pixel)).contains(pixel)
    assert scale.blocks_of(pixel).area == 1
