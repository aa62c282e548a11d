"""Pictures become tensors as a manifest describes them, and back."""

from __future__ import annotations

import numpy as np
import pytest

from editor.sdk.models import TensorSpec

SMALL = np.array([[[0.0, 0.5, 1.0], [1.0, 0.25, 2.0]]], np.float32)
PICTURE = np.random.default_rng(0).random((5, 7, 3)).astype(np.float32)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("colour", ["RGB", "BGR"])
@pytest.mark.parametrize(("dtype", "bounds"), [("float32", (-1.0, 1.0)), ("uint8", (0.0, 255.0)), ("float16", (0, 1))])
def test_a_picture_comes_back_from_its_tensor(
    layout: str, colour: str, dtype: str, bounds: tuple[float, float]
) -> None:
    spec = TensorSpec("image", layout, dtype, bounds, colour, 3)
    tensor = spec.from_picture(PICTURE)
    assert tensor.shape == spec.picture_shape(5, 7)
    assert tensor.dtype == np.dtype(dtype)
    first = tensor[0, :, 0, 0] if layout == "NCHW" else tensor[0, 0, 0]
    red = float(first[0 if colour == "RGB" else 2])
    assert red == pytest.approx(
        bounds[0] + PICTURE[0, 0, 0] * (bounds[1] - bounds[0]), abs=0.51 if bounds[1] > 1 else 0.01
    )
    np.testing.assert_allclose(spec.to_picture(tensor), PICTURE, atol=2e-3)


def test_a_mask_that_says_what_to_keep_is_turned_round() -> None:
    mask = np.zeros((2, 2, 1), np.float32)
    mask[0, 1] = 1
    spec = TensorSpec("mask", "NCHW", "uint8", (0, 255), "keep", 1)
    tensor = spec.from_picture(mask)
    assert tensor[0, 0].tolist() == [[255, 0], [255, 255]]
    assert np.array_equal(spec.to_picture(tensor), mask)


def test_what_a_model_gives_beyond_its_range_is_clipped() -> None:
    spec = TensorSpec("image", "NHWC", "float32", (0, 255), "grey", 1)
    assert spec.to_picture(np.array([[[[-9.0], [300.0]]]], np.float32)).ravel().tolist() == [0, 1]


@pytest.mark.parametrize("colour", ["RGB", "BGR"])
def test_mean_and_deviation_are_those_of_the_channels_in_rgb(colour: str) -> None:
    spec = TensorSpec("x", "NCHW", "float32", (-2, 3), colour, 3, mean=(0.5, 0.25, 0.125), deviation=(0.5, 0.25, 2.0))
    red, green, blue = [[-1, 1]], [[1, 0]], [[0.4375, 0.4375]]
    expected = [red, green, blue] if colour == "RGB" else [blue, green, red]
    np.testing.assert_array_equal(spec.from_picture(SMALL), np.array([expected], np.float32))


def test_without_them_values_are_stretched_to_the_range() -> None:
    spec = TensorSpec("x", "NHWC", "uint8", (0, 255), "RGB", 3)
    assert spec.from_picture(SMALL).tolist() == [[[[0, 128, 255], [255, 64, 255]]]]
