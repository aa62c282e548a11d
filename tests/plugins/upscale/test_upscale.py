from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from editor.imaging.measures import BRIGHTNESS
from editor.imaging.resample import gaussian
from editor.sdk.errors import Cancelled
from plugins.upscale import PLUGIN, Params, method, network
from plugins.upscale.grain import flattest
from plugins.upscale.network import Network, Source
from tests.imaging.pictures import F32, blurred, in_16_bit, textured
from tests.plugins.upscale.stand_ins import (
    Fake,
    enlarged,
    facts,
    linear,
    nearest,
    start,
    whole,
)

LEVEL = 1 / 255


def _low(image: F32) -> F32:
    return blurred(image, 4)


def _reduced(image: F32, like: F32) -> F32:
    return np.asarray(cv2.resize(image, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_AREA), np.float32)


@pytest.fixture
def small_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(method, "_BAND_BYTES", 0)
    for module in (method, network):
        monkeypatch.setattr(module, "_PIECE_PX", 1000)


# --- geometry ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (3000, 1), (7, 5), (33, 64), (300, 301)])
@pytest.mark.parametrize("scale", [1.0, 1.37, 2.0, 5.5])
@pytest.mark.usefixtures("small_bands")
def test_any_size_becomes_the_rounded_multiple(size: tuple[int, int], scale: float) -> None:
    image = textured(*size)
    result = start(Fake(nearest(2), facts(2)).context, image, scale=scale)
    assert (result.height, result.width) == tuple(round(scale * side) for side in size)
    picture, alpha = whole(result)
    assert alpha is None
    assert picture.mean() == pytest.approx(image.mean(), abs=0.02)


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("scale", [1.0, 1.37, 2.0, 3.3, 4.0, 6.1])
def test_a_symmetric_picture_stays_symmetric(factor: int, scale: float) -> None:
    image = textured(40, 50)
    image = np.asarray((image + image[::-1] + image[:, ::-1] + image[::-1, ::-1]) / 4, np.float32)
    result = enlarged(nearest(factor), factor, image, scale=scale, grain=0)
    np.testing.assert_allclose(result, result[::-1, ::-1], atol=1e-5)
    np.testing.assert_allclose(result, result[:, ::-1], atol=1e-5)


@pytest.mark.parametrize("detail", [0, 50, 100])
@pytest.mark.parametrize("scale", [1.37, 2.0, 3.0])
def test_a_16_bit_slope_stays_a_slope(detail: int, scale: float) -> None:
    columns = np.linspace(0.3, 0.32, 200)
    image = in_16_bit(np.broadcast_to(columns[None, :, None], (40, 200, 3)).astype(np.float32))
    result = enlarged(linear(2), 2, image, scale=scale, detail=detail, grain=0)
    width = result.shape[1]
    place = (np.arange(width) + 0.5) * (200 / width) - 0.5
    expected = 0.3 + 0.02 * place / 199
    inside = slice(40, -40)
    assert np.abs(result[20, inside, 0] - expected[inside]).max() < 1 / 65535
    assert len(np.unique(np.rint(result[20, :, 0] * 65535))) >= width - 2


def test_the_scale_of_1_gives_the_source_where_nothing_is_drawn() -> None:
    image = textured(30, 40)
    np.testing.assert_allclose(enlarged(nearest(2), 2, image, scale=1.0, detail=0), image, atol=1e-6)


# --- strips -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overlap_px", [0, 1, 5])
def test_bands_of_the_picture_are_joined_without_a_seam(overlap_px: int, monkeypatch: pytest.MonkeyPatch) -> None:
    image = textured(200, 30)

    def net(part: F32) -> F32:
        size = 2 * overlap_px + 1
        return nearest(2)(np.asarray(cv2.blur(part, (1, size), borderType=cv2.BORDER_REPLICATE), np.float32))

    expected = whole(start(Fake(net, facts(2, overlap_px)).context, image, grain=0))[0]
    monkeypatch.setattr(method, "_BAND_BYTES", 0)
    fake = Fake(net, facts(2, overlap_px))
    result = whole(start(fake.context, image, grain=0))[0]
    assert len(fake.seen) > 4
    np.testing.assert_allclose(result, expected, atol=1e-6)


@pytest.mark.usefixtures("small_bands")
def test_strips_are_made_while_they_are_read() -> None:
    fake = Fake(nearest(2), facts(2))
    result = start(fake.context, textured(300, 30), grain=0)
    assert fake.seen == []
    next(result.strips)
    assert len(fake.seen) == 1
    for _strip in result.strips:
        pass
    assert len(fake.seen) > 4


