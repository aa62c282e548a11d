"""The rim of a fill: what is mended of it, and how its fine detail is kept."""

from __future__ import annotations

import cv2
import numpy as np

from editor.imaging.measures import texture_ratio
from plugins.gan_inpaint.rim import planes, with_detail
from tests.imaging.pictures import textured


def test_what_is_mended_lies_near_the_edge_of_the_hole() -> None:
    filled = textured(64, 64).astype(np.float32)
    hole = np.zeros((64, 64), np.bool_)
    hole[10:54, 10:54] = True
    given = planes(filled, hole, (0, 0), lambda: None)
    near = given[..., 6]
    assert np.all(near[~hole] == 0)
    assert np.all(near[10:13, 20:44] == 1)
    assert 0 < near[16, 32] < near[14, 32] < 1
    assert np.all(near[22:42, 22:42] == 0)
    untouched = near == 0
    assert np.array_equal(given[..., :3], filled)
    assert np.array_equal(given[..., 3:6][untouched], filled[untouched])
    assert np.any(given[..., 3:6] != filled)


def test_a_line_that_the_fill_broke_is_mended() -> None:
    truth = np.full((64, 64, 3), 0.8, np.float32)
    truth[30:34] = 0.2
    hole = np.zeros((64, 64), np.bool_)
    hole[:, 29:35] = True
    filled = np.where(hole[..., None], np.float32(0.8), truth)
    mended = planes(filled, hole, (0, 0), lambda: None)[..., 3:6]
    assert np.abs(mended - truth)[hole].mean() < 0.6 * np.abs(filled - truth)[hole].mean()


def test_detail_that_the_repair_smoothed_away_comes_back_in_the_hole_alone() -> None:
    rng = np.random.default_rng(0)
    filled = np.clip(0.5 + rng.normal(0, 0.03, (96, 96, 3)), 0, 1).astype(np.float32)
    hole = np.zeros((96, 96), np.bool_)
    hole[40:52] = True
    smooth = np.where(hole[..., None], cv2.GaussianBlur(filled, (0, 0), 2.0), filled)
    assert texture_ratio(smooth, hole) < 0.1
    detailed = with_detail(smooth, filled, hole)
    assert 0.2 < texture_ratio(detailed, hole) < 1.1
    assert np.array_equal(detailed[~hole], smooth[~hole])
    # A step that the repair moved is not seen twice, and what is as sharp as the fill stays.
    assert np.array_equal(with_detail(filled, filled, hole), filled)
    stepped = np.where(np.arange(96)[None, :, None] < 48, np.float32(0.2), np.float32(0.8)) * np.ones_like(filled)
    moved = np.where(hole[..., None], np.roll(stepped, 6, axis=1), stepped)
    assert np.abs(with_detail(moved, stepped, hole) - moved).max() < 0.04


def test_detail_that_was_left_is_not_added_once_more() -> None:
    filled = np.clip(0.5 + np.random.default_rng(0).normal(0, 0.03, (96, 96, 3)), 0, 1).astype(np.float32)
    hole = np.zeros((96, 96), np.bool_)
    hole[40:52] = True
    fainter = np.where(hole[..., None], 0.4 * cv2.GaussianBlur(filled, (0, 0), 2.0) + 0.6 * filled, filled)
    assert texture_ratio(fainter, hole) < 0.5 * texture_ratio(filled, hole)
    detailed = with_detail(fainter, filled, hole)
    assert abs(texture_ratio(detailed, hole) / texture_ratio(filled, hole) - 1) < 0.05
