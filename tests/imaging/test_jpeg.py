from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editor.imaging import jpeg

F32 = NDArray[np.float32]


def photo(height: int = 200, width: int = 240) -> F32:
    """Soft shapes, edges and some fine texture, in colour; 0.15 to 0.85."""
    rng = np.random.default_rng(4)
    layers = []
    for side in (4, 16, 60, 200):
        rough = rng.random((height * side // 200, width * side // 200, 3), np.float32) - np.float32(0.5)
        layers.append(cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC) / (1 + side / 20))
    mixed = np.asarray(sum(layers), np.float32)
    mixed[60:130, 80:150] += np.float32(0.3)
    return np.asarray(np.clip(0.5 + 0.5 * mixed, 0.15, 0.85), np.float32)


def compressed(image: F32, quality: int) -> F32:
    pixels = np.rint(image * 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded[..., ::-1].astype(np.float32) / np.float32(255)


@pytest.mark.parametrize("quality", [10, 30, 55, 75, 90])
@pytest.mark.parametrize("cut", [(0, 0), (3, 6)])
def test_the_quality_is_found_wherever_the_blocks_begin(quality: int, cut: tuple[int, int]) -> None:
    given = compressed(photo(), quality)[cut[0] :, cut[1] :]
    found = jpeg.find(given)
    assert found is not None
    np.testing.assert_allclose(jpeg.steps(found), jpeg.steps(quality), rtol=0.1, atol=0.6)


def test_a_picture_saved_twice_shows_the_last_quality() -> None:
    given = compressed(compressed(photo(), 85)[5:, 2:], 30)
    assert jpeg.find(given) == pytest.approx(30, abs=1)


def test_bands_of_a_large_picture_are_not_read_across() -> None:
    whole = compressed(photo(512, 240), 30)
    bands = np.concatenate([whole[top : top + 64] for top in (0, 192, 320, 448)])
    assert jpeg.find(bands) == pytest.approx(30, abs=1)


def test_photos_that_were_never_jpeg_or_are_scaled_have_no_traces() -> None:
    assert jpeg.find(photo()) is None
    assert jpeg.find(np.rint(photo() * 255).astype(np.float32) / np.float32(255)) is None
    scaled = cv2.resize(compressed(photo(), 30), None, fx=0.77, fy=0.77, interpolation=cv2.INTER_CUBIC)
    assert jpeg.find(np.asarray(np.rint(scaled * 255) / 255, np.float32)) is None


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (16, 16), (40, 3)])
@pytest.mark.parametrize("light", [0.0, 0.4, 1.0])
def test_small_and_blank_pictures_have_no_traces(size: tuple[int, int], light: float) -> None:
    assert jpeg.find(np.full((*size, 3), light, np.float32)) is None


def test_a_lower_quality_is_coarser() -> None:
    values = [jpeg.coarseness(quality) for quality in range(1, 101)]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(0.3)
    assert values[-1] == pytest.approx(1 / 255)
    assert jpeg.coarseness(50) == pytest.approx(np.mean([16, 11, 10, 12, 12, 14, 14, 13, 16]) / 255)
