"""The compressed pictures that the network learns from. Imports torch: for training only."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editor.imaging.jpeg import coarseness

U8 = NDArray[np.uint8]

_LOWEST, _HIGHEST = 5, 95
# What is coded is larger by so much on each side, so that blocks (16 px where colour is halved) begin anywhere.
_MARGIN_PX = 16
_UNTOUCHED = 0.03
_TWICE = 0.2
_HALVED_COLOUR = 0.6


def examples(clean: Tensor, generator: torch.Generator, _bank: Tensor | None) -> tuple[Tensor, Tensor]:
    """Pictures after JPEG with how coarse that was, and the clean ones.

    Args:
        clean: B x 3 x H x W float32 RGB 0..1.
        generator: where all chance comes from.

    Returns:
        B x 4 x H x W, RGB and `editor.imaging.jpeg.coarseness`, and B x 3 x H x W.
    """
    rng = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    return torch.stack([_compressed(picture, rng) for picture in clean]), clean


def _compressed(picture: Tensor, rng: np.random.Generator) -> Tensor:
    if rng.random() < _UNTOUCHED:
        return torch.cat((picture, torch.zeros_like(picture[:1])))
    pixels = np.rint(picture.permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    if rng.random() < _TWICE:
        pixels = _coded(pixels, _quality(rng), rng)
    quality = _quality(rng)
    pixels = _coded(pixels, quality, rng)
    # Other programs have other tables, and what is found in a picture is never quite right.
    told = coarseness(quality) * (0.9 + 0.2 * rng.random())
    planes = np.dstack((pixels.astype(np.float32) / np.float32(255), np.full(pixels.shape[:2], told, np.float32)))
    return torch.from_numpy(np.ascontiguousarray(planes.transpose(2, 0, 1)))


def _quality(rng: np.random.Generator) -> int:
    return int(rng.integers(_LOWEST, _HIGHEST + 1))


def _coded(pixels: U8, quality: int, rng: np.random.Generator) -> U8:
    """The picture after JPEG whose blocks begin anywhere."""
    high, wide = pixels.shape[:2]
    top, left = rng.integers(_MARGIN_PX, size=2)
    framed = np.pad(pixels, ((top, _MARGIN_PX), (left, _MARGIN_PX), (0, 0)), mode="symmetric")
    halved = rng.random() < _HALVED_COLOUR
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if halved else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    coded = cv2.imencode(".jpg", np.ascontiguousarray(framed[..., ::-1]), how)[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded[top : top + high, left : left + wide, ::-1], np.uint8)
