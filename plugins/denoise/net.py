"""The noise that the denoiser learns from. Imports torch: for training only."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_STRONGEST = 75 / 255


def examples(clean: Tensor, generator: torch.Generator, bank: Tensor | None) -> tuple[Tensor, Tensor]:
    """Noisy pictures with their noise levels, and the clean ones.

    Args:
        clean: B x 3 x H x W float32 RGB 0..1.
        generator: where all chance comes from.
        bank: N x 3 x h x w float32, noise of a real camera that half of the pictures get, where it is smaller than
            they are in a mosaic of several; or None.

    Returns:
        B x 4 x H x W (RGB and level) and B x 3 x H x W.
    """
    return torch.stack([_noisy(picture, generator, bank) for picture in clean]), clean


def _chance(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))


def _noisy(picture: Tensor, generator: torch.Generator, bank: Tensor | None) -> Tensor:
    kind = _chance(generator)
    if bank is not None and _chance(generator) < 0.5:
        noise = _from_bank(picture, bank, generator)
        level = noise.std().expand(picture.shape[1:])
    elif kind < 0.05:
        noise, level = torch.zeros_like(picture), torch.zeros(picture.shape[1:])
    else:
        level = _level(picture, generator, by_brightness=kind < 0.25)
        white = torch.randn(picture.shape, generator=generator)
        noise = (_correlated(white, generator) if kind > 0.75 else white) * level
    noisy = picture + noise
    if kind > 0.9:
        noisy = _jpeg(noisy, 60 + int(38 * _chance(generator)))
    elif _chance(generator) < 0.5:
        noisy = torch.round(noisy.clamp(0, 1) * 255) / 255
    # The level is known from an estimate, which is never quite right.
    told = level * (0.9 + 0.2 * _chance(generator))
    return torch.cat((noisy, told[None]))


def _level(picture: Tensor, generator: torch.Generator, *, by_brightness: bool) -> Tensor:
    """H x W: the same everywhere, or growing with the light as a sensor's does (Foi et al. 2008)."""
    # Faint noise is the more common, and where the most can be spoilt.
    level = _STRONGEST * float(_chance(generator) ** 1.5)
    if not by_brightness:
        return torch.full(picture.shape[1:], level)
    shot = _chance(generator)
    light = picture.mean(0)
    return level * torch.sqrt((1 - shot) + shot * light / light.mean().clamp_min(0.05))


def _correlated(white: Tensor, generator: torch.Generator) -> Tensor:
    """Noise of the same strength in blotches, as demosaicing and smoothing in a camera leave it."""
    sigma = 0.4 + 0.8 * _chance(generator)
    taps = torch.exp(-(torch.arange(-3, 4) ** 2) / (2 * sigma**2))
    taps = taps / taps.square().sum().sqrt()
    kernel = (taps[:, None] * taps[None])[None, None]
    padded = functional.pad(white[:, None], (3, 3, 3, 3), mode="circular")
    blotches = functional.conv2d(padded, kernel)[:, 0]
    # Cameras smooth colours more than brightness.
    grey = blotches.mean(0, keepdim=True)
    excess = 1 + 0.4 * _chance(generator)
    correlated: Tensor = (grey * excess + (blotches - grey)) / float(((excess**2 + 2) / 3) ** 0.5)
    return correlated


def _from_bank(picture: Tensor, bank: Tensor, generator: torch.Generator) -> Tensor:
    height, width = picture.shape[1:]
    if bank.shape[2] < height or bank.shape[3] < width:
        rows = [
            torch.cat([_any_patch(bank, generator) for _column in range(-(-width // bank.shape[3]))], dim=2)
            for _row in range(-(-height // bank.shape[2]))
        ]
        bank = torch.cat(rows, dim=1)[None]
    which = int(torch.randint(len(bank), (), generator=generator))
    top = int(torch.randint(bank.shape[2] - height + 1, (), generator=generator))
    left = int(torch.randint(bank.shape[3] - width + 1, (), generator=generator))
    strength = 0.8 + 0.4 * _chance(generator)
    return bank[which, :, top : top + height, left : left + width] * strength


def _any_patch(bank: Tensor, generator: torch.Generator) -> Tensor:
    return bank[int(torch.randint(len(bank), (), generator=generator))]


def _jpeg(picture: Tensor, quality: int) -> Tensor:
    pixels = np.rint(picture.clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return torch.from_numpy(np.ascontiguousarray(decoded[..., ::-1])).permute(2, 0, 1).float() / 255
