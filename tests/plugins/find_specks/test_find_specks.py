from __future__ import annotations

import numpy as np

from editor.sdk.plugin import Inputs, MaskResult
from editor.sdk.testing import FakeContext, check_plugin
from plugins.find_specks import PLUGIN, Params
from tests.imaging.impulses import F32, photo


def inputs(image: F32, alpha: F32 | None = None) -> Inputs:
    return Inputs(image, np.ones(image.shape[:2], np.float32), np.ones(image.shape[:2], np.bool_), alpha)


def found(picture: F32) -> F32:
    result = PLUGIN.run(inputs(picture), Params(), FakeContext())
    assert isinstance(result, MaskResult)
    return result.mask


def dusty(height: int = 200) -> F32:
    picture = photo(height)
    picture[60:64, 60:64] = 0.05
    picture[100:103, 30:50] = 0.05
    picture[150:153, 30:33] += 0.06
    picture[152:155, 90:93] += 0.15
    return picture


def test_it_keeps_the_rules_for_plugins() -> None:
    result = check_plugin(PLUGIN, inputs(dusty()))
    assert isinstance(result, MaskResult)
    assert result.report == {"specks found": 2, "px found": np.count_nonzero(result.mask)}
    assert result.mask[60:64, 60:64].all()


def test_strips_fit_together() -> None:
    picture = photo(1100)
    picture[508:516, 60:70] = 0.05
    mask = found(picture)
    assert mask[508:516, 60:70].all()
    np.testing.assert_array_equal(mask[300:], found(picture[100:])[200:])


def test_what_is_transparent_has_no_specks() -> None:
    alpha = np.ones((200, 220), np.float32)
    alpha[50:80] = 0
    result = PLUGIN.run(inputs(dusty(), alpha), Params(largest_px=40), FakeContext())
    assert isinstance(result, MaskResult)
    assert result.mask.any()
    assert not result.mask[50:80].any()


def test_that_nothing_was_found_is_said_and_no_failure() -> None:
    result = PLUGIN.run(inputs(np.full((40, 40, 3), 0.5, np.float32)), Params(), FakeContext())
    assert isinstance(result, MaskResult)
    assert not result.mask.any()
    assert result.report["specks found"] == 0
    assert result.report["to find more"] == "raise the sensitivity or choose another kind"
