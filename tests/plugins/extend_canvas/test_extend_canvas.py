from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.host import mask_edits
from editor.host.jobs import CancelToken
from editor.host.made import MadePicture
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.context import Context
from editor.sdk.errors import MaskError, ParamError
from editor.sdk.plugin import Inputs, PictureResult, Result
from editor.sdk.testing import FakeContext, check_plugin
from plugins.content_fill import PLUGIN as CONTENT_FILL
from plugins.extend_canvas import PLUGIN, Params
from tests.helpers.documents import noise
from tests.imaging.pictures import F32, textured


def inputs(image: F32, alpha: F32 | None = None) -> Inputs:
    """As the runner hands them over."""
    size = image.shape[:2]
    return Inputs(image, np.ones(size, np.float32), np.ones(size, np.bool_), alpha)


def mean_fill(method: str, given: Inputs, params: Mapping[str, object]) -> Result:
    """The hole gets the mean of what may be copied."""
    assert method == "content_fill"
    assert not (given.source & (given.mask > 0)).any()
    image = given.image.copy()
    image[given.mask > 0] = given.image[given.source].mean(axis=0)
    return Result(image, {"texture (1 = as around it)": 0.5})


def in_the_mean(given: Inputs, _params: object, _ctx: Context) -> Result:
    return mean_fill("content_fill", given, {})


def extended(given: Inputs, **params: int) -> tuple[F32, F32 | None, PictureResult]:
    result = PLUGIN.run(given, Params(**params), FakeContext(run=mean_fill))
    assert isinstance(result, PictureResult)
    strips = list(result.strips)
    alphas = [strip.alpha for strip in strips if strip.alpha is not None]
    return np.concatenate([strip.image for strip in strips]), np.concatenate(alphas) if alphas else None, result


def test_it_keeps_the_rules_for_plugins() -> None:
    check_plugin(PLUGIN, inputs(textured(60, 90)), run_other=mean_fill)


def test_each_side_grows_by_its_share_and_the_photo_stays() -> None:
    photo = textured(200, 100)
    picture, alpha, result = extended(inputs(photo), left=10, right=20, top=5, bottom=25)
    assert picture.shape == (result.height, result.width, 3) == (260, 130, 3)
    assert alpha is None
    np.testing.assert_array_equal(picture[10:210, 10:110], photo)
    assert picture.min() > 0
    assert result.report == {"texture (1 = as around it)": 0.5}


def test_progress_grows_side_by_side_by_their_pixels_up_to_the_whole() -> None:
    context = FakeContext(run=mean_fill)
    result = PLUGIN.run(inputs(textured(200, 100)), Params(10, 20, 5, 25), context)
    assert isinstance(result, PictureResult)
    list(result.strips)
    done = np.cumsum([10 * 200, 20 * 200, 10 * 130, 50 * 130]) / 13800
    assert [fraction for fraction, _text in context.reports] == pytest.approx([*done, 1])


def test_a_side_is_filled_from_what_lies_near_it() -> None:
    photo = np.full((400, 4000, 3), 0.2, np.float32)
    photo[:, 2000:] = 0.8
    picture, _alpha, _result = extended(inputs(photo), left=10, right=10, top=0, bottom=0)
    np.testing.assert_allclose(picture[:, :400], 0.2, atol=0.01)
    np.testing.assert_allclose(picture[:, -400:], 0.8, atol=0.01)


def test_colours_of_what_is_added_do_not_run_away_from_the_photos() -> None:
    def fill(method: str, given: Inputs, params: Mapping[str, Any]) -> Result:
        assert method == "content_fill"
        result = CONTENT_FILL.run(given, CONTENT_FILL.params(**params), FakeContext())
        assert isinstance(result, Result)
        return result

    light = np.linspace(0.2, -0.2, 400, dtype=np.float32)[:, None]
    texture = cv2.GaussianBlur(np.random.default_rng(2).random((120, 400, 3), np.float32), (0, 0), 2)
    photo = np.asarray(texture + light, np.float32)
    result = PLUGIN.run(inputs(photo), Params(0, 25, 0, 0), FakeContext(run=fill))
    assert isinstance(result, PictureResult)
    added = np.concatenate([strip.image for strip in result.strips])[:, 400:]
    assert added[:, -40:].mean() > photo.mean(axis=(0, 2)).min() - 0.005


def test_it_copies_from_where_the_user_allows_however_far_that_is() -> None:
    photo = np.full((60, 3000, 3), 0.2, np.float32)
    photo[:, 1600:] = 0.8
    state = DocumentState.from_pixels(np.rint(255 * photo).astype(np.uint8), Metadata(), "")
    state = mask_edits.fill_rect(state, "exclude", Rect(0, 0, 1600, 60))
    runner = Runner(Registry({PLUGIN.id: PLUGIN, "content_fill": replace(CONTENT_FILL, run=in_the_mean)}), threads=1)
    made = runner.run(state, Request(PLUGIN, Params(10, 0, 0, 0)), CancelToken(), lambda _share, _text: None)
    assert isinstance(made, MadePicture)
    assert (made.pixels.read(Rect(0, 0, 300, 60)) == 204).all()


def test_adding_nothing_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ParamError, match="raise one of its sides"):
        PLUGIN.run(inputs(textured(20, 20)), Params(0, 0, 0, 0), FakeContext(run=mean_fill))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_photo_stays_bit_for_bit_in_every_kind_of_document(channels: int, dtype: Any) -> None:
    pixels = noise(80, 60, channels, dtype)
    if channels in (2, 4):
        pixels[..., -1] = 1 if dtype is np.float32 else np.iinfo(dtype).max
        pixels[:20, :20, -1] = 0
    state = DocumentState.from_pixels(pixels, Metadata(), "")
    runner = Runner(Registry({each.id: each for each in (PLUGIN, CONTENT_FILL)}), threads=1)
    made = runner.run(state, Request(PLUGIN, Params()), CancelToken(), lambda _share, _text: None)
    assert isinstance(made, MadePicture)
    picture = made.pixels.read(made.pixels.size.rect)
    assert picture.shape == (72, 96, channels)
    assert picture.dtype == dtype
    np.testing.assert_array_equal(picture[6:66, 8:88], pixels)
    if channels in (2, 4):
        # What is added is copied from what can be seen.
        outside = np.ones(picture.shape[:2], np.bool_)
        outside[6:66, 8:88] = False
        assert (picture[outside, -1] == pixels[-1, -1, -1]).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (1, 400), (400, 1)])
def test_odd_sizes_grow_or_say_that_nothing_can_be_added(size: tuple[int, int]) -> None:
    runner = Runner(Registry({each.id: each for each in (PLUGIN, CONTENT_FILL)}), threads=1)
    state = DocumentState.from_pixels(noise(size[1], size[0]), Metadata(), "")
    request = Request(PLUGIN, Params(25, 25, 25, 25))
    if max(size) <= 3:
        with pytest.raises((ParamError, MaskError)):
            runner.run(state, request, CancelToken(), lambda _share, _text: None)
        return
    made = runner.run(state, request, CancelToken(), lambda _share, _text: None)
    assert isinstance(made, MadePicture)
    assert made.pixels.size.width * made.pixels.size.height > size[0] * size[1]
