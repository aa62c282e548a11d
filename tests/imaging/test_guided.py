from __future__ import annotations

import numpy as np
import pytest

from editor.imaging import guided
from tests.imaging.pictures import F32, textured


def window_by_window(guide: F32, values: F32, radius_px: int, epsilon: float) -> F32:
    """The colour guided filter as the paper writes it, equations 19 to 21, one window after the other."""
    height, width = values.shape
    pad = ((radius_px, radius_px), (radius_px, radius_px))
    i, p = np.pad(guide.astype(float), (*pad, (0, 0)), mode="edge"), np.pad(values.astype(float), pad, mode="edge")
    a, b = np.zeros((height, width, 3)), np.zeros((height, width))
    side = 2 * radius_px + 1
    for y in range(height):
        for x in range(width):
            window_i = i[y : y + side, x : x + side].reshape(-1, 3)
            window_p = p[y : y + side, x : x + side].ravel()
            sigma = np.cov(window_i.T, bias=True) + epsilon * np.eye(3)
            covariance = (window_i * window_p[:, None]).mean(0) - window_i.mean(0) * window_p.mean()
            a[y, x] = np.linalg.solve(sigma, covariance)
            b[y, x] = window_p.mean() - a[y, x] @ window_i.mean(0)
    padded = np.pad(np.dstack((a, b)), (*pad, (0, 0)), mode="edge")
    mean = np.mean([padded[y : y + height, x : x + width] for y in range(side) for x in range(side)], axis=0)
    return np.asarray((mean[..., :3] * guide).sum(-1) + mean[..., 3], np.float32)


def test_at_one_size_it_is_the_papers_filter() -> None:
    guide = textured(20, 24)
    values = np.zeros((20, 24), np.float32)
    values[6:15, 8:20] = 1
    filtered = guided.apply(guided.fit(guide, values, 2, 1e-3), guide, 0, 20)
    np.testing.assert_allclose(filtered, window_by_window(guide, values, 2, 1e-3), atol=2e-3)


def test_a_rough_mask_takes_the_edge_of_the_photo() -> None:
    shape = np.hypot(*np.mgrid[-60:60, -60:60]) < 40
    guide = np.where(shape[..., None], [0.8, 0.4, 0.2], [0.2, 0.5, 0.3]).astype(np.float32)
    rough = np.repeat(np.repeat(shape[6::12, 6::12], 12, 0), 12, 1).astype(np.float32)
    filtered = guided.apply(guided.fit(guide, rough, 12, 1e-4), guide, 0, 120)
    assert ((rough > 0.5) != shape).sum() > 300
    assert ((filtered > 0.5) != shape).sum() < 30


@pytest.mark.parametrize("height", [37, 40, 1])
def test_rows_at_full_size_do_not_depend_on_where_they_are_cut(height: int) -> None:
    guide = np.random.default_rng(0).random((height, 50, 3), np.float32)
    coefficients = np.random.default_rng(1).random((min(9, height), 11, 4), np.float32)
    at_once = guided.apply(coefficients, guide, 0, height)
    cut = [guided.apply(coefficients, guide[top : top + 7], top, height) for top in range(0, height, 7)]
    np.testing.assert_allclose(np.concatenate(cut), at_once, atol=1e-6)


def test_a_flat_guide_leaves_a_smooth_mask() -> None:
    flat = np.full((30, 30, 3), 0.5, np.float32)
    values = np.zeros((30, 30), np.float32)
    values[:, 15:] = 1
    filtered = guided.apply(guided.fit(flat, values, 3, 1e-6), flat, 0, 30)
    assert np.isfinite(filtered).all()
    assert (np.diff(filtered[15]) > -1e-3).all()
