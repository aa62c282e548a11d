from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.host import mask_edits
from editor.host.apply import preview
from editor.host.jobs import CancelToken
from editor.host.made import Patch
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.errors import MaskError
from editor.sdk.plugin import Inputs, Local, Result
from editor.sdk.testing import FakeContext, check_plugin
from plugins.bm3d import PLUGIN, Params

F32 = NDArray[np.float32]

SIGMA = 20.0


def clean(height: int = 96, width: int = 112) -> F32:
    """A slope, an edge, and stripes: smooth, sharp and repeating."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    picture = np.stack([0.3 + 0.3 * x / width, 0.6 - 0.2 * y / height, 0.35 + 0.1 * x / width], axis=2)
    picture[(y + x / 2) > height] = (0.7, 0.35, 0.3)
    picture[:32, :48] += 0.08 * np.sign(np.sin(x[:32, :48] * 0.8))[..., None]
    return np.asarray(picture, np.float32)


def noise_of(shape: tuple[int, ...], sigma: float = SIGMA, seed: int = 0) -> F32:
    return np.random.default_rng(seed).normal(0, sigma / 255, shape).astype(np.float32)


def noisy(sigma: float = SIGMA) -> F32:
    picture = clean()
    return np.asarray(np.clip(picture + noise_of(picture.shape, sigma), 0, 1), np.float32)


def given(image: F32, mask: F32 | None = None) -> Inputs:
    everything = np.ones(image.shape[:2], np.float32)
    return Inputs(image, everything if mask is None else mask, everything > 2)


def result_of(inputs: Inputs, context: FakeContext | None = None, **params: Any) -> Result:
    context = context or FakeContext()
    chosen = Params(**params)
    assert PLUGIN.prepare is not None
    if inputs.prepared is None:
        inputs = replace(inputs, prepared=PLUGIN.prepare(inputs, chosen, context))
    result = PLUGIN.run(inputs, chosen, context)
    assert isinstance(result, Result)
    return result


def denoised(image: F32, **params: Any) -> F32:
    return result_of(given(image), **params).image


def error(image: F32, truth: F32) -> float:
    """In 255 levels."""
    return float(255 * np.sqrt(np.mean(np.square(image - truth))))


def test_it_is_a_sound_method() -> None:
    picture = np.tile(clean(), (1, 2, 1))
    growing = picture + noise_of(picture.shape, 60) * picture**2
    check_plugin(PLUGIN, given(np.clip(growing, 0, 1)), max_checks_after_cancel=16)


@pytest.mark.parametrize(("profile", "most"), [("fast", 6.0), ("normal", 5.0), ("high", 5.0)])
def test_noise_goes_and_the_picture_stays(profile: str, most: float) -> None:
    assert error(noisy(), clean()) > 18
    assert error(denoised(noisy(), profile=profile, level=SIGMA, kind="white"), clean()) < most


def test_the_level_is_found() -> None:
    found = result_of(given(noisy())).report["level"]
    assert isinstance(found, float)
    assert 0.8 * SIGMA < found < 1.4 * SIGMA
    assert error(denoised(noisy()), clean()) < 7


def test_blotches_are_told_from_texture_when_the_noise_is_measured() -> None:
    blotches = cv2.GaussianBlur(noise_of(clean().shape, 60), (0, 0), 1.0)
    level = float(255 * blotches.std())
    image = np.clip(clean() + blotches, 0, 1)
    as_measured = error(denoised(image, level=level, kind="camera"), clean())
    assert as_measured < 0.8 * error(denoised(image, level=level, kind="white"), clean())


def test_noise_that_grows_with_the_light_goes_from_bright_and_dark_parts_alike() -> None:
    ramp = np.repeat(np.linspace(0.05, 0.9, 256, dtype=np.float32)[None], 160, axis=0)[..., None].repeat(3, axis=2)
    image = np.clip(ramp + noise_of(ramp.shape, 255) * np.sqrt(0.01 * ramp), 0, 1)
    stabilised = denoised(image, by_light=True, kind="white")
    assert error(stabilised, ramp) < 0.9 * error(denoised(image, kind="white"), ramp)
    assert abs(255 * float((stabilised - image).mean())) < 0.5


def test_lines_are_kept_whichever_way_they_run() -> None:
    picture = np.full((104, 104, 3), 0.4, np.float32)
    picture[5::13] += 0.12
    image = picture + noise_of(picture.shape)
    across = error(denoised(image, level=SIGMA, kind="white"), picture)
    down = error(denoised(image.transpose(1, 0, 2).copy(), level=SIGMA, kind="white").transpose(1, 0, 2), picture)
    assert max(across, down) < 1.1 * min(across, down)


def test_brightness_and_colours_keep_their_mean() -> None:
    moved = (denoised(noisy(), level=SIGMA, kind="white") - noisy()).mean(axis=(0, 1))
    assert np.abs(255 * moved).max() < 0.25


def test_parts_of_a_picture_fit_together_to_the_bit() -> None:
    image = np.tile(noisy(), (4, 3, 1)) * np.linspace(0.8, 1, 336, dtype=np.float32)[None, :, None]
    assert PLUGIN.prepare is not None
    prepared = PLUGIN.prepare(given(image), Params(), FakeContext())
    whole = result_of(replace(given(image), prepared=prepared)).image
    left, top, right, bottom = 147, 149, 199, 190
    scope = PLUGIN.needs.scope
    assert isinstance(scope, Local)
    halo = scope.halo_px
    around = np.s_[top - halo : bottom + halo, left - halo : right + halo]
    mask = np.zeros(image.shape[:2], np.float32)
    mask[top:bottom, left:right] = 1
    context = FakeContext(origin=(left - halo, top - halo), threads=2)
    part = result_of(replace(given(image[around].copy(), mask[around].copy()), prepared=prepared), context).image
    inside = np.s_[halo:-halo, halo:-halo]
    np.testing.assert_array_equal(part[inside], whole[top:bottom, left:right])


def test_luminance_and_colour_are_chosen_apart() -> None:
    image = noisy()
    no_colour = denoised(image, level=SIGMA, colour=0) - image
    assert np.abs(no_colour - no_colour.mean(axis=2, keepdims=True)).max() < 1e-5
    no_luminance = denoised(image, level=SIGMA, luminance=0) - image
    assert np.abs(no_luminance.mean(axis=2)).max() < 1e-5
    assert np.abs(no_luminance).max() > 0.02


def test_detail_gives_back_what_was_no_noise() -> None:
    texture = clean()
    texture[40:90, 5:60] += noise_of((50, 55, 1), 12, seed=3)
    image = texture + noise_of(texture.shape, 6)
    much = denoised(image, level=6, kind="white", strength=200)
    kept = denoised(image, level=6, kind="white", strength=200, detail=100)
    assert error(kept[40:90, 5:60], texture[40:90, 5:60]) < 0.9 * error(much[40:90, 5:60], texture[40:90, 5:60])


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (8, 8), (5, 200)])
def test_pictures_smaller_than_a_block(size: tuple[int, int]) -> None:
    image = np.clip(0.5 + noise_of((*size, 3)), 0, 1)
    result = denoised(image, level=SIGMA)
    assert result.shape == image.shape
    assert np.isfinite(result).all()
    assert abs(float(result.mean() - image.mean())) < 0.02


@pytest.mark.parametrize("shade", [0.0, 1.0])
def test_black_and_white_stay_as_they_are(shade: float) -> None:
    image = np.full((40, 40, 3), shade, np.float32)
    np.testing.assert_array_equal(denoised(image), image)
    np.testing.assert_allclose(denoised(image, level=50), image, atol=1e-4)


def test_absurd_noise_leaves_something_smooth() -> None:
    result = denoised(noisy(), level=100, strength=200, kind="white")
    assert np.isfinite(result).all()
    assert error(result, clean()) < 40


def test_no_noise_leaves_the_picture_to_the_bit() -> None:
    image = np.full((40, 40, 3), 0.5, np.float32)
    result = result_of(given(image))
    np.testing.assert_array_equal(result.image, image)
    assert result.report["level"] == 0


def test_a_picture_without_colours_gets_none() -> None:
    image = noisy()[..., :1].repeat(3, axis=2)
    result = denoised(image, level=SIGMA, kind="white")
    assert np.ptp(result, axis=2).max() < 1e-6
    assert error(result, clean()[..., :1].repeat(3, axis=2)) < 7


def test_a_mark_on_flat_ground_is_measured() -> None:
    mask = np.zeros((96, 112), np.float32)
    mask[40:80, 4:50] = 1
    (spec,) = (spec for spec in PLUGIN.specs if spec.measured is not None)
    assert spec.measured is not None
    assert abs(spec.measured.by(given(noisy(), mask), FakeContext()) - SIGMA) < 3
    with pytest.raises(MaskError, match="flat patch"):
        spec.measured.by(given(np.zeros((64, 64, 3), np.float32)), FakeContext())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_in_a_document_only_what_is_masked_changes(dtype: type[np.uint8] | type[np.uint16]) -> None:
    most = np.iinfo(dtype).max
    pixels = np.dstack([np.rint(noisy() * most), np.full((96, 112), most)]).astype(dtype)
    state = mask_edits.fill_rect(DocumentState.from_pixels(pixels, Metadata(), ""), "mask", Rect(50, 60, 51, 61))
    runner = Runner(Registry.scan())
    made = runner.run(state, Request(PLUGIN, Params(level=SIGMA)), CancelToken(), lambda _share, _text: None)
    assert isinstance(made, Patch)
    changed = preview(state, made).read(state.size.rect) != pixels
    assert changed[60, 50].any()
    changed[60, 50] = False
    assert not changed.any()