@pytest.mark.usefixtures("small_bands")
def test_a_model_that_must_see_the_whole_picture_sees_it_once() -> None:
    fake = Fake(nearest(2), facts(2, None))
    whole(start(fake.context, textured(100, 30), grain=0))
    assert fake.seen == [(100, 30)]


def test_bands_of_a_large_picture_fit_into_memory() -> None:
    image = np.broadcast_to(np.float32(0.5), (4000, 6000, 3))
    large = Network(facts(4, 16), Source(image, None, gaussian(2, 1), gaussian(2, 1)))
    bands = large.bands(method._BAND_BYTES)
    assert [top for top, _bottom in bands[1:]] == [bottom for _top, bottom in bands[:-1]]
    assert bands[-1][1] == 4000
    rows = max(bottom - top for top, bottom in bands)
    # The model's tensor and the picture made of it, with the rows read twice.
    assert 2 * (rows + 48) * 6000 * 16 * 12 < 1.3e9
    assert rows > 8 * 32


# --- colours ----------------------------------------------------------------------------------------------------------


def _tinting(image: F32) -> F32:
    return nearest(2)(np.clip(0.9 * image + np.array([0.05, 0, 0.02], np.float32), 0, 1))


@pytest.mark.parametrize("detail", [0, 60, 100])
@pytest.mark.parametrize("scale", [2.0, 2.7])
def test_the_network_does_not_shift_colours(detail: int, scale: float) -> None:
    image = blurred(textured(120, 160), 1)
    result = start(Fake(_tinting, facts(2)).context, image, scale=scale, detail=detail, grain=0)
    picture, _alpha = whole(result)
    difference = _low(_reduced(picture, image)) - _low(image)
    assert np.abs(difference[8:-8, 8:-8]).max() < 0.4 * LEVEL
    shift = result.report["colour shift"]
    assert isinstance(shift, float)
    assert 0 < shift < 0.4


def test_the_report_tells_a_shift_that_is_there() -> None:
    from plugins.upscale.drift import Drift

    image = textured(100, 70)
    drift = Drift(image, None, 200)
    shifted = nearest(2)(image)
    shifted[:100, :, 1] += 3 * LEVEL
    for top in range(0, 200, 17):
        drift.add(shifted[top : top + 17])
    assert drift.levels == pytest.approx(3, abs=0.02)


def test_a_float_picture_keeps_what_is_brighter_than_white() -> None:
    image = np.full((40, 40, 3), 0.5, np.float32)
    image[:, 20:] = 3.0
    result = enlarged(nearest(2), 2, image, grain=0)
    np.testing.assert_allclose(result[:, 60:70], 3.0, atol=1e-4)
    np.testing.assert_allclose(result[:, 10:20], 0.5, atol=1e-4)


# --- alpha ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [2.0, 1.5])
def test_what_is_transparent_does_not_bleed_into_a_sticker(scale: float) -> None:
    alpha = np.zeros((60, 60), np.float32)
    alpha[20:40, 20:40] = 1
    image = np.zeros((60, 60, 3), np.float32)
    image[..., 1] = 1
    image[alpha > 0] = (0.8, 0.2, 0.3)
    result, shown = whole(start(Fake(linear(2), facts(2)).context, image, alpha, scale=scale, grain=0))
    assert shown is not None
    assert np.abs(result[shown > 0.01] - (0.8, 0.2, 0.3)).max() < LEVEL
    middle, corner = round(30 * scale), round(10 * scale)
    assert shown[middle, middle] == pytest.approx(1, abs=1e-5)
    assert shown[corner, corner] == 0
    assert shown.mean() == pytest.approx(alpha.mean(), abs=0.003)


def test_the_alpha_is_not_the_networks_business() -> None:
    image, alpha = textured(30, 30), np.linspace(0.2, 1, 900, dtype=np.float32).reshape(30, 30)
    one = whole(start(Fake(nearest(2), facts(2)).context, image, alpha))[1]
    two = whole(start(Fake(_tinting, facts(2)).context, image, alpha))[1]
    np.testing.assert_array_equal(one, two)


# --- detail and grain -------------------------------------------------------------------------------------------------


def test_no_detail_is_a_smooth_enlargement_whatever_the_network_draws() -> None:
    image = textured(40, 40)
    one = enlarged(nearest(2), 2, image, detail=0)
    two = enlarged(lambda part: nearest(2)(1 - part), 2, image, detail=0)
    np.testing.assert_array_equal(one, two)
    smooth = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    assert np.abs(one - smooth)[8:-8, 8:-8].mean() < 2 * LEVEL


