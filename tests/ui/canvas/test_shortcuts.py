"""What the canvas does not draw, or not look at, because it knows the outcome: the same pixels as without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from editor.core.brush import Brush, Stroke
from editor.core.document import DocumentState
from editor.core.geometry import EMPTY, Rect, Size
from editor.core.layers import Layer
from editor.core.tiles import TileMap
from editor.ui.canvas.draft import picked
from editor.ui.canvas.grid import Scale, Viewport
from editor.ui.canvas.marks import BrushMark
from editor.ui.canvas.overlay import Overlay
from editor.ui.canvas.ring import largest
from editor.ui.canvas.scene import Scene
from editor.ui.tools.base import Outline
from tests.ui.canvas.views import drawn, noise, state_of

WIDTH, HEIGHT = 1500, 1100
ZOOMS = (0.2, 0.5, 0.7, 1.0, 1.4, 3.0, 12.0)


def mask() -> NDArray[np.uint8]:
    """On over most of it, with a soft rim, a hole, and a pixel that is off and one that is not quite on."""
    cover = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    cover[:100] = np.linspace(0, 255, 100).astype(np.uint8)[:, None, None]
    cover[600:900, 100:500] = 0
    cover[450, 700], cover[460, 900] = 0, 254
    return cover


def scene_of(colour: QColor, zoom: float, cover: NDArray[np.uint8]) -> Scene:
    state = replace(state_of(noise(WIDTH, HEIGHT)), mask=TileMap.from_array(cover), include=TileMap.from_array(cover))
    viewport = Viewport.fitted(state.size, 640, 480)
    return Scene(state, viewport.placed(Scale.near(zoom), (700, 450), 320, 240), colour)


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("colour", ["#c81e1e", "#fdfb07", "#000000"])
def test_an_area_all_on_looks_as_if_every_pixel_were_tinted(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, zoom: float, colour: str
) -> None:
    scene = scene_of(QColor(colour), zoom, mask())
    drawn(scene)
    quick = drawn(scene)  # now that all levels are built
    monkeypatch.setattr(Overlay, "_find_flat", lambda _self, _blocks: (EMPTY, False))
    assert np.array_equal(quick, drawn(scene_of(QColor(colour), zoom, mask())))


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_dab_on_an_area_all_on_shows_at_once_and_goes_again(qapp: QApplication, zoom: float) -> None:
    scene = scene_of(QColor(200, 30, 30), zoom, mask())
    drawn(scene)
    before = drawn(scene)
    writer = scene.masks.mask.write()
    scene.preview("mask", writer, Stroke(writer, Brush(3.0, erase=True)).to(702.5, 440.5))
    painted = drawn(scene)
    assert (painted != before).any()
    scene.show_masks(scene.masks.with_mask("mask", writer.freeze()))
    assert np.array_equal(drawn(scene), painted)
    drawn(scene)
    assert np.array_equal(drawn(scene), painted)
    scene.show_masks(scene.masks.with_mask("mask", TileMap.from_array(mask())))
    assert np.array_equal(drawn(scene), before)


def test_after_a_stroke_an_area_all_on_is_known_again(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_of(QColor(200, 30, 30), 0.5, mask())
    drawn(scene)
    writer = scene.masks.mask.write()
    scene.preview("mask", writer, Stroke(writer, Brush(60.0, erase=True)).to(300, 300))
    drawn(scene)
    scene.show_masks(scene.masks.with_mask("mask", TileMap.from_array(mask())))
    drawn(scene)
    scene.masks = replace(scene.masks, include=TileMap.blank(scene.size, 1, np.uint8))
    scene.show_masks(scene.masks)
    scene.viewport = scene.viewport.placed(Scale.near(8.0), (300, 300), 320, 240)
    filled: list[Rect] = []
    monkeypatch.setattr(Overlay, "fill", lambda _self, blocks, _quality, _out: filled.append(blocks))
    scene.draw()
    assert not filled


cells = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=5)
)


@given(cells)
def test_the_largest_rectangle_is_found(rows: list[list[bool]]) -> None:
    grid = np.array(rows)
    found = largest(grid, 3, 7)
    if not found.empty:
        assert grid[found.shift(-3, -7).slices].all()
    height, width = grid.shape
    assert found.area == max(
        (bottom - top) * (right - left) if grid[top:bottom, left:right].all() else 0
        for top in range(height)
        for bottom in range(top + 1, height + 1)
        for left in range(width)
        for right in range(left + 1, width + 1)
    )


@pytest.mark.parametrize("erase", [False, True])
def test_a_stroke_tells_where_the_mask_changed_and_nothing_else(erase: bool) -> None:
    start = TileMap.from_array(np.full((HEIGHT, WIDTH, 1), 255 if erase else 0, np.uint8))
    writer = start.write()
    stroke = Stroke(writer, Brush(170.0, 0.4, erase=erase))
    before = writer.read(start.size.rect)
    for x, y in [(400, 500), (900, 480), (420, 510), (700, 900)]:
        dirty = stroke.to(x, y)
        after = writer.read(start.size.rect)
        rows, columns = np.nonzero((after != before)[..., 0])
        if len(rows):
            assert dirty.contains(Rect(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
        before = after
    again = Stroke(writer, Brush(170.0, 0.4, erase=erase))
    assert again.to(400, 500).empty


def naively_picked(state: DocumentState, level: int) -> NDArray[np.generic]:
    """All layers from the bottom up, what is covered by half or more."""
    step = 1 << level
    out = np.zeros_like(state.layers[0].pixels.read(state.size.rect)[::step, ::step])
    for layer in state.layers:
        if layer.visible and layer.opacity >= 0.5:
            pixels = layer.pixels.read(state.size.rect)[::step, ::step]
            covers = layer.mask.read(state.size.rect)[::step, ::step] if layer.mask is not None else None
            out = pixels if covers is None else np.where(covers >= 128, pixels, out)
    return out


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("level", [1, 3])
def test_a_draft_shows_what_lies_on_top(channels: int, level: int) -> None:
    size = Size(700, 530)
    layers = []
    for seed, (opacity, visible) in enumerate([(1.0, True), (1.0, True), (0.7, True), (0.4, True), (1.0, False)]):
        pixels = np.resize(noise(size.width, size.height, seed), (size.height, size.width, channels))
        cover = noise(size.width, size.height, 9)[..., :1]
        cover[:256] = 200  # all of some tiles, none of others, a noisy part of the rest
        cover[256:, : 256 * seed] = 0
        layers.append(
            Layer(seed, "", TileMap.from_array(pixels), TileMap.from_array(cover) if seed else None, opacity, visible)
        )
    state = replace(state_of(noise(1, 1)), layers=tuple(layers))
    step = 1 << level
    whole = Rect(0, 0, -(-size.width // step), -(-size.height // step))
    reference = naively_picked(state, level)
    assert np.array_equal(picked(state, level, whole), reference)
    part = Rect(17, 5, 80, 61)
    assert np.array_equal(picked(state, level, part), reference[part.slices])


@pytest.mark.parametrize("radius", [40.0, 180.0, 240.0, 249.0, 250.0, 253.0, 400.0])
def test_a_brushs_circle_is_left_out_only_where_none_of_it_would_show(qapp: QApplication, radius: float) -> None:
    images = []
    for view in (Rect(0, 0, 300, 200), Rect(-9000, -9000, 9000, 9000)):
        image = QImage(300, 200, QImage.Format.Format_RGB32)
        image.fill(QColor(90, 90, 90))
        painter = QPainter(image)
        BrushMark(Outline(radius, radius * 0.6), 1.0, 100.0, 50.0).paint(painter, view)
        painter.end()
        images.append(image)
    assert images[0] == images[1]
