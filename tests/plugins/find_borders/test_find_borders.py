from __future__ import annotations

import cv2
import numpy as np
import pytest

from editor.sdk.plugin import Inputs, MaskResult
from editor.sdk.testing import FakeContext, check_plugin
from plugins.find_borders import PLUGIN, Params
from tests.imaging.pictures import F32, Bool, textured


def turned(tone: float, degrees: float = 3, size: tuple[int, int] = (200, 300)) -> tuple[F32, F32]:
    """A photo turned within its own size, around it one tone; and how much of the photo each pixel shows."""
    high, wide = size
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1)
    photo = 0.1 + 0.8 * textured(high, wide, 1)[::-1]
    shown = np.asarray(cv2.warpAffine(np.ones(size, np.float32), turn, (wide, high)), np.float32)
    colour = (tone, tone, tone)
    picture = cv2.warpAffine(photo, turn, (wide, high), borderMode=cv2.BORDER_CONSTANT, borderValue=colour)
    return np.asarray(picture, np.float32), shown


def result(picture: F32, alpha: F32 | None = None, **params: int) -> MaskResult:
    size = picture.shape[:2]
    inputs = Inputs(picture, np.ones(size, np.float32), np.ones(size, np.bool_), alpha)
    made = PLUGIN.run(inputs, Params(**params), FakeContext())
    assert isinstance(made, MaskResult)
    return made


def test_it_keeps_the_rules_for_plugins() -> None:
    picture, _shown = turned(0.0)
    size = picture.shape[:2]
    # Not quite black, as after JPEG.
    picture[:20, :6] = 5 / 255
    picture += np.random.default_rng(0).integers(0, 4, (*size, 1)).astype(np.float32) / 255 * (picture < 0.03)
    check_plugin(PLUGIN, Inputs(np.clip(picture, 0, 1), np.ones(size, np.float32), np.ones(size, np.bool_)))


def test_borders_may_have_any_colour() -> None:
    picture, shown = turned(0.5)
    made = result(picture)
    assert made.mask[shown < 0.6].mean() > 0.99
    assert made.mask[cv2.erode(shown, np.ones((13, 13))) == 1].mean() < 0.005


@pytest.mark.parametrize("tone", [0.0, 1.0])
def test_the_wedges_of_a_straightened_photo_go_with_their_rim_and_nothing_else(tone: float) -> None:
    picture, shown = turned(tone)
    made = result(picture)
    assert made.mask[shown < 0.6].all()
    # But for a few pixels at the tips of the wedges.
    assert made.mask[cv2.erode(shown, np.ones((13, 13))) == 1].mean() < 0.005
    px = np.count_nonzero(made.mask)
    assert made.report == {"empty borders cover": f"{px:,} px, {100 * px / made.mask.size:.2f} % of the picture"}


def test_strips_and_the_curved_border_of_a_stitch_are_found() -> None:
    picture = textured(200, 300) * np.float32(0.8) + np.float32(0.1)
    columns = np.arange(300)
    depth = 4 + 20 * ((columns - 150) / 150) ** 2
    empty = np.arange(200)[:, None] < depth
    empty[:, -2:] = True
    picture[empty] = 0
    made = result(picture, grow_px=0)
    np.testing.assert_array_equal(made.mask > 0, empty)


