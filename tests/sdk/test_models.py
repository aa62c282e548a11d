"""Pictures as the tensors that models take."""

from __future__ import annotations

import numpy as np
import pytest

from editor.sdk.models import TensorSpec

PICTURE = np.array([[[0.0, 0.5, 1.0], [1.0, 0.25, 2.0]]], np.float32)


@pytest.mark.parametrize("colour", ["RGB", "BGR"])
def test_mean_and_deviation_are_those_of_the_channels_in_rgb(colour: str) -> None:
    spec = TensorSpec("x", "NCHW", "float32", (-2, 3), colour, 3, mean=(0.5, 0.25, 0.125), deviation=(0.5, 0.25, 2.0))
    red, green, blue = [[-1, 1]], [[1, 0]], [[0.4375, 0.4375]]
    expected = [red, green, blue] if colour == "RGB" else [blue, green, red]
    np.testing.assert_array_equal(spec.from_picture(PICTURE), np.array([expected], np.float32))


def test_without_them_values_are_stretched_to_the_range() -> None:
    spec = TensorSpec("x", "NHWC", "uint8", (0, 255), "RGB", 3)
    assert spec.from_picture(PICTURE).tolist() == [[[[0, 128, 255], [255, 64, 255]]]]
