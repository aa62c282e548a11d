from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.imaging import change

F32 = NDArray[np.float32]


def normal(seed: int, *shape: int) -> F32:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def test_noise_is_taken_away_and_a_cast_is_not() -> None:
    noise = 0.1 * normal(0, 120, 150, 3)
    cast = np.array([0.05, 0.0, -0.02], np.float32)
    left = change.without_drift(noise + cast)
    assert np.abs(left.mean(axis=(0, 1))).max() < 0.002
    assert np.abs(left - noise).std() < 0.005


@pytest.mark.parametrize(("light", "sign"), [(0.02, 1), (0.98, -1)])
def test_what_clipping_did_to_the_mean_is_taken_back(light: float, sign: int) -> None:
    clean = np.full((120, 150, 3), light, np.float32)
    seen = np.clip(clean + 0.1 * normal(0, 120, 150, 3), 0, 1)
    assert sign * float((seen - clean).mean()) > 0.02, "clipping moved it"
    result = seen + change.without_drift(clean - seen, clean, 0.1)
    assert abs(float((result - clean).mean())) < 0.001


@pytest.mark.parametrize("drift", [0.01, -0.01])
def test_a_dark_place_without_noise_is_not_made_darker(drift: float) -> None:
    """There clipping accounts for darkening, but not for brightening, and not for more than the network does."""
    clean = np.full((120, 150, 3), 0.02, np.float32)
    left = change.without_drift(np.full_like(clean, drift), clean, 0.1)
    np.testing.assert_allclose(left, min(drift, 0), atol=1e-6)
    np.testing.assert_allclose(change.without_drift(np.zeros_like(clean), clean, 0.1), 0, atol=1e-6)


def test_brightness_colour_and_grain_are_weighted_apart() -> None:
    given = normal(0, 60, 80, 3)
    grey = given.mean(axis=2, keepdims=True)
    np.testing.assert_allclose(change.wanted(given), given, atol=1e-5)
    np.testing.assert_allclose(change.wanted(given, luminance=0), given - grey, atol=1e-5)
    np.testing.assert_allclose(change.wanted(given, colour=0.5), grey + (given - grey) / 2, atol=1e-5)
    kept = change.wanted(given) - change.wanted(given, grain=1)
    assert np.ptp(kept, axis=2).max() < 1e-5
    assert kept.reshape(6, 10, 8, 10, 3).mean(axis=(1, 3)).std() < 0.05 * kept.std() * 10


def test_a_result_is_as_far_from_a_point_as_it_says() -> None:
    given = normal(0, 201, 201, 3)
    clean = np.full_like(given, 0.05)
    other = given.copy()
    other[100, 100] += 10
    one, two = (change.wanted(change.without_drift(each, clean, 0.1), grain=0.5) for each in (given, other))
    rows, columns = np.nonzero((one != two).any(axis=2))
    assert max(np.abs(rows - 100).max(), np.abs(columns - 100).max()) <= change.REACH_PX


def test_a_changed_picture_stays_within_black_and_white_or_what_it_had() -> None:
    image = np.array([[[0.1, 0.9, 1.0], [0.0, 0.5, 0.2]]], np.float32)
    up = np.full_like(image, 0.3)
    np.testing.assert_allclose(change.applied(image, up), [[[0.4, 1, 1], [0.3, 0.8, 0.5]]], atol=1e-6)
    np.testing.assert_allclose(change.applied(image, -up), [[[0, 0.6, 0.7], [0, 0.2, 0]]], atol=1e-6)
    np.testing.assert_allclose(change.applied(image + 1, up), image + 1.3 - np.maximum(0, image - 0.7), atol=1e-6)