def as_jpeg(picture: F32, quality: int = 90) -> F32:
    _done, packed = cv2.imencode(".jpg", np.rint(255 * picture).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded.astype(np.float32) / np.float32(255)


def assert_found(made: MaskResult, empty: Bool) -> None:
    """All of it, and nothing beyond what the mask is grown by and a corner that is cut."""
    assert made.mask[empty].mean() > 0.995
    assert not made.mask[cv2.dilate(empty.view(np.uint8), np.ones((17, 17), np.uint8)) == 0].any()


@pytest.mark.parametrize("tone", [0.0, 0.8, 1.0])
@pytest.mark.parametrize("wide", [True, False])
def test_a_frame_all_round_and_both_bars_of_a_letterbox_are_found(tone: float, wide: bool) -> None:
    picture = 0.1 + 0.8 * textured(300, 400)
    empty = np.ones((300, 400), np.bool_)
    empty[30:-40, (0 if wide else 25) : (400 if wide else -20)] = False
    picture[empty] = tone
    assert_found(result(picture), empty)
    assert_found(result(as_jpeg(picture)), empty)


@pytest.mark.parametrize("turns", range(4))
def test_a_thin_grey_strip_is_found_at_any_side(turns: int) -> None:
    """Its colour is seen along its own side only."""
    picture = 0.1 + 0.8 * textured(300, 300)
    empty = np.zeros((300, 300), np.bool_)
    np.rot90(empty, turns)[:9] = True
    picture[empty] = 0.5
    assert_found(result(picture), empty)


def test_a_black_wedge_is_found_where_black_ground_of_the_photo_meets_it() -> None:
    picture, shown = turned(0.0, size=(400, 600))
    rows, columns = np.mgrid[:400, :600]
    ragged = 25 + np.cumsum(np.random.default_rng(2).integers(-2, 3, 400))
    ground = (np.abs(columns - 150) < ragged[rows]) & (shown > 0)
    noise = np.random.default_rng(3).integers(0, 5, (400, 600, 1)).astype(np.float32) / 255
    dark = np.where(ground[..., None], noise, picture).astype(np.float32)
    for given in (dark, as_jpeg(dark)):
        made = result(given)
        assert made.mask[shown == 0].mean() > 0.99
        assert made.mask[cv2.erode(shown, np.ones((17, 17))) == 1].mean() < 0.005


def test_the_outline_of_a_stitch_is_found_though_it_goes_all_round() -> None:
    picture = 0.1 + 0.8 * textured(400, 900)
    empty = np.ones((400, 900), np.bool_)
    for left, above, below in ((20, 30, 50), (300, 60, 20), (600, 25, 70)):
        columns = np.arange(left, min(left + 300, 890))
        inside = np.arange(400)[:, None]
        empty[:, columns] &= ~(
            (inside > above + (columns - left) / 20) & (inside < 400 - below + (columns - left) / 30)
        )
    picture[empty] = 0
    assert_found(result(picture), empty)
    assert_found(result(as_jpeg(picture)), empty)


def test_a_dark_photo_has_no_border() -> None:
    grain = np.random.default_rng(0).normal(0, 1, (300, 400)).astype(np.float32)
    shapes = 3 * cv2.GaussianBlur(grain, (0, 0), 9) + grain / 100
    night = np.repeat(np.clip(shapes[..., None], 0, 1), 3, axis=2).astype(np.float32)
    assert (night == 0).mean() > 0.4
    assert not result(night).mask.any()
    assert not result(as_jpeg(night)).mask.any()


def test_what_is_transparent_up_to_the_edge_is_empty_whatever_its_shape() -> None:
    picture = textured(120, 160)
    alpha = np.ones((120, 160), np.float32)
    alpha[np.random.default_rng(0).random((120, 160)) < 0.3] = 0
    alpha[:, 80:] = 1
    alpha[60:70, 100:110] = 0
    made = result(picture, alpha, grow_px=0)
    assert made.mask[:, :80].any()
    assert not made.mask[alpha == 1].any()
    # A hole inside is no border, and what is seen through is not empty.
    assert not made.mask[60:70, 100:110].any()
    alpha[:] = 1
    alpha[:, :40] = 0.5
    assert not result(picture, alpha).mask.any()


def test_a_clipped_sky_is_part_of_the_photo() -> None:
    picture = textured(200, 300) * np.float32(0.8)
    ragged = 60 + np.cumsum(np.random.default_rng(1).integers(-4, 5, 300))
    picture[np.arange(200)[:, None] < ragged] = 1
    made = result(picture)
    assert not made.mask.any()
    assert made.note == "No empty borders were found: raise the tolerance, or paint them."


def test_an_even_sky_has_no_border() -> None:
    rows, columns = np.mgrid[:200, :300]
    sky = 0.5 + 0.3 * ((rows / 200) ** 2 + (columns / 300) ** 2)
    assert not result(np.repeat(sky[..., None], 3, axis=2).astype(np.float32)).mask.any()
    # Neither where it is clipped, along a line as straight as a border's.
    clipped = np.clip(1.2 - rows / 300, 0, 1)
    assert not result(np.repeat(clipped[..., None], 3, axis=2).astype(np.float32)).mask.any()


def test_haze_that_clears_has_no_border() -> None:
    """All of one colour as far as it reaches, but it goes over into the rest."""
    picture = 0.2 + np.float32(0.3) * textured(200, 300)
    picture[:80] = 0.9
    picture[80:140] = np.linspace(0.9, 0.75, 60, dtype=np.float32)[:, None, None]
    assert not result(picture).mask.any()


def test_the_white_around_a_subject_is_part_of_the_photo() -> None:
    picture = textured(200, 300) * np.float32(0.7)
    picture[:150] = 1
    assert not result(picture).mask.any()


def test_specks_in_a_white_sky_tell_it_from_a_border() -> None:
    picture = textured(200, 300) * np.float32(0.8)
    picture[:60] = np.where(np.random.default_rng(0).random((60, 300, 1)) < 0.05, np.float32(0.9), np.float32(1))
    assert not result(picture).mask.any()


def test_tolerance_forgives_what_jpeg_did_to_black() -> None:
    picture, shown = turned(0.0, size=(400, 600))
    given = as_jpeg(picture)
    covered = [result(given, tolerance=tolerance, grow_px=8).mask[shown == 0].mean() for tolerance in (0, 12)]
    assert covered[0] < 0.5
    assert covered[1] > 0.95


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 3000), (3000, 1), (4, 300)])
@pytest.mark.parametrize("tone", [0.0, 1.0])
def test_a_picture_that_is_all_one_tone_has_no_border(size: tuple[int, int], tone: float) -> None:
    assert not result(np.full((*size, 3), tone, np.float32)).mask.any()
    assert not result(np.full((*size, 3), tone, np.float32), np.zeros(size, np.float32)).mask.any()
