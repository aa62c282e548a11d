from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.host import mask_edits
from tests.helpers.documents import document


def values(state: DocumentState) -> NDArray[np.uint8]:
    mask: NDArray[np.uint8] = state.mask.read(state.size.rect)[..., 0]
    return mask


def test_grow_widens_and_shrinks_by_so_many_pixels() -> None:
    state = document(hole=Rect(100, 100, 120, 120))
    wide = values(mask_edits.grow(state, "mask", 10))
    assert np.flatnonzero(wide[110]).tolist() == list(range(90, 130))
    narrow = values(mask_edits.grow(state, "mask", -5))
    assert np.flatnonzero(narrow[110]).tolist() == list(range(105, 115))
    assert not values(mask_edits.grow(state, "mask", -20)).any()


def test_grow_at_the_border_stays_inside() -> None:
    grown = values(mask_edits.grow(document(hole=Rect(0, 0, 10, 10)), "mask", 4))
    assert grown[0, :14].all()
    assert not grown[0, 14:].any()


def test_feather_softens_both_sides_and_keeps_the_sum() -> None:
    state = document(hole=Rect(100, 100, 160, 160))
    soft = values(mask_edits.feather(state, "mask", 8))
    assert soft[130, 130] == 255
    assert 0 < soft[130, 97] < soft[130, 102] < 255
    assert soft.sum() == pytest.approx(values(state).sum(), rel=0.01)


def test_invert_and_clear_and_all() -> None:
    state = document(hole=Rect(10, 10, 20, 20))
    inverted = values(mask_edits.invert(state, "mask"))
    np.testing.assert_array_equal(inverted, 255 - values(state))
    assert mask_edits.clear(state, "mask").mask.empty
    assert values(mask_edits.select_all(state, "mask")).min() == 255
    assert mask_edits.invert(mask_edits.select_all(state, "mask"), "mask").mask.empty


def test_shapes_cover_their_areas_and_erase_them_again() -> None:
    state = document()
    triangle = [(50.0, 50.0), (150.0, 50.0), (50.0, 150.0)]
    laid = mask_edits.fill_polygon(state, "mask", triangle)
    assert values(laid).sum() / 255 == pytest.approx(5000, rel=0.06)
    assert values(mask_edits.fill_polygon(laid, "mask", triangle, erase=True)).max() < 255
    round_one = mask_edits.fill_ellipse(state, "mask", Rect(60, 60, 160, 120))
    assert values(round_one).sum() / 255 == pytest.approx(math.pi * 50 * 30, rel=0.06)


def test_shapes_may_reach_beyond_the_picture() -> None:
    state = document()
    assert values(mask_edits.fill_polygon(state, "mask", [(-50, -50), (20, -50), (20, 20), (-50, 20)]))[5, 5] == 255
    assert values(mask_edits.fill_ellipse(state, "mask", Rect(-100, -100, 100, 100)))[5, 5] == 255
    assert mask_edits.fill_polygon(state, "mask", [(-9, -9), (-5, -9), (-5, -5)]).mask.empty


def test_edits_of_one_mask_leave_the_others_alone() -> None:
    state = mask_edits.fill_rect(document(hole=Rect(10, 10, 20, 20)), "exclude", Rect(100, 100, 110, 110))
    changed = mask_edits.clear(state, "exclude")
    assert changed.mask is state.mask
    assert changed.exclude.empty