@pytest.mark.parametrize("change", [{"scale": 3.0}, {"detail": 40}, {"grain": 0}, {"grain": 100}])
def test_every_parameter_matters(change: dict[str, Any]) -> None:
    image = _noisy(0.03)
    first, other = enlarged(_smoothing, 4, image), enlarged(_smoothing, 4, image, **change)
    assert first.shape != other.shape or not np.array_equal(first, other)


def _noisy(level: float) -> F32:
    grain = np.random.default_rng(0).normal(0, level, (160, 160, 1))
    return np.asarray(0.45 + np.broadcast_to(grain, (160, 160, 3)), np.float32)


def _smoothing(image: F32) -> F32:
    """Takes all grain away."""
    return nearest(4)(blurred(image, 5))


def test_the_grain_made_has_the_level_and_fineness_of_the_photo() -> None:
    image = _noisy(0.03)
    result = enlarged(_smoothing, 4, image, scale=4.0, grain=100)
    light = (result @ BRIGHTNESS)[100:-100, 100:-100]
    light = light - light.mean()
    assert light.std() == pytest.approx(0.03, rel=0.2)
    # In an enlarged grain, neighbours would be nearly equal.
    assert abs((light[1:] * light[:-1]).mean() / light.var()) < 0.25


def test_half_the_grain_is_half_as_strong_and_none_is_none() -> None:
    image = _noisy(0.03)
    bare, half, full = (enlarged(_smoothing, 4, image, scale=4.0, grain=grain) for grain in (0, 50, 100))
    assert (half - bare).std() == pytest.approx((full - bare).std() / 2, rel=0.02)
    assert bare[100:-100, 100:-100].std() < 0.006


def test_a_clean_picture_gets_no_grain() -> None:
    image = blurred(textured(120, 120), 6)
    with_grain, without = (enlarged(linear(2), 2, image, grain=grain) for grain in (100, 0))
    assert np.abs(with_grain - without).max() < LEVEL


def test_colours_that_the_network_shifts_are_no_grain() -> None:
    image = blurred(textured(120, 120), 6)
    with_grain, without = (enlarged(_tinting, 2, image, grain=grain) for grain in (100, 0))
    assert np.abs(with_grain - without).max() < LEVEL


def test_grain_is_measured_where_the_photo_is_flat_and_seen() -> None:
    random = np.random.default_rng(0)
    blocks = random.uniform(0.1, 0.9, (40, 40, 1)).repeat(12, axis=0).repeat(12, axis=1)
    image = np.asarray(np.broadcast_to(blocks, (480, 480, 3)), np.float32).copy()
    image[96:192, 96:192] = 0.5 + random.normal(0, 0.02, (96, 96, 3))
    image[240:288, 240:288] = 1
    image[288:336, 0:48] = 0.4
    alpha = np.ones((480, 480), np.float32)
    alpha[300:310, 10:20] = 0
    first, _last = flattest(np.tile(image, (2, 2, 1)), np.tile(alpha, (2, 2)))[:2]
    for place in first:
        assert 96 <= place.start % 480 < place.stop % 480 <= 192


# --- manners ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_bands")
@pytest.mark.parametrize("threads", [1, 3])
def test_the_progress_only_grows_and_the_seed_decides_the_pixels(threads: int) -> None:
    image = _noisy(0.03)
    fake = Fake(_smoothing, facts(4), threads)
    result, _alpha = whole(start(fake.context, image))
    np.testing.assert_array_equal(result, enlarged(_smoothing, 4, image))
    fractions = [fraction for fraction, _text in fake.context.reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(set(fractions)) > 4


@pytest.mark.usefixtures("small_bands")
def test_a_cancel_ends_it_at_once() -> None:
    image = textured(150, 40)
    counter = Fake(nearest(2), facts(2))
    whole(start(counter.context, image))
    assert counter.context.checks > 50
    for at in (0, 1, 10, counter.context.checks // 2, counter.context.checks - 1):
        fake = Fake(nearest(2), facts(2), cancel_after=at)
        result = start(fake.context, image)
        with pytest.raises(Cancelled):
            whole(result)
        assert fake.context.checks == at + 1


def test_its_model_is_the_one_that_the_user_chose() -> None:
    assert PLUGIN.models_for(Params()) == ("span_x2",)
    assert PLUGIN.models_for(Params(model="other")) == ("other",)
