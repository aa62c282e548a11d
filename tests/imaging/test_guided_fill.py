from __future__ import annotations

import cv2
import numpy as np
import pytest

from editor.core.errors import NoSourceError
from editor.imaging.blend import fitted, hole_box
from editor.imaging.guided_fill import with_detail
from editor.imaging.measures import gmsd, texture_ratio
from editor.imaging.noise import level
from editor.imaging.patch_field import Search
from editor.imaging.regrain import with_grain
from tests.imaging.pictures import F32, square_hole, textured

SCALE = 3


def softened(image: F32) -> F32:
    high, wide = image.shape[:2]
    small = cv2.resize(image, (wide // SCALE, high // SCALE), interpolation=cv2.INTER_AREA)
    return np.clip(cv2.resize(small, (wide, high), interpolation=cv2.INTER_CUBIC), 0, 1)


def test_detail_is_as_strong_as_around_and_the_colours_stay() -> None:
    truth = textured(480, 480)
    hole, smooth = square_hole(480, 480, 150, 150, 150), softened(truth)
    box = hole_box(hole)
    result = truth.copy()
    result[box] = with_detail(truth, hole, ~hole, smooth, SCALE, Search())
    assert texture_ratio(np.where(hole[..., None], smooth, truth), hole) < 0.35
    assert texture_ratio(result, hole) == pytest.approx(1, abs=0.2)
    np.testing.assert_allclose(result[hole].mean(axis=0), smooth[hole].mean(axis=0), atol=0.005)


def test_edges_get_sharp_where_they_lie() -> None:
    """Stripes that the scale blurs: their own sharp likes are found, in phase."""
    x = np.mgrid[:480, :480][1] + 0.4 * np.mgrid[:480, :480][0]
    truth = np.repeat(np.clip(0.5 + 2 * np.sin(x / 12), 0.2, 0.8)[..., None], 3, axis=2).astype(np.float32)
    hole, smooth = square_hole(480, 480, 150, 150, 150), softened(truth)
    box = hole_box(hole)
    made = with_detail(truth, hole, ~hole, smooth, SCALE, Search())
    assert gmsd(made, truth[box]) < 0.5 * gmsd(np.ascontiguousarray(smooth[box]), truth[box])


def test_an_edge_that_the_fill_does_not_have_draws_no_halo_into_it() -> None:
    """All there is to take detail from are stripes; the fill is waves across them."""
    y, x = np.mgrid[:300, :300]
    image = np.repeat(np.where(y % 30 < 15, 0.2, 0.8)[..., None], 3, axis=2).astype(np.float32)
    hole = square_hole(300, 300, 100, 100, 100)
    waves = np.repeat((0.5 + 0.25 * np.sin(x / 5))[..., None], 3, axis=2).astype(np.float32)
    smooth = np.where(hole[..., None], waves, softened(image))
    made = with_detail(image, hole, ~hole, smooth, SCALE, Search())
    assert np.abs(made - waves[hole_box(hole)])[15:-15, 15:-15].max() < 0.02


def test_a_fainter_fill_gets_fainter_detail() -> None:
    """A photo through mist, say: the detail of clear places would stand out."""
    image = textured(480, 480)
    hole, clear = square_hole(480, 480, 150, 150, 150), softened(image)
    box = hole_box(hole)
    added = []
    for share in (0.4, 1.0):
        smooth = np.where(hole[..., None], 0.5 + share * (clear - 0.5), clear).astype(np.float32)
        added.append(np.std(with_detail(image, hole, ~hole, smooth, SCALE, Search()) - smooth[box]))
    assert added[0] < 0.75 * added[1]


def test_detail_is_taken_from_the_source_only() -> None:
    image = textured(300, 300)
    image[:150] = cv2.GaussianBlur(image[:150], (0, 0), 3)
    hole = square_hole(300, 300, 160, 100, 80)
    source = np.zeros_like(hole)
    source[:140] = True
    made = with_detail(image, hole, source, softened(image), SCALE, Search())
    energy = np.square(np.diff(made, axis=1)).mean() / np.square(np.diff(image[160:240], axis=1)).mean()
    assert energy < 0.4


def test_without_a_source_it_says_so() -> None:
    image, hole = textured(100, 100), square_hole(100, 100, 30, 30, 30)
    with pytest.raises(NoSourceError):
        with_detail(image, hole, np.zeros_like(hole), image, SCALE, Search())


def test_a_cast_is_taken_off_and_the_picture_keeps_its_content() -> None:
    truth = textured(200, 200)
    hole = square_hole(200, 200, 60, 60, 80)
    # Put back outside, as models do: the cast is to be seen across the rim only.
    given = np.where(hole[..., None], truth + np.array([0.1, -0.05, 0.08], np.float32), truth)
    made = fitted(truth, hole, ~hole, given)
    np.testing.assert_allclose((made - truth[hole_box(hole)]).mean(axis=(0, 1)), 0, atol=0.01)
    assert np.corrcoef(made.ravel(), truth[hole_box(hole)].ravel())[0, 1] > 0.98


def test_what_is_not_known_beside_the_hole_is_not_agreed_with() -> None:
    image = np.full((100, 100, 3), 0.4, np.float32)
    hole, other = square_hole(100, 100, 30, 30, 20), square_hole(100, 100, 30, 50, 20)
    image[other] = 1
    made = fitted(image, hole, ~(hole | other), np.full_like(image, 0.5))
    np.testing.assert_allclose(made, 0.4, atol=0.01)


def test_a_narrow_strip_between_holes_is_agreed_with_and_not_what_lies_beyond_it() -> None:
    image = np.ones((100, 100, 3), np.float32)
    hole, around = square_hole(100, 100, 30, 30, 20), square_hole(100, 100, 29, 29, 22)
    image[around] = 0.4
    made = fitted(image, hole, around & ~hole, np.full_like(image, 0.5))
    np.testing.assert_allclose(made, 0.4, atol=0.01)


@pytest.mark.parametrize("own", [0.0, 0.02])
def test_a_fill_without_grain_gets_that_of_the_photo(own: float) -> None:
    draws = np.random.default_rng(0)
    slope = np.broadcast_to(np.linspace(0.3, 0.6, 320, dtype=np.float32)[:, None, None], (320, 320, 3))
    photo = np.asarray(slope + draws.normal(0, 0.02, slope.shape), np.float32)
    hole = square_hole(320, 320, 100, 100, 120)
    box = hole_box(hole)
    smooth = np.asarray(slope[box] + draws.normal(0, own, slope[box].shape), np.float32)
    made = with_grain(photo, hole, box, hole[box], smooth, (0, 0), 0, lambda _work, _bands: None)
    assert level(made) == pytest.approx(0.02, rel=0.2)
    assert np.array_equal(made, smooth) == (own > 0)
    np.testing.assert_allclose(made.mean(axis=(0, 1)), smooth.mean(axis=(0, 1)), atol=0.002)


def test_grain_comes_into_the_hole_only_and_not_into_the_box_around_it() -> None:
    draws = np.random.default_rng(0)
    photo = np.asarray(0.4 + draws.normal(0, 0.02, (320, 320, 3)), np.float32)
    rows, columns = np.mgrid[:320, :320]
    hole = np.hypot(rows - 160, columns - 160) < 60
    box = hole_box(hole)
    smooth = np.where(hole[box][..., None], np.float32(0.4), photo[box])
    made = with_grain(photo, hole, box, hole[box], smooth, (0, 0), 0, lambda _work, _bands: None)
    assert made[hole[box]].std() > 0.01
    assert np.array_equal(made[~hole[box]], photo[box][~hole[box]])


def test_a_photo_without_grain_gives_none() -> None:
    photo = np.broadcast_to(np.linspace(0.3, 0.6, 320, dtype=np.float32)[:, None, None], (320, 320, 3)).copy()
    hole = square_hole(320, 320, 100, 100, 120)
    box = hole_box(hole)
    smooth = photo[box]
    made = with_grain(photo, hole, box, hole[box], smooth, (0, 0), 0, lambda _work, _bands: None)
    assert np.array_equal(made, smooth)
