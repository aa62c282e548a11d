from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editor.imaging.noise import level, lift, whole_level
from tests.imaging.pictures import F32, Bool

HIGH, WIDE = 256, 320


def scene() -> F32:
    """A sky that darkens to a side above ground full of detail at every scale."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:HIGH, :WIDE]
    sky = 0.3 + 0.3 * x / WIDE + 0.1 * (y / HIGH) ** 2
    ground = sum(
        (cv2.resize(rng.normal(0, 0.05, (HIGH >> k, WIDE >> k)), (WIDE, HIGH)) for k in range(5)),
        np.zeros((HIGH, WIDE)),
    )
    light = np.where(y < HIGH // 2, sky, np.clip(0.5 + ground, 0.05, 0.95))
    return np.asarray(light[..., None] * np.array([1.0, 0.95, 0.85]), np.float32)


def grain(sigma: float, smear: float = 0.0, shape: tuple[int, int] = (HIGH, WIDE), seed: int = 1) -> F32:
    """Noise of a standard deviation of `sigma` 255ths, smeared by a Gaussian of `smear` pixels."""
    noise = np.random.default_rng(seed).normal(0, 1, (*shape, 3)).astype(np.float32)
    if smear:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), smear), np.float32)
    return np.asarray(noise * (sigma / 255 / noise.std()), np.float32)


def in_8_bit(image: NDArray[np.floating[Any]]) -> F32:
    return np.asarray(np.round(np.clip(image, 0, 1) * 255) / 255, np.float32)


@pytest.mark.parametrize("sigma", [4, 10, 25, 50])
@pytest.mark.parametrize("smear", [0.0, 0.7])
def test_the_noise_of_a_sensor_and_of_a_camera_is_measured(sigma: float, smear: float) -> None:
    noisy = in_8_bit(scene() + grain(sigma, smear))
    assert 255 * level(noisy) == pytest.approx(sigma, rel=0.15)


def test_only_what_is_marked_is_measured() -> None:
    noisy = in_8_bit(scene() + grain(20))
    corner = np.zeros((HIGH, WIDE), np.bool_)
    corner[20:61, 33:90] = True
    noisy[corner] = in_8_bit(scene() + grain(6))[corner]
    assert 255 * level(noisy, corner) == pytest.approx(6, rel=0.15)
    assert 255 * level(noisy, ~corner) == pytest.approx(20, rel=0.15)
    assert level(noisy, np.zeros_like(corner)) == 0


def test_a_clean_picture_has_next_to_none() -> None:
    assert 255 * level(in_8_bit(scene())) < 0.5


def test_black_and_white_are_not_taken_for_clean() -> None:
    """A frame and a burnt-out sky hold no noise; the rest does."""
    noisy = in_8_bit(scene() + grain(10))
    noisy[:80], noisy[-60:] = 0, 1
    assert 255 * level(noisy) == pytest.approx(10, rel=0.15)


def test_in_a_dark_picture_noise_is_found_where_it_is_cut_off_at_black() -> None:
    assert 255 * level(in_8_bit(grain(40) + 0.1)) > 15


def test_the_mean_over_dark_and_light_is_measured() -> None:
    y = np.arange(HIGH, dtype=np.float32)[:, None, None] / HIGH
    noisy = in_8_bit(0.3 + 0.4 * y + grain(10) * (0.5 + y))
    truth = 10 * float(np.sqrt(np.mean((0.5 + y) ** 2)))
    assert 255 * level(noisy) == pytest.approx(truth, rel=0.12)


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (8, 8), (9, 400)])
@pytest.mark.parametrize("light", [0.0, 0.5, 1.0])
def test_small_and_blank_pictures_have_none(size: tuple[int, int], light: float) -> None:
    assert level(np.full((*size, 3), light, np.float32)) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("smear", [0.0, 0.7])
def test_noise_is_lifted_from_the_sky_only(smear: float) -> None:
    patches = lift(in_8_bit(scene() + grain(12, smear)), 64)
    # Two rows of five patches are sky.
    assert 4 <= len(patches) <= 10
    assert patches.shape[1:] == (64, 64, 3)
    assert patches.dtype == np.float32
    assert patches.std(axis=(1, 2, 3)) * 255 == pytest.approx(12, rel=0.1)
    assert np.abs(patches.mean(axis=(1, 2))).max() < 1e-5


def test_the_light_that_falls_off_is_not_lifted() -> None:
    patches = lift(in_8_bit(scene() + grain(6)), 64)
    assert len(patches)
    slopes = [cv2.resize(patch, (4, 4), interpolation=cv2.INTER_AREA) for patch in patches]
    # Of the noise itself a sixteenth is left.
    assert np.abs(slopes).max() * 255 < 6 / 16 * 5


def woven() -> F32:
    y, x = np.mgrid[:HIGH, :WIDE]
    light = 0.5 + 0.04 * np.sin(2 * np.pi * x / 3.1) * np.sin(2 * np.pi * y / 4.3)
    return np.asarray(np.repeat(light[..., None], 3, axis=2), np.float32) * np.array([1, 0.9, 0.8], np.float32)


def combed() -> F32:
    hairs = np.random.default_rng(3).normal(0, 0.05, (1, WIDE, 3)).repeat(HIGH, axis=0)
    return np.asarray(0.5 + hairs, np.float32)


def sandy() -> F32:
    """White as noise is, but light and shade."""
    light = np.random.default_rng(3).normal(0, 0.05, (HIGH, WIDE, 1))
    return np.asarray((0.5 + light) * np.array([1, 0.9, 0.7]), np.float32)


def starry() -> F32:
    stars = np.random.default_rng(3).random((HIGH, WIDE, 3)) > 0.99
    return np.asarray(0.4 + 0.3 * stars, np.float32)


def leafy() -> F32:
    return np.ascontiguousarray(scene()[HIGH // 2 :])


@pytest.mark.parametrize("picture", [woven(), combed(), sandy(), starry(), leafy()])
@pytest.mark.parametrize("sigma", [0.0, 3.0])
def test_texture_is_not_taken_for_noise(picture: F32, sigma: float) -> None:
    assert len(lift(in_8_bit(picture + grain(sigma, shape=(len(picture), WIDE))), 64)) == 0


@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_a_sky_with_next_to_no_noise_gives_nothing(sigma: float) -> None:
    assert len(lift(in_8_bit(scene() + grain(sigma)), 64)) == 0


def test_grey_noise_of_a_grey_picture_is_lifted() -> None:
    noise = grain(12)[..., :1].repeat(3, axis=2)
    assert len(lift(in_8_bit(scene().mean(axis=2, keepdims=True) + noise), 64)) >= 4


def test_only_what_is_marked_is_lifted() -> None:
    noisy = in_8_bit(0.5 + grain(10))
    noisy[:, : WIDE // 2] = in_8_bit(0.5 + grain(16))[:, : WIDE // 2]
    right: Bool = np.zeros((HIGH, WIDE), np.bool_)
    right[:, WIDE // 2 :] = True
    patches = lift(noisy, 64, right)
    assert len(patches) == 8
    assert patches.std(axis=(1, 2, 3)) * 255 == pytest.approx(10, rel=0.1)
    assert len(lift(noisy, 64, np.zeros_like(right))) == 0


def test_a_few_are_taken_from_dark_and_light() -> None:
    light = np.linspace(0.2, 0.8, WIDE, dtype=np.float32)[None, :, None]
    noisy = in_8_bit(light + grain(10) * (0.4 + light))
    patches = lift(noisy, 64, most=3)
    strengths = patches.std(axis=(1, 2, 3)) * 255
    assert len(patches) == 3
    assert strengths[0] < 8 < 10 < strengths[-1]


@pytest.mark.parametrize("side_px", [16, 40])
def test_patches_of_other_sides_are_refused(side_px: int) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        lift(scene(), side_px)


def test_a_picture_smaller_than_a_patch_gives_none() -> None:
    assert lift(np.full((20, 300, 3), 0.5, np.float32), 64).shape == (0, 64, 64, 3)


def test_blotchy_noise_is_taken_to_be_stronger_elsewhere_and_white_noise_is_not() -> None:
    white = np.random.default_rng(5).normal(0, 1, (256, 256, 3))
    blotchy = cv2.GaussianBlur(white, (0, 0), 1.2)
    for kind, least, most in ((white, 1.0, 1.05), (blotchy / blotchy.std(), 1.2, 1.25)):
        picture = np.asarray(0.5 + kind * 8 / 255, np.float32)
        assert least <= whole_level(picture) / level(picture) <= most
