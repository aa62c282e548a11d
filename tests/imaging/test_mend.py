from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editor.imaging import detail, mend
from tests.imaging.impulses import F32, photo, salt_and_pepper

Bool = NDArray[np.bool_]


def mended(image: F32, bad: Bool) -> F32:
    channels = np.repeat(bad[..., None], 3, axis=2) if bad.ndim == 2 else bad
    result, _spread, lost = mend.mend(image, channels, (0, 0), np.ones(image.shape[:2], np.bool_), lambda: None)
    assert not lost.any()
    return result


def error(one: F32, other: F32) -> float:
    return float(np.sqrt(np.mean(np.square(one - other))))


@pytest.mark.parametrize("density", [0.1, 0.5, 0.8])
def test_it_comes_nearer_than_a_weighted_mean(density: float) -> None:
    clean = photo()
    given, bad = salt_and_pepper(clean, density)
    known = (~bad).astype(np.float32)
    means = []
    for sigma in (0.7, 1.0, 1.6):
        share = cv2.GaussianBlur(known, (0, 0), sigma)[..., None]
        mean = cv2.GaussianBlur(given * known[..., None], (0, 0), sigma) / np.maximum(share, 1e-6)
        means.append(error(np.where(bad[..., None], mean, given), clean))
    assert error(mended(given, bad), clean) < 0.8 * min(means)


def test_what_is_not_bad_stays_to_the_bit_and_channels_are_mended_alone() -> None:
    given = photo()
    bad = np.random.default_rng(2).random(given.shape) < 0.3
    result = mended(given, bad)
    np.testing.assert_array_equal(result[~bad], given[~bad])
    assert (result[bad] != given[bad]).mean() > 0.9
    assert error(result, photo()) < 0.02


def test_the_content_of_bad_pixels_does_not_matter() -> None:
    given, bad = salt_and_pepper(photo(), 0.4)
    other = given.copy()
    other[bad] = 0.3
    np.testing.assert_allclose(mended(given, bad)[bad], mended(other, bad)[bad], atol=1e-6)


def test_an_edge_stays_sharp() -> None:
    clean = np.zeros((60, 60, 3), np.float32)
    clean[:, 30:] = 1
    bad = np.random.default_rng(4).random((60, 60)) < 0.5
    assert error(mended(clean, bad), clean) < 0.05


def slope_with_specks(radius: float) -> tuple[F32, Bool]:
    """It rises by half a level a pixel."""
    rows, columns = np.mgrid[:120, :120]
    clean = np.repeat(((40 + 0.3 * columns + 0.4 * rows) / 255)[..., None], 3, axis=2)
    return np.asarray(clean, np.float32), np.asarray(np.hypot(rows - 60, columns - 63) <= radius)


@pytest.mark.parametrize("radius", [3, 8, 13, 20])
def test_a_slope_shows_no_relief_where_a_speck_was(radius: float) -> None:
    clean, bad = slope_with_specks(radius)
    np.testing.assert_allclose(mended(np.where(bad[..., None], np.float32(0.9), clean), bad), clean, atol=0.5 / 255)


@pytest.mark.parametrize("radius", [4, 10])
def test_noise_at_the_edge_of_a_speck_is_not_drawn_into_it(radius: float) -> None:
    clean, bad = slope_with_specks(radius)
    noise = np.random.default_rng(0).normal(0, 0.02, clean.shape)
    given = np.asarray(clean + noise, np.float32)
    assert error(mended(given, bad)[bad], clean[bad]) < 0.02 / 2


def test_it_says_where_there_is_nothing_to_mend_from() -> None:
    given = photo()
    bad = np.ones((*given.shape[:2], 3), np.bool_)
    bad[:, :20] = False
    _result, _spread, lost = mend.mend(given, bad, (0, 0), bad[..., 0], lambda: None)
    assert lost[:, 160:].all()
    assert not lost[:, :40].any()


def test_a_large_fill_gets_the_grain_around_it_and_a_small_one_none() -> None:
    rng = np.random.default_rng(0)
    noisy = np.asarray(0.5 + rng.normal(0, 0.02, (80, 80, 3)), np.float32)
    bad = np.zeros((80, 80), np.bool_)
    bad[30:50, 30:50] = True
    bad[5:10, 5:10] = True
    added = detail.mirrored(noisy, bad)
    assert added[34:46, 34:46].std() == pytest.approx(0.02, rel=0.25)
    assert np.abs(added[34:46, 34:46].mean()) < 0.003
    assert not added[:12, :12].any()
    assert not added[~bad].any()
