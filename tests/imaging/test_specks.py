from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.imaging import mend, specks
from tests.imaging.impulses import F32, photo, salt_and_pepper

Bool = NDArray[np.bool_]


def found(image: F32, kind: str, sensitivity: int = 50, largest_px: int = 15) -> Bool:
    sought = specks.Sought(kind, sensitivity, largest_px)
    return np.asarray(specks.find(image, sought, specks.density(image, sought), (0, 0)).any(axis=2))


def shares(marked: Bool, true: Bool) -> tuple[float, float]:
    """Of the true ones that were marked, and of the marked ones that are true."""
    both, all_true, all_marked = (int(np.count_nonzero(each)) for each in (marked & true, true, marked))
    return both / max(1, all_true), both / max(1, all_marked)


@pytest.mark.parametrize("density", [0.01, 0.1, 0.5, 0.9])
def test_salt_and_pepper_is_found_at_any_density_and_clipped_parts_are_not(density: float) -> None:
    clean = photo()
    assert (clean[:40, :100] == 1).all(), "a white cloud"
    given, true = salt_and_pepper(clean, density)
    recall, precision = shares(found(given, "salt_pepper"), true)
    assert recall > 0.98
    assert precision > 0.95


def test_the_density_that_is_measured_is_the_true_one() -> None:
    for density in (0.05, 0.3, 0.8):
        given, _true = salt_and_pepper(photo(), density)
        measured = specks.density(given, specks.Sought("salt_pepper", 50, 15))
        assert measured.black + measured.white == pytest.approx(density, rel=0.1)


@pytest.mark.parametrize("density", [0.1, 0.4])
def test_pixels_of_any_value_are_found(density: float) -> None:
    rng = np.random.default_rng(3)
    clean = photo()
    true = rng.random(clean.shape[:2]) < density
    given = clean.copy()
    given[true] = rng.random((np.count_nonzero(true), 3), np.float32)
    recall, precision = shares(found(given, "random"), true)
    assert recall > 0.9
    assert precision > 0.9


def test_a_hot_pixel_is_found_in_the_channel_where_it_is_hot() -> None:
    given = photo(noise=0.02)
    given[100, 120, 0] += 0.5
    given[150, 60] = 0.95
    sought = specks.Sought("hot", 50, 15)
    marked = specks.find(given, sought, specks.Density(), (0, 0))
    assert marked[100, 120].tolist() == [True, False, False]
    assert marked[150, 60].all()
    assert np.count_nonzero(marked) < 20


def test_dust_is_found_up_to_its_size_dark_and_bright() -> None:
    given = photo()
    dark, bright, hair, line = np.s_[60:66, 60:68], np.s_[90:94, 30:34], np.s_[120:122, 140:152], np.s_[150:152, 20:60]
    for part, value in ((dark, 0.05), (bright, 0.95), (hair, 0.05), (line, 0.05)):
        given[part] = value
    marked = found(given, "dust")
    assert all(marked[part].all() for part in (dark, bright, hair))
    assert not marked[line].any(), "longer than the largest speck"
    assert found(given, "dust", largest_px=40)[line].all()


def test_the_search_for_dust_looks_often_whether_it_was_cancelled() -> None:
    given = np.random.default_rng(2).random((300, 200, 3), np.float32)
    looked = 0

    def each() -> None:
        nonlocal looked
        looked += 1

    specks.find(given, specks.Sought("dust", 50, 40), specks.Density(), (0, 0), each)
    assert looked >= 2 * given[..., 0].size // 8192


@pytest.mark.parametrize("kind", ["salt_pepper", "random", "hot", "dust"])
def test_little_of_a_clean_photo_is_taken_for_specks(kind: str) -> None:
    assert np.count_nonzero(found(photo(noise=0.02), kind)) < 12


@pytest.mark.parametrize("kind", ["salt_pepper", "random", "hot", "dust"])
def test_a_higher_sensitivity_finds_more(kind: str) -> None:
    rng = np.random.default_rng(5)
    given = photo()
    places = rng.integers(8, 180, (40, 2))
    for number, (y, x) in enumerate(places):
        given[y, x] = 0.985 if kind == "salt_pepper" and number % 2 else min(1, given[y, x, 0] + number / 60)
    counts = [np.count_nonzero(found(given, kind, sensitivity)) for sensitivity in (0, 50, 100)]
    assert counts[0] < counts[2]
    assert counts == sorted(counts)


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (2, 90)])
@pytest.mark.parametrize("kind", ["salt_pepper", "random", "hot", "dust"])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_blank_pictures_of_any_size_have_no_specks(size: tuple[int, int], kind: str, value: float) -> None:
    assert not found(np.full((*size, 3), value, np.float32), kind).any()


@pytest.mark.parametrize("kind", ["salt_pepper", "random", "hot", "dust"])
def test_a_part_of_a_picture_shows_the_same_specks_as_the_whole(kind: str) -> None:
    given, _true = salt_and_pepper(photo(400, 420), 0.02)
    sought = specks.Sought(kind, 50, 8)
    dense = specks.density(given, sought)
    whole = specks.find(given, sought, dense, (0, 0))
    left, top = 121, 139
    reach = sought.reach_px
    part = specks.find(
        given[top - reach : top + 60 + reach, left - reach : left + 60 + reach],
        sought,
        dense,
        (left - reach, top - reach),
    )
    assert whole[top : top + 60, left : left + 60].any() or kind == "dust"
    np.testing.assert_array_equal(part[reach:-reach, reach:-reach], whole[top : top + 60, left : left + 60])


def test_a_part_of_a_picture_is_mended_as_the_whole() -> None:
    given, true = salt_and_pepper(photo(400, 420), 0.5)
    bad = np.repeat(true[..., None], 3, axis=2)
    bad[180:200, 180:200] = True
    whole = mend.mend(given, bad, (0, 0), np.ones(true.shape, np.bool_), lambda: None)[0]
    left, top, reach = 151, 163, mend.REACH_PX
    here = np.s_[top - reach : top + 60 + reach, left - reach : left + 60 + reach]
    wanted = np.zeros(given[here].shape[:2], np.bool_)
    wanted[reach:-reach, reach:-reach] = True
    part = mend.mend(given[here], bad[here], (left - reach, top - reach), wanted, lambda: None)[0]
    np.testing.assert_allclose(part[reach:-reach, reach:-reach], whole[top : top + 60, left : left + 60], atol=1e-6)
