"""How far a repair is trusted: tried beside the hole, on pixels that are known."""

from __future__ import annotations

import numpy as np
import pytest

from plugins.gan_inpaint.trust import beside, shares, window


def test_a_thin_hole_is_tried_next_to_itself_on_known_pixels() -> None:
    hole = np.zeros((200, 300), np.bool_)
    hole[100:105] = True
    tried = beside(hole)
    assert tried is not None
    assert np.count_nonzero(tried) == np.count_nonzero(hole)
    rows = np.flatnonzero(tried.any(axis=1))
    assert not (tried & hole).any()
    assert 3 <= np.abs(rows - 102).min() - 2 < 20


@pytest.mark.parametrize("thick_px", [0, 90])
def test_nothing_and_thick_holes_are_not_tried(thick_px: int) -> None:
    hole = np.zeros((200, 300), np.bool_)
    hole[100 : 100 + thick_px, 50:250] = True
    assert beside(hole) is None


def test_without_room_there_is_no_try() -> None:
    hole = np.zeros((12, 300), np.bool_)
    hole[3:9] = True
    assert beside(hole) is None


def test_the_window_has_hole_in_it_and_is_small() -> None:
    hole = np.zeros((3000, 4000), np.bool_)
    hole[10:14] = True
    hole[2900:2990, 3990:] = True
    rows, columns = window(hole)
    assert hole[rows, columns].any()
    assert rows.start == 0
    assert max(rows.stop - rows.start, columns.stop - columns.start) <= 640
    ring = np.zeros((3000, 4000), np.bool_)
    ring[500:2500, 1000:3000] = True
    ring[504:2496, 1004:2996] = False
    assert ring[window(ring)].any()
    assert window(np.ones((5, 7), np.bool_)) == (slice(0, 5), slice(0, 7))


def test_the_shares_are_those_of_the_mixture_nearest_to_the_truth() -> None:
    truth, off, other, seams = np.random.default_rng(0).random((4, 50, 3)).astype(np.float32)
    filled, repaired = truth + 0.1 * off, truth - 0.3 * off
    assert shares(truth, filled, (repaired, filled)) == (0.25, 0)
    assert shares(truth, filled, (other, repaired)) == (0, 0.25)
    assert shares(truth, truth, (other, seams)) == (0, 0)
    assert shares(truth, other, (seams, truth)) == (0, 1)
    assert shares(filled + 0.5 * other + 0.25 * seams, filled, (filled + other, filled + seams)) == (0.5, 0.25)
