"""Strokes on a mask."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.brush import Brush, Stroke, stamp
from editor.core.geometry import EMPTY, Rect, Size
from editor.core.tiles import TileMap

SIZE = Size(600, 400)


def paint(brush: Brush, *points: tuple[float, ...], on: TileMap | None = None) -> TileMap:
    writer = (on or TileMap.blank(SIZE, 1, np.uint8)).write()
    stroke = Stroke(writer, brush)
    for point in points:
        stroke.to(*point)
    return writer.freeze()


def pixels(mask: TileMap) -> NDArray[Any]:
    return mask.read(SIZE.rect)[..., 0]


@pytest.mark.parametrize("radius_px", [0.5, 3, 10, 40, 150])
def test_a_dab_covers_a_disc(radius_px: float) -> None:
    x, y = 300.5, 200.5
    mask = pixels(paint(Brush(radius_px, hardness=1.0), (x, y)))
    rows, columns = np.mgrid[:400, :600] + 0.5
    distance = np.hypot(columns - x, rows - y)
    assert (mask[distance <= radius_px - 0.5] == 255).all()
    assert (mask[distance >= radius_px + 0.5] == 0).all()


def test_hardness_softens_the_rim_only() -> None:
    soft, hard = (pixels(paint(Brush(60, hardness), (300.5, 200.5))) for hardness in (0.2, 1.0))
    assert soft[200, 300 + 10] == 255
    assert 0 < soft[200, 300 + 45] < 255
    assert hard[200, 300 + 45] == 255
    assert soft[200, 300 + 61] == 0


@pytest.mark.parametrize("dx", [0.0, 0.25])
def test_dabs_mirror(dx: float) -> None:
    dab = stamp(9.5, 0.3, 1.0, dx, 0.0)
    assert np.array_equal(dab, dab[::-1])
    assert np.array_equal(dab, stamp(9.5, 0.3, 1.0, -dx, 0.0)[:, ::-1])
    assert np.array_equal(dab, stamp(9.5, 0.3, 1.0, 0.0, dx).T)


def test_a_small_dab_follows_the_pointer_within_a_pixel() -> None:
    mask = pixels(paint(Brush(4, 0.5), (300.25, 200.75))).astype(float)
    rows, columns = np.mgrid[:400, :600] + 0.5
    assert abs((mask * columns).sum() / mask.sum() - 300.25) < 0.1
    assert abs((mask * rows).sum() / mask.sum() - 200.75) < 0.1


def test_a_fast_stroke_has_no_gaps_and_reports_what_it_changed() -> None:
    writer = TileMap.blank(SIZE, 1, np.uint8).write()
    stroke = Stroke(writer, Brush(12, 1.0))
    dirty = stroke.to(50, 50).union(stroke.to(550, 350))
    mask = pixels(writer.freeze())
    for part in np.linspace(0, 1, 500):
        assert mask[int(50 + 300 * part), int(50 + 500 * part)] == 255
    rows, columns = np.nonzero(mask)
    assert dirty.contains(Rect(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    assert SIZE.rect.contains(dirty)


def test_slow_and_fast_strokes_look_alike() -> None:
    slow = [(100 + step / 4, 200.0) for step in range(801)]
    one, other = pixels(paint(Brush(20), *slow)), pixels(paint(Brush(20), slow[0], slow[-1]))
    assert np.abs(one.astype(int) - other).mean() < 0.5


def test_going_over_a_place_twice_does_not_build_up() -> None:
    brush = Brush(30, 0.5, opacity=0.5)
    once = pixels(paint(brush, (200, 200), (300, 200)))
    twice = pixels(paint(brush, (200, 200), (300, 200), (200, 200)))
    assert once.max() == twice.max() == 128
    assert np.array_equal(once[:, :200], twice[:, :200])


def test_an_eraser_takes_away_and_leaves_nothing_behind() -> None:
    painted = paint(Brush(30, 1.0), (300, 200))
    half = paint(Brush(15, 1.0, erase=True), (300, 200), on=painted)
    assert pixels(half)[200, 300] == 0
    assert pixels(half)[200, 325] == 255
    assert paint(Brush(60, 1.0, erase=True), (300, 200), on=painted).empty


def test_pressure_scales_the_size() -> None:
    light, full = (pixels(paint(Brush(40, 1.0), (300, 200, pressure))) for pressure in (0.5, 1.0))
    assert 0.2 < (light > 127).sum() / (full > 127).sum() < 0.3
    assert pixels(paint(Brush(40), (300, 200, 0.0))).any()


def test_a_pens_changing_pressure_needs_few_stamps() -> None:
    stamp.cache_clear()
    writer = TileMap.blank(SIZE, 1, np.uint8).write()
    stroke = Stroke(writer, Brush(200))
    for step in range(200):
        stroke.to(100 + 50 * (step % 2), 200, 0.5 + step / 400)
    assert stamp.cache_info().misses <= 40


def test_outside_the_picture_nothing_is_painted() -> None:
    writer = TileMap.blank(SIZE, 1, np.uint8).write()
    assert Stroke(writer, Brush(10)).to(-500, -500).empty
    assert writer.freeze().empty
    assert writer.freeze().bounds == EMPTY
    corner = pixels(paint(Brush(10, 1.0), (0, 0)))
    assert corner[0, 0] == 255
    assert corner[20, 20] == 0
