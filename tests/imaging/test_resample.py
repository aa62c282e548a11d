from __future__ import annotations

import numpy as np
import pytest

from editor.imaging.resample import Taps, apply, cubic, gaussian, lanczos, means
from tests.imaging.pictures import textured

SIZES = [(1, 1), (1, 7), (9, 9), (10, 37), (37, 10), (64, 16), (1000, 1370)]


def _ramp(length: int) -> np.ndarray:
    """Each pixel's centre."""
    return np.broadcast_to((np.arange(length, dtype=np.float32) + 0.5)[:, None, None], (length, 3, 1)).copy()


def _down(image: np.ndarray, taps: Taps) -> np.ndarray:
    return apply(image, taps, cubic(image.shape[1], image.shape[1]))


@pytest.mark.parametrize("make", [cubic, lanczos])
@pytest.mark.parametrize(("length", "target"), SIZES)
def test_a_ramp_stays_where_it_is(make: object, length: int, target: int) -> None:
    taps = cubic(length, target) if make is cubic else lanczos(length, target)
    assert taps.index.min() >= 0
    assert taps.index.max() < length
    np.testing.assert_allclose(taps.weight.sum(axis=1), 1, atol=1e-6)
    step = length / target
    inside = slice(int(4 * max(1, 1 / step)), target - int(4 * max(1, 1 / step)))
    place = _down(_ramp(length), taps)[:, 0, 0]
    # Lanczos' weights do not keep a ramp to the last digit.
    np.testing.assert_allclose(place[inside] / step, np.arange(target)[inside] + 0.5, rtol=2e-3, atol=0.05)


def test_the_same_size_is_the_same_picture() -> None:
    image = textured(20, 30)
    np.testing.assert_array_equal(apply(image, cubic(20, 20), cubic(30, 30)), image)


@pytest.mark.parametrize(("high", "wide"), [(137, 91), (50, 30)])
def test_a_part_has_the_same_bits_as_the_whole(high: int, wide: int) -> None:
    image = textured(100, 67)
    rows, columns = cubic(100, high), lanczos(67, wide)
    whole = apply(image, rows, columns)
    for start, stop in ((0, 7), (7, 8), (8, 31), (31, high)):
        first, end = rows.reach(start, stop)
        part = apply(image[first:end], rows.part(start, stop, first), columns)
        np.testing.assert_array_equal(part, whole[start:stop])


def test_reducing_does_not_alias() -> None:
    stripes = np.zeros((120, 8, 1), np.float32)
    stripes[::2] = 1
    for taps in (cubic(120, 41), lanczos(120, 41)):
        assert np.abs(_down(stripes, taps)[4:-4] - 0.5).max() < 0.02


def test_means_of_blocks() -> None:
    image = textured(12, 8)
    expected = image.reshape(3, 4, 2, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(apply(image, means(3, 4), means(2, 4)), expected, atol=1e-6)


def test_a_gaussian_has_its_width() -> None:
    point = np.zeros((81, 1, 1), np.float32)
    point[40] = 1
    answer = _down(point, gaussian(81, 3.0))[:, 0, 0]
    away = np.arange(81) - 40
    assert answer.sum() == pytest.approx(1, abs=1e-5)
    assert (answer * away**2).sum() ** 0.5 == pytest.approx(3, rel=0.03)
