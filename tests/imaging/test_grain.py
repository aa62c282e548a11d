from __future__ import annotations

import cv2
import numpy as np
import pytest

from editor.imaging.grain import Grain, add, measure
from editor.imaging.measures import BRIGHTNESS
from tests.imaging.pictures import F32

MIX = np.array([[0.9, 0, 0], [0.6, 0.7, 0], [0.3, 0.2, 1.1]])


def _film(level: float, size: int, blur: float, seed: int = 0) -> F32:
    """Grain of three related colours whose brightness has this deviation."""
    noise = np.random.default_rng(seed).normal(size=(size, size, 3)) @ MIX.T
    if blur:
        noise = cv2.GaussianBlur(noise, (0, 0), blur)
    return np.asarray(noise * (level / (noise @ BRIGHTNESS).std()), np.float32)


def _made(grain: Grain, brightness: float, size: int = 256, seed: int = 3) -> F32:
    picture = np.full((size, size, 3), brightness, np.float32)
    add(picture, grain, 0, 0, seed)
    return picture - np.float32(brightness)


def _neighbours(noise: F32, lag: int) -> float:
    light = noise @ BRIGHTNESS
    return float((light[lag:] * light[:-lag]).mean() / light.var())


@pytest.mark.parametrize("blur", [0.0, 0.6, 0.9])
def test_level_colour_and_fineness_are_those_measured(blur: float) -> None:
    model = _film(0.03, 256, blur)
    grain = measure([(0.5, model[:128]), (0.5, model[128:])])
    assert grain is not None
    made = _made(grain, 0.5)
    assert (made @ BRIGHTNESS).std() == pytest.approx(0.03, rel=0.08)
    np.testing.assert_allclose(np.corrcoef(made.reshape(-1, 3).T), np.corrcoef(model.reshape(-1, 3).T), atol=0.05)
    for lag in (1, 2):
        assert _neighbours(made, lag) == pytest.approx(_neighbours(model, lag), abs=0.12)


def test_the_level_follows_the_brightness() -> None:
    grain = measure([(0.2, _film(0.05, 64, 0)), (0.8, _film(0.01, 64, 0, seed=1))])
    assert grain is not None
    assert (_made(grain, 0.2) @ BRIGHTNESS).std() == pytest.approx(0.05, rel=0.15)
    assert (_made(grain, 0.8) @ BRIGHTNESS).std() == pytest.approx(0.01, rel=0.15)


def test_grain_does_not_shift_black_and_white() -> None:
    grain = measure([(0.5, _film(0.05, 64, 0))])
    assert grain is not None
    for brightness in (0.0, 0.01, 0.99, 1.0):
        made = np.clip(_made(grain, brightness) + np.float32(brightness), 0, 1)
        assert made.mean() == pytest.approx(brightness, abs=1e-3)


def test_parts_fit_together_bit_for_bit_and_seeds_differ() -> None:
    grain = measure([(0.5, _film(0.03, 64, 0.8))])
    assert grain is not None
    whole = np.full((90, 70, 3), 0.5, np.float32)
    parts = whole.copy()
    other = whole.copy()
    add(whole, grain, 0, 0, 7)
    add(parts[:40], grain, 0, 0, 7)
    add(parts[40:, :33], grain, 40, 0, 7)
    add(parts[40:, 33:], grain, 40, 33, 7)
    add(other, grain, 0, 0, 8)
    np.testing.assert_array_equal(whole, parts)
    assert np.corrcoef((whole - 0.5).ravel(), (other - 0.5).ravel())[0, 1] < 0.05


@pytest.mark.parametrize("size", [1, 3, 40])
def test_no_grain_no_answer(size: int) -> None:
    assert measure([(0.5, np.zeros((size, size, 3), np.float32))]) is None
    assert measure([]) is None


def test_detail_that_stands_out_is_no_grain() -> None:
    model = _film(0.02, 64, 0)
    model[30:32] += 0.5
    grain = measure([(0.5, model)])
    assert grain is not None
    assert (_made(grain, 0.5) @ BRIGHTNESS).std() == pytest.approx(0.02, rel=0.3)
