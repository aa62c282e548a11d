"""Noise lifted from a user's photos while they are cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.host.training_data import NotEnoughError, Photo
from editor.host.training_noise import PATCH_PX, NoiseLifter

U8 = NDArray[np.uint8]

SIGMA = 12


def flat(seed: int = 0, sigma: float = SIGMA) -> U8:
    """A plain sky with noise in it."""
    sky = np.linspace((90, 120, 180), (120, 150, 200), 320)[:, None] * np.ones((1, 320, 1))
    rng = np.random.default_rng(seed)
    return np.rint(sky + sigma * rng.standard_normal(sky.shape)).clip(0, 255).astype(np.uint8)


def busy(seed: int = 0) -> U8:
    """Nothing but texture, and noise."""
    rng = np.random.default_rng(seed)
    blocks = np.repeat(np.repeat(rng.integers(0, 256, (64, 64, 3)), 5, 0), 5, 1)
    return np.rint(blocks + SIGMA * rng.standard_normal(blocks.shape)).clip(0, 255).astype(np.uint8)


def photo(pixels: U8, where: NDArray[np.bool_] | None = None) -> Photo:
    return Photo("photo.jpg", lambda: pixels, where)


def cleaned(pixels: U8) -> U8:
    return np.full_like(pixels, 7)


def test_a_noisy_photo_gives_its_noise_and_is_learned_from_clean(tmp_path: Path) -> None:
    lifter = NoiseLifter(cleaned)
    assert (lifter.taken_apart(photo(flat())).pixels() == 7).all()
    count = lifter.save(tmp_path / "bank.npy")
    bank = np.load(tmp_path / "bank.npy")
    assert bank.shape == (count, PATCH_PX, PATCH_PX, 3)
    assert count >= 4
    assert np.std(bank) * 255 == pytest.approx(SIGMA, rel=0.1)


def test_a_clean_photo_is_left_as_it_is(tmp_path: Path) -> None:
    lifter = NoiseLifter(cleaned)
    pixels = flat(sigma=0)
    assert np.array_equal(lifter.taken_apart(photo(pixels)).pixels(), pixels)
    assert lifter.save(tmp_path / "bank.npy") == 0
    assert not (tmp_path / "bank.npy").exists()


def test_without_a_flat_part_it_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    lifter = NoiseLifter(cleaned)
    lifter.taken_apart(photo(busy())).pixels()
    with pytest.raises(NotEnoughError, match="sky or a wall"):
        lifter.save(tmp_path / "bank.npy")


def test_noise_is_lifted_only_from_where_the_user_says_but_all_is_learned_from(tmp_path: Path) -> None:
    pixels = flat()
    pixels[:, 160:] = np.rint(pixels[:, 160:] * 0.5).astype(np.uint8)
    where = np.zeros(pixels.shape[:2], np.bool_)
    where[:, 170:] = True
    lifter = NoiseLifter(cleaned)
    taken = lifter.taken_apart(photo(pixels, where))
    assert taken.where is None
    taken.pixels()
    lifter.save(tmp_path / "bank.npy")
    assert np.std(np.load(tmp_path / "bank.npy")) * 255 == pytest.approx(SIGMA / 2, rel=0.15)


def test_a_selection_that_is_too_small_is_named_as_the_reason(tmp_path: Path) -> None:
    where = np.zeros((320, 320), np.bool_)
    where[10:50, 10:50] = True
    lifter = NoiseLifter(cleaned)
    lifter.taken_apart(photo(flat(), where)).pixels()
    with pytest.raises(NotEnoughError, match="What is selected"):
        lifter.save(tmp_path / "bank.npy")
