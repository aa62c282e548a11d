from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from editor.runtime import tiling
from editor.runtime.manifest import SizeRule

NCHW = (2, 3)

rules = st.one_of(
    st.builds(lambda h, w: SizeRule(fixed=(h, w)), st.integers(90, 160), st.integers(90, 160)),
    st.builds(lambda m, low: SizeRule(multiple_of=m, minimum=low), st.integers(1, 32), st.integers(1, 100)),
)


def through(
    plan: tiling.Plan, image: NDArray[Any], axes: tuple[int, int] = NCHW, scale: int = 1, add: float = 0
) -> NDArray[Any]:
    """What comes out of a model that enlarges by repeating and adds `add` times the tile's number."""
    mosaic = tiling.Mosaic(plan, scale, axes)
    number = 0
    for row in plan.rows:
        for column in plan.columns:
            tile = tiling.cut(image, axes, row, column)
            tile = tile.repeat(scale, axes[0]).repeat(scale, axes[1])
            mosaic.add(row, column, (tile + add * number).astype(image.dtype))
            number += 1
    return mosaic.result()


@given(
    height=st.integers(1, 400),
    width=st.integers(1, 400),
    rule=rules,
    overlap_px=st.integers(0, 36),
    side_px=st.integers(1, 300),
    scale=st.integers(1, 2),
)
@settings(deadline=None, max_examples=150)
def test_tiles_have_an_allowed_size_and_put_the_picture_together_exactly(
    height: int, width: int, rule: SizeRule, overlap_px: int, side_px: int, scale: int
) -> None:
    plan = tiling.plan(height, width, rule, overlap_px, side_px)
    largest = max(side_px, tiling.smallest_side(rule, overlap_px))
    for spans, fixed in ((plan.rows, 0), (plan.columns, 1)):
        for before, span in zip((None, *spans[:-1]), spans, strict=True):
            length = span.stop - span.start
            if rule.fixed is not None:
                assert length == rule.fixed[fixed]
            else:
                assert length % rule.multiple_of == 0
                assert rule.minimum <= length <= largest
                assert span.start % rule.multiple_of == 0
            # Nothing is kept that has less context than the overlap, but at the picture's own border.
            assert span.start == 0 or span.keep - span.start >= overlap_px
            assert span.stop == spans[-1].stop or span.stop - span.end >= overlap_px
            assert span.keep == (0 if before is None else before.end - tiling.BLEND_PX)
    image = np.random.default_rng(0).random((1, 2, height, width), dtype=np.float32)
    expected = image.repeat(scale, 2).repeat(scale, 3)
    np.testing.assert_array_equal(through(plan, image, scale=scale), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("axes", [(1, 2), (2, 3)])
def test_every_type_and_layout_comes_through_exactly(dtype: type[np.generic], axes: tuple[int, int]) -> None:
    shape = [1, 3, 3, 3]
    shape[axes[0]], shape[axes[1]] = 150, 170
    image = (np.random.default_rng(0).random(shape) * 255).astype(dtype)
    result = through(tiling.plan(150, 170, SizeRule(), 5, 64), image, axes)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, image)


def test_a_small_picture_is_one_tile_reflected_up_to_the_rule() -> None:
    plan = tiling.plan(5, 9, SizeRule(multiple_of=8, minimum=16), 20, 512)
    assert plan.count == 1
    image = np.random.default_rng(0).random((1, 3, 5, 9), dtype=np.float32)
    tile = tiling.cut(image, NCHW, plan.rows[0], plan.columns[0])
    np.testing.assert_array_equal(tile, np.pad(image, [(0, 0), (0, 0), (0, 11), (0, 7)], mode="reflect"))


def test_a_single_pixel_can_be_padded() -> None:
    plan = tiling.plan(1, 1, SizeRule(minimum=4), 0, 512)
    assert tiling.cut(np.full((1, 1, 1, 1), 7), NCHW, plan.rows[0], plan.columns[0]).tolist() == [[[[7] * 4] * 4]]


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_tiles_that_differ_meet_without_a_step(dtype: type[np.generic]) -> None:
    """Tiles 1 level apart from their left and 3 from their upper neighbour: no pixel steps by much of that."""
    image = np.full((1, 1, 160, 160), 100).astype(dtype)
    plan = tiling.plan(160, 160, SizeRule(), 4, 64)
    result = through(plan, image, add=8)[0, 0].astype(np.float64)
    assert len(plan.rows) == len(plan.columns) > 2
    down, right = np.abs(np.diff(result, axis=0)).max(), np.abs(np.diff(result, axis=1)).max()
    assert right <= 8 / tiling.BLEND_PX + (dtype is np.uint8)
    assert down <= len(plan.columns) * 8 / tiling.BLEND_PX + (dtype is np.uint8)
    assert result.min() == 100
    assert result.max() == 100 + 8 * (plan.count - 1)


def test_a_blend_of_integers_rounds_to_the_nearest() -> None:
    image = np.full((1, 1, 64, 100), 100, np.uint8)
    result = through(tiling.plan(64, 100, SizeRule(), 4, 64), image, add=1)[0, 0, 0]
    assert (result == 100).sum() == (result == 101).sum() == 50


def test_what_lies_in_the_cut_off_margin_has_no_influence() -> None:
    image = np.random.default_rng(0).random((1, 1, 200, 200), dtype=np.float32)
    plan = tiling.plan(200, 200, SizeRule(), 6, 80)
    mosaic = tiling.Mosaic(plan, 1, NCHW)
    for row in plan.rows:
        for column in plan.columns:
            tile = tiling.cut(image, NCHW, row, column)
            for axis, span in zip(NCHW, (row, column), strict=True):
                along = np.moveaxis(tile, axis, 0)
                along[: 6 if span.start else 0] = np.nan
                along[len(along) - (6 if span.stop < 200 else 0) :] = np.nan
            mosaic.add(row, column, tile)
    np.testing.assert_array_equal(mosaic.result(), image)


def test_the_side_follows_from_budget_and_memory() -> None:
    assert tiling.side_for(budget_bytes=10**9, memory_mb_per_mp=1000) == 1000
    assert tiling.side_for(budget_bytes=10**9, memory_mb_per_mp=4000) == 500


def test_halving_ends_at_the_smallest_tile() -> None:
    rule = SizeRule(multiple_of=16)
    plan: tiling.Plan | None = tiling.plan(2000, 1500, rule, 10, 1000)
    sides = []
    while plan is not None:
        sides.append(plan.side_px)
        plan = tiling.halved(plan, rule, 10)
    assert 700 < sides[0] <= 1000
    assert sides[-1] == tiling.smallest_side(rule, 10)
    assert all(after <= max(before / 2, sides[-1]) for before, after in itertools.pairwise(sides))


def test_a_fixed_size_cannot_be_halved() -> None:
    rule = SizeRule(fixed=(256, 256))
    assert tiling.halved(tiling.plan(2000, 1500, rule, 10, 1000), rule, 10) is None


def test_an_output_of_the_wrong_size_is_refused() -> None:
    plan = tiling.plan(50, 50, SizeRule(), 0, 64)
    with pytest.raises(ValueError, match="100 x 100 pixels were expected"):
        tiling.Mosaic(plan, 2, NCHW).add(plan.rows[0], plan.columns[0], np.zeros((1, 3, 50, 50)))
