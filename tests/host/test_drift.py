"""How far the mean of a picture moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from editor.host.drift import Drift

FULL = np.full((10, 20), 255, np.uint8)


@pytest.mark.parametrize(("dtype", "level"), [(np.uint8, 1), (np.uint16, 257), (np.float32, 1 / 255)])
def test_it_counts_in_255_levels_whatever_the_depth(dtype: Any, level: float) -> None:
    before = np.full((10, 20, 3), 100 * level, dtype)
    after = before.copy()
    after[..., 0] += dtype(level)
    after[:5, :, 2] -= dtype(2 * level)
    drift = Drift(before, after, FULL)
    assert drift.levels() == pytest.approx((1, 0, -1), abs=1e-4)
    assert str(drift) == "R +1.00 G +0.00 B -1.00 of 255 levels"


def test_what_the_mask_hides_does_not_count() -> None:
    before = np.zeros((10, 20, 3), np.uint8)
    after = before + np.uint8(10)
    after[:, 10:] = 200
    coverage = FULL.copy()
    coverage[:, 10:] = 0
    coverage[0, 0] = 51
    assert Drift(before, after, coverage).levels() == pytest.approx((10, 10, 10))


def test_parts_add_up_by_their_size_and_alpha_is_no_colour() -> None:
    before = np.zeros((10, 20, 2), np.uint8)
    few, many = Drift(before[:2], before[:2] + np.uint8(5), FULL[:2]), Drift(before[2:], before[2:], FULL[2:])
    assert (few + many).levels() == pytest.approx((1,))
    assert str(few + many) == "+1.00 of 255 levels"


def test_what_is_rounded_away_is_no_minus() -> None:
    before = np.full((10, 20, 1), 0.5, np.float32)
    assert str(Drift(before, before - np.float32(1e-6), FULL)) == "+0.00 of 255 levels"
